/* Which of the deliveries found are brought, and in which order. */
#include "choose.h"

#include <stdlib.h>
#include <string.h>

#include "day.h"
#include "die.h"

static int
order_of_exports(const char *a, const char *b)
{
	return a == NULL || b == NULL ? (a != NULL) - (b != NULL) : strcmp(a, b);
}

static int
order_of_finds(const void *x, const void *y)
{
	const struct found *a = x, *b = y;
	int c = order_of_exports(a->export, b->export);

	if (c == 0)
		c = (a->has_period > b->has_period) - (a->has_period < b->has_period);
	if (c == 0)
		c = (a->period > b->period) - (a->period < b->period);
	return c != 0 ? c : (a->order > b->order) - (a->order < b->order);
}

/* There is one export at most when --export is to name it. */
static void
check_one_export(const struct finds *f)
{
	const char *first = NULL;

	for (size_t i = 0; i < f->n; i++) {
		const char *export = f->all[i].export;

		if (first != NULL && export != NULL && strcmp(first, export) != 0)
			die_usage("--export is for one export, and there are %s and %s", first, export);
		if (first == NULL)
			first = export;
	}
}

void
choose_names(struct finds *f, const struct choice *c)
{
	if (c->export != NULL)
		check_one_export(f);
	for (size_t i = 0; i < f->n; i++) {
		struct found *d = &f->all[i];

		if (d->report && c->n > 1)
			die_usage("a report file is of one billing period: give --period once");
		if (d->report && c->n == 1) {
			d->has_period = true;
			d->period = c->periods[0];
		}
		if (c->export != NULL) {
			free(d->export);
			d->export = mem_text(span_of(c->export));
		}
	}
}

/* The newest period that a walk found; what was named stands for itself. */
static int32_t
newest(const struct finds *f, const char *export)
{
	int32_t month = INT32_MIN;

	for (size_t i = 0; i < f->n; i++)
		if (!f->all[i].named && order_of_exports(f->all[i].export, export) == 0 && f->all[i].period > month)
			month = f->all[i].period;
	return month;
}

/* The oldest period that is brought when no option says which. */
static int32_t
first_period(const struct choice *c, const char *export, int32_t newest)
{
	int32_t oldest;

	if (c->known != NULL && known_oldest(c->known, export, &oldest))
		return oldest;
	return newest > INT32_MIN ? newest - 1 : newest;
}

bool
choice_wants(const struct choice *c, const struct found *f, int32_t newest)
{
	if (f->report || c->all)
		return true;
	if (c->has_since)
		return f->period >= c->since;
	for (size_t i = 0; i < c->n; i++)
		if (c->periods[i] == f->period)
			return true;
	if (c->n > 0)
		return false;
	return f->named || f->period >= first_period(c, c->export != NULL ? c->export : f->export, newest);
}

static void
check_periods(const struct finds *f, const struct choice *c)
{
	char text[8];

	for (size_t i = 0; i < c->n; i++) {
		bool found = false;

		for (size_t k = 0; k < f->n; k++)
			found = found || (f->all[k].has_period && f->all[k].period == c->periods[i]);
		period_print(c->periods[i], text);
		if (!found)
			die(EX_NOINPUT, "there is no delivery of billing period %s", text);
	}
	if (c->has_since && f->n == 0) {
		period_print(c->since, text);
		die(EX_NOINPUT, "there is no delivery of billing period %s or later", text);
	}
}

/* Sorted finds: who is twice stands side by side. */
static void
check_twice(const struct finds *f)
{
	char text[8];

	for (size_t i = 1; i < f->n; i++) {
		const struct found *a = &f->all[i - 1], *b = &f->all[i];

		if (a->export == NULL || b->export == NULL || !a->has_period || !b->has_period ||
		    strcmp(a->export, b->export) != 0 || a->period != b->period)
			continue;
		period_print(a->period, text);
		die(EX_DATAERR, "%s and %s are both of export %s and billing period %s: name one of them", a->path,
		    b->path, a->export, text);
	}
}

/* Leaves those that `keep` says. */
static void
leave(struct finds *f, const bool *keep)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		if (keep[i])
			f->all[n++] = f->all[i];
		else
			found_free(&f->all[i]);
	}
	f->n = n;
}

static bool
is_known(const struct choice *c, const struct found *d)
{
	return c->known != NULL && d->export != NULL && d->has_period &&
	       known_has(c->known, d->export, d->period, d->version);
}

void
choose(struct finds *f, const struct choice *c)
{
	bool *keep = mem_new(f->n + 1);

	for (size_t i = 0; i < f->n; i++)
		keep[i] = choice_wants(c, &f->all[i], newest(f, f->all[i].export));
	leave(f, keep);
	check_periods(f, c);
	if (f->n > 0)
		qsort(f->all, f->n, sizeof *f->all, order_of_finds);
	check_twice(f);
	for (size_t i = 0; i < f->n; i++)
		keep[i] = !is_known(c, &f->all[i]);
	leave(f, keep);
	free(keep);
}
