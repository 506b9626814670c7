/*
 * Finds the manifests of deliveries below a folder.
 *
 * A walk takes the manifests of billing periods; those of single versions
 * repeat them and are taken only when they are named.  Folders with parts are
 * never listed.  What goes wrong ends the program and names the file.
 */
#ifndef FIND_H
#define FIND_H

#include "buf.h"
#include "layout.h"

/* A delivery to be: a manifest, or a report file that stands alone.  Owns its texts. */
struct found {
	char *path;           /* as it was named, and what the walk added */
	char *real;           /* realpath(3) */
	char *folder;         /* of a manifest; the text that `place` borrows from */
	struct place place;
	char *anchor;         /* where the manifest's keys are resolved; "" is the current folder */
	char *export;         /* NULL for a report file without --export */
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

/* A directory: bucket, prefix, export or billing period.  Nothing there ends the program with 66. */
void find_folder(struct finds *f, const char *folder);
/* A manifest of whatever level.  One that is known already is not taken again. */
void find_manifest(struct finds *f, const char *path);
/* A report file. */
void find_report(struct finds *f, const char *path);
void found_free(struct found *f);
void finds_free(struct finds *f);

#endif
