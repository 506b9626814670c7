/*
 * The file for rows that are no items, one JSON line each:
 * {"file":"…","row":N,"byte":N,"reason":"…","raw":"…"}
 * A row that JSON cannot carry has "raw_base64" in place of "raw".
 *
 * Every line is written at once.  What cannot be written ends the program
 * with 74.
 */
#ifndef REJECTS_H
#define REJECTS_H

#include <sys/stat.h>

#include "buf.h"

struct rejects;

struct reject {
	struct span file;      /* which part; bytes that are no UTF-8 become U+FFFD */
	uint64_t row, byte;
	struct span reason;    /* UTF-8 */
	struct span raw;       /* any bytes */
};

/* Creates or empties the file: 73 if it cannot, 64 if it is stdout.  path is borrowed. */
struct rejects *rejects_open(const char *path);
/* Ends the program with 64 when `file` is the file at path. */
void rejects_refuse(const char *path, const char *name, const struct stat *file);
void rejects_add(struct rejects *j, const struct reject *reject);
/* Makes durable what was added; NULL is none. */
void rejects_sync(struct rejects *j);
/* NULL is none. */
void rejects_close(struct rejects *j);

#endif
