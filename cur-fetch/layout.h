/*
 * Which folder holds what, in a bucket and in a copy of it.
 *
 *	[PREFIX/]REPORT/20240101-20240201/REPORT-Manifest.json                     legacy, of the period
 *	[PREFIX/]REPORT/20240101-20240201/ASSEMBLYID/REPORT-Manifest.json          legacy, of one version
 *	[PREFIX/]EXPORT/metadata/BILLING_PERIOD=2024-01/EXPORT-Manifest.json       Data Exports, of the period
 *	[PREFIX/]EXPORT/metadata/BILLING_PERIOD=2024-01/TIME-EXECUTIONID/…         Data Exports, of one version
 *	[PREFIX/]EXPORT/data/BILLING_PERIOD=2024-01/[TIME-EXECUTIONID/]…           Data Exports, parts
 *
 * Everything here is text; no file is touched.  Sources: AWS CUR user guide,
 * "Understanding report versions"; Data Exports user guide, "Export delivery".
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "buf.h"
#include "manifest.h"

enum layout_kind { LAYOUT_NONE, LAYOUT_LEGACY, LAYOUT_EXPORT };

/* What a folder with a manifest is.  Spans borrow from the folder's text. */
struct place {
	enum layout_kind kind;
	bool version;             /* it is of one version, one folder below the period's */
	struct span partition;    /* 20240101-20240201, BILLING_PERIOD=2024-01 */
	bool has_period;          /* always for LAYOUT_LEGACY */
	int32_t period;           /* of the partition */
	size_t anchor;            /* bytes of the folder below which keys are resolved: the period's, or that of metadata */
	size_t up;                /* so many folders above */
};

/* Looks at the last names of a folder's path; an empty name and '.' count for nothing. */
struct place layout_place(struct span folder);

/* True for the folders of Data Exports in which there are parts only. */
bool layout_is_data(struct span folder);

/* For a key: true and the key of the period's manifest, when it is the key of a report's manifest. */
bool layout_manifest_key(struct span key, struct buf *period_key);

/* The manifest and its folder belong together.  NULL and the billing period, or why not. */
const char *layout_period(const struct manifest *m, const struct place *own, int32_t *period);

/*
 * The parts of a manifest, as files.  `anchor` is the path of the folder below
 * which its keys are resolved, "" for the one we are in; the paths are the
 * caller's, m->n of them, to be freed with layout_free.  NULL, or why not.
 */
const char *layout_paths(const struct manifest *m, const struct place *own, const char *anchor, char ***paths);
void layout_free(char **paths, size_t n);
/*
 * The same for a manifest in S3, whose keys are taken as they are: they must lie in the bucket that it was read from,
 * below what its own folder lies in.  Sets *overwritten when parts stand where those of the next delivery will stand.
 */
const char *layout_keys(const struct manifest *m, const struct place *own, struct span folder, const char *bucket,
    bool *overwritten);

/* Adds the report's source as marks name it; nothing when the manifest does not tell. */
void layout_source(const struct manifest *m, const struct place *own, struct buf *source);
/* Adds s3://bucket/key of a part; nothing when the manifest names no bucket. */
void layout_part_source(const struct manifest *m, size_t i, struct buf *source);
/* True and the time in the version or its folder. */
bool layout_delivered(const struct manifest *m, const struct place *own, int64_t *seconds);

/* Whether a path or key is named as a manifest is: it ends in .json. */
bool layout_is_json(const char *name);

#endif
