/*
 * One delivery of items as cur-dedupe and the sinks read it: held against the
 * state of its store, each item placed in time.
 */
#ifndef DELIVERY_H
#define DELIVERY_H

#include "item.h"
#include "mark.h"
#include "state.h"

struct delivery {
	struct state state;       /* as the store has it */
	int64_t delivered;        /* when it was made, INT64_MIN if that is not known */
	int64_t latest;           /* start of any item seen, less those after `delivered`; INT64_MIN for none */
	bool stale;               /* known to be older than what the store has */
	/* private */
	struct item_path time;
	struct buf scratch;
};

/*
 * After MARK_BEGIN.  Ends the program when the delivery has no export or
 * period (78), comes from another source than the state (78), does not say
 * where its items have their time (65), or the state cannot be read (65).
 */
void delivery_open(struct delivery *d, struct store *store, struct marks *m);
/* After MARK_ITEM: when the item starts.  One that cannot be read ends the program with 65. */
int64_t delivery_start(struct delivery *d, const struct marks *m);
/* After MARK_END: says how many items a filter took out, on stderr and as `missing` in the mark. */
void delivery_missing(struct marks *m);
void delivery_close(struct delivery *d);

#endif
