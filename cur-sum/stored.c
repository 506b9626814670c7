/* Adds up a store. */
#include "stored.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "day.h"
#include "die.h"
#include "in.h"
#include "mark.h"
#include "names.h"
#include "state.h"
#include "store.h"
#include "tally.h"
#include "unpack.h"

#define READ_BYTES ((size_t)256 << 10)

/* A document that is read, and the object of it. */
struct reader {
	struct query *query;
	struct groups groups;         /* of the document */
	struct store *store;
	struct state state;
	const char *export, *period;
	struct buf key;               /* of the object */
	struct digest_stream *digest;
	struct buf held;              /* its bytes that are not added yet */
	size_t seen;                  /* no newline in held before this */
	uint64_t lines;
};

/* "STORE/KEY" of the object, for messages. */
static const char *
object_name(struct reader *r)
{
	struct buf b = {0};

	buf_fmt(&b, "%s/%s", store_name(r->store), buf_text(&r->key));
	buf_reset(&r->key);
	buf_span_add(&r->key, buf_span(&b));
	buf_free(&b);
	return buf_text(&r->key);
}

static _Noreturn void
bad_object(struct reader *r, const char *why)
{
	die(EX_DATAERR, "%s: %s", object_name(r), why);
}

/* Adds the whole lines among the bytes held. */
static void
add_lines(struct reader *r)
{
	struct buf *b = &r->held;
	size_t from = 0;
	const char *nl;

	while (r->seen < b->n && (nl = memchr(b->p + r->seen, '\n', b->n - r->seen)) != NULL) {
		struct span item = {b->p + from, (size_t)(nl - b->p) - from};
		const char *why = query_add(r->query, &r->groups, item);

		r->lines++;
		if (why != NULL)
			query_refuse(r->query, object_name(r), r->lines, why);
		from = r->seen = (size_t)(nl + 1 - b->p);
	}
	memmove(b->p, b->p + from, b->n - from);
	b->n -= from;
	r->seen = b->n;
	if (b->n > IN_LINE_BYTES)
		bad_object(r, "a line is too long");
}

static void
add_bytes(struct reader *r, struct unpack *u)
{
	for (;;) {
		size_t n;
		char *to = buf_room(&r->held, READ_BYTES);
		const char *why = unpack_read(u, to, READ_BYTES, &n);

		if (why == unpack_read_failed)
			die(EX_IOERR, "%s:", object_name(r));
		if (why != NULL)
			die(EX_DATAERR, "%s: byte %ju: %s", object_name(r), (uintmax_t)unpack_taken(u), why);
		if (n == 0)
			break;
		digest_stream_add(r->digest, (struct span){to, n});
		r->query->bytes += n;
		r->held.n += n;
		add_lines(r);
	}
	if (r->held.n > 0)
		bad_object(r, "its last line is cut");
}

/* Adds an object; false if it is not there.  *items counts its lines too. */
static bool
add_object(struct reader *r, int32_t day, const char *name, uint64_t *items)
{
	struct unpack *u;
	struct digest named;
	int fd;

	buf_reset(&r->key);
	name_prefix(&r->key, r->export, r->period);
	name_in_day(&r->key, day, name);
	if (!name_hash(name, &named))
		bad_object(r, "it has no name of an object: there is no hash in it");
	if (store_read(r->store, buf_text(&r->key), &fd) == STORE_MISSING)
		return false;
	u = unpack_new(fd, (struct span){NULL, 0});
	r->lines = 0;
	add_bytes(r, u);
	unpack_free(u);
	close(fd);
	if (!digest_eq(digest_stream_end(r->digest), named))
		bad_object(r, "its bytes are not those that the hash in its name is of");
	*items += r->lines;
	return true;
}

/* Adds the objects of a day; false if one is not there. */
static bool
add_day(struct reader *r, int32_t day)
{
	const json_t *entry = state_day(&r->state, day);
	uint64_t items = 0, said = mark_count(entry, "stored", mark_count(entry, "items", 0));
	char text[DAY_TEXT];
	size_t i;
	json_t *name;

	day_print(day, text);
	json_array_foreach(state_objects(&r->state, day), i, name)
		if (!add_object(r, day, json_string_value(name), &items))
			return false;
	if (items != said)
		die(EX_DATAERR, "%s: %s %s: day %s has %ju items, the document says %ju", store_name(r->store),
		    r->export, r->period, text, (uintmax_t)items, (uintmax_t)said);
	return true;
}

static bool
add_days(struct reader *r)
{
	for (size_t i = 0; i < r->state.days.n; i++)
		if (!add_day(r, r->state.days.days[i].day))
			return false;
	return true;
}

/* Forgets what was read of a document that another has replaced meanwhile. */
static void
forget(struct reader *r)
{
	digest_stream_end(r->digest);
	groups_free(&r->groups);
	state_free(&r->state);
}

/*
 * Adds a document.  A run that swaps it may remove what it named: then the
 * new one is read instead, from its beginning.
 */
static void
add_document(struct reader *r, struct groups *to)
{
	char before[DIGEST_TEXT] = "";
	uint64_t items = r->query->items;

	for (;;) {
		const char *why;

		state_read(&r->state, r->store, r->export, r->period);
		if (r->state.doc == NULL)
			die(EX_NOINPUT, "%s: %s %s: its state document is gone", store_name(r->store), r->export,
			    r->period);
		if (strcmp(r->state.hash, before) == 0)
			die(EX_NOINPUT, "%s: the state document names this object, but it is not there", object_name(r));
		if ((why = query_begin(r->query, r->state.doc)) != NULL)
			die(EX_DATAERR, "%s: %s %s: %s", store_name(r->store), r->export, r->period, why);
		if (add_days(r))
			break;
		memcpy(before, r->state.hash, sizeof before);
		r->query->items = items;
		forget(r);
	}
	groups_merge(to, &r->groups);
	forget(r);
}

void
stored_add(struct query *q, struct groups *g, struct store *store, const char *export, const char *period)
{
	struct reader r = {.query = q, .groups = {.sums = g->sums}, .store = store};
	struct state_list list;

	r.digest = digest_stream_new();
	state_list(&list, r.store, export, period);
	if (list.n == 0)
		die(EX_NOINPUT, "%s: no state document here%s: it is no store, or an empty one", store_name(store),
		    export != NULL || period != NULL ? " is of that export and period" : "");
	for (size_t i = 0; i < list.n; i++) {
		r.export = list.names[i].export;
		r.period = list.names[i].period;
		add_document(&r, g);
	}
	state_list_free(&list);
	digest_stream_free(r.digest);
	buf_free(&r.key);
	buf_free(&r.held);
}
