/*
 * Somebody who steps in between the statements of others: act() is called before the n-th statement
 * that any connection of this process begins after intruder_wait(). What reads one moment must not
 * notice.
 */
#pragma once

#include <sqlite3.h>

#include "tests/test.h"

static struct {
	unsigned left; /* statements until it acts; 0: it does not wait */
	void (*act)(void *data);
	void *data;
} intruder;

static int intruder_on_statement(unsigned kind, void *context, void *statement, void *text)
{
	(void)kind;
	(void)context;
	(void)statement;
	(void)text;
	if (intruder.left > 0 && --intruder.left == 0)
		intruder.act(intruder.data);
	return 0;
}

static int intruder_on_connection(sqlite3 *db, char **error, const void *functions)
{
	(void)error;
	(void)functions;
	return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, intruder_on_statement, NULL);
}

/* Before the connections are opened. */
static void intruder_watch(void)
{
	assert_int_equal(sqlite3_auto_extension((void (*)(void))intruder_on_connection), SQLITE_OK);
}

static void intruder_wait(unsigned statements, void (*act)(void *data), void *data)
{
	intruder.act = act;
	intruder.data = data;
	intruder.left = statements;
}

/* False when there were fewer statements than it waited for. */
static bool intruder_came(void)
{
	bool came = intruder.left == 0;

	intruder.left = 0;
	return came;
}
