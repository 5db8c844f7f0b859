/*
 * How many images there are of which sort, and how well the listings are.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "export/handlers.h"

/* By what is counted, and how many different words of each are told apart. */
static const char *const dimensions[] = { "provider", "service",   "region", "kind",       "origin",
					  "state",    "os_distro", "arch",   "launchable", NULL };
enum { DIMENSIONS = ARRAY_LEN(dimensions) - 1, WORDS_MAX = 200 };

struct value_count {
	char *text; /* NULL: the images that have none */
	int64_t images;
};

struct dimension {
	struct value_count words[WORDS_MAX];
	size_t count, last; /* the last one that was met: rows come in runs */
	int64_t others;
};

struct stats {
	struct dimension by[DIMENSIONS];
	int64_t images, listings, stale;
	struct dimension health;
};

static bool is_word(const struct value_count *word, const char *text)
{
	return text ? word->text && strcmp(word->text, text) == 0 : !word->text;
}

static int count(struct dimension *d, const char *text)
{
	if (d->last < d->count && is_word(&d->words[d->last], text)) {
		d->words[d->last].images++;
		return 0;
	}
	for (d->last = 0; d->last < d->count; d->last++)
		if (is_word(&d->words[d->last], text))
			break;
	if (d->last == WORDS_MAX) {
		d->others++;
		return 0;
	}
	if (d->last == d->count) {
		d->words[d->last].text = text ? strdup(text) : NULL;
		if (text && !d->words[d->last].text)
			return -ENOMEM;
		d->count++;
	}
	d->words[d->last].images++;
	return 0;
}

static int on_image(const struct reader_row *row, void *data)
{
	struct stats *s = data;
	int rc = 0;

	s->images++;
	for (size_t i = 0; i < DIMENSIONS && rc == 0; i++) {
		const struct reader_value *value = &row->values[i];
		const char *text = value->type == READER_TEXT  ? value->text
				   : value->type == READER_INT ? (value->integer ? "yes" : "no")
							       : NULL;
		rc = count(&s->by[i], text);
	}
	return rc;
}

static int on_listing(const struct reader_row *row, void *data)
{
	const struct reader_value *health = reader_value(row, "health"),
				  *stale = reader_value(row, "stale");
	struct stats *s = data;

	s->listings++;
	s->stale += stale && stale->integer != 0;
	return count(&s->health, health && health->type == READER_TEXT ? health->text : NULL);
}

static void put_dimension(struct buf *out, const char *name, const char *what,
			  const struct dimension *d)
{
	text_put_json(out, name);
	buf_puts(out, ":[");
	for (size_t i = 0; i < d->count; i++) {
		buf_puts(out, i > 0 ? ",{\"value\":" : "{\"value\":");
		if (d->words[i].text)
			text_put_json(out, d->words[i].text);
		else
			buf_puts(out, "null");
		buf_printf(out, ",\"%s\":%lld}", what, (long long)d->words[i].images);
	}
	buf_puts(out, "]");
}

static void put_stats(struct exchange *x, const struct stats *s)
{
	struct buf *out = answer_begin(&x->answer, 200, TYPE_JSON);

	buf_printf(out, "{\"images\":%lld,\"listings\":%lld,\"stale_listings\":%lld,\"seq\":%lld,",
		   (long long)s->images, (long long)s->listings, (long long)s->stale,
		   (long long)x->mark.last_seq);
	buf_printf(out, "\"poll_id\":%lld,\"created_at\":%lld,\"version\":\"%s\",",
		   (long long)x->mark.poll_id, (long long)x->mark.created_at, IMAGECAT_VERSION);
	put_dimension(out, "health", "listings", &s->health);
	buf_puts(out, ",\"by\":{\n");
	for (size_t i = 0; i < DIMENSIONS; i++) {
		put_dimension(out, dimensions[i], "images", &s->by[i]);
		buf_puts(out, i + 1 < DIMENSIONS ? ",\n" : "\n");
	}
	buf_puts(out, "}}\n");
	answer_hide_markup(out);
}

static void finish(struct dimension *d)
{
	for (size_t i = 0; i < d->count; i++)
		free(d->words[i].text);
}

void stats_answer(struct exchange *x, struct reader *reader)
{
	const struct image_filter filter = { .columns = dimensions,
					     .purged = true,
					     .unsorted = true };
	struct stats *s = calloc(1, sizeof(*s));
	struct error err = { 0 };

	int rc = s ? reader_each_image(reader, &filter, on_image, s, &err) : -ENOMEM;
	if (rc == 0)
		rc = reader_each_listing(reader, on_listing, s, &err);
	if (rc < 0)
		exchange_failed(x, rc, &err);
	else
		put_stats(x, s);
	for (size_t i = 0; s && i < DIMENSIONS; i++)
		finish(&s->by[i]);
	if (s)
		finish(&s->health);
	free(s);
}
