/*
 * Numbers that follow from other numbers: the same seed gives the same catalog everywhere.
 */
#pragma once

#include "base/base.h"

/* A bijection of 64 bits (the finaliser of SplitMix64). */
static inline uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/* The draw number `salt` of something with that key. */
static inline uint64_t draw(uint64_t key, uint64_t salt)
{
	return mix(key ^ mix(salt));
}

/* In [0, n); n > 0. */
static inline uint64_t draw_below(uint64_t key, uint64_t salt, uint64_t n)
{
	return draw(key, salt) % n;
}

/* True once in n. */
static inline bool draw_once_in(uint64_t key, uint64_t salt, uint64_t n)
{
	return draw_below(key, salt, n) == 0;
}

/* The next number of a sequence. */
static inline uint64_t random_next(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15u;
	return mix(*state);
}
