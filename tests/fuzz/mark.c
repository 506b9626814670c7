/* Marks: one that is read can be written and is then read as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mark.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(bool good)
{
	if (!good)
		abort();
}

static void
check_counts(const json_t *json)
{
	static const char *const members[] = {"parts", "items", "rejected", "bytes", "deliveries"};

	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		uint64_t count = mark_count(json, members[i], 7);

		must(json_object_get(json, members[i]) != NULL || count == 7);
	}
	must(mark_text(json, "no such member") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span line = {(const char *)data, n};
	enum mark_kind kind = MARK_ITEM, again_kind = MARK_ITEM;
	json_t *json = NULL, *again = NULL;
	char *text;

	if (mark_parse(line, &kind, &json) != NULL)
		return 0;
	must(kind != MARK_ITEM && json_is_object(json));
	check_counts(json);
	text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(17));
	must(text != NULL);
	must(!mark_is(line) || mark_is(span_of(text)));
	must(mark_parse(span_of(text), &again_kind, &again) == NULL);
	must(kind == again_kind && json_equal(json, again));
	free(text);
	json_decref(json);
	json_decref(again);
	return 0;
}
