/*
 * Who decides what happens when: which clouds there are, when they are in peace and when they are
 * not, when the daemon is stopped and started again.
 */
#pragma once

#include "tests/simulation/course.h"
#include "tests/simulation/oracle.h"

struct scenario {
	const char *name;
	unsigned churn_permille;
	bool has_faults;
	unsigned complete_permille;  /* of all polls, at least; 0: not asked */
	unsigned seeds;              /* of a course; the others share what is asked for */
	const struct course *course; /* NULL: churn, faults and peace by luck */
};

extern const struct scenario scenarios[];
const struct scenario *scenario_find(const char *name);

struct director {
	struct world *world;
	const struct scenario *scenario;
	struct luck luck;
	unsigned polls_wanted;

	enum { PHASE_START, PHASE_FAULTS, PHASE_RECOVERY, PHASE_PEACE, PHASE_OVER } phase;
	unsigned periods;
	int64_t phase_us; /* when it began */
	unsigned peace_polls;
	struct event *next;
	unsigned polled[LISTINGS_MAX]; /* since the phase began, with what it waits for */

	unsigned restarts;      /* still to come */
	unsigned restart_after; /* polls */
	unsigned polls;
	bool again;     /* the run is to be started again */
	int64_t down_s; /* after which time, as another boot of the machine; 0: soon, in this one */
	int64_t term_us;

	/* Of a course. */
	struct ledger ledger;
	struct course_state state;
};

enum { INTERVAL_S = 60 };

void director_init(struct director *director, struct world *world, const struct scenario *scenario,
		   unsigned polls_wanted);

/* Fills the cloud and writes the daemon's configuration for it. */
void director_set_stage(struct director *director, struct cloud *cloud, const char *catalog,
			struct buf *yaml);

void director_polled(struct director *director, struct listing *listing, enum outcome_seen outcome);
void director_stop(struct director *director); /* something failed: end the run */
/* Ends the daemon and starts it again when the machine has been off for so long. */
void director_reboot(struct director *director, int64_t down_s);

/* The daemon has ended; true when it is to be started again, after some time. */
bool director_ended(struct director *director);
