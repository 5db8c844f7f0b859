#include "export/tally.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
const char *const tally_kinds[TALLY_KINDS] = { "added", "changed", "missing", "removed", "returned", "held" };
const char *const tally_bounds[TALLY_BUCKETS] = { "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30", "60", "120", "300" };
static const int64_t bounds_ms[TALLY_BUCKETS] = { 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 120000, 300000 };

static const char *const reasons[CLASS_COUNT] = {
#define REASON(name, text) text,
	ERROR_CLASSES(REASON)
#undef REASON
};
/* clang-format on */

const char *tally_reason_text(enum error_class reason)
{
	return reason == CLASS_NONE ? "other" : reasons[reason];
}

const struct tally_listing *tally_of(const struct tally *tally, int64_t listing_id)
{
	for (size_t i = 0; i < tally->count; i++)
		if (tally->listings[i].listing_id == listing_id)
			return &tally->listings[i];
	return NULL;
}

static struct tally_listing *provide(struct tally *tally, int64_t listing_id)
{
	const struct tally_listing *found = tally_of(tally, listing_id);

	if (found)
		return &tally->listings[found - tally->listings];
	struct tally_listing *grown = realloc(tally->listings, (tally->count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	tally->listings = grown;
	grown[tally->count] = (struct tally_listing){ .listing_id = listing_id };
	return &grown[tally->count++];
}

void tally_count(struct tally *tally, const struct tally_poll *poll)
{
	struct tally_listing *l = provide(tally, poll->listing_id);

	if (!l)
		return;
	l->polls++;
	if (poll->failed)
		l->failures[poll->reason]++;
	for (size_t i = 0; i < TALLY_KINDS; i++)
		l->changes[i] += poll->changes[i] > 0 ? (uint64_t)poll->changes[i] : 0;
	l->duration_ms += poll->duration_ms > 0 ? (uint64_t)poll->duration_ms : 0;
	for (size_t i = 0; i < TALLY_BUCKETS; i++) {
		if (poll->duration_ms > bounds_ms[i])
			continue;
		l->buckets[i]++;
		break;
	}
}

bool tally_copy(struct tally *ret, const struct tally *from)
{
	struct tally_listing *copy = calloc(from->count + 1, sizeof(*copy));

	if (!copy)
		return false;
	if (from->count)
		memcpy(copy, from->listings, from->count * sizeof(*copy));
	*ret = (struct tally){ copy, from->count };
	return true;
}

void tally_finish(struct tally *tally)
{
	free(tally->listings);
	*tally = (struct tally){ 0 };
}
