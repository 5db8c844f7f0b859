#include <stdlib.h>
#include <string.h>

#include "providers/sign/sign.h"

static int by_name(const void *a, const void *b)
{
	const struct request_param *x = a, *y = b;

	return strcmp(x->name, y->name);
}

void request_sort(struct request *request)
{
	qsort(request->params, request->count, sizeof(request->params[0]), by_name);
}
