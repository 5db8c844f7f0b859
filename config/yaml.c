/*
 * libyaml's events into the tree of document.h. Events instead of its ready document, because
 * limits on depth, size and aliases must hold while the tree grows, not after.
 *
 * happy path  events push and pop containers on a stack of bounded depth; a scalar, an alias or
 *             a closed container is attached to the container on top
 * failures    the first one ends the reading; *ret_position is where it was found
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/text.h"
#include "config/document.h"

struct anchor {
	struct anchor *next;
	const char *name;
	struct node *node;
};

struct builder {
	struct document *document;
	struct arena *arena;
	struct position *position;
	struct error *err;
	struct anchor *anchors;
	size_t nodes;
	size_t documents;
	size_t depth;
	struct {
		struct node *node;
		struct node *key; /* of a map: read, waiting for its value */
	} stack[DOCUMENT_DEPTH_MAX];
};

static int fail(struct builder *b, struct position position, const char *sentence)
{
	*b->position = position;
	return error_set(b->err, -EINVAL, "%s", sentence);
}

static int out_of_memory(struct builder *b)
{
	*b->position = (struct position){ .document = b->document };
	return error_set(b->err, -ENOMEM, "out of memory");
}

static struct position position_of(const struct builder *b, yaml_mark_t start, yaml_mark_t end)
{
	return (struct position){
		.document = b->document,
		.line = start.line + 1,
		.column = start.column + 1,
		.end_column = end.line == start.line ? end.column + 1 : 0,
	};
}

static struct node *new_node(struct builder *b, enum node_type type, const yaml_event_t *event)
{
	struct node *node = arena_alloc(b->arena, sizeof(*node));

	if (!node)
		return NULL;
	*node = (struct node){
		.type = type,
		.position = position_of(b, event->start_mark, event->end_mark),
		.weight = 1,
		.older = b->document->newest,
	};
	node->end = &node->entries;
	b->document->newest = node;
	return node;
}

static int attach_to_map(struct builder *b, struct node *map, struct node **key, struct node *node,
			 struct position position)
{
	if (!*key) {
		if (node->type != NODE_SCALAR)
			return fail(b, position, "a key must be a word, not a list or a map");
		if (strlen(node->text) != node->len)
			return fail(b, position, "a key has a NUL character");
		if (map->count >= DOCUMENT_KEYS_MAX)
			return fail(b, position, "a map has more than 1000 keys");
		*key = node;
		return 0;
	}
	if (!node_append(map, *key, node, b->arena))
		return out_of_memory(b);
	*key = NULL;
	return 0;
}

/* `position` differs from the node's own where an alias stands for it. */
static int attach(struct builder *b, struct node *node, struct position position)
{
	if (b->depth == 0) {
		b->document->root = node;
		return 0;
	}
	struct node *parent = b->stack[b->depth - 1].node;
	if (parent->type == NODE_MAP)
		return attach_to_map(b, parent, &b->stack[b->depth - 1].key, node, position);
	return node_append(parent, NULL, node, b->arena) ? 0 : out_of_memory(b);
}

static int count(struct builder *b, size_t weight, struct position position)
{
	b->nodes += weight;
	if (b->nodes > DOCUMENT_NODES_MAX)
		return fail(b, position,
			    "the file has more than 500000 values, aliases written out");
	return 0;
}

static int add_anchor(struct builder *b, const yaml_char_t *name, struct node *node)
{
	if (!name)
		return 0;
	struct anchor *anchor = arena_alloc(b->arena, sizeof(*anchor));
	if (!anchor)
		return out_of_memory(b);
	*anchor = (struct anchor){ .next = b->anchors, .node = node };
	anchor->name = arena_string(b->arena, (const char *)name);
	if (!anchor->name)
		return out_of_memory(b);
	b->anchors = anchor;
	return 0;
}

static bool is_standard_tag(const yaml_char_t *tag)
{
	static const char standard[] = "tag:yaml.org,2002:";

	return !tag || strcmp((const char *)tag, "!") == 0 ||
	       strncmp((const char *)tag, standard, sizeof(standard) - 1) == 0;
}

static int on_scalar(struct builder *b, const yaml_event_t *event)
{
	struct node *node = new_node(b, NODE_SCALAR, event);

	if (!node)
		return out_of_memory(b);
	if (!is_standard_tag(event->data.scalar.tag))
		return fail(b, node->position, "tags such as !name are not supported");
	node->text = arena_copy(b->arena, (const char *)event->data.scalar.value,
				event->data.scalar.length);
	if (!node->text)
		return out_of_memory(b);
	node->len = event->data.scalar.length;
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	int r = count(b, 1, node->position);
	if (r == 0)
		r = add_anchor(b, event->data.scalar.anchor, node);
	return r < 0 ? r : attach(b, node, node->position);
}

static int on_start(struct builder *b, const yaml_event_t *event, enum node_type type)
{
	bool list = type == NODE_LIST;
	const yaml_char_t *tag =
		list ? event->data.sequence_start.tag : event->data.mapping_start.tag;
	const yaml_char_t *name =
		list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor;
	struct node *node = new_node(b, type, event);

	if (!node)
		return out_of_memory(b);
	if (!is_standard_tag(tag))
		return fail(b, node->position, "tags such as !name are not supported");
	if (b->depth == DOCUMENT_DEPTH_MAX)
		return fail(b, node->position, "lists and maps are nested more than 32 deep");
	int r = count(b, 1, node->position);
	if (r == 0)
		r = add_anchor(b, name, node);
	if (r == 0)
		r = attach(b, node, node->position);
	if (r < 0)
		return r;
	b->stack[b->depth].node = node;
	b->stack[b->depth++].key = NULL;
	return 0;
}

static int on_end(struct builder *b)
{
	struct node *node = b->stack[--b->depth].node;

	for (const struct node_entry *entry = node->entries; entry; entry = entry->next)
		node->weight += entry->value->weight + (entry->key ? 1 : 0);
	return 0;
}

static int on_alias(struct builder *b, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	struct position position = position_of(b, event->start_mark, event->end_mark);
	const struct anchor *anchor = b->anchors;

	while (anchor && strcmp(anchor->name, name) != 0)
		anchor = anchor->next;
	if (!anchor)
		return fail(b, position, "the alias stands for nothing: no such anchor before it");
	for (size_t i = 0; i < b->depth; i++)
		if (b->stack[i].node == anchor->node)
			return fail(b, position, "the alias contains itself");
	int r = count(b, anchor->node->weight, position);
	return r < 0 ? r : attach(b, anchor->node, position);
}

static int on_event(struct builder *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (++b->documents > 1)
			return fail(b, position_of(b, event->start_mark, event->end_mark),
				    "the file holds more than one document (---)");
		return 0;
	case YAML_SCALAR_EVENT: return on_scalar(b, event);
	case YAML_ALIAS_EVENT: return on_alias(b, event);
	case YAML_SEQUENCE_START_EVENT: return on_start(b, event, NODE_LIST);
	case YAML_MAPPING_START_EVENT: return on_start(b, event, NODE_MAP);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT: return on_end(b);
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT: return 0;
	}
	return 0;
}

/* What the reader complains about it tells by byte, what the scanner complains about by mark. */
static struct position position_of_problem(const struct builder *b, const yaml_parser_t *parser)
{
	struct position position = position_of(b, parser->problem_mark, parser->problem_mark);

	if (parser->error != YAML_READER_ERROR)
		return position;
	const char *bytes = b->document->bytes;
	size_t offset = parser->problem_offset;
	position = (struct position){ .document = b->document, .line = 1, .column = 1 };
	for (size_t i = 0; i < offset && i < b->document->len; i++) {
		position.column += ((unsigned char)bytes[i] & 0xC0) != 0x80;
		if (bytes[i] == '\n') {
			position.line++;
			position.column = 1;
		}
	}
	return position;
}

static int syntax_error(struct builder *b, const yaml_parser_t *parser)
{
	const char *problem = parser->problem ? parser->problem : "this is not YAML";
	size_t len;

	if (parser->error == YAML_MEMORY_ERROR)
		return out_of_memory(b);
	*b->position = position_of_problem(b, parser);
	const char *line = document_line(b->document, b->position->line, &len);
	if (line && b->position->column <= len && memchr(line, '\t', b->position->column))
		return error_set(b->err, -EINVAL, "YAML: %s (a tab cannot indent: use spaces)",
				 problem);
	if (!parser->context || parser->context_mark.line + 1 == b->position->line)
		return error_set(b->err, -EINVAL, "YAML: %s", problem);
	return error_set(b->err, -EINVAL, "YAML: %s, %s (line %zu)", problem, parser->context,
			 parser->context_mark.line + 1);
}

static int read_events(struct builder *b, yaml_parser_t *parser)
{
	for (bool done = false; !done;) {
		yaml_event_t event;

		if (!yaml_parser_parse(parser, &event))
			return syntax_error(b, parser);
		done = event.type == YAML_STREAM_END_EVENT;
		int r = on_event(b, &event);
		yaml_event_delete(&event);
		if (r < 0)
			return r;
	}
	return 0;
}

int document_parse(struct document *document, struct arena *arena, struct position *ret_position,
		   struct error *err)
{
	struct builder builder = {
		.document = document, .arena = arena, .position = ret_position, .err = err
	};
	yaml_parser_t parser;

	if (!yaml_parser_initialize(&parser))
		return out_of_memory(&builder);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)document->bytes,
				     document->len);
	int r = read_events(&builder, &parser);
	yaml_parser_delete(&parser);
	return r;
}
