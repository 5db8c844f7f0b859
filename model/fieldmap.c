#include "model/fieldmap.h"

#include <errno.h>
#include <string.h>

#include "base/hash.h"

static struct path_entry *find_slot(const struct fieldmap *map, const char *path, size_t len)
{
	size_t i = hash_bytes(path, len, 0) & (map->slot_count - 1);

	while (map->slots[i].text &&
	       (map->slots[i].len != len || memcmp(map->slots[i].text, path, len) != 0))
		i = (i + 1) & (map->slot_count - 1);
	return &map->slots[i];
}

static void note_use(struct fieldmap *map, const char *path, size_t len, unsigned use)
{
	struct path_entry *slot = find_slot(map, path, len);

	slot->text = path;
	slot->len = len;
	slot->uses |= use;
}

static void index_row(struct fieldmap *map, const struct field_map *row)
{
	if (!row->path)
		return;
	for (const char *dot = strchr(row->path, '.'); dot; dot = strchr(dot + 1, '.'))
		note_use(map, row->path, (size_t)(dot - row->path), PATH_PARENT);
	note_use(map, row->path, strlen(row->path),
		 row->convert == CONVERT_KNOWN ? PATH_KNOWN : PATH_MAPPED);
}

int fieldmap_build(struct fieldmap *ret, struct arena *arena, const struct service *service)
{
	size_t count = 0, paths = 0;

	for (const struct field_map *const *table = service->fields; *table; table++) {
		for (const struct field_map *row = *table; row->convert != CONVERT_END; row++) {
			count++;
			paths++;
			for (const char *c = row->path; c && *c; c++)
				paths += *c == '.';
		}
	}
	*ret = (struct fieldmap){ .count = count, .slot_count = 16 };
	while (ret->slot_count < 2 * paths)
		ret->slot_count *= 2;
	ret->rows = arena_alloc(arena, (count + 1) * sizeof(*ret->rows));
	ret->slots = arena_alloc(arena, ret->slot_count * sizeof(*ret->slots));
	if (!ret->rows || !ret->slots)
		return -ENOMEM;
	size_t i = 0;
	for (const struct field_map *const *table = service->fields; *table; table++) {
		for (const struct field_map *row = *table; row->convert != CONVERT_END; row++) {
			ret->rows[i++] = row;
			index_row(ret, row);
		}
	}
	return 0;
}

unsigned fieldmap_uses(const struct fieldmap *map, const char *path, size_t len)
{
	return find_slot(map, path, len)->uses;
}

const json_t *fieldmap_value(const json_t *object, const char *path)
{
	const json_t *value = object;

	while (value && *path) {
		size_t len = strcspn(path, ".");
		value = json_object_getn(value, path, len);
		path += len + (path[len] == '.');
	}
	return json_is_null(value) ? NULL : value;
}
