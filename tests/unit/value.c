/* value: where JSON values end, what is none, and what they say, as tables. */
#include "value.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* A value and what may follow it; `n` bytes of it are the value, 0: there is none. */
static const struct {
	const char *text;
	size_t n;
} skips[] = {
	{"{}", 2}, {"[]", 2}, {"{ }", 3}, {"[\n]", 3}, {"\"\"", 2}, {"\"a\",1", 3}, {"0", 1}, {"-0", 2}, {"12,", 2}, {"1.5]", 3},
	{"-1.5e-10}", 8}, {"1E+2", 4}, {"1e5x", 3}, {"true", 4}, {"false,", 5}, {"null", 4}, {"nullx", 4},
	{"{\"a\":1}", 7}, {"{ \"a\" : 1 , \"b\" : [ 2 , { } ] } x", 31}, {"[1,2,[3,[4]]]]", 13}, {"{}{}", 2},
	{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", 24}, {"\"\\ud83d\\ude00\"", 14}, {"\"\\ud83d\"", 8}, {"\"\xc3\xa9\"", 4}, {"\"\x7f\"", 3},
	{"01", 1}, {"1.", 0}, {"-", 0}, {"+1", 0}, {".5", 0}, {"1e", 0}, {"1e+", 0}, {"-a", 0},
	{"", 0}, {" ", 0}, {" 1", 0}, {"x", 0}, {"tru", 0}, {"True", 0}, {"nul", 0}, {"NaN", 0}, {"Infinity", 0},
	{"\"", 0}, {"\"a", 0}, {"\"\\\"", 0}, {"\"\\x\"", 0}, {"\"\\u12\"", 0}, {"\"\\u123g\"", 0}, {"\"\\", 0}, {"\"\n\"", 0}, {"\"\x1f\"", 0},
	{"'a'", 0}, {"{", 0}, {"[", 0}, {"}", 0}, {"]", 0}, {"{a:1}", 0}, {"{\"a\"}", 0}, {"{\"a\":}", 0}, {"{\"a\":1", 0}, {"{\"a\":1,}", 0},
	{"{\"a\" 1}", 0}, {"{,}", 0}, {"{1:2}", 0}, {"[1", 0}, {"[1,", 0}, {"[1,]", 0}, {"[,1]", 0}, {"[1 2]", 0}, {"[1}", 0}, {"{\"a\":1]", 0},
	{"[[]", 0}, {"{\"a\":{}", 0}, {"{\"a\":1 \"b\":2}", 0}, {"{\"a\":1,\"b\"}", 0}, {"/**/1", 0},
};

static const struct {
	const char *text, *compact;
} compacts[] = {
	{"{}", "{}"}, {" { } ", "{}"}, {"{ \"a b\" : \" c \" }", "{\"a b\":\" c \"}"}, {"[ 1 ,\n2\t,\r\n3 ]", "[1,2,3]"},
	{"{\"a\":\"\\\" \\\\\" , \"b\" : \" \" }", "{\"a\":\"\\\" \\\\\",\"b\":\" \"}"}, {"1 ", "1"}, {"\" \"", "\" \""},
	{"[ \"\" , \"\" ]", "[\"\",\"\"]"}, {"{\"x\":-1.50E+3 , \"y\": true}", "{\"x\":-1.50E+3,\"y\":true}"},
};

static const struct {
	const char *raw, *text;
} texts[] = {
	{"\"\"", ""}, {"\"abc\"", "abc"}, {"1.50", "1.50"}, {"true", "true"}, {"null", "null"}, {"\"a\\nb\"", "a\nb"},
	{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"}, {"\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac"},
	{"\"\\ud83d\\udcb0\"", "\xf0\x9f\x92\xb0"}, {"\"\\ud83d\"", "\xef\xbf\xbd"}, {"\"\\ud83dx\"", "\xef\xbf\xbdx"},
	{"\"\\ud83d\\u0041\"", "\xef\xbf\xbd" "A"}, {"\"\\udcb0\"", "\xef\xbf\xbd"}, {"\"\\ud83d\\ud83d\\udcb0\"", "\xef\xbf\xbd\xf0\x9f\x92\xb0"},
	{"\"\xc3\xa9\"", "\xc3\xa9"}, {"\"\xc3\xa9\\n\"", "\xc3\xa9\n"}, {"\"\\uffff\"", "\xef\xbf\xbf"}, {"\"\\u07ff\\u0800\"", "\xdf\xbf\xe0\xa0\x80"},
};

/* A copy without NUL after it, so that the sanitizer sees a read too far. */
static struct span
exact(const char *text, char **owned)
{
	size_t n = strlen(text);

	*owned = malloc(n > 0 ? n : 1);
	if (*owned == NULL)
		abort();
	memcpy(*owned, text, n);
	return (struct span){*owned, n};
}

/* In a name of a case: a line is a line. */
static const char *
shown(const char *text)
{
	static char line[100];
	size_t n = strlen(text);

	memset(line, 0, sizeof line);
	for (size_t i = 0; i < n && i + 1 < sizeof line; i++)
		line[i] = (unsigned char)text[i] < ' ' ? '.' : text[i];
	return line;
}

static void
test_skip(void)
{
	for (size_t i = 0; i < sizeof skips / sizeof *skips; i++) {
		char *owned;
		struct span s = exact(skips[i].text, &owned);
		const char *end = value_skip(s.p, s.p + s.n);
		size_t n = end != NULL ? (size_t)(end - s.p) : 0;

		if (!ok(n == skips[i].n, "%s", shown(skips[i].text)))
			printf("# %zu, wanted %zu\n", n, skips[i].n);
		/* jansson is another witness of whole values, but for the characters that value leaves to others. */
		if (n == s.n && n > 0) {
			json_t *json = json_loadb(s.p, s.n, JSON_DECODE_ANY, NULL);

			ok(json != NULL || strstr(skips[i].text, "\\ud83d\"") != NULL, "%s: jansson reads it", shown(skips[i].text));
			json_decref(json);
		}
		free(owned);
	}
}

static void
test_depth(void)
{
	for (size_t depth = VALUE_MAX_DEPTH - 1; depth <= VALUE_MAX_DEPTH + 1; depth++) {
		struct buf b = {0};

		for (size_t i = 0; i < depth; i++)
			buf_str(&b, i % 2 == 0 ? "[" : "{\"a\":");
		buf_str(&b, "1");
		for (size_t i = depth; i-- > 0;)
			buf_str(&b, i % 2 == 0 ? "]" : "}");
		ok((value_skip(b.p, b.p + b.n) == b.p + b.n) == (depth <= VALUE_MAX_DEPTH), "%zu deep", depth);
		buf_free(&b);
	}
}

static void
test_compact(void)
{
	for (size_t i = 0; i < sizeof compacts / sizeof *compacts; i++) {
		char *owned;
		struct span s = exact(compacts[i].text, &owned);
		struct buf b = {0};

		value_compact(&b, s);
		ok(span_is(buf_span(&b), compacts[i].compact), "compact: %s", shown(compacts[i].compact));
		buf_free(&b);
		free(owned);
	}
}

static void
test_text(void)
{
	struct buf tmp = {0};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char *owned;
		struct span s = exact(texts[i].raw, &owned);

		ok(span_is(value_text(s, &tmp), texts[i].text), "text of %s", shown(texts[i].raw));
		free(owned);
	}
	buf_free(&tmp);
}

/* What buf_json quotes, value_text gives back. */
static void
test_there_and_back(void)
{
	struct buf quoted = {0}, tmp = {0};
	char bytes[127];
	struct span s = {bytes, sizeof bytes};

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i + 1);
	buf_json(&quoted, s);
	ok(value_skip(quoted.p, quoted.p + quoted.n) == quoted.p + quoted.n, "every ASCII character is quoted");
	ok(span_eq(value_text(buf_span(&quoted), &tmp), s), "and read again");
	buf_free(&quoted);
	buf_free(&tmp);
}

int
main(void)
{
	test_skip();
	test_depth();
	test_compact();
	test_text();
	test_there_and_back();
	return tap_end();
}
