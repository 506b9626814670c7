/* The state, for people. */
#ifndef SHOW_H
#define SHOW_H

#include "store.h"

/* Prints every document of the store, or those of an export or a period when these are not NULL; none: exit 66. */
void show(struct store *s, const char *export, const char *period);

#endif
