/*
 * Any bytes as a configuration: no crash, no hang, never half a configuration; and what is
 * accepted prints as a configuration that is accepted and prints the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "config/config.h"
#include "unit/config_providers.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* CONFIG_CHECK: a fuzzer must not open whatever file it thinks of. */
static struct config *load(const void *bytes, size_t len, struct buf *told)
{
	struct config *config = NULL;
	char path[64];
	int fd = memfd_create("config", MFD_CLOEXEC);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int r = config_load(&config, path, fake_providers, CONFIG_CHECK, told);
	if ((r == 0) != (config != NULL) || (r < 0 && !strstr(buf_text(told), "not loaded\n")) ||
	    !text_is_utf8(buf_text(told), told->len))
		abort();
	close(fd);
	return config;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct buf told, printed, again;

	buf_init(&told);
	buf_init(&printed);
	buf_init(&again);
	struct config *config = load(bytes, len, &told);
	/* A text with a variable that is not set is printed as text, which is another value. */
	if (config && !strstr(buf_text(&told), "is not set here")) {
		config_print(config, &printed);
		struct config *second = load(buf_text(&printed), printed.len, &told);
		if (!second)
			abort();
		config_print(second, &again);
		if (strcmp(buf_text(&printed), buf_text(&again)) != 0)
			abort();
		config_free(second);
	}
	config_free(config);
	buf_finish(&told);
	buf_finish(&printed);
	buf_finish(&again);
	return 0;
}
