/* rows: a table of CSV, each read in pieces of several sizes. */
#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

/*
 * What was read, as text: [cell|cell] for a row, !why@byte for a bad row, X
 * for one too long; each with its number, its byte and the raw bytes' length.
 */
static void
read_all(struct span csv, size_t piece, struct buf *to)
{
	struct rows *r = rows_new();
	struct row row;
	enum rows_got got;

	buf_reset(to);
	while ((got = rows_next(r, &row)) != ROWS_END) {
		if (got == ROWS_MORE) {
			size_t n = csv.n < piece ? csv.n : piece;

			if (n == 0) {
				rows_last(r);
				continue;
			}
			memcpy(rows_space(r, n), csv.p, n);
			rows_fill(r, n);
			csv.p += n;
			csv.n -= n;
			continue;
		}
		buf_fmt(to, "%ju:%ju+%zu", (uintmax_t)row.number, (uintmax_t)row.byte, row.raw.n);
		for (size_t i = 0; got == ROWS_ROW && i < row.n; i++) {
			buf_byte(to, i == 0 ? '[' : '|');
			buf_span_add(to, row.cells[i]);
		}
		if (got == ROWS_ROW)
			buf_byte(to, ']');
		else
			buf_fmt(to, "!%s@%ju", row.why, (uintmax_t)row.bad_byte);
		buf_byte(to, ' ');
		if (got == ROWS_FATAL)
			break;
	}
	rows_free(r);
}

static void
reads(struct span csv, const char *wanted, const char *name)
{
	static const size_t pieces[] = {1, 2, 3, 7, 64, 100000};
	struct buf got = {0};
	bool good = true;

	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		read_all(csv, pieces[i], &got);
		if (!span_is(buf_span(&got), wanted)) {
			printf("# pieces of %zu\n# got:    %s\n# wanted: %s\n", pieces[i], buf_text(&got), wanted);
			good = false;
		}
	}
	ok(good, "%s", name);
	buf_free(&got);
}

#define LIT(s) {s, sizeof(s) - 1}

static const struct {
	struct span csv;
	const char *wanted, *name;
} cases[] = {
	{LIT(""), "", "nothing"},
	{LIT("\xef\xbb\xbf"), "", "a BOM alone"},
	{LIT("\xef\xbb"), "1:0+2!it is not UTF-8@0 ", "half a BOM"},
	{LIT("a,b\n1,2\n"), "1:0+3[a|b] 2:4+3[1|2] ", "plain"},
	{LIT("a,b\r\n1,2\r\n"), "1:0+3[a|b] 2:5+3[1|2] ", "CRLF"},
	{LIT("a,b\r\n1,2\n3,4\r\n"), "1:0+3[a|b] 2:5+3[1|2] 3:9+3[3|4] ", "CRLF and LF"},
	{LIT("a,b\n1,2"), "1:0+3[a|b] 2:4+3[1|2] ", "no newline at the end"},
	{LIT("a,b\n1,"), "1:0+3[a|b] 2:4+2[1|] ", "no newline after a comma"},
	{LIT("a"), "1:0+1[a] ", "one byte"},
	{LIT(","), "1:0+1[|] ", "one comma"},
	{LIT("\xef\xbb\xbf\"a\",b\n"), "1:3+5[a|b] ", "a BOM before a quote"},
	{LIT("a\n\xef\xbb\xbf" "b\n"), "1:0+1[a] 2:2+4[\xef\xbb\xbf" "b] ", "a BOM later is a character"},
	{LIT("\xef\xbb\xbf\xef\xbb\xbf" "a\n"), "1:3+4[\xef\xbb\xbf" "a] ", "a second BOM is a character"},
	{LIT(" a , b\t,\t\n"), "1:0+9[ a | b\t|\t] ", "space stays"},
	{LIT("\" a \",\"\t\"\n"), "1:0+9[ a |\t] ", "space in quotes stays"},
	{LIT("\"\",,\"\"\n"), "1:0+6[||] ", "empty cells"},
	{LIT("\"a\"\"b\",\"\"\"\",\"\"\"c\"\n"), "1:0+17[a\"b|\"|\"c] ", "doubled quotes"},
	{LIT("\"a,b\",c\n"), "1:0+7[a,b|c] ", "a quoted comma"},
	{LIT("\"a\nb\",c\nd,e\n"), "1:0+7[a\nb|c] 2:8+3[d|e] ", "a quoted newline"},
	{LIT("\"a\r\nb\",\"c\rd\"\r\ne,f\r\n"), "1:0+12[a\r\nb|c\rd] 2:14+3[e|f] ", "quoted CR and CRLF stay"},
	{LIT("\"\n\n\n\"\n"), "1:0+5[\n\n\n] ", "quoted newlines alone"},
	{LIT("a\n\nb\n"), "1:0+1[a] 2:2+0[] 3:3+1[b] ", "a blank line is one empty cell"},
	{LIT("a\r\n\r\nb\r\n"), "1:0+1[a] 2:3+0[] 3:5+1[b] ", "a blank line in CRLF"},
	{LIT("\n"), "1:0+0[] ", "a newline alone"},
	{LIT("a;b\tc'd\n"), "1:0+7[a;b\tc'd] ", "other delimiters are text"},
	{LIT("\xc3\xa9,\xe2\x82\xac,\xf0\x9f\x92\xb0\n"), "1:0+11[\xc3\xa9|\xe2\x82\xac|\xf0\x9f\x92\xb0] ", "UTF-8"},
	/* bad rows, and that the next one is read */
	{LIT("a\rb\nc\n"), "1:0+3!a lone carriage return outside quotes@1 2:4+1[c] ", "a lone CR"},
	{LIT("a\r\r\nc\n"), "1:0+2!a lone carriage return outside quotes@1 2:4+1[c] ", "CR CR LF"},
	{LIT("\r"), "1:0+1!a lone carriage return outside quotes@0 ", "CR alone"},
	{LIT("a,b\r"), "1:0+4!a lone carriage return outside quotes@3 ", "CR at the end of the file"},
	{LIT("\"a\"\r\"b\nc\"\nd\n"),
	    "1:0+6!a lone carriage return outside quotes@3 2:7+2!a quote inside a cell that is not quoted@8 3:10+1[d] ",
	    "a CR before a quote that stays open"},
	{LIT("\"x\ry\"\r,z\nc\n"), "1:0+8!a lone carriage return outside quotes@5 2:9+1[c] ", "a quoted CR, then a lone one"},
	{LIT("a\rb\"c\nd\n"), "1:0+5!a lone carriage return outside quotes@1 2:6+1[d] ", "a CR, then a quote"},
	{LIT("a\"b,c\nd\n"), "1:0+5!a quote inside a cell that is not quoted@1 2:6+1[d] ", "a quote in a bare cell"},
	{LIT(" \"a\"\nd\n"), "1:0+4!a quote inside a cell that is not quoted@1 2:5+1[d] ", "a quote after a space"},
	{LIT("\"a\"b,c\nd\n"), "1:0+6!something follows a closing quote@3 2:7+1[d] ", "text after a quote"},
	{LIT("\"a\" ,c\nd\n"), "1:0+6!something follows a closing quote@3 2:7+1[d] ", "space after a quote"},
	{LIT("\"a\nb\"c\nd\n"), "1:0+6!something follows a closing quote@5 2:7+1[d] ", "the same on a second line"},
	{LIT("a\nb,\"c"), "1:0+1[a] 2:2+4!the file ends inside a quote@4 ", "an open quote"},
	{LIT("b,\"c\nd\n"), "1:0+6!the file ends inside a quote@2 ", "an open quote, lines after it"},
	{LIT("\"a\",\"b\"\"\n"), "1:0+8!the file ends inside a quote@4 ", "a doubled quote at the end"},
	{LIT("\""), "1:0+1!the file ends inside a quote@0 ", "a quote alone"},
	{LIT("a\0b\nc\n"), "1:0+3!a NUL byte@1 2:4+1[c] ", "NUL"},
	{LIT("\"a\0\nb\"\nc\n"), "1:0+6!a NUL byte@2 2:7+1[c] ", "NUL in quotes: the whole row is bad"},
	{LIT("a\xff\nc\n"), "1:0+2!it is not UTF-8@1 2:3+1[c] ", "a byte that is not UTF-8"},
	{LIT("\xc3\nc\n"), "1:0+1!it is not UTF-8@0 2:2+1[c] ", "half a character"},
	{LIT("\xed\xa0\x80\nc\n"), "1:0+3!it is not UTF-8@0 2:4+1[c] ", "a surrogate"},
	{LIT("\xc0\xaf\nc\n"), "1:0+2!it is not UTF-8@0 2:3+1[c] ", "an overlong character"},
	{LIT("\xff\0\nc\n"), "1:0+2!it is not UTF-8@0 2:3+1[c] ", "two troubles: the first is told"},
};

static struct buf
filled(size_t n, char c)
{
	struct buf b = {0};

	memset(buf_room(&b, n), c, n);
	b.n = n;
	return b;
}

/* A row of n bytes, with `tail` after it, then another row. */
static enum rows_got
first_of(size_t n, const char *tail, size_t piece, size_t *cell)
{
	struct buf b = filled(n, 'x');
	struct rows *r = rows_new();
	struct row row;
	enum rows_got got;
	size_t at = 0;

	buf_str(&b, tail);
	while ((got = rows_next(r, &row)) == ROWS_MORE) {
		size_t step = b.n - at < piece ? b.n - at : piece;

		if (step == 0)
			rows_last(r);
		memcpy(rows_space(r, step), b.p + at, step);
		rows_fill(r, step);
		at += step;
	}
	*cell = got == ROWS_ROW ? row.cells[0].n : 0;
	if (got == ROWS_FATAL && rows_next(r, &row) != ROWS_FATAL)
		got = ROWS_END;
	rows_free(r);
	buf_free(&b);
	return got;
}

static void
test_limit(void)
{
	static const char *const tails[] = {"", "\n", "\r\n", "\nnext\n", "\r\nnext\n"};
	static const size_t pieces[] = {65536, 99991, 64 << 20};
	size_t cell;

	for (size_t t = 0; t < sizeof tails / sizeof *tails; t++)
		for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
			enum rows_got got = first_of(ROWS_MAX_BYTES, tails[t], pieces[i], &cell);

			ok(got == ROWS_ROW && cell == ROWS_MAX_BYTES, "16 MiB are a row (%zu, %zu)", t, pieces[i]);
			got = first_of(ROWS_MAX_BYTES + 1, tails[t], pieces[i], &cell);
			ok(got == ROWS_FATAL, "one byte more is too long (%zu, %zu)", t, pieces[i]);
		}
}

/* A quoted cell of newlines: each is a line to us, and the time must not grow with their square. */
static void
test_newlines(void)
{
	struct buf b = {0}, cells = filled(8 << 20, '\n');
	struct rows *r = rows_new();
	struct row row;
	enum rows_got got;
	size_t at = 0;

	buf_str(&b, "a,\"");
	buf_span_add(&b, buf_span(&cells));
	buf_str(&b, "\",c\n");
	while ((got = rows_next(r, &row)) == ROWS_MORE) {
		size_t step = b.n - at < 4096 ? b.n - at : 4096;

		memcpy(rows_space(r, step), b.p + at, step);
		rows_fill(r, step);
		at += step;
	}
	ok(got == ROWS_ROW && row.n == 3 && span_eq(row.cells[1], buf_span(&cells)), "a cell of eight million newlines");
	rows_free(r);
	buf_free(&b);
	buf_free(&cells);
}

static void
test_wide(void)
{
	struct buf b = filled(1000000, ',');
	struct rows *r = rows_new();
	struct row row;

	memcpy(rows_space(r, b.n), b.p, b.n);
	rows_fill(r, b.n);
	rows_last(r);
	ok(rows_next(r, &row) == ROWS_ROW && row.n == 1000001, "a million cells");
	ok(rows_next(r, &row) == ROWS_END && rows_next(r, &row) == ROWS_END, "the end stays the end");
	rows_free(r);
	buf_free(&b);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		reads(cases[i].csv, cases[i].wanted, cases[i].name);
	test_limit();
	test_newlines();
	test_wide();
	return tap_end();
}
