/* Parts of a delivery as files: opened, and held to their marks. */
#ifndef PART_H
#define PART_H

#include <jansson.h>
#include <sys/stat.h>

#include "report.h"

/* Opens a file for reading; the caller closes it.  66 when it is not there or a directory, 77 when it may not be read. */
int part_open(const char *path, struct stat *st);
/*
 * Reads the part that a mark names into the report, and deletes it if it is
 * temporary.  A file of another size or time than the mark says ends the program with 75.
 */
void part_read(struct report *r, const json_t *part);

#endif
