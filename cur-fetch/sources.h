/*
 * What operands and lines of stdin name: folders, manifests, reports and events, on disk and in S3.
 */
#ifndef SOURCES_H
#define SOURCES_H

#include "choose.h"
#include "remote.h"

struct sources {
	struct finds finds;
	struct choice choice;
	struct remote remote;
	size_t n;                  /* operands and lines so far */
};

/* An operand, or a line of stdin; `where` names it if it is an event.  What goes wrong ends the program. */
void sources_take(struct sources *s, const char *operand, const char *where);
/* All lines of stdin. */
void sources_lines(struct sources *s);
void sources_free(struct sources *s);

#endif
