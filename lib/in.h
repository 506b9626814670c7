/*
 * A stream by lines: stdin, checked.
 *
 * A failing read ends the program with 74, a line above IN_LINE_BYTES with 65,
 * a last line without its newline with 76: it is a cut line.
 */
#ifndef IN_H
#define IN_H

#include "buf.h"

#define IN_LINE_BYTES ((size_t)64 << 20)

struct in {
	int fd;
	const char *name;      /* for messages; borrowed */
	struct span line;      /* the last line without its newline, until the next call */
	uint64_t number;       /* of that line, from 1 */
	uint64_t bytes;        /* read so far */
	/* private */
	struct buf held;
	size_t from;           /* where the bytes not handed out yet start in held */
	size_t seen;           /* no newline before this index */
	bool ended;
};

/* {0} but for these two is ready. */
void in_begin(struct in *in, int fd, const char *name);
/* True and in->line, or false at the end. */
bool in_line(struct in *in);
/* Up to n bytes that come next, without taking them; fewer only at the end.  Until the next call. */
struct span in_peek(struct in *in, size_t n);
/* The same for a whole line; {NULL, 0} at the end. */
struct span in_peek_line(struct in *in);
/* All that is held and not handed out: for a reader that takes the descriptor over.  Until in_free. */
struct span in_rest(struct in *in);
void in_free(struct in *in);

#endif
