/*
 * Finds the manifests of deliveries in S3.
 *
 * One list of all keys below the prefix, of which those of manifests are kept:
 * a walk from folder to folder would ask for each folder that there is, with no
 * page fewer for those it must look into.  Of the manifests of one report only
 * those are read that may be wanted, so that years of others, perhaps in an
 * archive by now, cost nothing.
 */
#ifndef BUCKET_H
#define BUCKET_H

#include "choose.h"
#include "remote.h"

/* s3://bucket, s3://bucket/prefix, or the key of a manifest.  Nothing there ends the program with 66. */
void bucket_find(struct finds *f, struct remote *r, const struct choice *c, const char *uri);
/* A manifest of whatever level.  One that is known already is not read again. */
void bucket_manifest(struct finds *f, struct remote *r, const char *bucket, const char *key);

#endif
