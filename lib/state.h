/*
 * The state document of an export and billing period: read, propose, swap.
 *
 * One line of JSON under _cur/EXPORT/PERIOD.json; cur-stream(5) lists its members.
 */
#ifndef STATE_H
#define STATE_H

#include <jansson.h>

#include "store.h"
#include "tally.h"

struct state {
	json_t *doc;               /* owned; NULL if there is none yet */
	struct buf bytes;          /* of the document as it stands in the store */
	char hash[DIGEST_TEXT];    /* of those, or "none" */
	uint64_t generation;       /* 0 if there is none */
	struct tally days;         /* of the document */
};

/* The document's key; caller frees. */
char *state_key(const char *export, const char *period);

/* Reads and checks the document.  One that cannot be read ends the program with 65: it never counts as none. */
void state_read(struct state *st, struct store *s, const char *export, const char *period);
/* NULL, or why bytes are no document.  st->doc, st->generation and st->days are set; for the rest see state_read. */
const char *state_parse(struct state *st, struct span bytes);
/* The same from a document that is parsed already, which st owns from then on. */
const char *state_take(struct state *st, json_t *doc);
void state_free(struct state *st);

/* Which documents a store has, in the order of export and period; owned. */
struct state_list {
	struct state_name {
		char *export, *period;
	} *names;
	size_t n;
};
/* Those of an export or a period alone where these are not NULL. */
void state_list(struct state_list *l, struct store *s, const char *export, const char *period);
void state_list_free(struct state_list *l);

/* The entry of a day in the document: an object, borrowed; NULL if the day is not there. */
json_t *state_day(const struct state *st, int32_t day);
/* Names of a day's objects in the document: an array, borrowed; NULL if the day is not there. */
json_t *state_objects(const struct state *st, int32_t day);

/*
 * The document that a delivery asks for, without generation and objects, from
 * its begin mark and what it has by day (NULL: it does not go by day).  `latest`
 * is the latest start seen, INT64_MIN for none.  Caller's.
 */
json_t *state_propose(const json_t *begin, const struct tally *days, int64_t latest);
/* The `latest` of a document, or INT64_MIN. */
int64_t state_latest(const json_t *doc);

/* The `delivered` of a document or begin mark in seconds, or INT64_MIN. */
int64_t state_delivered(const json_t *mark);

/* True when a delivery of this begin mark is known to be older than the document. */
bool state_has_newer(const struct state *st, const json_t *begin);
/*
 * Ends the program with 78 when the document is of another source than the
 * delivery.  A document without source and days is of none.
 */
void state_check_source(const struct state *st, const json_t *begin);

#endif
