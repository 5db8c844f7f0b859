#include "base/hash.h"

#include <xxhash.h>

uint64_t hash_bytes(const void *bytes, size_t len, uint64_t seed)
{
	return XXH3_64bits_withSeed(bytes, len, seed);
}

struct hash_state *hash_open(uint64_t seed)
{
	XXH3_state_t *state = XXH3_createState();

	if (state)
		XXH3_64bits_reset_withSeed(state, seed);
	return (struct hash_state *)(void *)state;
}

void hash_add(struct hash_state *state, const void *bytes, size_t len)
{
	uint64_t border = len;
	XXH3_state_t *xxh = (XXH3_state_t *)(void *)state;

	XXH3_64bits_update(xxh, &border, sizeof(border));
	XXH3_64bits_update(xxh, bytes, len);
}

uint64_t hash_close(struct hash_state *state)
{
	XXH3_state_t *xxh = (XXH3_state_t *)(void *)state;
	uint64_t digest = XXH3_64bits_digest(xxh);

	XXH3_freeState(xxh);
	return digest;
}
