/* Adds up a store: what its documents name, and nothing else. */
#ifndef STORED_H
#define STORED_H

#include "query.h"
#include "store.h"

/*
 * Adds the items of every document of the store, or of those of an export or period alone where these are not NULL.  A store in which nothing
 * is found ends the program with 66, as does an object that a document names
 * and the store has not; one that is not what its name or the document says,
 * with 65.
 */
void stored_add(struct query *q, struct groups *g, struct store *store, const char *export, const char *period);

#endif
