/*
 * The fixture's catalog, and a reader of it.
 */
#pragma once

#include "store/reader.h"
#include "tests/unit/store_fixture.h"

static struct reader *reader;

/* Of the catalog as it is on disk. */
static void fixture_read(struct fixture *f)
{
	if (reader_open(&reader, f->path, &f->err) != 0)
		fail_msg("%s", f->err.text);
}

static int fixture_teardown_reader(void **state)
{
	reader_close(reader);
	reader = NULL;
	return fixture_teardown(state);
}
