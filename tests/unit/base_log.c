/*
 * One record is one line, whatever a provider sent. The tests take stderr for the time of one
 * record; the journal is not asked what it received.
 */
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "test.h"

enum { OUTPUT_BYTES = 8192 };

struct capture {
	int file, saved;
};

static void capture_begin(struct capture *capture)
{
	fflush(stderr);
	capture->file = memfd_create("stderr", 0);
	capture->saved = dup(STDERR_FILENO);
	assert_true(capture->file >= 0 && capture->saved >= 0);
	assert_true(dup2(capture->file, STDERR_FILENO) >= 0);
}

static void capture_end(struct capture *capture, char output[static OUTPUT_BYTES])
{
	assert_true(dup2(capture->saved, STDERR_FILENO) >= 0);
	ssize_t n = pread(capture->file, output, OUTPUT_BYTES - 1, 0);
	close(capture->file);
	close(capture->saved);
	assert_true(n >= 0);
	output[n] = '\0';
}

struct record {
	const char *name;
	enum log_level level;
	const char *message, *value; /* value of the field "name"; NULL: no fields */
	const char *text;
	const char *json; /* behind the time */
};

/* clang-format off */
static const struct record records[] = {
	{ "plain", LOG_LEVEL_INFO, "poll ended", "prod",
	  "poll ended name=prod n=-7\n",
	  "\"level\":\"info\",\"message\":\"poll ended\",\"name\":\"prod\",\"n\":-7}\n" },
	{ "without fields", LOG_LEVEL_WARN, "throttled", NULL,
	  "warn: throttled\n",
	  "\"level\":\"warn\",\"message\":\"throttled\"}\n" },
	{ "error", LOG_LEVEL_ERROR, "m", "v", "error: m name=v n=-7\n",
	  "\"level\":\"error\",\"message\":\"m\",\"name\":\"v\",\"n\":-7}\n" },
	{ "debug", LOG_LEVEL_DEBUG, "m", "v", "debug: m name=v n=-7\n",
	  "\"level\":\"debug\",\"message\":\"m\",\"name\":\"v\",\"n\":-7}\n" },
	{ "blanks are quoted", LOG_LEVEL_INFO, "m", "two words",
	  "m name=\"two words\" n=-7\n",
	  "\"level\":\"info\",\"message\":\"m\",\"name\":\"two words\",\"n\":-7}\n" },
	{ "nothing is quoted", LOG_LEVEL_INFO, "m", "",
	  "m name=\"\" n=-7\n",
	  "\"level\":\"info\",\"message\":\"m\",\"name\":\"\",\"n\":-7}\n" },
	{ "nothing visible is quoted", LOG_LEVEL_INFO, "m", "\n\t",
	  "m name=\"\" n=-7\n",
	  "\"level\":\"info\",\"message\":\"m\",\"name\":\"\",\"n\":-7}\n" },
	{ "quotes are escaped", LOG_LEVEL_INFO, "m", "a\"b\\c",
	  "m name=\"a\\\"b\\\\c\" n=-7\n",
	  "\"level\":\"info\",\"message\":\"m\",\"name\":\"a\\\"b\\\\c\",\"n\":-7}\n" },
	{ "a forged line", LOG_LEVEL_INFO, "m", "x\n<3>error:\tforged",
	  "m name=\"x <3>error: forged\" n=-7\n",
	  "\"level\":\"info\",\"message\":\"m\",\"name\":\"x <3>error: forged\",\"n\":-7}\n" },
	{ "a newline alone needs quotes", LOG_LEVEL_INFO, "m", "x\ny",
	  "m name=\"x y\" n=-7\n",
	  "\"level\":\"info\",\"message\":\"m\",\"name\":\"x y\",\"n\":-7}\n" },
	{ "a forged field", LOG_LEVEL_INFO, "m", "x\xE3\x80\x80level=3",
	  "m name=\"x level=3\" n=-7\n",
	  "\"level\":\"info\",\"message\":\"m\",\"name\":\"x level=3\",\"n\":-7}\n" },
	{ "a hostile message", LOG_LEVEL_INFO, "a\r\nb\x1B[2J\xFF", "v",
	  "a b\xEF\xBF\xBD[2J\xEF\xBF\xBD name=v n=-7\n",
	  "\"level\":\"info\",\"message\":\"a b\xEF\xBF\xBD[2J\xEF\xBF\xBD\",\"name\":\"v\",\"n\":-7}\n" },
};
/* clang-format on */

static void write_record(const struct record *row)
{
	const struct log_field fields[] = { F("name", row->value), F_INT("n", -7), { 0 } };

	log_write(row->level, row->message, row->value ? fields : fields + 2);
}

static void text_record(void **state)
{
	const struct record *row = *state;
	char output[OUTPUT_BYTES];
	struct capture capture;

	capture_begin(&capture);
	log_setup(LOG_LEVEL_DEBUG, LOG_TEXT);
	write_record(row);
	capture_end(&capture, output);
	assert_string_equal(output, row->text);
}

static void json_record(void **state)
{
	const struct record *row = *state;
	char output[OUTPUT_BYTES];
	struct capture capture;
	int year, end = 0;

	capture_begin(&capture);
	log_setup(LOG_LEVEL_DEBUG, LOG_JSON);
	write_record(row);
	capture_end(&capture, output);
	assert_int_equal(sscanf(output, "{\"time\":\"%4d-%*2d-%*2dT%*2d:%*2d:%*2dZ\",%n", &year,
				&end),
			 1);
	assert_true(end > 0 && year >= 2026);
	assert_string_equal(output + end, row->json);
}

/* Where a JSON string that begins at text[0] ends; NULL when it is not one. */
static const char *json_string_end(const char *text)
{
	if (*text++ != '"')
		return NULL;
	for (; *text && *text != '"'; text++) {
		if ((unsigned char)*text < 0x20)
			return NULL;
		if (*text == '\\' && !strchr("\"\\/bfnrtu", *++text))
			return NULL;
	}
	return *text ? text + 1 : NULL;
}

static void any_bytes_stay_one_line(void **state)
{
	static const enum log_format formats[] = { LOG_TEXT, LOG_JSON };
	uint64_t random = 11;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		char value[64] = "", output[OUTPUT_BYTES];
		struct capture capture;
		for (size_t i = 0; i < sizeof(value) - 1; i++) {
			random = random * UINT64_C(6364136223846793005) +
				 UINT64_C(1442695040888963407);
			value[i] = (char)(random >> 56);
		}
		capture_begin(&capture);
		log_setup(LOG_LEVEL_INFO, formats[round & 1]);
		log_info("bytes", F("v", value), F_INT("n", round));
		capture_end(&capture, output);
		size_t len = strlen(output);
		assert_true(len > 0 && text_is_utf8(output, len));
		assert_ptr_equal(strchr(output, '\n'), output + len - 1);
		const char *field = strstr(output, "\"v\":");
		if (formats[round & 1] == LOG_JSON) {
			const char *end = field ? json_string_end(field + 4) : NULL;
			assert_non_null(end);
			assert_memory_equal(end, ",\"n\":", 5);
		}
	}
}

static size_t output_of(enum log_level setting, enum log_level level)
{
	char output[OUTPUT_BYTES];
	struct capture capture;

	capture_begin(&capture);
	log_setup(setting, LOG_TEXT);
	log_at(level, "m");
	capture_end(&capture, output);
	return strlen(output);
}

static void level_filters(void **state)
{
	static const enum log_level levels[] = { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO,
						 LOG_LEVEL_DEBUG };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		for (size_t k = 0; k < ARRAY_LEN(levels); k++)
			assert_int_equal(output_of(levels[i], levels[k]) > 0, k <= i);
}

static void words_are_known(void **state)
{
	enum log_level level = LOG_LEVEL_WARN;
	enum log_format format = LOG_JSON;

	(void)state;
	assert_true(log_level_from_text("debug", &level));
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_true(log_level_from_text("error", &level));
	assert_int_equal(level, LOG_LEVEL_ERROR);
	assert_false(log_level_from_text("Error", &level));
	assert_false(log_level_from_text("", &level));
	assert_int_equal(level, LOG_LEVEL_ERROR);
	assert_true(log_format_from_text("auto", &format));
	assert_int_equal(format, LOG_AUTO);
	assert_true(log_format_from_text("journal", &format));
	assert_int_equal(format, LOG_JOURNAL);
	assert_false(log_format_from_text("xml", &format));
	assert_int_equal(format, LOG_JOURNAL);
}

/* $JOURNAL_STREAM is inherited; it counts only when stderr is that very file. */
static void auto_is_text_where_stderr_is_no_journal(void **state)
{
	char output[OUTPUT_BYTES];
	struct capture capture;

	(void)state;
	assert_int_equal(setenv("JOURNAL_STREAM", "1:2", 1), 0);
	capture_begin(&capture);
	log_setup(LOG_LEVEL_INFO, LOG_AUTO);
	log_info("m");
	capture_end(&capture, output);
	assert_string_equal(output, "m\n");
	unsetenv("JOURNAL_STREAM");
}

/* journald takes the level off the line, and gives a line without one the level of the service. */
static void lines_for_the_journal_have_levels(void **state)
{
	char output[OUTPUT_BYTES], stream[64];
	struct capture capture;
	struct stat st;

	(void)state;
	capture_begin(&capture);
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
	log_setup(LOG_LEVEL_DEBUG, LOG_TEXT);
	log_warn("<0>m", F("v", "x\n<0>y"));
	log_debug("d");
	log_setup(LOG_LEVEL_INFO, LOG_JSON);
	log_info("j");
	capture_end(&capture, output);
	unsetenv("JOURNAL_STREAM");
	static const char expected[] = "<4>warn: <0>m v=\"x <0>y\"\n<7>debug: d\n{\"time\":";
	assert_memory_equal(output, expected, strlen(expected));
	log_setup(LOG_LEVEL_INFO, LOG_TEXT);
}

/* More fields than fit are left out, not written past the end; a missing journal is no error. */
static void the_journal_takes_many_fields(void **state)
{
	struct log_field fields[41] = { { 0 } };
	char output[OUTPUT_BYTES];
	struct capture capture;

	(void)state;
	for (size_t i = 0; i + 1 < ARRAY_LEN(fields); i++)
		fields[i] = i % 2 ? F("hostile", "a\nMESSAGE=forged") : F_INT("n", 1);
	capture_begin(&capture);
	log_setup(LOG_LEVEL_INFO, LOG_JOURNAL);
	log_write(LOG_LEVEL_DEBUG, "filtered", fields);
	log_write(LOG_LEVEL_INFO, "a test of the journal", fields);
	capture_end(&capture, output);
	assert_string_equal(output, "");
}

int main(void)
{
	struct CMUnitTest tests[2 * ARRAY_LEN(records) + 8];
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(any_bytes_stay_one_line),
		cmocka_unit_test(level_filters),
		cmocka_unit_test(words_are_known),
		cmocka_unit_test(auto_is_text_where_stderr_is_no_journal),
		cmocka_unit_test(lines_for_the_journal_have_levels),
		cmocka_unit_test(the_journal_takes_many_fields),
	};
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(records); i++) {
		tests[count++] = (struct CMUnitTest)TEST_ROW(text_record, &records[i]);
		tests[count++] = (struct CMUnitTest)TEST_ROW(json_record, &records[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		tests[count++] = others[i];
	return _cmocka_run_group_tests("base_log", tests, count, NULL, NULL);
}
