#include "model/normalize.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/repair.h"
#include "model/scratch.h"

/* What the walk over the fields of an item needs to know of where it is. */
struct spot {
	const char *prefix; /* path of the object, "" for the item */
	bool in_group;      /* its fields are the group's own: kept, but no drift */
};

int normalizer_init(struct normalizer *ret, struct arena *arena, const struct page_scope *scope)
{
	ret->scope = scope;
	ret->arena = arena;
	ret->drifts.count = 0;
	buf_init(&ret->scratch);
	return fieldmap_build(&ret->map, arena, scope->service);
}

void normalizer_finish(struct normalizer *normalizer)
{
	buf_finish(&normalizer->scratch);
}

static void start_reading(struct normalizer *normalizer, struct record *record)
{
	struct reading *reading = &normalizer->reading;

	reading->arena = normalizer->arena;
	reading->scratch = &normalizer->scratch;
	reading->drifts = &normalizer->drifts;
	reading->record = record;
	memset(reading->inferred, 0, sizeof(reading->inferred));
	notes_clear(&reading->warnings);
	notes_clear(&reading->unmapped);
	notes_clear(&reading->redacted);
	record_init(record);
}

static const char *type_name(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT: return "object";
	case JSON_ARRAY: return "array";
	case JSON_STRING: return "string";
	case JSON_INTEGER: return "integer";
	case JSON_REAL: return "number";
	case JSON_TRUE:
	case JSON_FALSE: return "boolean";
	case JSON_NULL: return "null";
	}
	return "";
}

/* "Softwares." and "OsVersion", cleaned; what is too long is cut. */
static const char *join_path(struct reading *reading, const char *prefix, const char *key)
{
	struct buf *out = reading->scratch;
	size_t len = notes_fit(key, WORD_BYTES_MAX);

	buf_clear(out);
	buf_puts(out, prefix);
	if (*prefix)
		buf_putc(out, '.');
	text_put_clean(out, TEXT_LINE, key, len);
	if (key[len])
		buf_puts(out, "…");
	if (out->failed) {
		reading->arena->failed = true;
		return "";
	}
	const char *path = arena_copy(reading->arena, buf_text(out), out->len);
	return path ? path : "";
}

/* The place asked for is not repeated as a field that nobody mapped. */
static bool is_region(const char *path)
{
	return strcmp(path, "Region") == 0 || strcmp(path, "region") == 0;
}

static void list_fields(struct normalizer *normalizer, const json_t *object, struct spot spot,
			const char *group);

static void list_field(struct normalizer *normalizer, struct spot spot, const char *key,
		       const json_t *value, const char *group)
{
	struct reading *reading = &normalizer->reading;
	bool top = !*spot.prefix;
	unsigned uses = 0;

	if (top && group && strcmp(key, group) == 0 && json_is_object(value)) {
		list_fields(normalizer, value, (struct spot){ group, true }, NULL);
		return;
	}
	const char *path = top ? key : join_path(reading, spot.prefix, key);
	if (!strchr(key, '.'))
		uses = fieldmap_uses(&normalizer->map, path, strlen(path));
	if (uses & PATH_PARENT) {
		if (json_is_object(value))
			list_fields(normalizer, value, (struct spot){ path, spot.in_group }, NULL);
		else if (!(uses & (PATH_MAPPED | PATH_KNOWN)))
			convert_complain(reading, path, value, "an object");
	}
	if ((uses & (PATH_MAPPED | PATH_PARENT)) || (top && is_region(path)))
		return;
	if (top)
		path = join_path(reading, "", key);
	notes_add(&reading->unmapped, reading->arena, path);
	if (!(uses & PATH_KNOWN) && !spot.in_group)
		drifts_add(reading->drifts, reading->arena, path, type_name(value), NULL);
}

/* Recursion goes no deeper than the paths of the tables. */
static void list_fields(struct normalizer *normalizer, const json_t *object, struct spot spot,
			const char *group)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		if (!json_is_null(value))
			list_field(normalizer, spot, key, value, group);
	}
}

/* A word that nobody knows was said all the same: a constant does not talk over it. */
static void put_constant(struct reading *reading, const struct field_map *row)
{
	if (record_is_absent(reading->record, row->column))
		convert_put_text(reading, row->column, row->constant, row->inferred);
}

static void apply_source(struct reading *reading, const struct item_source *source)
{
	const struct field_map *row = source->constants;

	if (source->image_set)
		convert_put_text(reading, COLUMN_image_set, source->image_set, false);
	for (; row && row->convert != CONVERT_END; row++)
		put_constant(reading, row);
}

static void apply_rows(struct normalizer *normalizer, const json_t *item)
{
	struct reading *reading = &normalizer->reading;

	for (size_t i = 0; i < normalizer->map.count; i++) {
		const struct field_map *row = normalizer->map.rows[i];
		if (row->convert == CONVERT_CONSTANT ||
		    (row->convert == CONVERT_OS_ARCH && reading->record->os_distro))
			put_constant(reading, row);
		if (!row->path || row->convert == CONVERT_KNOWN)
			continue;
		const json_t *value = fieldmap_value(item, row->path);
		if (value)
			convert_field(reading, row, value);
	}
}

static bool is_ending(const char *transition)
{
	return transition && (text_equal_nocase(transition, "deleting") ||
			      text_equal_nocase(transition, "suspending"));
}

static int64_t launchable(const struct record *record)
{
	if (is_ending(record->transition))
		return 0;
	if (!record->state || strcmp(record->state, "unknown") == 0)
		return RECORD_ABSENT;
	return strcmp(record->state, "available") == 0;
}

/* What follows from the columns, for all clouds alike. */
static void derive(struct reading *reading, const struct page_scope *scope)
{
	struct record *record = reading->record;

	if (record->os_distro && convert_is_open(reading, COLUMN_os_type)) {
		struct osname os = { 0 };
		osname_from_name(reading->arena, record->os_distro, &os);
		convert_put_text(reading, COLUMN_os_type, os.os_type, true);
	}
	if (convert_is_open(reading, COLUMN_form) && !record->form)
		convert_put_text(reading, COLUMN_form, "vm", true);
	if (!record->zone && scope->zone && *scope->zone)
		convert_put_text(reading, COLUMN_zone, scope->zone, false);
	record->launchable = launchable(record);
}

static bool is_elsewhere(const struct page_scope *scope, const struct record *record,
			 const json_t *item)
{
	static const char *const names[] = { "Region", "region" };

	if (scope->zone && *scope->zone && record->zone && *record->zone &&
	    strcmp(scope->zone, record->zone) != 0)
		return true;
	if (!scope->region || !*scope->region)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *region = json_string_value(json_object_get(item, names[i]));
		if (region && *region && strcmp(region, scope->region) != 0)
			return true;
	}
	return false;
}

/* The columns about the reading itself. */
static void put_honesty(struct reading *reading, const char *raw)
{
	struct record *record = reading->record;
	struct notes inferred = { .count = 0 };

	for (enum column c = 0; c < COLUMN_COUNT; c++)
		if (reading->inferred[c])
			inferred.texts[inferred.count++] = columns[c].name;
	record->inferred = notes_json(&inferred, reading->arena, reading->scratch);
	record->warnings = notes_json(&reading->warnings, reading->arena, reading->scratch);
	record->unmapped = notes_json(&reading->unmapped, reading->arena, reading->scratch);
	record->redacted = notes_json(&reading->redacted, reading->arena, reading->scratch);
	record->raw = raw;
}

static void read_item(struct normalizer *normalizer, const struct repaired *repaired,
		      unsigned source, const char *group, struct normalized *ret)
{
	const struct page_scope *scope = normalizer->scope;
	struct reading *reading = &normalizer->reading;
	struct record *record = reading->record;

	apply_source(reading, &scope->service->items[source]);
	apply_rows(normalizer, repaired->root);
	if (record->zone && !*record->zone)
		record->zone = NULL;
	if (!record->image_id || !*record->image_id)
		return;
	bool elsewhere = is_elsewhere(scope, record, repaired->root);
	derive(reading, scope);
	ret->key = page_key(scope->seed, record->zone, record->zone_id, record->image_id);
	if (elsewhere) {
		ret->verdict = ITEM_OUT_OF_SCOPE;
		return;
	}
	list_fields(normalizer, repaired->root, (struct spot){ "", false }, group);
	put_honesty(reading, repaired->raw);
	ret->verdict = ITEM_READ;
	ret->record = record;
	ret->warnings = reading->warnings.count + reading->warnings.left_out;
}

int normalize_item(struct normalizer *normalizer, const char *bytes, size_t len, unsigned source,
		   const char *group, struct normalized *ret)
{
	struct reading *reading = &normalizer->reading;
	struct record *record = arena_alloc(normalizer->arena, sizeof(*record));
	struct repaired repaired;

	*ret = (struct normalized){ .verdict = ITEM_NO_ID };
	if (!record)
		return -ENOMEM;
	start_reading(normalizer, record);
	const struct repair with = { normalizer->arena, &normalizer->scratch, &reading->warnings,
				     &reading->redacted };
	scratch_begin();
	int rc = repair_item(&with, bytes, len, &repaired);
	if (rc == 0) {
		ret->was_repaired = repaired.was_repaired;
		read_item(normalizer, &repaired, source, group, ret);
		json_decref(repaired.root);
	}
	scratch_end();
	if (rc)
		return rc == -ENOMEM ? rc : 0;
	if (normalizer->scratch.failed)
		normalizer->arena->failed = true;
	return normalizer->arena->failed ? -ENOMEM : 0;
}
