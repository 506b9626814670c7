/*
 * The spool: a folder for parts from S3 on their way to cur-parse, which deletes each when it has read it.
 *
 * The folder, cur-fetch.PID.RANDOM, is this run's alone.  A file in it is locked as long as the run lives, the folder
 * itself as long as its reader does.  When the program ends early, by die or by PIPE, INT, TERM or HUP, the folder goes
 * with it.  When all is written, the program waits for the reader to end, and the folder goes with whatever is left in
 * it.  Where no reader shows, as in a pipe to somebody else or a file, the parts stay for one that comes later.  Each
 * run removes what killed runs have left, and what has waited for a reader for more than a day.
 */
#ifndef PARTS_H
#define PARTS_H

#include <time.h>

#include "buf.h"

/* Makes the folder below `spool`, once; NULL is $TMPDIR, or /tmp.  73 when it cannot be. */
void parts_begin(const char *spool);
/* Ends the program with 73 when the spool has no room for so many bytes. */
void parts_need(uint64_t bytes);
/* Creates a file for a part, named after its key.  The path is UTF-8, and the caller's. */
int parts_create(const char *key, char **path);
/* Closes a file that has all its bytes; *changed is when it was modified. */
void parts_close(int fd, const char *path, struct timespec *changed);
/* Before the last mark, with which stdout is closed: parts_end is still to see whether somebody reads there. */
void parts_last(void);
/* After the last mark: waits for the reader. */
void parts_end(void);

#endif
