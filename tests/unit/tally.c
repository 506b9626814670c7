/* Digests and tallies. */
#include "tally.h"

#include <string.h>

#include "day.h"
#include "tap.h"

static void
test_text(void)
{
	char text[DIGEST_TEXT];
	struct digest d;

	/* XXH3-128 of nothing, seed 0: xxHash's own test vectors. */
	digest_print(digest_of((struct span){"", 0}), text);
	ok(strcmp(text, "99aa06d3014798d86001c324468d497f") == 0, "the digest of nothing is XXH3's");
	ok(digest_parse(text, &d) && digest_eq(d, digest_of((struct span){"", 0})), "its text reads back");
	ok(!digest_parse("99AA06D3014798D86001C324468D497F", &d), "capitals are no digest");
	ok(!digest_parse("99aa06d3014798d86001c324468d497", &d), "31 digits are no digest");
	ok(!digest_parse("99aa06d3014798d86001c324468d497g", &d), "g is no digit");
}

static void
test_sum(void)
{
	struct digest max = {UINT64_MAX, UINT64_MAX}, one = {0, 1}, low = {0, UINT64_MAX};

	ok(digest_eq(digest_sum(low, one), (struct digest){1, 0}), "the low half carries");
	ok(digest_eq(digest_sum(max, one), (struct digest){0, 0}), "the sum is modulo 2^128");
}

static void
test_order(void)
{
	static const char *const items[] = {"{\"a\":\"1\"}", "{\"a\":\"2\"}", "{\"a\":\"1\"}", "{}"};
	struct tally a = {0}, b = {0};
	struct digest without;

	for (int i = 0; i < 4; i++)
		tally_add(&a, 7, span_of(items[i]));
	for (int i = 3; i >= 0; i--)
		tally_add(&b, 7, span_of(items[i]));
	ok(digest_eq(a.days[0].digest, b.days[0].digest), "order does not matter");
	tally_reset(&b);
	for (int i = 1; i < 4; i++)
		tally_add(&b, 7, span_of(items[i]));
	without = b.days[0].digest;
	ok(b.days[0].items == 3 && !digest_eq(a.days[0].digest, without), "twins count");
	tally_free(&a);
	tally_free(&b);
}

static void
test_days(void)
{
	struct tally t = {0};
	bool sorted = true;

	for (int i = 0; i < 1000; i++)
		tally_day(&t, (int32_t)(i * 7919 % 1000 - 500))->items++;
	for (size_t i = 1; i < t.n; i++)
		sorted = sorted && t.days[i - 1].day < t.days[i].day;
	ok(t.n == 1000 && sorted, "a thousand days stand in the order of the calendar");
	ok(tally_find(&t, -500) != NULL && tally_find(&t, 500) == NULL, "a day is found, or not");
	tally_free(&t);
}

static void
test_stream(void)
{
	struct digest_stream *s = digest_stream_new();

	for (int round = 0; round < 2; round++) {
		digest_stream_add(s, span_of("line 1\n"));
		digest_stream_add(s, span_of(""));
		digest_stream_add(s, span_of("line 2\n"));
		ok(digest_eq(digest_stream_end(s), digest_of(span_of("line 1\nline 2\n"))), "pieces equal the whole, round %d", round);
	}
	digest_stream_free(s);
}

int
main(void)
{
	test_text();
	test_sum();
	test_order();
	test_days();
	test_stream();
	return tap_end();
}
