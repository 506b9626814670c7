/* A stream by lines: stdin, checked. */
#include "in.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "die.h"

#define READ_BYTES ((size_t)256 << 10)

void
in_begin(struct in *in, int fd, const char *name)
{
	*in = (struct in){.fd = fd, .name = name};
}

/* Reads once more; false at the end. */
static bool
fill(struct in *in)
{
	struct buf *b = &in->held;
	ssize_t n;

	if (in->ended)
		return false;
	if (in->from > 0 && (in->from == b->n || b->cap - b->n < READ_BYTES)) {
		memmove(b->p, b->p + in->from, b->n - in->from);
		b->n -= in->from;
		in->seen -= in->from;
		in->from = 0;
	}
	do
		n = read(in->fd, buf_room(b, READ_BYTES), READ_BYTES);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		die(EX_IOERR, "%s:", in->name);
	in->ended = n == 0;
	in->bytes += (uint64_t)n;
	b->n += (size_t)n;
	return n > 0;
}

struct span
in_peek_line(struct in *in)
{
	for (;;) {
		char *nl = NULL;
		struct span s;

		if (in->seen < in->held.n)
			nl = memchr(in->held.p + in->seen, '\n', in->held.n - in->seen);
		s = (struct span){in->held.p + in->from, (nl != NULL ? (size_t)(nl - in->held.p) : in->held.n) - in->from};
		if (s.n > IN_LINE_BYTES)
			die(EX_DATAERR, "%s: line %ju is longer than %zu MiB", in->name,
			    (uintmax_t)in->number + 1, IN_LINE_BYTES >> 20);
		if (nl != NULL) {
			in->seen = (size_t)(nl - in->held.p);
			return s;
		}
		in->seen = in->held.n;
		if (fill(in))
			continue;
		if (in->from < in->held.n)
			die(EX_PROTOCOL, "%s: line %ju is cut: it has no newline", in->name,
			    (uintmax_t)in->number + 1);
		return (struct span){NULL, 0};
	}
}

bool
in_line(struct in *in)
{
	in->line = in_peek_line(in);
	if (in->line.p == NULL)
		return false;
	in->number++;
	in->from += in->line.n + 1;
	in->seen = in->from;
	return true;
}

struct span
in_peek(struct in *in, size_t n)
{
	while (in->held.n - in->from < n && fill(in))
		;
	if (in->held.n == in->from)
		return (struct span){"", 0};
	return (struct span){in->held.p + in->from, in->held.n - in->from < n ? in->held.n - in->from : n};
}

struct span
in_rest(struct in *in)
{
	if (in->held.n == in->from)
		return (struct span){"", 0};
	return (struct span){in->held.p + in->from, in->held.n - in->from};
}

void
in_free(struct in *in)
{
	buf_free(&in->held);
	in->line = (struct span){NULL, 0};
}
