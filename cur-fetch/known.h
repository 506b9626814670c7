/*
 * What the state of a store knows of deliveries: --state.
 *
 * Documents that cannot be read end the program, as state.h says.
 */
#ifndef KNOWN_H
#define KNOWN_H

#include "state.h"

struct known;

/* `where` and the options are those of store_open. */
struct known *known_open(const char *where, const struct store_options *options);
/* True and the oldest billing period that the state has of an export; false when it has none. */
bool known_oldest(const struct known *k, const char *export, int32_t *period);
/* True when the state is of this version, and no run is in the middle of replacing it. */
bool known_has(struct known *k, const char *export, int32_t period, const char *version);
void known_free(struct known *k);

#endif
