/* The state document of an export and billing period: read, propose, swap. */
#include "state.h"

#include <stdlib.h>
#include <string.h>

#include "day.h"
#include "die.h"
#include "mark.h"
#include "names.h"

/* Where documents are: _cur/EXPORT/PERIOD.json. */
#define FOLDER "_cur/"
#define ENDING ".json"

char *
state_key(const char *export, const char *period)
{
	struct buf b = {0};

	buf_fmt(&b, FOLDER "%s/%s" ENDING, export, period);
	return buf_take(&b);
}

/*
 * A day that lists objects lists all of them: what is missing from the list
 * would be taken for garbage and removed.
 */
static const char *
parse_objects(const json_t *entry, uint64_t items)
{
	const json_t *objects = json_object_get(entry, "objects"), *name;
	uint64_t stored = mark_count(entry, "stored", items);
	size_t i;

	if (stored > items)
		return "a day with more items stored than it has";
	if (objects == NULL)
		return NULL;
	if (!json_is_array(objects))
		return "the objects of a day are no list";
	if ((json_array_size(objects) == 0) != (stored == 0))
		return "a day with not all its objects";
	json_array_foreach(objects, i, name)
		if (!json_is_string(name) || !name_is_chunk(json_string_value(name), i + 1, json_array_size(objects)))
			return "a day with not all its objects";
	return NULL;
}

static const char *
parse_day(struct tally *days, const char *text, const json_t *entry)
{
	const char *digest = mark_text(entry, "digest");
	uint64_t items = mark_count(entry, "items", UINT64_MAX);
	struct tally_day *d;
	struct digest value;
	int32_t day;

	if (day_parse(span_of(text), &day) != NULL)
		return "a day that is no date";
	if (items == 0 || items > (uint64_t)INT64_MAX)
		return "a day without its number of items";
	if (digest == NULL || !digest_parse(digest, &value))
		return "a day without its digest";
	d = tally_day(days, day);
	d->items = items;
	d->digest = value;
	return parse_objects(entry, items);
}

static const char *
parse_members(struct state *st)
{
	json_t *days = json_object_get(st->doc, "days"), *entry;
	uint64_t generation = mark_count(st->doc, "generation", 0);
	const char *name, *why;

	if (mark_count(st->doc, "v", 0) != 1)
		return "it is of another version than 1";
	if (mark_text(st->doc, "export") == NULL || mark_text(st->doc, "period") == NULL)
		return "it names no export and period";
	if (generation == 0 || generation > (uint64_t)INT64_MAX)
		return "it has no generation";
	st->generation = generation;
	if (days != NULL && !json_is_object(days))
		return "its days are no object";
	json_object_foreach(days, name, entry)
		if ((why = parse_day(&st->days, name, entry)) != NULL)
			return why;
	return NULL;
}

const char *
state_take(struct state *st, json_t *doc)
{
	st->doc = doc;
	return doc == NULL ? "it is no JSON" : parse_members(st);
}

const char *
state_parse(struct state *st, struct span bytes)
{
	return state_take(st, json_loadb(bytes.p, bytes.n, JSON_REJECT_DUPLICATES, NULL));
}

static const char *
check_place(const struct state *st, const char *export, const char *period)
{
	if (strcmp(mark_text(st->doc, "export"), export) != 0 || strcmp(mark_text(st->doc, "period"), period) != 0)
		return "it is of another export or period";
	return NULL;
}

void
state_read(struct state *st, struct store *s, const char *export, const char *period)
{
	char *key = state_key(export, period);
	const char *why;

	*st = (struct state){.hash = "none"};
	if (store_get(s, key, &st->bytes) == STORE_OK) {
		why = state_parse(st, buf_span(&st->bytes));
		if (why == NULL)
			why = check_place(st, export, period);
		if (why != NULL)
			die(EX_DATAERR, "%s/%s: the state document cannot be read: %s", store_name(s), key, why);
		digest_print(digest_of(buf_span(&st->bytes)), st->hash);
	}
	free(key);
}

void
state_free(struct state *st)
{
	json_decref(st->doc);
	buf_free(&st->bytes);
	tally_free(&st->days);
	*st = (struct state){0};
}

json_t *
state_day(const struct state *st, int32_t day)
{
	char text[DAY_TEXT];

	day_print(day, text);
	return json_object_get(json_object_get(st->doc, "days"), text);
}

json_t *
state_objects(const struct state *st, int32_t day)
{
	return json_object_get(state_day(st, day), "objects");
}

static json_t *
days_json(const struct tally *days)
{
	json_t *json = json_object();

	for (size_t i = 0; i < days->n; i++) {
		const struct tally_day *d = &days->days[i];
		char text[DAY_TEXT], digest[DIGEST_TEXT];

		day_print(d->day, text);
		digest_print(d->digest, digest);
		json_object_set_new(json, text,
		    json_pack("{s:I,s:s}", "items", (json_int_t)d->items, "digest", digest));
	}
	return json;
}

json_t *
state_propose(const json_t *begin, const struct tally *days, int64_t latest)
{
	static const char *const copied[] = {
		"export", "period", "version", "delivered", "source", "format", "columns", "id", "time"};
	json_t *doc = json_pack("{s:i}", "v", 1);
	char text[TIME_TEXT];

	for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
		json_t *v = json_object_get(begin, copied[i]);

		json_object_set_new(doc, copied[i], v != NULL ? json_incref(v) : json_null());
	}
	if (latest != INT64_MIN)
		time_print(latest, text);
	json_object_set_new(doc, "latest", latest != INT64_MIN ? json_string(text) : json_null());
	if (days != NULL)
		json_object_set_new(doc, "days", days_json(days));
	return doc;
}

/* A member that is a time, or INT64_MIN. */
static int64_t
time_member(const json_t *json, const char *member)
{
	const char *text = mark_text(json, member);
	int64_t seconds;

	return text != NULL && time_parse(span_of(text), &seconds) == NULL ? seconds : INT64_MIN;
}

int64_t
state_latest(const json_t *doc)
{
	return time_member(doc, "latest");
}

int64_t
state_delivered(const json_t *mark)
{
	return time_member(mark, "delivered");
}

bool
state_has_newer(const struct state *st, const json_t *begin)
{
	int64_t ours = state_delivered(st->doc), theirs = state_delivered(begin);

	return ours != INT64_MIN && theirs != INT64_MIN && theirs < ours;
}

void
state_check_source(const struct state *st, const json_t *begin)
{
	const char *ours = mark_text(st->doc, "source"), *theirs = mark_text(begin, "source");

	if (st->doc == NULL || (ours == NULL && (theirs == NULL || st->days.n == 0)) ||
	    (ours != NULL && theirs != NULL && strcmp(ours, theirs) == 0))
		return;
	die(EX_CONFIG, "%s %s: the state is of source %s, the delivery of %s: give one of them another name with --export",
	    mark_text(st->doc, "export"), mark_text(st->doc, "period"), ours != NULL ? ours : "null",
	    theirs != NULL ? theirs : "null");
}

struct wanted {
	struct state_list *list;
	const char *export, *period;
};

/* The export and period that a key _cur/EXPORT/PERIOD.json names; false if it is none. */
static bool
split_key(const char *key, struct span *export, struct span *period)
{
	const char *name = key + strlen(FOLDER), *slash = strchr(name, '/');
	size_t n;

	if (slash == NULL || slash[1] == '.')
		return false;
	n = strlen(slash + 1);
	if (n <= strlen(ENDING) || strcmp(slash + 1 + n - strlen(ENDING), ENDING) != 0)
		return false;
	*export = (struct span){name, (size_t)(slash - name)};
	*period = (struct span){slash + 1, n - strlen(ENDING)};
	return true;
}

static void
note_key(void *arg, const char *key, uint64_t bytes)
{
	struct wanted *w = arg;
	struct state_list *l = w->list;
	struct span export, period;

	(void)bytes;
	if (!split_key(key, &export, &period) || (w->export != NULL && !span_is(export, w->export)) ||
	    (w->period != NULL && !span_is(period, w->period)))
		return;
	l->names = mem_grow(l->names, l->n + 1, sizeof *l->names);
	l->names[l->n++] = (struct state_name){mem_text(export), mem_text(period)};
}

static int
by_name(const void *a, const void *b)
{
	const struct state_name *x = a, *y = b;
	int c = strcmp(x->export, y->export);

	return c != 0 ? c : strcmp(x->period, y->period);
}

void
state_list(struct state_list *l, struct store *s, const char *export, const char *period)
{
	struct wanted w = {l, export, period};

	*l = (struct state_list){0};
	store_list(s, FOLDER, note_key, &w);
	if (l->n > 0)
		qsort(l->names, l->n, sizeof *l->names, by_name);
}

void
state_list_free(struct state_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->names[i].export);
		free(l->names[i].period);
	}
	free(l->names);
	*l = (struct state_list){0};
}
