/*
 * CSV bytes to rows: RFC 4180, UTF-8, LF or CRLF, quoted newlines, an optional BOM.
 *
 * libcsv cuts the cells.  The caller brings the bytes: rows_space, rows_fill,
 * and rows_last at the end; rows_next gives a row, a bad row, or asks for more.
 * A row is at most ROWS_MAX_BYTES.
 */
#ifndef ROWS_H
#define ROWS_H

#include "buf.h"

#define ROWS_MAX_BYTES ((size_t)16 << 20)

enum rows_got {
	ROWS_MORE,    /* needs rows_fill or rows_last */
	ROWS_ROW,     /* row.cells */
	ROWS_BAD,     /* row.why; reading goes on after the line in which it was found */
	ROWS_FATAL,   /* row.why; nothing can follow: the row is too long */
	ROWS_END
};

struct row {
	struct span *cells;    /* without quotes; until the next call */
	size_t n;
	uint64_t number;       /* in the file, from 1, which is the header */
	uint64_t byte;         /* where the row begins in the unpacked file, from 0 */
	uint64_t bad_byte;     /* ROWS_BAD: where the trouble is */
	struct span raw;       /* the bytes as delivered, without the newline; until the next call */
	const char *why;       /* ROWS_BAD, ROWS_FATAL: a static reason */
};

struct rows;

struct rows *rows_new(void);
/* Where at least `want` bytes can be put. */
char *rows_space(struct rows *r, size_t want);
void rows_fill(struct rows *r, size_t n);
/* Nothing follows. */
void rows_last(struct rows *r);
enum rows_got rows_next(struct rows *r, struct row *row);
void rows_free(struct rows *r);

#endif
