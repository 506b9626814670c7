/*
 * Brings a delivery from S3 into the spool, and hands it over: its marks on stdout, `end` only when all is well.
 */
#ifndef BRING_H
#define BRING_H

#include "bundle.h"
#include "progress.h"
#include "remote.h"

/*
 * Every part must be there before `begin` is written, and is whole before its own mark is.  Before `end` the manifest
 * must have its first entity tag, and so must the parts where the next delivery would stand in their place; those of
 * Data Exports must be no younger than their manifest, which AWS writes last.  Else the program ends with 75.
 */
void bring(const struct found *f, struct remote *r, struct handed *total, struct progress *progress);

#endif
