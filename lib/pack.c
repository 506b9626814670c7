/* Bytes to gzip, deterministic. */
#include "pack.h"

#include <stdlib.h>
#include <zlib.h>

#include "die.h"

#define ROOM_BYTES ((size_t)32 << 10)
#define STEP_BYTES ((size_t)1 << 30)   /* zlib counts in unsigned int */

struct pack {
	z_stream z;
};

struct pack *
pack_new(int level)
{
	struct pack *p = mem_new(sizeof *p);

	/* Without a gzip header of ours zlib writes one without name and time. */
	if (deflateInit2(&p->z, level, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		die(EX_OSERR, "no memory to pack");
	return p;
}

/* Deflates what z has as input; with Z_FINISH until the member is whole. */
static void
run(struct pack *p, int flush, struct buf *to)
{
	int result;

	do {
		p->z.next_out = (unsigned char *)buf_room(to, ROOM_BYTES);
		p->z.avail_out = (uInt)ROOM_BYTES;
		result = deflate(&p->z, flush);
		if (result == Z_STREAM_ERROR)
			die(EX_SOFTWARE, "deflate failed");
		to->n += ROOM_BYTES - p->z.avail_out;
	} while (p->z.avail_out == 0);
}

void
pack_add(struct pack *p, struct span bytes, struct buf *to)
{
	while (bytes.n > 0) {
		size_t n = bytes.n < STEP_BYTES ? bytes.n : STEP_BYTES;

		/* zlib does not write to its input; older headers lack the const. */
		p->z.next_in = (unsigned char *)bytes.p;
		p->z.avail_in = (uInt)n;
		run(p, Z_NO_FLUSH, to);
		bytes.p += n;
		bytes.n -= n;
	}
}

void
pack_end(struct pack *p, struct buf *to)
{
	p->z.next_in = NULL;
	p->z.avail_in = 0;
	run(p, Z_FINISH, to);
	deflateReset(&p->z);
}

void
pack_free(struct pack *p)
{
	if (p == NULL)
		return;
	deflateEnd(&p->z);
	free(p);
}
