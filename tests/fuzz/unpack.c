/* Unpacking: neither the room given nor the way the bytes come shows, and gzip is what zlib alone makes of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "unpack.h"

#define PIPE_BYTES 60000        /* fits into a pipe */
#define PLAIN_BYTES (1 << 20)   /* more is not looked at */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(bool good)
{
	if (!good)
		abort();
}

/* The first `ahead` bytes as the head, the rest through a pipe. */
static const char *
unpack(struct span s, size_t ahead, size_t room, struct buf *to, enum unpack_kind *kind)
{
	struct unpack *u;
	const char *why;
	int fds[2];
	size_t got;

	must(pipe(fds) == 0);
	must(write(fds[1], s.p + ahead, s.n - ahead) == (ssize_t)(s.n - ahead));
	close(fds[1]);
	u = unpack_new(fds[0], (struct span){s.p, ahead});
	while ((why = unpack_read(u, buf_room(to, room), room, &got)) == NULL && got > 0 && to->n < PLAIN_BYTES)
		to->n += got;
	must(unpack_taken(u) <= s.n && (why != NULL || got > 0 || unpack_taken(u) == s.n));
	*kind = unpack_kind(u);
	unpack_free(u);
	close(fds[0]);
	return why;
}

/* One member after the other.  True when all of s is gzip. */
static bool
gunzip(struct span s, struct buf *to)
{
	z_stream z = {.next_in = (unsigned char *)s.p, .avail_in = (uInt)s.n};
	int result = Z_OK;

	must(inflateInit2(&z, 31) == Z_OK);
	while (result == Z_OK && to->n < PLAIN_BYTES) {
		z.next_out = (unsigned char *)buf_room(to, 65536);
		z.avail_out = 65536;
		result = inflate(&z, Z_NO_FLUSH);
		to->n += 65536 - z.avail_out;
		if (result == Z_STREAM_END && z.avail_in > 0)
			result = inflateReset(&z);
	}
	inflateEnd(&z);
	return result == Z_STREAM_END || to->n >= PLAIN_BYTES;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span s = {(const char *)data, n};
	struct buf a = {0}, b = {0}, c = {0};
	enum unpack_kind kind, other;
	const char *why;
	size_t ahead;

	if (n == 0 || n > PIPE_BYTES)
		return 0;
	ahead = (n * data[n - 1]) >> 8;
	why = unpack(s, 0, 65536, &a, &kind);
	if (a.n < PLAIN_BYTES) {
		must(unpack(s, ahead, data[n - 1] % 16 + 1u, &b, &other) == why && other == kind);
		must(why != NULL || span_eq(buf_span(&a), buf_span(&b)));
	}
	if (kind == UNPACK_PLAIN)
		must(why == NULL && span_eq(buf_span(&a), s));
	if (kind == UNPACK_GZIP && a.n < PLAIN_BYTES) {
		must(gunzip(s, &c) == (why == NULL));
		must(why != NULL || span_eq(buf_span(&a), buf_span(&c)));
	}
	buf_free(&a);
	buf_free(&b);
	buf_free(&c);
	return 0;
}
