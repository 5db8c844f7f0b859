#include "daemon/brake.h"

#include <inttypes.h>

/* What is odd about the drop; false when nothing is. */
static bool is_odd(const struct brake_facts *facts, const struct config *config,
		   const struct store_guard *guard, struct buf *why)
{
	size_t rows = (size_t)config->removal.brake_rows;
	size_t percent = (size_t)config->removal.brake_percent;
	bool same_key = guard->credential == 0 || guard->credential == facts->credential;

	if (facts->absent == 0)
		return false;
	if (facts->seen == 0 && facts->listed > 0)
		buf_printf(why, "the cloud lists nothing where %zu images were", facts->listed);
	else if (!same_key)
		/* Also those that were missing before: who saw them go may have seen another list.
		 */
		buf_printf(why,
			   "%zu of %zu images are gone since the key of account '%s' was changed",
			   facts->absent, facts->present + facts->absent - facts->newly_absent,
			   facts->account);
	else if (facts->newly_absent > rows && facts->newly_absent * 100 > facts->present * percent)
		buf_printf(why, "%zu of %zu images are gone at once", facts->newly_absent,
			   facts->present);
	else
		return false;
	return true;
}

static void put_duration(struct buf *out, int64_t seconds)
{
	if (seconds % 3600 == 0)
		buf_printf(out, "%" PRId64 " h", seconds / 3600);
	else if (seconds % 60 == 0)
		buf_printf(out, "%" PRId64 " min", seconds / 60);
	else
		buf_printf(out, "%" PRId64 " s", seconds);
}

static enum brake_verdict believe(const struct brake_facts *facts, struct store_guard *guard,
				  enum brake_verdict verdict)
{
	*guard = (struct store_guard){ .credential = facts->credential };
	return verdict;
}

enum brake_verdict brake_judge(const struct brake_facts *facts, const struct config *config,
			       struct store_guard *guard, struct buf *why)
{
	bool same = guard->held_set == facts->absent_set;
	int64_t held_s = facts->passed_s - guard->held_from_s;

	if (!is_odd(facts, config, guard, why))
		return believe(facts, guard, BRAKE_BELIEVED);
	/* An operator believes what was held, and not whatever comes after it. */
	if (guard->released && same) {
		buf_puts(why, "; believed, an operator released it");
		return believe(facts, guard, BRAKE_RELEASED);
	}
	if (same && guard->held_polls >= config->removal.hold_polls &&
	    held_s >= config->removal.hold_s) {
		buf_printf(why, "; believed, since %" PRId64 " polls over ", guard->held_polls);
		put_duration(why, held_s);
		buf_puts(why, " said the same");
		return believe(facts, guard, BRAKE_RELEASED);
	}
	guard->released = false;
	guard->held_polls = same ? guard->held_polls + 1 : 1;
	guard->held_from_s = same ? guard->held_from_s : facts->passed_s;
	guard->held_set = facts->absent_set;
	buf_printf(why, "; held, nothing removed: believed when %" PRId64 " polls over ",
		   (int64_t)config->removal.hold_polls);
	put_duration(why, config->removal.hold_s);
	buf_printf(why, " say the same, or at once by: imagecat release %" PRId64,
		   facts->listing_id);
	return BRAKE_HELD;
}
