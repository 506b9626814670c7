/* Groups: a count of items and some sums under a key. */
#include "group.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define FIRST_SLOTS 64

/* A text is 1, its bytes, 0 0; a NUL in it is 0 1.  Null is 0. */
void
key_null(struct buf *key)
{
	buf_byte(key, 0);
}

void
key_text(struct buf *key, struct span text)
{
	const char *nul;

	buf_byte(key, 1);
	while (text.n > 0 && (nul = memchr(text.p, 0, text.n)) != NULL) {
		buf_add(key, text.p, (size_t)(nul - text.p));
		buf_add(key, "\0\1", 2);
		text.n -= (size_t)(nul + 1 - text.p);
		text.p = nul + 1;
	}
	buf_span_add(key, text);
	buf_add(key, "\0\0", 2);
}

bool
key_take(struct span *key, struct buf *text)
{
	const char *p = key->p + 1, *end = key->p + key->n;
	bool there = *key->p != 0;

	buf_reset(text);
	for (bool more = there; more;) {
		const char *nul = memchr(p, 0, (size_t)(end - p));

		buf_add(text, p, (size_t)(nul - p));
		more = nul[1] != 0;
		if (more)
			buf_byte(text, 0);
		p = nul + 2;
	}
	*key = (struct span){p, (size_t)(end - p)};
	return there;
}

/* Where a key is or belongs. */
static size_t *
find_slot(const struct groups *g, struct span key, uint64_t hash)
{
	size_t i = hash & (g->slots - 1);

	for (;; i = (i + 1) & (g->slots - 1)) {
		const struct group *at = g->slot[i] > 0 ? &g->list[g->slot[i] - 1] : NULL;

		if (at == NULL || (at->hash == hash && span_eq(at->key, key)))
			return &g->slot[i];
	}
}

static void
grow(struct groups *g)
{
	size_t slots = g->slots > 0 ? g->slots * 2 : FIRST_SLOTS;

	free(g->slot);
	g->slot = mem_new(slots * sizeof *g->slot);
	g->slots = slots;
	for (size_t i = 0; i < g->n; i++)
		*find_slot(g, g->list[i].key, g->list[i].hash) = i + 1;
}

struct group *
groups_at(struct groups *g, struct span key)
{
	uint64_t hash = XXH3_64bits(key.p, key.n);
	size_t *slot;

	if (g->n >= g->slots / 2)
		grow(g);
	slot = find_slot(g, key, hash);
	if (*slot > 0)
		return &g->list[*slot - 1];
	if (g->n == g->cap) {
		g->cap = g->slots / 2;
		g->list = mem_grow(g->list, g->cap, sizeof *g->list);
	}
	g->list[g->n] = (struct group){
		.key = {mem_text(key), key.n}, .sums = mem_new(g->sums * sizeof(struct money)), .hash = hash};
	*slot = ++g->n;
	return &g->list[g->n - 1];
}

void
groups_merge(struct groups *to, const struct groups *from)
{
	for (size_t i = 0; i < from->n; i++) {
		struct group *g = groups_at(to, from->list[i].key);

		g->items += from->list[i].items;
		for (size_t k = 0; k < to->sums; k++)
			money_sum(&g->sums[k], &from->list[i].sums[k]);
	}
}

static int
by_key(const void *a, const void *b)
{
	return span_cmp(((const struct group *)a)->key, ((const struct group *)b)->key);
}

void
groups_sort(struct groups *g)
{
	if (g->n > 0)
		qsort(g->list, g->n, sizeof *g->list, by_key);
}

void
groups_free(struct groups *g)
{
	for (size_t i = 0; i < g->n; i++) {
		free((char *)g->list[i].key.p);
		for (size_t k = 0; k < g->sums; k++)
			money_free(&g->list[i].sums[k]);
		free(g->list[i].sums);
	}
	free(g->list);
	free(g->slot);
	*g = (struct groups){.sums = g->sums};
}
