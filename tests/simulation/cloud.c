#include "tests/simulation/cloud.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/world.h"

void cloud_init(struct cloud *cloud)
{
	*cloud = (struct cloud){ 0 };
	arena_init(&cloud->arena);
}

void cloud_finish(struct cloud *cloud)
{
	for (unsigned i = 0; i < cloud->count; i++) {
		struct listing *l = &cloud->listings[i];
		for (size_t j = 0; j < l->image_count; j++) {
			free(l->images[j]->versions);
			free(l->images[j]->spans);
			free(l->images[j]->hidden);
		}
		free(l->images);
		free(l->list);
		free(l->windows);
	}
	arena_finish(&cloud->arena);
}

struct listing *cloud_add(struct cloud *cloud, struct world *world, const struct dialect *dialect)
{
	assert(cloud->count < LISTINGS_MAX);
	struct listing *l = &cloud->listings[cloud->count];
	*l = (struct listing){ .world = world,
			       .arena = &cloud->arena,
			       .number = cloud->count,
			       .dialect = dialect,
			       .region = "",
			       .zone = "",
			       .variant = "",
			       .luck = luck_stream(world->seed, 10 + cloud->count) };
	cloud->count++;
	return l;
}

/* ---- images ---------------------------------------------------------------------------------- */

static struct image **slot_of(const struct listing *listing, const char *uid)
{
	uint64_t hash = 1469598103934665603u;

	for (const char *c = uid; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 1099511628211u;
	return (struct image **)(uintptr_t)&listing->slots[hash % SLOTS];
}

struct image *listing_find(const struct listing *listing, const char *uid)
{
	struct image *image = *slot_of(listing, uid);

	while (image && strcmp(image->uid, uid) != 0)
		image = image->next_in_slot;
	return image;
}

/* provider/cloud/service/region/zone/image_id, "-" for an absent part. */
static const char *uid_of(struct listing *l, const struct image *image)
{
	const struct dialect *d = l->dialect;
	char zone_id[16];
	const char *zone = *l->zone ? l->zone : "-";

	if (d->item_has_zone)
		zone = image->zone;
	if (image->zone_id) {
		snprintf(zone_id, sizeof(zone_id), "%u", image->zone_id);
		zone = zone_id;
	}
	return arena_format(l->arena, "%s/%s/%s/%s/%s/%s", d->provider, l->cloud, d->service,
			    *l->region ? l->region : "-", zone, image->id);
}

static struct image *new_image(struct listing *l, const char *id, const char *zone,
			       unsigned zone_id)
{
	struct image *image = arena_alloc(l->arena, sizeof(*image));

	assert(image);
	image->id = id;
	image->zone = zone;
	image->zone_id = zone_id;
	image->mangled_us = -1;
	image->uid = uid_of(l, image);
	assert(image->uid);
	struct image **slot = slot_of(l, image->uid);
	image->next_in_slot = *slot;
	*slot = image;
	GROW(l->images, l->image_count, l->image_size);
	l->images[l->image_count++] = image;
	return image;
}

struct item_text image_text(const struct image *image)
{
	const struct version *v = &image->versions[image->version_count - 1];

	return (struct item_text){ .id = image->id,
				   .zone = image->zone,
				   .zone_id = image->zone_id,
				   .name = v->name,
				   .state = v->state ? v->state->native : "",
				   .edition = v->edition,
				   .extra = "" };
}

const char *listing_item(struct listing *l, const struct item_text *text)
{
	struct buf buf;

	buf_init(&buf);
	l->dialect->put_item(&buf, text);
	const char *json = arena_copy(l->arena, buf_text(&buf), buf.len);
	assert(json);
	buf_finish(&buf);
	return json;
}

void image_add_version(struct listing *l, struct image *image, const char *name,
		       const struct state_word *state)
{
	GROW(image->versions, image->version_count, image->version_size);
	image->versions[image->version_count++] =
		(struct version){ .from_us = l->world->now_us,
				  .name = name,
				  .state = state,
				  .edition = (unsigned)luck_below(&l->luck, 1000000) };
	struct item_text text = image_text(image);
	image->versions[image->version_count - 1].json = listing_item(l, &text);
}

const char *listing_fresh_name(struct listing *l)
{
	static const char *const systems[] = {
		"Ubuntu 22.04 64\xe4\xbd\x8d",
		"CentOS 7.9 64\xe4\xbd\x8d",
		"Debian 12.1",
		"Windows 2019 64\xe4\xbd\x8d",
		"Rocky Linux 9.2",
		"PyTorch 2.3 \xe9\x95\x9c\xe5\x83\x8f",
	};

	return arena_format(l->arena, "%s build%u",
			    systems[luck_below(&l->luck, ARRAY_LEN(systems))], ++l->named);
}

const struct state_word *listing_any_state(struct listing *l, bool final)
{
	const struct state_word *states = l->dialect->states;
	size_t count = 0;

	if (!states)
		return NULL;
	while (states[count].native)
		count++;
	if (!final && luck_hits(&l->luck, 600))
		return &states[0];
	for (;;) {
		const struct state_word *word = &states[luck_below(&l->luck, count)];
		if (word->final == final)
			return word;
	}
}

static const char *fresh_id(struct listing *l)
{
	return arena_format(l->arena, "uimage-%u%06x%02x", l->number,
			    (unsigned)(luck_next(&l->luck) & 0xffffff),
			    (unsigned)(l->image_count & 0xff));
}

static const char *any_zone(struct listing *l)
{
	static const char *const zones[] = { "02", "03", "05" };

	if (*l->zone || !l->dialect->item_has_zone)
		return l->zone;
	return arena_format(l->arena, "%s-%s", l->region,
			    zones[luck_below(&l->luck, ARRAY_LEN(zones))]);
}

struct image *listing_fresh_image(struct listing *l)
{
	const char *id = fresh_id(l), *zone = any_zone(l);
	unsigned zone_id = strcmp(l->dialect->service, "uk8s") == 0
				   ? (unsigned)luck_between(&l->luck, 5001, 5003)
				   : 0;

	/* The same image in another zone keeps its id. */
	if (l->dialect->twins && !*l->zone && l->image_count > 0 && luck_hits(&l->luck, 60)) {
		struct image twin = { .id = l->images[luck_below(&l->luck, l->image_count)]->id,
				      .zone = zone };
		if (!listing_find(l, uid_of(l, &twin)))
			id = twin.id;
	}
	struct image *image = new_image(l, id, zone, zone_id);
	size_t sets = 0;
	while (l->dialect->arrays[sets])
		sets++;
	image->set = (unsigned)luck_below(&l->luck, sets);
	return image;
}

struct image *listing_invent(struct listing *l, const char *id)
{
	struct image probe = { .id = id, .zone = any_zone(l) };

	if (l->dialect->item_has_zone && !*l->zone)
		probe.zone = arena_format(l->arena, "%s-02", l->region);
	const char *uid = uid_of(l, &probe);
	struct image *image = listing_find(l, uid);
	if (image)
		return image;
	image = new_image(l, arena_string(l->arena, id), probe.zone, 0);
	image->invented = true;
	image_add_version(l, image, listing_fresh_name(l), listing_any_state(l, false));
	return image;
}

/* ---- the log ----------------------------------------------------------------------------------
 */

bool image_exists(const struct image *image, int64_t at_us)
{
	for (size_t i = image->span_count; i-- > 0;)
		if (image->spans[i].from_us <= at_us)
			return at_us < image->spans[i].to_us;
	return false;
}

bool image_existed_throughout(const struct image *image, int64_t from_us, int64_t to_us)
{
	for (size_t i = 0; i < image->span_count; i++)
		if (image->spans[i].from_us <= from_us && to_us < image->spans[i].to_us)
			return true;
	return false;
}

bool image_existed_within(const struct image *image, int64_t from_us, int64_t to_us)
{
	for (size_t i = 0; i < image->span_count; i++)
		if (image->spans[i].from_us <= to_us && from_us < image->spans[i].to_us)
			return true;
	return false;
}

bool image_was_absent_within(const struct image *image, int64_t from_us, int64_t to_us)
{
	for (size_t i = image->hidden_count; i-- > 0;)
		if (image->hidden[i] >= from_us && image->hidden[i] <= to_us)
			return true;
	return !image_existed_throughout(image, from_us, to_us);
}

void image_hide(struct image *image, int64_t at_us)
{
	GROW(image->hidden, image->hidden_count, image->hidden_size);
	image->hidden[image->hidden_count++] = at_us;
}

void image_show_once(struct image *image, int64_t at_us)
{
	/* Kept in order of time; an image of answers only has no other spans that end later. */
	GROW(image->spans, image->span_count, image->span_size);
	image->spans[image->span_count++] = (struct span){ at_us, at_us + 1 };
}

void image_put_log(struct buf *out, const struct image *image)
{
	buf_printf(out, "%s existed", image->uid);
	for (size_t i = 0; i < image->span_count && i < 12; i++) {
		buf_printf(out, " [%.3f, ", (double)image->spans[i].from_us / 1e6);
		if (image->spans[i].to_us == INT64_MAX)
			buf_puts(out, "now)");
		else
			buf_printf(out, "%.3f)", (double)image->spans[i].to_us / 1e6);
	}
	if (image->hidden_count > 0)
		buf_printf(out, "; left out of %zu answers, the last at %.3f", image->hidden_count,
			   (double)image->hidden[image->hidden_count - 1] / 1e6);
}
