/* Rows: pieces do not show, and a reader of RFC 4180 written in another way sees the same cells and the same troubles. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(bool good)
{
	if (!good)
		abort();
}

/* The other reader: a row from p.  Cells go to `to`, each ended by a 0xff byte, which cells in UTF-8 cannot have. */
struct other {
	const char *p, *end;
	struct buf cells;
	const char *why;
	const char *bad;    /* where */
	const char *raw_end;
};

static bool
at_newline(const char *p, const char *end)
{
	return p == end || *p == '\n' || (*p == '\r' && end - p > 1 && p[1] == '\n');
}

static const char *
trouble(struct other *o, const char *p, const char *why)
{
	o->why = why;
	o->bad = p;
	return NULL;
}

/* The quoted cell at p; returns what is behind it. */
static const char *
quoted_cell(struct other *o, const char *p)
{
	const char *open = p;

	for (p++;; p++) {
		if (p == o->end)
			return trouble(o, open, "the file ends inside a quote");
		if (*p == '"') {
			if (o->end - p == 1 || p[1] != '"')
				break;
			p++;
		}
		buf_byte(&o->cells, *p);
	}
	p++;
	if (!at_newline(p, o->end) && *p != ',')
		return trouble(o, p,
		    *p == '\r' ? "a lone carriage return outside quotes" : "something follows a closing quote");
	return p;
}

static const char *
bare_cell(struct other *o, const char *p)
{
	for (; !at_newline(p, o->end) && *p != ','; p++) {
		if (*p == '\r')
			return trouble(o, p, "a lone carriage return outside quotes");
		if (*p == '"')
			return trouble(o, p, "a quote inside a cell that is not quoted");
		buf_byte(&o->cells, *p);
	}
	return p;
}

/* True when there is one. */
static bool
other_row(struct other *o)
{
	const char *p = o->p, *bad;

	if (p == o->end)
		return false;
	buf_reset(&o->cells);
	o->why = NULL;
	for (;;) {
		p = p < o->end && *p == '"' ? quoted_cell(o, p) : bare_cell(o, p);
		buf_byte(&o->cells, (char)0xff);
		if (p == NULL || at_newline(p, o->end))
			break;
		p++;
	}
	if (p == NULL) {
		/* An open quote has eaten the file; else the line with the trouble is lost. */
		p = strcmp(o->why, "the file ends inside a quote") == 0 ? NULL
		                                                        : memchr(o->bad, '\n', (size_t)(o->end - o->bad));
		if (p == NULL)
			p = o->end[-1] == '\n' ? o->end - 1 : o->end;
	}
	o->raw_end = p;
	if (p < o->end && *p == '\n' && p > o->p && p[-1] == '\r')
		o->raw_end--;
	bad = memchr(o->p, '\0', (size_t)(o->raw_end - o->p));
	if (o->why == NULL && bad != NULL)
		trouble(o, bad, "a NUL byte");
	bad = span_bad_utf8((struct span){o->p, (size_t)(o->raw_end - o->p)});
	if (bad != NULL && (o->why == NULL || (strcmp(o->why, "a NUL byte") == 0 && bad < o->bad)))
		trouble(o, bad, "it is not UTF-8");
	p += p < o->end && *p == '\r';
	o->p = p < o->end ? p + 1 : p;
	return true;
}

static void
compare(const struct row *row, enum rows_got got, struct other *o, const char *from, const char *begin)
{
	struct buf cells = {0};

	must(row->byte == (uint64_t)(from - begin));
	must(row->raw.n == (size_t)(o->raw_end - from) && memcmp(row->raw.p, from, row->raw.n) == 0);
	if (o->why != NULL) {
		must(got == ROWS_BAD && strcmp(row->why, o->why) == 0);
		must(row->bad_byte == (uint64_t)(o->bad - begin));
		return;
	}
	must(got == ROWS_ROW);
	for (size_t i = 0; i < row->n; i++) {
		buf_span_add(&cells, row->cells[i]);
		buf_byte(&cells, (char)0xff);
	}
	must(span_eq(buf_span(&cells), buf_span(&o->cells)));
	buf_free(&cells);
}

static void
read_pieces(struct span s, size_t piece)
{
	struct rows *r = rows_new();
	struct other o = {.p = s.p, .end = s.p + s.n};
	size_t at = 0, number = 0;
	enum rows_got got;
	struct row row;

	if (s.n >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0)
		o.p += 3;
	while ((got = rows_next(r, &row)) != ROWS_END) {
		if (got == ROWS_MORE) {
			size_t step = s.n - at < piece ? s.n - at : piece;

			if (step == 0)
				rows_last(r);
			else
				memcpy(rows_space(r, step), s.p + at, step);
			rows_fill(r, step);
			at += step;
			continue;
		}
		{
			const char *from = o.p;

			must(other_row(&o) && row.number == ++number);
			compare(&row, got, &o, from, s.p);
		}
	}
	must(!other_row(&o));
	buf_free(&o.cells);
	rows_free(r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span s = {(const char *)data, n};

	if (n == 0)
		return 0;
	read_pieces(s, n);
	read_pieces(s, data[n - 1] % 8 + 1u);
	return 0;
}
