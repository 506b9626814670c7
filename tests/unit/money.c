/* Decimal text in, exact sums out. */
#include "money.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define NONE "it is no decimal number"
#define BEYOND "it is a number beyond 1000 digits"

/* Numbers, parted by spaces, and their sum. */
static const struct {
	const char *numbers, *sum;
} sums[] = {
	{"", "0"},
	{"0", "0"},
	{"-0", "0"},
	{"0.000", "0"},
	{"0e99999999999999999999", "0"},
	{"00012", "12"},
	{"12", "12"},
	{"+1", "1"},
	{".5", "0.5"},
	{"-.5", "-0.5"},
	{"1.50", "1.5"},
	{"1.0", "1"},
	{"100", "100"},
	{"1e3", "1000"},
	{"1E+3", "1000"},
	{"1e9", "1000000000"},
	{"1e18", "1000000000000000000"},
	{"8.0E-7", "0.0000008"},
	{"-7.0E-10", "-0.0000000007"},
	{"-0.00339", "-0.00339"},
	{"123.456e-5", "0.00123456"},
	{"123.456e2", "12345.6"},
	{"999999999", "999999999"},
	{"1000000000", "1000000000"},
	{"0.000000001", "0.000000001"},
	{"0.0000000001", "0.0000000001"},
	{"123456789012345678", "123456789012345678"},
	{"1234567890123456789", "1234567890123456789"},
	{"0.123456789012345678901234567890", "0.12345678901234567890123456789"},
	{"12345678901234567890123456789012345678.123456789012345678901234567890123456789",
	    "12345678901234567890123456789012345678.123456789012345678901234567890123456789"},
	{"0.1 0.2", "0.3"},
	{"1 -1", "0"},
	{"1e20 -1", "99999999999999999999"},
	{"-1e20 1", "-99999999999999999999"},
	{"1e27 -1e-27", "999999999999999999999999999.999999999999999999999999999"},
	{"999999999 1", "1000000000"},
	{"999999999999999999 1", "1000000000000000000"},
	{"0.999999999 0.000000001", "1"},
	{"-0.999999999 -0.000000001", "-1"},
	{"1 -0.000000000000000001", "0.999999999999999999"},
	{"5 -5.1", "-0.1"},
	{"1000000000 -999999999.5", "0.5"},
	{"1e-30 1e30 -1e-30 -1e30", "0"},
	{"79228162514264337593543950335 1", "79228162514264337593543950336"},
	{"0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1", "1"},
};

static const struct {
	const char *text, *why;
} bad[] = {
	{"", NONE},
	{" 1", NONE},
	{"1 ", NONE},
	{"+", NONE},
	{"-", NONE},
	{".", NONE},
	{"-.", NONE},
	{"1.", NONE},
	{"1.e5", NONE},
	{"e5", NONE},
	{"1e", NONE},
	{"1e+", NONE},
	{"1e5.5", NONE},
	{"1e5e5", NONE},
	{"--1", NONE},
	{"+-1", NONE},
	{"1-", NONE},
	{"1,5", NONE},
	{"1.5.5", NONE},
	{"0x10", NONE},
	{"NaN", NONE},
	{"Inf", NONE},
	{"infinity", NONE},
	{"1_000", NONE},
	{"$1", NONE},
	{"\xd9\xa1", NONE},
	{"1e1001", BEYOND},
	{"10e1000", BEYOND},
	{"-1e-1001", BEYOND},
	{"1e99999999999999999999999", BEYOND},
	{"1e-99999999999999999999999", BEYOND},
};

static const struct {
	const char *m, *max;
	int width, bar;
} bars[] = {
	{"1", "1", 30, 30},
	{"0", "1", 30, 0},
	{"0", "0", 30, 0},
	{"1", "2", 10, 5},
	{"-1", "2", 10, 5},
	{"1", "-2", 10, 5},
	{"1", "20", 10, 1},
	{"0.999999", "20", 10, 0},
	{"1", "3", 10, 3},
	{"2", "3", 10, 7},
	{"19", "20", 10, 10},
	{"18.999999999999999999999", "20", 10, 9},
	{"1e-900", "1e900", 100, 0},
	{"3e900", "4e900", 100, 75},
	{"5", "4", 10, 10},
	{"1", "1", 0, 0},
};

/* Adds the numbers, which spaces part. */
static const char *
add_all(struct money *m, const char *numbers)
{
	const char *why = NULL;

	while (*numbers != '\0' && why == NULL) {
		size_t n = strcspn(numbers, " ");

		why = money_add(m, (struct span){numbers, n});
		numbers += n + (numbers[n] == ' ');
	}
	return why;
}

static bool
prints(struct money *m, const char *want)
{
	struct buf b = {0};
	bool same;

	money_print(m, &b);
	same = span_is(buf_span(&b), want);
	if (!same)
		printf("# %s, wanted %s\n", buf_text(&b), want);
	buf_free(&b);
	return same;
}

static void
test_sums(void)
{
	for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
		struct money m = {0}, twice = {0};
		const char *why = add_all(&m, sums[i].numbers);

		ok(why == NULL && prints(&m, sums[i].sum), "'%s' is %s", sums[i].numbers, sums[i].sum);
		money_sum(&twice, &m);
		add_all(&twice, sums[i].numbers);
		money_sum(&m, &m);
		ok(money_cmp(&m, &twice) == 0, "'%s' twice", sums[i].numbers);
		money_free(&m);
		money_free(&twice);
	}
}

static void
test_bad(void)
{
	struct money m = {0};

	money_add(&m, span_of("1.5"));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *why = money_add(&m, span_of(bad[i].text));

		ok(why != NULL && strcmp(why, bad[i].why) == 0 && prints(&m, "1.5"), "'%s': %s", bad[i].text,
		    bad[i].why);
	}
	ok(money_add(&m, (struct span){"1\0", 2}) != NULL, "a NUL");
	ok(money_add(&m, (struct span){NULL, 0}) != NULL, "a span of nothing");
	money_free(&m);
}

/* 10^1000 and 10^-1000 are the last that fit; the zeros around them do not count. */
static void
test_limits(void)
{
	char text[4096];
	struct money m = {0};
	struct buf b = {0};

	memset(text, '0', sizeof text);
	text[1500] = '1';
	text[2501] = '.';
	ok(money_add(&m, (struct span){text, sizeof text}) == NULL, "10^1000 among zeros");
	ok(money_add(&m, span_of("1e-1000")) == NULL, "10^-1000");
	money_print(&m, &b);
	ok(b.n == 2002 && b.p[0] == '1' && b.p[1001] == '.' && b.p[2001] == '1', "their sum has 2001 digits");
	ok(money_add(&m, span_of("-1e1000")) == NULL && money_add(&m, span_of("-1e-1000")) == NULL && prints(&m, "0"),
	    "and back to 0");
	ok(money_sign(&m) == 0, "which has no sign");
	buf_free(&b);
	money_free(&m);
}

/* Sums that would overflow a limb if nothing were carried. */
static void
test_load(void)
{
	struct money m = {0};

	money_add(&m, span_of("999999999.999999999"));
	for (int i = 0; i < 40; i++)
		money_sum(&m, &m);
	ok(prints(&m, "1099511627775999998900.488372224"), "doubled 40 times");
	for (int i = 0; i < 60; i++)
		money_sum(&m, &m);
	ok(prints(&m, "1267650600228229400229052605147770598503.296794624"), "and 60 times more");
	money_reset(&m);
	ok(prints(&m, "0"), "reset");
	money_add(&m, span_of("-2"));
	ok(prints(&m, "-2") && money_sign(&m) < 0, "and used again");
	money_free(&m);
}

static void
test_order(void)
{
	static const char *const rising[] = {"-1e30", "-2", "-1.5", "-1e-30", "0", "1e-30", "0.1", "1", "1e9", "1e30"};
	struct money a = {0}, b = {0};

	for (int i = 0; i < 10; i++)
		for (int j = 0; j < 10; j++) {
			money_reset(&a);
			money_reset(&b);
			money_add(&a, span_of(rising[i]));
			money_add(&b, span_of(rising[j]));
			if (money_cmp(&a, &b) != (i > j) - (i < j))
				ok(false, "%s and %s", rising[i], rising[j]);
		}
	ok(true, "numbers in their order");
	ok(money_cmp_size(&a, &b) == 0, "equal sizes");
	money_add(&a, span_of("-3e30"));
	ok(money_cmp_size(&a, &b) > 0 && money_cmp(&a, &b) < 0, "|-2e30| is above 1e30");
	money_free(&a);
	money_free(&b);
}

int
main(void)
{
	test_sums();
	test_bad();
	test_limits();
	test_load();
	test_order();
	for (size_t i = 0; i < sizeof bars / sizeof *bars; i++) {
		struct money m = {0}, max = {0};

		money_add(&m, span_of(bars[i].m));
		money_add(&max, span_of(bars[i].max));
		ok(money_bar(&m, &max, bars[i].width) == bars[i].bar, "%s of %s is %d of %d", bars[i].m, bars[i].max,
		    bars[i].bar, bars[i].width);
		money_free(&m);
		money_free(&max);
	}
	return tap_end();
}
