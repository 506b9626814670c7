/* The groups as NDJSON: one line each, in the order of their keys. */
#ifndef LINES_H
#define LINES_H

#include "query.h"

/* g is sorted. */
void lines_print(const struct query *q, struct groups *g);

#endif
