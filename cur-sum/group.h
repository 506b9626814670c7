/*
 * Groups: a count of items and some sums under a key, found by hashing.
 *
 * A key is a row of texts, each of which may be null, written so that the
 * order of its bytes is the order of the texts, null first.
 */
#ifndef GROUP_H
#define GROUP_H

#include "buf.h"
#include "money.h"

/* Adds a text, or null, to a key. */
void key_text(struct buf *key, struct span text);
void key_null(struct buf *key);
/* Takes the next text off a key into `text`; false for null. */
bool key_take(struct span *key, struct buf *text);

struct group {
	struct span key;       /* until the groups are freed */
	uint64_t items;
	struct money *sums;
	/* private */
	uint64_t hash;
};

/* Owns its groups; {0} but for `sums` is an empty one. */
struct groups {
	size_t sums;           /* how many each group has */
	struct group *list;
	size_t n;
	/* private */
	size_t cap;
	size_t *slot;          /* a place in list and 1, or 0 */
	size_t slots;          /* a power of two, or 0 */
};

/* The group of a key, made with 0 items if there is none.  Until another is made. */
struct group *groups_at(struct groups *g, struct span key);
/* Adds every group of another that has as many sums. */
void groups_merge(struct groups *to, const struct groups *from);
/* Puts list in the order of the keys; groups_at is over then. */
void groups_sort(struct groups *g);
void groups_free(struct groups *g);

#endif
