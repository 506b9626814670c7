/* unpack: what it reads, and that it takes nothing for whole that is not. */
#include "unpack.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "pack.h"
#include "tap.h"

static const char csv[] = "identity/LineItemId,identity/TimeInterval\nabc,2024-01-01T00:00:00Z/2024-01-02T00:00:00Z\n";

/* Unpacks from a span, `room` bytes at a time. */
static const char *
unpack_all(struct span packed, size_t room, struct buf *to, uint64_t *taken)
{
	int fd = open("/dev/null", O_RDONLY);
	struct unpack *u = unpack_new(fd, packed);
	const char *why;
	size_t n;

	buf_reset(to);
	while ((why = unpack_read(u, buf_room(to, room), room, &n)) == NULL && n > 0)
		to->n += n;
	if (why == NULL && (unpack_read(u, buf_room(to, room), room, &n) != NULL || n != 0))
		why = "it goes on after its end";
	if (taken != NULL)
		*taken = unpack_taken(u);
	unpack_free(u);
	close(fd);
	return why;
}

static void
gives(struct span packed, struct span plain, const char *name)
{
	static const size_t rooms[] = {1, 7, 4096, 1 << 20};
	struct buf got = {0};
	uint64_t taken = 0;
	bool good = true;

	for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
		const char *why = unpack_all(packed, rooms[i], &got, &taken);

		if (why != NULL || !span_eq(buf_span(&got), plain) || taken != packed.n) {
			printf("# room %zu: %s, %zu bytes\n", rooms[i], why != NULL ? why : "fine", got.n);
			good = false;
		}
	}
	ok(good, "%s", name);
	buf_free(&got);
}

static void
fails(struct span packed, const char *wanted, const char *name)
{
	struct buf got = {0};
	const char *why = unpack_all(packed, 4096, &got, NULL);

	if (!ok(why != NULL && strcmp(why, wanted) == 0, "%s: %s", name, wanted))
		printf("# got: %s\n", why != NULL ? why : "(success)");
	buf_free(&got);
}

/* Every beginning of a packed file but a trivial one is an error. */
static void
cuts_fail(struct span packed, const char *name)
{
	struct buf got = {0};
	size_t whole = 0;

	for (size_t n = 4; n < packed.n; n++)
		if (unpack_all((struct span){packed.p, n}, 4096, &got, NULL) == NULL) {
			printf("# %zu of %zu bytes pass\n", n, packed.n);
			whole++;
		}
	ok(whole == 0, "%s: a cut at any byte is noticed", name);
	buf_free(&got);
}

/* No byte can change without being noticed, but for the harmless ones: pairs of offset and length, -1 ends. */
static void
flips_fail(struct span packed, struct span plain, const int *harmless, const char *name)
{
	struct buf bytes = {0}, got = {0};
	size_t missed = 0;

	buf_span_add(&bytes, packed);
	for (size_t i = 2; i < packed.n; i++) {
		bool skipped = false;
		const char *why;

		for (const int *f = harmless; *f >= 0; f += 2)
			skipped |= i >= (size_t)f[0] && i < (size_t)(f[0] + f[1]);
		if (skipped)
			continue;
		bytes.p[i] = (char)(bytes.p[i] ^ 0x11);
		why = unpack_all(buf_span(&bytes), 4096, &got, NULL);
		/* Without its signature a zip is a plain file. */
		if (why == NULL && (got.n < 2 || memcmp(got.p, "PK", 2) != 0)) {
			printf("# byte %zu of %zu: %s\n", i, packed.n, span_eq(buf_span(&got), plain) ? "same" : "other");
			missed++;
		}
		bytes.p[i] = (char)(bytes.p[i] ^ 0x11);
	}
	ok(missed == 0, "%s: a changed byte is noticed", name);
	buf_free(&bytes);
	buf_free(&got);
}

static void
gzip(struct buf *to, struct span plain)
{
	struct pack *p = pack_new(6);

	pack_add(p, plain, to);
	pack_end(p, to);
	pack_free(p);
}

static void
test_plain(void)
{
	struct buf b = {0};
	int pipes[2], fd = open("/", O_RDONLY);
	struct unpack *u;
	char room[64];
	size_t n = 0;

	gives((struct span){"", 0}, (struct span){"", 0}, "plain: an empty file");
	gives(span_of("a"), span_of("a"), "plain: one byte");
	gives(span_of("\x1f"), span_of("\x1f"), "plain: the first byte of gzip alone");
	gives(span_of("PK\3"), span_of("PK\3"), "plain: three bytes of a zip alone");
	gives(span_of(csv), span_of(csv), "plain: a report");
	for (int i = 0; i < 300000; i++)
		buf_byte(&b, (char)('a' + i % 23));
	gives(buf_span(&b), buf_span(&b), "plain: more than the buffers hold");

	u = unpack_new(fd, (struct span){"", 0});
	ok(unpack_read(u, room, sizeof room, &n) == unpack_read_failed, "a failing read is told");
	unpack_free(u);
	close(fd);

	ok(pipe(pipes) == 0 && write(pipes[1], "lo\n", 3) == 3, "a pipe");
	close(pipes[1]);
	u = unpack_new(pipes[0], span_of("hel"));
	buf_reset(&b);
	while (unpack_read(u, buf_room(&b, 64), 64, &n) == NULL && n > 0)
		b.n += n;
	ok(span_is(buf_span(&b), "hello\n"), "the head comes before the descriptor");
	ok(unpack_kind(u) == UNPACK_PLAIN, "plain is told");
	unpack_free(u);
	close(pipes[0]);
	buf_free(&b);
}

static void
test_gzip(void)
{
	/* The header's time, flags of the compressor and system are nobody's business. */
	static const int harmless[] = {4, 6, -1};
	struct buf one = {0}, two = {0}, plain = {0};

	gzip(&one, span_of(csv));
	gives(buf_span(&one), span_of(csv), "gzip: one member");
	cuts_fail(buf_span(&one), "gzip");
	flips_fail(buf_span(&one), span_of(csv), harmless, "gzip");
	fails((struct span){one.p, one.n - 1}, "the file ends inside gzip data", "gzip without its last byte");

	buf_span_add(&two, buf_span(&one));
	gzip(&two, (struct span){"", 0});
	gzip(&two, span_of("more\n"));
	buf_str(&plain, csv);
	buf_str(&plain, "more\n");
	gives(buf_span(&two), buf_span(&plain), "gzip: three members, one empty");
	buf_byte(&two, '\0');
	fails(buf_span(&two), "something that is no gzip member follows the gzip data", "gzip and a zero byte");
	buf_str(&one, "\x1f\x8b");
	fails(buf_span(&one), "the file ends inside gzip data", "gzip and a cut header");

	buf_reset(&one);
	gzip(&one, (struct span){"", 0});
	gives(buf_span(&one), (struct span){"", 0}, "gzip: of nothing");

	buf_reset(&one);
	buf_reset(&plain);
	for (int i = 0; i < 3000000; i++)
		buf_byte(&plain, (char)('a' + i / 100000));
	gzip(&one, buf_span(&plain));
	gives(buf_span(&one), buf_span(&plain), "gzip: output that waits for room");
	buf_free(&one);
	buf_free(&two);
	buf_free(&plain);
}

/* A zip by hand, so that every field can be wrong. */
struct zip {
	bool stored, wide;             /* method; zip64 everywhere */
	int descriptor;                /* 0 none, 1 plain, 2 with signature, 3 wide, 4 wide with signature */
	unsigned flags, method;        /* flags besides; another method than 0 or 8 */
	unsigned members;              /* of the directory and the end; 0 means 1 */
	bool second;                   /* a second local member */
	int crc_off, plain_off, packed_off, entry_crc_off, entry_plain_off, offset_off;   /* added to the right value */
	const char *comment;
	struct { size_t directory, end64, end; } at;   /* set: where they begin */
};

static void
le(struct buf *b, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++, v >>= 8)
		buf_byte(b, (char)(v & 0xff));
}

static struct buf
deflated(struct span s)
{
	struct buf b = {0};
	z_stream z = {0};

	deflateInit2(&z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
	z.next_in = (unsigned char *)s.p;
	z.avail_in = (uInt)s.n;
	z.next_out = (unsigned char *)buf_room(&b, s.n + 100);
	z.avail_out = (uInt)s.n + 100;
	deflate(&z, Z_FINISH);
	b.n = s.n + 100 - z.avail_out;
	deflateEnd(&z);
	return b;
}

static void
put_local(struct buf *b, struct zip *z, uint32_t crc, uint64_t packed, uint64_t plain)
{
	bool later = z->descriptor > 0;

	le(b, 0x04034b50, 4);
	le(b, z->wide ? 45 : 20, 2);
	le(b, z->flags | (later ? 8 : 0), 2);
	le(b, z->method > 0 ? z->method : z->stored ? 0 : 8, 2);
	le(b, 0, 4);
	le(b, later ? 0 : crc, 4);
	le(b, z->wide ? UINT32_MAX : later ? 0 : packed, 4);
	le(b, z->wide ? UINT32_MAX : later ? 0 : plain, 4);
	le(b, 10, 2);
	le(b, z->wide ? 26 : 0, 2);
	buf_str(b, "report.csv");
	if (!z->wide)
		return;
	buf_str(b, "\x99\x99");
	le(b, 2, 2);
	buf_str(b, "xx");
	le(b, 1, 2);
	le(b, 16, 2);
	le(b, later ? 0 : plain, 8);
	le(b, later ? 0 : packed, 8);
}

static void
put_descriptor(struct buf *b, const struct zip *z, uint32_t crc, uint64_t packed, uint64_t plain)
{
	int width = z->descriptor >= 3 ? 8 : 4;

	if (z->descriptor == 0)
		return;
	if (z->descriptor % 2 == 0)
		buf_str(b, "PK\7\b");
	le(b, crc, 4);
	le(b, packed, width);
	le(b, plain, width);
}

static void
put_entry(struct buf *b, const struct zip *z, uint32_t crc, uint64_t packed, uint64_t plain)
{
	uint64_t offset = (uint64_t)z->offset_off;

	le(b, 0x02014b50, 4);
	le(b, 45, 2);
	le(b, 45, 2);
	le(b, z->flags | (z->descriptor > 0 ? 8 : 0), 2);
	le(b, z->method > 0 ? z->method : z->stored ? 0 : 8, 2);
	le(b, 0, 4);
	le(b, crc + (uint32_t)z->entry_crc_off, 4);
	le(b, z->wide ? UINT32_MAX : packed, 4);
	le(b, z->wide ? UINT32_MAX : plain + (uint64_t)z->entry_plain_off, 4);
	le(b, 10, 2);
	le(b, z->wide ? 28 : 0, 2);
	le(b, 0, 2);
	le(b, 0, 2);
	le(b, 0, 6);
	le(b, z->wide ? UINT32_MAX : offset, 4);
	buf_str(b, "report.csv");
	if (!z->wide)
		return;
	le(b, 1, 2);
	le(b, 24, 2);
	le(b, plain + (uint64_t)z->entry_plain_off, 8);
	le(b, packed, 8);
	le(b, offset, 8);
}

static void
put_ends(struct buf *b, struct zip *z, size_t from)
{
	size_t bytes = b->n - from, here = b->n;
	unsigned members = z->members > 0 ? z->members : 1;

	z->at.end64 = here;
	if (z->wide) {
		le(b, 0x06064b50, 4);
		le(b, 44, 8);
		le(b, 45, 2);
		le(b, 45, 2);
		le(b, 0, 8);
		le(b, members, 8);
		le(b, members, 8);
		le(b, bytes, 8);
		le(b, from, 8);
		le(b, 0x07064b50, 4);
		le(b, 0, 4);
		le(b, here, 8);
		le(b, 1, 4);
	}
	z->at.end = b->n;
	le(b, 0x06054b50, 4);
	le(b, 0, 4);
	le(b, z->wide ? UINT16_MAX : members, 2);
	le(b, z->wide ? UINT16_MAX : members, 2);
	le(b, z->wide ? UINT32_MAX : bytes, 4);
	le(b, z->wide ? UINT32_MAX : from, 4);
	le(b, z->comment != NULL ? strlen(z->comment) : 0, 2);
	buf_str(b, z->comment != NULL ? z->comment : "");
}

static struct buf
zip(struct zip *z, struct span plain)
{
	uint32_t crc = (uint32_t)crc32(0, (const unsigned char *)plain.p, (uInt)plain.n);
	struct buf b = {0}, data = {0};
	uint64_t packed, size;
	size_t from;

	if (z->stored)
		buf_span_add(&data, plain);
	else
		data = deflated(plain);
	crc += (uint32_t)z->crc_off;
	packed = data.n + (uint64_t)z->packed_off;
	size = plain.n + (uint64_t)z->plain_off;
	for (int i = 0; i <= z->second; i++) {
		put_local(&b, z, crc, packed, size);
		buf_span_add(&b, buf_span(&data));
		put_descriptor(&b, z, crc, packed, size);
	}
	z->at.directory = from = b.n;
	for (unsigned i = 0; i < (z->members > 0 ? z->members : 1); i++)
		put_entry(&b, z, crc, packed, size);
	put_ends(&b, z, from);
	buf_free(&data);
	return b;
}

struct ranges {
	int pairs[40];
	size_t n;
};

static void
range(struct ranges *r, size_t from, size_t bytes)
{
	r->pairs[r->n++] = (int)from;
	r->pairs[r->n++] = (int)bytes;
	r->pairs[r->n] = -1;
}

/* Versions, times, names, attributes, comments, the extra field nobody knows: what need not be looked at. */
static struct ranges
harmless_of(const struct zip *z)
{
	size_t d = z->at.directory;
	struct ranges r = {0};

	range(&r, 4, 2);
	range(&r, 7, 1);
	range(&r, 10, 4);
	range(&r, 30, z->wide ? 16 : 10);
	if (z->descriptor > 0) {
		/* What the descriptor brings is not looked at in the header. */
		range(&r, 14, 12);
		range(&r, 30, z->wide ? 36 : 10);
	}
	range(&r, d + 4, 6);
	range(&r, d + 12, 4);
	range(&r, d + 34, 8);
	range(&r, d + 46, 10);
	if (z->wide)
		range(&r, z->at.end64 + 12, 4);
	range(&r, z->at.end + 22, z->comment != NULL ? strlen(z->comment) : 0);
	return r;
}

static void
zip_gives(struct zip z, struct span plain, const char *name)
{
	struct buf b = zip(&z, plain);

	gives(buf_span(&b), plain, name);
	if (plain.n < 1000) {
		cuts_fail(buf_span(&b), name);
		flips_fail(buf_span(&b), plain, harmless_of(&z).pairs, name);
	}
	buf_free(&b);
}

static void
zip_fails(struct zip z, const char *why, const char *name)
{
	struct buf b = zip(&z, span_of(csv));

	fails(buf_span(&b), why, name);
	buf_free(&b);
}

static void
test_zip(void)
{
	struct span s = span_of(csv);
	struct buf big = {0};

	zip_gives((struct zip){0}, s, "zip: deflated");
	zip_gives((struct zip){.stored = true}, s, "zip: stored");
	zip_gives((struct zip){.wide = true}, s, "zip: zip64");
	zip_gives((struct zip){.wide = true, .stored = true}, s, "zip: zip64, stored");
	zip_gives((struct zip){.descriptor = 1}, s, "zip: descriptor");
	zip_gives((struct zip){.descriptor = 2}, s, "zip: descriptor with signature");
	zip_gives((struct zip){.descriptor = 3, .wide = true}, s, "zip: wide descriptor");
	zip_gives((struct zip){.descriptor = 4, .wide = true}, s, "zip: wide descriptor with signature");
	zip_gives((struct zip){.descriptor = 4}, s, "zip: wide descriptor without zip64 header");
	zip_gives((struct zip){.descriptor = 2, .flags = 1 << 11, .comment = "made by hand"}, s, "zip: comment, UTF-8 name");
	zip_gives((struct zip){.descriptor = 2}, (struct span){"", 0}, "zip: of nothing");
	zip_gives((struct zip){.stored = true}, (struct span){"", 0}, "zip: of nothing, stored");
	for (int i = 0; i < 3000000; i++)
		buf_byte(&big, (char)('a' + i / 100000));
	zip_gives((struct zip){.descriptor = 2}, buf_span(&big), "zip: output that waits for room");
	zip_gives((struct zip){.stored = true}, buf_span(&big), "zip: stored, more than the buffers hold");

	fails((struct span){"PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22}, "the zip has no member", "an empty zip");
	zip_fails((struct zip){.flags = 1}, "the zip is encrypted", "flag 0");
	zip_fails((struct zip){.flags = 1 << 6}, "the zip is encrypted", "flag 6");
	zip_fails((struct zip){.flags = 1 << 13}, "the zip is encrypted", "flag 13");
	zip_fails((struct zip){.flags = 1 << 5}, "the zip holds a patch", "flag 5");
	zip_fails((struct zip){.method = 12}, "the zip is packed by a method other than deflate", "bzip2");
	zip_fails((struct zip){.stored = true, .descriptor = 2}, "the zip stores its member without saying how long it is",
	    "stored with descriptor");
	zip_fails((struct zip){.second = true}, "the zip has more than one member", "two members");
	zip_fails((struct zip){.second = true, .descriptor = 2}, "the zip has more than one member", "two, with descriptors");
	zip_fails((struct zip){.members = 2}, "the zip has more than one member", "two entries");
	zip_fails((struct zip){.crc_off = 1}, "the zip data has another checksum or size than its header says", "CRC");
	zip_fails((struct zip){.plain_off = 1}, "the zip data has another checksum or size than its header says", "size");
	zip_fails((struct zip){.packed_off = -1}, "the zip data has another checksum or size than its header says",
	    "packed size");
	zip_fails((struct zip){.descriptor = 2, .crc_off = 1},
	    "the zip data has another checksum or size than its header says", "CRC in a descriptor");
	zip_fails((struct zip){.descriptor = 3, .plain_off = 1},
	    "the zip data has another checksum or size than its header says", "size in a descriptor");
	zip_fails((struct zip){.entry_crc_off = 1}, "the zip directory has another checksum or size than the data",
	    "CRC in the directory");
	zip_fails((struct zip){.wide = true, .entry_plain_off = 1},
	    "the zip directory has another checksum or size than the data", "size in the directory");
	zip_fails((struct zip){.offset_off = 5}, "the zip directory is damaged", "offset in the directory");
	buf_free(&big);
}

static void
test_zip_tail(void)
{
	struct zip z = {0};
	struct buf b = zip(&z, span_of(csv));

	buf_byte(&b, '\n');
	fails(buf_span(&b), "something follows the zip data", "a byte after the zip");
	fails((struct span){b.p, z.at.directory}, "the file ends inside zip data", "no directory");
	buf_free(&b);
}

int
main(void)
{
	test_plain();
	test_gzip();
	test_zip();
	test_zip_tail();
	return tap_end();
}
