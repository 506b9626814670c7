/* Items that wait until the end of a delivery tells whether their day has changed. */
#include "spool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "die.h"
#include "out.h"
#include "tmp.h"

/* Level 1 packs NDJSON to a tenth at more than a gigabyte a second. */
#define LEVEL 1
#define PIECE_BYTES ((size_t)128 << 10)

struct head {
	int32_t day;
	uint32_t bytes;
};

struct spool {
	int fd;
	ZSTD_CCtx *pack;
	ZSTD_DCtx *unpack;
	struct buf plain;      /* items to pack, or unpacked ones not handed out yet */
	struct buf packed;
	size_t from;           /* reading: where the next item starts in plain */
	size_t packed_from;
	bool ended;
};

struct spool *
spool_new(void)
{
	struct spool *s = mem_new(sizeof *s);

	s->fd = tmp_open();
	s->pack = ZSTD_createCCtx();
	s->unpack = ZSTD_createDCtx();
	if (s->pack == NULL || s->unpack == NULL)
		die(EX_OSERR, "no memory for the spool");
	ZSTD_CCtx_setParameter(s->pack, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(s->pack, ZSTD_c_checksumFlag, 1);
	return s;
}

/* Packs what is in plain and writes it. */
static void
pack_plain(struct spool *s, ZSTD_EndDirective how)
{
	ZSTD_inBuffer from = {s->plain.p, s->plain.n, 0};
	size_t left;

	do {
		ZSTD_outBuffer to = {buf_room(&s->packed, PIECE_BYTES), PIECE_BYTES, 0};

		left = ZSTD_compressStream2(s->pack, &to, &from, how);
		if (ZSTD_isError(left))
			die(EX_SOFTWARE, "the spool: %s", ZSTD_getErrorName(left));
		if (!out_all(s->fd, (struct span){s->packed.p, to.pos}))
			die(EX_IOERR, "a spool file in %s:", tmp_folder());
	} while (from.pos < from.size || (how == ZSTD_e_end && left > 0));
	buf_reset(&s->plain);
}

void
spool_add(struct spool *s, int32_t day, struct span item)
{
	struct head head = {day, (uint32_t)item.n};

	buf_add(&s->plain, &head, sizeof head);
	buf_span_add(&s->plain, item);
	if (s->plain.n >= PIECE_BYTES)
		pack_plain(s, ZSTD_e_continue);
}

void
spool_rewind(struct spool *s)
{
	pack_plain(s, ZSTD_e_end);
	buf_reset(&s->packed);
	s->from = s->packed_from = 0;
	s->ended = false;
	if (lseek(s->fd, 0, SEEK_SET) != 0)
		die(EX_IOERR, "a spool file in %s:", tmp_folder());
}

static void
read_packed(struct spool *s)
{
	ssize_t n;

	buf_reset(&s->packed);
	s->packed_from = 0;
	do
		n = read(s->fd, buf_room(&s->packed, PIECE_BYTES), PIECE_BYTES);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		die(EX_IOERR, "a spool file in %s:", tmp_folder());
	s->ended = n == 0;
	s->packed.n = (size_t)n;
}

/* Unpacks until `want` bytes stand after from; false at the end. */
static bool
unpack_plain(struct spool *s, size_t want)
{
	/* The first time there is no memory yet, and memmove wants some even for nothing. */
	if (s->from > 0)
		memmove(s->plain.p, s->plain.p + s->from, s->plain.n - s->from);
	s->plain.n -= s->from;
	s->from = 0;
	while (s->plain.n < want) {
		ZSTD_outBuffer to = {buf_room(&s->plain, PIECE_BYTES), PIECE_BYTES, 0};
		ZSTD_inBuffer from;
		size_t left;

		if (s->packed_from == s->packed.n)
			read_packed(s);
		from = (ZSTD_inBuffer){s->packed.p, s->packed.n, s->packed_from};
		if (s->ended)
			return false;
		left = ZSTD_decompressStream(s->unpack, &to, &from);
		if (ZSTD_isError(left))
			die(EX_IOERR, "the spool in %s is damaged: %s", tmp_folder(), ZSTD_getErrorName(left));
		s->packed_from = from.pos;
		s->plain.n += to.pos;
	}
	return true;
}

static bool
have(struct spool *s, size_t want)
{
	return s->plain.n - s->from >= want || unpack_plain(s, want);
}

bool
spool_next(struct spool *s, int32_t *day, struct span *item)
{
	struct head head;

	if (!have(s, sizeof head))
		return false;
	memcpy(&head, s->plain.p + s->from, sizeof head);
	if (!have(s, sizeof head + head.bytes))
		die(EX_IOERR, "the spool in %s is cut", tmp_folder());
	*day = head.day;
	*item = (struct span){s->plain.p + s->from + sizeof head, head.bytes};
	s->from += sizeof head + head.bytes;
	return true;
}

void
spool_reset(struct spool *s)
{
	ZSTD_CCtx_reset(s->pack, ZSTD_reset_session_only);
	ZSTD_DCtx_reset(s->unpack, ZSTD_reset_session_only);
	if (lseek(s->fd, 0, SEEK_SET) != 0 || ftruncate(s->fd, 0) != 0)
		die(EX_IOERR, "a spool file in %s:", tmp_folder());
	buf_reset(&s->plain);
	buf_reset(&s->packed);
	s->from = s->packed_from = 0;
}

void
spool_free(struct spool *s)
{
	if (s == NULL)
		return;
	close(s->fd);
	ZSTD_freeCCtx(s->pack);
	ZSTD_freeDCtx(s->unpack);
	buf_free(&s->plain);
	buf_free(&s->packed);
	free(s);
}
