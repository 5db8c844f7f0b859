/*
 * Fingerprints (XXH3) and the tables keyed by them. Not for secrets: an attacker who knows the
 * seed can make collisions, so callers that hash provider text pass a random seed.
 */
#pragma once

#include "base/base.h"

uint64_t hash_bytes(const void *bytes, size_t len, uint64_t seed);

/* A fingerprint of many pieces; feed order and piece borders matter. */
struct hash_state;
struct hash_state *hash_open(uint64_t seed); /* NULL when memory is out */
void hash_add(struct hash_state *state, const void *bytes, size_t len);
uint64_t hash_close(struct hash_state *state);
