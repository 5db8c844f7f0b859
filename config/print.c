/*
 * The configuration as YAML that loads again (but for masked secrets), and what a reload changes.
 */
#include <string.h>

#include "config/config.h"
#include "config/options.h"

/* One "KEY: VALUE" line; nothing where the option is not set. */
static void put_option(struct buf *out, const char *indent, const char *key, const char *suffix,
		       const struct option *option, const void *base)
{
	struct buf value;

	buf_init(&value);
	if (option_put(option, base, &value))
		buf_printf(out, "%s%s%s: %s\n", indent, key, suffix, buf_text(&value));
	out->failed |= value.failed;
	buf_finish(&value);
}

static void put_section(struct buf *out, const char *section, const struct config *config)
{
	if (*section)
		buf_printf(out, "%s:\n", section);
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strcmp(options[i].section, section) == 0)
			put_option(out, *section ? "  " : "", options[i].key, "", &options[i],
				   config);
}

static void put_account(struct buf *out, const struct config_account *account)
{
	bool first = true;

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &options[i];
		const char *key = option->key, *suffix = "";
		if (strcmp(option->section, "accounts") != 0)
			continue;
		if (option->kind == OPTION_KIND_CREDENTIAL) {
			bool secret = i == OPTION_SECRET;
			key = secret ? account->provider->credential_secret
				     : account->provider->credential_id;
			suffix = (secret ? account->secret.file : account->id.file) ? "_file" : "";
		}
		put_option(out, first ? "  - " : "    ", key, suffix, option, account);
		first = false;
	}
}

void config_print(const struct config *config, struct buf *out)
{
	for (const char *const *section = option_sections; *section; section++)
		put_section(out, *section, config);
	put_section(out, "", config);
	buf_puts(out, config->account_count ? "accounts:\n" : "accounts: []\n");
	for (size_t i = 0; i < config->account_count; i++)
		put_account(out, &config->accounts[i]);
}

size_t config_fixed_changes(const struct config *old, const struct config *new, struct buf *keys)
{
	size_t count = 0;

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &options[i];
		if (!(option->flags & OPTION_FIXED) || option_equal(option, old, new))
			continue;
		buf_printf(keys, "%s%s%s%s", count ? ", " : "", option->section,
			   *option->section ? "." : "", option->key);
		count++;
	}
	return count;
}

bool config_account_equal(const struct config_account *a, const struct config_account *b)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strcmp(options[i].section, "accounts") == 0 && !option_equal(&options[i], a, b))
			return false;
	return true;
}
