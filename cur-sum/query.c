/* What is asked for, and how an item answers. */
#include "query.h"

#include <stdlib.h>
#include <string.h>

#include "day.h"
#include "die.h"
#include "mark.h"
#include "plan.h"
#include "value.h"

/* As much of a value as a message shows. */
#define SHOWN_BYTES 100

static const char not_object[] = "it is no JSON object";

static const char *const words[] = {
	[QUERY_DAY] = "day", [QUERY_MONTH] = "month", [QUERY_EXPORT] = "export", [QUERY_PERIOD] = "period",
};

static void
name_set(struct query_name *name, struct span text)
{
	name->text = mem_text(text);
	item_path_text(&name->path, text);
}

static struct query_name *
name_new(struct query_names *names)
{
	names->list = mem_grow(names->list, names->n + 1, sizeof *names->list);
	names->list[names->n] = (struct query_name){0};
	return &names->list[names->n++];
}

static const char *
add_names(struct query_names *names, const char *text)
{
	for (;;) {
		struct span s = {text, strcspn(text, ",")};

		if (s.n == 0)
			return "a name is empty";
		name_set(name_new(names), s);
		text += s.n;
		if (*text == '\0')
			return NULL;
		text++;
	}
}

const char *
query_by(struct query *q, const char *names)
{
	size_t from = q->by.n;
	const char *why = add_names(&q->by, names);

	for (size_t i = from; i < q->by.n; i++)
		for (enum query_word w = QUERY_DAY; w <= QUERY_PERIOD; w++)
			if (strcmp(q->by.list[i].text, words[w]) == 0)
				q->by.list[i].word = w;
	return why;
}

const char *
query_of(struct query *q, const char *names)
{
	return add_names(&q->of, names);
}

/* How often a member of this name would stand in a line of output. */
static int
times_named(const struct query *q, const char *text)
{
	int times = strcmp(text, "currency") == 0 || strcmp(text, "items") == 0;

	for (size_t i = 0; i < q->by.n; i++)
		times += strcmp(q->by.list[i].text, text) == 0;
	for (size_t i = 0; i < q->of.n; i++)
		times += strcmp(q->of.list[i].text, text) == 0;
	return times;
}

static const char *
check_names(const struct query *q, const struct query_names *names)
{
	for (size_t i = 0; i < names->n; i++) {
		if (span_bad_utf8(span_of(names->list[i].text)) != NULL)
			return "a name is not UTF-8";
		if (times_named(q, names->list[i].text) > 1)
			return "a name is given twice, or is one that every line has: currency, items";
	}
	return NULL;
}

const char *
query_check(struct query *q)
{
	const char *why;

	if ((why = check_names(q, &q->by)) != NULL || (why = check_names(q, &q->of)) != NULL)
		return why;
	q->own_cost = q->of.n == 0;
	if (q->own_cost)
		name_new(&q->of);
	return NULL;
}

static bool
wants_time(const struct query *q)
{
	for (size_t i = 0; i < q->by.n; i++)
		if (q->by.list[i].word == QUERY_DAY || q->by.list[i].word == QUERY_MONTH)
			return true;
	return false;
}

/* Takes over where a format has cost and currency. */
static const char *
take_format(struct query *q, const struct plan_names *format)
{
	struct query_name *cost = &q->of.list[0];

	item_path_free(&q->currency);
	item_path_text(&q->currency, span_of(format->currency));
	if (!q->own_cost)
		return NULL;
	if (cost->text == NULL)
		name_set(cost, span_of(format->cost));
	if (strcmp(cost->text, format->cost) != 0)
		return "its cost column has another name than that of a delivery before it: --of says what to add up";
	return NULL;
}

static const struct plan_names *
format_named(const char *name)
{
	for (size_t i = 0; name != NULL && i < sizeof plan_names / sizeof *plan_names; i++)
		if (strcmp(plan_names[i].format, name) == 0)
			return &plan_names[i];
	return NULL;
}

/* Takes over what a begin mark, or a guess in its form, tells. */
static const char *
take_layout(struct query *q, const json_t *begin)
{
	const struct plan_names *format = format_named(mark_text(begin, "format"));
	const char *why;

	if (format == NULL)
		return NULL;
	item_path_free(&q->time);
	if ((why = item_path_json(&q->time, json_object_get(begin, "time"))) != NULL)
		return why;
	q->told = q->time.depth > 0;
	return take_format(q, format);
}

const char *
query_begin(struct query *q, const json_t *begin)
{
	item_path_free(&q->time);
	item_path_free(&q->currency);
	q->told = false;
	q->export = mark_text(begin, "export");
	q->period = mark_text(begin, "period");
	return take_layout(q, begin);
}

/* The format of an item that has no time: by its cost and currency. */
static const struct plan_names *
format_of(struct span item)
{
	const struct plan_names *found = NULL;

	for (size_t i = 0; found == NULL && i < sizeof plan_names / sizeof *plan_names; i++) {
		struct item_path cost, currency;
		struct span raw;

		item_path_text(&cost, span_of(plan_names[i].cost));
		item_path_text(&currency, span_of(plan_names[i].currency));
		if (item_find(item, &cost, &raw) == ITEM_VALUE || item_find(item, &currency, &raw) == ITEM_VALUE)
			found = &plan_names[i];
		item_path_free(&cost);
		item_path_free(&currency);
	}
	return found;
}

/* Where no mark told, the first item does. */
static const char *
guess(struct query *q, struct span item)
{
	const struct plan_names *format;
	json_t *told = json_object();
	const char *why = item_guess(item, told);

	q->told = true;
	if (why == NULL)
		why = take_layout(q, told);
	else if (!wants_time(q))
		why = q->currency.depth == 0 && (format = format_of(item)) != NULL ? take_format(q, format) : NULL;
	json_decref(told);
	if (why == NULL && q->of.list[0].text == NULL)
		return "it has no cost by a name that CUR uses: --of says what to add up";
	return why;
}

/* The text under which a value groups: a string's characters, else the value as JSON. */
static struct span
text_of(struct query *q, struct span raw)
{
	if (*raw.p != '{' && *raw.p != '[')
		return value_text(raw, &q->tmp);
	buf_reset(&q->tmp);
	value_compact(&q->tmp, raw);
	return buf_span(&q->tmp);
}

static const char *
key_member(struct query *q, struct span item, const struct item_path *path)
{
	struct span raw;

	switch (item_find(item, path, &raw)) {
	case ITEM_BAD:
		return not_object;
	case ITEM_NONE:
		key_null(&q->key);
		break;
	case ITEM_VALUE:
		key_text(&q->key, text_of(q, raw));
		break;
	}
	return NULL;
}

/* The day of the item's start, or its first `bytes` bytes: the month. */
static const char *
key_day(struct query *q, struct span item, size_t bytes)
{
	char text[DAY_TEXT];
	int64_t seconds;
	const char *why;

	switch (item_find(item, &q->time, &q->bad_value)) {
	case ITEM_BAD:
		return not_object;
	case ITEM_NONE:
		key_null(&q->key);
		return NULL;
	case ITEM_VALUE:
		break;
	}
	if ((why = item_time(item, &q->time, &q->tmp, &seconds)) != NULL) {
		q->bad_name = "its time";
		return why;
	}
	day_print(day_of(seconds), text);
	key_text(&q->key, (struct span){text, bytes});
	return NULL;
}

static const char *
key_word(struct query *q, const char *text)
{
	if (text != NULL)
		key_text(&q->key, span_of(text));
	else
		key_null(&q->key);
	return NULL;
}

static const char *
key_add(struct query *q, const struct query_name *name, struct span item)
{
	switch (name->word) {
	case QUERY_DAY:
		return key_day(q, item, sizeof "YYYY-MM-DD" - 1);
	case QUERY_MONTH:
		return key_day(q, item, sizeof "YYYY-MM" - 1);
	case QUERY_EXPORT:
		return key_word(q, q->export);
	case QUERY_PERIOD:
		return key_word(q, q->period);
	case QUERY_MEMBER:
		break;
	}
	return key_member(q, item, &name->path);
}

static const char *
add_value(struct query *q, struct query_name *name, struct money *sum, struct span item)
{
	struct span text;
	const char *why;

	switch (item_find(item, &name->path, &q->bad_value)) {
	case ITEM_BAD:
		return not_object;
	case ITEM_NONE:
		return NULL;
	case ITEM_VALUE:
		break;
	}
	text = value_text(q->bad_value, &q->tmp);
	why = text.n > 0 ? money_add(sum, text) : NULL;
	if (why != NULL)
		q->bad_name = name->text;
	name->valued = true;
	return why;
}

const char *
query_add(struct query *q, struct groups *g, struct span item)
{
	struct group *group;
	const char *why;

	q->bad_name = NULL;
	/* A sum is a proof: an item is read to its end, beyond what is looked for. */
	if (!value_is_object(item))
		return not_object;
	if (!q->told && (why = guess(q, item)) != NULL)
		return why;
	buf_reset(&q->key);
	for (size_t i = 0; i < q->by.n; i++)
		if ((why = key_add(q, &q->by.list[i], item)) != NULL)
			return why;
	if ((why = key_member(q, item, &q->currency)) != NULL)
		return why;
	group = groups_at(g, buf_span(&q->key));
	if (group->items == 0 && span_bad_utf8(group->key) != NULL)
		return "it has a value that is not UTF-8";
	for (size_t i = 0; i < q->of.n; i++)
		if ((why = add_value(q, &q->of.list[i], &group->sums[i], item)) != NULL)
			return why;
	group->items++;
	q->items++;
	progress_tick(&q->progress, "items", q->items, q->bytes);
	return NULL;
}

void
query_refuse(const struct query *q, const char *where, uint64_t line, const char *why)
{
	struct span s = q->bad_value;

	if (q->bad_name == NULL)
		die(EX_DATAERR, "%s: line %ju: %s", where, (uintmax_t)line, why);
	die(EX_DATAERR, "%s: line %ju: %s is %.*s%s: %s", where, (uintmax_t)line, q->bad_name,
	    (int)(s.n < SHOWN_BYTES ? s.n : SHOWN_BYTES), s.p, s.n < SHOWN_BYTES ? "" : "...", why);
}

void
query_note_empty(const struct query *q)
{
	for (size_t i = 0; q->items > 0 && i < q->of.n; i++)
		if (!q->of.list[i].valued)
			warn("%s: no item has a value of that name", q->of.list[i].text);
}

static void
names_free(struct query_names *names)
{
	for (size_t i = 0; i < names->n; i++) {
		free(names->list[i].text);
		item_path_free(&names->list[i].path);
	}
	free(names->list);
	*names = (struct query_names){0};
}

void
query_free(struct query *q)
{
	names_free(&q->by);
	names_free(&q->of);
	item_path_free(&q->time);
	item_path_free(&q->currency);
	buf_free(&q->key);
	buf_free(&q->tmp);
}
