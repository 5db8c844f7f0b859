/*
 * Rows as people and programs want them: a table that fits the terminal, or one of the formats
 * that scripts read. Provider text is cleaned on its way out, whatever the catalog holds.
 */
#pragma once

#include <stdio.h>

#include "base/base.h"
#include "base/buf.h"
#include "store/reader.h"

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_NDJSON, OUTPUT_CSV, OUTPUT_TSV, OUTPUT_ID };

bool output_format_from_text(const char *word, enum output_format *ret);

struct output;

/* 0 or -ENOMEM. `utc`: times of a table in UTC instead of local time. */
int output_open(struct output **ret, FILE *file, enum output_format format, bool utc);

/* 0 or a negative errno. The first row decides the columns. */
int output_row(struct output *output, const struct reader_row *row);

/* What a format that has a first line of names says where there is no row at all. */
void output_header(struct output *output, const char *const *columns);

/* "2026-11-20 08:00", with a Z in UTC. */
void output_put_time(struct buf *out, int64_t unix_s, bool utc);

bool output_is_time(const char *column);

/* As it is, between rows. 0, or why a write failed: this one or one before. */
int output_write(struct output *output, const char *bytes, size_t len);

/*
 * Prints what is left; frees. 0, or a negative errno when not everything could be written. What is
 * not complete gets no end, so that no program takes it for all.
 */
int output_close(struct output *output, bool complete);

/* Colour wanted on this stream: a terminal, no NO_COLOR, TERM not dumb. */
bool output_has_colour(FILE *file);
