/*
 * What the catalog keeps of time.
 */
#include <errno.h>

#include "store/internal.h"

int store_load_time(struct store *store, struct timekeeper *ret, struct error *err)
{
	struct statement *s = STMT(store, TIME_GET);
	int result = statement_step(s, err);

	if (result < 0)
		return result;
	if (result == 0)
		return error_set(err, -EBADMSG, "catalog: its row of time is gone");
	*ret = (struct timekeeper){
		.passed_ms = row_int(s, 0, 0),
		.time_ms = row_int(s, 1, 0),
		.wall_ms = row_int(s, 2, 0),
		.looked_ms = row_int(s, 3, 0),
	};
	statement_reset(s);
	return 0;
}

int store_keep_time(struct store *store, const struct timekeeper *time, struct error *err)
{
	struct statement *s = STMT(store, TIME_PUT);
	int result = check_file(store, err);

	if (result < 0)
		return result;
	bind_int(s, PARAM_passed_ms, time->passed_ms);
	bind_int(s, PARAM_time_ms, time->time_ms);
	bind_int(s, PARAM_wall_ms, time->wall_ms);
	bind_int(s, PARAM_looked_ms, time->looked_ms);
	return statement_run_one(s, err);
}
