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

void
choose_names(struct finds *f, const struct choice *c, const char *export)
{
	const char *first = NULL;

	for (size_t i = 0; i < f->n; i++) {
		struct found *d = &f->all[i];

		if (d->report && c->n > 1)
			die_usage("a report file is of one billing period: give --period once");
		if (d->report && c->n == 1) {
			d->has_period = true;
			d->period = c->periods[0];
		}
		if (export == NULL)
			continue;
		if (first != NULL && d->export != NULL && strcmp(first, d->export) != 0)
			die_usage("--export is for one export, and there are %s and %s", first, d->export);
		if (first == NULL)
			first = d->export;
	}
	for (size_t i = 0; export != NULL && i < f->n; i++) {
		free(f->all[i].export);
		f->all[i].export = mem_text(span_of(export));
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

static bool
is_chosen(const struct finds *f, const struct found *d, const struct choice *c)
{
	if (d->report || c->all)
		return true;
	if (c->has_since)
		return d->period >= c->since;
	for (size_t i = 0; i < c->n; i++)
		if (c->periods[i] == d->period)
			return true;
	return c->n == 0 && (d->named || d->period >= newest(f, d->export) - 1);
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

void
choose(struct finds *f, const struct choice *c)
{
	bool *chosen = mem_new(f->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		chosen[i] = is_chosen(f, &f->all[i], c);
	for (size_t i = 0; i < f->n; i++) {
		if (chosen[i])
			f->all[n++] = f->all[i];
		else
			found_free(&f->all[i]);
	}
	f->n = n;
	free(chosen);
	check_periods(f, c);
	if (n > 0)
		qsort(f->all, n, sizeof *f->all, order_of_finds);
	check_twice(f);
}
