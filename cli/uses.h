/*
 * Where a text names images: a list of ids, or whatever else people keep ids in (Terraform, Packer,
 * cloud-init, JSON, YAML). Pure.
 */
#pragma once

#include "base/base.h"

struct uses {
	/* Is that word an image_id or a uid of the catalog? */
	bool (*is_known)(const char *word, void *data);
	/* An id and its line, from 1 on; anything but 0 ends the walk and is returned. */
	int (*found)(const char *id, size_t line, void *data);
	void *data;
};

/*
 * A text whose every line is one word is a list where `may_be_list`, taken word for word: what
 * follows # is a comment, quotes and commas around the word are not of it. In any other text an id
 * is a word that the catalog knows; a word that looks like one: uimage-..., compshareImage-...,
 * img-..., or a uid; the value of a key that ends in image_id, image_ids, ImageId and the like.
 * Comments are left out: from # or // behind a blank, and lines from one that begins with a slash
 * and a star on.
 *
 * `text` ends with a NUL and is changed.
 */
int uses_find(char *text, bool may_be_list, const struct uses *uses);
