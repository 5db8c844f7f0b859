/*
 * Any bytes as an item of a real service: PROVIDER is one of ours, the first byte chooses the
 * service and the array. What comes out is a record as the catalog wants it, or no record at all.
 */
#include "model/page.h"

#include <stdio.h>

#include "tests/fuzz/check_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct provider PROVIDER;

static size_t count_services(void)
{
	size_t count = 0;

	while (PROVIDER.services[count].name)
		count++;
	return count;
}

/* {"RetCode":0,"ImageSet":[ITEM]}; an array inside groups gets a group around it. */
static size_t wrap(char *out, size_t size, const char *path, const uint8_t *item, size_t len)
{
	const char *group = strstr(path, "[].");
	int head = snprintf(out, size, "{\"%s\":0,\"%.*s\":[", PROVIDER.code_paths[0],
			    (int)(group ? (size_t)(group - path) : strcspn(path, "[")), path);
	size_t at = (size_t)head;

	if (group)
		at += (size_t)snprintf(out + at, size - at, "{\"GroupId\":\"g\",\"%s\":[",
				       group + 3);
	memcpy(out + at, item, len);
	at += len;
	return at + (size_t)snprintf(out + at, size - at, group ? "]}]}" : "]}");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[65536];
	struct page page;

	if (size < 1 || size > 16384)
		return 0;
	const struct service *service = &PROVIDER.services[data[0] % count_services()];
	const struct item_source *source = service->items;
	for (size_t n = data[0] / 8; n > 0 && source[1].path; n--)
		source++;
	struct page_scope scope = { &PROVIDER, service, "cn-bj2", data[0] & 4 ? "cn-bj2-02" : NULL,
				    7,         NULL };
	size_t len = wrap(text, sizeof(text), source->path, data + 1, size - 1);
	page_read(&page, text, len, &scope);
	check((page.class == CLASS_NONE) == (page.error == NULL));
	check(page.class != CLASS_INTERNAL);
	for (size_t i = 0; i < page.count; i++)
		if (page.items[i].record)
			check_record(page.items[i].record);
	page_finish(&page);
	return 0;
}
