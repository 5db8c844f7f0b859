#include "daemon/standing.h"

#include <string.h>

enum {
	NAME_BYTES_MAX = 160,
	DAY_S = 24 * 60 * 60,
	DATE_LEN = 10, /* of "2026-11-21T03:50:21Z" */
	TIME_LEN = 8,
};

void standing_take(struct standing *ret, struct watch *const *watches, size_t count,
		   const struct env *env, int64_t patience_ms)
{
	int64_t now_ms = env->now_ms(env), next_ms = INT64_MAX;
	struct standing s = { 0 };

	for (size_t i = 0; i < count; i++) {
		const struct watch *w = watches[i];
		if (w->gone || w->lost || w->listing_id == 0)
			continue;
		s.listings++;
		s.images += w->images_present;
		s.polling += w->poll != NULL;
		if (w->failing && s.failing++ == 0)
			s.worst = w;
		if (w->poll)
			continue;
		if (w->due_ms < next_ms)
			next_ms = w->due_ms;
		if (w->due_ms < now_ms - patience_ms)
			s.forgotten = true;
	}
	if (next_ms != INT64_MAX) {
		int64_t wait_ms = next_ms > now_ms ? next_ms - now_ms : 0;
		s.next_at = env->now_s(env) + (wait_ms + 999) / 1000;
	}
	*ret = s;
}

static bool is_harmless(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("._- ", c));
}

static void put_name(struct buf *out, const struct watch *watch)
{
	struct buf name;

	buf_init(&name);
	watch_put_name(&name, &watch->identity);
	for (size_t i = 0; i < name.len && i < NAME_BYTES_MAX; i++)
		buf_putc(out, is_harmless(name.bytes[i]) ? name.bytes[i] : '?');
	out->failed = out->failed || name.failed;
	buf_finish(&name);
}

static void put_failing(struct buf *out, const struct standing *s)
{
	const struct watch *worst = s->worst;

	buf_printf(out, ", %zu failing", s->failing);
	if (!worst)
		return;
	buf_puts(out, " (");
	put_name(out, worst);
	if (worst->polled && worst->error_class != CLASS_NONE)
		buf_printf(out, ": %s", error_class_text(worst->error_class));
	if (s->failing > 1)
		buf_printf(out, ", and %zu more", s->failing - 1);
	buf_putc(out, ')');
}

static void put_next(struct buf *out, int64_t next_at, int64_t now_s)
{
	char when[CLOCK_TEXT_SIZE];

	clock_text(next_at, when);
	if (strlen(when) < DATE_LEN + 1 + TIME_LEN)
		return;
	if (next_at - now_s >= DAY_S)
		buf_printf(out, "; next poll on %.*s at %.*s UTC", DATE_LEN, when, TIME_LEN,
			   when + DATE_LEN + 1);
	else
		buf_printf(out, "; next poll at %.*s UTC", TIME_LEN, when + DATE_LEN + 1);
}

void standing_put(struct buf *out, const struct standing *s, int64_t now_s)
{
	if (s->listings == 0) {
		buf_puts(out, "no listing is configured");
		return;
	}
	buf_printf(out, "%zu listing%s", s->listings, s->listings == 1 ? "" : "s");
	if (s->failing > 0)
		put_failing(out, s);
	buf_printf(out, "; %lld image%s", (long long)s->images, s->images == 1 ? "" : "s");
	if (s->polling > 0)
		buf_printf(out, "; %zu being polled", s->polling);
	if (s->next_at > 0)
		put_next(out, s->next_at, now_s);
}
