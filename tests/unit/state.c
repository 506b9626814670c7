/* State documents. */
#include "state.h"

#include <string.h>

#include "tap.h"

#define HEAD "{\"v\":1,\"export\":\"e\",\"period\":\"2024-01\",\"generation\":3"
#define DIGEST "\"digest\":\"00112233445566778899aabbccddeeff\""

static const struct {
	const char *text, *why;
} docs[] = {
	{HEAD "}", NULL},
	{HEAD ",\"days\":{}}", NULL},
	{HEAD ",\"days\":{\"2024-01-01\":{\"items\":1," DIGEST ",\"objects\":[\"x\"]}}}", NULL},
	{HEAD ",\"days\":{\"2024-01-01\":{\"items\":1," DIGEST "}},\"future\":7}", NULL},
	{"", "no JSON"},
	{"{\"v\":1", "no JSON"},
	{"[]", "another version"},
	{"{\"v\":2,\"export\":\"e\",\"period\":\"2024-01\",\"generation\":3}", "another version"},
	{"{\"v\":1,\"period\":\"2024-01\",\"generation\":3}", "no export"},
	{"{\"v\":1,\"export\":\"e\",\"period\":\"2024-01\"}", "no generation"},
	{"{\"v\":1,\"export\":\"e\",\"period\":\"2024-01\",\"generation\":0}", "no generation"},
	{"{\"v\":1,\"export\":\"e\",\"period\":\"2024-01\",\"generation\":-1}", "no generation"},
	{"{\"v\":1,\"export\":\"e\",\"period\":\"2024-01\",\"generation\":\"3\"}", "no generation"},
	{HEAD ",\"days\":[]}", "no object"},
	{HEAD ",\"days\":{\"2024-01-32\":{\"items\":1," DIGEST "}}}", "no date"},
	{HEAD ",\"days\":{\"2024-01-01\":{\"items\":0," DIGEST "}}}", "number of items"},
	{HEAD ",\"days\":{\"2024-01-01\":{" DIGEST "}}}", "number of items"},
	{HEAD ",\"days\":{\"2024-01-01\":{\"items\":1}}}", "digest"},
	{HEAD ",\"days\":{\"2024-01-01\":{\"items\":1,\"digest\":\"xy\"}}}", "digest"},
	{HEAD ",\"days\":{\"2024-01-01\":{\"items\":1," DIGEST ",\"objects\":{}}}}", "no list"},
	{HEAD ",\"days\":{\"2024-01-01\":{\"items\":1," DIGEST ",\"objects\":[1]}}}", "no name"},
	{HEAD ",\"days\":{\"2024-01-01\":{\"items\":1," DIGEST ",\"objects\":[\"../../x\"]}}}", "no name"},
	{HEAD ",\"days\":{\"2024-01-01\":{\"items\":1," DIGEST "},\"2024-01-01\":{\"items\":1," DIGEST "}}}", "no JSON"},
};

static const char *const bad_exports[] = {"", ".", "..", "a/b", "a\nb", "\x7f"};

static void
test_newer(void)
{
	static const struct {
		const char *ours, *theirs;
		bool newer;
	} table[] = {
		{"2024-01-17T05:30:12Z", "2024-01-16T05:30:12Z", true},
		{"2024-01-17T05:30:12Z", "2024-01-17T05:30:12Z", false},
		{"2024-01-17T05:30:12Z", "2024-01-18T00:00:00Z", false},
		{"2024-01-17T05:30:12Z", NULL, false},
		{NULL, "2024-01-16T05:30:12Z", false},
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct state st = {.doc = json_pack("{s:s?}", "delivered", table[i].ours)};
		json_t *begin = json_pack("{s:s?}", "delivered", table[i].theirs);

		ok(state_is_newer(&st, begin) == table[i].newer, "a state of %s against a delivery of %s",
		    table[i].ours != NULL ? table[i].ours : "null", table[i].theirs != NULL ? table[i].theirs : "null");
		json_decref(begin);
		state_free(&st);
	}
}

int
main(void)
{
	for (size_t i = 0; i < sizeof docs / sizeof *docs; i++) {
		struct state st = {0};
		const char *why = state_parse(&st, span_of(docs[i].text));

		ok(docs[i].why == NULL ? why == NULL : why != NULL && strstr(why, docs[i].why) != NULL, "document %zu: %s", i,
		    why != NULL ? why : "read");
		state_free(&st);
	}
	for (size_t i = 0; i < sizeof bad_exports / sizeof *bad_exports; i++)
		ok(state_bad_export(bad_exports[i]) != NULL, "bad export %zu is refused", i);
	ok(state_bad_export("Hourly report (2024)_v1.0-ü") == NULL, "any other name is taken");
	test_newer();
	return tap_end();
}
