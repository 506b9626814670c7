/* day: the timestamps that CUR uses, and the calendar, as tables. */
#include "day.h"

#include <string.h>
#include <time.h>

#include "tap.h"

static const struct {
	const char *text;
	int64_t seconds;
} times[] = {
	{"2024-01-17T05:30:12Z", 1705469412},
	{"2024-01-17T05:30:12.000Z", 1705469412},
	{"2024-01-17T05:30:12.999999999Z", 1705469412},
	{"2024-01-17 05:30:12", 1705469412},
	{"2024-01-17 05:30:12.5", 1705469412},
	{"2026-03-01 00:00:00+00:00", 1772323200},
	{"2024-01-17T07:00:12+01:30", 1705469412},
	{"2024-01-16T19:30:12-10:00", 1705469412},
	{"2024-01-17", 1705449600},
	{"2024-01-01T00:00:00Z/2024-01-02T00:00:00Z", 1704067200},
	{"2024-01-01T00:00:00Z/2024-01-01T01:00:00Z", 1704067200},
	{"2024-01-01/2024-01-02", 1704067200},
	{"1970-01-01T00:00:00Z", 0},
	{"1969-12-31T23:59:59Z", -1},
	{"0001-01-01T00:00:00Z", -62135596800},
	{"9999-12-31T23:59:59Z", 253402300799},
	{"2024-02-29T00:00:00Z", 1709164800},
	{"2000-02-29", 951782400},
};

static const char *const no_times[] = {
	"", "/", "2024", "2024-01", "2024-1-1", "20240117", "2024-01-17T", "2024-01-17T05", "2024-01-17T05:30",
	"2024-01-17T05:30:12Zx", "2024-01-17T05:30:12.Z", "2024-01-17T05:30:12.1234567890Z", "2024-01-17T24:00:00Z",
	"2024-01-17T23:60:00Z", "2024-01-17T23:59:60Z", "2024-01-17T05:30:12+0100", "2024-01-17T05:30:12+15:00",
	"2024-01-17T05:30:12+01:60", "2024-01-17t05:30:12Z", " 2024-01-17T05:30:12Z", "2024-01-17T05:30:12Z ",
	"2024-01-17  05:30:12", "2023-02-29", "1900-02-29", "2100-02-29", "2024-00-10", "2024-13-10", "2024-04-31",
	"2024-01-00", "2024-01-32", "0000-01-01", "-001-01-01", "+2024-01-17", "2024-01-17T-5:30:12Z", "0x24-01-17",
	"2024-01-01T00:00:00Z/", "/2024-01-01T00:00:00Z", "2024-01-01/x", "2024-01-01/2024-01-02/2024-01-03",
	"2024-01-01T00:00:00Z/2024-02-30T00:00:00Z", "1/17/2024", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00",
};

static const struct {
	const char *text;
	int64_t seconds;   /* or -1 for none */
} basics[] = {
	{"20240117T053012Z", 1705469412},
	{"20161101T000000.000Z", 1477958400},
	{"20240117T053012", -1},
	{"20240117", -1},
	{"2024-01-17T05:30:12Z", -1},
	{"20240117T053012Zx", -1},
	{"20240230T000000Z", -1},
	{"20240117T250000Z", -1},
	{"", -1},
};

static const struct {
	const char *text;
	int32_t month;     /* or -1 for none */
} periods[] = {
	{"2024-01", 2024 * 12}, {"2024-12", 2024 * 12 + 11}, {"0001-01", 12}, {"9999-12", 9999 * 12 + 11},
	{"2024-00", -1}, {"2024-13", -1}, {"2024-1", -1}, {"24-01", -1}, {"2024-01-01", -1}, {"202401", -1}, {"", -1},
	{"0000-01", -1}, {"2024-01 ", -1},
};

static void
test_times(void)
{
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		int64_t s = 0;
		const char *why = time_parse(span_of(times[i].text), &s);

		if (!ok(why == NULL && s == times[i].seconds, "%s", times[i].text))
			printf("# %s %jd\n", why != NULL ? why : "", (intmax_t)s);
	}
	for (size_t i = 0; i < sizeof no_times / sizeof *no_times; i++) {
		int64_t s = 0;

		ok(time_parse(span_of(no_times[i]), &s) != NULL, "no time: \"%s\"", no_times[i]);
	}
}

static void
test_basic(void)
{
	for (size_t i = 0; i < sizeof basics / sizeof *basics; i++) {
		int64_t s = -1;
		const char *why = time_parse_basic(span_of(basics[i].text), &s);

		ok((why == NULL) == (basics[i].seconds >= 0) && (why != NULL || s == basics[i].seconds), "basic: \"%s\"",
		    basics[i].text);
	}
}

static void
test_periods(void)
{
	for (size_t i = 0; i < sizeof periods / sizeof *periods; i++) {
		int32_t month = -1;
		const char *why = period_parse(span_of(periods[i].text), &month);
		char text[8] = "";

		if (why == NULL)
			period_print(month, text);
		ok((why == NULL) == (periods[i].month >= 0) &&
		       (why != NULL || (month == periods[i].month && strcmp(text, periods[i].text) == 0)),
		    "period: \"%s\"", periods[i].text);
	}
	ok(period_of(1704067199) == 2023 * 12 + 11 && period_of(1704067200) == 2024 * 12, "the period of a time");
}

/* Every day of the calendar, against the C library's. */
static void
test_calendar(void)
{
	size_t wrong = 0, firsts = 0;

	for (int32_t day = -719162; day <= 2932896; day++) {
		time_t t = (time_t)day * 86400;
		char text[DAY_TEXT], wanted[16];
		struct tm tm;
		int32_t back = 0;

		gmtime_r(&t, &tm);
		snprintf(wanted, sizeof wanted, "%04u-%02u-%02u", (unsigned)(tm.tm_year + 1900) % 10000u,
		    (unsigned)(tm.tm_mon + 1) % 100u, (unsigned)tm.tm_mday % 100u);
		day_print(day, text);
		wrong += strcmp(text, wanted) != 0 || day_parse(span_of(text), &back) != NULL || back != day ||
		         day_is_first_of_month(day) != (tm.tm_mday == 1);
		firsts += day_is_first_of_month(day);
	}
	ok(wrong == 0, "every day is printed and read as the C library has it (%zu are not)", wrong);
	ok(firsts == 9999 * 12, "every month has one first");
}

static void
test_print(void)
{
	char text[TIME_TEXT];
	int32_t day;

	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		int64_t s;

		time_print(times[i].seconds, text);
		ok(time_parse(span_of(text), &s) == NULL && s == times[i].seconds, "%s is printed as %s", times[i].text, text);
	}
	ok(day_of(-1) == -1 && day_of(0) == 0 && day_of(86399) == 0 && day_of(86400) == 1 && day_of(-86400) == -1 &&
	       day_of(-86401) == -2, "the day of a time, also before 1970");
	ok(day_parse(span_of("2024-01-17T00:00:00Z"), &day) != NULL && day_parse(span_of("2024-01"), &day) != NULL &&
	       day_parse(span_of(""), &day) != NULL, "a day is a date and no more");
}

int
main(void)
{
	test_times();
	test_basic();
	test_periods();
	test_calendar();
	test_print();
	return tap_end();
}
