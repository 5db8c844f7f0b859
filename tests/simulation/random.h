/*
 * Luck that follows from a seed: the same seed gives the same run everywhere.
 */
#pragma once

#include "base/base.h"

struct luck {
	uint64_t state;
};

/* A bijection of 64 bits (the finaliser of SplitMix64). */
static inline uint64_t luck_mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/* Streams of one seed do not disturb each other: what one part draws changes no other part. */
static inline struct luck luck_stream(uint64_t seed, uint64_t number)
{
	return (struct luck){ luck_mix(seed) ^ luck_mix(number * 0x632be59bd9b4e019u + 1) };
}

static inline uint64_t luck_next(struct luck *luck)
{
	luck->state += 0x9e3779b97f4a7c15u;
	return luck_mix(luck->state);
}

/* In [low, high]. */
static inline int64_t luck_between(struct luck *luck, int64_t low, int64_t high)
{
	return low + (int64_t)(luck_next(luck) % ((uint64_t)(high - low) + 1));
}

/* In [0, n); n > 0. */
static inline size_t luck_below(struct luck *luck, size_t n)
{
	return (size_t)(luck_next(luck) % n);
}

/* True `permille` times in a thousand. */
static inline bool luck_hits(struct luck *luck, unsigned permille)
{
	return luck_next(luck) % 1000 < permille;
}
