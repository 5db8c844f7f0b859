#include "sim/eventlog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct eventlog {
	FILE *file;
	uint64_t seq;
	struct buf line;
};

static void write_line(struct eventlog *log)
{
	if (!log->line.failed && log->line.len > 0)
		(void)fwrite(log->line.bytes, 1, log->line.len, log->file);
	buf_clear(&log->line);
}

void truth_put(struct buf *out, const struct catalog *catalog, const struct segment *segment,
	       const struct image *image, const char *event, uint64_t *seq)
{
	char id[IMAGE_ID_SIZE];
	struct json json;

	for (unsigned v = 0; v < VERSIONS_MAX; v++) {
		if (!(image->versions & 1u << v))
			continue;
		image_id(catalog, segment, image, v, id);
		json_init(&json, out, false);
		json_object(&json, NULL);
		if (seq)
			json_int(&json, "seq", (int64_t)++ * seq);
		if (event)
			json_text(&json, "event", event);
		json_text(&json, "segment", segment->name);
		json_text(&json, "id", id);
		json_text(&json, "state", image_state(segment, image));
		json_int(&json, "revision", image->revision);
		json_int(&json, "uses", image->uses);
		json_object_end(&json);
		buf_putc(out, '\n');
	}
}

void eventlog_change(struct eventlog *log, const struct catalog *catalog, const char *event,
		     const struct segment *segment, const struct image *image)
{
	truth_put(&log->line, catalog, segment, image, event, &log->seq);
	write_line(log);
	(void)fflush(log->file);
}

void eventlog_call(struct eventlog *log, const struct call *call, int status)
{
	struct buf faults = { 0 };
	struct json json;

	json_init(&json, &log->line, false);
	json_object(&json, NULL);
	json_int(&json, "seq", (int64_t)++log->seq);
	json_text(&json, "event", "request");
	json_text(&json, "cloud", call->cloud ? call->cloud : "");
	json_text(&json, "action", call->action);
	json_text(&json, "scope", call->scope);
	json_int(&json, "offset", call->offset);
	json_int(&json, "limit", call->limit);
	json_int(&json, "items", call->items);
	json_int(&json, "total", call->total);
	json_int(&json, "code", call->code);
	json_int(&json, "status", status);
	fault_put_names(&faults, call->faults);
	json_text(&json, "faults", buf_text(&faults));
	buf_finish(&faults);
	json_object_end(&json);
	buf_putc(&log->line, '\n');
	write_line(log);
	(void)fflush(log->file);
}

int eventlog_open(struct eventlog **ret, const char *path, const struct catalog *catalog,
		  uint64_t seed, struct error *err)
{
	struct eventlog *log = calloc(1, sizeof(*log));

	if (!log)
		return error_set(err, -ENOMEM, "no memory for the log");
	log->file = fopen(path, "we");
	if (!log->file) {
		int r = error_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
		free(log);
		return r;
	}
	buf_printf(&log->line, "{\"seq\":%llu,\"event\":\"start\",\"seed\":%llu,\"images\":%zu}\n",
		   (unsigned long long)++log->seq, (unsigned long long)seed,
		   catalog_images(catalog));
	for (size_t s = 0; s < catalog->segment_count; s++)
		for (size_t i = 0; i < catalog->segments[s].count; i++) {
			truth_put(&log->line, catalog, &catalog->segments[s],
				  &catalog->segments[s].images[i], "listed", &log->seq);
			write_line(log);
		}
	(void)fflush(log->file);
	*ret = log;
	return 0;
}

void eventlog_close(struct eventlog *log)
{
	if (!log)
		return;
	(void)fclose(log->file);
	buf_finish(&log->line);
	free(log);
}
