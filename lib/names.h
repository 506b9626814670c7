/*
 * What the objects of a store are called: I-of-N-GENERATION-HASH.ndjson.gz below
 * export=EXPORT/billing_period=PERIOD/day=YYYY-MM-DD/, and temporary ones
 * .GENERATION-….tmp below export=EXPORT/billing_period=PERIOD/.
 */
#ifndef NAMES_H
#define NAMES_H

#include "buf.h"
#include "tally.h"

/* export=EXPORT/billing_period=PERIOD/ */
void name_prefix(struct buf *b, const char *export, const char *period);
/* day=YYYY-MM-DD/NAME */
void name_in_day(struct buf *b, int32_t day, const char *name);
void name_chunk(struct buf *b, size_t i, size_t n, uint64_t generation, struct digest hash);
/* The hash in the name of a chunk; false when it is none. */
bool name_hash(const char *name, struct digest *hash);
/* True for chunk `i` of `n` of a day. */
bool name_is_chunk(const char *name, size_t i, size_t n);
/* True when both name the same chunk, of whatever generation. */
bool name_same_chunk(const char *a, const char *b);
void name_temporary(struct buf *b, uint64_t generation, int32_t day, size_t i, uint64_t random);
/* The generation of an object or temporary object, by the last part of its key; 0 when it is none of ours. */
uint64_t name_generation(const char *key);

#endif
