/*
 * Gzip, zip or plain in, plain out: what a report part is packed in, told by its first bytes.
 *
 * Gzip (RFC 1952): all members, each CRC and length checked.  Zip (PKWARE
 * APPNOTE): exactly one member, stored or deflated, zip64, data descriptors;
 * sizes and CRC checked against the descriptor and the central directory.
 * Anything after the end is an error.  Memory does not grow with the input.
 */
#ifndef UNPACK_H
#define UNPACK_H

#include "buf.h"

enum unpack_kind { UNPACK_PLAIN, UNPACK_GZIP, UNPACK_ZIP };

struct unpack;

/* Reads from fd, which stays the caller's.  `head` is what somebody has read from it already; borrowed until unpack_free. */
struct unpack *unpack_new(int fd, struct span head);
/*
 * Puts up to `room` bytes at `to` and sets *n; *n is 0 at the end, which is
 * reached only when everything was whole.  NULL, or why it fails: a static
 * reason.  After a failing read(2) the reason is unpack_read_failed and errno tells.
 */
const char *unpack_read(struct unpack *u, char *to, size_t room, size_t *n);
extern const char unpack_read_failed[];
/* Known after the first unpack_read. */
enum unpack_kind unpack_kind(const struct unpack *u);
/* Bytes of the packed input taken so far: where an error lies. */
uint64_t unpack_taken(const struct unpack *u);
void unpack_free(struct unpack *u);

#endif
