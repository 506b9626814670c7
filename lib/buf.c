/* Bytes that grow, and spans that borrow. */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"

struct span
span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

bool
span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
span_is(struct span s, const char *text)
{
	return span_eq(s, span_of(text));
}

int
span_cmp(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

struct span
buf_span(const struct buf *b)
{
	return (struct span){b->p, b->n};
}

char *
buf_room(struct buf *b, size_t n)
{
	if (n > BUF_MAX_BYTES || b->n > BUF_MAX_BYTES - n)
		die(EX_OSERR, "more than %zu bytes in one piece", BUF_MAX_BYTES);
	if (b->n + n > b->cap) {
		size_t cap = b->cap < 64 ? 64 : b->cap;

		while (cap < b->n + n)
			cap += cap / 2;
		b->p = mem_grow(b->p, cap, 1);
		b->cap = cap;
	}
	return b->p + b->n;
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	memcpy(buf_room(b, n), p, n);
	b->n += n;
}

void
buf_span_add(struct buf *b, struct span s)
{
	buf_add(b, s.p, s.n);
}

void
buf_str(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void
buf_byte(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		die(EX_SOFTWARE, "vsnprintf:");
	vsnprintf(buf_room(b, (size_t)n + 1), (size_t)n + 1, fmt, again);
	va_end(again);
	b->n += (size_t)n;
}

/* What follows the backslash for a byte that JSON does not take as it is; 'u' for those that need four digits. */
static char
escape_of(unsigned char c)
{
	switch (c) {
	case '"': return '"';
	case '\\': return '\\';
	case '\b': return 'b';
	case '\f': return 'f';
	case '\n': return 'n';
	case '\r': return 'r';
	case '\t': return 't';
	}
	return c < 0x20 ? 'u' : 0;
}

void
buf_json_chars(struct buf *b, struct span s)
{
	static const char hex[] = "0123456789abcdef";
	const char *p = s.p, *end = s.p + s.n, *from = p;

	for (; p < end; p++) {
		unsigned char c = (unsigned char)*p;
		char e;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		e = escape_of(c);
		buf_add(b, from, (size_t)(p - from));
		from = p + 1;
		buf_byte(b, '\\');
		buf_byte(b, e);
		if (e == 'u') {
			buf_str(b, "00");
			buf_byte(b, hex[c >> 4]);
			buf_byte(b, hex[c & 15]);
		}
	}
	buf_add(b, from, (size_t)(p - from));
}

void
buf_json(struct buf *b, struct span s)
{
	buf_byte(b, '"');
	buf_json_chars(b, s);
	buf_byte(b, '"');
}

const char *
buf_text(struct buf *b)
{
	*buf_room(b, 1) = '\0';
	return b->p;
}

void
buf_reset(struct buf *b)
{
	b->n = 0;
}

void
buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){0};
}

char *
buf_take(struct buf *b)
{
	char *p;

	buf_text(b);
	p = b->p;
	*b = (struct buf){0};
	return p;
}

/* Length of the UTF-8 sequence at p, 0 where there is none (RFC 3629, section 4). */
static size_t
utf8_sequence(const unsigned char *p, size_t n)
{
	unsigned char c = p[0], lo = 0x80, hi = 0xbf;
	size_t len;

	if (c < 0xc2 || c > 0xf4)
		return 0;
	len = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (n < len)
		return 0;
	if (c == 0xe0)
		lo = 0xa0;
	else if (c == 0xed)
		hi = 0x9f;
	else if (c == 0xf0)
		lo = 0x90;
	else if (c == 0xf4)
		hi = 0x8f;
	if (p[1] < lo || p[1] > hi)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return len;
}

const char *
span_bad_utf8(struct span s)
{
	const unsigned char *p = (const unsigned char *)s.p, *end = p + s.n;

	while (p < end) {
		uint64_t eight;
		size_t len;

		if (end - p >= 8 && (memcpy(&eight, p, 8), (eight & 0x8080808080808080U) == 0)) {
			p += 8;
			continue;
		}
		len = *p < 0x80 ? 1 : utf8_sequence(p, (size_t)(end - p));
		if (len == 0)
			return (const char *)p;
		p += len;
	}
	return NULL;
}

void *
mem_new(size_t n)
{
	void *p = calloc(1, n > 0 ? n : 1);

	if (p == NULL)
		die(EX_OSERR, "no memory for %zu bytes", n);
	return p;
}

void *
mem_grow(void *p, size_t count, size_t size)
{
	void *q = reallocarray(p, count > 0 ? count : 1, size);

	if (q == NULL)
		die(EX_OSERR, "no memory for %zu times %zu bytes", count, size);
	return q;
}

char *
mem_text(struct span s)
{
	char *p = mem_new(s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return p;
}
