/*
 * The shipped imagecat.yaml, from the table of options. Lines that begin with "#KEY:" are
 * options to uncomment, lines that begin with "# " are remarks.
 */
#include <string.h>

#include "config/options.h"

static void put_help(struct buf *out, const char *indent, const char *help)
{
	while (help && *help) {
		size_t len = strcspn(help, "\n");
		buf_printf(out, "%s# %.*s\n", indent, (int)len, help);
		help += len + (help[len] == '\n');
	}
}

/* `lead` stands before the key: "- " at the first of an account. */
static void put_row(struct buf *out, const char *indent, const char *lead, const char *key,
		    const struct option *option)
{
	const char *value = option->default_text ? option->default_text : option->example;
	bool remark = option->flags & OPTION_MENTIONED;

	put_help(out, indent, option->help);
	buf_printf(out, "%s#%s%s%s: %s\n", indent, remark ? " " : "", remark ? "" : lead, key,
		   value);
}

static void put_section(struct buf *out, const char *section)
{
	if (*section)
		buf_printf(out, "%s:\n", section);
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strcmp(options[i].section, section) == 0)
			put_row(out, *section ? "  " : "", "", options[i].key, &options[i]);
	buf_putc(out, '\n');
}

/* Keys that have one default for all providers. */
static void put_defaults(struct buf *out)
{
	put_help(out, "",
		 "What accounts share: any key of an account but name, provider and credentials.");
	buf_puts(out, "defaults:\n");
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strcmp(options[i].section, "accounts") == 0 && options[i].default_text)
			put_row(out, "  ", "", options[i].key, &options[i]);
	buf_putc(out, '\n');
}

/* The first account shows every key. */
static void put_account(struct buf *out)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &options[i];
		const char *key = option->key;
		if (strcmp(option->section, "accounts") != 0 || option->default_text)
			continue;
		if (i == OPTION_ID)
			key = "public_key";
		if (i == OPTION_SECRET)
			key = "private_key_file";
		put_row(out, "  ", i == OPTION_NAME ? "- " : "  ", key, option);
	}
}

void option_put_example(struct buf *out)
{
	static const char *const top[] = { "catalog", "removal", "limits", "http", "", "log" };

	put_help(out, "",
		 "Configuration of imagecatd. What is commented out shows the default or an "
		 "example.\n"
		 "imagecatd --check reads it without polling; --print-config shows what is in "
		 "force.\n"
		 "conf.d/*.yaml beside this file are read as well, in the order of their names: "
		 "maps\n"
		 "merge, accounts append.\n"
		 "Durations: 90s 10m 6h 30d. Sizes: 64KiB 16MiB 1GiB. Values may hold ${VARIABLE} "
		 "and\n"
		 "${VARIABLE:-default}; one '$' is written '$$'. Relative paths start at this "
		 "folder.");
	buf_putc(out, '\n');
	for (size_t i = 0; i < ARRAY_LEN(top); i++)
		put_section(out, top[i]);
	put_defaults(out);
	buf_puts(out, "accounts:\n");
	put_account(out);
	buf_puts(out,
		 "\n"
		 "  #- name: gpu\n"
		 "  #  provider: compshare\n"
		 "  # The same lists are at https://api.ucloud.cn/; there zones are required.\n"
		 "  #  endpoint: https://api.compshare.cn/\n"
		 "  #  public_key_file: /etc/imagecat/gpu.pub\n"
		 "  #  private_key_file: /etc/imagecat/gpu.key\n"
		 "  #  regions: [cn-wlcb]\n"
		 "  #  services: [custom, platform]\n"
		 "\n"
		 "  #- name: qc\n"
		 "  #  provider: qingcloud\n"
		 "  #  access_key_id: QYACCESSKEYIDEXAMPLE\n"
		 "  #  secret_access_key_file: /etc/imagecat/qc.key\n"
		 "  #  zones: [pek3, sh1]\n"
		 "  #  variants: [system, self]\n");
}
