/* The groups as a table for people: aligned columns, a total per currency, a bar per row. */
#ifndef TABLE_H
#define TABLE_H

#include "query.h"

/*
 * Prints the table of at most `width` cells a line, if its columns leave room
 * for bars in that.  g is sorted.
 */
void table_print(const struct query *q, struct groups *g, int width);

#endif
