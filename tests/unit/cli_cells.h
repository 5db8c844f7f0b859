/*
 * Values of rows, as tables of tests write them.
 */
#pragma once

#include "store/reader.h"

/* clang-format off */
#define TEXT(t)    { .type = READER_TEXT, .text = (t) }
#define INTEGER(n) { .type = READER_INT, .integer = (n), .text = "" }
#define REAL(n)    { .type = READER_REAL, .real = (n), .text = "" }
#define NOTHING    { .type = READER_NULL, .text = "" }
/* clang-format on */
