/*
 * The items of a delivery on their way into objects: by day, cut into chunks,
 * packed, in temporary objects until their names are known.
 *
 * A chunk ends with the item that brings it to `object_bytes` unpacked bytes or
 * more, so it depends on the items of its day and their order alone.  At most
 * CHUNKS_OPEN days are packed at once; a day that has to wait ends its gzip
 * member and goes on with another (RFC 1952 allows any number).
 */
#ifndef CHUNKS_H
#define CHUNKS_H

#include "store.h"
#include "tally.h"

#define CHUNKS_OPEN 64

struct chunk {
	struct store_put *put;    /* NULL in a dry run, and once named or dropped */
	struct digest hash;       /* of the unpacked bytes */
	uint64_t bytes, packed_bytes;
};

struct chunk_day {
	int32_t day;
	struct chunk *chunks;     /* owned */
	size_t n;
	/* private: of the last chunk, while it is open */
	struct pack *pack;
	struct digest_stream *hash;
	bool open;
	uint64_t used;            /* when it was written to last */
};

struct chunks {
	struct store *store;      /* NULL: a dry run, nothing is written */
	const char *prefix;       /* of the keys; borrowed */
	uint64_t generation;
	uint64_t object_bytes;
	int level;                /* of deflate */
	struct chunk_day *days;   /* owned; in no order */
	size_t n;
	struct tally tally;       /* what was added, by day */
	/* private */
	size_t packing, last;
	uint64_t clock;
	struct buf packed;
};

/* {0} with the first five members set is ready. */
/* From here to chunks_free, a program that ends by exit drops what was not named.  One at a time. */
void chunks_guard(struct chunks *c);
void chunks_add(struct chunks *c, int32_t day, struct span item);
/* Ends all chunks. */
void chunks_end(struct chunks *c);
/* NULL if there is no item of that day. */
struct chunk_day *chunks_day(struct chunks *c, int32_t day);
/* Drops what was not named. */
void chunks_free(struct chunks *c);

#endif
