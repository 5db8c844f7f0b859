#include "daemon/watch.h"

#include <stdlib.h>

struct store_place *watch_place_rows(const struct places *found)
{
	struct store_place *rows = calloc(found->count + 1, sizeof(*rows));

	for (size_t i = 0; i < found->count && rows; i++) {
		const struct place_found *p = &found->items[i];
		rows[i] =
			(struct store_place){ p->project ? p->project : "",
					      p->region ? p->region : "", p->zone ? p->zone : "" };
	}
	return rows;
}

bool watch_set_places(struct watch *watch, const struct store_place *places, size_t count)
{
	struct arena arena;

	arena_init(&arena);
	struct store_place *copy = arena_alloc(&arena, (count + 1) * sizeof(*copy));
	for (size_t i = 0; i < count && copy; i++)
		copy[i] = (struct store_place){ arena_string(&arena, places[i].project),
						arena_string(&arena, places[i].region),
						arena_string(&arena, places[i].zone) };
	if (arena.failed) {
		arena_finish(&arena);
		return false;
	}
	arena_finish(&watch->places_arena);
	watch->places_arena = arena;
	watch->places = copy;
	watch->place_count = count;
	return true;
}

void watch_forget(struct watch *watch)
{
	recall_finish(&watch->recall);
	known_finish(&watch->known);
	watch->known_loaded = false;
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	assert(!watch->poll);
	watch_forget(watch);
	arena_finish(&watch->places_arena);
	free(watch);
}

struct listing_identity watch_copy_identity(struct arena *arena,
					    const struct listing_identity *identity)
{
	return (struct listing_identity){
		.account = arena_string(arena, identity->account),
		.provider = arena_string(arena, identity->provider),
		.cloud = arena_string(arena, identity->cloud),
		.service = arena_string(arena, identity->service),
		.region = arena_string(arena, identity->region),
		.zone = arena_string(arena, identity->zone),
		.project = arena_string(arena, identity->project),
		.variant = arena_string(arena, identity->variant),
	};
}

void watch_put_name(struct buf *out, const struct listing_identity *identity)
{
	/* A zone says its region: "cn-bj2-02", and QingCloud's zones are regions. */
	const char *place = *identity->zone ? identity->zone : identity->region;
	const char *parts[] = { identity->account, identity->service, place, identity->project,
				identity->variant };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (!*parts[i])
			continue;
		if (i > 0)
			buf_putc(out, ' ');
		buf_puts(out, parts[i]);
	}
}
