/*
 * A YAML file as a neutral tree whose every node knows its position in the file. No other header
 * and no other file but yaml.c knows which library read it.
 *
 * Everything lives in the arena that it was read into. An alias is the anchor's node again, so
 * a tree may share branches; it never has a cycle.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/error.h"

enum {
	DOCUMENT_BYTES_MAX = 4 * 1024 * 1024,
	DOCUMENT_NODES_MAX = 500 * 1000, /* counted with every alias written out */
	DOCUMENT_DEPTH_MAX = 32,
	DOCUMENT_KEYS_MAX = 1000, /* of one map */
};

struct document {
	const char *path;
	char *bytes; /* of the file, without a byte order mark; NUL-terminated */
	size_t len;
	size_t order;        /* of reading: problems are told in this order */
	bool read_by_others; /* the file's mode lets everybody read it */
	struct node *root;   /* NULL when there is nothing but comments */
	struct node *newest; /* all nodes, by `older` */
};

/* Counted from 1, in characters. line 0: the whole file, no position in it. */
struct position {
	const struct document *document;
	size_t line, column;
	size_t end_column; /* one after the last on the same line */
};

enum node_type { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
	enum node_type type;
	struct position position;
	char *text; /* NODE_SCALAR; NUL-terminated, may hold other NULs as well */
	size_t len;
	bool plain;     /* written without quotes */
	char *expanded; /* the text with its variables filled in; NULL until the loader wants it */
	struct node_entry *entries; /* NODE_LIST and NODE_MAP, in the file's order */
	struct node_entry **end;
	size_t count;
	size_t weight; /* nodes below it and itself, aliases written out */
	struct node *older;
};

struct node_entry {
	struct node_entry *next;
	struct node *key; /* NULL in a list */
	struct node *value;
};

/*
 * The bytes of a file: a regular one, valid UTF-8, of a bounded size, unchanged while it was
 * read. On failure *ret_position says where, as far as it is known.
 */
int document_read(struct document *ret, const char *path, struct arena *arena,
		  struct position *ret_position, struct error *err);

/* Bytes into tree (yaml.c). */
int document_parse(struct document *document, struct arena *arena, struct position *ret_position,
		   struct error *err);

/* Overwrites the bytes and texts: a file may hold secrets. */
void document_wipe(struct document *document);

/* The start of a line counted from 1 and its length without the line end; NULL past the end. */
const char *document_line(const struct document *document, size_t line, size_t *ret_len);

/* The value of a key, or NULL. The map may be NULL. */
struct node *node_find(const struct node *map, const char *key);

/* Nothing written, `~` or `null`. */
bool node_is_null(const struct node *node);

/* A new entry at the end; false when memory is out. */
bool node_append(struct node *parent, struct node *key, struct node *value, struct arena *arena);

/*
 * `over` laid on `base`: maps merge key by key, lists under a key of `appended` (a list that
 * ends with NULL) append, everything else is replaced. Changes neither; NULL when memory is out.
 */
struct node *node_merge(const struct node *base, const struct node *over,
			const char *const *appended, struct arena *arena);
