/*
 * /metrics: what the catalog says of each listing, what polls did since the start, and the process.
 *
 * Bounded: labels are names of the configuration and of places, and words of ours; never an image.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "export/exposition.h"
#include "export/handlers.h"
#include "export/process.h"
#include "export/tally.h"
#include "store/row.h"

/* One listing of the catalog that is configured. */
struct series {
	int64_t listing_id;
	const char *name;   /* "prod uhost cn-bj2" */
	const char *group;  /* labels account, provider, service */
	const char *labels; /* the same and listing */
	const char *info;   /* … and its place */
	const char *health; /* `labels`, health and reason */
	int64_t images, last_attempt_at, last_complete_at, interval_s;
	bool stale;
};

/* What the loop knows, copied for the worker. */
struct metrics {
	struct export_figures figures; /* its texts and rows are in the arena */
	struct tally tally;
	int64_t started_at;
	struct arena arena;
	struct series *series;
	size_t count, size;
};

static void drop(void *state)
{
	struct metrics *m = state;

	tally_finish(&m->tally);
	arena_finish(&m->arena);
	free(m->series);
	free(m);
}

bool metrics_prepare(struct exchange *x)
{
	struct metrics *m = calloc(1, sizeof(*m));

	if (!m)
		return false;
	x->state = m;
	x->drop = drop;
	arena_init(&m->arena);
	x->export->hooks.figures(x->export->hooks.data, &m->figures);
	size_t count = m->figures.traffic_count;
	struct export_traffic *rows = arena_alloc(&m->arena, (count + 1) * sizeof(*rows));
	for (size_t i = 0; i < count && rows; i++) {
		rows[i] = m->figures.traffic[i];
		rows[i].account = arena_string(&m->arena, rows[i].account);
	}
	m->figures.traffic = rows;
	m->figures.not_stored = NULL;
	m->started_at = x->export->started_at;
	return tally_copy(&m->tally, &x->export->tally) && !m->arena.failed;
}

/* ---- the listings -------------------------------------------------------------------------- */

static void put_labels(struct series *s, const struct reader_row *row, struct arena *arena)
{
	static const char *const group[] = { "account", "provider", "service" }, *const place[] = {
		"cloud", "region", "zone", "project", "variant"
	};
	struct buf labels;

	buf_init(&labels);
	for (size_t i = 0; i < ARRAY_LEN(group); i++)
		exposition_label(&labels, group[i], reader_text(row, group[i]));
	s->group = arena_string(arena, buf_text(&labels));
	exposition_label(&labels, "listing", s->name);
	s->labels = arena_string(arena, buf_text(&labels));
	for (size_t i = 0; i < ARRAY_LEN(place); i++)
		exposition_label(&labels, place[i], reader_text(row, place[i]));
	s->info = arena_string(arena, buf_text(&labels));
	buf_clear(&labels);
	buf_puts(&labels, s->labels ? s->labels : "");
	exposition_label(&labels, "health", reader_text(row, "health"));
	exposition_label(&labels, "reason", reader_text(row, "last_error_class"));
	s->health = arena_string(arena, buf_text(&labels));
	arena->failed |= labels.failed;
	buf_finish(&labels);
}

/* Two series of the same labels would spoil the whole answer. */
static const char *unique_name(struct metrics *m, const struct reader_row *row, int64_t listing_id)
{
	struct buf name;

	buf_init(&name);
	row_put_listing_name(&name, row);
	for (size_t i = 0; i < m->count; i++) {
		if (strcmp(m->series[i].name, buf_text(&name)) != 0)
			continue;
		buf_printf(&name, " #%lld", (long long)listing_id);
		break;
	}
	const char *copy = arena_string(&m->arena, buf_text(&name));
	m->arena.failed |= name.failed;
	buf_finish(&name);
	return copy;
}

static int on_listing(const struct reader_row *row, void *data)
{
	struct metrics *m = data;

	if (strcmp(reader_text(row, "health"), "disabled") == 0)
		return 0;
	if (m->count == m->size) {
		size_t size = m->size ? m->size * 2 : 64;
		struct series *grown = realloc(m->series, size * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		m->series = grown;
		m->size = size;
	}
	struct series s = {
		.listing_id = reader_int(row, "listing_id"),
		.images = reader_int(row, "images_present"),
		.last_attempt_at = reader_int(row, "last_attempt_at"),
		.last_complete_at = reader_int(row, "last_complete_at"),
		.interval_s = reader_int(row, "interval_s"),
		.stale = reader_int(row, "stale") != 0,
	};
	s.name = unique_name(m, row, s.listing_id);
	if (!s.name)
		return -ENOMEM;
	put_labels(&s, row, &m->arena);
	m->series[m->count++] = s;
	return m->arena.failed ? -ENOMEM : 0;
}

/* A family with a sample for each listing; those without a value (0 of `optional`) are left out. */
static void put_gauges(struct buf *out, const struct metrics *m, const char *name, const char *help,
		       size_t offset, bool optional)
{
	exposition_family(out, name, "gauge", help);
	for (size_t i = 0; i < m->count; i++) {
		const char *at = (const char *)&m->series[i] + offset;
		int64_t value = *(const int64_t *)(const void *)at;
		if (value != 0 || !optional)
			exposition_int(out, name, m->series[i].labels, value);
	}
}

static void put_listings(struct buf *out, const struct metrics *m)
{
#define AT(member) offsetof(struct series, member)
	exposition_family(out, "imagecatd_listing_info", "gauge",
			  "What a listing is; the value is 1.");
	for (size_t i = 0; i < m->count; i++)
		exposition_int(out, "imagecatd_listing_info", m->series[i].info, 1);
	exposition_family(out, "imagecatd_listing_health", "gauge",
			  "How the last poll ended and why it failed; the value is 1.");
	for (size_t i = 0; i < m->count; i++)
		exposition_int(out, "imagecatd_listing_health", m->series[i].health, 1);
	put_gauges(out, m, "imagecatd_listing_images", "Images that are present.", AT(images),
		   false);
	put_gauges(out, m, "imagecatd_listing_last_attempt_timestamp_seconds",
		   "When the last poll began.", AT(last_attempt_at), true);
	put_gauges(out, m, "imagecatd_listing_last_complete_timestamp_seconds",
		   "When the last poll that was proved whole ended.", AT(last_complete_at), true);
	put_gauges(out, m, "imagecatd_listing_interval_seconds", "How often it is polled.",
		   AT(interval_s), false);
	exposition_family(out, "imagecatd_listing_stale", "gauge",
			  "1 when the last complete poll is older than three intervals.");
	for (size_t i = 0; i < m->count; i++)
		exposition_int(out, "imagecatd_listing_stale", m->series[i].labels,
			       m->series[i].stale);
#undef AT
}

/* ---- polls --------------------------------------------------------------------------------- */

/* One sample with one label more. */
static void put_with(struct buf *out, const char *name, const char *labels, const char *label,
		     const char *value, uint64_t number)
{
	struct buf all;

	buf_init(&all);
	buf_puts(&all, labels);
	exposition_label(&all, label, value);
	exposition_int(out, name, buf_text(&all), (int64_t)number);
	out->failed |= all.failed;
	buf_finish(&all);
}

static void put_polls(struct buf *out, const struct metrics *m)
{
	exposition_family(out, "imagecatd_polls_total", "counter", "Polls that have ended.");
	for (size_t i = 0; i < m->count; i++) {
		const struct tally_listing *t = tally_of(&m->tally, m->series[i].listing_id);
		exposition_int(out, "imagecatd_polls_total", m->series[i].labels,
			       t ? (int64_t)t->polls : 0);
	}
	exposition_family(out, "imagecatd_poll_failures_total", "counter",
			  "Polls that were not complete, by reason.");
	for (size_t i = 0; i < m->count; i++) {
		const struct tally_listing *t = tally_of(&m->tally, m->series[i].listing_id);
		for (enum error_class c = 0; t && c < CLASS_COUNT; c++)
			if (t->failures[c] > 0)
				put_with(out, "imagecatd_poll_failures_total", m->series[i].labels,
					 "reason", tally_reason_text(c), t->failures[c]);
	}
	exposition_family(out, "imagecatd_image_changes_total", "counter",
			  "Images that were added, changed, missed, removed, returned or held.");
	for (size_t i = 0; i < m->count; i++) {
		const struct tally_listing *t = tally_of(&m->tally, m->series[i].listing_id);
		for (size_t kind = 0; t && kind < TALLY_KINDS; kind++)
			put_with(out, "imagecatd_image_changes_total", m->series[i].labels, "kind",
				 tally_kinds[kind], t->changes[kind]);
	}
}

static bool is_first_of_group(const struct metrics *m, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(m->series[k].group, m->series[i].group) == 0)
			return false;
	return true;
}

static void add_up(struct tally_listing *sum, const struct metrics *m, const char *group)
{
	*sum = (struct tally_listing){ 0 };
	for (size_t i = 0; i < m->count; i++) {
		const struct tally_listing *t = tally_of(&m->tally, m->series[i].listing_id);
		if (!t || strcmp(m->series[i].group, group) != 0)
			continue;
		sum->polls += t->polls;
		sum->duration_ms += t->duration_ms;
		for (size_t b = 0; b < TALLY_BUCKETS; b++)
			sum->buckets[b] += t->buckets[b];
	}
}

/* By service and not by listing: a dozen series each. */
static void put_durations(struct buf *out, const struct metrics *m)
{
	static const char name[] = "imagecatd_poll_duration_seconds",
			  bucket[] = "imagecatd_poll_duration_seconds_bucket";
	struct tally_listing sum;

	exposition_family(out, name, "histogram", "How long polls took.");
	for (size_t i = 0; i < m->count; i++) {
		const char *group = m->series[i].group;
		uint64_t below = 0;
		if (!is_first_of_group(m, i))
			continue;
		add_up(&sum, m, group);
		for (size_t b = 0; b < TALLY_BUCKETS; b++) {
			below += sum.buckets[b];
			put_with(out, bucket, group, "le", tally_bounds[b], below);
		}
		put_with(out, bucket, group, "le", "+Inf", sum.polls);
		exposition_real(out, "imagecatd_poll_duration_seconds_sum", group,
				(double)sum.duration_ms / 1000);
		exposition_int(out, "imagecatd_poll_duration_seconds_count", group,
			       (int64_t)sum.polls);
	}
}

/* ---- the rest ------------------------------------------------------------------------------ */

static void put_requests(struct buf *out, const struct export_figures *f)
{
	exposition_family(out, "imagecatd_http_client_requests_total", "counter",
			  "Requests to clouds by status; error: there was no answer.");
	for (size_t i = 0; i < f->traffic_count; i++) {
		struct buf labels;
		buf_init(&labels);
		exposition_label(&labels, "account", f->traffic[i].account);
		exposition_label(&labels, "code", f->traffic[i].code);
		exposition_int(out, "imagecatd_http_client_requests_total", buf_text(&labels),
			       (int64_t)f->traffic[i].requests);
		out->failed |= labels.failed;
		buf_finish(&labels);
	}
}

static void put_number(struct buf *out, const char *name, const char *type, const char *help,
		       double value)
{
	exposition_family(out, name, type, help);
	exposition_real(out, name, "", value);
}

static void put_daemon(struct buf *out, const struct metrics *m, bool readable)
{
	const struct export_figures *f = &m->figures;

	exposition_family(out, "imagecatd_build_info", "gauge",
			  "Which release runs; the value is 1.");
	exposition_int(out, "imagecatd_build_info", "version=\"" IMAGECAT_VERSION "\"", 1);
	put_number(out, "imagecatd_catalog_readable", "gauge",
		   "1 when the catalog could be read for this answer.", readable);
	put_number(out, "imagecatd_store_wal_bytes", "gauge",
		   "Size of the write-ahead log after the last poll.", (double)f->wal_bytes);
	put_number(out, "imagecatd_store_checkpoint_busy_total", "counter",
		   "Checkpoints that a reader kept from finishing.",
		   (double)f->checkpoint_busy_total);
	put_number(out, "imagecatd_config_last_reload_successful", "gauge",
		   "0 when the last reload was refused.", f->reload_successful);
	put_number(out, "imagecatd_config_last_reload_success_timestamp_seconds", "gauge",
		   "When the configuration in force was read.", (double)f->reload_success_at);
}

static void put_process(struct buf *out, int64_t started_at)
{
	struct process_figures p;

	process_read(&p);
	put_number(out, "process_cpu_seconds_total", "counter", "Time of the processors.", p.cpu_s);
	put_number(out, "process_resident_memory_bytes", "gauge", "Memory in use.",
		   (double)p.resident_bytes);
	put_number(out, "process_virtual_memory_bytes", "gauge", "Address space in use.",
		   (double)p.virtual_bytes);
	put_number(out, "process_open_fds", "gauge", "Open files.", (double)p.open_fds);
	put_number(out, "process_max_fds", "gauge", "Files that may be open.", (double)p.max_fds);
	put_number(out, "process_start_time_seconds", "gauge", "When the process began.",
		   (double)started_at);
}

void metrics_answer(struct exchange *x, struct reader *reader)
{
	struct metrics *m = x->state;
	struct error err = { 0 };
	bool readable = reader && reader_each_listing(reader, on_listing, m, &err) == 0;
	struct buf *out = answer_begin(&x->answer, 200, TYPE_METRICS);

	/* Counters alone are better than none: who watches sees that the catalog cannot be read. */
	if (!readable)
		m->count = 0;
	put_daemon(out, m, readable);
	put_listings(out, m);
	put_polls(out, m);
	put_durations(out, m);
	put_requests(out, &m->figures);
	put_process(out, m->started_at);
}
