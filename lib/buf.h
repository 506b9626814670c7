/*
 * Bytes that grow, and spans that borrow.
 *
 * A struct buf owns its bytes; {0} is a valid empty one.  A span points into
 * somebody else's bytes; a comment says until when.  Neither ends in NUL
 * unless buf_text made it so.  No memory, or growth above BUF_MAX_BYTES, ends
 * the program: whoever may meet so much checks beforehand.
 */
#ifndef BUF_H
#define BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUF_MAX_BYTES ((size_t)256 << 20)

struct span {
	const char *p;
	size_t n;
};

struct buf {
	char *p;
	size_t n;      /* bytes in use */
	size_t cap;    /* bytes allocated */
};

struct span span_of(const char *text);
bool span_is(struct span s, const char *text);
bool span_eq(struct span a, struct span b);
/* Order of bytes, a shorter span before its continuations. */
int span_cmp(struct span a, struct span b);
struct span buf_span(const struct buf *b);

/* Makes room for n more bytes and returns where they go; the caller adds to b->n what it used. */
char *buf_room(struct buf *b, size_t n);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_span_add(struct buf *b, struct span s);
void buf_str(struct buf *b, const char *text);
void buf_byte(struct buf *b, char c);
void buf_fmt(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds a JSON string with its quotes.  Bytes from 0x80 on are copied: s must be UTF-8 for the result to be JSON. */
void buf_json(struct buf *b, struct span s);
/* The same without the quotes. */
void buf_json_chars(struct buf *b, struct span s);

/* The bytes as a C string, until the next change of b. */
const char *buf_text(struct buf *b);
/* Empties b and keeps its memory. */
void buf_reset(struct buf *b);
void buf_free(struct buf *b);
/* Hands the bytes over as a C string to be freed by the caller; b is empty afterwards. */
char *buf_take(struct buf *b);

/* NULL when s is UTF-8 (RFC 3629: no surrogates, nothing overlong); else the first byte that is not. */
const char *span_bad_utf8(struct span s);

/* malloc and its kin that end the program when there is no memory. */
void *mem_new(size_t n);                  /* zeroed */
void *mem_grow(void *p, size_t count, size_t size);
char *mem_text(struct span s);            /* a C string */

#endif
