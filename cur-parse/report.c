/* One delivery's report: parts in, items out. */
#include "report.h"

#include "day.h"
#include "die.h"
#include "in.h"
#include "mark.h"
#include "out.h"
#include "rows.h"
#include "unpack.h"

#define READ_BYTES ((size_t)128 << 10)
#define QUOTE_BYTES ((size_t)100)   /* of a bad cell, in a message */

struct part {
	struct report *report;
	const char *name;
	struct unpack *unpack;
	struct rows *rows;
};

void
report_begin(struct report *r, json_t *begin)
{
	r->begin = begin;
	r->items = r->rejected = 0;
}

static void
write_begin(struct report *r)
{
	mark_write(r->begin);
	r->begin = NULL;
}

/* Unpacks more bytes for rows_next. */
static void
fill(struct part *p)
{
	char *space = rows_space(p->rows, READ_BYTES);
	size_t n;
	const char *why = unpack_read(p->unpack, space, READ_BYTES, &n);

	if (why == unpack_read_failed)
		die(EX_IOERR, "%s:", p->name);
	if (why != NULL)
		die(EX_DATAERR, "%s: packed byte %ju: %s", p->name, (uintmax_t)unpack_taken(p->unpack), why);
	if (n == 0)
		rows_last(p->rows);
	rows_fill(p->rows, n);
	p->report->bytes += n;
}

static _Noreturn void
refuse(const struct part *p, const struct row *row, uint64_t byte, const char *reason)
{
	die(EX_DATAERR, "%s: row %ju, byte %ju: %s", p->name, (uintmax_t)row->number, (uintmax_t)byte, reason);
}

static enum rows_got
next_row(struct part *p, struct row *row)
{
	enum rows_got got;

	while ((got = rows_next(p->rows, row)) == ROWS_MORE)
		fill(p);
	if (got == ROWS_FATAL)
		refuse(p, row, row->bad_byte, row->why);
	return got;
}

/* A name or cell as a message shows it: quoted, and not all of a long one. */
static void
add_quoted(struct buf *b, struct span s)
{
	struct span cut = s;

	if (cut.n > QUOTE_BYTES)
		for (cut.n = QUOTE_BYTES; cut.n > 0 && ((unsigned char)s.p[cut.n] & 0xc0) == 0x80;)
			cut.n--;
	buf_json(b, cut);
	if (cut.n < s.n)
		buf_str(b, "...");
}

static const char *
say_column(struct report *r, const char *why, struct span column)
{
	buf_fmt(&r->reason, "%s: ", why);
	add_quoted(&r->reason, column);
	return buf_text(&r->reason);
}

/* The header of a later part, against the first's. */
static const char *
compare(struct report *r, const struct row *row)
{
	struct buf *b = &r->reason;
	size_t at;

	if (plan_is(&r->plan, row->cells, row->n, &at))
		return NULL;
	buf_fmt(b, "the header is not the first part's: column %zu is ", at + 1);
	if (at < row->n)
		add_quoted(b, row->cells[at]);
	else
		buf_str(b, "missing");
	buf_str(b, ", there ");
	if (at < r->plan.columns)
		add_quoted(b, r->plan.names[at]);
	else
		buf_str(b, "it is missing");
	return buf_text(b);
}

static const char *
take_header(struct report *r, const struct row *row)
{
	const char *why;

	if (r->begin == NULL)
		return compare(r, row);
	plan_free(&r->plan);
	r->plan = (struct plan){.nulls = r->nulls};
	why = plan_begin(&r->plan, row->cells, row->n);
	if (why != NULL)
		return r->plan.bad < row->n ? say_column(r, why, row->cells[r->plan.bad]) : why;
	plan_mark(&r->plan, r->begin);
	write_begin(r);
	return NULL;
}

static void
read_header(struct part *p)
{
	struct row row;
	enum rows_got got = next_row(p, &row);
	const char *why;

	if (got == ROWS_END)
		die(EX_DATAERR, "%s: the part is empty", p->name);
	if (got == ROWS_BAD)
		refuse(p, &row, row.bad_byte, row.why);
	buf_reset(&p->report->reason);
	if ((why = take_header(p->report, &row)) != NULL)
		refuse(p, &row, row.byte, why);
}

static const char *
check_time(struct report *r, const struct row *row)
{
	struct span text = row->cells[r->plan.time];
	int64_t seconds;
	const char *why = time_parse(text, &seconds);

	if (why == NULL)
		return NULL;
	buf_str(&r->reason, "its time, ");
	add_quoted(&r->reason, r->plan.names[r->plan.time]);
	buf_str(&r->reason, ", is ");
	add_quoted(&r->reason, text);
	buf_fmt(&r->reason, ": %s", why);
	return buf_text(&r->reason);
}

/* Makes r->item of the row.  NULL, or why it is none. */
static const char *
make_item(struct report *r, const struct row *row)
{
	const char *why;

	buf_reset(&r->item);
	if (row->n != r->plan.columns) {
		buf_fmt(&r->reason, "it has %zu field%s, the header %zu", row->n, row->n == 1 ? "" : "s",
		    r->plan.columns);
		return buf_text(&r->reason);
	}
	if ((why = check_time(r, row)) != NULL)
		return why;
	if ((why = plan_write(&r->plan, row->cells, &r->item)) != NULL)
		return r->plan.bad < row->n ? say_column(r, why, r->plan.names[r->plan.bad]) : why;
	return r->item.n > IN_LINE_BYTES ? "its item is longer than 64 MiB" : NULL;
}

static void
reject(struct part *p, const struct row *row, uint64_t byte, const char *reason)
{
	struct report *r = p->report;
	struct reject what = {span_of(p->name), row->number, byte, span_of(reason), row->raw};

	if (r->rejects == NULL)
		refuse(p, row, byte, reason);
	rejects_add(r->rejects, &what);
	r->rejected++;
	r->rejected_in_all++;
}

static void
take_row(struct part *p, const struct row *row, enum rows_got got)
{
	struct report *r = p->report;
	const char *why;

	buf_reset(&r->reason);
	if (got == ROWS_BAD) {
		reject(p, row, row->bad_byte, row->why);
	} else if ((why = make_item(r, row)) != NULL) {
		reject(p, row, row->byte, why);
	} else {
		out_line(buf_span(&r->item));
		r->items++;
	}
}

uint64_t
report_part(struct report *r, const char *name, int fd, struct span head)
{
	struct part p = {r, name, unpack_new(fd, head), rows_new()};
	enum rows_got got;
	struct row row;
	uint64_t taken;

	read_header(&p);
	while ((got = next_row(&p, &row)) != ROWS_END) {
		take_row(&p, &row, got);
		progress_tick(&r->progress, "rows", ++r->rows, r->bytes);
	}
	taken = unpack_taken(p.unpack);
	unpack_free(p.unpack);
	rows_free(p.rows);
	return taken;
}

/* A delivery without parts has no header. */
static void
mark_nothing(json_t *begin)
{
	json_object_set_new(begin, "format", json_null());
	json_object_set_new(begin, "columns", json_array());
	json_object_set_new(begin, "id", json_null());
	json_object_set_new(begin, "time", json_null());
}

void
report_end(struct report *r, json_t *end)
{
	if (r->begin != NULL) {
		mark_nothing(r->begin);
		write_begin(r);
	}
	rejects_sync(r->rejects);
	json_object_set_new(end, "items", json_integer((json_int_t)r->items));
	json_object_set_new(end, "rejected", json_integer((json_int_t)r->rejected));
	mark_write(end);
}

void
report_free(struct report *r)
{
	plan_free(&r->plan);
	buf_free(&r->item);
	buf_free(&r->reason);
}
