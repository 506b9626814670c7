/* Lists of keys. */
#ifndef KEYS_H
#define KEYS_H

#include "store.h"

/* Owns its keys; {0} is an empty one. */
struct keys {
	char **key;
	size_t n, cap;
};

/* All keys of the store with that prefix, sorted. */
struct keys keys_list(struct store *s, const char *prefix);
/* Adds a key, which the list owns from then on. */
void keys_take(struct keys *k, char *key);
void keys_sort(struct keys *k);
/* In a sorted list. */
bool keys_have(const struct keys *k, const char *key);
void keys_free(struct keys *k);

#endif
