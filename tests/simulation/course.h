/*
 * A scenario with a plan of its own: what happens at which hour, and what must hold then. The
 * ledger is the cloud's own count of what it was asked.
 */
#pragma once

#include "tests/simulation/cloud.h"
#include "tests/simulation/oracle.h"

struct director;
struct tally;

struct course {
	/* Fills the cloud, writes the configuration, plans what will happen. */
	void (*set_stage)(struct director *director, struct cloud *cloud, const char *catalog,
			  struct buf *yaml);
	void (*polled)(struct director *director, struct listing *listing,
		       enum outcome_seen outcome);
	/* The end of the scenario's line. */
	void (*tell)(const struct tally *tally, char *text, size_t size);
	/* NULL: a seed is a world. Else all happens in the world of one seed, and the seed says
	 * which allocations fail in it. */
	void (*begin_seed)(uint64_t seed);
	uint64_t world_seed;
};

/* What a course remembers of its run. */
struct course_state {
	enum { COURSE_START, COURSE_QUIET, COURSE_TROUBLE, COURSE_AFTER, COURSE_OVER } phase;
	int64_t phase_us;
	size_t quiet_minute, trouble_minute, after_minute; /* the ledger's, when it began */
	unsigned polls[LISTINGS_MAX];                      /* that failed since the trouble began */
	int64_t first_us[LISTINGS_MAX]; /* since it was over: when the first one began, */
	bool whole[LISTINGS_MAX];       /* and whether one was complete */
	int64_t rows;
	int64_t complete_us[LISTINGS_MAX]; /* the last one ended */
	int64_t relieved_us[LISTINGS_MAX]; /* its trouble was over */
};

extern const struct course course_outage, course_day, course_memory, course_clocks;

/* ---- accounts ---------------------------------------------------------------------------------
 */

struct estate {
	const char *name, *provider, *text; /* its places and services, as configured */
	const char *services[3], *regions[11], *variants[3];
};

void estate_begin(struct director *director, const char *catalog, struct buf *yaml,
		  int64_t interval_s, unsigned timeout_s, const char *keep);
void estate_add(struct director *director, struct cloud *cloud, const struct estate *estate,
		struct buf *yaml);
void estate_add_small(struct director *director, struct cloud *cloud, struct buf *yaml);

/* A poll has ended; true when with it every listing has had a complete one. */
bool estate_is_complete(struct director *director, const struct listing *listing,
			enum outcome_seen outcome);

/* ---- faults -----------------------------------------------------------------------------------
 */

/* From now on every answer of the listing has it, or none; what has been asked so far is no longer
 * calm. */
void course_afflict(struct listing *listing, const char *fault);
void course_relieve(struct listing *listing);

/* ---- memory ------------------------------------------------------------------------------------
 */

void memory_install(void); /* before SQLite is used, after scratch_install() */
/* After the run of seed 0: the seeds that fail each way to an allocation the first and the last
 * time that it is taken. NULL when memory is out; free() it. */
uint64_t *memory_seeds(size_t *ret_count, uint64_t *ret_ways);
/* Between the two nothing is refused: the world's own allocations. */
void memory_begin_calm(void);
void memory_end_calm(void);

/* ---- the ledger -------------------------------------------------------------------------------
 */

enum { LEDGER_ACCOUNTS = 4, LEDGER_MINUTES = 40 * 60 };
/* What an account of the estate may ask for each second, and at once. */
enum { LEDGER_RATE = 5, LEDGER_BURST = 10 };
/* RELIABILITY.md I16: of a hundred requests of an hour, or of few. */
enum { RETRY_PERCENT = 10, RETRY_FLOOR = 10, RETRIES_IN_FLIGHT = 3 };

struct ledger {
	struct world *world;
	int64_t began_us;
	const char *accounts[LEDGER_ACCOUNTS];
	unsigned account_count;
	uint32_t requests[LEDGER_ACCOUNTS][LEDGER_MINUTES];
	uint32_t retries[LEDGER_ACCOUNTS][LEDGER_MINUTES];
};

void ledger_init(struct ledger *ledger, struct world *world);
/* A request arrived; fails the run when it is one too many. */
void ledger_note(struct ledger *ledger, const struct listing *listing, bool is_retry);
/* Minutes since the ledger began; [from, to). */
size_t ledger_minute(const struct ledger *ledger);
uint64_t ledger_requests(const struct ledger *ledger, unsigned account, size_t from, size_t to);
uint64_t ledger_retries(const struct ledger *ledger, unsigned account, size_t from, size_t to);
uint64_t ledger_all(const struct ledger *ledger, size_t from, size_t to);
uint64_t ledger_peak(const struct ledger *ledger, size_t from, size_t to); /* of a minute */

/* ---- what the catalog says of a listing --------------------------------------------------------
 */

struct standing_row {
	char health[16], class[16], error[1024];
	int64_t last_complete_at, failures, present;
};

bool standing_read(struct oracle *oracle, const struct listing *listing, struct standing_row *ret);
int64_t world_wall_s(const struct world *world);
