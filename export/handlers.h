/*
 * The functions that the table of routes names, by file.
 */
#pragma once

#include "export/exchange.h"

/* assets.c */
void assets_answer(struct exchange *x);

/* health.c */
void health_live(struct exchange *x);
bool health_prepare(struct exchange *x);
void health_ready(struct exchange *x, struct reader *reader);

/* control.c */
void control_release(struct exchange *x);
void control_poll(struct exchange *x);
void control_reload(struct exchange *x);

/* images.c */
extern const struct parameter images_parameters[];
void images_list(struct exchange *x, struct reader *reader);
void images_one(struct exchange *x, struct reader *reader);

/* views.c */
extern const struct parameter listings_parameters[], polls_parameters[], changes_parameters[],
	history_parameters[], coverage_parameters[], counts_parameters[];
void views_listings(struct exchange *x, struct reader *reader);
void views_polls(struct exchange *x, struct reader *reader);
void views_changes(struct exchange *x, struct reader *reader);
void views_history(struct exchange *x, struct reader *reader);
void views_coverage(struct exchange *x, struct reader *reader);
void views_counts(struct exchange *x, struct reader *reader);

/* stats.c */
void stats_answer(struct exchange *x, struct reader *reader);

/* metrics.c */
bool metrics_prepare(struct exchange *x);
void metrics_answer(struct exchange *x, struct reader *reader);

/* events.c */
extern const struct parameter events_parameters[];
extern const struct parameter events_headers[];
void events_begin(struct exchange *x);

/* openapi.c */
void openapi_answer(struct exchange *x, struct reader *reader);
