/* What options say: counts, sizes, billing periods. */
#include "opt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "day.h"
#include "die.h"

/* The number at the start of text, and what follows it. */
static uint64_t
number(const char *option, const char *text, char **end)
{
	uintmax_t n;

	errno = 0;
	n = strtoumax(text, end, 10);
	if (*text < '0' || *text > '9' || errno != 0)
		die_usage("%s: %s is no number", option, text);
	return n;
}

static uint64_t
check(const char *option, uint64_t n, uint64_t least, uint64_t most)
{
	if (n < least || n > most)
		die_usage("%s is from %ju to %ju", option, (uintmax_t)least, (uintmax_t)most);
	return n;
}

uint64_t
opt_count(const char *option, const char *text, uint64_t least, uint64_t most)
{
	char *end;
	uint64_t n = number(option, text, &end);

	if (*end != '\0')
		die_usage("%s: %s is no number", option, text);
	return check(option, n, least, most);
}

uint64_t
opt_size(const char *option, const char *text, uint64_t least, uint64_t most)
{
	static const char units[] = "KMGT";
	char *end;
	uint64_t n = number(option, text, &end);
	const char *unit = *end != '\0' ? strchr(units, *end) : NULL;
	int shift = unit != NULL ? 10 * (int)(unit - units + 1) : 0;

	if ((*end != '\0' && unit == NULL) || (unit != NULL && end[1] != '\0'))
		die_usage("%s: %s is no size; write bytes, or 64M", option, text);
	return check(option, n > UINT64_MAX >> shift ? UINT64_MAX : n << shift, least, most);
}

const char *
opt_period(const char *option, const char *text)
{
	int32_t month;
	const char *why = period_parse(span_of(text), &month);

	if (why != NULL)
		die_usage("%s %s: %s", option, text, why);
	return text;
}
