/*
 * Memory for jansson while it reads one item: a hundred small values that all die together, taken
 * from a block of the thread instead of the heap.
 *
 * Between begin and end everything that jansson allocates on this thread must be freed again
 * before end. Outside, and where the block is full, it is the heap as ever. In builds with
 * AddressSanitizer it is always the heap, so that a leak shows.
 */
#pragma once

#include <stdbool.h>

/* Once, before a second thread exists. Without it jansson keeps to the heap. */
void scratch_install(void);

void scratch_begin(void);
void scratch_end(void);

/* Whether memory ran out on this thread since it was asked last. Jansson may then have cut a text
 * short without a word. */
bool scratch_ran_out(void);
