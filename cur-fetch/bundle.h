/*
 * A delivery while it is handed over: its manifest, its parts, its marks.
 */
#ifndef BUNDLE_H
#define BUNDLE_H

#include <time.h>

#include "found.h"

struct part {
	char *path, *source;       /* owned; source is NULL where the manifest names no bucket */
	const char *key;           /* borrowed from the manifest; NULL for a report file */
	uint64_t bytes;
	struct timespec changed;   /* of the file at path */
	const char *etag;          /* in S3, else NULL; borrowed */
	bool temporary;            /* whoever has read it deletes it */
};

/* A report file has no manifest, and is its own only part. */
struct bundle {
	const struct found *found;
	struct manifest manifest;
	int64_t modified;          /* of a manifest in S3, in seconds; -1 if that is not known */
	struct part *parts;
	size_t n;
};

/* What was handed over so far. */
struct handed {
	uint64_t parts, bytes;
};

/* Reads the manifest's bytes, and makes its parts with key and source.  What is wrong with it ends the program. */
void bundle_manifest(struct bundle *b, struct span bytes);
/* Each writes a mark. */
void bundle_begin(const struct bundle *b);
void bundle_part(const struct bundle *b, size_t i, struct handed *total);
void bundle_end(const struct bundle *b);
void bundle_free(struct bundle *b);

/* Ends the program: the delivery is not what it was at first.  `what` is the file or object that shows it. */
_Noreturn void bundle_replaced(const struct bundle *b, const char *what);

#endif
