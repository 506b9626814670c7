/*
 * The statements that make a store readable in Athena.
 *
 * For each format of the store: a table of the items, a table of the state
 * documents, a view that joins the two, and a view with AWS's own column names.
 */
#ifndef DDL_H
#define DDL_H

#include <jansson.h>
#include <stddef.h>

/*
 * Writes the statements for the n documents, in whose order exports and
 * columns appear, on stdout.  `table` is NAME or DATABASE.NAME; `location` is
 * the store as LOCATION has it, with or without a slash at its end.  NULL, or
 * why nothing was written: a static reason.
 */
const char *ddl_print(const char *table, const char *location, json_t *const *docs, size_t n);

#endif
