/*
 * The value of one key into its member: checks the shape of the node, fills in variables,
 * leaves the rest to the option's row.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/text.h"
#include "config/file.h"
#include "config/load.h"
#include "config/secrets.h"
#include "config/values.h"

const char *load_keep(struct loader *loader, const char *text)
{
	const char *copy = arena_string(&loader->config->arena, text);

	if (!copy)
		loader->out_of_memory = true;
	return copy;
}

/* A value is quoted as written, not as expanded; never one that may hold a password. */
static const char *quotable(const struct option *option, const struct node *node)
{
	if (option->kind == OPTION_KIND_PROXY || strchr(node->text, '@'))
		return NULL;
	return node->text;
}

static void refuse(struct loader *loader, const struct option *option, const struct node *node,
		   const char *what, const struct complaint *complaint)
{
	const char *text = quotable(option, node);
	bool suggest = complaint->suggestion[0];

	load_error(loader, node->position, "%s%s%.80s%s %s%s%s%s", what, text ? " '" : "",
		   text ? text : "", text ? "'" : "", complaint->text,
		   suggest ? "; did you mean '" : "", complaint->suggestion, suggest ? "'?" : "");
}

/* A relative path starts at the folder of the file that names it. */
static const char *resolve_path(struct loader *loader, const struct node *node, const char *path)
{
	const char *file = node->position.document->path;
	const char *slash = strrchr(file, '/');

	if (path[0] == '/' || !slash)
		return path;
	return arena_format(&loader->scratch, "%.*s%s", (int)(slash + 1 - file), file, path);
}

static bool is_path(const struct option *option)
{
	return option->kind == OPTION_KIND_PATH || option->kind == OPTION_KIND_SECRET_PATH ||
	       option->kind == OPTION_KIND_PUBLIC_PATH;
}

/* A value that is not known here: texts are kept as written, so that they can be printed. */
static void keep_unset(struct loader *loader, const struct option *option, const char *text,
		       void *base)
{
	bool is_text = is_path(option) || option->kind == OPTION_KIND_NAME ||
		       option->kind == OPTION_KIND_CLOUD || option->kind == OPTION_KIND_PROXY;
	const char *kept = is_text ? load_keep(loader, text) : NULL;

	if (kept)
		memcpy((char *)base + option->offset, &kept, sizeof(kept));
}

static void load_scalar(struct loader *loader, const struct option *option, struct node *node,
			const char *what, void *base)
{
	struct complaint complaint;
	const char *text;

	switch (load_text(loader, node, what, &text)) {
	case EXPANSION_REFUSED: return;
	case EXPANSION_UNSET: keep_unset(loader, option, text, base); return;
	case EXPANDED: break;
	}
	if (is_path(option))
		text = resolve_path(loader, node, text);
	if (!text || !option_parse(option, text, &loader->config->arena, base, &complaint)) {
		if (text)
			refuse(loader, option, node, what, &complaint);
		return;
	}
	if (option->kind == OPTION_KIND_SECRET_PATH || option->kind == OPTION_KIND_PUBLIC_PATH)
		load_check_file(loader, node, what, text, option->kind == OPTION_KIND_SECRET_PATH);
}

/* ---- files ----------------------------------------------------------------------------- */

static bool is_readable_by_others(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & S_IROTH);
}

/*
 * Is it there and usable? A secret is really read, and forgotten at once; --check only looks
 * whether it is there.
 */
static int try_file(const struct loader *loader, const char *path, bool secret, struct error *err)
{
	struct stat st;

	if (!secret)
		return file_check_certificates(path, err);
	if (loader->mode == CONFIG_RUN) {
		struct secret value;
		int r = secret_read(&value, &(struct config_secret){ .file = path }, err);
		if (r == 0)
			secret_wipe(&value);
		return r;
	}
	if (stat(path, &st) < 0)
		return error_set(err, -errno, "'%s' cannot be read: %s", path, strerror(errno));
	return 0;
}

/*
 * What is there and of no use is an error always. What is not there, or not for this user, is a
 * warning of --check: it may run on another machine, or as somebody else.
 */
static enum severity severity_of(const struct loader *loader, int code)
{
	bool useless = code == -EINVAL || code == -EISDIR || code == -EFBIG;

	return loader->mode == CONFIG_RUN || useless ? SEVERITY_ERROR : SEVERITY_WARNING;
}

void load_check_file(struct loader *loader, const struct node *node, const char *what,
		     const char *path, bool secret)
{
	struct error err;

	int r = try_file(loader, path, secret, &err);
	if (r < 0) {
		/* A key pasted where its file belongs is not to be seen. */
		bool shown = !secret || strchr("/.~$", node->text[0]);
		diagnostics_add(&loader->diagnostics, severity_of(loader, r), node->position,
				"%s: %s", what,
				shown ? err.text
				      : "there is no usable file of that name (it wants a "
					"path, not the key itself)");
	} else if (secret && is_readable_by_others(path)) {
		load_warning(loader, node->position, "%s: everybody may read '%s': chmod o= it",
			     what, path);
	}
}

/* ---- lists ----------------------------------------------------------------------------- */

static bool is_listed(const struct config_list *list, const char *word)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], word) == 0)
			return true;
	return false;
}

/* A word of this option; false with a problem told. */
static bool check_word(struct loader *loader, const struct option *option, const struct node *node,
		       const char *what, const char *text)
{
	bool printable = option->flags & OPTION_PRINTABLE;

	if (printable ? value_is_printable(text) : value_is_word(text))
		return true;
	load_error(loader, node->position, "%s: '%.80s' is not a %s", what, node->text,
		   printable ? "project: 1 to 128 bytes of printable text"
			     : "name: 1 to 64 letters, digits, '.', '_' and '-'");
	return false;
}

/* One item; `items` has room for it. */
static void add_word(struct loader *loader, const struct option *option, const char **items,
		     struct config_list *list, struct node *node, const char *what)
{
	bool may_be_all = option->kind == OPTION_KIND_WORDS_OR_ALL;
	const char *text;
	enum expansion expansion = load_text(loader, node, what, &text);

	if (expansion == EXPANSION_REFUSED)
		return;
	if (expansion == EXPANDED && !check_word(loader, option, node, what, text))
		return;
	if (may_be_all && strcmp(text, "all") == 0) {
		load_error(loader, node->position, "%s: 'all' stands alone, not in a list", what);
		return;
	}
	if (is_listed(list, text)) {
		load_error(loader, node->position, "%s: '%.80s' is listed twice", what, node->text);
		return;
	}
	const char *kept = load_keep(loader, text);
	if (kept)
		items[list->count++] = kept;
}

static void load_one_word(struct loader *loader, const struct option *option, struct node *node,
			  const char *what, struct config_list *ret)
{
	const char **items = arena_alloc(&loader->config->arena, 2 * sizeof(*items));

	*ret = (struct config_list){ .items = items };
	if (!items)
		loader->out_of_memory = true;
	else
		add_word(loader, option, items, ret, node, what);
}

static void load_words(struct loader *loader, const struct option *option, struct node *node,
		       const char *what, struct config_list *ret)
{
	bool may_be_all = option->kind == OPTION_KIND_WORDS_OR_ALL;

	if (may_be_all && node->type == NODE_SCALAR && strcmp(node->text, "all") == 0) {
		*ret = (struct config_list){ .all = true };
		return;
	}
	if (node->type != NODE_LIST) {
		bool word = node->type == NODE_SCALAR && value_is_word(node->text);
		load_error(loader, node->position, "%s: expected a list%s%s%s%s", what,
			   may_be_all ? " or all" : "", word ? "; did you mean '[" : "",
			   word ? node->text : "", word ? "]'?" : "");
		return;
	}
	if (node->count == 0) {
		load_error(loader, node->position, "%s: the list is empty", what);
		return;
	}
	const char **items =
		arena_alloc(&loader->config->arena, (node->count + 1) * sizeof(*items));
	if (!items) {
		loader->out_of_memory = true;
		return;
	}
	*ret = (struct config_list){ .items = items };
	for (const struct node_entry *entry = node->entries; entry; entry = entry->next)
		add_word(loader, option, items, ret, entry->value, what);
}

/* ---- headers --------------------------------------------------------------------------- */

/* A token of RFC 9110, and none that the client itself sends. */
static bool is_header_name(const char *name)
{
	static const char *const reserved[] = { "host", "content-length", "transfer-encoding",
						"connection" };
	size_t len = strspn(name, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
		if (strcasecmp(name, reserved[i]) == 0)
			return false;
	return len > 0 && len <= 128 && name[len] == '\0';
}

static bool has_header(const struct config_header *headers, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(headers[i].name, name) == 0)
			return true;
	return false;
}

static void load_headers(struct loader *loader, const struct node *node, const char *what,
			 const struct config_header **ret)
{
	size_t count = 0;

	if (node->type != NODE_MAP) {
		load_error(loader, node->position, "%s: expected a map, NAME: VALUE", what);
		return;
	}
	struct config_header *headers =
		arena_alloc(&loader->config->arena, (node->count + 1) * sizeof(*headers));
	if (!headers) {
		loader->out_of_memory = true;
		return;
	}
	for (const struct node_entry *entry = node->entries; entry; entry = entry->next) {
		const char *text;
		if (!is_header_name(entry->key->text)) {
			load_error(loader, entry->key->position,
				   "%s: this is no name of a header that may be set", what);
			continue;
		}
		if (has_header(headers, count, entry->key->text)) {
			load_error(loader, entry->key->position, "%s: '%.80s' is set twice", what,
				   entry->key->text);
			continue;
		}
		if (load_text(loader, entry->value, what, &text) == EXPANSION_REFUSED)
			continue;
		struct config_header header = { .name = load_keep(loader, entry->key->text),
						.value = load_keep(loader, text) };
		if (header.name && header.value)
			headers[count++] = header;
	}
	*ret = headers;
}

/* ---- keys ------------------------------------------------------------------------------ */

void load_option(struct loader *loader, const struct option *option, struct node *node,
		 const char *what, void *base)
{
	void *member = (char *)base + option->offset;

	switch (option->kind) {
	case OPTION_KIND_ONE_WORD: load_one_word(loader, option, node, what, member); return;
	case OPTION_KIND_WORDS:
	case OPTION_KIND_WORDS_OR_ALL: load_words(loader, option, node, what, member); return;
	case OPTION_KIND_HEADERS: load_headers(loader, node, what, member); return;
	case OPTION_KIND_PROVIDER:
	case OPTION_KIND_CREDENTIAL: assert(!"account.c reads these"); return;
	case OPTION_KIND_PATH:
	case OPTION_KIND_SECRET_PATH:
	case OPTION_KIND_PUBLIC_PATH:
	case OPTION_KIND_DURATION_S:
	case OPTION_KIND_DURATION_MS:
	case OPTION_KIND_SIZE:
	case OPTION_KIND_COUNT:
	case OPTION_KIND_DECIMAL:
	case OPTION_KIND_BOOL:
	case OPTION_KIND_LEVEL:
	case OPTION_KIND_FORMAT:
	case OPTION_KIND_LISTEN:
	case OPTION_KIND_NAME:
	case OPTION_KIND_URL:
	case OPTION_KIND_PROXY:
	case OPTION_KIND_CLOUD: load_scalar(loader, option, node, what, base); return;
	}
}

/* The sections that know a key of that name: "interval" at the top belongs to `defaults`. */
static const char *home_of(const char *key)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &options[i];
		if (!option->key || strcmp(option->key, key) != 0)
			continue;
		if (strcmp(option->section, "accounts") == 0)
			return option->flags & OPTION_SHARED ? "an account, or defaults"
							     : "an account";
		return *option->section ? option->section : "the top level";
	}
	return NULL;
}

void load_unknown_key(struct loader *loader, const struct node *key, const char *where,
		      const char *const *candidates)
{
	const char *nearest = text_nearest(key->text, candidates);
	const char *home = home_of(key->text);

	if (home)
		load_error(loader, key->position, "'%s' is not a key of %s: it belongs to %s",
			   key->text, where, home);
	else
		load_error(loader, key->position, "unknown key '%.80s' in %s%s%s%s", key->text,
			   where, nearest ? "; did you mean '" : "", nearest ? nearest : "",
			   nearest ? "'?" : "");
}

void load_effect(struct loader *loader, const struct option *option, const struct node *key)
{
	if (option->flags & OPTION_NO_EFFECT)
		load_warning(loader, key->position, "'%s%s%s' has no effect yet", option->section,
			     *option->section ? "." : "", option->key);
}
