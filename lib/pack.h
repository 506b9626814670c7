/*
 * Bytes to gzip, deterministic: no name, no time in the header, so equal bytes give equal files.
 */
#ifndef PACK_H
#define PACK_H

#include "buf.h"

struct pack;

/* level as zlib has it, 0 to 9. */
struct pack *pack_new(int level);
/* Packs bytes; adds what is ready to `to`. */
void pack_add(struct pack *p, struct span bytes, struct buf *to);
/* Ends the gzip member; pack_add begins another. */
void pack_end(struct pack *p, struct buf *to);
void pack_free(struct pack *p);

#endif
