#include "sim/catalog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/names.h"
#include "sim/random.h"

enum {
	FIRST_AT = 1672531200, /* 2023-01-01: the oldest image */
	SPAN_S = 3 * 365 * 86400,
	SEGMENTS_MAX = 64,
	ORDINAL_BITS = 24,
};

enum salt { SALT_VERSIONS = 1, SALT_STATE, SALT_ID };

/* clang-format off */
static const char *const service_names[SERVICE_COUNT] = {
	[SERVICE_UHOST] = "uhost",         [SERVICE_UK8S] = "uk8s",     [SERVICE_CUSTOM] = "custom",
	[SERVICE_PLATFORM] = "platform",   [SERVICE_COMMUNITY] = "community",
	[SERVICE_SHARED] = "shared",       [SERVICE_IMAGES] = "images",
};

/* The first word is that of a usable image; most images have it. */
static const char *const state_words[SERVICE_COUNT][7] = {
	[SERVICE_UHOST]     = { "Available", "Making", "Unavailable", "Copying" },
	[SERVICE_UK8S]      = { "" },
	[SERVICE_CUSTOM]    = { "Available", "Making", "UnAvailable" },
	[SERVICE_PLATFORM]  = { "Available", "Offline" },
	[SERVICE_COMMUNITY] = { "Available", "Reviewing", "Offline", "UnAvailable" },
	[SERVICE_SHARED]    = { "Available", "UnAvailable" },
	[SERVICE_IMAGES]    = { "available", "pending", "deprecated", "suspended", "deleted", "ceased" },
};

/* Where images are, and how many of a thousand. `places` says over what a row is repeated. */
static const struct { enum service service; enum { ONCE, REGIONS, GPU_REGIONS, QING_ZONES } places; const char *part; unsigned weight; } layout[] = {
	{ SERVICE_UHOST,     REGIONS,     "platform", 60 },
	{ SERVICE_UHOST,     REGIONS,     "org-sim1", 22 },
	{ SERVICE_UHOST,     REGIONS,     "org-sim2", 8 },
	{ SERVICE_UK8S,      REGIONS,     NULL,       4 },
	{ SERVICE_CUSTOM,    GPU_REGIONS, NULL,       20 },
	{ SERVICE_PLATFORM,  ONCE,        "System",   25 },
	{ SERVICE_PLATFORM,  ONCE,        "App",      40 },
	{ SERVICE_PLATFORM,  ONCE,        "Game",     5 },
	{ SERVICE_PLATFORM,  ONCE,        "Other",    10 },
	{ SERVICE_COMMUNITY, ONCE,        NULL,       210 },
	{ SERVICE_SHARED,    ONCE,        NULL,       20 },
	{ SERVICE_IMAGES,    ONCE,        "system",   80 },
	{ SERVICE_IMAGES,    QING_ZONES,  "self",     20 },
	{ SERVICE_IMAGES,    QING_ZONES,  "shared",   5 },
};
/* clang-format on */

const char *service_name(enum service service)
{
	return service_names[service];
}

const char *change_name(enum change what)
{
	switch (what) {
	case CHANGE_ADDED: return "added";
	case CHANGE_STATE:
	case CHANGE_TEXT:
	case CHANGE_COUNTERS: return "changed";
	case CHANGE_REMOVED: return "removed";
	}
	return "";
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static size_t count_states(enum service service)
{
	size_t n = 0;

	while (n < ARRAY_LEN(state_words[0]) && state_words[service][n])
		n++;
	return n;
}

static unsigned bits(unsigned mask)
{
	return (unsigned)__builtin_popcount(mask);
}

/* ---- an image ---- */

static struct image make_image(const struct catalog *catalog, const struct segment *segment,
			       uint32_t ordinal)
{
	uint64_t key = mix(catalog->seed ^ mix((uint64_t)segment->index << 40 | ordinal));
	struct image image = { .key = key, .ordinal = ordinal, .versions = 1 };
	size_t states = count_states(segment->service);

	if (states > 1 && draw_once_in(key, SALT_STATE, 16))
		image.state = (uint8_t)draw_below(key, SALT_STATE + 100, states);
	if (segment->service == SERVICE_COMMUNITY) {
		static const uint8_t masks[] = { 1, 1, 1, 1, 1, 3, 3, 3, 7, 15 };
		image.versions = masks[draw_below(key, SALT_VERSIONS, ARRAY_LEN(masks))];
	}
	return image;
}

int64_t image_time(const struct segment *segment, const struct image *image)
{
	return FIRST_AT + (int64_t)image->ordinal * segment->step_s;
}

const char *image_state(const struct segment *segment, const struct image *image)
{
	return state_words[segment->service][image->state];
}

static void put_base36(char *text, uint64_t value, unsigned digits)
{
	static const char words[] = "0123456789abcdefghijklmnopqrstuvwxyz";

	for (unsigned i = digits; i-- > 0; value /= 36)
		text[i] = words[value % 36];
	text[digits] = '\0';
}

/* Short ids must not collide: a bijection on [0, 36^digits) of a number that no two images share.
 */
static uint64_t scatter(const struct catalog *catalog, const struct segment *segment,
			const struct image *image, unsigned digits)
{
	uint64_t range = 1;
	uint64_t number = (uint64_t)segment->index << ORDINAL_BITS | image->ordinal;

	for (unsigned i = 0; i < digits; i++)
		range *= 36;
	return (number * 1500007u + mix(catalog->seed) % range) % range;
}

static void uhost_id(const struct catalog *catalog, const struct segment *segment,
		     const struct image *image, char *id)
{
	uint64_t a = draw(image->key, SALT_ID);
	uint64_t b = draw(image->key, SALT_ID + 1);
	unsigned form = (unsigned)(a % 10);

	if (form == 0) {
		snprintf(id, IMAGE_ID_SIZE, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
			 (unsigned)(a >> 16 & 0xffff), (unsigned)(a >> 4 & 0xfff),
			 0x8000u | (unsigned)(b >> 48 & 0x3fff),
			 (unsigned long long)(b & 0xffffffffffff));
	} else if (form == 1) {
		snprintf(id, IMAGE_ID_SIZE, "%016llx%016llx", (unsigned long long)a,
			 (unsigned long long)b);
	} else if (form == 2) {
		snprintf(id, IMAGE_ID_SIZE, "%s", "uimage-");
		put_base36(id + strlen(id), b >> 2, 12);
	} else {
		snprintf(id, IMAGE_ID_SIZE, "%s", "uimage-");
		put_base36(id + strlen(id), scatter(catalog, segment, image, 7), 7);
	}
}

/* centos77x64a: the family's name and a revision in letters; the first has none. */
static void system_id(const struct image *image, char *id)
{
	const struct qing_row *row = &qing_rows[image->ordinal % qing_rows_count];
	uint32_t revision = image->ordinal / (uint32_t)qing_rows_count;
	char letters[8];
	size_t n = 0;

	for (; revision > 0 && n < sizeof(letters); revision = (revision - 1) / 26)
		letters[n++] = (char)('a' + (revision - 1) % 26);
	snprintf(id, IMAGE_ID_SIZE, "%s", row->id);
	size_t len = strlen(id);
	while (n > 0)
		id[len++] = letters[--n];
	id[len] = '\0';
}

void image_id(const struct catalog *catalog, const struct segment *segment,
	      const struct image *image, unsigned version, char ret_id[static IMAGE_ID_SIZE])
{
	switch (segment->service) {
	case SERVICE_UHOST: uhost_id(catalog, segment, image, ret_id); return;
	case SERVICE_UK8S:
		snprintf(ret_id, IMAGE_ID_SIZE, "%s", "uimage-");
		put_base36(ret_id + strlen(ret_id), scatter(catalog, segment, image, 7), 7);
		return;
	case SERVICE_CUSTOM:
	case SERVICE_PLATFORM:
	case SERVICE_COMMUNITY:
	case SERVICE_SHARED:
		snprintf(ret_id, IMAGE_ID_SIZE, "%s", "compshareImage-");
		put_base36(ret_id + strlen(ret_id), draw(image->key, SALT_ID + version) >> 2, 12);
		return;
	case SERVICE_IMAGES:
		if (strcmp(segment->part, "system") == 0) {
			system_id(image, ret_id);
			return;
		}
		snprintf(ret_id, IMAGE_ID_SIZE, "%s", "img-");
		put_base36(ret_id + strlen(ret_id), scatter(catalog, segment, image, 8), 8);
		return;
	case SERVICE_COUNT: break;
	}
	ret_id[0] = '\0';
}

int64_t segment_find(const struct catalog *catalog, const struct segment *segment, const char *id)
{
	char own[IMAGE_ID_SIZE];

	for (size_t i = 0; i < segment->count; i++) {
		for (unsigned v = 0; v < VERSIONS_MAX; v++) {
			if (!(segment->images[i].versions & 1u << v))
				continue;
			image_id(catalog, segment, &segment->images[i], v, own);
			if (strcmp(own, id) == 0)
				return (int64_t)i;
		}
	}
	return -1;
}

/* ---- changes ---- */

static void tell(const struct catalog *catalog, enum change what, const struct segment *segment,
		 const struct image *image)
{
	if (catalog->changed)
		catalog->changed(catalog->data, what, segment, image);
}

int catalog_add(struct catalog *catalog, struct segment *segment)
{
	if (segment->next_ordinal >> ORDINAL_BITS)
		return -ENOMEM;
	if (segment->count == segment->size) {
		size_t size = segment->size ? segment->size + segment->size / 4 + 1 : 16;
		struct image *grown = realloc(segment->images, size * sizeof(grown[0]));
		if (!grown)
			return -ENOMEM;
		segment->images = grown;
		segment->size = size;
	}
	memmove(segment->images + 1, segment->images, segment->count * sizeof(segment->images[0]));
	segment->images[0] = make_image(catalog, segment, segment->next_ordinal++);
	segment->images[0].state = 0;
	segment->count++;
	segment->image_count += bits(segment->images[0].versions);
	tell(catalog, CHANGE_ADDED, segment, &segment->images[0]);
	return 0;
}

void catalog_remove(struct catalog *catalog, struct segment *segment, size_t index)
{
	struct image *image = &segment->images[index];

	tell(catalog, CHANGE_REMOVED, segment, image);
	segment->image_count -= bits(image->versions);
	segment->count--;
	memmove(image, image + 1, (segment->count - index) * sizeof(*image));
}

void catalog_change(struct catalog *catalog, struct segment *segment, size_t index,
		    enum change what)
{
	struct image *image = &segment->images[index];
	size_t states = count_states(segment->service);

	if (what == CHANGE_STATE && states > 1)
		image->state = (uint8_t)((image->state + 1u) % states);
	else if (what == CHANGE_COUNTERS)
		image->uses++;
	else
		image->revision++;
	tell(catalog, what, segment, image);
}

bool catalog_set_state(struct catalog *catalog, struct segment *segment, size_t index,
		       const char *word)
{
	for (size_t i = 0; i < count_states(segment->service); i++) {
		if (strcmp(state_words[segment->service][i], word) != 0)
			continue;
		segment->images[index].state = (uint8_t)i;
		tell(catalog, CHANGE_STATE, segment, &segment->images[index]);
		return true;
	}
	return false;
}

/* Any image is as likely as any other, so that large segments change most. */
static struct segment *pick(struct catalog *catalog, size_t *ret_index)
{
	uint64_t total = 0;

	for (size_t i = 0; i < catalog->segment_count; i++)
		total += catalog->segments[i].count;
	if (total == 0)
		return NULL;
	uint64_t at = random_next(&catalog->churn_state) % total;
	for (size_t i = 0; i < catalog->segment_count; i++) {
		struct segment *segment = &catalog->segments[i];
		if (at < segment->count) {
			*ret_index = (size_t)at;
			return segment;
		}
		at -= segment->count;
	}
	return NULL;
}

int catalog_churn(struct catalog *catalog, size_t changes)
{
	static const enum change mixture[] = {
		CHANGE_STATE,    CHANGE_TEXT,     CHANGE_STATE,   CHANGE_TEXT,  CHANGE_COUNTERS,
		CHANGE_COUNTERS, CHANGE_COUNTERS, CHANGE_REMOVED, CHANGE_ADDED, CHANGE_ADDED,
	};

	for (size_t n = 0; n < changes; n++) {
		size_t index;
		struct segment *segment = pick(catalog, &index);
		if (!segment)
			return 0;
		enum change what = mixture[random_next(&catalog->churn_state) % ARRAY_LEN(mixture)];
		if (what == CHANGE_ADDED) {
			int r = catalog_add(catalog, segment);
			if (r < 0)
				return r;
		} else if (what == CHANGE_REMOVED && segment->count > 1) {
			catalog_remove(catalog, segment, index);
		} else {
			catalog_change(catalog, segment, index, what);
		}
	}
	return 0;
}

/* ---- the first catalog ---- */

static void add_segment(struct catalog *catalog, size_t row, const char *place)
{
	struct segment *segment = &catalog->segments[catalog->segment_count];
	const char *part = layout[row].part;

	assert(catalog->segment_count < SEGMENTS_MAX);
	*segment = (struct segment){ .service = layout[row].service,
				     .index = (unsigned)catalog->segment_count,
				     .weight = layout[row].weight,
				     .place = place,
				     .part = part };
	snprintf(segment->name, sizeof(segment->name), "%s%s%s%s%s", service_name(segment->service),
		 place ? "/" : "", place ? place : "", part ? "/" : "", part ? part : "");
	catalog->segment_count++;
}

static void lay_out(struct catalog *catalog)
{
	for (size_t row = 0; row < ARRAY_LEN(layout); row++) {
		if (layout[row].places == ONCE)
			add_segment(catalog, row, NULL);
		if (layout[row].places == QING_ZONES)
			for (size_t i = 0; i < qing_zones_count; i++)
				add_segment(catalog, row, qing_zones[i]);
		if (layout[row].places != REGIONS && layout[row].places != GPU_REGIONS)
			continue;
		for (size_t i = 0; i < regions_count; i++)
			if (layout[row].places == REGIONS || regions[i].compshare)
				add_segment(catalog, row, regions[i].id);
	}
}

/* "uhost", "uhost/cn-bj2" and "uhost/cn-bj2/platform" all name the last one. */
static bool names(const char *prefix, const struct segment *segment)
{
	size_t len = strlen(prefix);

	return strncmp(segment->name, prefix, len) == 0 &&
	       (segment->name[len] == '\0' || segment->name[len] == '/');
}

/* Shares `images` by weight, every image going somewhere; false when nothing has that name. */
static bool share(struct catalog *catalog, const char *prefix, size_t images, size_t *counts)
{
	uint64_t weights = 0;
	uint64_t before = 0;

	for (size_t i = 0; i < catalog->segment_count; i++)
		if (!prefix || names(prefix, &catalog->segments[i]))
			weights += catalog->segments[i].weight;
	for (size_t i = 0; i < catalog->segment_count; i++) {
		if (prefix && !names(prefix, &catalog->segments[i]))
			continue;
		uint64_t after = before + catalog->segments[i].weight;
		counts[i] = (size_t)(images * after / weights - images * before / weights);
		before = after;
	}
	return weights > 0;
}

/* Communities' groups are made until their versions are `images`. */
static size_t count_groups(const struct catalog *catalog, const struct segment *segment,
			   size_t images, unsigned *ret_excess)
{
	size_t groups = 0;
	size_t total = 0;

	while (total < images)
		total += bits(make_image(catalog, segment, (uint32_t)groups++).versions);
	*ret_excess = (unsigned)(total - images);
	return groups;
}

static int fill(const struct catalog *catalog, struct segment *segment, size_t images)
{
	unsigned excess = 0;
	size_t count = segment->service == SERVICE_COMMUNITY
			       ? count_groups(catalog, segment, images, &excess)
			       : images;

	segment->step_s = count ? SPAN_S / (int64_t)count : 86400;
	if (segment->step_s == 0)
		segment->step_s = 1;
	segment->image_count = images;
	segment->next_ordinal = (uint32_t)count;
	if (count == 0)
		return 0;
	segment->images = calloc(count, sizeof(segment->images[0]));
	if (!segment->images)
		return -ENOMEM;
	segment->count = segment->size = count;
	for (size_t i = 0; i < count; i++)
		segment->images[i] = make_image(catalog, segment, (uint32_t)(count - 1 - i));
	for (; excess > 0; excess--) /* the last group made is the first one listed */
		segment->images[0].versions >>= 1;
	return 0;
}

int catalog_init(struct catalog *catalog, uint64_t seed, size_t images,
		 const struct catalog_size *sizes, size_t size_count, struct error *err)
{
	size_t counts[SEGMENTS_MAX] = { 0 };

	*catalog = (struct catalog){ .seed = mix(seed), .churn_state = mix(seed ^ 0xc0ffee) };
	catalog->segments = calloc(SEGMENTS_MAX, sizeof(catalog->segments[0]));
	if (!catalog->segments)
		return error_set(err, -ENOMEM, "no memory for the catalog");
	lay_out(catalog);
	(void)share(catalog, NULL, images, counts);
	for (size_t i = 0; i < size_count; i++) {
		if (share(catalog, sizes[i].name, sizes[i].images, counts))
			continue;
		catalog_finish(catalog);
		return error_set(err, -EINVAL, "no service or segment is called '%s'",
				 sizes[i].name);
	}
	for (size_t i = 0; i < catalog->segment_count; i++) {
		if (counts[i] >> ORDINAL_BITS == 0 &&
		    fill(catalog, &catalog->segments[i], counts[i]) == 0)
			continue;
		catalog_finish(catalog);
		return error_set(err, -ENOMEM, "no memory for that many images");
	}
	return 0;
}

void catalog_finish(struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->segment_count; i++)
		free(catalog->segments[i].images);
	free(catalog->segments);
	*catalog = (struct catalog){ 0 };
}

struct segment *catalog_segment(struct catalog *catalog, const char *name)
{
	for (size_t i = 0; i < catalog->segment_count; i++)
		if (strcmp(catalog->segments[i].name, name) == 0)
			return &catalog->segments[i];
	return NULL;
}

struct segment *catalog_find(struct catalog *catalog, enum service service, const char *place,
			     const char *part)
{
	for (size_t i = 0; i < catalog->segment_count; i++) {
		struct segment *segment = &catalog->segments[i];
		if (segment->service == service && same(segment->place, place) &&
		    same(segment->part, part))
			return segment;
	}
	return NULL;
}

size_t catalog_images(const struct catalog *catalog)
{
	size_t total = 0;

	for (size_t i = 0; i < catalog->segment_count; i++)
		total += catalog->segments[i].image_count;
	return total;
}
