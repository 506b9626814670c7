/*
 * Marks, and the rules of a stream: cur-stream(5).
 *
 * struct mark is one mark in a line.  struct marks reads a whole stream from
 * an `in` and holds it to the rules: a stage that has seen MARK_EOS returned
 * has read a whole stream.  Whatever breaks a rule ends the program there,
 * with 65, 76 or 78 and the number of the line.
 */
#ifndef MARK_H
#define MARK_H

#include <jansson.h>

#include "buf.h"
#include "in.h"

enum mark_kind { MARK_ITEM, MARK_BEGIN, MARK_PART, MARK_END, MARK_EOS, MARK_RECEIPT };

/* True for a line that is a mark and no item. */
bool mark_is(struct span line);
/*
 * Reads a mark and checks the members that DESIGN gives it.  NULL, or why it
 * is none; on NULL *json is the caller's.
 */
const char *mark_parse(struct span line, enum mark_kind *kind, json_t **json);
/* Writes json as a mark on stdout, `_cur` first.  Borrowed. */
void mark_write(const json_t *json);
/* {"_cur":"eos","deliveries":n}, and with it the end of stdout. */
void mark_write_eos(uint64_t deliveries);

enum marks_read { MARKS_ITEMS, MARKS_PARTS };

struct marks {
	struct in *in;
	enum marks_read reads;      /* what stands between begin and end */
	bool filtered;              /* --filtered: fewer items than `end` says are allowed */
	bool bare_ok;               /* a stream whose first line is no mark is read */
	const char *export, *period; /* --export, --period: for deliveries that have null there; or NULL */
	/* what was read; json is borrowed until the delivery ends */
	json_t *begin;              /* of the open delivery, with export and period filled in */
	json_t *end;                /* after MARK_END, until the next delivery */
	json_t *part;               /* after MARK_PART, until the next line */
	struct span line;           /* after MARK_ITEM: the item, until the next call */
	struct span first;          /* after MARK_BEGIN of a bare stream: its first item, until the next call */
	uint64_t items, parts;      /* of the open delivery so far */
	uint64_t missing;           /* after MARK_END: items that a filter took out */
	uint64_t deliveries;        /* ended so far */
	bool bare;
	/* private */
	json_t *seen;
	bool started, over;
};

/* {0} with in, reads and options set is ready. */
enum mark_kind marks_next(struct marks *m);
/* "hourly 2024-01 (20240117T053012Z)", for messages; until the next call. */
const char *marks_name(struct marks *m);
void marks_free(struct marks *m);

/* NULL, or why a string cannot name an export: it becomes the name of a folder. */
const char *mark_bad_export(const char *export);

/* A member that is a string, or NULL when it is null or absent. */
const char *mark_text(const json_t *json, const char *member);
/* A member that is a count, or `missing` when absent. */
uint64_t mark_count(const json_t *json, const char *member, uint64_t missing);

#endif
