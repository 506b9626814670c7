/*
 * Which items of a delivery pass.
 *
 * By day: an item of a day that the state does not know passes at once.  The
 * others wait in the spool until the end of the delivery shows which days have
 * another count or digest than the state says; those days pass whole.
 *
 * By time: an item passes or not by its own start, as the original service had it.
 */
#include "filter.h"

#include <string.h>
#include <time.h>

#include "day.h"
#include "die.h"
#include "out.h"
#include "schema.h"

#define SECONDS_PER_DAY 86400

static void
check_schema(struct filter *f, struct marks *m)
{
	struct buf text = {0};
	bool changed = schema_changed(json_object_get(f->delivery.state.doc, "columns"),
	    json_object_get(m->begin, "columns"), &text);

	if (changed && f->options->schema == SCHEMA_ERROR)
		die(EX_DATAERR, "%s: the columns have changed: %s", marks_name(m), buf_text(&text));
	if (changed)
		warn("%s: the columns have changed: %s", marks_name(m), buf_text(&text));
	if (changed && f->options->schema == SCHEMA_RECONCILE)
		f->everything = true;
	buf_free(&text);
}

/* By time, what starts after the delivery was made is not taken for seen; where nothing says when, the clock has to. */
static void
begin_by_time(struct filter *f)
{
	struct delivery *d = &f->delivery;

	if (d->delivered == INT64_MIN)
		d->delivered = (int64_t)time(NULL);
	d->latest = f->from = state_latest(d->state.doc);
	if (f->from != INT64_MIN)
		f->from -= (int64_t)f->options->lookback_days * SECONDS_PER_DAY;
}

void
filter_begin(struct filter *f, struct store *store, struct marks *m)
{
	struct delivery *d = &f->delivery;

	f->everything = f->options->all;
	f->seen = f->passed = 0;
	tally_reset(&f->days);
	if (f->spool != NULL)
		spool_reset(f->spool);
	delivery_open(d, store, m);
	if (d->state.doc == NULL)
		warn("%s: no state in %s: a first run", marks_name(m), store_name(store));
	else if (d->stale)
		warn("%s: this delivery is older than the state's: nothing passes", marks_name(m));
	else
		check_schema(f, m);
	if (f->options->by == BY_TIME)
		begin_by_time(f);
	json_object_set_new(m->begin, "by", json_string(f->options->by == BY_TIME ? "time" : "day"));
	mark_write(m->begin);
}

static void
pass(struct filter *f, struct span item)
{
	out_line(item);
	f->passed++;
}

static void
spool(struct filter *f, int32_t day, struct span item)
{
	if (f->spool == NULL)
		f->spool = spool_new();
	spool_add(f->spool, day, item);
}

static void
item_by_time(struct filter *f, struct span item, int64_t start)
{
	if (f->everything || f->from == INT64_MIN || start > f->from || day_is_first_of_month(day_of(start)))
		pass(f, item);
}

static void
item_by_day(struct filter *f, struct span item, int32_t day)
{
	tally_add(&f->days, day, item);
	if (f->everything || tally_find(&f->delivery.state.days, day) == NULL)
		pass(f, item);
	else
		spool(f, day, item);
}

void
filter_item(struct filter *f, const struct marks *m)
{
	int64_t start = delivery_start(&f->delivery, m);

	f->seen++;
	if (f->delivery.stale)
		return;
	if (f->options->by == BY_TIME)
		item_by_time(f, m->line, start);
	else
		item_by_day(f, m->line, day_of(start));
}

/* A day of which a filter behind us kept some items away from the store passes again: the filter may be another now. */
static bool
is_covered(struct filter *f, const struct tally_day *day)
{
	const struct tally_day *known = tally_find(&f->delivery.state.days, day->day);

	return f->everything || known == NULL || known->items != day->items || !digest_eq(known->digest, day->digest) ||
	       json_object_get(state_day(&f->delivery.state, day->day), "stored") != NULL;
}

static void
add_day(json_t *list, int32_t day)
{
	char text[DAY_TEXT];

	day_print(day, text);
	json_array_append_new(list, json_string(text));
}

/* The days that pass and those that the state knows and the delivery has not, in the order of the calendar. */
static json_t *
coverage(struct filter *f)
{
	const struct tally *old = &f->delivery.state.days, *new = &f->days;
	json_t *list = json_array();

	for (size_t i = 0, j = 0; i < old->n || j < new->n;) {
		bool vanished = j == new->n || (i < old->n && old->days[i].day < new->days[j].day);

		if (vanished) {
			add_day(list, old->days[i++].day);
			continue;
		}
		i += i < old->n && old->days[i].day == new->days[j].day;
		if (is_covered(f, &new->days[j]))
			add_day(list, new->days[j].day);
		j++;
	}
	return list;
}

/* Lets those items of the spool pass whose day has changed. */
static void
pass_changed(struct filter *f)
{
	struct span item;
	uint64_t waiting = 0;
	int32_t day;

	for (size_t i = 0; i < f->days.n; i++)
		if (tally_find(&f->delivery.state.days, f->days.days[i].day) != NULL && is_covered(f, &f->days.days[i]))
			waiting += f->days.days[i].items;
	if (waiting == 0)
		return;
	spool_rewind(f->spool);
	while (waiting > 0 && spool_next(f->spool, &day, &item))
		if (is_covered(f, tally_find(&f->days, day))) {
			pass(f, item);
			waiting--;
		}
	if (waiting > 0)
		die(EX_IOERR, "the spool has lost %ju items", (uintmax_t)waiting);
}

/* AWS gives each delivery a version of its own. */
static bool
same_version(const struct filter *f, const struct marks *m)
{
	const char *known = mark_text(f->delivery.state.doc, "version"), *now = mark_text(m->begin, "version");

	return known != NULL && now != NULL && strcmp(known, now) == 0;
}

static void
end_by_day(struct filter *f, struct marks *m)
{
	json_t *covered = coverage(f);

	if (f->spool != NULL && !f->everything)
		pass_changed(f);
	if (json_array_size(covered) > 0 && !f->everything && same_version(f, m))
		warn("%s: the state has this version with other items: one of them was read while it was copied, or a filter "
		    "has changed", marks_name(m));
	json_object_set_new(m->end, "coverage", covered);
	json_object_set_new(m->end, "state", state_propose(m->begin, &f->days, f->delivery.latest));
}

void
filter_end(struct filter *f, struct marks *m)
{
	struct delivery *d = &f->delivery;

	delivery_missing(m);
	if (d->stale)
		json_object_set_new(m->end, "coverage", json_array());
	else if (f->options->by == BY_DAY)
		end_by_day(f, m);
	else
		json_object_set_new(m->end, "state", state_propose(m->begin, NULL, d->latest));
	json_object_set_new(m->end, "stale", json_boolean(d->stale));
	json_object_set_new(m->end, "base", json_string(d->state.hash));
	json_object_set_new(m->end, "seen", json_integer((json_int_t)f->seen));
	json_object_set_new(m->end, "items", json_integer((json_int_t)f->passed));
	mark_write(m->end);
	delivery_close(d);
}

void
filter_free(struct filter *f)
{
	delivery_close(&f->delivery);
	tally_free(&f->days);
	spool_free(f->spool);
}
