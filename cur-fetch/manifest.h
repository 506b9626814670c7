/*
 * The manifest of a delivery, of legacy reports and of Data Exports, from its bytes.
 *
 * Sources: AWS CUR user guide, "Understanding your reports"; Data Exports user
 * guide, "Export delivery"; the members as seen in real manifests.  Members
 * that are not listed here are ignored, `columns` too: the CSV's header counts.
 */
#ifndef MANIFEST_H
#define MANIFEST_H

#include "buf.h"

#define MANIFEST_MAX_BYTES ((size_t)64 << 20)

enum manifest_kind { MANIFEST_LEGACY, MANIFEST_EXPORT };

/* Owns what it points to; what is absent, null or "" in the JSON is NULL. */
struct manifest {
	enum manifest_kind kind;  /* reportKeys, or dataFiles; dataFiles win */
	char *name;               /* reportName */
	char *arn;                /* exportArn */
	char *version;            /* assemblyId, or executionId */
	char *bucket;             /* of the parts */
	char **keys;              /* of the parts in that bucket, as written there */
	size_t n;
	bool has_period;
	int32_t period;           /* of billingPeriod.start, as day.h has it */
	bool parquet;             /* the parts are no CSV */
};

/* NULL, or why the bytes are no manifest that can be read; m needs manifest_free either way. */
const char *manifest_parse(struct manifest *m, struct span bytes);
void manifest_free(struct manifest *m);

/* True for the file names that manifests have: NAME-Manifest.json and Manifest.json. */
bool manifest_file(struct span file);
/*
 * Adds the export's name: reportName, else the file name before
 * "-Manifest.json", else the name in exportArn.  NULL, or why it has none that
 * can name a folder.
 */
const char *manifest_export(const struct manifest *m, struct span file, struct buf *name);
/* The name that the manifest itself gives its export; empty where it gives none. */
struct span manifest_name(const struct manifest *m);

#endif
