/* The timestamps that CUR uses, and days. */
#include "day.h"

#include <stdio.h>
#include <string.h>

#define SECONDS_PER_DAY 86400
#define FIRST_DAY (-719162)    /* 0001-01-01 */
#define LAST_DAY 2932896       /* 9999-12-31 */

/* Reads n digits; false where there are none. */
static bool
digits(const char **p, const char *end, int n, int *value)
{
	int v = 0;

	if (end - *p < n)
		return false;
	for (int i = 0; i < n; i++) {
		char c = (*p)[i];

		if (c < '0' || c > '9')
			return false;
		v = v * 10 + (c - '0');
	}
	*p += n;
	*value = v;
	return true;
}

static bool
literal(const char **p, const char *end, char c)
{
	if (*p == end || **p != c)
		return false;
	(*p)++;
	return true;
}

static bool
is_leap(int y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static int
days_in_month(int y, int m)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return m == 2 && is_leap(y) ? 29 : days[m - 1];
}

/* Days since 1970-01-01.  The year starts in March, so that the leap day is its last (H. Hinnant, days_from_civil). */
static int32_t
day_number(int y, int m, int d)
{
	int era, yoe, doy, doe;

	y -= m <= 2;
	era = y / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

static void
day_split(int32_t day, int *y, int *m, int *d)
{
	int z = day + 719468, era = z / 146097, doe = z - era * 146097;
	int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	*d = doy - (153 * mp + 2) / 5 + 1;
	*m = mp < 10 ? mp + 3 : mp - 9;
	*y = yoe + era * 400 + (*m <= 2);
}

/* A date with or without hyphens. */
static const char *
read_date(const char **p, const char *end, bool hyphens, int32_t *day)
{
	int y, m, d;

	if (!digits(p, end, 4, &y) || (hyphens && !literal(p, end, '-')) || !digits(p, end, 2, &m) ||
	    (hyphens && !literal(p, end, '-')) || !digits(p, end, 2, &d))
		return "it does not begin with a date";
	if (y < 1 || m < 1 || m > 12 || d < 1 || d > days_in_month(y, m))
		return "there is no such date";
	*day = day_number(y, m, d);
	return NULL;
}

static const char *
read_clock(const char **p, const char *end, bool colons, int64_t *seconds)
{
	int h, m, s;

	if (!digits(p, end, 2, &h) || (colons && !literal(p, end, ':')) || !digits(p, end, 2, &m) ||
	    (colons && !literal(p, end, ':')) || !digits(p, end, 2, &s))
		return "its time of day is not HH:MM:SS";
	if (h > 23 || m > 59 || s > 59)
		return "there is no such time of day";
	if (literal(p, end, '.')) {
		const char *from = *p;

		while (*p < end && **p >= '0' && **p <= '9')
			(*p)++;
		if (*p == from || *p - from > 9)
			return "its fraction of a second is none";
	}
	*seconds = h * 3600 + m * 60 + s;
	return NULL;
}

static const char *
read_zone(const char **p, const char *end, int64_t *seconds)
{
	int h, m, sign;

	if (*p == end || literal(p, end, 'Z'))
		return NULL;
	if (**p != '+' && **p != '-')
		return "it ends in something else than Z or an offset";
	sign = **p == '-' ? -1 : 1;
	(*p)++;
	if (!digits(p, end, 2, &h) || !literal(p, end, ':') || !digits(p, end, 2, &m) || h > 14 || m > 59)
		return "its offset from UTC is none";
	*seconds -= sign * (h * 3600 + m * 60);
	return NULL;
}

static const char *
read_time(struct span s, int64_t *seconds)
{
	const char *p = s.p, *end = s.p + s.n, *why;
	int64_t clock = 0;
	int32_t day;

	if ((why = read_date(&p, end, true, &day)) != NULL)
		return why;
	if (p < end) {
		if (!literal(&p, end, 'T') && !literal(&p, end, ' '))
			return "its date is followed by something else than a time of day";
		if ((why = read_clock(&p, end, true, &clock)) != NULL || (why = read_zone(&p, end, &clock)) != NULL)
			return why;
	}
	if (p != end)
		return "something follows the time";
	*seconds = (int64_t)day * SECONDS_PER_DAY + clock;
	/* An offset can lead out of the calendar. */
	if (day_of(*seconds) < FIRST_DAY || day_of(*seconds) > LAST_DAY)
		return "there is no such date";
	return NULL;
}

const char *
time_parse(struct span s, int64_t *seconds)
{
	const char *slash = s.n > 0 ? memchr(s.p, '/', s.n) : NULL, *why;
	struct span start = s, until;
	int64_t ignored;

	if (s.n == 0)
		return "it is empty";
	if (slash != NULL) {
		start.n = (size_t)(slash - s.p);
		until = (struct span){slash + 1, s.n - start.n - 1};
		if ((why = read_time(until, &ignored)) != NULL)
			return why;
	}
	return read_time(start, seconds);
}

const char *
time_parse_basic(struct span s, int64_t *seconds)
{
	const char *p = s.p, *end = s.p + s.n, *why;
	int64_t clock;
	int32_t day;

	if ((why = read_date(&p, end, false, &day)) != NULL)
		return why;
	if (!literal(&p, end, 'T'))
		return "its date is followed by something else than a time of day";
	if ((why = read_clock(&p, end, false, &clock)) != NULL)
		return why;
	if (!literal(&p, end, 'Z') || p != end)
		return "it does not end in Z";
	*seconds = (int64_t)day * SECONDS_PER_DAY + clock;
	return NULL;
}

int32_t
day_of(int64_t seconds)
{
	int64_t d = seconds / SECONDS_PER_DAY;

	return (int32_t)(seconds % SECONDS_PER_DAY < 0 ? d - 1 : d);
}

/* Year, month or day in n digits; a value beyond them cannot come from our own parsers. */
static char *
put_digits(char *p, int value, int n)
{
	for (int i = n - 1; i >= 0; i--, value /= 10)
		p[i] = (char)('0' + value % 10);
	return p + n;
}

void
day_print(int32_t day, char text[DAY_TEXT])
{
	int y, m, d;
	char *p = text;

	day_split(day, &y, &m, &d);
	p = put_digits(p, y, 4);
	*p++ = '-';
	p = put_digits(p, m, 2);
	*p++ = '-';
	p = put_digits(p, d, 2);
	*p = '\0';
}

void
time_print(int64_t seconds, char text[TIME_TEXT])
{
	int32_t day = day_of(seconds);
	int s = (int)(seconds - (int64_t)day * SECONDS_PER_DAY);
	char *p = text + DAY_TEXT - 1;

	day_print(day, text);
	*p++ = 'T';
	p = put_digits(p, s / 3600, 2);
	*p++ = ':';
	p = put_digits(p, s / 60 % 60, 2);
	*p++ = ':';
	p = put_digits(p, s % 60, 2);
	*p++ = 'Z';
	*p = '\0';
}

void
time_ns_print(const struct timespec *t, char text[TIME_NS_TEXT])
{
	snprintf(text, TIME_NS_TEXT, "%jd.%09ld", (intmax_t)t->tv_sec, t->tv_nsec);
}

const char *
day_parse(struct span s, int32_t *day)
{
	const char *p = s.p, *end = s.p + s.n, *why = read_date(&p, end, true, day);

	return why != NULL ? why : p != end ? "something follows the date" : NULL;
}

bool
day_is_first_of_month(int32_t day)
{
	int y, m, d;

	day_split(day, &y, &m, &d);
	return d == 1;
}

const char *
period_parse(struct span s, int32_t *month)
{
	const char *p = s.p, *end = s.p + s.n;
	int y, m;

	if (!digits(&p, end, 4, &y) || !literal(&p, end, '-') || !digits(&p, end, 2, &m) || p != end)
		return "a billing period is written YYYY-MM";
	if (y < 1 || m < 1 || m > 12)
		return "there is no such month";
	*month = y * 12 + m - 1;
	return NULL;
}

void
period_print(int32_t month, char text[8])
{
	char *p = put_digits(text, month / 12, 4);

	*p++ = '-';
	p = put_digits(p, month % 12 + 1, 2);
	*p = '\0';
}

int32_t
period_of(int64_t seconds)
{
	int y, m, d;

	day_split(day_of(seconds), &y, &m, &d);
	return y * 12 + m - 1;
}
