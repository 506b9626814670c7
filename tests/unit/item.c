/* Members in the bytes of an item. */
#include "item.h"

#include <string.h>

#include "tap.h"

static const struct {
	const char *item, *path;
	enum item_found found;
	const char *raw;
} finds[] = {
	{"{\"identity\":{\"LineItemId\":\"a\",\"TimeInterval\":\"t\"}}", "identity.TimeInterval", ITEM_VALUE, "\"t\""},
	{"{\"lineItem\":{\"x\":{\"identity\":{}}},\"identity\":{\"TimeInterval\":\"t\"}}", "identity.TimeInterval", ITEM_VALUE, "\"t\""},
	{" { \"identity\" : { \"TimeInterval\" : \"t\" } } ", "identity.TimeInterval", ITEM_VALUE, "\"t\""},
	{"{\"\\u0069dentity\":{\"TimeInterval\":\"t\"}}", "identity.TimeInterval", ITEM_VALUE, "\"t\""},
	{"{\"a\\\"identity\":1,\"identity\":{\"TimeInterval\":\"}\"}}", "identity.TimeInterval", ITEM_VALUE, "\"}\""},
	{"{\"a\":1,\"b\":-2.5e3}", "b", ITEM_VALUE, "-2.5e3"},
	{"{\"user:a.b\":{\"x.y\":\"1\"}}", "user:a", ITEM_NONE, NULL},
	{"{\"t\":{\"x.y\":\"1\"}}", "t.x.y", ITEM_VALUE, "\"1\""},
	{"{\"a\":null}", "a", ITEM_NONE, NULL},
	{"{\"a\":\"null\"}", "a", ITEM_VALUE, "\"null\""},
	{"{\"a\":\"text\"}", "a.b", ITEM_NONE, NULL},
	{"{}", "a", ITEM_NONE, NULL},
	{"{\"a\":{}}", "a.b", ITEM_NONE, NULL},
	{"", "a", ITEM_BAD, NULL},
	{"[]", "a", ITEM_BAD, NULL},
	{"{\"a\"}", "a", ITEM_BAD, NULL},
	{"{\"a\":}", "a", ITEM_BAD, NULL},
	{"{\"a\":1", "b", ITEM_BAD, NULL},
	{"{\"a\":1,}", "b", ITEM_BAD, NULL},
	{"{\"a\":\"1", "a", ITEM_BAD, NULL},
	{"{\"a\":tru}", "a", ITEM_BAD, NULL},
	{"{a:1}", "a", ITEM_BAD, NULL},
};

static void
test_time(void)
{
	struct item_path path;
	struct buf tmp = {0};
	int64_t s = 0;

	item_path_text(&path, span_of("t"));
	ok(item_time(span_of("{\"t\":\"2024-01-02T03:04:05Z\\/2024-01-02T04:00:00Z\"}"), &path, &tmp, &s) == NULL &&
	    s == 1704164645, "a time with an escape in it is read");
	ok(item_time(span_of("{\"t\":20240102}"), &path, &tmp, &s) != NULL, "a number is no time");
	ok(item_time(span_of("{\"u\":\"\"}"), &path, &tmp, &s) != NULL, "no time at all");
	item_path_free(&path);
	buf_free(&tmp);
}

static void
test_guess(void)
{
	json_t *begin = json_object();

	ok(item_guess(span_of("{\"lineItem\":{\"UsageStartDate\":\"2024-01-01T00:00:00Z\"}}"), begin) == NULL &&
	    json_array_size(json_object_get(begin, "time")) == 2 && json_is_null(json_object_get(begin, "id")),
	    "a legacy item without identity: the usage start date");
	ok(item_guess(span_of("{\"identity_line_item_id\":\"a\",\"identity_time_interval\":\"x\"}"), begin) == NULL &&
	    strcmp(json_string_value(json_array_get(json_object_get(begin, "id"), 0)), "identity_line_item_id") == 0,
	    "a flat item");
	ok(item_guess(span_of("{\"ChargePeriodStart\":\"x\"}"), begin) == NULL &&
	    strcmp(json_string_value(json_object_get(begin, "format")), "focus") == 0, "a FOCUS item");
	ok(item_guess(span_of("{\"a\":\"b\"}"), begin) != NULL, "something else");
	json_decref(begin);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof finds / sizeof *finds; i++) {
		struct item_path path;
		struct span raw = {0};
		enum item_found found;

		item_path_text(&path, span_of(finds[i].path));
		found = item_find(span_of(finds[i].item), &path, &raw);
		ok(found == finds[i].found && (finds[i].raw == NULL || span_is(raw, finds[i].raw)), "%s in %s", finds[i].path,
		    finds[i].item);
		item_path_free(&path);
	}
	test_time();
	test_guess();
	ok(item_is_whole(span_of("{}")) && item_is_whole(span_of(" {\"a\":1} ")), "an item is whole");
	ok(!item_is_whole(span_of("{\"a\":1")) && !item_is_whole(span_of("{")) && !item_is_whole(span_of("")),
	    "a cut one is not");
	return tap_end();
}
