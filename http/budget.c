#include "http/budget.h"

static void turn(struct retry_budget *b, int64_t now_ms)
{
	int64_t slice = now_ms / BUDGET_SLICE_MS;

	if (slice - b->slice > BUDGET_SLICES)
		b->slice = slice - BUDGET_SLICES;
	while (b->slice < slice) {
		b->slice++;
		b->slices[b->slice % BUDGET_SLICES].requests = 0;
		b->slices[b->slice % BUDGET_SLICES].retries = 0;
	}
}

void budget_init(struct retry_budget *b, int64_t now_ms)
{
	*b = (struct retry_budget){ .tokens = BUDGET_FULL, .slice = now_ms / BUDGET_SLICE_MS };
}

void budget_sent(struct retry_budget *b, int64_t now_ms)
{
	turn(b, now_ms);
	b->slices[b->slice % BUDGET_SLICES].requests++;
}

void budget_unsent(struct retry_budget *b)
{
	b->slices[b->slice % BUDGET_SLICES].requests--;
}

void budget_succeeded(struct retry_budget *b)
{
	if (b->tokens < BUDGET_FULL)
		b->tokens++;
}

bool budget_take(struct retry_budget *b, int tokens, int64_t now_ms)
{
	uint64_t requests = 0, retries = 0;

	turn(b, now_ms);
	for (size_t i = 0; i < BUDGET_SLICES; i++) {
		requests += b->slices[i].requests;
		retries += b->slices[i].retries;
	}
	if (b->tokens < tokens)
		return false;
	if (retries >= BUDGET_FLOOR && retries >= requests / BUDGET_RATIO)
		return false;
	b->tokens -= tokens;
	b->slices[b->slice % BUDGET_SLICES].retries++;
	return true;
}
