/*
 * Files that the configuration names: keys and certificates.
 */
#pragma once

#include "base/base.h"
#include "base/error.h"

/*
 * Opens a regular file for reading: the descriptor, or a negative errno with a sentence that names
 * the file. What it says of the descriptor's kind is -EISDIR or -EINVAL. A FIFO never blocks.
 */
int file_open(const char *path, struct error *err);

/*
 * Whether TLS can take its authorities from the file: PEM, with a certificate at least, each one
 * readable. -EISDIR, -EINVAL or -EFBIG where the file is there and of no use; else why it cannot be
 * read.
 */
int file_check_certificates(const char *path, struct error *err);
