/*
 * ${VAR} and ${VAR:-default} in values. A text that comes from the environment is never read
 * as YAML again, and never echoed: it may be a secret.
 */
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/text.h"
#include "config/load.h"
#include "config/values.h"

struct expander {
	struct loader *loader;
	struct node *node;
	const char *what;
	struct buf out;
	bool unset;
};

/* Where the reference stands: exactly for a scalar written on one line without escapes. */
static struct position position_at(const struct node *node, size_t offset, size_t len)
{
	struct position position = node->position;
	size_t characters = 0, before = 0, within = 0;

	for (size_t i = 0; i < node->len; i++) {
		bool first = ((unsigned char)node->text[i] & 0xC0) != 0x80;
		characters += first;
		before += first && i < offset;
		within += first && i >= offset && i < offset + len;
	}
	size_t quotes = node->plain ? 0 : 1;
	if (position.end_column != position.column + characters + 2 * quotes)
		return position;
	position.column += quotes + before;
	position.end_column = position.column + within;
	return position;
}

static bool refuse(struct expander *e, size_t offset, size_t len, const char *sentence)
{
	load_error(e->loader, position_at(e->node, offset, len), "%s: %s", e->what, sentence);
	return false;
}

/* What stands between the braces, at `offset` + 2. */
static bool put_variable(struct expander *e, size_t offset, size_t len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	char name[128];
	const char *inside = e->node->text + offset + 2;
	size_t name_len =
		strspn(inside, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
	bool has_default = strncmp(inside + name_len, ":-", 2) == 0;

	if (name_len == 0 || name_len >= sizeof(name) || !strchr(letters, *inside) ||
	    (name_len != len && !has_default))
		return refuse(e, offset, len + 3,
			      "a variable is written ${NAME} or ${NAME:-default}");
	memcpy(name, inside, name_len);
	name[name_len] = '\0';
	const char *value = getenv(name);
	if (has_default && (!value || !*value)) {
		buf_put(&e->out, inside + name_len + 2, len - name_len - 2);
		return true;
	}
	if (value) {
		buf_puts(&e->out, value);
		return true;
	}
	struct position position = position_at(e->node, offset, len + 3);
	if (e->loader->mode == CONFIG_RUN) {
		load_error(e->loader, position, "%s: the environment variable %s is not set",
			   e->what, name);
		return false;
	}
	load_warning(e->loader, position, "%s: the environment variable %s is not set here",
		     e->what, name);
	e->unset = true;
	return true;
}

static bool expand(struct expander *e)
{
	const char *text = e->node->text;

	for (size_t i = 0; text[i];) {
		if (text[i] != '$') {
			buf_putc(&e->out, text[i++]);
		} else if (text[i + 1] == '$') {
			buf_putc(&e->out, '$');
			i += 2;
		} else if (text[i + 1] == '{') {
			const char *end = strchr(text + i, '}');
			if (!end)
				return refuse(e, i, 2, "'${' without its '}'");
			size_t len = (size_t)(end - (text + i)) - 2;
			if (!put_variable(e, i, len))
				return false;
			i += len + 3;
		} else {
			return refuse(e, i, 1, "write '$$' for one '$', or ${NAME} for a variable");
		}
	}
	return true;
}

static enum expansion finish(struct expander *e, const char **ret)
{
	struct node *node = e->node;
	const char *text = buf_text(&e->out);

	if (e->unset) {
		*ret = node->text;
		return EXPANSION_UNSET;
	}
	if (*text == '\0')
		load_error(e->loader, node->position, "%s is empty", e->what);
	else if (!value_is_line(text, e->out.len) || !text_is_utf8(text, e->out.len))
		load_error(e->loader, node->position, "%s has a control character or is not UTF-8",
			   e->what);
	else {
		node->expanded = arena_copy(&e->loader->scratch, text, e->out.len);
		*ret = node->expanded;
		return *ret ? EXPANDED : EXPANSION_REFUSED;
	}
	return EXPANSION_REFUSED;
}

enum expansion load_text(struct loader *loader, struct node *node, const char *what,
			 const char **ret)
{
	struct expander e = { .loader = loader, .node = node, .what = what };

	if (node->type != NODE_SCALAR) {
		load_error(loader, node->position, "%s: expected one value, found a %s", what,
			   node->type == NODE_MAP ? "map" : "list");
		return EXPANSION_REFUSED;
	}
	if (node_is_null(node)) {
		load_error(loader, node->position, "%s has no value", what);
		return EXPANSION_REFUSED;
	}
	if (!value_is_line(node->text, node->len)) {
		load_error(loader, node->position,
			   node->len ? "%s has a line break or another control character"
				     : "%s is empty",
			   what);
		return EXPANSION_REFUSED;
	}
	if (node->expanded) {
		*ret = node->expanded;
		return EXPANDED;
	}
	buf_init(&e.out);
	bool ok = expand(&e);
	if (e.out.failed)
		loader->out_of_memory = true;
	enum expansion result = ok && !e.out.failed ? finish(&e, ret) : EXPANSION_REFUSED;
	crypto_finish(&e.out);
	return result;
}
