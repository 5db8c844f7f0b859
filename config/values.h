/*
 * Texts of the configuration as values, and values as texts. Each parser returns false with a
 * complaint that says what would be right.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "config/options.h"

enum { SECOND = 1, MINUTE = 60, HOUR = 3600, DAY = 86400 };

/* "90s 10m 6h 30d"; "0" as well. */
bool value_duration(const char *text, int64_t *ret_s, struct complaint *ret_complaint);
void value_put_duration(struct buf *out, int64_t s);

/* "512B 64KiB 16MiB 1GiB". */
bool value_size(const char *text, int64_t *ret_bytes, struct complaint *ret_complaint);
void value_put_size(struct buf *out, int64_t bytes);

bool value_count(const char *text, int64_t *ret_value, struct complaint *ret_complaint);

/* "0.5", at most 15 digits. */
bool value_decimal(const char *text, double *ret_value, struct complaint *ret_complaint);
void value_put_decimal(struct buf *out, double value);

/* 1 to 64 of A-Z a-z 0-9 . _ - */
bool value_is_word(const char *text);

/* 1 to 128 bytes that a terminal shows as they are, ordinary blanks inside included. */
bool value_is_printable(const char *text);

/* No control character and no NUL inside; not empty. */
bool value_is_line(const char *text, size_t len);

/* Fills the complaint; returns false, so that a parser can return it. */
bool value_refuse(struct complaint *ret, const char *suggestion, const char *format, ...)
	PRINTF_LIKE(3, 4);
