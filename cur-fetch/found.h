/*
 * What was found: deliveries to be, wherever they lie.
 */
#ifndef FOUND_H
#define FOUND_H

#include "buf.h"
#include "layout.h"

/* A delivery to be: a manifest, or a report file that stands alone.  Owns its texts. */
struct found {
	char *path;           /* as it was named, and what the walk added; s3://bucket/key */
	char *real;           /* realpath(3); in S3 the same as path */
	char *bucket, *key;   /* in S3, else NULL */
	char *folder;         /* of a manifest; the text that `place` borrows from */
	struct place place;
	char *anchor;         /* where the manifest's keys are resolved; "" is the current folder; NULL in S3 */
	char *export;         /* NULL for a report file without --export */
	char *version;        /* or NULL */
	bool has_period;
	int32_t period;
	bool report;          /* it is a report file */
	bool named;           /* by itself, or by its own folder */
	size_t order;         /* of finding */
};

struct finds {
	struct found *all;
	size_t n, cap;
};

/* What its manifest says of a delivery, whose place is known; `file` is the manifest's name.  NULL, or why not. */
const char *found_read(struct found *f, struct span bytes, struct span file);
/* Appends what is not known already by its `real`, and owns it; else frees it, and notes that it was named. */
void finds_add(struct finds *finds, struct found *f);
bool finds_has(struct finds *finds, const char *real, bool named);
void found_free(struct found *f);
void finds_free(struct finds *f);

#endif
