/*
 * Hands a delivery over that lies in a local directory: its marks on stdout, `end` only when all is well.
 */
#ifndef HANDOVER_H
#define HANDOVER_H

#include "bundle.h"
#include "progress.h"

/*
 * Every part must be there before `begin` is written; before `end`, manifest
 * and parts must still be what they were, else the program ends with 75.
 */
void handover(const struct found *f, struct handed *total, struct progress *progress);

#endif
