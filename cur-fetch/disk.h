/*
 * Local files, looked at and read whole.
 */
#ifndef DISK_H
#define DISK_H

#include <sys/stat.h>

#include "buf.h"

/* The exit for a file or folder that cannot be read, by errno: 66, 77 or 74. */
int disk_status(void);
/* Opens for reading and looks, without waiting for a FIFO's other end; -1 and errno.  The caller closes. */
int disk_open(const char *path, struct stat *st);
/* Adds the whole of a regular file to b; what goes wrong, and a file above `limit` bytes, ends the program. */
void disk_read(const char *path, size_t limit, struct buf *b);
/* True when the file still has exactly these bytes. */
bool disk_is(const char *path, struct span bytes);
/* True when the file begins like a JSON object or array; ends the program when it is no regular file. */
bool disk_is_json(const char *path);

#endif
