/*
 * Which of the deliveries found are brought, and in which order.
 */
#ifndef CHOOSE_H
#define CHOOSE_H

#include "find.h"

/* At most one of the three; none is the default: the newest period of an export and the month before it. */
struct choice {
	bool all;                   /* --all */
	bool has_since;             /* --since */
	int32_t since;
	int32_t *periods;           /* --period; owned by who made it */
	size_t n;
};

/* --export NAME, and --period for report files: what has no name gets one.  64 when it would name two exports. */
void choose_names(struct finds *f, const struct choice *c, const char *export);
/*
 * Leaves what is to be brought, by export and period.  Nothing for what the
 * choice asks ends the program with 66, one export and period twice with 65.
 */
void choose(struct finds *f, const struct choice *c);

#endif
