/*
 * The images that the simulated clouds know, and how they change.
 *
 * A *segment* is a run of images that is listed together; a listing is one segment or two after
 * another (platform images, then a project's own). Of an image only a key and what changed is
 * kept: its text follows from the key and the revision whenever it is asked for (items.h), so that
 * a million images cost 24 MB. Newest first: an image is added at the front, as clouds that sort by
 * time do.
 */
#pragma once

#include "base/base.h"
#include "base/error.h"

enum service {
	SERVICE_UHOST,
	SERVICE_UK8S,
	SERVICE_CUSTOM,
	SERVICE_PLATFORM,
	SERVICE_COMMUNITY,
	SERVICE_SHARED,
	SERVICE_IMAGES,
	SERVICE_COUNT,
};

/* For community an image is a group, and each bit of `versions` a version with an id of its own. */
struct image {
	uint64_t key;
	uint32_t ordinal;  /* in the order of creation within its segment */
	uint16_t revision; /* changes of its text */
	uint16_t uses;     /* changes of its counters */
	uint8_t state;     /* into the service's words */
	uint8_t versions;
};

struct segment {
	char name[48]; /* "uhost/cn-bj2/platform" */
	enum service service;
	unsigned index;
	unsigned weight;      /* its share of --images */
	const char *place;    /* region or zone, NULL where it has none */
	const char *part;     /* platform, a project, an ImageType, a provider; NULL */
	struct image *images; /* newest first */
	size_t count;
	size_t size;
	size_t image_count; /* with every version */
	uint32_t next_ordinal;
	int64_t step_s; /* between the creation of one image and the next */
};

enum change { CHANGE_ADDED, CHANGE_STATE, CHANGE_TEXT, CHANGE_COUNTERS, CHANGE_REMOVED };

struct catalog {
	uint64_t seed;
	struct segment *segments;
	size_t segment_count;
	uint64_t churn_state;

	/* Called for each change, after it was made (before, for CHANGE_REMOVED). May be NULL. */
	void (*changed)(void *data, enum change what, const struct segment *segment,
			const struct image *image);
	void *data;
};

struct catalog_size {
	const char *name; /* a service, or the first words of segment names */
	size_t images;
};

/*
 * `images` are spread over all segments by weight; then each row of `sizes` gives the segments it
 * names another number, shared by weight.
 */
int catalog_init(struct catalog *catalog, uint64_t seed, size_t images,
		 const struct catalog_size *sizes, size_t size_count, struct error *err);
void catalog_finish(struct catalog *catalog);

/* NULL when there is none. */
struct segment *catalog_segment(struct catalog *catalog, const char *name);
struct segment *catalog_find(struct catalog *catalog, enum service service, const char *place,
			     const char *part);
size_t catalog_images(const struct catalog *catalog);

/* 0 or -ENOMEM. */
int catalog_add(struct catalog *catalog, struct segment *segment);
void catalog_remove(struct catalog *catalog, struct segment *segment, size_t index);
void catalog_change(struct catalog *catalog, struct segment *segment, size_t index,
		    enum change what);
/* Sets the state; false when the service has no such word. */
bool catalog_set_state(struct catalog *catalog, struct segment *segment, size_t index,
		       const char *word);

/* That many changes of any kind, anywhere, following from the seed. 0 or -ENOMEM. */
int catalog_churn(struct catalog *catalog, size_t changes);

/* What follows from an image. */
enum { IMAGE_ID_SIZE = 64, VERSIONS_MAX = 4 };
void image_id(const struct catalog *catalog, const struct segment *segment,
	      const struct image *image, unsigned version, char ret_id[static IMAGE_ID_SIZE]);
int64_t image_time(const struct segment *segment, const struct image *image);
const char *image_state(const struct segment *segment, const struct image *image);
const char *service_name(enum service service);
const char *change_name(enum change what);

/* The index of the image with that id (of any version), or -1. Looks at every image. */
int64_t segment_find(const struct catalog *catalog, const struct segment *segment, const char *id);
