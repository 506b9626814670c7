/* Columns that came or went between two deliveries. */
#include "schema.h"

static json_t *
names_of(const json_t *columns)
{
	json_t *names = json_object(), *column;
	size_t i;

	json_array_foreach(columns, i, column)
		if (json_is_string(column))
			json_object_set_new(names, json_string_value(column), json_true());
	return names;
}

/* Adds the names in `of` that `than` has not. */
static void
add_others(struct buf *text, const char *sign, const json_t *of, const json_t *than)
{
	json_t *column;
	size_t i;

	json_array_foreach(of, i, column) {
		const char *name = json_string_value(column);

		if (name != NULL && json_object_get(than, name) == NULL)
			buf_fmt(text, "%s%s %s", text->n > 0 ? ", " : "", sign, name);
	}
}

bool
schema_changed(const json_t *before, const json_t *after, struct buf *text)
{
	json_t *old = names_of(before), *new = names_of(after);

	buf_reset(text);
	if (json_object_size(old) > 0 && json_object_size(new) > 0) {
		add_others(text, "+", after, old);
		add_others(text, "-", before, new);
	}
	json_decref(old);
	json_decref(new);
	return text->n > 0;
}
