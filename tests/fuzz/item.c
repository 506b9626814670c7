/*
 * Items and values: nothing outside the item is ever pointed at, spaces do not
 * matter, and what jansson reads is read the same here.
 *
 * The input is a path, a newline, and an item.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "item.h"
#include "value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(bool good)
{
	if (!good)
		abort();
}

static bool
is_value(struct span s)
{
	return s.n > 0 && value_skip(s.p, s.p + s.n) == s.p + s.n;
}

static struct span
strip(struct span s)
{
	const char *end = s.p + s.n, *p = value_skip_space(s.p, end);

	while (end > p && strchr(" \t\r\n", end[-1]) != NULL && end[-1] != '\0')
		end--;
	return (struct span){p, (size_t)(end - p)};
}

/* The same value in fewer bytes, of which nothing more can go. */
static void
check_compact(struct span value, struct buf *compact)
{
	struct buf again = {0};

	buf_reset(compact);
	value_compact(compact, value);
	must(compact->n <= value.n && is_value(buf_span(compact)));
	value_compact(&again, buf_span(compact));
	must(span_eq(buf_span(compact), buf_span(&again)));
	buf_free(&again);
}

static void
check_found(struct span item, struct span raw)
{
	struct buf tmp = {0};

	must(raw.p >= item.p && raw.p + raw.n <= item.p + item.n && is_value(raw) && !span_is(raw, "null"));
	must(value_text(raw, &tmp).n <= raw.n);
	buf_free(&tmp);
}

/* Found, and the same, with and without the space between tokens. */
static void
check_spaces(struct span item, const struct item_path *path, enum item_found found, struct span raw)
{
	struct buf compact = {0}, value = {0};
	struct span other = {0};

	check_compact(item, &compact);
	must(item_find(buf_span(&compact), path, &other) == found);
	if (found == ITEM_VALUE) {
		value_compact(&value, raw);
		must(span_eq(buf_span(&value), other));
	}
	buf_free(&compact);
	buf_free(&value);
}

static const json_t *
lookup(const json_t *json, const struct item_path *path)
{
	for (int i = 0; i < path->depth; i++)
		json = json_object_get(json, path->name[i]);
	return json_is_null(json) ? NULL : json;
}

/* Another reader agrees: jansson, which is stricter but for a NUL byte: between tokens it can overlook one. */
static void
check_jansson(struct span item, const struct item_path *path, enum item_found found, struct span raw)
{
	json_t *json;
	const json_t *wanted;
	struct buf tmp = {0};
	size_t open = 0;

	if (memchr(item.p, '\0', item.n) != NULL)
		return;
	json = json_loadb(item.p, item.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	for (size_t i = 0; i < item.n; i++)
		open += item.p[i] == '{' || item.p[i] == '[';
	if (json_is_object(json) && open <= VALUE_MAX_DEPTH) {
		must(is_value(strip(item)));
		wanted = lookup(json, path);
		must((wanted != NULL) == (found == ITEM_VALUE));
		if (json_is_string(wanted)) {
			struct span text = value_text(raw, &tmp);

			must(raw.p[0] == '"' && text.n == json_string_length(wanted) &&
			    (text.n == 0 || memcmp(text.p, json_string_value(wanted), text.n) == 0));
		}
	}
	buf_free(&tmp);
	json_decref(json);
}

static void
check_guess(struct span item)
{
	json_t *begin = json_object();
	struct item_path path = {0};
	struct span raw;

	if (item_guess(item, begin) == NULL) {
		must(item_path_json(&path, json_object_get(begin, "time")) == NULL);
		must(item_find(item, &path, &raw) == ITEM_VALUE);
	}
	item_path_free(&path);
	json_decref(begin);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *newline = n > 0 ? memchr(data, '\n', n) : NULL;
	struct item_path path;
	struct span item, raw = {0};
	enum item_found found;
	struct buf tmp = {0};
	int64_t seconds;

	if (newline == NULL || memchr(data, '\0', (size_t)(newline - data)) != NULL)
		return 0;
	item_path_text(&path, (struct span){(const char *)data, (size_t)(newline - data)});
	item = (struct span){(const char *)newline + 1, n - (size_t)(newline + 1 - data)};

	found = item_find(item, &path, &raw);
	if (found == ITEM_VALUE)
		check_found(item, raw);
	if (is_value(strip(item)))
		check_spaces(strip(item), &path, found, raw);
	if (strip(item).n > 0 && strip(item).p[0] == '{' && is_value(strip(item)))
		must(item_is_whole(strip(item)) && found != ITEM_BAD);
	check_jansson(item, &path, found, raw);
	item_time(item, &path, &tmp, &seconds);
	check_guess(item);

	buf_free(&tmp);
	item_path_free(&path);
	return 0;
}
