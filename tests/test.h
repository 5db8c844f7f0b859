/*
 * cmocka wants these headers before its own. Rows are named tests: see TEST_ROW.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A test of a table: `row` is what the function finds in *state, its name is what cmocka prints. */
#define TEST_ROW(function, row)                                                                    \
	{                                                                                          \
		.name = (row)->name, .test_func = (function),                                      \
		.initial_state = (void *)(uintptr_t)(row)                                          \
	}
