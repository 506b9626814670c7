/* Lists of keys. */
#include "keys.h"

#include <stdlib.h>
#include <string.h>

void
keys_take(struct keys *k, char *key)
{
	if (k->n == k->cap) {
		k->cap = k->cap * 2 + 64;
		k->key = mem_grow(k->key, k->cap, sizeof *k->key);
	}
	k->key[k->n++] = key;
}

static void
note_key(void *arg, const char *key, uint64_t bytes)
{
	(void)bytes;
	keys_take(arg, mem_text(span_of(key)));
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
keys_sort(struct keys *k)
{
	if (k->n > 0)
		qsort(k->key, k->n, sizeof *k->key, by_text);
}

struct keys
keys_list(struct store *s, const char *prefix)
{
	struct keys k = {0};

	store_list(s, prefix, note_key, &k);
	keys_sort(&k);
	return k;
}

bool
keys_have(const struct keys *k, const char *key)
{
	return k->n > 0 && bsearch(&key, k->key, k->n, sizeof *k->key, by_text) != NULL;
}

void
keys_free(struct keys *k)
{
	for (size_t i = 0; i < k->n; i++)
		free(k->key[i]);
	free(k->key);
	*k = (struct keys){0};
}
