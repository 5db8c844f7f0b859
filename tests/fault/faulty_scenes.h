/*
 * What the store does, one call each, on a catalog that is laid out anew every time: the same rows,
 * the same clock. Whatever is broken in between, the outcome is one of two known states.
 */
#pragma once

#include "faulty_disk.h"
#include "faulty_judge.h"
#include "tests/unit/store_fixture.h"

struct stage;

struct scene {
	const char *name;
	void (*build)(struct stage *stage);  /* the files to start from; NULL: none */
	void (*before)(struct stage *stage); /* with the open store; may be NULL */
	int (*call)(struct stage *stage, struct error *err);
	bool opens;   /* the call is store_open() */
	bool several; /* transactions: after a failure some of them may be done */
	bool silent;  /* the call has no result: what is stored stays as it was */
};

/* Single calls; both lists end with a row without a name. */
extern const struct scene scenes[];
/* A hundred pages and more, the last polls in its log; the call only opens it. */
extern const struct scene large_scene;
/* Several calls in a row, each marked when it returned: for the trace. */
extern const struct scene stories[];

struct stage {
	const struct scene *scene;
	struct fixture f;
	struct disk base;
	struct poll poll;
	bool polling;
	size_t open_files; /* before anything: a test that failed may have left some */
	int64_t memory;
	void (*done)(struct stage *stage); /* after each call of a story */
	void *data;                        /* of `done` */
};

void stage_start(struct stage *stage, const struct scene *scene);
void stage_end(struct stage *stage);

/* Lays the files out and does what comes before the call. */
void stage_begin(struct stage *stage);
/* Closes the store; checks that nothing of SQLite's stays open or allocated. */
void stage_finish(struct stage *stage);

/* Every combination `step` apart is tried: 1 with FAULT_ALL=1 in the environment, `usual` times
 * FAULT_STEP if there is one. */
size_t stage_step(size_t usual);
/* FAULT_STEP is there: under valgrind a sample will do, and quotas are not asked for. */
bool stage_is_sample(void);

/* The state as others see it; fails the test when it is not whole. */
struct state stage_state(struct stage *stage, const char *when);

/* A poll with one new image, by a store that was just opened: nothing may hinder it. */
int stage_poll_again(struct fixture *f, struct error *err);
