/* CSV bytes to rows; libcsv cuts the cells. */
#include "rows.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"

#define CELL_BYTES ((size_t)4 << 10)   /* libcsv's buffer grows by at least this */

static const char lone_cr[] = "a lone carriage return outside quotes";

/* How far the row that libcsv is in has come. */
enum ending {
	OPEN,       /* it goes on */
	ENDED_CR,   /* a carriage return ended it: only a newline may follow */
	ENDED,
	LONE_CR     /* something else followed the carriage return */
};

struct cell {
	size_t from, n;   /* in text */
};

struct rows {
	struct csv_parser csv;
	struct buf held;         /* bytes from the caller */
	size_t from;             /* where the row begins in held */
	size_t fed;              /* libcsv has what is before this */
	size_t seen;             /* no newline between fed and this */
	uint64_t byte;           /* of `from` in the file */
	uint64_t number;
	bool last, started, dead;
	enum ending ending;
	struct buf text;         /* the cells of the row, one after the other */
	struct cell *cells;
	struct span *spans;
	size_t n, cap;
};

/* libcsv cuts off what this calls a space. */
static int
is_space(unsigned char c)
{
	(void)c;
	return 0;
}

static void *
grow(void *p, size_t n)
{
	return mem_grow(p, n, 1);
}

static void
csv_begin(struct csv_parser *csv)
{
	csv_init(csv, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL);
	csv_set_space_func(csv, is_space);
	csv_set_realloc_func(csv, grow);
}

struct rows *
rows_new(void)
{
	struct rows *r = mem_new(sizeof *r);

	csv_begin(&r->csv);
	buf_room(&r->text, CELL_BYTES);   /* so that empty cells point somewhere too */
	return r;
}

void
rows_free(struct rows *r)
{
	if (r == NULL)
		return;
	csv_free(&r->csv);
	buf_free(&r->held);
	buf_free(&r->text);
	free(r->cells);
	free(r->spans);
	free(r);
}

char *
rows_space(struct rows *r, size_t want)
{
	struct buf *b = &r->held;

	if (r->from > 0 && (r->from == b->n || b->cap - b->n < want)) {
		memmove(b->p, b->p + r->from, b->n - r->from);
		b->n -= r->from;
		r->fed -= r->from;
		r->seen -= r->from;
		r->from = 0;
	}
	return buf_room(b, want);
}

void
rows_fill(struct rows *r, size_t n)
{
	r->held.n += n;
}

void
rows_last(struct rows *r)
{
	r->last = true;
}

static void
add_cell(struct rows *r, const void *p, size_t n)
{
	if (r->n == r->cap) {
		r->cap = r->cap > 0 ? r->cap * 2 : 64;
		r->cells = mem_grow(r->cells, r->cap, sizeof *r->cells);
		r->spans = mem_grow(r->spans, r->cap, sizeof *r->spans);
	}
	r->cells[r->n++] = (struct cell){r->text.n, n};
	buf_add(&r->text, p, n);
}

static void
on_cell(void *p, size_t n, void *arg)
{
	struct rows *r = arg;

	if (r->ending != OPEN)
		r->ending = LONE_CR;
	add_cell(r, p, n);
}

static void
on_row(int c, void *arg)
{
	struct rows *r = arg;

	if (r->ending == OPEN)
		r->ending = c == CSV_CR ? ENDED_CR : ENDED;
	else if (r->ending == ENDED_CR && c == CSV_LF)
		r->ending = ENDED;
	else
		r->ending = LONE_CR;
}

/* Without its newline, be it LF or CRLF. */
static struct span
raw_of(const struct rows *r)
{
	struct span s = {r->held.p + r->from, r->fed - r->from};

	if (s.n > 0 && s.p[s.n - 1] == '\n') {
		s.n--;
		if (s.n > 0 && s.p[s.n - 1] == '\r')
			s.n--;
	}
	return s;
}

/* The row, good or bad, ends where libcsv stands; the next one begins there. */
static enum rows_got
hand_out(struct rows *r, struct row *row, enum rows_got got)
{
	row->raw = raw_of(r);
	row->number = ++r->number;
	row->byte = r->byte;
	r->byte += r->fed - r->from;
	r->from = r->fed;
	r->ending = OPEN;
	return got;
}

static enum rows_got
bad(struct rows *r, struct row *row, size_t at, const char *why)
{
	row->cells = NULL;
	row->n = 0;
	row->why = why;
	row->bad_byte = r->byte + (at - r->from);
	csv_free(&r->csv);
	csv_begin(&r->csv);
	return hand_out(r, row, ROWS_BAD);
}

static enum rows_got
too_long(struct rows *r, struct row *row)
{
	r->dead = true;
	row->why = "the row is longer than 16 MiB";
	row->bad_byte = r->byte + ROWS_MAX_BYTES;
	row->number = r->number + 1;
	row->byte = r->byte;
	row->raw = (struct span){r->held.p + r->from, ROWS_MAX_BYTES};
	row->cells = NULL;
	row->n = 0;
	return ROWS_FATAL;
}

/* The first carriage return outside quotes that no newline follows; the row must have one. */
static size_t
find_lone_cr(const struct rows *r)
{
	bool quoted = false;
	size_t i = r->from;

	for (; i < r->fed; i++) {
		char c = r->held.p[i];

		quoted ^= c == '"';
		if (c == '\r' && !quoted && (i + 1 == r->fed || r->held.p[i + 1] != '\n'))
			break;
	}
	return i;
}

/* The quote that is open at the end; a doubled one opens and closes, or closes and opens. */
static size_t
find_open_quote(const struct rows *r)
{
	bool quoted = false, fresh = true;
	size_t open = r->from;

	for (size_t i = r->from; i < r->fed; i++) {
		char c = r->held.p[i];

		if (c == '"') {
			quoted = !quoted;
			if (quoted && fresh)
				open = i;
			fresh = false;
		} else if (!quoted) {
			fresh = true;
		}
	}
	return open;
}

/* What libcsv does not look at. */
static enum rows_got
check_bytes(struct rows *r, struct row *row)
{
	struct span raw = raw_of(r);
	const char *nul = raw.n > 0 ? memchr(raw.p, '\0', raw.n) : NULL, *utf8 = span_bad_utf8(raw);

	if (nul != NULL && (utf8 == NULL || nul < utf8))
		return bad(r, row, (size_t)(nul - r->held.p), "a NUL byte");
	if (utf8 != NULL)
		return bad(r, row, (size_t)(utf8 - r->held.p), "it is not UTF-8");
	return ROWS_ROW;
}

static enum rows_got
finish(struct rows *r, struct row *row)
{
	if (r->ending != ENDED)
		return bad(r, row, find_lone_cr(r), lone_cr);
	if (check_bytes(r, row) == ROWS_BAD)
		return ROWS_BAD;
	if (r->n == 0)
		add_cell(r, NULL, 0);
	for (size_t i = 0; i < r->n; i++)
		r->spans[i] = (struct span){r->text.p + r->cells[i].from, r->cells[i].n};
	row->cells = r->spans;
	row->n = r->n;
	row->why = NULL;
	return hand_out(r, row, ROWS_ROW);
}

/* Gives libcsv the line before `end`. */
static enum rows_got
feed(struct rows *r, size_t end, struct row *row)
{
	size_t from = r->fed, n = end - from, used, block = csv_get_buffer_size(&r->csv);

	/* Its buffer doubles or takes the line, so that a long cell is not copied for every block. */
	if (block < n)
		block = n;
	csv_set_blk_size(&r->csv, block < CELL_BYTES ? CELL_BYTES : block);
	used = csv_parse(&r->csv, r->held.p + from, n, on_cell, on_row, r);
	r->fed = end;
	if (used < n && r->ending != OPEN)
		return bad(r, row, find_lone_cr(r), lone_cr);
	if (used < n && r->held.p[from + used] == '"')
		return bad(r, row, from + used, "a quote inside a cell that is not quoted");
	if (used < n)
		return bad(r, row, from + used, "something follows a closing quote");
	if (r->last && end == r->held.n && r->ending == OPEN && csv_fini(&r->csv, on_cell, on_row, r) != 0)
		return bad(r, row, find_open_quote(r), "the file ends inside a quote");
	return r->ending == OPEN ? ROWS_MORE : finish(r, row);
}

/* Skips a byte order mark; false when more must be known. */
static bool
start(struct rows *r)
{
	if (r->held.n < 3 && !r->last)
		return false;
	r->started = true;
	if (r->held.n >= 3 && memcmp(r->held.p, "\xef\xbb\xbf", 3) == 0)
		r->from = r->fed = r->seen = r->byte = 3;
	return true;
}

/* Where the line ends that libcsv gets next, or 0 when that is not known. */
static size_t
line_end(struct rows *r)
{
	const char *p = r->held.p, *nl = NULL;

	if (r->seen < r->held.n)
		nl = memchr(p + r->seen, '\n', r->held.n - r->seen);
	r->seen = nl != NULL ? (size_t)(nl - p) + 1 : r->held.n;
	return nl != NULL || r->last ? r->seen : 0;
}

/* Whether the row is above its limit already; its newline does not count. */
static bool
is_too_long(const struct rows *r)
{
	const char *p = r->held.p;
	size_t n = r->seen - r->from;

	if (n <= ROWS_MAX_BYTES)
		return false;
	if (p[r->seen - 1] == '\n')
		n -= p[r->seen - 2] == '\r' ? 2 : 1;
	else if (!r->last)
		n--;   /* it may be a carriage return whose newline is not here yet */
	return n > ROWS_MAX_BYTES;
}

enum rows_got
rows_next(struct rows *r, struct row *row)
{
	enum rows_got got;
	size_t end;

	if (!r->started && !start(r))
		return ROWS_MORE;
	if (r->from == r->fed) {
		r->n = 0;
		buf_reset(&r->text);
	}
	do {
		end = line_end(r);
		if (r->dead || is_too_long(r))
			return too_long(r, row);
		if (end == 0 && !r->last)
			return ROWS_MORE;
		if (end == r->from)
			return ROWS_END;
		got = feed(r, end, row);
	} while (got == ROWS_MORE);
	return got;
}
