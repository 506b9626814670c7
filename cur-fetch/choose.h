/*
 * Which of the deliveries found are brought, and in which order.
 */
#ifndef CHOOSE_H
#define CHOOSE_H

#include "found.h"
#include "known.h"

/*
 * What the options say.  At most one of the first three; none is the default: the newest period of an export and the
 * month before it, or all that is not older than what the state knows.
 */
struct choice {
	bool all;                   /* --all */
	bool has_since;             /* --since */
	int32_t since;
	int32_t *periods;           /* --period; owned by who made it */
	size_t n;
	const char *export;         /* --export, or NULL */
	struct known *known;        /* --state, or NULL */
};

/* Whether a delivery is among the periods to be brought; `newest` is the newest that a walk found of its export. */
bool choice_wants(const struct choice *c, const struct found *f, int32_t newest);

/* --export NAME, and --period for report files: what has no name gets one.  64 when it would name two exports. */
void choose_names(struct finds *f, const struct choice *c);
/*
 * Leaves what is to be brought, by export and period.  Nothing for what the
 * choice asks ends the program with 66, one export and period twice with 65.
 * What the state has already goes last.
 */
void choose(struct finds *f, const struct choice *c);

#endif
