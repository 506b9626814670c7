/* Times and days: what is read is printed so that it is read again, and the C library's calendar agrees. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "day.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(bool good)
{
	if (!good)
		abort();
}

static void
check_library(int64_t seconds, const char *text)
{
	time_t t = seconds;
	struct tm tm;
	char wanted[80];

	must(gmtime_r(&t, &tm) != NULL);
	snprintf(wanted, sizeof wanted, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
	    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	must(strcmp(text, wanted) == 0);
	must(period_of(seconds) == (tm.tm_year + 1900) * 12 + tm.tm_mon);
	must(day_is_first_of_month(day_of(seconds)) == (tm.tm_mday == 1));
}

static void
check_time(int64_t seconds)
{
	char text[TIME_TEXT], day[DAY_TEXT];
	int64_t again;
	int32_t number;

	time_print(seconds, text);
	must(time_parse(span_of(text), &again) == NULL && again == seconds);
	day_print(day_of(seconds), day);
	must(strncmp(text, day, DAY_TEXT - 1) == 0);
	must(day_parse(span_of(day), &number) == NULL && number == day_of(seconds));
	check_library(seconds, text);
}

static void
check_period(int32_t month, struct span s)
{
	char text[8];

	period_print(month, text);
	must(span_is(s, text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span s = {(const char *)data, n};
	int64_t seconds;
	int32_t number;
	char day[DAY_TEXT];

	if (time_parse(s, &seconds) == NULL)
		check_time(seconds);
	if (time_parse_basic(s, &seconds) == NULL)
		check_time(seconds);
	if (period_parse(s, &number) == NULL)
		check_period(number, s);
	if (day_parse(s, &number) == NULL) {
		day_print(number, day);
		must(span_is(s, day));
	}
	return 0;
}
