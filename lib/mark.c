/* Marks, and the rules of a stream. */
#include "mark.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "out.h"

#define PREFIX "{\"_cur\":"
#define EXPORT_MAX_BYTES 200
#define COUNT_MAX ((json_int_t)1 << 53)

static const struct {
	const char *name;
	enum mark_kind kind;
} kinds[] = {
	{"begin", MARK_BEGIN},
	{"part", MARK_PART},
	{"end", MARK_END},
	{"eos", MARK_EOS},
	{"receipt", MARK_RECEIPT},
};

bool
mark_is(struct span line)
{
	return line.n >= sizeof PREFIX - 1 && memcmp(line.p, PREFIX, sizeof PREFIX - 1) == 0;
}

const char *
mark_text(const json_t *json, const char *member)
{
	return json_string_value(json_object_get(json, member));
}

uint64_t
mark_count(const json_t *json, const char *member, uint64_t missing)
{
	const json_t *v = json_object_get(json, member);

	return json_is_integer(v) ? (uint64_t)json_integer_value(v) : missing;
}

const char *
mark_bad_export(const char *export)
{
	size_t n = strlen(export);

	if (n == 0)
		return "the export has no name";
	if (n > EXPORT_MAX_BYTES)
		return "the export's name is longer than 200 bytes";
	if (strcmp(export, ".") == 0 || strcmp(export, "..") == 0)
		return "the export's name cannot be '.' or '..'";
	for (size_t i = 0; i < n; i++)
		if (export[i] == '/' || (unsigned char)export[i] < 0x20 || export[i] == 0x7f)
			return "the export's name has a '/' or a control character";
	return span_bad_utf8((struct span){export, n}) != NULL ? "the export's name is not UTF-8" : NULL;
}

static bool
is_text(const json_t *json, const char *member)
{
	const char *s = mark_text(json, member);

	return s != NULL && *s != '\0';
}

static bool
is_text_or_null(const json_t *json, const char *member)
{
	const json_t *v = json_object_get(json, member);

	return v == NULL || json_is_null(v) || is_text(json, member);
}

static bool
is_count(const json_t *json, const char *member, bool needed)
{
	const json_t *v = json_object_get(json, member);

	if (v == NULL)
		return !needed;
	return json_is_integer(v) && json_integer_value(v) >= 0 && json_integer_value(v) < COUNT_MAX;
}

/* YYYY-MM, or null. */
static bool
is_period(const json_t *json)
{
	const char *s = mark_text(json, "period");

	if (s == NULL)
		return is_text_or_null(json, "period");
	return strlen(s) == 7 && strspn(s, "0123456789") == 4 && s[4] == '-' && strspn(s + 5, "0123456789") == 2 &&
	       strcmp(s + 5, "00") > 0 && strcmp(s + 5, "12") <= 0;
}

static const char *
check_delivery(const json_t *json)
{
	if (!is_text_or_null(json, "export") || !is_text_or_null(json, "version") ||
	    !is_text_or_null(json, "delivered") || !is_text_or_null(json, "source"))
		return "a mark whose export, version, delivered or source is neither text nor null";
	if (!is_period(json))
		return "a mark whose period is neither YYYY-MM nor null";
	if (!is_count(json, "parts", false) || !is_count(json, "items", false) || !is_count(json, "rejected", false))
		return "a mark with a count that is none";
	return NULL;
}

static const char *
check(enum mark_kind kind, const json_t *json)
{
	switch (kind) {
	case MARK_BEGIN:
		if (mark_count(json, "v", 0) != 1)
			return "a stream of another version than 1";
		return check_delivery(json);
	case MARK_END:
	case MARK_RECEIPT:
		return check_delivery(json);
	case MARK_PART:
		if (!is_text(json, "path"))
			return "a part without a path";
		return is_count(json, "bytes", false) ? NULL : "a part whose bytes are no count";
	case MARK_EOS:
		return is_count(json, "deliveries", true) ? NULL : "an eos without its count of deliveries";
	case MARK_ITEM:
		break;
	}
	return NULL;
}

const char *
mark_parse(struct span line, enum mark_kind *kind, json_t **json)
{
	const char *name, *why = "a mark of an unknown kind";
	json_t *j = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, NULL);

	if (j == NULL)
		return "a mark that is no JSON";
	name = mark_text(j, "_cur");
	for (size_t i = 0; name != NULL && i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(name, kinds[i].name) == 0) {
			*kind = kinds[i].kind;
			why = check(*kind, j);
		}
	if (why != NULL) {
		json_decref(j);
		return why;
	}
	*json = j;
	return NULL;
}

void
mark_write(const json_t *json)
{
	/* Reals do not occur in marks; should someone add one, 17 digits give its double back. */
	char *s = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(17));

	if (s == NULL)
		die(EX_SOFTWARE, "a mark that cannot be written");
	out_line(span_of(s));
	out_flush();
	free(s);
}

void
mark_write_eos(uint64_t deliveries)
{
	json_t *eos = json_pack("{s:s,s:I}", "_cur", "eos", "deliveries", (json_int_t)deliveries);

	mark_write(eos);
	json_decref(eos);
	out_end();
}

/* Messages: which stream, where, what. */
static _Noreturn void
broken(struct marks *m, int status, const char *why)
{
	die(status, "%s: line %ju: %s", m->in->name, (uintmax_t)m->in->number, why);
}

const char *
marks_name(struct marks *m)
{
	static char text[256];
	const char *e = mark_text(m->begin, "export"), *p = mark_text(m->begin, "period"),
	           *v = mark_text(m->begin, "version");

	snprintf(text, sizeof text, "%s %s%s%s%s", e != NULL ? e : "(no export)", p != NULL ? p : "(no period)",
	    v != NULL ? " (" : "", v != NULL ? v : "", v != NULL ? ")" : "");
	return text;
}

static _Noreturn void
stops_inside(struct marks *m)
{
	die(EX_PROTOCOL, "%s: line %ju: the stream stops inside delivery %s: the stage before this one died", m->in->name,
	    (uintmax_t)m->in->number, marks_name(m));
}

/* What the options say fills what the stream leaves null. */
static void
fill_names(struct marks *m, json_t *mark)
{
	if (m->export != NULL && mark_text(mark, "export") == NULL)
		json_object_set_new(mark, "export", json_string(m->export));
	if (m->period != NULL && mark_text(mark, "period") == NULL)
		json_object_set_new(mark, "period", json_string(m->period));
}

static void
note_seen(struct marks *m)
{
	const char *e = mark_text(m->begin, "export"), *p = mark_text(m->begin, "period");
	struct buf key = {0};

	if (e == NULL || p == NULL)
		return;
	buf_fmt(&key, "%s/%s", p, e);
	if (m->seen == NULL)
		m->seen = json_object();
	if (json_object_get(m->seen, buf_text(&key)) != NULL)
		die(EX_DATAERR, "%s: line %ju: a second delivery of %s in one stream", m->in->name,
		    (uintmax_t)m->in->number, marks_name(m));
	json_object_set_new(m->seen, buf_text(&key), json_true());
	buf_free(&key);
}

static void
close_delivery(struct marks *m)
{
	json_decref(m->begin);
	json_decref(m->end);
	m->begin = m->end = NULL;
}

static enum mark_kind
open_delivery(struct marks *m, json_t *begin)
{
	if (m->begin != NULL && m->end == NULL)
		stops_inside(m);
	close_delivery(m);
	m->begin = begin;
	m->items = m->parts = m->missing = 0;
	fill_names(m, m->begin);
	note_seen(m);
	return MARK_BEGIN;
}

static bool
same_member(const json_t *a, const json_t *b, const char *member)
{
	const char *x = mark_text(a, member), *y = mark_text(b, member);

	return x == NULL || y == NULL ? x == y : strcmp(x, y) == 0;
}

static enum mark_kind
end_delivery(struct marks *m, json_t *end)
{
	bool parts = m->reads == MARKS_PARTS;
	uint64_t got = parts ? m->parts : m->items, said;

	if (m->begin == NULL || m->end != NULL)
		broken(m, EX_PROTOCOL, "an end without its begin");
	m->end = end;
	fill_names(m, end);
	if (!same_member(m->begin, end, "export") || !same_member(m->begin, end, "period") ||
	    !same_member(m->begin, end, "version"))
		broken(m, EX_PROTOCOL, "an end of another delivery than its begin");
	said = mark_count(end, parts ? "parts" : "items", UINT64_MAX);
	if (said == UINT64_MAX)
		broken(m, EX_PROTOCOL, parts ? "an end without its count of parts" : "an end without its count of items");
	if (got > said || (got < said && (parts || !m->filtered)))
		die(EX_PROTOCOL, "%s: line %ju: delivery %s: %ju %s came, its end says %ju%s", m->in->name,
		    (uintmax_t)m->in->number, marks_name(m), (uintmax_t)got, parts ? "parts" : "items",
		    (uintmax_t)said, got < said && !parts ? " (--filtered allows a filter to drop some)" : "");
	m->missing = said - got;
	m->deliveries++;
	return MARK_END;
}

static enum mark_kind
end_stream(struct marks *m, json_t *eos)
{
	uint64_t said = mark_count(eos, "deliveries", 0);

	json_decref(eos);
	if (m->begin != NULL && m->end == NULL)
		stops_inside(m);
	if (said != m->deliveries)
		die(EX_PROTOCOL, "%s: line %ju: %ju deliveries came, eos says %ju", m->in->name,
		    (uintmax_t)m->in->number, (uintmax_t)m->deliveries, (uintmax_t)said);
	if (in_line(m->in))
		broken(m, EX_PROTOCOL, "something follows the end of the stream");
	m->over = true;
	return MARK_EOS;
}

/* A bare stream is given the marks it lacks. */
static enum mark_kind
open_bare(struct marks *m)
{
	m->bare = true;
	m->first = in_peek_line(m->in);
	return open_delivery(m, json_pack("{s:s,s:i,s:n,s:n,s:n,s:n,s:n,s:i}", "_cur", "begin", "v", 1, "export",
	    "period", "version", "delivered", "source", "parts", 0));
}

static enum mark_kind
end_bare(struct marks *m)
{
	json_t *end;

	if (m->end != NULL) {
		m->over = true;
		return MARK_EOS;
	}
	end = json_pack("{s:s,s:n,s:n,s:n,s:i,s:I,s:i}", "_cur", "end", "export", "period", "version", "parts", 0,
	    "items", (json_int_t)m->items, "rejected", 0);
	return end_delivery(m, end);
}

static enum mark_kind
take_item(struct marks *m)
{
	if (m->reads == MARKS_PARTS)
		broken(m, EX_DATAERR, "an item where part marks are expected");
	if (m->begin == NULL || m->end != NULL)
		broken(m, EX_PROTOCOL, "an item outside any delivery");
	m->line = m->in->line;
	m->items++;
	return MARK_ITEM;
}

static enum mark_kind
take_mark(struct marks *m)
{
	enum mark_kind kind = MARK_ITEM;
	json_t *json = NULL;
	const char *why = mark_parse(m->in->line, &kind, &json);

	if (why != NULL)
		broken(m, EX_DATAERR, why);
	switch (kind) {
	case MARK_BEGIN:
		return open_delivery(m, json);
	case MARK_END:
		return end_delivery(m, json);
	case MARK_EOS:
		return end_stream(m, json);
	case MARK_PART:
		if (m->reads != MARKS_PARTS)
			broken(m, EX_DATAERR, "a part mark where items are expected: cur-parse reads parts");
		if (m->begin == NULL || m->end != NULL)
			broken(m, EX_PROTOCOL, "a part outside any delivery");
		m->part = json;
		m->parts++;
		return MARK_PART;
	default:
		broken(m, EX_DATAERR, "a receipt where a delivery is expected");
	}
}

enum mark_kind
marks_next(struct marks *m)
{
	json_decref(m->part);
	m->part = NULL;
	if (m->over)
		return MARK_EOS;
	if (!m->started) {
		struct span line = in_peek_line(m->in);

		m->started = true;
		if (line.p == NULL)
			die(EX_PROTOCOL, "%s: the stream is empty: the stage before this one died", m->in->name);
		if (!mark_is(line)) {
			if (!m->bare_ok)
				die(EX_PROTOCOL, "%s: line 1: no mark: a bare stream is read with "
				    "--bare --export NAME --period YYYY-MM", m->in->name);
			return open_bare(m);
		}
	}
	if (!in_line(m->in)) {
		if (m->bare)
			return end_bare(m);
		if (m->begin != NULL && m->end == NULL)
			stops_inside(m);
		die(EX_PROTOCOL, "%s: the stream stops before its eos: the stage before this one died", m->in->name);
	}
	if (!mark_is(m->in->line))
		return take_item(m);
	if (m->bare)
		broken(m, EX_PROTOCOL, "a mark inside a bare stream");
	return take_mark(m);
}

void
marks_free(struct marks *m)
{
	close_delivery(m);
	json_decref(m->part);
	json_decref(m->seen);
	m->part = m->seen = NULL;
}
