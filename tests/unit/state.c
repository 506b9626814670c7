/* State documents. */
#include "state.h"

#include <string.h>

#include "tap.h"

#define HEAD "{\"v\":1,\"export\":\"e\",\"period\":\"2024-01\",\"generation\":3"
#define DIGEST "\"digest\":\"00112233445566778899aabbccddeeff\""

#define CHUNK(i, n) #i "-of-" #n "-3-00112233445566778899aabbccddeeff.ndjson.gz"
#define DAY(items, objects) HEAD ",\"days\":{\"2024-01-01\":{\"items\":" #items "," DIGEST ",\"objects\":[" objects "]"

static const struct {
	const char *text, *why;
} docs[] = {
	{HEAD "}", NULL},
	{HEAD ",\"days\":{}}", NULL},
	{DAY(1, "\"" CHUNK(1, 1) "\"") "}}}", NULL},
	{DAY(5, "\"" CHUNK(1, 2) "\",\"" CHUNK(2, 2) "\"") "}}}", NULL},
	{DAY(5, "") ",\"stored\":0}}}", NULL},
	{DAY(5, "\"" CHUNK(1, 1) "\"") ",\"stored\":2}}}", NULL},
	{DAY(5, "") "}}}", "not all its objects"},
	{DAY(5, "\"" CHUNK(1, 2) "\"") "}}}", "not all its objects"},
	{DAY(5, "\"" CHUNK(2, 2) "\"") "}}}", "not all its objects"},
	{DAY(5, "\"" CHUNK(2, 2) "\",\"" CHUNK(1, 2) "\"") "}}}", "not all its objects"},
	{DAY(5, "\"" CHUNK(1, 2) "\",\"" CHUNK(2, 3) "\"") "}}}", "not all its objects"},
	{DAY(5, "\"" CHUNK(1, 1) "\"") ",\"stored\":0}}}", "not all its objects"},
	{DAY(5, "\"" CHUNK(1, 1) "\"") ",\"stored\":6}}}", "more items stored"},
	{DAY(5, "\"x\"") "}}}", "not all its objects"},
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
	{HEAD ",\"days\":{\"2024-01-01\":{\"items\":1," DIGEST ",\"objects\":[1]}}}", "not all its objects"},
	{HEAD ",\"days\":{\"2024-01-01\":{\"items\":1," DIGEST ",\"objects\":[\"../../x\"]}}}", "not all its objects"},
	{HEAD ",\"days\":{\"2024-01-01\":{\"items\":1," DIGEST "},\"2024-01-01\":{\"items\":1," DIGEST "}}}", "no JSON"},
};

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

		ok(state_has_newer(&st, begin) == table[i].newer, "a state of %s against a delivery of %s",
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
	test_newer();
	return tap_end();
}
