/*
 * Files of parts, and the marks that name them.
 */
#ifndef PART_H
#define PART_H

#include <jansson.h>
#include <sys/stat.h>

#include "report.h"

/* Opens a file and looks at it.  One that cannot be read, or is a directory, ends the program.  The caller closes. */
int part_open(const char *path, struct stat *st);
/*
 * Reads the part that a mark names, which must be as the mark says, before and after: else 75.  Whoever has read a
 * temporary part deletes it.  The folder in which cur-fetch keeps those is locked (flock, shared) from the first to the
 * end of the program: cur-fetch waits for that, and removes what is left; or, when it is gone, the last part takes the
 * folder with it.
 */
void part_marked(struct report *r, const json_t *part);

#endif
