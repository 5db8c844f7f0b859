/*
 * The functions that the table of routes names, by file.
 */
#pragma once

#include "export/exchange.h"

/* health.c */
void health_live(struct exchange *x);
bool health_prepare(struct exchange *x);
void health_ready(struct exchange *x, struct reader *reader);

/* control.c */
void control_release(struct exchange *x);
void control_poll(struct exchange *x);
void control_reload(struct exchange *x);
