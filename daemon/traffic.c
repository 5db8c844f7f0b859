#include "daemon/traffic.h"

#include <stdlib.h>
#include <string.h>

/* The last six are for statuses that have no row of their own; the very last for no answer. */
static const struct code {
	int status;
	const char *text;
} codes[TRAFFIC_CODES] = {
	{ 200, "200" }, { 301, "301" }, { 302, "302" }, { 400, "400" }, { 401, "401" },
	{ 403, "403" }, { 404, "404" }, { 408, "408" }, { 413, "413" }, { 429, "429" },
	{ 500, "500" }, { 502, "502" }, { 503, "503" }, { 504, "504" }, { 0, "1xx" },
	{ 0, "2xx" },   { 0, "3xx" },   { 0, "4xx" },   { 0, "5xx" },   { 0, "error" },
};

enum { FIRST_CLASS = TRAFFIC_CODES - 6 };

const char *traffic_code(size_t index)
{
	return codes[index].text;
}

static size_t index_of(int status)
{
	if (status < 100 || status > 599)
		return TRAFFIC_CODES - 1;
	for (size_t i = 0; i < FIRST_CLASS; i++)
		if (codes[i].status == status)
			return i;
	return FIRST_CLASS + (size_t)(status / 100 - 1);
}

static struct traffic_account *provide(struct traffic *traffic, const char *name)
{
	for (size_t i = 0; i < traffic->count; i++)
		if (strcmp(traffic->accounts[i].name, name) == 0)
			return &traffic->accounts[i];
	struct traffic_account *grown =
		realloc(traffic->accounts, (traffic->count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	traffic->accounts = grown;
	grown[traffic->count] = (struct traffic_account){ .name = strdup(name) };
	return grown[traffic->count].name ? &grown[traffic->count++] : NULL;
}

void traffic_add(struct traffic *traffic, const char *account, int status)
{
	struct traffic_account *row = traffic ? provide(traffic, account) : NULL;

	if (row)
		row->requests[index_of(status)]++;
}

void traffic_finish(struct traffic *traffic)
{
	for (size_t i = 0; i < traffic->count; i++)
		free(traffic->accounts[i].name);
	free(traffic->accounts);
	*traffic = (struct traffic){ 0 };
}
