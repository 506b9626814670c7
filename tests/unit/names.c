/* Names of objects. */
#include "names.h"

#include <string.h>

#include "tap.h"

#define HASH "00112233445566778899aabbccddeeff"

static const struct {
	const char *key;
	uint64_t generation;
} keys[] = {
	{"1-of-1-3-" HASH ".ndjson.gz", 3},
	{"export=a/billing_period=2024-01/day=2024-01-01/12-of-30-18446744073709551-" HASH ".ndjson.gz", 18446744073709551},
	{"export=a/billing_period=2024-01/.7-2024-01-01-1-00000000000000ff.tmp", 7},
	{"1-of-1-3-" HASH ".ndjson", 0},
	{"1-of-1-3-" HASH "0.ndjson.gz", 0},
	{"1-of-1-3-0011.ndjson.gz", 0},
	{"1-of-1--3-" HASH ".ndjson.gz", 0},
	{"1-of-1-99999999999999999999999-" HASH ".ndjson.gz", 0},
	{"-of-1-3-" HASH ".ndjson.gz", 0},
	{"README", 0},
	{".tmp", 0},
	{".x.tmp", 0},
	{".7x.tmp", 0},
	{".2024-01.json.tmp", 2024},
	{"7-2024-01-01-1-00000000000000ff.tmp", 0},
};

int
main(void)
{
	struct buf b = {0};
	struct digest d = {0x0011223344556677, 0x8899aabbccddeeff};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		ok(name_generation(keys[i].key) == keys[i].generation, "%s: generation %ju", keys[i].key,
		    (uintmax_t)keys[i].generation);
	name_chunk(&b, 2, 3, 4, d);
	ok(strcmp(buf_text(&b), "2-of-3-4-" HASH ".ndjson.gz") == 0, "a chunk's name: %s", buf_text(&b));
	ok(name_same_chunk("2-of-3-4-" HASH ".ndjson.gz", "2-of-3-9-" HASH ".ndjson.gz"), "one chunk in two generations");
	ok(!name_same_chunk("1-of-3-4-" HASH ".ndjson.gz", "2-of-3-4-" HASH ".ndjson.gz"), "two places, two chunks");
	ok(!name_same_chunk("2-of-3-4-" HASH ".ndjson.gz", "2-of-4-4-" HASH ".ndjson.gz"), "two lengths, two chunks");
	ok(!name_same_chunk("x", "x"), "what is no chunk is never the same chunk");
	buf_reset(&b);
	name_temporary(&b, 5, 0, 1, 255);
	ok(name_generation(buf_text(&b)) == 5, "a temporary name tells its generation: %s", buf_text(&b));
	buf_reset(&b);
	name_prefix(&b, "hourly", "2024-01");
	name_in_day(&b, 19739, "x");
	ok(strcmp(buf_text(&b), "export=hourly/billing_period=2024-01/day=2024-01-17/x") == 0, "a key: %s", buf_text(&b));
	buf_free(&b);
	return tap_end();
}
