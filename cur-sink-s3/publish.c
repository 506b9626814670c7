/*
 * Makes a delivery the content of the store.
 *
 * A document of generation G names objects that an earlier document named, or
 * objects of generation G.  So an object whose generation is not above the
 * document's and which the document does not name will never be named again,
 * and whoever has read that document may remove it, however late.
 */
#include "publish.h"

#include <stdlib.h>
#include <string.h>

#include "day.h"
#include "die.h"
#include "keys.h"
#include "mark.h"
#include "names.h"
#include "value.h"

/* One above the greatest generation of any object of the period. */
static uint64_t
first_generation(struct store *s, const char *prefix)
{
	struct keys k = keys_list(s, prefix);
	uint64_t greatest = 0;

	for (size_t i = 0; i < k.n; i++)
		if (name_generation(k.key[i]) > greatest)
			greatest = name_generation(k.key[i]);
	keys_free(&k);
	return greatest + 1;
}

static _Noreturn void
lost(const struct publication *p)
{
	die(EX_TEMPFAIL, "%s: another run was faster; nothing is lost, run again", marks_name(p->marks));
}

/* True while the document in the store is the one that the run began with. */
static bool
is_still_base(const struct publication *p)
{
	struct state now;
	bool same;

	state_read(&now, p->store, mark_text(p->marks->begin, "export"), mark_text(p->marks->begin, "period"));
	same = strcmp(now.hash, p->delivery.state.hash) == 0;
	state_free(&now);
	return same;
}

static void
check_rejects(const struct publication *p)
{
	uint64_t rejected = mark_count(p->marks->end, "rejected", 0);

	if (rejected > p->options->allow_rejects)
		die(EX_DATAERR, "%s: %ju rows were rejected, %ju are allowed (--allow-rejects): nothing is stored", marks_name(p->marks),
		    (uintmax_t)rejected, (uintmax_t)p->options->allow_rejects);
}

/* The days that this delivery replaces, as a tally without counts; owned by the caller. */
static struct tally
covered_days(const struct publication *p)
{
	const json_t *coverage = json_object_get(p->marks->end, "coverage"), *text;
	struct tally covered = {0};
	size_t i;

	if (coverage != NULL && !json_is_array(coverage))
		die(EX_DATAERR, "%s: its coverage is no list", marks_name(p->marks));
	json_array_foreach(coverage, i, text) {
		int32_t day = 0;

		if (!json_is_string(text) || day_parse(span_of(json_string_value(text)), &day) != NULL)
			die(EX_DATAERR, "%s: its coverage holds something else than days", marks_name(p->marks));
		tally_day(&covered, day);
	}
	if (coverage != NULL)
		return covered;
	/* Without cur-dedupe the stream means the whole period. */
	for (i = 0; i < p->delivery.state.days.n; i++)
		tally_day(&covered, p->delivery.state.days.days[i].day);
	for (i = 0; i < p->chunks.tally.n; i++)
		tally_day(&covered, p->chunks.tally.days[i].day);
	return covered;
}

/* The document that is asked for, with the generation it gets. */
static void
read_proposal(const struct publication *p, struct state *new)
{
	const json_t *proposal = json_object_get(p->marks->end, "state");
	const char *why;
	json_t *doc;

	*new = (struct state){0};
	if (proposal == NULL)
		doc = state_propose(p->marks->begin, &p->chunks.tally, p->delivery.latest);
	else
		doc = json_deep_copy(proposal);
	json_object_set_new(doc, "generation", json_integer((json_int_t)p->generation));
	why = state_take(new, doc);
	if (why == NULL && (strcmp(mark_text(doc, "export"), mark_text(p->marks->begin, "export")) != 0 ||
	    strcmp(mark_text(doc, "period"), mark_text(p->marks->begin, "period")) != 0))
		why = "it is of another export or period";
	if (why != NULL)
		die(EX_DATAERR, "%s: the state it proposes cannot be read: %s", marks_name(p->marks), why);
}

static _Noreturn void
unlike(const struct publication *p, int32_t day, const char *why)
{
	char text[DAY_TEXT];

	day_print(day, text);
	die(EX_DATAERR, "%s: day %s: %s", marks_name(p->marks), text, why);
}

/* What came must be what the proposal says of the covered days, and the rest what the base says. */
static void
check_days(struct publication *p, struct state *new, struct tally *covered)
{
	struct tally *came = &p->chunks.tally;

	for (size_t i = 0; i < came->n; i++)
		if (tally_find(covered, came->days[i].day) == NULL || tally_find(&new->days, came->days[i].day) == NULL)
			unlike(p, came->days[i].day, "items came of a day that is not covered");
	for (size_t i = 0; i < new->days.n; i++) {
		const struct tally_day *want = &new->days.days[i];
		bool is_covered = tally_find(covered, want->day) != NULL;
		const struct tally_day *have = tally_find(is_covered ? came : &p->delivery.state.days, want->day);

		if (is_covered && p->options->filtered)
			continue;
		if (have == NULL || have->items != want->items)
			unlike(p, want->day, "not as many items came as the state says (--filtered allows a filter to drop some)");
		if (!digest_eq(have->digest, want->digest))
			unlike(p, want->day, "other items came than the state says: put filters that rewrite items before cur-dedupe, or say --filtered");
	}
	for (size_t i = 0; i < p->delivery.state.days.n; i++)
		if (tally_find(covered, p->delivery.state.days.days[i].day) == NULL &&
		    tally_find(&new->days, p->delivery.state.days.days[i].day) == NULL)
			unlike(p, p->delivery.state.days.days[i].day, "it vanished without being covered");
}

static const char *
same_chunk(const json_t *objects, const char *name)
{
	const json_t *old;
	size_t i;

	json_array_foreach(objects, i, old)
		if (name_same_chunk(json_string_value(old), name))
			return json_string_value(old);
	return NULL;
}

static char *
key_of(const struct publication *p, int32_t day, const char *name)
{
	struct buf key = {0};

	buf_str(&key, p->prefix.p);
	name_in_day(&key, day, name);
	return buf_take(&key);
}

/* Makes the chunk an object of that key, unless it is one. */
static void
place_chunk(struct publication *p, struct chunk *c, const char *key, const struct keys *have)
{
	struct store_put *put = c->put;

	c->put = NULL;
	if (keys_have(have, key)) {
		if (put != NULL)
			store_put_drop(put);
		p->unchanged++;
		return;
	}
	p->written++;
	p->written_bytes += c->packed_bytes;
	if (put == NULL || store_put_name(put, key) == STORE_OK)
		return;
	if (is_still_base(p))
		die(EX_IOERR, "%s%s: somebody removed its temporary object", p->prefix.p, key);
	lost(p);
}

/* Names the chunks of a day; returns the list for the document. */
static json_t *
place_day(struct publication *p, struct chunk_day *d, const struct keys *have)
{
	const json_t *old = state_objects(&p->delivery.state, d->day);
	json_t *list = json_array();

	for (size_t i = 0; i < d->n; i++) {
		struct buf name = {0};
		const char *chosen;
		char *key;

		name_chunk(&name, i + 1, d->n, p->generation, d->chunks[i].hash);
		chosen = same_chunk(old, buf_text(&name));
		if (chosen == NULL)
			chosen = buf_text(&name);
		key = key_of(p, d->day, chosen);
		place_chunk(p, &d->chunks[i], key, have);
		json_array_append_new(list, json_string(chosen));
		free(key);
		buf_free(&name);
	}
	return list;
}

/* The objects of a day that stays must be there. */
static void
check_objects(const struct publication *p, int32_t day, const json_t *objects, const struct keys *have)
{
	const json_t *name;
	size_t i;

	json_array_foreach(objects, i, name) {
		char *key = key_of(p, day, json_string_value(name));

		if (!keys_have(have, key)) {
			if (!is_still_base(p))
				lost(p);
			die(EX_NOINPUT, "%s/%s: the document names it and it is not there; a run with cur-dedupe --all repairs it",
			    store_name(p->store), key);
		}
		free(key);
	}
}

/* What a day of the document says besides its count and digest. */
static void
complete_day(struct publication *p, struct state *new, int32_t day, bool is_covered, const struct keys *have)
{
	json_t *entry = state_day(new, day), *old = state_day(&p->delivery.state, day);
	struct chunk_day *d = chunks_day(&p->chunks, day);
	const struct tally_day *came = tally_find(&p->chunks.tally, day);
	uint64_t stored = came != NULL ? came->items : 0;

	json_object_del(entry, "stored");
	if (!is_covered) {
		if (json_object_get(old, "objects") == NULL)
			unlike(p, day, "the state names no objects for it: it is no document of this store");
		check_objects(p, day, json_object_get(old, "objects"), have);
		json_object_update_missing(entry, old);
		p->unchanged += json_array_size(json_object_get(old, "objects"));
		return;
	}
	json_object_set_new(entry, "objects", d != NULL ? place_day(p, d, have) : json_array());
	if (stored != tally_find(&new->days, day)->items)
		json_object_set_new(entry, "stored", json_integer((json_int_t)stored));
}

/* Puts the chunks where the new document names them. */
static void
place_all(struct publication *p, struct state *new)
{
	struct keys have = keys_list(p->store, p->prefix.p);
	struct tally covered = covered_days(p);

	check_days(p, new, &covered);
	for (size_t i = 0; i < new->days.n; i++) {
		int32_t day = new->days.days[i].day;

		complete_day(p, new, day, tally_find(&covered, day) != NULL, &have);
	}
	tally_free(&covered);
	keys_free(&have);
}

static bool
same_but_generation(const struct state *base, const struct state *new)
{
	json_t *copy = json_copy(new->doc);
	bool same;

	json_object_set_new(copy, "generation", json_integer((json_int_t)base->generation));
	same = json_equal(copy, base->doc);
	json_decref(copy);
	return same;
}

static void
swap(struct publication *p, const struct state *new)
{
	char *key = state_key(mark_text(p->marks->begin, "export"), mark_text(p->marks->begin, "period"));
	struct span seen = p->delivery.state.doc != NULL ? buf_span(&p->delivery.state.bytes) : (struct span){NULL, 0};
	char *text = json_dumps(new->doc, JSON_COMPACT);
	struct buf bytes = {0};

	buf_str(&bytes, text);
	buf_byte(&bytes, '\n');
	if (!p->options->dry_run && store_swap(p->store, key, seen, buf_span(&bytes)) == STORE_CHANGED)
		lost(p);
	p->swapped = true;
	buf_free(&bytes);
	free(text);
	free(key);
}

/* Adds the keys that the document names. */
static void
note_named(const struct publication *p, const struct state *st, struct keys *keep)
{
	for (size_t i = 0; i < st->days.n; i++) {
		const json_t *objects = state_objects(st, st->days.days[i].day), *name;
		size_t j;

		json_array_foreach(objects, j, name) {
			char *key = key_of(p, st->days.days[i].day, json_string_value(name));

			keys_take(keep, key);
		}
	}
}

/* Removes what is not above the document's generation and not named by it. */
static void
clean(struct publication *p, const struct state *current)
{
	struct keys have = keys_list(p->store, p->prefix.p), keep = {0};
	char *doc = state_key(mark_text(p->marks->begin, "export"), mark_text(p->marks->begin, "period"));

	note_named(p, current, &keep);
	if (p->options->keep > 0 && current != &p->delivery.state)
		note_named(p, &p->delivery.state, &keep);
	keys_sort(&keep);
	for (size_t i = 0; i < have.n; i++) {
		uint64_t generation = name_generation(have.key[i]);

		if (generation == 0 || generation > current->generation || keys_have(&keep, have.key[i]))
			continue;
		if (!p->options->dry_run)
			store_delete(p->store, have.key[i]);
		p->removed++;
	}
	if (!p->options->dry_run)
		store_tidy(p->store, doc);
	free(doc);
	keys_free(&keep);
	keys_free(&have);
}

static void
check_by(const struct marks *m)
{
	const char *by = mark_text(m->begin, "by");

	if (by != NULL && strcmp(by, "day") != 0)
		die(EX_USAGE, "%s: items by %s are no whole days, and this sink replaces days: use cur-dedupe --by day",
		    m->in->name, by);
}

/* Objects in the folder of the reports would be seen by whoever reads it, and deleted by its lifecycle rules. */
static void
check_source(const struct publication *p, const struct marks *m)
{
	static const char *const members[] = {"source", "location"};

	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		const char *place = mark_text(m->begin, members[i]);

		if (place != NULL && store_is_inside(p->store, place))
			die(EX_CONFIG, "%s lies inside the source %s: give it a prefix or bucket of its own",
			    store_name(p->store), place);
	}
}

void
publish_begin(struct publication *p, struct marks *m)
{
	const struct state *base = &p->delivery.state;

	check_by(m);
	check_source(p, m);
	delivery_open(&p->delivery, p->store, m);
	p->marks = m;
	p->written = p->written_bytes = p->unchanged = p->removed = 0;
	p->swapped = false;
	name_prefix(&p->prefix, mark_text(m->begin, "export"), mark_text(m->begin, "period"));
	p->generation = base->doc != NULL ? base->generation + 1 : first_generation(p->store, buf_text(&p->prefix));
	p->chunks = (struct chunks){
		.store = p->options->dry_run ? NULL : p->store,
		.prefix = buf_text(&p->prefix),
		.generation = p->generation,
		.object_bytes = p->options->object_bytes,
		.level = p->options->level,
	};
	chunks_guard(&p->chunks);
}

void
publish_item(struct publication *p, const struct marks *m)
{
	int64_t start = delivery_start(&p->delivery, m);

	if (!value_is_object(m->line) || span_bad_utf8(m->line) != NULL)
		die(EX_DATAERR, "%s: line %ju: an item that is no JSON object in UTF-8", m->in->name,
		    (uintmax_t)m->in->number);
	if (!p->delivery.stale)
		chunks_add(&p->chunks, day_of(start), m->line);
}

/* Names, swaps; the new document stays in *new. */
static void
replace(struct publication *p, struct state *new)
{
	bool differs;

	read_proposal(p, new);
	place_all(p, new);
	differs = p->delivery.state.doc == NULL || !same_but_generation(&p->delivery.state, new);
	if ((differs || p->written > 0) && !p->options->dry_run)
		store_sync(p->store, p->prefix.p);
	if (differs)
		swap(p, new);
}

void
publish_end(struct publication *p, struct marks *m)
{
	const char *base = mark_text(m->end, "base");
	struct state *old = &p->delivery.state, new = {0};

	p->stale = p->delivery.stale || json_is_true(json_object_get(m->end, "stale"));
	delivery_missing(m);
	check_rejects(p);
	if (base != NULL && strcmp(base, old->hash) != 0)
		die(EX_TEMPFAIL, "%s: another run was faster; nothing is lost, run again (or cur-dedupe --state is not %s)",
		    marks_name(m), store_name(p->store));
	chunks_end(&p->chunks);
	if (!p->stale)
		replace(p, &new);
	if (!p->swapped)
		p->generation = old->generation;
	clean(p, p->swapped ? &new : old);
	state_free(&new);
	chunks_free(&p->chunks);
	delivery_close(&p->delivery);
	buf_free(&p->prefix);
}
