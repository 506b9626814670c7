/* Finds the id, the time and named members in the bytes of an item. */
#include "item.h"

#include <stdlib.h>
#include <string.h>

#include "day.h"
#include "plan.h"
#include "value.h"

const char *
item_path_json(struct item_path *path, const json_t *names)
{
	size_t n = json_array_size(names);

	*path = (struct item_path){0};
	if (names == NULL || json_is_null(names))
		return NULL;
	if (n < 1 || n > 2)
		return "it is no list of one or two names";
	for (size_t i = 0; i < n; i++) {
		const json_t *name = json_array_get(names, i);

		if (!json_is_string(name)) {
			item_path_free(path);
			return "it is no list of names";
		}
		path->name[i] = mem_text(span_of(json_string_value(name)));
		path->depth++;
	}
	return NULL;
}

static void
path_split(struct item_path *path, struct span text, char separator)
{
	const char *dot = text.n > 0 ? memchr(text.p, separator, text.n) : NULL;

	*path = (struct item_path){.depth = dot != NULL ? 2 : 1};
	if (dot == NULL) {
		path->name[0] = mem_text(text);
		return;
	}
	path->name[0] = mem_text((struct span){text.p, (size_t)(dot - text.p)});
	path->name[1] = mem_text((struct span){dot + 1, text.n - (size_t)(dot + 1 - text.p)});
}

void
item_path_text(struct item_path *path, struct span text)
{
	path_split(path, text, '.');
}

void
item_path_free(struct item_path *path)
{
	free(path->name[0]);
	free(path->name[1]);
	*path = (struct item_path){0};
}

/* Whether the string with its quotes is `name`; an escaped spelling counts too. */
static bool
is_name(struct span quoted, const char *name)
{
	struct span inner = {quoted.p + 1, quoted.n - 2};
	struct buf tmp = {0};
	bool same;

	if (memchr(inner.p, '\\', inner.n) == NULL)
		return span_is(inner, name);
	same = span_is(value_text(quoted, &tmp), name);
	buf_free(&tmp);
	return same;
}

/* The value of member `name` in the object that starts at p. */
static enum item_found
find_member(const char *p, const char *end, const char *name, struct span *raw)
{
	p = value_skip_space(p, end);
	if (p == end || *p != '{')
		return ITEM_BAD;
	p = value_skip_space(p + 1, end);
	if (p < end && *p == '}')
		return ITEM_NONE;
	for (;;) {
		struct span key = {p, 0};
		const char *after;

		if ((after = value_skip_string(p, end)) == NULL)
			return ITEM_BAD;
		key.n = (size_t)(after - p);
		p = value_skip_space(after, end);
		if (p == end || *p != ':')
			return ITEM_BAD;
		p = value_skip_space(p + 1, end);
		if ((after = value_skip(p, end)) == NULL)
			return ITEM_BAD;
		if (is_name(key, name)) {
			*raw = (struct span){p, (size_t)(after - p)};
			return span_is(*raw, "null") ? ITEM_NONE : ITEM_VALUE;
		}
		p = value_skip_space(after, end);
		if (p < end && *p == '}')
			return ITEM_NONE;
		if (p == end || *p != ',')
			return ITEM_BAD;
		p = value_skip_space(p + 1, end);
	}
}

enum item_found
item_find(struct span item, const struct item_path *path, struct span *raw)
{
	enum item_found found;

	if (path->depth == 0)
		return ITEM_NONE;
	found = find_member(item.p, item.p + item.n, path->name[0], raw);
	if (found != ITEM_VALUE || path->depth == 1)
		return found;
	if (raw->n == 0 || raw->p[0] != '{')
		return ITEM_NONE;
	return find_member(raw->p, raw->p + raw->n, path->name[1], raw);
}

const char *
item_time(struct span item, const struct item_path *path, struct buf *tmp, int64_t *seconds)
{
	struct span raw;

	switch (item_find(item, path, &raw)) {
	case ITEM_BAD:
		return "it is no JSON object";
	case ITEM_NONE:
		return "it has no time";
	case ITEM_VALUE:
		break;
	}
	if (raw.p[0] != '"')
		return "its time is no text";
	return time_parse(value_text(raw, tmp), seconds);
}

bool
item_is_whole(struct span item)
{
	struct span s = {item.p, item.n};

	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r'))
		s.n--;
	while (s.n > 0 && (*s.p == ' ' || *s.p == '\t')) {
		s.p++;
		s.n--;
	}
	return s.n >= 2 && s.p[0] == '{' && s.p[s.n - 1] == '}';
}

/* Whether the item has a value in the column. */
static bool
has(struct span item, const char *column)
{
	struct item_path path;
	struct span raw;
	bool found;

	if (column == NULL)
		return false;
	path_split(&path, span_of(column), '/');
	found = item_find(item, &path, &raw) == ITEM_VALUE;
	item_path_free(&path);
	return found;
}

static json_t *
column_json(const char *column)
{
	const char *slash = strchr(column, '/');

	if (slash == NULL)
		return json_pack("[s]", column);
	return json_pack("[s#,s]", column, (int)(slash - column), slash + 1);
}

const char *
item_guess(struct span item, json_t *begin)
{
	for (size_t i = 0; i < sizeof plan_names / sizeof *plan_names; i++) {
		const struct plan_names *f = &plan_names[i];
		const char *time = has(item, f->time) ? f->time : has(item, f->time_fallback) ? f->time_fallback : NULL;

		if (time == NULL)
			continue;
		json_object_set_new(begin, "format", json_string(f->format));
		json_object_set_new(begin, "id", has(item, f->id) ? column_json(f->id) : json_null());
		json_object_set_new(begin, "time", column_json(time));
		return NULL;
	}
	return "it has no time by a name that CUR uses";
}
