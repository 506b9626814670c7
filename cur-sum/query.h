/*
 * What is asked for: the names to group by, the names to add up, and where a
 * delivery's items have them.
 */
#ifndef QUERY_H
#define QUERY_H

#include <jansson.h>

#include "buf.h"
#include "group.h"
#include "item.h"
#include "progress.h"

enum query_word { QUERY_MEMBER, QUERY_DAY, QUERY_MONTH, QUERY_EXPORT, QUERY_PERIOD };

struct query_name {
	char *text;              /* as it was given; NULL: the cost column, not known yet */
	enum query_word word;
	struct item_path path;   /* of QUERY_MEMBER */
	bool valued;             /* of --of: an item has had a value */
};

struct query_names {
	struct query_name *list;
	size_t n;
};

struct query {
	struct query_names by, of;
	struct progress progress;
	uint64_t items, bytes;       /* read so far, of all deliveries */
	/* where query_add failed: a name and its JSON value, or NULL */
	const char *bad_name;
	struct span bad_value;
	/* private: of the delivery that is read */
	const char *export, *period;
	struct item_path time, currency;
	bool told;                   /* time and currency are known */
	bool own_cost;               /* no --of: the format says */
	struct buf key, tmp;
};

/* Names parted by commas.  NULL, or why they are none. */
const char *query_by(struct query *q, const char *names);
const char *query_of(struct query *q, const char *names);
/* After all options: NULL, or why the names do not go together. */
const char *query_check(struct query *q);
/*
 * A delivery begins: its begin mark, or the document of a store; borrowed until
 * the next.  NULL, or why it cannot be added up.
 */
const char *query_begin(struct query *q, const json_t *begin);
/* Counts an item and adds it up.  NULL, or why it cannot. */
const char *query_add(struct query *q, struct groups *g, struct span item);
/* Ends the program with 65 for an item that query_add has refused. */
_Noreturn void query_refuse(const struct query *q, const char *where, uint64_t line, const char *why);
/* After all items: says which names of --of no item had a value for; a sum of nothing may be a misspelt name. */
void query_note_empty(const struct query *q);
void query_free(struct query *q);

#endif
