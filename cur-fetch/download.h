/*
 * Downloads the parts of a delivery into the spool, several requests at a time.
 *
 * Large parts are asked for in pieces.  Every request names the entity tag that the part is to have, so that no file
 * has bytes of two objects; one that breaks off goes on where it was.  Of an answer is checked what it says it is: its
 * tag, its range, its length.  An object that is another by now ends the program with 75, an answer that cannot be
 * right with 69.  Bytes go to the file as they come: memory does not grow with parts.
 */
#ifndef DOWNLOAD_H
#define DOWNLOAD_H

#include <time.h>

#include "progress.h"
#include "remote.h"

struct download;

/* Of n objects that are there; borrowed until download_free. */
struct download *download_new(struct remote *r, const struct object *objects, size_t n, struct progress *progress);
/*
 * Waits until the next part, in the order of objects, is whole; false after the last.  Its file's path is the
 * caller's, *changed is when it was modified.  Others go on as long as nobody reads stdout, where the part's mark goes.
 */
bool download_next(struct download *d, char **path, struct timespec *changed);
void download_free(struct download *d);

#endif
