/*
 * What holds for every record that comes out of any bytes: valid UTF-8, nothing that a terminal
 * obeys, lists that are JSON, raw that is JSON with its secrets taken out.
 */
#pragma once

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/json.h"
#include "model/record.h"

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_text(const char *text, enum column column)
{
	check(text_is_utf8(text, strlen(text)));
	if (column == COLUMN_raw)
		return;
	for (const char *at = text; *at; at++)
		check((unsigned char)*at >= 0x20 ||
		      (*at == '\n' && columns[column].type == COLUMN_PROSE));
}

static void check_list(const char *text)
{
	json_t *list = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	check(json_is_array(list));
	json_decref(list);
}

static void check_record(const struct record *record)
{
	const char *raw_end = record->raw + strlen(record->raw);
	json_error_t error;

	check(record->image_id && *record->image_id);
	for (enum column c = 0; c < COLUMN_COUNT; c++) {
		if (record_is_absent(record, c) ||
		    column_storage(columns[c].type) != STORED_AS_TEXT)
			continue;
		check_text(record_text(record, c), c);
		if (columns[c].type == COLUMN_LIST)
			check_list(record_text(record, c));
	}
	check(json_value_end(record->raw, raw_end, JSON_DEPTH_MAX) == raw_end);
	json_t *raw = json_loads(record->raw, 0, &error);
	check(raw || json_error_code(&error) == json_error_numeric_overflow);
	if (json_object_get(raw, "passwd"))
		check(strcmp(json_string_value(json_object_get(raw, "passwd")), "[redacted]") == 0);
	json_decref(raw);
}
