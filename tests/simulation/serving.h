/*
 * One answer in the making, and the faults that bend it: each is a row, applied at its stage.
 */
#pragma once

#include "tests/simulation/cloud.h"

enum { ITEMS_MAX = 256 };

enum total_form { TOTAL_NUMBER, TOTAL_TEXT, TOTAL_ABSENT, TOTAL_NULL };
enum array_form { ARRAY_WHOLE, ARRAY_ABSENT, ARRAY_NULL, ARRAY_OBJECT };

struct served {
	struct image *image; /* NULL: it belongs to nobody */
	const char *json;
	unsigned set;
};

struct serving {
	struct listing *listing;
	struct window *window;
	struct call *call;
	struct reply *reply;
	struct active_fault *active; /* the one that is being applied */
	bool spoiled;

	/* The list that the answer is cut from. */
	struct image *view[1024];
	size_t view_count;
	bool view_lies;

	uint64_t offset, limit;
	struct served items[ITEMS_MAX];
	size_t item_count;
	bool page_lies; /* what is left out shows only where the total is true */

	int64_t total;
	enum total_form total_form;
	bool total_lies;
	enum array_form array_form;

	const char *code; /* JSON; NULL: left out */
	const char *message;
	struct buf body;
};

enum stage {
	STAGE_TIME,  /* when the request arrives: how long it takes */
	STAGE_WIRE,  /* no answer of the cloud's own: the rest is skipped */
	STAGE_CODE,  /* refused: the rest is skipped */
	STAGE_LIST,  /* which images there are */
	STAGE_PLACE, /* which of them the offset means */
	STAGE_PAGE,  /* the items of the page */
	STAGE_TOTAL,
	STAGE_ARRAY,
	STAGE_BODY, /* the bytes */
	STAGES
};

struct fault {
	const char *name;
	enum stage stage;
	bool (*apply)(struct serving *s, const struct fault *fault); /* false: it could not be */
	int number, more;
	const char *text;
	enum error_class class;
	bool always; /* makes sense only when every answer of its time has it */
	bool spoils; /* no list that has it is proved whole */
};

extern const struct fault faults[];
extern const size_t fault_count;

/* Applies what is active at a stage; true when anything was. */
bool faults_apply(struct serving *s, enum stage stage);
