/*
 * The signatures themselves, apart from the parameters that a scheme adds: what the published
 * vectors test. Pure; the request's parameters must be sorted by name. 0 or a negative errno.
 */
#pragma once

#include "base/buf.h"
#include "imagecat/request.h"

int ucloud_signature(const struct request *request, const char *private_key, struct buf *ret);
int qingcloud_signature(const struct request *request, const char *secret, struct buf *ret);

/* Bytewise, as both schemes want it. */
void request_sort(struct request *request);
