/*
 * Makes a delivery the content of the store: names its chunks, swaps the state
 * document, removes what no document names any more.  In this order, so that
 * whatever is killed, the document names a whole delivery.
 */
#ifndef PUBLISH_H
#define PUBLISH_H

#include "chunks.h"
#include "delivery.h"

struct publish_options {
	uint64_t allow_rejects;
	uint64_t object_bytes;    /* unpacked, of a chunk */
	int level;                /* of deflate */
	int keep;                 /* 1: the objects of the previous delivery stay until the next run */
	bool filtered;            /* fewer items than the state says may be stored */
	bool dry_run;
};

struct publication {
	const struct publish_options *options;
	struct store *store;
	/* what was done, after publish_end */
	uint64_t written, written_bytes;   /* objects, packed bytes */
	uint64_t unchanged, removed;       /* objects */
	uint64_t generation;               /* of the document */
	bool swapped, stale;
	/* private: of the delivery that is open */
	struct delivery delivery;
	struct chunks chunks;
	struct buf prefix;                 /* of the period's objects, ends in '/' */
	struct marks *marks;               /* of the stream that is read */
};

/* {0} with options and store set is ready.  Each after its mark or item. */
void publish_begin(struct publication *p, struct marks *m);
void publish_item(struct publication *p, const struct marks *m);
/* Ends the program with 65, 66 or 75 when the delivery cannot be published; nothing is visible then. */
void publish_end(struct publication *p, struct marks *m);

#endif
