/* What the state of a store knows of deliveries. */
#include "known.h"

#include <stdlib.h>
#include <string.h>

#include "day.h"
#include "mark.h"

struct known {
	struct store *store;
	struct state_list list;
};

struct known *
known_open(const char *where, const struct store_options *options)
{
	struct known *k = mem_new(sizeof *k);

	k->store = store_open(where, options);
	state_list(&k->list, k->store, NULL, NULL);
	return k;
}

bool
known_oldest(const struct known *k, const char *export, int32_t *period)
{
	bool found = false;
	int32_t month;

	for (size_t i = 0; i < k->list.n; i++)
		if (strcmp(k->list.names[i].export, export) == 0 &&
		    period_parse(span_of(k->list.names[i].period), &month) == NULL && (!found || month < *period)) {
			*period = month;
			found = true;
		}
	return found;
}

static bool
is_listed(const struct known *k, const char *export, const char *period)
{
	for (size_t i = 0; i < k->list.n; i++)
		if (strcmp(k->list.names[i].export, export) == 0 && strcmp(k->list.names[i].period, period) == 0)
			return true;
	return false;
}

/* Dirty days are those that a sink was writing when it last swapped. */
bool
known_has(struct known *k, const char *export, int32_t period, const char *version)
{
	char text[8];
	struct state st;
	const char *has;
	bool same;

	period_print(period, text);
	if (version == NULL || !is_listed(k, export, text))
		return false;
	state_read(&st, k->store, export, text);
	has = mark_text(st.doc, "version");
	same = has != NULL && strcmp(has, version) == 0 && json_object_get(st.doc, "dirty") == NULL;
	state_free(&st);
	return same;
}

void
known_free(struct known *k)
{
	if (k == NULL)
		return;
	state_list_free(&k->list);
	store_close(k->store);
	free(k);
}
