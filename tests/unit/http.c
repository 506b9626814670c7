/* http: header lists and dates.  What goes over the network is tests/http.t. */
#include "http.h"

#include <string.h>

#include "tap.h"

static bool
has(const struct http_headers *h, const char *name, const char *value)
{
	const char *got = http_header_get(h, name);

	return value == NULL ? got == NULL : got != NULL && strcmp(got, value) == 0;
}

static void
check_headers(void)
{
	struct http_headers h = {0};

	ok(has(&h, "a", NULL), "an empty list has none");
	http_header_set(&h, "A", "1");
	http_header_set(&h, "B", "2");
	ok(h.n == 2 && has(&h, "a", "1") && has(&h, "b", "2"), "case does not matter");
	http_header_set(&h, "a", "3");
	ok(h.n == 2 && has(&h, "A", "3"), "one of the same name is replaced");
	http_header_set(&h, "a", http_header_get(&h, "a"));
	ok(h.n == 2 && has(&h, "A", "3"), "even by its own value");
	http_header_set(&h, "a", NULL);
	http_header_set(&h, "c", NULL);
	ok(h.n == 1 && has(&h, "a", NULL) && has(&h, "b", "2"), "NULL removes it, if it is there");
	http_headers_free(&h);
	ok(h.n == 0 && h.list == NULL, "freed, it is empty");
}

static const struct {
	const char *text;
	int64_t time;
} dates[] = {
	{"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
	{"Thu, 01 Jan 1970 00:00:01 GMT", 1},
	{"Mon, 23 Nov 2026 19:00:01 GMT", 1795460401},
	{"yesterday", -1},
	{"", -1},
};

int
main(void)
{
	check_headers();
	for (size_t i = 0; i < sizeof dates / sizeof *dates; i++)
		ok(http_date(dates[i].text) == dates[i].time, "date \"%s\"", dates[i].text);
	return tap_end();
}
