/* pack: gzip that others read, the same for the same bytes. */
#include "pack.h"

#include <string.h>
#include <zlib.h>

#include "tap.h"

/* Packs in steps of `step` bytes. */
static void
pack(struct buf *to, struct span s, int level, size_t step)
{
	struct pack *p = pack_new(level);

	for (size_t i = 0; i < s.n; i += step)
		pack_add(p, (struct span){s.p + i, s.n - i < step ? s.n - i : step}, to);
	pack_end(p, to);
	pack_free(p);
}

/* zlib's own reader, so that unpack is not its own witness. */
static bool
reads_as(struct span packed, struct span plain)
{
	z_stream z = {.next_in = (unsigned char *)packed.p, .avail_in = (uInt)packed.n};
	struct buf b = {0};
	bool same;
	int result = Z_OK;

	inflateInit2(&z, 31);
	while (result == Z_OK) {
		z.next_out = (unsigned char *)buf_room(&b, 65536);
		z.avail_out = 65536;
		result = inflate(&z, Z_NO_FLUSH);
		b.n += 65536 - z.avail_out;
		if (result == Z_STREAM_END && z.avail_in > 0)
			result = inflateReset(&z);
	}
	inflateEnd(&z);
	same = result == Z_STREAM_END && span_eq(buf_span(&b), plain);
	buf_free(&b);
	return same;
}

int
main(void)
{
	static const char header[] = {0x1f, (char)0x8b, 8, 0, 0, 0, 0, 0};
	struct buf plain = {0}, a = {0}, b = {0};
	struct pack *p;

	for (unsigned i = 0, x = 1; i < 1000000; i++) {
		x = x * 1103515245 + 12345;
		buf_byte(&plain, (char)('a' + (x >> 16) % (i < 500000 ? 3 : 60)));
	}
	for (int level = 0; level <= 9; level += 3) {
		buf_reset(&a);
		pack(&a, buf_span(&plain), level, 100000);
		ok(reads_as(buf_span(&a), buf_span(&plain)), "level %d", level);
	}
	buf_reset(&a);
	pack(&a, buf_span(&plain), 6, plain.n);
	pack(&b, buf_span(&plain), 6, 4099);
	ok(span_eq(buf_span(&a), buf_span(&b)), "the steps do not show");
	ok(a.n < plain.n && memcmp(a.p, header, sizeof header) == 0, "neither name nor time in the header");

	buf_reset(&a);
	pack(&a, (struct span){"", 0}, 6, 1);
	ok(reads_as(buf_span(&a), (struct span){"", 0}), "nothing gives an empty member");

	buf_reset(&a);
	p = pack_new(6);
	pack_add(p, span_of("one\n"), &a);
	pack_end(p, &a);
	pack_add(p, span_of("two\n"), &a);
	pack_end(p, &a);
	pack_free(p);
	ok(reads_as(buf_span(&a), span_of("one\ntwo\n")), "a second member after pack_end");
	buf_reset(&b);
	pack(&b, span_of("one\n"), 6, 9);
	pack(&b, span_of("two\n"), 6, 9);
	ok(span_eq(buf_span(&a), buf_span(&b)), "and it is as if it were the first");
	buf_free(&plain);
	buf_free(&a);
	buf_free(&b);
	return tap_end();
}
