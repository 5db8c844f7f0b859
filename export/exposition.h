/*
 * Prometheus' text format 0.0.4: families of samples, each with its HELP and TYPE.
 *
 * Pure.
 */
#pragma once

#include "base/buf.h"

#define TYPE_METRICS "text/plain; version=0.0.4; charset=utf-8"

/* `type` is counter, gauge or histogram. */
void exposition_family(struct buf *out, const char *name, const char *type, const char *help);

/* Appends name="value", with a comma before where `labels` holds some already. */
void exposition_label(struct buf *labels, const char *name, const char *value);

/* `labels` as the above made them, "" for none. */
void exposition_int(struct buf *out, const char *name, const char *labels, int64_t value);
void exposition_real(struct buf *out, const char *name, const char *labels, double value);
