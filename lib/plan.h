/*
 * From a report's header row: its format, where id and time are, and what an
 * item is made of, so that a row becomes JSON without thinking.
 *
 * cur1 has columns category/Name, and items are grouped by category; cur2 and
 * focus are flat.  Source of the names: AWS Data Exports user guide, "Data
 * dictionary"; FinOps Foundation, FOCUS 1.0 and 1.2.
 */
#ifndef PLAN_H
#define PLAN_H

#include <jansson.h>

#include "buf.h"

/* The columns in which the formats have id, time, cost and currency. */
struct plan_names {
	const char *format;                              /* cur1, cur2, focus */
	const char *id, *time, *time_fallback;           /* as CSV headers; NULL: has none */
	const char *cost, *currency;                     /* as item paths of item_path_text */
};
extern const struct plan_names plan_names[3];

struct plan_member;

struct plan {
	const char *format;            /* static */
	size_t columns;
	struct span *names;            /* of the columns, as the header has them; until plan_free */
	size_t time;                   /* the column */
	bool has_id;
	size_t id;                     /* the column, if it has one */
	bool nulls;                    /* the caller's: an empty cell becomes null, not nothing */
	size_t bad;                    /* after a reason: the column it is about; `columns` if it is about none */
	/* private */
	struct buf text;
	struct plan_member *members;   /* in the order of the item */
};

/*
 * From the cells of the header row, which are UTF-8 and copied; p is {0} but
 * for nulls.  NULL, or why no item can come from it; free it either way.
 */
const char *plan_begin(struct plan *p, const struct span *header, size_t columns);
/* Whether a header is the plan's.  If not, *at is the first column in which they differ; one of them may lack it. */
bool plan_is(const struct plan *p, const struct span *header, size_t columns, size_t *at);
/* Adds what a begin mark says of a report: format, columns, id, time. */
void plan_mark(const struct plan *p, json_t *begin);
/* Adds the item of a row of p->columns cells, in UTF-8, without a newline.  NULL, or why it has none; b is then to be reset. */
const char *plan_write(struct plan *p, const struct span *cells, struct buf *b);
void plan_free(struct plan *p);

#endif
