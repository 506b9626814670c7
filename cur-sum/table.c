/* The groups as a table for people. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "out.h"

#define GAP 2
#define BAR_MIN 10

/* Widths are in cells of a terminal: one for each code point. */
struct column {
	const char *title;
	bool number;          /* stands with its point below the others' */
	struct buf cell;      /* of the row at hand */
	size_t width;
	size_t before, after; /* of numbers: the most before the point; the most from it on */
};

struct table {
	const struct query *query;
	struct column *columns;
	size_t n;
	struct groups totals;      /* by currency alone */
	struct money **greatest;   /* for each total, the greatest first sum in size; borrowed */
	size_t bar;                /* width of a whole bar */
	struct buf line;
};

static size_t
cells(const char *p, size_t n)
{
	size_t width = 0;

	for (size_t i = 0; i < n; i++)
		width += ((unsigned char)p[i] & 0xc0) != 0x80;
	return width;
}

static size_t
before_point(const struct column *c)
{
	const char *point = memchr(c->cell.p, '.', c->cell.n);

	return point != NULL ? (size_t)(point - c->cell.p) : c->cell.n;
}

/* Control characters would move the cursor, or worse: each is shown as a '?'. */
static void
add_visible(struct buf *to, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool c1 = c == 0xc2 && (unsigned char)s.p[i + 1] < 0xa0;

		buf_byte(to, c < 0x20 || c == 0x7f || c1 ? '?' : s.p[i]);
		i += c1;
	}
}

/* Takes the next text of a key into a cell. */
static void
take_cell(struct column *c, struct span *key)
{
	struct buf text = {0};

	buf_reset(&c->cell);
	if (key_take(key, &text))
		add_visible(&c->cell, buf_span(&text));
	else
		buf_byte(&c->cell, '-');
	buf_free(&text);
}

/* The cells after those of --by: currency, items, sums. */
static void
fill_numbers(struct table *t, struct group *g, struct span currency)
{
	struct column *c = &t->columns[t->query->by.n];

	take_cell(c++, &currency);
	buf_reset(&c->cell);
	buf_fmt(&c->cell, "%ju", (uintmax_t)g->items);
	for (size_t i = 0; i < t->query->of.n; i++) {
		buf_reset(&(++c)->cell);
		money_print(&g->sums[i], &c->cell);
	}
}

/* Fills the cells of a row; what is left of the key is its currency. */
static struct span
fill_row(struct table *t, struct group *g)
{
	struct span key = g->key;

	for (size_t i = 0; i < t->query->by.n; i++)
		take_cell(&t->columns[i], &key);
	fill_numbers(t, g, key);
	return key;
}

static void
fill_total(struct table *t, struct group *total)
{
	for (size_t i = 0; i < t->query->by.n; i++)
		buf_reset(&t->columns[i].cell);
	if (t->query->by.n > 0)
		buf_str(&t->columns[0].cell, "total");
	fill_numbers(t, total, total->key);
}

/* Widens the columns to the row at hand. */
static void
measure(struct table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct column *c = &t->columns[i];
		size_t width = cells(c->cell.p, c->cell.n);

		if (c->number) {
			size_t before = before_point(c), after = c->cell.n - before;

			c->before = before > c->before ? before : c->before;
			c->after = after > c->after ? after : c->after;
			width = c->before + c->after;
		}
		c->width = width > c->width ? width : c->width;
	}
}

static void
pad(struct buf *line, char with, size_t n)
{
	if (n > 0)
		memset(buf_room(line, n), with, n);
	line->n += n;
}

static void
print_line(struct table *t)
{
	while (t->line.n > 0 && t->line.p[t->line.n - 1] == ' ')
		t->line.n--;
	out_line(buf_span(&t->line));
	buf_reset(&t->line);
}

static void
add_cell(struct table *t, const struct column *c)
{
	size_t left = 0, right = c->width - cells(c->cell.p, c->cell.n);

	if (c->number) {
		right = c->after - (c->cell.n - before_point(c));
		left = c->width - c->cell.n - right;
	}
	pad(&t->line, ' ', left);
	buf_span_add(&t->line, buf_span(&c->cell));
	pad(&t->line, ' ', right + GAP);
}

static void
print_head(struct table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct column *c = &t->columns[i];
		size_t room = c->width - cells(c->title, strlen(c->title));

		pad(&t->line, ' ', c->number ? room : 0);
		add_visible(&t->line, span_of(c->title));
		pad(&t->line, ' ', (c->number ? 0 : room) + GAP);
	}
	print_line(t);
	for (size_t i = 0; i < t->n; i++) {
		pad(&t->line, '-', t->columns[i].width);
		pad(&t->line, ' ', GAP);
	}
	print_line(t);
}

/* The bar of a sum, against the greatest of its currency; minus signs where it is below 0. */
static void
add_bar(struct table *t, struct group *g, struct span currency)
{
	size_t at = (size_t)(groups_at(&t->totals, currency) - t->totals.list);

	pad(&t->line, money_sign(&g->sums[0]) < 0 ? '-' : '#',
	    (size_t)money_bar(&g->sums[0], t->greatest[at], (int)t->bar));
}

static void
print_row(struct table *t, struct group *g, bool bar)
{
	struct span currency = {NULL, 0};

	if (bar)
		currency = fill_row(t, g);
	else
		fill_total(t, g);
	for (size_t i = 0; i < t->n; i++)
		add_cell(t, &t->columns[i]);
	if (bar && t->query->by.n > 0)
		add_bar(t, g, currency);
	print_line(t);
}

/* Adds a group to the total of its currency. */
static void
add_total(struct table *t, struct group *g, struct span currency)
{
	size_t n = t->totals.n, at;
	struct group *total = groups_at(&t->totals, currency);

	at = (size_t)(total - t->totals.list);
	total->items += g->items;
	for (size_t i = 0; i < t->totals.sums; i++)
		money_sum(&total->sums[i], &g->sums[i]);
	if (t->totals.n > n) {
		t->greatest = mem_grow(t->greatest, t->totals.n, sizeof(struct money *));
		t->greatest[at] = &g->sums[0];
	} else if (money_cmp_size(&g->sums[0], t->greatest[at]) > 0) {
		t->greatest[at] = &g->sums[0];
	}
}

static void
begin(struct table *t, const struct query *q)
{
	*t = (struct table){.query = q, .n = q->by.n + 2 + q->of.n, .totals = {.sums = q->of.n}};
	t->columns = mem_new(t->n * sizeof *t->columns);
	for (size_t i = 0; i < q->by.n; i++)
		t->columns[i].title = q->by.list[i].text;
	t->columns[q->by.n].title = "currency";
	t->columns[q->by.n + 1].title = "items";
	for (size_t i = 0; i < q->of.n; i++)
		t->columns[q->by.n + 2 + i].title = q->of.list[i].text != NULL ? q->of.list[i].text : "cost";
	for (size_t i = 0; i < t->n; i++) {
		t->columns[i].number = i > q->by.n;
		t->columns[i].width = cells(t->columns[i].title, strlen(t->columns[i].title));
	}
}

static void
measure_all(struct table *t, struct groups *g, int width)
{
	size_t used = 0;

	for (size_t i = 0; i < g->n; i++) {
		struct span currency = fill_row(t, &g->list[i]);

		measure(t);
		add_total(t, &g->list[i], currency);
	}
	for (size_t i = 0; i < t->totals.n; i++) {
		fill_total(t, &t->totals.list[i]);
		measure(t);
	}
	for (size_t i = 0; i < t->n; i++)
		used += t->columns[i].width + GAP;
	t->bar = used + BAR_MIN < (size_t)width ? (size_t)width - used : BAR_MIN;
}

static void
end(struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		buf_free(&t->columns[i].cell);
	free(t->columns);
	free(t->greatest);
	groups_free(&t->totals);
	buf_free(&t->line);
}

void
table_print(const struct query *q, struct groups *g, int width)
{
	struct table t;

	begin(&t, q);
	measure_all(&t, g, width);
	print_head(&t);
	for (size_t i = 0; i < g->n; i++)
		print_row(&t, &g->list[i], true);
	/* The greatest are no longer found in a sorted list, nor needed. */
	groups_sort(&t.totals);
	for (size_t i = 0; q->by.n > 0 && i < t.totals.n; i++)
		print_row(&t, &t.totals.list[i], false);
	end(&t);
}
