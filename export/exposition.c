#include "export/exposition.h"

#include <string.h>

#include "base/text.h"

void exposition_family(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void exposition_label(struct buf *labels, const char *name, const char *value)
{
	struct buf clean;

	buf_init(&clean);
	text_put_clean(&clean, TEXT_LINE, value, strlen(value));
	buf_printf(labels, "%s%s=\"", labels->len > 0 ? "," : "", name);
	for (const char *c = buf_text(&clean); *c; c++) {
		if (*c == '\\' || *c == '"')
			buf_putc(labels, '\\');
		buf_putc(labels, *c);
	}
	buf_putc(labels, '"');
	labels->failed |= clean.failed;
	buf_finish(&clean);
}

static void put_head(struct buf *out, const char *name, const char *labels)
{
	buf_puts(out, name);
	if (*labels)
		buf_printf(out, "{%s}", labels);
	buf_putc(out, ' ');
}

void exposition_int(struct buf *out, const char *name, const char *labels, int64_t value)
{
	put_head(out, name, labels);
	buf_printf(out, "%lld\n", (long long)value);
}

void exposition_real(struct buf *out, const char *name, const char *labels, double value)
{
	put_head(out, name, labels);
	buf_printf(out, "%.15g\n", value);
}
