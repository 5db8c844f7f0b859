#include "daemon/generation.h"

#include <stdlib.h>

struct generation *generation_open(const struct runtime *base, const struct config *config,
				   struct config *owned)
{
	struct generation *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->runtime = *base;
	g->runtime.config = config;
	g->owned = owned;
	g->users = 1;
	return g;
}

struct generation *generation_hold(struct generation *g)
{
	g->users++;
	return g;
}

void generation_release(struct generation *g)
{
	if (!g || --g->users > 0)
		return;
	config_free(g->owned);
	free(g);
}
