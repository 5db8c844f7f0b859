#include "daemon/brake.h"

bool brake_judge(const struct brake_facts *facts, const struct config *config, struct buf *why)
{
	size_t rows = (size_t)config->removal.brake_rows;
	size_t percent = (size_t)config->removal.brake_percent;

	if (facts->seen == 0 && facts->present > 0) {
		buf_printf(why,
			   "the cloud lists nothing where %zu images were; held, nothing removed",
			   facts->present);
		return true;
	}
	if (facts->newly_absent <= rows || facts->newly_absent * 100 <= facts->present * percent)
		return false;
	buf_printf(why, "%zu of %zu images are gone at once; held, nothing removed",
		   facts->newly_absent, facts->present);
	return true;
}
