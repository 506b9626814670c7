/*
 * What a delivery has, by day: the number of items and their digest.
 *
 * The digest is the sum, modulo 2^128, of the XXH3 128-bit hashes of the item
 * lines without their newline (seed 0).  So order does not matter, and twins count.
 */
#ifndef TALLY_H
#define TALLY_H

#include "buf.h"

#define DIGEST_TEXT 33   /* 32 hex digits and NUL */

struct digest {
	uint64_t high, low;
};

struct digest digest_of(struct span bytes);
struct digest digest_sum(struct digest a, struct digest b);
bool digest_eq(struct digest a, struct digest b);
void digest_print(struct digest d, char text[DIGEST_TEXT]);
/* From 32 lower-case hex digits; false if it is none. */
bool digest_parse(const char *text, struct digest *d);

/* The digest_of bytes that come in pieces. */
struct digest_stream;
struct digest_stream *digest_stream_new(void);
void digest_stream_add(struct digest_stream *d, struct span bytes);
/* The digest of what was added; d begins anew. */
struct digest digest_stream_end(struct digest_stream *d);
void digest_stream_free(struct digest_stream *d);

struct tally_day {
	int32_t day;
	uint64_t items;
	struct digest digest;
};

/* Owns its days, in the order of the calendar; {0} is an empty one. */
struct tally {
	struct tally_day *days;
	size_t n, cap;
	size_t last;           /* the day asked for last: a hint */
};

/* The entry of a day, made if there is none.  Valid until a day is made. */
struct tally_day *tally_day(struct tally *t, int32_t day);
/* The same, or NULL if there is none. */
struct tally_day *tally_find(struct tally *t, int32_t day);
void tally_add(struct tally *t, int32_t day, struct span item);
void tally_reset(struct tally *t);
void tally_free(struct tally *t);

#endif
