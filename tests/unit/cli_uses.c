/*
 * Ids in lists and in the files of other programs.
 */
#include "cli/uses.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

static const struct row {
	const char *name, *text, *want; /* "LINE:ID " each */
	bool no_list;
} rows[] = {
	/* clang-format off */
	/* A list is taken word for word: what nobody knows is told as well. */
	{ "a line",               "uimage-a\n", "1:uimage-a " },
	{ "no end of line",       "uimage-a", "1:uimage-a " },
	{ "blanks around",        "  uimage-a\t\r\n", "1:uimage-a " },
	{ "a comment behind",     "uimage-a # the web servers\n", "1:uimage-a " },
	{ "quotes and a comma",   "\"uimage-a\",\n", "1:uimage-a " },
	{ "single quotes",        "'uimage-a'\n", "1:uimage-a " },
	{ "a uid",                "ucloud/c:80/uhost/r/z/uimage-a\n", "1:ucloud/c:80/uhost/r/z/uimage-a " },
	{ "a comment",            "# uimage-a\n", "" },
	{ "an empty line",        "\n", "" },
	{ "nothing",              "", "" },
	{ "blanks",               " \t\n", "" },
	{ "lines are counted",    "# x\n\na\n\"b\"\n#c d\nd", "3:a 4:b 6:d " },
	{ "any word",             "web01\nLTS\n", "1:web01 2:LTS " },
	{ "a byte order mark",    "\xEF\xBB\xBFweb01\n", "1:web01 " },
	/* Of another text only what is an id. */
	{ "Terraform",
	  "resource \"ucloud_instance\" \"web\" {\n  count    = 2\n  image_id = \"uimage-abcd\"\n  name     = \"web01\"\n}\n",
	  "3:uimage-abcd " },
	{ "a key with an id of no shape", "image_id = \"nobody01\" # x\n", "1:nobody01 " },
	{ "a reference is no id",    "image_id = data.ucloud_images.x1.id\nimage_id = var.image1\nimage_id = each1\n", "" },
	{ "a template is no id",     "image_id = \"${var.x1}\"\nimage_id: \"{{ image1 }}\"\nimage_id = \"a1-${b}\"\n", "" },
	{ "a type is no id",         "  image_id = string\n  image_id: string\n", "" },
	{ "a comparison",            "image_id == \"abc1\"\nif x\n", "" },
	{ "a default",               "variable \"image_id\" {\n  default = \"known01\"\n}\n", "2:known01 " },
	{ "a list of a key",         "image_ids = [\"web-1\", \"web-2\"]\nother = [\"web-3\"]\n", "1:web-1 1:web-2 " },
	{ "a list of many lines",    "image_ids = [\n  \"web-1\", # one\n  \"web-2\",\n]\nother = \"web-3\"\n", "2:web-1 3:web-2 " },
	{ "YAML",                    "vars:\n  image_id: nobody01\n  name: web01\n  ids: [known01]\n", "2:nobody01 4:known01 " },
	{ "the shell",               "export IMAGE_ID=nobody01 NAME=web01\n", "1:nobody01 " },
	{ "JSON",                    "{\"ImageId\":\"nobody01\",\"Name\":\"web01\",\"x\":{\"image-id\" : \"nobody02\"}}",
	  "1:nobody01 1:nobody02 " },
	{ "Packer",                  "source_image_id = \"nobody01\"\n", "1:nobody01 " },
	{ "a known word anywhere",   "boot from known01.\n", "1:known01 " },
	{ "part of a word",          "x-known01 known01.qcow2 myuimage-abcd uimage-abcd_x\n", "" },
	{ "shapes",                  "a uimage-abc uimage-abcd compshareImage-1234 img-a2345678 img-fluid img-responsive\n",
	  "1:uimage-abcd 1:compshareImage-1234 1:img-a2345678 " },
	{ "twice in a line",         "a uimage-abcd uimage-abcd\nb uimage-abcd\n", "1:uimage-abcd 2:uimage-abcd " },
	{ "a uid in a text",         "uid = \"ucloud/c/uhost/r/-/uimage-abcd\"\n", "1:ucloud/c/uhost/r/-/uimage-abcd " },
	{ "in a path",               "see https://host/images/uimage-abcd\n", "1:uimage-abcd " },
	{ "comments",                "a = 1 # uimage-abcd\n// uimage-abcd\nb = 2 // uimage-abcd\n", "" },
	{ "no comment in a string",  "a = \"x # uimage-abcd\"\nb = \"http:// uimage-bcde\"\n", "1:uimage-abcd 2:uimage-bcde " },
	{ "a comment of many lines", "a b\n  /* uimage-abcd\n uimage-abcd */ uimage-bcde\nuimage-cdef x\n", "3:uimage-bcde 4:uimage-cdef " },
	{ "a comment without an end", "a b\n/* uimage-abcd\n", "" },
	{ "a glob is no comment",    "rm /tmp/*\nx uimage-abcd\n", "2:uimage-abcd " },
	{ "Chinese around",          "镜像uimage-abcd，其他 known01。\n", "1:uimage-abcd 1:known01 " },
	{ "no list in a directory",  "web01\nknown01\nuimage-abcd\n", "2:known01 3:uimage-abcd ", true },
	{ "control bytes",           "a\001b\033[2J\n\xff\xfe\n", "" },
	/* clang-format on */
};

struct told {
	char text[512];
	size_t left;
};

static bool is_known(const char *word, void *data)
{
	(void)data;
	return strcmp(word, "known01") == 0;
}

static int found(const char *id, size_t line, void *data)
{
	struct told *told = data;

	snprintf(told->text + strlen(told->text), sizeof(told->text) - strlen(told->text),
		 "%zu:%s ", line, id);
	return told->left-- > 1 ? 0 : -EIO;
}

static void finds(void **state)
{
	const struct row *row = *state;
	struct told told = { .left = 100 };
	char *text = strdup(row->text); /* of its very length, for the sanitizer */

	assert_non_null(text);
	assert_int_equal(uses_find(text, !row->no_list, &(struct uses){ is_known, found, &told }),
			 0);
	assert_string_equal(told.text, row->want);
	free(text);
}

static void ends_when_told(void **state)
{
	static const char *const texts[] = { "uimage-a\nuimage-b\n",
					     "x uimage-abcd uimage-bcde\nuimage-cdef" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct told told = { .left = 1 };
		char text[64];
		strcpy(text, texts[i]);
		assert_int_equal(uses_find(text, true, &(struct uses){ is_known, found, &told }),
				 -EIO);
		assert_non_null(strstr(told.text, "1:uimage-a"));
		assert_null(strstr(told.text, "uimage-b"));
	}
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 1] = { cmocka_unit_test(ends_when_told) };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i + 1] = (struct CMUnitTest)TEST_ROW(finds, &rows[i]);
	return _cmocka_run_group_tests("uses", tests, ARRAY_LEN(tests), NULL, NULL);
}
