/*
 * How far a program is, on stderr, for people: a line redrawn twice a second,
 * and with -v one line at the end.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

enum progress_when { PROGRESS_AUTO, PROGRESS_ON, PROGRESS_OFF };

struct progress {
	enum progress_when when;    /* AUTO: when stderr is a terminal */
	bool verbose;               /* the line at the end */
	/* private */
	bool on, drawn, begun;
	uint64_t ticks;
	int64_t began_ms, drawn_ms;
};

/* Call as often as you like; items and bytes are totals so far.  `what` names the items, e.g. "rows". */
void progress_tick(struct progress *p, const char *what, uint64_t items, uint64_t bytes);
/* Wipes the line; with verbose says the totals. */
void progress_end(struct progress *p, const char *what, uint64_t items, uint64_t bytes);

#endif
