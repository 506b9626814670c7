/* Gzip, zip or plain in, plain out. */
#include "unpack.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "die.h"

#define HELD_BYTES ((size_t)64 << 10)
#define ROOM_MAX_BYTES ((size_t)1 << 30)   /* zlib counts in unsigned int */

const char unpack_read_failed[] = "it cannot be read";

static const char gzip_cut[] = "the file ends inside gzip data";
static const char gzip_damaged[] = "the gzip data is damaged";
static const char gzip_trailing[] = "something that is no gzip member follows the gzip data";
static const char zip_cut[] = "the file ends inside zip data";
static const char zip_damaged[] = "the zip data is damaged";
static const char zip_header[] = "the zip header is damaged";
static const char zip_unequal[] = "the zip data has another checksum or size than its header says";
static const char zip_many[] = "the zip has more than one member";
static const char zip_directory[] = "the zip directory is damaged";

enum at { AT_START, AT_PLAIN, AT_GZIP, AT_GZIP_END, AT_ZIP, AT_END };

/* What a zip says of its member: in the local header, in the directory, and as it was found. */
struct member {
	unsigned flags, method;
	uint32_t crc;
	uint64_t packed, plain;   /* bytes */
	uint64_t offset;          /* of the local header */
};

struct unpack {
	int fd;
	struct span head;         /* what is left of it */
	enum unpack_kind kind;
	enum at at;
	const char *why;          /* a failed one stays failed */
	uint64_t taken;
	z_stream z;
	bool inflating;           /* z has memory */
	struct member said, found;
	uint64_t data_from;       /* where the member's data begins */
	size_t from, n;           /* held[from..n) is not taken yet */
	bool ended;               /* nothing is left to load */
	unsigned char held[HELD_BYTES];
};

struct unpack *
unpack_new(int fd, struct span head)
{
	struct unpack *u = mem_new(sizeof *u);

	u->fd = fd;
	u->head = head;
	return u;
}

void
unpack_free(struct unpack *u)
{
	if (u == NULL)
		return;
	if (u->inflating)
		inflateEnd(&u->z);
	free(u);
}

enum unpack_kind
unpack_kind(const struct unpack *u)
{
	return u->kind;
}

uint64_t
unpack_taken(const struct unpack *u)
{
	return u->taken;
}

/* Loads from the head, then from the descriptor; *n is 0 at the end. */
static const char *
load(struct unpack *u, void *to, size_t room, size_t *n)
{
	ssize_t got;

	*n = 0;
	if (u->head.n > 0) {
		*n = u->head.n < room ? u->head.n : room;
		memcpy(to, u->head.p, *n);
		u->head.p += *n;
		u->head.n -= *n;
		return NULL;
	}
	do
		got = read(u->fd, to, room);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return unpack_read_failed;
	*n = (size_t)got;
	return NULL;
}

/* Holds `want` bytes in one piece, fewer only at the end of the file. */
static const char *
hold(struct unpack *u, size_t want)
{
	if (u->from == u->n || HELD_BYTES - u->from < want) {
		memmove(u->held, u->held + u->from, u->n - u->from);
		u->n -= u->from;
		u->from = 0;
	}
	while (u->n - u->from < want && !u->ended) {
		size_t n;
		const char *why = load(u, u->held + u->n, HELD_BYTES - u->n, &n);

		if (why != NULL)
			return why;
		u->ended = n == 0;
		u->n += n;
	}
	return NULL;
}

static size_t
held(const struct unpack *u)
{
	return u->n - u->from;
}

static const unsigned char *
peek(const struct unpack *u)
{
	return u->held + u->from;
}

static void
take(struct unpack *u, size_t n)
{
	u->from += n;
	u->taken += n;
}

/* hold, where a zip cannot end yet. */
static const char *
need(struct unpack *u, size_t want)
{
	const char *why = hold(u, want);

	return why != NULL ? why : held(u) < want ? zip_cut : NULL;
}

static const char *
skip(struct unpack *u, uint64_t n)
{
	while (n > 0) {
		const char *why = need(u, 1);
		size_t step;

		if (why != NULL)
			return why;
		step = held(u) < n ? held(u) : (size_t)n;
		take(u, step);
		n -= step;
	}
	return NULL;
}

static void
inflate_begin(struct unpack *u, int window_bits)
{
	if (inflateInit2(&u->z, window_bits) != Z_OK)
		die(EX_OSERR, "no memory to unpack");
	u->inflating = true;
}

/* Inflates once; *over when the deflate stream, or the gzip member, has ended. */
static const char *
inflate_some(struct unpack *u, char *to, size_t room, size_t *n, bool *over)
{
	bool gzip = u->kind == UNPACK_GZIP;
	const char *why = hold(u, 1);
	int result;

	if (why != NULL)
		return why;
	/* With nothing held it is called all the same: it may have bytes that found no room last time. */
	u->z.next_in = u->held + u->from;
	u->z.avail_in = (uInt)held(u);
	u->z.next_out = (unsigned char *)to;
	u->z.avail_out = (uInt)room;
	result = inflate(&u->z, Z_NO_FLUSH);
	take(u, held(u) - u->z.avail_in);
	*n = room - u->z.avail_out;
	*over = result == Z_STREAM_END;
	if (result == Z_MEM_ERROR)
		die(EX_OSERR, "no memory to unpack");
	if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
		return gzip ? gzip_damaged : zip_damaged;
	if (!*over && *n == 0 && held(u) == 0 && u->ended)
		return gzip ? gzip_cut : zip_cut;
	return NULL;
}

static bool
is_gzip(const struct unpack *u)
{
	return held(u) >= 2 && peek(u)[0] == 0x1f && peek(u)[1] == 0x8b;
}

/* After a member: the next one, or the end of the file. */
static const char *
next_gzip(struct unpack *u)
{
	const char *why = hold(u, 2);

	if (why != NULL)
		return why;
	if (held(u) == 0) {
		u->at = AT_END;
		return NULL;
	}
	if (!is_gzip(u))
		return gzip_trailing;
	inflateReset(&u->z);
	u->at = AT_GZIP;
	return NULL;
}

static const char *
read_gzip(struct unpack *u, char *to, size_t room, size_t *n)
{
	const char *why = NULL;

	while (why == NULL && *n == 0 && u->at != AT_END) {
		bool over = false;

		if (u->at == AT_GZIP_END) {
			why = next_gzip(u);
			continue;
		}
		why = inflate_some(u, to, room, n, &over);
		if (over)
			u->at = AT_GZIP_END;
	}
	return why;
}

static unsigned
le16(const unsigned char *p)
{
	return p[0] | (unsigned)p[1] << 8;
}

static uint32_t
le32(const unsigned char *p)
{
	return le16(p) | (uint32_t)le16(p + 2) << 16;
}

static uint64_t
le64(const unsigned char *p)
{
	return le32(p) | (uint64_t)le32(p + 4) << 32;
}

/* Signatures of APPNOTE 4.3, as le32 reads them. */
enum signature {
	SIG_LOCAL = 0x04034b50,
	SIG_DESCRIPTOR = 0x08074b50,
	SIG_ENTRY = 0x02014b50,
	SIG_END64 = 0x06064b50,
	SIG_LOCATOR64 = 0x07064b50,
	SIG_END = 0x06054b50
};

enum { FLAG_ENCRYPTED = 1 << 0, FLAG_DESCRIPTOR = 1 << 3, FLAG_PATCH = 1 << 5, FLAG_STRONG = 1 << 6, FLAG_MASKED = 1 << 13 };
enum { METHOD_STORED = 0, METHOD_DEFLATED = 8 };

/* A size of 32 bits that is all ones stands in the zip64 field (APPNOTE 4.5.3), in this order. */
static const char *
read_zip64(const unsigned char *p, size_t n, struct member *m)
{
	uint64_t *wide[] = {&m->plain, &m->packed, &m->offset};

	for (size_t i = 0; i < 3; i++) {
		if (*wide[i] != UINT32_MAX)
			continue;
		if (n < 8)
			return zip_header;
		*wide[i] = le64(p);
		p += 8;
		n -= 8;
	}
	return NULL;
}

/* The extra fields of a header; fewer than four bytes at their end are padding. */
static const char *
read_extra(struct unpack *u, size_t n, struct member *m)
{
	const char *why = need(u, n);
	const unsigned char *p = peek(u);

	for (size_t left = n; why == NULL && left >= 4;) {
		size_t size = le16(p + 2);

		if (left - 4 < size)
			return zip_header;
		if (le16(p) == 1)
			why = read_zip64(p + 4, size, m);
		p += 4 + size;
		left -= 4 + size;
	}
	if (why == NULL)
		take(u, n);
	return why;
}

/* What the local header and the directory have in common, from the flags on (APPNOTE 4.3.7, 4.3.12). */
static void
read_member(struct member *m, const unsigned char *p)
{
	m->flags = le16(p);
	m->method = le16(p + 2);
	m->crc = le32(p + 8);
	m->packed = le32(p + 12);
	m->plain = le32(p + 16);
}

static const char *
check_readable(const struct member *m)
{
	if (m->flags & (FLAG_ENCRYPTED | FLAG_STRONG | FLAG_MASKED))
		return "the zip is encrypted";
	if (m->flags & FLAG_PATCH)
		return "the zip holds a patch";
	if (m->method != METHOD_STORED && m->method != METHOD_DEFLATED)
		return "the zip is packed by a method other than deflate";
	if (m->method == METHOD_STORED && (m->flags & FLAG_DESCRIPTOR))
		return "the zip stores its member without saying how long it is";
	if (m->method == METHOD_STORED && m->packed != m->plain)
		return zip_header;
	return NULL;
}

static const char *
open_zip(struct unpack *u)
{
	const char *why = need(u, 30);
	const unsigned char *p = peek(u);
	size_t name, extra;

	if (why != NULL)
		return why;
	read_member(&u->said, p + 6);
	name = le16(p + 26);
	extra = le16(p + 28);
	take(u, 30);
	if ((why = skip(u, name)) != NULL || (why = read_extra(u, extra, &u->said)) != NULL ||
	    (why = check_readable(&u->said)) != NULL)
		return why;
	if (u->said.method == METHOD_DEFLATED)
		inflate_begin(u, -MAX_WBITS);
	u->found = (struct member){.flags = u->said.flags, .method = u->said.method};
	u->data_from = u->taken;
	u->at = AT_ZIP;
	return NULL;
}

static bool
same_data(const struct member *a, const struct member *b)
{
	return a->crc == b->crc && a->packed == b->packed && a->plain == b->plain;
}

/*
 * The descriptor may have a signature or not, and sizes of 32 or 64 bits
 * (APPNOTE 4.3.9).  Which of the four it is shows in the values, which are
 * known by now, and in the signature after it.
 */
static const char *
read_descriptor(struct unpack *u)
{
	const char *why = hold(u, 24 + 4);

	for (int form = 3; why == NULL && form >= 0; form--) {
		bool wide = form & 1, marked = form & 2;
		size_t n = (marked ? 4u : 0) + 4 + (wide ? 16u : 8);
		const unsigned char *p = peek(u);
		struct member m;

		if (held(u) < n + 4 || (marked && le32(p) != SIG_DESCRIPTOR))
			continue;
		p += marked ? 4 : 0;
		m.crc = le32(p);
		m.packed = wide ? le64(p + 4) : le32(p + 4);
		m.plain = wide ? le64(p + 12) : le32(p + 8);
		if (same_data(&m, &u->found) && memcmp(peek(u) + n, "PK", 2) == 0) {
			take(u, n);
			return NULL;
		}
	}
	return why != NULL ? why : held(u) < 24 + 4 ? zip_cut : zip_unequal;
}

/* The one entry of the directory, which must tell of the member that was read. */
static const char *
read_entry(struct unpack *u)
{
	const char *why = need(u, 4);
	struct member m;
	const unsigned char *p;
	size_t name, extra, comment;

	if (why != NULL)
		return why;
	if (le32(peek(u)) == SIG_LOCAL)
		return zip_many;
	if (le32(peek(u)) != SIG_ENTRY)
		return "no directory follows the zip data";
	if ((why = need(u, 46)) != NULL)
		return why;
	p = peek(u);
	read_member(&m, p + 8);
	name = le16(p + 28);
	extra = le16(p + 30);
	comment = le16(p + 32);
	m.offset = le32(p + 42);
	take(u, 46);
	if ((why = skip(u, name)) != NULL || (why = read_extra(u, extra, &m)) != NULL ||
	    (why = skip(u, comment)) != NULL)
		return why;
	if (!same_data(&m, &u->found))
		return "the zip directory has another checksum or size than the data";
	return m.method != u->found.method || m.offset != 0 ? zip_directory : NULL;
}

/* The zip64 end of the directory and its locator (APPNOTE 4.3.14, 4.3.15). */
static const char *
read_end64(struct unpack *u, uint64_t from, uint64_t bytes)
{
	uint64_t here = u->taken, rest;
	const char *why = need(u, 56);
	const unsigned char *p = peek(u);

	if (why != NULL)
		return why;
	rest = le64(p + 4);
	if (rest < 44 || le32(p + 16) != 0 || le32(p + 20) != 0 || le64(p + 24) != 1 || le64(p + 32) != 1 ||
	    le64(p + 40) != bytes || le64(p + 48) != from)
		return zip_directory;
	take(u, 56);
	if ((why = skip(u, rest - 44)) != NULL || (why = need(u, 20)) != NULL)
		return why;
	p = peek(u);
	if (le32(p) != SIG_LOCATOR64 || le32(p + 4) != 0 || le64(p + 8) != here || le32(p + 16) > 1)
		return zip_directory;
	take(u, 20);
	return NULL;
}

/* Whether a field of the end is what it must be, or all ones because it stands in the zip64 end. */
static bool
is_field(uint64_t field, uint64_t value, uint64_t ones, bool wide)
{
	return field == value || (wide && field == ones);
}

/* The end of the directory (APPNOTE 4.3.16) and of the file. */
static const char *
read_end(struct unpack *u, uint64_t from, uint64_t bytes, bool wide)
{
	const char *why = need(u, 22);
	const unsigned char *p = peek(u);
	size_t comment;

	if (why != NULL)
		return why;
	if (le32(p) != SIG_END || !is_field(le16(p + 4), 0, UINT16_MAX, wide) ||
	    !is_field(le16(p + 6), 0, UINT16_MAX, wide) || !is_field(le16(p + 8), 1, UINT16_MAX, wide) ||
	    !is_field(le16(p + 10), 1, UINT16_MAX, wide) || !is_field(le32(p + 12), bytes, UINT32_MAX, wide) ||
	    !is_field(le32(p + 16), from, UINT32_MAX, wide))
		return zip_directory;
	comment = le16(p + 20);
	take(u, 22);
	if ((why = skip(u, comment)) != NULL || (why = hold(u, 1)) != NULL)
		return why;
	return held(u) > 0 ? "something follows the zip data" : NULL;
}

/* What follows the data of the member. */
static const char *
close_zip(struct unpack *u)
{
	uint64_t from, bytes;
	const char *why;
	bool wide;

	u->found.packed = u->taken - u->data_from;
	if (u->said.flags & FLAG_DESCRIPTOR)
		why = read_descriptor(u);
	else
		why = same_data(&u->said, &u->found) ? NULL : zip_unequal;
	from = u->taken;
	if (why != NULL || (why = read_entry(u)) != NULL)
		return why;
	bytes = u->taken - from;
	if ((why = need(u, 4)) != NULL)
		return why;
	if (le32(peek(u)) == SIG_ENTRY)
		return zip_many;
	wide = le32(peek(u)) == SIG_END64;
	if (wide && (why = read_end64(u, from, bytes)) != NULL)
		return why;
	return read_end(u, from, bytes, wide);
}

static const char *
read_stored(struct unpack *u, char *to, size_t room, size_t *n, bool *over)
{
	uint64_t left = u->said.plain - u->found.plain;
	const char *why;

	*over = left == 0;
	if (*over)
		return NULL;
	if ((why = need(u, 1)) != NULL)
		return why;
	*n = held(u) < room ? held(u) : room;
	if (*n > left)
		*n = (size_t)left;
	memcpy(to, peek(u), *n);
	take(u, *n);
	return NULL;
}

static const char *
read_zip(struct unpack *u, char *to, size_t room, size_t *n)
{
	const char *why = NULL;

	while (why == NULL && *n == 0 && u->at != AT_END) {
		bool over;

		if (u->said.method == METHOD_STORED)
			why = read_stored(u, to, room, n, &over);
		else
			why = inflate_some(u, to, room, n, &over);
		if (why != NULL)
			return why;
		u->found.crc = (uint32_t)crc32(u->found.crc, (const unsigned char *)to, (uInt)*n);
		u->found.plain += *n;
		if (over) {
			why = close_zip(u);
			u->at = AT_END;
		}
	}
	return why;
}

static const char *
read_plain(struct unpack *u, char *to, size_t room, size_t *n)
{
	const char *why = NULL;

	if (held(u) > 0) {
		*n = held(u) < room ? held(u) : room;
		memcpy(to, peek(u), *n);
		take(u, *n);
	} else if (!u->ended) {
		why = load(u, to, room, n);
		u->taken += *n;
	}
	if (why == NULL && *n == 0)
		u->at = AT_END;
	return why;
}

/* Tells the kind by the first bytes. */
static const char *
start(struct unpack *u)
{
	const char *why = hold(u, 4);

	if (why != NULL)
		return why;
	if (is_gzip(u)) {
		u->kind = UNPACK_GZIP;
		u->at = AT_GZIP;
		inflate_begin(u, MAX_WBITS + 16);
	} else if (held(u) >= 4 && le32(peek(u)) == SIG_LOCAL) {
		u->kind = UNPACK_ZIP;
		return open_zip(u);
	} else if (held(u) >= 4 && le32(peek(u)) == SIG_END) {
		u->kind = UNPACK_ZIP;
		return "the zip has no member";
	} else {
		u->at = AT_PLAIN;
	}
	return NULL;
}

const char *
unpack_read(struct unpack *u, char *to, size_t room, size_t *n)
{
	*n = 0;
	if (room > ROOM_MAX_BYTES)
		room = ROOM_MAX_BYTES;
	if (u->why == NULL && u->at == AT_START)
		u->why = start(u);
	if (u->why != NULL)
		return u->why;
	switch (u->at) {
	case AT_PLAIN:
		u->why = read_plain(u, to, room, n);
		break;
	case AT_GZIP:
	case AT_GZIP_END:
		u->why = read_gzip(u, to, room, n);
		break;
	case AT_ZIP:
		u->why = read_zip(u, to, room, n);
		break;
	case AT_START:
	case AT_END:
		break;
	}
	return u->why;
}
