/* One delivery of items as cur-dedupe and the sinks read it. */
#include "delivery.h"

#include "die.h"

static void
check_name(const struct marks *m)
{
	const char *export = mark_text(m->begin, "export"), *why;

	if (export == NULL || mark_text(m->begin, "period") == NULL)
		die(EX_CONFIG, "%s: a delivery without export and period: name it with --export and --period", m->in->name);
	if ((why = mark_bad_export(export)) != NULL)
		die(EX_DATAERR, "%s: export %s: %s", m->in->name, export, why);
}

/* A manifest without parts names no bucket and prefix: it is of the source that the state knows. */
static void
keep_source(const struct delivery *d, json_t *begin)
{
	json_t *known = json_object_get(d->state.doc, "source");

	if (known != NULL && mark_text(begin, "source") == NULL && mark_count(begin, "parts", 1) == 0 &&
	    mark_text(begin, "version") != NULL)
		json_object_set(begin, "source", known);
}

static void
find_time(struct delivery *d, struct marks *m)
{
	const char *why = NULL;

	if (m->first.p != NULL)
		why = item_guess(m->first, m->begin);
	if (why == NULL)
		why = item_path_json(&d->time, json_object_get(m->begin, "time"));
	if (why != NULL)
		die(EX_DATAERR, "%s: delivery %s: the time of its items: %s", m->in->name, marks_name(m), why);
}

void
delivery_open(struct delivery *d, struct store *store, struct marks *m)
{
	check_name(m);
	state_read(&d->state, store, mark_text(m->begin, "export"), mark_text(m->begin, "period"));
	keep_source(d, m->begin);
	state_check_source(&d->state, m->begin);
	d->stale = state_has_newer(&d->state, m->begin);
	d->delivered = state_delivered(m->begin);
	d->latest = INT64_MIN;
	find_time(d, m);
}

int64_t
delivery_start(struct delivery *d, const struct marks *m)
{
	const char *why = "it is no whole JSON object";
	int64_t start = 0;

	if (item_is_whole(m->line))
		why = item_time(m->line, &d->time, &d->scratch, &start);
	if (why != NULL)
		die(EX_DATAERR, "%s: line %ju: an item that cannot be read: %s", m->in->name, (uintmax_t)m->in->number, why);
	if (start > d->latest && (d->delivered == INT64_MIN || start <= d->delivered))
		d->latest = start;
	return start;
}

void
delivery_missing(struct marks *m)
{
	if (m->missing == 0)
		return;
	warn("%s: %ju items are missing, as --filtered allows", marks_name(m), (uintmax_t)m->missing);
	json_object_set_new(m->end, "missing",
	    json_integer((json_int_t)(mark_count(m->end, "missing", 0) + m->missing)));
}

void
delivery_close(struct delivery *d)
{
	state_free(&d->state);
	item_path_free(&d->time);
	buf_free(&d->scratch);
	*d = (struct delivery){0};
}
