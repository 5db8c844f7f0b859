#include "tests/simulation/tally.h"

#include "tests/simulation/serving.h"

/* Every member is a count. */
void tally_add(struct tally *sum, const struct tally *more)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)more;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

/* Counted when the answer arrives, or when its absence is felt. */
void tally_faults(struct tally *tally, const struct call *call)
{
	for (unsigned i = 0; i < call->applied_count; i++)
		tally->kinds[call->applied[i] - faults]++;
}
