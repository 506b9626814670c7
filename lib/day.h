/*
 * The timestamps that CUR uses, and days.
 *
 * A time is seconds since 1970-01-01T00:00:00Z, a day is days since then; both
 * in the proleptic Gregorian calendar, years 0001 to 9999, no leap seconds.
 */
#ifndef DAY_H
#define DAY_H

#include <time.h>

#include "buf.h"

#define DAY_TEXT 11    /* YYYY-MM-DD and NUL */
#define TIME_TEXT 21   /* YYYY-MM-DDTHH:MM:SSZ and NUL */

/*
 * A time as reports spell it: YYYY-MM-DD, then T or a space, HH:MM:SS, an
 * optional fraction (dropped) and nothing, Z or an offset such as +00:00.  A
 * date alone is its first second.  An interval "start/end" is two times, of
 * which the start is returned.  NULL, or why it is none.
 * Source: AWS Data Exports user guide, "Identity columns"; the spellings with
 * a space are seen in imitations.
 */
const char *time_parse(struct span s, int64_t *seconds);
/* The basic form of manifests and versions: YYYYMMDDTHHMMSS, an optional fraction, Z. */
const char *time_parse_basic(struct span s, int64_t *seconds);
void time_print(int64_t seconds, char text[TIME_TEXT]);
/* A file's time as a part mark has it: seconds since the epoch, a point and nine digits. */
#define TIME_NS_TEXT 32
void time_ns_print(const struct timespec *t, char text[TIME_NS_TEXT]);

int32_t day_of(int64_t seconds);
void day_print(int32_t day, char text[DAY_TEXT]);
/* YYYY-MM-DD and nothing else. */
const char *day_parse(struct span s, int32_t *day);
bool day_is_first_of_month(int32_t day);

/* A billing period, YYYY-MM, as months since year 0. */
const char *period_parse(struct span s, int32_t *month);
void period_print(int32_t month, char text[8]);
int32_t period_of(int64_t seconds);

#endif
