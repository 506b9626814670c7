/*
 * Stdout, checked: what cannot be written ends the program with 74.
 */
#ifndef OUT_H
#define OUT_H

#include "buf.h"

/* Bytes and lines; they wait in a buffer of 64 KiB. */
void out_span(struct span s);
void out_byte(char c);
/* s and a newline. */
void out_line(struct span s);
/* Writes what waits, so that the next stage can begin with it. */
void out_flush(void);
/* Flushes and closes.  Success is claimed after this only. */
void out_end(void);

/* All of s to fd, or false and errno.  Tries again when interrupted. */
bool out_all(int fd, struct span s);

#endif
