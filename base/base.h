/*
 * The handful of macros that every file may use.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(a)                    (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* offsetof() that refuses to compile when the member has another type. */
#define OFFSET_OF(type, member, want)   _Generic(((type *)0)->member, want : offsetof(type, member))

#define CLEANUP(fn)                     __attribute__((cleanup(fn)))
#define PRINTF_LIKE(text, first)        __attribute__((format(printf, text, first)))

#define KIB(n)                          ((size_t)(n) << 10)
#define MIB(n)                          ((size_t)(n) << 20)
