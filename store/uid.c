/*
 * A uid names an image over all listings: provider/cloud/service/region/zone/image_id. A part that
 * is absent is "-". In a part '/', '%', blanks and control characters are percent-encoded, and so
 * is a part that is nothing but "-": two images never share a uid.
 */
#include <stdio.h>
#include <string.h>

#include "store/internal.h"

static void put_part(struct buf *out, const char *text)
{
	if (!text || !*text) {
		buf_putc(out, '-');
		return;
	}
	if (strcmp(text, "-") == 0) {
		buf_puts(out, "%2D");
		return;
	}
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		if (*at <= ' ' || *at == '/' || *at == '%' || *at == 0x7f)
			buf_printf(out, "%%%02X", *at);
		else
			buf_putc(out, (char)*at);
	}
}

void uid_put_prefix(struct buf *out, const struct listing_identity *identity)
{
	const char *parts[] = { identity->provider, identity->cloud, identity->service,
				identity->region };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		put_part(out, parts[i]);
		buf_putc(out, '/');
	}
}

void uid_put_image(struct buf *out, const struct record *record)
{
	if (record->zone_id != RECORD_ABSENT)
		buf_printf(out, "%lld", (long long)record->zone_id);
	else
		put_part(out, record->zone);
	buf_putc(out, '/');
	put_part(out, record->image_id);
}
