/*
 * One delivery's report: parts in, items out.
 *
 * Whatever is wrong with a part ends the program with its name and place in
 * it; a row that is no item does so too, unless there is a file for rejects.
 */
#ifndef REPORT_H
#define REPORT_H

#include <jansson.h>

#include "plan.h"
#include "progress.h"
#include "rejects.h"

struct report {
	/* the caller's; the rest starts as zero */
	bool nulls;                   /* an empty cell is null, not left out */
	struct rejects *rejects;      /* or NULL */
	struct progress progress;
	/* of the run so far */
	uint64_t rows, bytes;         /* rows below headers; unpacked bytes */
	uint64_t rejected_in_all;
	/* private */
	json_t *begin;                /* borrowed until it is written; NULL after that */
	struct plan plan;             /* from the first part's header */
	uint64_t items, rejected;     /* of the delivery */
	struct buf item, reason;
	bool holds;                   /* the folder of temporary parts */
};

/* Begins a delivery.  `begin` waits for the header of the first part, which adds to it; borrowed until report_end. */
void report_begin(struct report *r, json_t *begin);
/*
 * Reads a part from fd to its end and writes its items.  `head` is what
 * somebody has read from it already.  Returns the bytes of the part as it is
 * packed.
 */
uint64_t report_part(struct report *r, const char *name, int fd, struct span head);
/* Ends the delivery: counts its items in `end` and writes that. */
void report_end(struct report *r, json_t *end);
void report_free(struct report *r);

#endif
