/*
 * The scripted cloud: what exists, since when, in which order it is listed; what happens to it
 * while it is asked; and the log of all that, which is the only truth that the oracle knows.
 *
 * Written from the clouds' documents. Shares nothing with the daemon's signer, parser or tables.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "imagecat/provider.h"
#include "tests/simulation/random.h"

struct world;
struct listing;
struct fault;

/* ---- how a cloud speaks: one row per image-listing call ------------------------------------- */

struct state_word {
	const char *native, *state;
	bool final; /* an image that goes from here was expected to go */
};

/* What an item says, so that a fault can say it differently. */
struct item_text {
	const char *id; /* NULL: the member is left out */
	const char *zone;
	unsigned zone_id;
	const char *name; /* as it stands between the quotes */
	const char *state;
	unsigned edition;  /* of everything else */
	const char *extra; /* more members, each with a comma before it; "" */
};

enum refusal {
	REFUSAL_GATEWAY,
	REFUSAL_UNAVAILABLE,
	REFUSAL_TIMEOUT,
	REFUSAL_THROTTLED,
	REFUSAL_SIGNATURE,
	REFUSAL_DENIED,
	REFUSAL_PARAMETER,
	REFUSAL_UNKNOWN,
	REFUSALS
};

enum { ARRAYS_MAX = 4 };

struct dialect {
	const char *provider, *service, *action;
	const char *action_param, *key_param, *region_param, *zone_param, *variant_param;
	const char *offset, *limit;         /* NULL: it does not page */
	const char *code, *message, *total; /* members of the answer; total may be NULL */
	const char *arrays[ARRAYS_MAX + 1];
	unsigned limit_default;
	int refusals[REFUSALS];
	const struct state_word *states; /* NULL: it names none, all are available */
	bool item_has_zone, twins;       /* the same id may be in two zones */
	void (*put_item)(struct buf *out, const struct item_text *text);
};

extern const struct dialect dialects[];
const struct dialect *dialect_find(const char *provider, const char *service);

/* ---- what exists ---------------------------------------------------------------------------- */

struct version {
	int64_t from_us;
	const char *name;
	const struct state_word *state; /* NULL where the cloud names none */
	unsigned edition;
	const char *json;
};

/* Existed in [from, to). */
struct span {
	int64_t from_us, to_us;
};

/* What the oracle remembers of the image's row. */
struct row {
	enum { ROW_NONE, ROW_PRESENT, ROW_MISSING, ROW_REMOVED } presence;
	int64_t first_seen_at, revision;
	bool scanned;
};

struct image {
	struct image *next_in_slot;
	const char *uid, *id, *zone;
	unsigned zone_id, set;
	bool invented; /* it exists in answers only */
	struct version *versions;
	size_t version_count, version_size;
	struct span *spans;
	size_t span_count, span_size;
	/* When an answer was made from a list that did not have it although it existed. */
	int64_t *hidden;
	size_t hidden_count, hidden_size;
	int64_t mangled_us; /* when it was last shown other than it is */
	struct row row;
};

enum order { ORDER_NEWEST_FIRST, ORDER_OLDEST_FIRST, ORDER_BY_NAME, ORDERS };
enum spread { SPREAD_SECONDS, SPREAD_READING };

enum { GAPS_MAX = 24, FAULTS_MAX = 8, SLOTS = 256, FAILED_MAX = 16 };

/* Some changes between two answers of a poll. */
struct gap {
	struct listing *listing;
	unsigned before; /* the answer with that number */
	unsigned burst;
	bool pair; /* one goes, another comes */
	bool over;
};

/* What was asked and answered between two rows of `polls`. */
struct window {
	int64_t first_us, last_us;
	unsigned requests, pending, answers, with_total;
	unsigned faulty, spoiled;    /* answers that something was wrong with; that prove nothing */
	uint64_t failed[FAILED_MAX]; /* offsets that were asked for in vain */
	unsigned failed_count;
	unsigned happened; /* gaps between answers in which something changed */
	bool had_burst;
	unsigned listed_min, listed_max; /* of the lists that answers were made from */
	struct gap gaps[GAPS_MAX];
	unsigned gap_count;
	bool complete, calm;
	int64_t poll_id;
};

struct active_fault {
	const struct fault *fault;
	unsigned permille; /* of the answers that it might be applied to */
	uint64_t salt;
	bool spent; /* it happens once */
};

struct listing {
	struct world *world;
	struct arena *arena;
	unsigned number;
	const struct dialect *dialect;
	const char *account, *key, *host, *region, *zone, *variant;
	const char *cloud;

	enum order order;
	unsigned page_max;
	bool no_total; /* this cloud never says how many there are */
	unsigned churn_permille;
	enum spread spread;

	struct image *slots[SLOTS]; /* every image ever, by uid */
	struct image **images;
	size_t image_count, image_size;
	struct image **list; /* what exists now, in the cloud's order */
	size_t list_count, list_size, list_usual;
	unsigned named;
	int64_t changed_us; /* the last change */

	struct window *windows; /* the last one may be open */
	size_t window_count, window_size;
	bool is_open;
	struct active_fault faults[FAULTS_MAX];
	unsigned fault_count;
	struct luck luck;

	/* The oracle's. */
	int64_t listing_id;
	bool baseline;
	size_t present;
	unsigned calm; /* complete polls in a row that saw the cloud as it was, nothing changing */
	unsigned held; /* suspect ones */
	int64_t held_us;
	uint64_t rows_hash;
	int64_t hashed_poll;
};

enum { LISTINGS_MAX = 32 };

struct cloud {
	struct arena arena;
	struct listing listings[LISTINGS_MAX];
	unsigned count;
};

/* Makes room for one more element. */
#define GROW(array, count, size)                                                                   \
	do {                                                                                       \
		if ((count) == (size)) {                                                           \
			size_t grown_size = (size) ? (size)*2 : 8;                                 \
			void *grown = realloc((array), grown_size * sizeof(*(array)));             \
			assert(grown);                                                             \
			(array) = grown;                                                           \
			(size) = grown_size;                                                       \
		}                                                                                  \
	} while (0)

void cloud_init(struct cloud *cloud);
void cloud_finish(struct cloud *cloud);

/* Fills an added listing with images. */
struct listing *cloud_add(struct cloud *cloud, struct world *world, const struct dialect *dialect);
void listing_fill(struct listing *listing, size_t images);

struct image *listing_find(const struct listing *listing, const char *uid);
/* One that exists only in an answer; the same id gives the same one again. */
struct image *listing_invent(struct listing *listing, const char *id);

bool image_exists(const struct image *image, int64_t at_us);
bool image_existed_throughout(const struct image *image, int64_t from_us, int64_t to_us);
bool image_existed_within(const struct image *image, int64_t from_us, int64_t to_us);
/* Some answer of that time had reason not to list it. */
bool image_was_absent_within(const struct image *image, int64_t from_us, int64_t to_us);
void image_hide(struct image *image, int64_t at_us);
void image_show_once(struct image *image, int64_t at_us);
void image_put_log(struct buf *out, const struct image *image);

struct image *listing_fresh_image(struct listing *listing);
const char *listing_fresh_name(struct listing *listing);
const struct state_word *listing_any_state(struct listing *listing, bool final);
const char *listing_item(struct listing *listing, const struct item_text *text);
struct item_text image_text(const struct image *image);
void image_add_version(struct listing *listing, struct image *image, const char *name,
		       const struct state_word *state);

/* ---- what happens ---------------------------------------------------------------------------- */

void churn_plan(struct listing *listing, struct window *window);
void churn_before(struct window *window, unsigned answer);
void churn_purge(struct listing *listing, unsigned percent);

/* ---- what is asked ----------------------------------------------------------------------------
 */

struct call {
	struct listing *listing;
	size_t window;
	uint64_t offset, limit;
	int64_t up_us, down_us;
	const struct fault *applied[FAULTS_MAX];
	unsigned applied_count;
	bool failed; /* nobody got a list for it */
};

struct reply {
	int error; /* UV_E*; 0: an answer */
	enum error_class class;
	int status;
	int64_t retry_after_s; /* -1: not said */
	struct buf body;
};

/* A request arrives; NULL when nobody should ask that. */
struct call *cloud_receive(struct cloud *cloud, const char *url, const char *body);
void cloud_answer(struct call *call, struct reply *ret);
/* It was answered, cancelled or given up. */
void cloud_over(struct call *call);
struct window *call_window(const struct call *call);
