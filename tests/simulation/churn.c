/*
 * What happens to the cloud's images: they come, change, move and go, alone, in pairs and in
 * bursts, between any two answers.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/course.h"
#include "tests/simulation/world.h"

static size_t place_for_new(struct listing *l)
{
	switch (l->order) {
	case ORDER_NEWEST_FIRST: return 0;
	case ORDER_OLDEST_FIRST: return l->list_count;
	case ORDER_BY_NAME:
	case ORDERS: break;
	}
	return luck_below(&l->luck, l->list_count + 1);
}

static void put_in_list(struct listing *l, struct image *image, size_t at)
{
	GROW(l->list, l->list_count, l->list_size);
	memmove(&l->list[at + 1], &l->list[at], (l->list_count - at) * sizeof(l->list[0]));
	l->list[at] = image;
	l->list_count++;
}

static void take_from_list(struct listing *l, size_t at)
{
	l->list_count--;
	memmove(&l->list[at], &l->list[at + 1], (l->list_count - at) * sizeof(l->list[0]));
}

static void begin_to_exist(struct listing *l, struct image *image)
{
	GROW(image->spans, image->span_count, image->span_size);
	image->spans[image->span_count++] = (struct span){ l->world->now_us, INT64_MAX };
	put_in_list(l, image, place_for_new(l));
	world_trace(l->world, "cloud %u: %s appears", l->number, image->id);
}

static struct image *any_gone(struct listing *l)
{
	size_t from = luck_below(&l->luck, l->image_count + 1);

	for (size_t i = 0; i < l->image_count; i++) {
		struct image *image = l->images[(from + i) % l->image_count];
		if (!image->invented && !image_exists(image, l->world->now_us))
			return image;
	}
	return NULL;
}

/* Sometimes one that was there before comes back. */
static void add_one(struct listing *l)
{
	struct image *image = luck_hits(&l->luck, 300) ? any_gone(l) : NULL;

	if (!image)
		image = listing_fresh_image(l);
	if (image->version_count == 0 || luck_hits(&l->luck, 500))
		image_add_version(l, image, listing_fresh_name(l), listing_any_state(l, false));
	else if (image->versions[image->version_count - 1].state &&
		 image->versions[image->version_count - 1].state->final)
		image_add_version(l, image, image->versions[image->version_count - 1].name,
				  listing_any_state(l, false));
	begin_to_exist(l, image);
}

static bool is_final(const struct image *image)
{
	const struct state_word *state = image->versions[image->version_count - 1].state;

	return state && state->final;
}

static void remove_at(struct listing *l, size_t at)
{
	struct image *image = l->list[at];

	take_from_list(l, at);
	image->spans[image->span_count - 1].to_us = l->world->now_us;
	world_trace(l->world, "cloud %u: %s disappears", l->number, image->id);
}

static bool has_final_states(const struct listing *l)
{
	for (const struct state_word *word = l->dialect->states; word && word->native; word++)
		if (word->final)
			return true;
	return false;
}

/* Where a cloud announces what is about to go, it sometimes does. */
static void remove_one(struct listing *l)
{
	size_t at = luck_below(&l->luck, l->list_count);

	for (size_t i = 0; i < l->list_count; i++)
		if (is_final(l->list[i])) {
			remove_at(l, i);
			return;
		}
	if (!has_final_states(l) || luck_hits(&l->luck, 500)) {
		remove_at(l, at);
		return;
	}
	struct image *image = l->list[at];
	image_add_version(l, image, image->versions[image->version_count - 1].name,
			  listing_any_state(l, true));
	world_trace(l->world, "cloud %u: %s is %s", l->number, image->id,
		    image->versions[image->version_count - 1].state->native);
}

static void change_one(struct listing *l)
{
	size_t at = luck_below(&l->luck, l->list_count);
	struct image *image = l->list[at];
	const struct version *last = &image->versions[image->version_count - 1];
	bool renamed = luck_hits(&l->luck, 400);

	image_add_version(l, image, renamed ? listing_fresh_name(l) : last->name,
			  luck_hits(&l->luck, 400) ? listing_any_state(l, false) : last->state);
	world_trace(l->world, "cloud %u: %s changes", l->number, image->id);
	/* A list in the order of names moves what has a new one. */
	if (renamed && l->order == ORDER_BY_NAME) {
		take_from_list(l, at);
		put_in_list(l, image, luck_below(&l->luck, l->list_count + 1));
	}
}

static void change_something(struct listing *l)
{
	size_t kind = luck_below(&l->luck, 100);

	l->changed_us = l->world->now_us;
	if (kind < 45 && l->list_count > 0)
		change_one(l);
	else if (l->list_count == 0 || l->list_count * 10 < l->list_usual * 7 ||
		 (kind < 73 && l->list_count * 10 < l->list_usual * 13))
		add_one(l);
	else
		remove_one(l);
}

static void happen(struct gap *gap)
{
	struct listing *l = gap->listing;

	gap->over = true;
	if (l->is_open) {
		struct window *w = &l->windows[l->window_count - 1];
		w->happened++;
		w->had_burst = w->had_burst || gap->burst > 1;
	}
	if (gap->pair && l->list_count > 1) {
		l->changed_us = l->world->now_us;
		remove_at(l, luck_below(&l->luck, l->list_count));
		add_one(l);
		return;
	}
	for (unsigned i = 0; i < gap->burst; i++)
		change_something(l);
}

static void on_gap(void *data)
{
	struct gap *gap = data;

	memory_begin_calm();
	happen(gap);
	memory_end_calm();
}

/*
 * As many changes as `churn_permille` of the images, in gaps between answers: most alone, some as a
 * pair that keeps the total, some in bursts.
 */
void churn_plan(struct listing *l, struct window *window)
{
	uint64_t milli = (uint64_t)l->list_count * l->churn_permille;
	size_t pages = l->list_count / l->page_max + 1;

	window->gap_count = 0;
	while (milli > 0 && window->gap_count < GAPS_MAX) {
		struct gap gap = { .listing = l, .burst = 1 };
		if (luck_hits(&l->luck, 150))
			gap.pair = true;
		else if (luck_hits(&l->luck, 150))
			gap.burst = (unsigned)luck_between(&l->luck, 2, 6);
		gap.before = (unsigned)luck_between(&l->luck, 1, (int64_t)pages + 3);
		uint64_t cost = (gap.pair ? 2 : gap.burst) * UINT64_C(1000);
		if (milli < cost && !luck_hits(&l->luck, (unsigned)(milli * 1000 / cost)))
			break;
		milli = milli > cost ? milli - cost : 0;
		if (l->spread == SPREAD_READING) {
			window->gaps[window->gap_count++] = gap;
			continue;
		}
		struct gap *later = arena_alloc(l->arena, sizeof(*later));
		assert(later);
		*later = gap;
		world_at(l->world, l->world->now_us + luck_between(&l->luck, 0, 4000000), on_gap,
			 later);
	}
}

void churn_before(struct window *window, unsigned answer)
{
	for (unsigned i = 0; i < window->gap_count; i++)
		if (!window->gaps[i].over && window->gaps[i].before <= answer)
			happen(&window->gaps[i]);
}

void churn_purge(struct listing *l, unsigned percent)
{
	size_t keep = l->list_count * (100 - percent) / 100;

	l->changed_us = l->world->now_us;
	while (l->list_count > keep)
		remove_at(l, luck_below(&l->luck, l->list_count));
	l->list_usual = l->list_count;
}

void listing_fill(struct listing *l, size_t images)
{
	l->list_usual = images;
	while (l->list_count < images)
		add_one(l);
	l->changed_us = l->world->now_us;
}
