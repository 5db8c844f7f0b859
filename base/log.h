/*
 * Structured logging for the edge: daemon/, export/ and cli/ log, library code returns.
 *
 * A message is a constant sentence, data is in fields; in text a field `error` reads on from the
 * message. Values are cleaned on their way out, so that one record is one line whatever a provider
 * sent. Thread: any.
 *
 * Nobody is waited for: what stderr or the journal does not take at once (the journal: what a queue
 * of one MiB does not) is dropped, and counted in the next record that is taken.
 */
#pragma once

#include "base/base.h"

enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARN = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

enum log_format {
	LOG_AUTO, /* journal when stderr is the journal, else text */
	LOG_TEXT, /* for people; "<N>" prefixes when stderr is the journal, which takes them off */
	LOG_JSON, /* one object per line */
	LOG_JOURNAL, /* native fields: MESSAGE, PRIORITY, MESSAGE_ID, IMAGECAT_<FIELD> */
};

struct log_field {
	const char *name; /* lower case; NULL ends the list */
	const char *text; /* NULL when the field is a number */
	int64_t number;
};

/* A function, so that an array may be given too: comparing its address with NULL is a warning. */
static inline const char *log_text(const char *text)
{
	return text ? text : "";
}

#define F(field, value)     ((struct log_field){ .name = (field), .text = log_text(value) })
#define F_INT(field, value) ((struct log_field){ .name = (field), .number = (value) })

/* A kind of event that people look up: its id is what message catalogs explain, for ever. */
struct log_event {
	const char *id; /* 128 bits in hex */
	enum log_level level;
	const char *message;
};

void log_setup(enum log_level level, enum log_format format);

/* At the end of the process: gives the journal a moment to take what is left. */
void log_finish(void);

/* False for a word that is no level or format. */
bool log_level_from_text(const char *word, enum log_level *ret_level);
bool log_format_from_text(const char *word, enum log_format *ret_format);

void log_write(enum log_level level, const char *message, const struct log_field *fields);
void log_write_event(const struct log_event *event, const struct log_field *fields);

#define log_at(level, message, ...)                                                                \
	log_write((level), (message), (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(, ){ 0 } })
#define log_event(event, ...)                                                                      \
	log_write_event((event), (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(, ){ 0 } })
#define log_error(...) log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_at(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)

/*
 * Bytes to stderr, never waiting for whoever reads it: what does not fit now is dropped. For those
 * who tell people of progress beside the log.
 */
void log_put(const char *bytes, size_t len);
