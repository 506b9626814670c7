/* From a report's header row to the JSON of its items. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "value.h"

const struct plan_names plan_names[3] = {
	{"cur1", "identity/LineItemId", "identity/TimeInterval", "lineItem/UsageStartDate",
	    "lineItem.UnblendedCost", "lineItem.CurrencyCode"},
	{"cur2", "identity_line_item_id", "identity_time_interval", "line_item_usage_start_date",
	    "line_item_unblended_cost", "line_item_currency_code"},
	{"focus", NULL, "ChargePeriodStart", NULL, "BilledCost", "BillingCurrency"},
};

/* Columns that hold JSON objects in a CSV; by format, in the order of plan_names. */
static const char *const maps[3][6] = {
	{NULL},
	{"product", "resource_tags", "cost_category", "tags", "discount"},
	{"Tags", "SkuPriceDetails", "x_CostCategories", "x_Discounts"},
};

/*
 * A column's place in the item.  `open` is what goes before its value when it
 * is the first of its category that has one: ,"identity":{"LineItemId":  and
 * `next` when another came before it:  ,"LineItemId":
 * The first member of an item does without the comma.
 */
struct plan_member {
	size_t column;
	struct span name;       /* of the column */
	struct span category;   /* p is NULL if it has none */
	int rank;               /* first by this, */
	size_t first;           /* then by the first column of the category, then by column */
	bool map;
	size_t open_from, next_from;
	struct span open, next;
};

static bool
same_letters(struct span s, const char *text)
{
	return s.n == strlen(text) && strncasecmp(s.p, text, s.n) == 0;
}

/* The column of that name; one in other letters (Identity/LineItemID) if there is none.  `columns` for none. */
static size_t
find_column(const struct plan *p, const char *name)
{
	size_t found = p->columns;

	if (name == NULL)
		return found;
	for (size_t i = 0; i < p->columns; i++) {
		if (span_is(p->names[i], name))
			return i;
		if (found == p->columns && same_letters(p->names[i], name))
			found = i;
	}
	return found;
}

/* The first format that has a time column.  NULL for none. */
static const struct plan_names *
tell_format(struct plan *p)
{
	for (size_t i = 0; i < sizeof plan_names / sizeof *plan_names; i++) {
		const struct plan_names *names = &plan_names[i];

		p->time = find_column(p, names->time);
		if (p->time == p->columns)
			p->time = find_column(p, names->time_fallback);
		if (p->time == p->columns)
			continue;
		p->format = names->format;
		p->id = find_column(p, names->id);
		p->has_id = p->id < p->columns;
		return names;
	}
	return NULL;
}

static void
copy_names(struct plan *p, const struct span *header, size_t columns)
{
	char *to;
	size_t bytes = 0;

	for (size_t i = 0; i < columns; i++)
		bytes += header[i].n;
	/* The names and their bytes are one piece of memory. */
	p->names = mem_new(columns * sizeof *p->names + bytes);
	to = (char *)(p->names + columns);
	for (size_t i = 0; i < columns; i++) {
		if (header[i].n > 0)
			memcpy(to, header[i].p, header[i].n);
		p->names[i] = (struct span){to, header[i].n};
		to += header[i].n;
	}
	p->columns = columns;
}

static int
by_name(const void *a, const void *b)
{
	const struct plan_member *x = a, *y = b;
	int order = span_cmp(x->name, y->name);

	return order != 0 ? order : (x->column > y->column) - (x->column < y->column);
}

/* What stands at the top of the item: the category, or the name of a column without one. */
static struct span
top_of(const struct plan_member *m)
{
	return m->category.p != NULL ? m->category : m->name;
}

static int
by_top(const void *a, const void *b)
{
	const struct plan_member *x = a, *y = b;
	int order = span_cmp(top_of(x), top_of(y));

	return order != 0 ? order : (x->column > y->column) - (x->column < y->column);
}

static int
by_place(const void *a, const void *b)
{
	const struct plan_member *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank - y->rank;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return (x->column > y->column) - (x->column < y->column);
}

static const char *
refuse(struct plan *p, const struct plan_member *m, const char *why)
{
	p->bad = m->column;
	return why;
}

static const char *
check_names(struct plan *p)
{
	struct plan_member *m = p->members;

	qsort(m, p->columns, sizeof *m, by_name);
	for (size_t i = 0; i < p->columns; i++) {
		if (span_is(m[i].name, "_cur") || (m[i].category.p != NULL && span_is(m[i].category, "_cur")))
			return refuse(p, &m[i], "a column has the name that marks have");
		if (i > 0 && span_eq(m[i - 1].name, m[i].name))
			return refuse(p, &m[i], "a column is there twice");
	}
	return NULL;
}

/* Gives the columns of a category its first column. */
static const char *
find_categories(struct plan *p)
{
	struct plan_member *m = p->members;

	qsort(m, p->columns, sizeof *m, by_top);
	for (size_t i = 0; i < p->columns; i++) {
		m[i].first = m[i].column;
		if (i == 0 || !span_eq(top_of(&m[i - 1]), top_of(&m[i])))
			continue;
		if (m[i].category.p == NULL || m[i - 1].category.p == NULL)
			return refuse(p, &m[i], "a column has the name of a category");
		m[i].first = m[i - 1].first;
	}
	return NULL;
}

static bool
is_map(const struct span name, const char *const *list)
{
	for (; *list != NULL; list++)
		if (same_letters(name, *list))
			return true;
	return false;
}

static void
make_members(struct plan *p, bool flat, const char *const *map_names)
{
	p->members = mem_new(p->columns * sizeof *p->members);
	for (size_t i = 0; i < p->columns; i++) {
		struct span name = p->names[i];
		const char *slash = flat || name.n == 0 ? NULL : memchr(name.p, '/', name.n);
		struct plan_member *m = &p->members[i];

		*m = (struct plan_member){.column = i, .name = name, .map = is_map(name, map_names)};
		if (slash != NULL)
			m->category = (struct span){name.p, (size_t)(slash - name.p)};
		if (flat)
			m->rank = p->has_id && i == p->id ? 0 : i == p->time ? 1 : 2;
		else
			m->rank = slash == NULL || !same_letters(m->category, "identity");
	}
}

static void
add_name(struct buf *b, struct span name)
{
	buf_json(b, name);
	buf_byte(b, ':');
}

/* Writes what goes before the values. */
static void
write_names(struct plan *p)
{
	struct buf *b = &p->text;

	for (size_t i = 0; i < p->columns; i++) {
		struct plan_member *m = &p->members[i];
		size_t skip = m->category.p != NULL ? m->category.n + 1 : 0;
		struct span name = {m->name.p + skip, m->name.n - skip};

		m->open_from = b->n;
		buf_byte(b, ',');
		if (m->category.p != NULL) {
			add_name(b, m->category);
			buf_byte(b, '{');
			add_name(b, name);
			m->next_from = b->n;
			buf_byte(b, ',');
		} else {
			m->next_from = b->n - 1;
		}
		add_name(b, name);
		m->open.n = (m->category.p != NULL ? m->next_from : b->n) - m->open_from;
		m->next.n = b->n - m->next_from;
	}
	for (size_t i = 0; i < p->columns; i++) {
		p->members[i].open.p = b->p + p->members[i].open_from;
		p->members[i].next.p = b->p + p->members[i].next_from;
	}
}

const char *
plan_begin(struct plan *p, const struct span *header, size_t columns)
{
	const struct plan_names *names;
	const char *why;
	bool flat;

	*p = (struct plan){.nulls = p->nulls, .bad = columns};
	copy_names(p, header, columns);
	names = tell_format(p);
	if (names == NULL)
		return "the header has no time column (identity/TimeInterval, lineItem/UsageStartDate, "
		       "identity_time_interval, line_item_usage_start_date or ChargePeriodStart)";
	flat = names != plan_names;
	make_members(p, flat, maps[names - plan_names]);
	if ((why = check_names(p)) != NULL || (why = find_categories(p)) != NULL)
		return why;
	qsort(p->members, p->columns, sizeof *p->members, by_place);
	write_names(p);
	return NULL;
}

void
plan_free(struct plan *p)
{
	free(p->names);
	free(p->members);
	buf_free(&p->text);
	p->names = NULL;
	p->members = NULL;
}

bool
plan_is(const struct plan *p, const struct span *header, size_t columns, size_t *at)
{
	size_t i = 0;

	while (i < p->columns && i < columns && span_eq(p->names[i], header[i]))
		i++;
	*at = i;
	return i == p->columns && i == columns;
}

static json_t *
text_json(struct span s)
{
	return json_stringn(s.p, s.n);
}

/* Where an item has the column: ["identity","LineItemId"], or one name. */
static json_t *
path_json(const struct plan *p, size_t column)
{
	struct span name = p->names[column];
	const char *slash = p->format == plan_names[0].format ? memchr(name.p, '/', name.n) : NULL;
	json_t *path = json_array();

	if (slash != NULL) {
		json_array_append_new(path, text_json((struct span){name.p, (size_t)(slash - name.p)}));
		name.n -= (size_t)(slash + 1 - name.p);
		name.p = slash + 1;
	}
	json_array_append_new(path, text_json(name));
	return path;
}

void
plan_mark(const struct plan *p, json_t *begin)
{
	json_t *columns = json_array();

	for (size_t i = 0; i < p->columns; i++)
		json_array_append_new(columns, text_json(p->names[i]));
	json_object_set_new(begin, "format", json_string(p->format));
	json_object_set_new(begin, "columns", columns);
	json_object_set_new(begin, "id", p->has_id ? path_json(p, p->id) : json_null());
	json_object_set_new(begin, "time", path_json(p, p->time));
}

static const char *
write_value(struct plan *p, const struct plan_member *m, struct span cell, struct buf *b)
{
	if (cell.n == 0) {
		buf_str(b, "null");
	} else if (!m->map) {
		buf_json(b, cell);
	} else if (value_is_object(cell)) {
		value_compact(b, cell);
	} else {
		return refuse(p, m, "a map column holds no JSON object");
	}
	return NULL;
}

const char *
plan_write(struct plan *p, const struct span *cells, struct buf *b)
{
	const struct plan_member *last = NULL, *m = p->members, *end = m + p->columns;

	p->bad = p->columns;
	buf_byte(b, '{');
	for (; m < end; m++) {
		struct span cell = cells[m->column];
		const char *why;

		if (cell.n == 0 && !p->nulls)
			continue;
		if (last != NULL && last->first == m->first) {
			buf_span_add(b, m->next);
		} else {
			if (last != NULL && last->category.p != NULL)
				buf_byte(b, '}');
			buf_add(b, m->open.p + (last == NULL), m->open.n - (last == NULL));
		}
		if ((why = write_value(p, m, cell, b)) != NULL)
			return why;
		last = m;
	}
	if (last != NULL && last->category.p != NULL)
		buf_byte(b, '}');
	buf_byte(b, '}');
	return NULL;
}
