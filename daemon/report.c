#include "daemon/report.h"

#include "daemon/messages.h"

/* A place that discovery found and the account may not use is no failure: nobody asked for it. */
static bool is_failure(const struct watch *w, const struct poll_log *log)
{
	return log->outcome != OUTCOME_COMPLETE && log->outcome != OUTCOME_ABORTED &&
	       !(w->found && log->error_class == CLASS_PERMISSION);
}

static const struct log_event *event_of(const struct poll_log *log)
{
	if (log->outcome == OUTCOME_SUSPECT)
		return &messages[MESSAGE_DROP_HELD];
	if (log->error_class == CLASS_AUTH)
		return &messages[MESSAGE_AUTH_REFUSED];
	return &messages[MESSAGE_LISTING_FAILED];
}

static void log_ended(const struct watch *w, const struct poll_report *report, const char *name)
{
	const struct poll_log *log = report->log;
	const struct commit *commit = report->commit;
	const struct log_field account = F("account", w->identity.account),
			       listing = F("listing", name),
			       poll_id = F_INT("poll_id", commit->poll_id);

	if (report->store_error)
		message_put(NOT_STORED, F("error", report->store_error), account, listing);
	else if (log->outcome == OUTCOME_COMPLETE && w->failing)
		message_put(LISTING_RECOVERED, account, listing, poll_id,
			    F_INT("images", log->items));
	else if (log->outcome == OUTCOME_COMPLETE)
		log_info("listing complete", account, listing, poll_id, F_INT("images", log->items),
			 F_INT("added", commit->added), F_INT("changed", commit->changed_count),
			 F_INT("removed", commit->removed), F_INT("requests", log->requests),
			 F_INT("duration_ms", log->duration_ms));
	else if (log->outcome == OUTCOME_ABORTED)
		log_info("poll stopped", account, listing);
	else if (log->error_class == CLASS_PERMISSION && w->told == CLASS_PERMISSION)
		log_debug("listing not complete", F("error", log->message), account, listing);
	else if (log->error_class == CLASS_AUTH && log->requests == 0)
		log_debug("listing waits", F("error", log->message), account, listing);
	else
		log_event(event_of(log), F("error", log->message), account, listing, poll_id,
			  F("outcome", outcome_text(log->outcome)),
			  F("reason", error_class_text(log->error_class)));
}

void report_poll(struct watch *w, const struct poll_report *report)
{
	struct buf name;

	buf_init(&name);
	watch_put_name(&name, &w->identity);
	log_ended(w, report, buf_text(&name));
	buf_finish(&name);
	if (report->log->outcome != OUTCOME_ABORTED)
		w->failing = is_failure(w, report->log);
	if (report->commit->poll_id > 0)
		w->images_present = report->commit->images_present;
}
