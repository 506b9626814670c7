/* Columns that came or went between two deliveries. */
#ifndef SCHEMA_H
#define SCHEMA_H

#include <jansson.h>

#include "buf.h"

/*
 * Adds "+ added, - gone" to `text` and returns true when the two lists of
 * column names differ in more than their order.  A list that is missing or
 * empty tells nothing: false.
 */
bool schema_changed(const json_t *before, const json_t *after, struct buf *text);

#endif
