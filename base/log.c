#include "base/log.h"

#include <ctype.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/journal.h"
#include "base/text.h"

enum { FIELDS_MAX = 16, FLUSH_MS = 1000 };

static struct {
	enum log_level level;
	enum log_format format;
	bool prefixed; /* journald takes the "<N>" off again */
} settings = { .level = LOG_LEVEL_INFO, .format = LOG_TEXT };

/* clang-format off */
static const struct { const char *word; enum log_level level; } levels[] = {
	{ "error", LOG_LEVEL_ERROR }, { "warn", LOG_LEVEL_WARN },
	{ "info",  LOG_LEVEL_INFO },  { "debug", LOG_LEVEL_DEBUG },
};
static const struct { const char *word; enum log_format format; } formats[] = {
	{ "auto", LOG_AUTO }, { "text", LOG_TEXT }, { "json", LOG_JSON }, { "journal", LOG_JOURNAL },
};
/* clang-format on */

bool log_level_from_text(const char *word, enum log_level *ret_level)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (strcmp(levels[i].word, word) == 0) {
			*ret_level = levels[i].level;
			return true;
		}
	}
	return false;
}

bool log_format_from_text(const char *word, enum log_format *ret_format)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (strcmp(formats[i].word, word) == 0) {
			*ret_format = formats[i].format;
			return true;
		}
	}
	return false;
}

/* Records that nobody took since the last one that somebody did. */
static atomic_llong dropped;

static const char *level_word(enum log_level level)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (levels[i].level == level)
			return levels[i].word;
	return "info";
}

/* $JOURNAL_STREAM alone proves nothing: it is inherited by children whose stderr went elsewhere. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_setup(enum log_level level, enum log_format format)
{
	settings.level = level;
	settings.prefixed = stderr_is_journal();
	settings.format = format;
	if (format == LOG_AUTO)
		settings.format = settings.prefixed ? LOG_JOURNAL : LOG_TEXT;
}

/* Quoted where a reader could take it for two values, judged by what is left after cleaning. */
static void put_text_value(struct buf *out, const char *value)
{
	struct buf clean;

	buf_init(&clean);
	text_put_clean(&clean, TEXT_LINE, value, strlen(value));
	if (!clean.len || strpbrk(buf_text(&clean), " \"=\\"))
		text_put_json(out, buf_text(&clean));
	else
		buf_put(out, clean.bytes, clean.len);
	out->failed = out->failed || clean.failed;
	buf_finish(&clean);
}

static void put_sentence(struct buf *out, const char *message, const struct log_field *fields)
{
	text_put_clean(out, TEXT_LINE, message, strlen(message));
	/* The sentence that says what went wrong reads on from the message. */
	for (const struct log_field *f = fields; f->name; f++) {
		if (f->text && strcmp(f->name, "error") == 0) {
			buf_puts(out, ": ");
			text_put_clean(out, TEXT_LINE, f->text, strlen(f->text));
		}
	}
	for (const struct log_field *f = fields; f->name; f++) {
		if (f->text && strcmp(f->name, "error") == 0)
			continue;
		buf_printf(out, " %s=", f->name);
		if (f->text)
			put_text_value(out, f->text);
		else
			buf_printf(out, "%lld", (long long)f->number);
	}
}

static void put_text(struct buf *out, enum log_level level, const char *message,
		     const struct log_field *fields)
{
	if (settings.prefixed)
		buf_printf(out, "<%d>", (int)level);
	if (level <= LOG_LEVEL_WARN || level == LOG_LEVEL_DEBUG)
		buf_printf(out, "%s: ", level_word(level));
	put_sentence(out, message, fields);
	buf_putc(out, '\n');
}

static void put_json(struct buf *out, enum log_level level, const char *message,
		     const struct log_field *fields)
{
	char when[CLOCK_TEXT_SIZE];
	struct buf clean;

	buf_init(&clean);
	const struct env *env = env_system();
	buf_printf(out, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":",
		   clock_text(env->now_s(env), when), level_word(level));
	text_put_clean(&clean, TEXT_LINE, message, strlen(message));
	text_put_json(out, buf_text(&clean));
	for (const struct log_field *f = fields; f->name; f++) {
		buf_printf(out, ",\"%s\":", f->name);
		if (f->text) {
			buf_clear(&clean);
			text_put_clean(&clean, TEXT_LINE, f->text, strlen(f->text));
			text_put_json(out, buf_text(&clean));
		} else {
			buf_printf(out, "%lld", (long long)f->number);
		}
	}
	buf_puts(out, "}\n");
	out->failed = out->failed || clean.failed;
	buf_finish(&clean);
}

static bool send_journal(const char *id, enum log_level level, const char *message,
			 const struct log_field *fields)
{
	struct buf pieces[FIELDS_MAX + 3];
	struct iovec iov[FIELDS_MAX + 3];
	size_t count = 0;
	bool whole = true;

	for (size_t i = 0; i < ARRAY_LEN(pieces); i++)
		buf_init(&pieces[i]);
	/* With its fields: most people read the journal one sentence a record. */
	buf_puts(&pieces[count], "MESSAGE=");
	put_sentence(&pieces[count++], message, fields);
	buf_printf(&pieces[count++], "PRIORITY=%d", (int)level);
	if (id)
		buf_printf(&pieces[count++], "MESSAGE_ID=%s", id);
	for (const struct log_field *f = fields; f->name && count < ARRAY_LEN(pieces); f++) {
		struct buf *piece = &pieces[count++];
		buf_puts(piece, "IMAGECAT_");
		for (const char *c = f->name; *c; c++)
			buf_putc(piece, (char)toupper((unsigned char)*c));
		buf_putc(piece, '=');
		if (f->text)
			text_put_clean(piece, TEXT_LINE, f->text, strlen(f->text));
		else
			buf_printf(piece, "%lld", (long long)f->number);
	}
	for (size_t i = 0; i < count; i++) {
		iov[i] = (struct iovec){ .iov_base = pieces[i].bytes, .iov_len = pieces[i].len };
		whole = whole && !pieces[i].failed;
	}
	bool taken = whole && journal_put(iov, count);
	for (size_t i = 0; i < count; i++)
		buf_finish(&pieces[i]);
	return taken;
}

static bool put(const char *bytes, size_t len)
{
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
	/* A pipe that nobody reads must not stop the daemon. Up to this size a pipe that is ready
	 * takes all. */
	size_t fits = len < PIPE_BUF ? len : PIPE_BUF;

	return poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) &&
	       write(STDERR_FILENO, bytes, fits) >= 0;
}

void log_put(const char *bytes, size_t len)
{
	(void)put(bytes, len);
}

static bool send_line(enum log_level level, const char *message, const struct log_field *fields)
{
	struct buf line;

	buf_init(&line);
	if (settings.format == LOG_JSON)
		put_json(&line, level, message, fields);
	else
		put_text(&line, level, message, fields);
	/* One write per record: records of several threads do not mix. */
	bool taken = !line.failed && put(line.bytes, line.len);
	buf_finish(&line);
	return taken;
}

static bool hand_over(const char *id, enum log_level level, const char *message,
		      const struct log_field *fields)
{
	return settings.format == LOG_JOURNAL ? send_journal(id, level, message, fields)
					      : send_line(level, message, fields);
}

static void write_record(const char *id, enum log_level level, const char *message,
			 const struct log_field *fields)
{
	if (level > settings.level)
		return;
	long long lost = atomic_exchange(&dropped, 0);
	const struct log_field count[] = { F_INT("records", lost), { 0 } };
	if (lost > 0 && !hand_over(NULL, LOG_LEVEL_WARN, "log records were dropped", count))
		(void)atomic_fetch_add(&dropped, lost);
	if (!hand_over(id, level, message, fields))
		(void)atomic_fetch_add(&dropped, 1);
}

void log_write(enum log_level level, const char *message, const struct log_field *fields)
{
	write_record(NULL, level, message, fields);
}

void log_write_event(const struct log_event *event, const struct log_field *fields)
{
	write_record(event->id, event->level, event->message, fields);
}

void log_finish(void)
{
	journal_flush(FLUSH_MS);
}
