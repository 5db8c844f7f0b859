/*
 * Which of the newest images a question means. Pure: rows in, rows out.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "store/reader.h"

/* The columns that tell sorts of image apart, as `latest_images` does; ends with NULL. */
extern const char *const choice_columns[];

/* Number by number: 9 before 10, 22.04 before 22.04.5 before 24.04; NULL first. */
int choice_compare_versions(const char *a, const char *b);

/* A copy of the row that outlives the callback; NULL when memory is out. */
const struct reader_row *choice_keep(struct arena *arena, const struct reader_row *row);

/* Keeps the rows of the highest version of each distribution in each place, in their order; how
 * many. The arena tells when memory is out. */
size_t choice_highest(struct arena *arena, const struct reader_row **rows, size_t count);

/* "  --region cn-bj2|hk" and a line break for each column in which the rows differ. */
void choice_put_differences(struct buf *out, const struct reader_row *const *rows, size_t count);
