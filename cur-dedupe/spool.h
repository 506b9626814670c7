/*
 * Items that wait until the end of a delivery tells whether their day has
 * changed: compressed, in a file of $TMPDIR (/tmp) that has no name, so that
 * nothing is left of it whatever happens.
 */
#ifndef SPOOL_H
#define SPOOL_H

#include "buf.h"

struct spool;

struct spool *spool_new(void);
void spool_add(struct spool *s, int32_t day, struct span item);
/* Ends the adding; spool_next starts with the first item. */
void spool_rewind(struct spool *s);
/* The next item in the order of adding, or false at the end.  *item is valid until the next call. */
bool spool_next(struct spool *s, int32_t *day, struct span *item);
/* Empties it for another delivery. */
void spool_reset(struct spool *s);
void spool_free(struct spool *s);

#endif
