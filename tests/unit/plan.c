/* plan: from header and row to the item, as a table.  Cells are separated by '|'. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define MAX_CELLS 32

static size_t
split(const char *text, struct span *cells)
{
	size_t n = 0;

	for (;;) {
		size_t len = strcspn(text, "|");

		cells[n++] = (struct span){text, len};
		if (text[len] == '\0')
			return n;
		text += len + 1;
	}
}

static const struct {
	const char *name, *header, *row;
	const char *item;       /* NULL: the row has none; */
	const char *why;        /* then this is why, in part */
	bool nulls;
} items[] = {
	{"cur1", "identity/LineItemId|identity/TimeInterval|lineItem/UsageAmount", "a|2024-01-01T00:00:00Z|0.0041",
	    "{\"identity\":{\"LineItemId\":\"a\",\"TimeInterval\":\"2024-01-01T00:00:00Z\"},"
	    "\"lineItem\":{\"UsageAmount\":\"0.0041\"}}", NULL, false},
	{"cur1: identity goes first, else the order of columns",
	    "lineItem/B|bill/X|identity/TimeInterval|lineItem/A|identity/LineItemId", "1|2|3|4|5",
	    "{\"identity\":{\"TimeInterval\":\"3\",\"LineItemId\":\"5\"},\"lineItem\":{\"B\":\"1\",\"A\":\"4\"},"
	    "\"bill\":{\"X\":\"2\"}}", NULL, false},
	{"cur1: split at the first slash", "identity/TimeInterval|resourceTags/user:a/b|x/|/y", "t|1|2|3",
	    "{\"identity\":{\"TimeInterval\":\"t\"},\"resourceTags\":{\"user:a/b\":\"1\"},\"x\":{\"\":\"2\"},"
	    "\"\":{\"y\":\"3\"}}", NULL, false},
	{"cur1: a name without slash", "plain|identity/TimeInterval|other|plain/x2", "1|t|2|3", NULL,
	    "a column has the name of a category", false},
	{"cur1: names without slash", "plain|identity/TimeInterval|other", "1|t|2",
	    "{\"identity\":{\"TimeInterval\":\"t\"},\"plain\":\"1\",\"other\":\"2\"}", NULL, false},
	{"cur1: a name without slash between categories", "identity/TimeInterval|a/x|mid|a/y", "t|1|2|3",
	    "{\"identity\":{\"TimeInterval\":\"t\"},\"a\":{\"x\":\"1\",\"y\":\"3\"},\"mid\":\"2\"}", NULL, false},
	{"cur1: empty cells and categories are left out", "identity/TimeInterval|a/x|a/y|b/x|c/x|c/y", "t||1||2|",
	    "{\"identity\":{\"TimeInterval\":\"t\"},\"a\":{\"y\":\"1\"},\"c\":{\"x\":\"2\"}}", NULL, false},
	{"cur1: only the last", "identity/TimeInterval|a/x|b/x", "||1", "{\"b\":{\"x\":\"1\"}}", NULL, false},
	{"cur1: nothing", "identity/TimeInterval|a/x|b", "||", "{}", NULL, false},
	{"cur1: nulls", "identity/TimeInterval|a/x|b", "||",
	    "{\"identity\":{\"TimeInterval\":null},\"a\":{\"x\":null},\"b\":null}", NULL, true},
	{"cur1: nulls and values", "identity/TimeInterval|a/x|a/y|b", "t|||1",
	    "{\"identity\":{\"TimeInterval\":\"t\"},\"a\":{\"x\":null,\"y\":null},\"b\":\"1\"}", NULL, true},
	{"cur1: names and values are quoted", "identity/TimeInterval|resourceTags/user:\"a\\\n\x01|q\"/z",
	    "t|say \"hi\"\r\n\t\\|\xe2\x82\xac",
	    "{\"identity\":{\"TimeInterval\":\"t\"},\"resourceTags\":{\"user:\\\"a\\\\\\n\\u0001\":"
	    "\"say \\\"hi\\\"\\r\\n\\t\\\\\"},\"q\\\"\":{\"z\":\"\xe2\x82\xac\"}}", NULL, false},
	{"cur1: no map columns there", "identity/TimeInterval|product", "t|x",
	    "{\"identity\":{\"TimeInterval\":\"t\"},\"product\":\"x\"}", NULL, false},
	{"cur2: id and time first, then the order of columns", "bill_type|identity_time_interval|a/b|identity_line_item_id|z",
	    "1|t|2|i|", "{\"identity_line_item_id\":\"i\",\"identity_time_interval\":\"t\",\"bill_type\":\"1\",\"a/b\":\"2\"}",
	    NULL, false},
	{"cur2: nulls", "identity_time_interval|product", "|", "{\"identity_time_interval\":null,\"product\":null}", NULL, true},
	{"cur2: nothing", "identity_time_interval|product", "|", "{}", NULL, false},
	{"cur2: maps", "identity_time_interval|product|resource_tags|cost_category|tags|discount",
	    "t|{\"product_name\":\"AWS  CloudTrail\"}|{}| { \"a\" : \"b c\" , \"d\":\"\\\"\" }\n|{\"x\":{\"y\":[1, null]}}|{\"d\":-1.5E-3}",
	    "{\"identity_time_interval\":\"t\",\"product\":{\"product_name\":\"AWS  CloudTrail\"},\"resource_tags\":{},"
	    "\"cost_category\":{\"a\":\"b c\",\"d\":\"\\\"\"},\"tags\":{\"x\":{\"y\":[1,null]}},\"discount\":{\"d\":-1.5E-3}}",
	    NULL, false},
	{"cur2: a map that is text", "identity_time_interval|product", "t|x", NULL, "a map column holds no JSON object", false},
	{"cur2: a map that is a list", "identity_time_interval|tags", "t|[]", NULL, "a map column holds no JSON object", false},
	{"cur2: a map and more", "identity_time_interval|tags", "t|{}{}", NULL, "a map column holds no JSON object", false},
	{"cur2: a map that is cut", "identity_time_interval|tags", "t|{\"a\":1", NULL, "a map column holds no JSON object", false},
	{"cur2: a map of spaces", "identity_time_interval|tags", "t|  ", NULL, "a map column holds no JSON object", false},
	{"cur2: Tags is no other map", "identity_time_interval|SkuPriceDetails", "t|x",
	    "{\"identity_time_interval\":\"t\",\"SkuPriceDetails\":\"x\"}", NULL, false},
	{"focus", "BilledCost|Tags|ChargePeriodStart|x_Discounts", "1.5|{\"a\":\"b\"}|2024-01-01T00:00:00Z|",
	    "{\"ChargePeriodStart\":\"2024-01-01T00:00:00Z\",\"BilledCost\":\"1.5\",\"Tags\":{\"a\":\"b\"}}", NULL, false},
	{"focus: a map that is none", "ChargePeriodStart|SkuPriceDetails", "t|none", NULL, "a map column holds no JSON object", false},
	{"no time", "identity/LineItemId|lineItem/UsageEndDate", "", NULL, "the header has no time column (identity/", false},
	{"twice", "identity/TimeInterval|a/x|a/y|a/x", "", NULL, "a column is there twice", false},
	{"twice, flat", "ChargePeriodStart|a|a", "", NULL, "a column is there twice", false},
	{"_cur", "identity/TimeInterval|_cur", "", NULL, "a column has the name that marks have", false},
	{"_cur, flat", "ChargePeriodStart|_cur", "", NULL, "a column has the name that marks have", false},
	{"category _cur", "identity/TimeInterval|_cur/a", "", NULL, "a column has the name that marks have", false},
	{"_cur with more", "identity/TimeInterval|_cur2|_cu/r", "t|1|2",
	    "{\"identity\":{\"TimeInterval\":\"t\"},\"_cur2\":\"1\",\"_cu\":{\"r\":\"2\"}}", NULL, false},
};

static const struct {
	const char *header;
	const char *mark;      /* what plan_mark adds, less the columns */
} formats[] = {
	{"identity/LineItemId|identity/TimeInterval|lineItem/UsageStartDate",
	    "{\"format\":\"cur1\",\"id\":[\"identity\",\"LineItemId\"],\"time\":[\"identity\",\"TimeInterval\"]}"},
	{"lineItem/UsageStartDate|identity/LineItemId",
	    "{\"format\":\"cur1\",\"id\":[\"identity\",\"LineItemId\"],\"time\":[\"lineItem\",\"UsageStartDate\"]}"},
	{"LINEITEM/usagestartdate", "{\"format\":\"cur1\",\"id\":null,\"time\":[\"LINEITEM\",\"usagestartdate\"]}"},
	{"Identity/timeinterval|Identity/LineItemID",
	    "{\"format\":\"cur1\",\"id\":[\"Identity\",\"LineItemID\"],\"time\":[\"Identity\",\"timeinterval\"]}"},
	{"identity/timeinterval|identity/TimeInterval",
	    "{\"format\":\"cur1\",\"id\":null,\"time\":[\"identity\",\"TimeInterval\"]}"},
	{"identity_line_item_id|identity_time_interval|line_item_usage_start_date",
	    "{\"format\":\"cur2\",\"id\":[\"identity_line_item_id\"],\"time\":[\"identity_time_interval\"]}"},
	{"line_item_usage_start_date", "{\"format\":\"cur2\",\"id\":null,\"time\":[\"line_item_usage_start_date\"]}"},
	{"x|ChargePeriodStart|BillingPeriodStart", "{\"format\":\"focus\",\"id\":null,\"time\":[\"ChargePeriodStart\"]}"},
	{"ChargePeriodStart|identity_time_interval", "{\"format\":\"cur2\",\"id\":null,\"time\":[\"identity_time_interval\"]}"},
	{"identity_time_interval|lineItem/UsageStartDate",
	    "{\"format\":\"cur1\",\"id\":null,\"time\":[\"lineItem\",\"UsageStartDate\"]}"},
};

static void
test_items(void)
{
	for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
		struct span header[MAX_CELLS], row[MAX_CELLS];
		size_t n = split(items[i].header, header);
		struct plan p = {.nulls = items[i].nulls};
		struct buf b = {0};
		const char *why = plan_begin(&p, header, n);

		if (why == NULL && split(items[i].row, row) == n)
			why = plan_write(&p, row, &b);
		if (items[i].item != NULL)
			ok(why == NULL && span_is(buf_span(&b), items[i].item), "%s", items[i].name);
		else
			ok(why != NULL && strstr(why, items[i].why) == why, "%s: %s", items[i].name, items[i].why);
		if (items[i].item != NULL && !span_is(buf_span(&b), items[i].item))
			printf("# got: %s %s\n", why != NULL ? why : "", buf_text(&b));
		buf_free(&b);
		plan_free(&p);
	}
}

static const char *
mark_string(const json_t *list, size_t i)
{
	const char *s = json_string_value(json_array_get(list, i));

	return s != NULL ? s : "(none)";
}

static void
test_formats(void)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		struct span header[MAX_CELLS];
		size_t n = split(formats[i].header, header);
		struct plan p = {0};
		const char *why = plan_begin(&p, header, n);
		json_t *mark = json_object();
		json_t *columns;
		char *text;
		bool same = why == NULL;

		if (why == NULL)
			plan_mark(&p, mark);
		columns = json_object_get(mark, "columns");
		for (size_t c = 0; c < n; c++)
			same &= span_is(header[c], mark_string(columns, c));
		ok(same && json_array_size(columns) == n, "%s: columns", formats[i].header);
		json_object_del(mark, "columns");
		text = json_dumps(mark, JSON_COMPACT);
		if (!ok(strcmp(text, formats[i].mark) == 0, "%s", formats[i].header))
			printf("# got: %s %s\n", why != NULL ? why : "", text);
		free(text);
		json_decref(mark);
		plan_free(&p);
	}
}

static void
test_bad_column(void)
{
	struct span header[MAX_CELLS], row[MAX_CELLS];
	struct plan p = {0};
	struct buf b = {0};
	size_t n = split("identity/TimeInterval|a|b|a", header);

	ok(plan_begin(&p, header, n) != NULL && p.bad == 3, "the second of twins is named");
	plan_free(&p);
	n = split("x|y", header);
	ok(plan_begin(&p, header, n) != NULL && p.bad == n, "no column is to blame for a missing one");
	plan_free(&p);
	n = split("product|identity_time_interval|tags", header);
	ok(plan_begin(&p, header, n) == NULL, "a header");
	split("{}|t|x", row);
	ok(plan_write(&p, row, &b) != NULL && p.bad == 2, "the map that is none is named");
	plan_free(&p);
	buf_free(&b);
}

static void
test_differs(void)
{
	struct span header[MAX_CELLS], other[MAX_CELLS];
	struct plan p = {0};
	size_t n = split("identity/TimeInterval|a/b|c/d", header), at;

	ok(plan_begin(&p, header, n) == NULL, "a header");
	ok(plan_is(&p, header, n, &at), "the same header");
	ok(!plan_is(&p, other, split("identity/TimeInterval|a/B|c/d", other), &at) && at == 1, "another name");
	ok(!plan_is(&p, other, split("identity/TimeInterval|a/b", other), &at) && at == 2, "one column less");
	ok(!plan_is(&p, other, split("identity/TimeInterval|a/b|c/d|e", other), &at) && at == 3, "one column more");
	plan_free(&p);
}

/* A header of very many columns and categories must not take the square of its time. */
static void
test_many(void)
{
	enum { N = 300000 };
	struct span *header = mem_new((N + 1) * sizeof *header), *row = mem_new((N + 1) * sizeof *row);
	struct buf text = {0}, b = {0};
	struct plan p = {0};

	for (int i = 0; i < N; i++)
		buf_fmt(&text, "%08d/x", i);
	for (size_t i = 0; i < N; i++) {
		header[i] = (struct span){text.p + i * 10, 10};
		row[i] = span_of("1");
	}
	header[N] = span_of("identity/TimeInterval");
	row[N] = span_of("t");
	ok(plan_begin(&p, header, N + 1) == NULL, "very many categories");
	ok(plan_write(&p, row, &b) == NULL && b.n == N * 21 + strlen("{\"identity\":{\"TimeInterval\":\"t\"}}"), "and their item");
	plan_free(&p);
	buf_free(&text);
	buf_free(&b);
	free(header);
	free(row);
}

int
main(void)
{
	test_items();
	test_formats();
	test_bad_column();
	test_differs();
	test_many();
	return tap_end();
}
