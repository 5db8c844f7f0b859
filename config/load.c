/*
 * From files to a configuration.
 *
 * happy path  FILE and conf.d/\*.yaml become trees, the trees are merged into one, each section
 *             and each account is read from it by the table of options
 * failures    every problem is told, none ends the reading but a file that is no YAML; the
 *             configuration is given out only when there was no error
 */
#include "config/load.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/text.h"

enum { FILES_MAX = 1000 };

struct files {
	struct document **documents;
	size_t count, size;
	struct node *root; /* of all files; NULL when the first could not be read */
};

/* ---- files ----------------------------------------------------------------------------- */

static void check_duplicates(struct loader *loader, const struct node *node)
{
	for (const struct node_entry *entry = node->entries; entry; entry = entry->next) {
		const struct node_entry *first = node->entries;
		while (entry->key && strcmp(first->key->text, entry->key->text) != 0)
			first = first->next;
		if (entry->key && first != entry)
			load_error(loader, entry->key->position,
				   "key '%.80s' is set already in line %zu", entry->key->text,
				   first->key->position.line);
		if (entry->value->type != NODE_SCALAR)
			check_duplicates(loader, entry->value);
	}
}

static bool is_section(const char *key)
{
	const char *const *section = option_sections;

	while (*section && strcmp(*section, key) != 0)
		section++;
	return *section || strcmp(key, "defaults") == 0;
}

/* Sections are maps and `accounts` is a list, in every file: merging relies on it. */
static bool check_shape(struct loader *loader, const struct node *root)
{
	bool ok = true;

	for (const struct node_entry *entry = root->entries; entry; entry = entry->next) {
		bool list = strcmp(entry->key->text, "accounts") == 0;
		enum node_type want = list ? NODE_LIST : NODE_MAP;
		if (!(list || is_section(entry->key->text)) || node_is_null(entry->value) ||
		    entry->value->type == want)
			continue;
		load_error(loader, entry->value->position, "'%s' must be a %s", entry->key->text,
			   list ? "list of accounts, each beginning with '- '"
				: "map of KEY: VALUE");
		ok = false;
	}
	return ok;
}

static struct document *new_document(struct loader *loader, struct files *files)
{
	if (files->count == files->size) {
		size_t size = files->size ? 2 * files->size : 16;
		struct document **grown = arena_alloc(&loader->scratch, size * sizeof(*grown));
		if (!grown)
			return NULL;
		if (files->count)
			memcpy(grown, files->documents, files->count * sizeof(*grown));
		files->documents = grown;
		files->size = size;
	}
	struct document *document = arena_alloc(&loader->scratch, sizeof(*document));
	if (!document)
		return NULL;
	document->order = files->count;
	files->documents[files->count++] = document;
	return document;
}

/* A file's tree; NULL when there is nothing in it or when it is no YAML, which is told. */
static struct node *read_tree(struct loader *loader, struct document *document, const char *path)
{
	struct position position = { .document = document };
	struct error err;

	int r = document_read(document, path, &loader->scratch, &position, &err);
	if (r == 0)
		r = document_parse(document, &loader->scratch, &position, &err);
	if (r < 0) {
		load_error(loader, position, "%s", err.text);
		return NULL;
	}
	struct node *root = document->root;
	if (!root || node_is_null(root))
		return NULL;
	if (root->type != NODE_MAP) {
		load_error(loader, root->position,
			   "expected sections such as 'accounts:', found a %s",
			   root->type == NODE_LIST ? "list" : "text");
		return NULL;
	}
	check_duplicates(loader, root);
	return check_shape(loader, root) ? root : NULL;
}

static void add_file(struct loader *loader, struct files *files, const char *path)
{
	static const char *const appended[] = { "accounts", NULL };
	size_t errors = loader->diagnostics.errors;
	struct document *document = path ? new_document(loader, files) : NULL;

	if (!document) {
		loader->out_of_memory = true;
		return;
	}
	struct node *root = read_tree(loader, document, path);
	if (!root && document->order == 0 && loader->diagnostics.errors == errors)
		load_error(loader, (struct position){ .document = document },
			   document->len ? "there is nothing but comments in the file"
					 : "the file is empty");
	if (!root)
		return;
	files->root =
		files->root ? node_merge(files->root, root, appended, &loader->scratch) : root;
	loader->out_of_memory |= !files->root;
}

static int is_fragment(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

/* By bytes, not by the locale: the order must not depend on who starts the daemon. */
static int compare_entries(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* conf.d/\*.yaml beside the file. */
static void add_fragments(struct loader *loader, struct files *files, const char *file)
{
	const char *slash = strrchr(file, '/');
	struct dirent **entries;
	char *folder = arena_format(&loader->scratch, "%.*sconf.d",
				    slash ? (int)(slash + 1 - file) : 0, file);

	if (!folder) {
		loader->out_of_memory = true;
		return;
	}
	int count = scandir(folder, &entries, is_fragment, compare_entries);
	if (count < 0) {
		struct document *document = errno == ENOENT ? NULL : new_document(loader, files);
		if (document) {
			document->path = folder;
			load_error(loader, (struct position){ .document = document },
				   "cannot be read: %s", strerror(errno));
		}
		return;
	}
	for (int i = 0; i < count; i++) {
		if (i < FILES_MAX)
			add_file(loader, files,
				 arena_format(&loader->scratch, "%s/%s", folder,
					      entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
	if (count > FILES_MAX)
		load_error(loader, (struct position){ .document = files->documents[0] },
			   "%s holds more than %d files", folder, FILES_MAX);
}

/* ---- sections -------------------------------------------------------------------------- */

static void load_section(struct loader *loader, const char *section, const struct node *map)
{
	const char *keys[OPTION_COUNT + 1];
	char what[256];

	option_keys(section, false, keys);
	for (const struct node_entry *entry = map->entries; entry; entry = entry->next) {
		const struct option *option = option_find(section, entry->key->text);
		if (!option) {
			snprintf(what, sizeof(what), "'%s'", section);
			load_unknown_key(loader, entry->key, what, keys);
			continue;
		}
		snprintf(what, sizeof(what), "%s.%s", section, option->key);
		load_option(loader, option, entry->value, what, loader->config);
		load_effect(loader, option, entry->key);
	}
}

static void load_top_key(struct loader *loader, const struct node_entry *entry)
{
	const struct option *option = option_find("", entry->key->text);
	const char *keys[OPTION_COUNT + 16];
	size_t count = 0;

	if (option) {
		load_option(loader, option, entry->value, option->key, loader->config);
		load_effect(loader, option, entry->key);
		return;
	}
	option_keys("", false, keys);
	while (keys[count])
		count++;
	for (const char *const *section = option_sections; *section; section++)
		keys[count++] = *section;
	keys[count++] = "defaults";
	keys[count++] = "accounts";
	keys[count] = NULL;
	load_unknown_key(loader, entry->key, "the configuration", keys);
}

static void load_root(struct loader *loader, const struct node *root)
{
	const struct node *defaults = node_find(root, "defaults");
	const struct node *accounts = node_find(root, "accounts");

	for (const struct node_entry *entry = root->entries; entry; entry = entry->next) {
		const char *key = entry->key->text;
		if (strcmp(key, "defaults") == 0 || strcmp(key, "accounts") == 0)
			continue;
		if (is_section(key))
			load_section(loader, key, entry->value);
		else
			load_top_key(loader, entry);
	}
	if (loader->mode == CONFIG_SECTIONS)
		return;
	/* Now plugin_dir is known, and with it what accounts and their defaults may say. */
	if (loader->find)
		loader->providers = loader->find(loader->config->plugin_dir, loader->find_data);
	loader->config->providers = loader->providers;
	if (!loader->providers) {
		loader->out_of_memory = true;
		return;
	}
	if (defaults)
		load_defaults(loader, defaults);
	/* Last: accounts start as copies of the defaults, wherever these stand. */
	if (accounts && accounts->type == NODE_LIST)
		load_accounts(loader, accounts);
}

static bool set_defaults(struct loader *loader)
{
	struct arena *arena = &loader->config->arena;

	for (const char *const *section = option_sections; *section; section++)
		if (!option_set_defaults(*section, arena, loader->config))
			return false;
	return option_set_defaults("", arena, loader->config) &&
	       option_set_defaults("accounts", arena, &loader->defaults);
}

/* ---- the whole ------------------------------------------------------------------------- */

static void load_all(struct loader *loader, struct files *files, const char *file)
{
	if (!set_defaults(loader)) {
		loader->out_of_memory = true;
		return;
	}
	add_file(loader, files, file);
	if (files->count && files->documents[0]->bytes)
		add_fragments(loader, files, file);
	if (files->root && !loader->out_of_memory)
		load_root(loader, files->root);
}

static int finish(struct loader *loader, struct buf *diagnostics)
{
	diagnostics_print(&loader->diagnostics, diagnostics);
	if (loader->out_of_memory || loader->scratch.failed || loader->config->arena.failed) {
		buf_puts(diagnostics, "out of memory; configuration not loaded\n");
		return -ENOMEM;
	}
	return loader->diagnostics.errors ? -EINVAL : 0;
}

static int load(struct loader *loader, struct config **ret, const char *file,
		struct buf *diagnostics)
{
	struct files files = { 0 };

	loader->config = calloc(1, sizeof(*loader->config));
	if (!loader->config) {
		buf_puts(diagnostics, "out of memory; configuration not loaded\n");
		return -ENOMEM;
	}
	arena_init(&loader->config->arena);
	arena_init(&loader->scratch);
	diagnostics_init(&loader->diagnostics, &loader->scratch);
	loader->config->file = arena_string(&loader->config->arena, file);
	load_all(loader, &files, file);
	int r = finish(loader, diagnostics);
	for (size_t i = 0; i < files.count; i++)
		document_wipe(files.documents[i]);
	arena_finish(&loader->scratch);
	if (r < 0)
		config_free(loader->config);
	else
		*ret = loader->config;
	return r;
}

int config_load_with(struct config **ret, const char *file, config_find_fn *find, void *data,
		     enum config_mode mode, struct buf *diagnostics)
{
	struct loader loader = { .find = find, .find_data = data, .mode = mode };

	return load(&loader, ret, file, diagnostics);
}

int config_load(struct config **ret, const char *file, const struct provider *const *providers,
		enum config_mode mode, struct buf *diagnostics)
{
	struct loader loader = { .providers = providers, .mode = mode };

	return load(&loader, ret, file, diagnostics);
}

bool config_is_left_out(const struct config *config, const char *account)
{
	for (const char *const *name = config->left_out; name && *name; name++)
		if (strcmp(*name, account) == 0)
			return true;
	return false;
}

static void wipe(const char *text)
{
	if (text)
		crypto_wipe((void *)(uintptr_t)text, strlen(text));
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->account_count; i++) {
		struct config_account *account = &config->accounts[i];
		wipe(account->id.value);
		wipe(account->secret.value);
		wipe(account->proxy);
		for (const struct config_header *h = account->headers; h && h->name; h++)
			wipe(h->value);
	}
	arena_finish(&config->arena);
	free(config);
}
