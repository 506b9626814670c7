/*
 * Finds the manifests of deliveries below a folder.
 *
 * A walk takes the manifests of billing periods; those of single versions
 * repeat them and are taken only when they are named.  Folders with parts are
 * never listed.  What goes wrong ends the program and names the file.
 */
#ifndef FIND_H
#define FIND_H

#include "found.h"

/* A directory: bucket, prefix, export or billing period.  Nothing there ends the program with 66. */
void find_folder(struct finds *f, const char *folder);
/* A manifest of whatever level.  One that is known already is not taken again. */
void find_manifest(struct finds *f, const char *path);
/* A report file. */
void find_report(struct finds *f, const char *path);

#endif
