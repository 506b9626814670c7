/* Exact decimal addition. */
#include "money.h"

#include <stdlib.h>
#include <string.h>

#define LIMB_DIGITS 9
#define LIMB ((int64_t)1000000000)
#define CHUNK_DIGITS 18
/* Two sums at rest, added, stay below 2^33 * 10^9, and that below 2^63. */
#define LOAD_MAX ((uint64_t)1 << 32)
#define EXPONENT_MAX ((int64_t)1 << 40)

static const int64_t power_of_ten[LIMB_DIGITS] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
};

/* Where a place, as in 10^place, stands among limbs: rounded down. */
static int
limb_of(int place)
{
	return place >= 0 ? place / LIMB_DIGITS : -((LIMB_DIGITS - 1 - place) / LIMB_DIGITS);
}

/* Makes limbs from low to high, both included, without losing any. */
static void
reach(struct money *m, int low, int high)
{
	int n;

	if (m->n > 0 && low >= m->low && high < m->low + m->n)
		return;
	if (m->n > 0) {
		low = low < m->low ? low : m->low;
		high = high > m->low + m->n - 1 ? high : m->low + m->n - 1;
	} else {
		m->low = low;
	}
	n = high - low + 1;
	m->limb = mem_grow(m->limb, (size_t)n, sizeof *m->limb);
	memmove(m->limb + (m->low - low), m->limb, (size_t)m->n * sizeof *m->limb);
	memset(m->limb, 0, (size_t)(m->low - low) * sizeof *m->limb);
	memset(m->limb + (m->low - low) + m->n, 0, (size_t)(n - (m->low - low) - m->n) * sizeof *m->limb);
	m->low = low;
	m->n = n;
}

/* Brings every limb between -LIMB and LIMB. */
static void
carry(struct money *m)
{
	int64_t over = 0;

	for (int i = 0; i < m->n; i++) {
		m->limb[i] += over;
		over = m->limb[i] / LIMB;
		m->limb[i] %= LIMB;
		if (over != 0 && i == m->n - 1)
			reach(m, m->low, m->low + m->n);
	}
	m->load = m->n > 0;
}

static void
loaded(struct money *m, uint64_t by)
{
	m->load += by;
	if (m->load > LOAD_MAX)
		carry(m);
}

/* Where the parts of a number stand in its text. */
struct number {
	bool negative;
	const char *point;           /* the point, or where it would be */
	const char *first, *last;    /* digits other than 0; NULL if there is none */
	int64_t exponent;
};

static bool
is_digit(const char *p, const char *end)
{
	return p < end && *p >= '0' && *p <= '9';
}

/* What follows the digits at p. */
static const char *
take_digits(struct number *x, const char *p, const char *end)
{
	for (; is_digit(p, end); p++) {
		if (*p == '0')
			continue;
		if (x->first == NULL)
			x->first = p;
		x->last = p;
	}
	return p;
}

/* What follows the exponent after the 'e', NULL if it is none.  A huge one stays huge. */
static const char *
take_exponent(struct number *x, const char *p, const char *end)
{
	bool negative = p < end && *p == '-';

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	if (!is_digit(p, end))
		return NULL;
	for (; is_digit(p, end); p++)
		if (x->exponent < EXPONENT_MAX)
			x->exponent = x->exponent * 10 + (*p - '0');
	if (negative)
		x->exponent = -x->exponent;
	return p;
}

static const char *
number_parse(struct span text, struct number *x)
{
	static const char none[] = "it is no decimal number";
	const char *p = text.p, *end;

	if (text.n == 0)
		return none;
	end = p + text.n;
	*x = (struct number){.negative = *p == '-'};
	if (*p == '-' || *p == '+')
		p++;
	if (!is_digit(p, end) && (p == end || *p != '.'))
		return none;
	p = x->point = take_digits(x, p, end);
	if (p < end && *p == '.') {
		if (!is_digit(p + 1, end))
			return none;
		p = take_digits(x, p + 1, end);
	}
	if (p < end && (*p == 'e' || *p == 'E'))
		p = take_exponent(x, p + 1, end);
	return p == end ? NULL : none;
}

/* The place of a digit, as in 10^place. */
static int64_t
place_of(const struct number *x, const char *digit)
{
	return x->point - digit - (digit < x->point) + x->exponent;
}

/* Adds v * 10^place; v is below 10^18.  The limbs are there. */
static void
add_chunk(struct money *m, int64_t v, int place, bool negative)
{
	int at = limb_of(place);
	int64_t power = power_of_ten[place - at * LIMB_DIGITS];
	int64_t low = v % LIMB * power, high = v / LIMB * power;
	int64_t part[3] = {low % LIMB, low / LIMB + high % LIMB, high / LIMB};

	for (int i = 0; i < 3; i++)
		if (part[i] != 0)
			m->limb[at + i - m->low] += negative ? -part[i] : part[i];
}

const char *
money_add(struct money *m, struct span text)
{
	struct number x;
	const char *why = number_parse(text, &x);
	int64_t v = 0;
	int digits = 0;

	if (why != NULL || x.first == NULL)
		return why;
	if (place_of(&x, x.first) > MONEY_MAX_PLACE || place_of(&x, x.last) < -MONEY_MAX_PLACE)
		return "it is a number beyond 1000 digits";
	reach(m, limb_of((int)place_of(&x, x.last)), limb_of((int)place_of(&x, x.first)));
	for (const char *p = x.first; p <= x.last; p++) {
		if (*p == '.')
			continue;
		v = v * 10 + (*p - '0');
		if (++digits == CHUNK_DIGITS || p == x.last) {
			add_chunk(m, v, (int)place_of(&x, p), x.negative);
			v = digits = 0;
		}
	}
	loaded(m, 1);
	return NULL;
}

void
money_sum(struct money *to, const struct money *from)
{
	if (from->n == 0)
		return;
	reach(to, from->low, from->low + from->n - 1);
	for (int i = 0; i < from->n; i++)
		to->limb[from->low - to->low + i] += from->limb[i];
	loaded(to, from->load);
}

/* The highest limb that is not 0, or -1. */
static int
top(const struct money *m)
{
	int i = m->n - 1;

	while (i >= 0 && m->limb[i] == 0)
		i--;
	return i;
}

/* Carries, and gives all limbs the sign of the highest: the digits can then be read off. */
static void
settle(struct money *m)
{
	int last, sign;

	carry(m);
	last = top(m);
	sign = last < 0 || m->limb[last] > 0 ? 1 : -1;
	for (int i = 0; i < last; i++)
		if (m->limb[i] * sign < 0) {
			m->limb[i] += sign * LIMB;
			m->limb[i + 1] -= sign;
		}
}

int
money_sign(struct money *m)
{
	int i;

	carry(m);
	i = top(m);
	return i < 0 ? 0 : m->limb[i] > 0 ? 1 : -1;
}

/* The limb that counts 10^(9 * at), without its sign.  m is settled. */
static int64_t
limb_at(const struct money *m, int at)
{
	return m->n == 0 || at < m->low || at >= m->low + m->n ? 0 : llabs(m->limb[at - m->low]);
}

void
money_print(struct money *m, struct buf *to)
{
	int high, at;

	settle(m);
	if ((high = top(m)) < 0) {
		buf_byte(to, '0');
		return;
	}
	if (m->limb[high] < 0)
		buf_byte(to, '-');
	high += m->low;
	at = high > 0 ? high : 0;
	buf_fmt(to, "%jd", (intmax_t)limb_at(m, at));
	while (--at >= 0)
		buf_fmt(to, "%09jd", (intmax_t)limb_at(m, at));
	if (m->low >= 0)
		return;
	buf_byte(to, '.');
	for (; at >= m->low; at--)
		buf_fmt(to, "%09jd", (intmax_t)limb_at(m, at));
	while (to->p[to->n - 1] == '0')
		to->n--;
	if (to->p[to->n - 1] == '.')
		to->n--;
}

int
money_cmp_size(struct money *a, struct money *b)
{
	int ha, hb, high, low = a->low < b->low ? a->low : b->low;

	settle(a);
	settle(b);
	ha = top(a) + a->low;
	hb = top(b) + b->low;
	high = ha > hb ? ha : hb;
	for (int at = high; at >= low; at--) {
		int64_t d = limb_at(a, at) - limb_at(b, at);

		if (d != 0)
			return d > 0 ? 1 : -1;
	}
	return 0;
}

int
money_cmp(struct money *a, struct money *b)
{
	int sa = money_sign(a), sb = money_sign(b);

	return sa != sb ? (sa > sb) - (sa < sb) : sa * money_cmp_size(a, b);
}

/* Adds |from| * by.  from is settled. */
static void
add_times(struct money *to, const struct money *from, int64_t by)
{
	if (from->n == 0)
		return;
	reach(to, from->low, from->low + from->n - 1);
	for (int i = 0; i < from->n; i++)
		to->limb[from->low - to->low + i] += llabs(from->limb[i]) * by;
	loaded(to, (uint64_t)llabs(by));
}

int
money_bar(struct money *m, struct money *max, int width)
{
	struct money rest = {0};
	int from = 0, to = money_sign(max) == 0 ? 0 : width;

	settle(m);
	settle(max);
	/* The greatest k with (k - 1/2) |max| <= width |m|. */
	while (from < to) {
		int k = from + (to - from + 1) / 2;

		money_reset(&rest);
		add_times(&rest, m, 2 * (int64_t)width);
		add_times(&rest, max, 1 - 2 * (int64_t)k);
		if (money_sign(&rest) >= 0)
			from = k;
		else
			to = k - 1;
	}
	money_free(&rest);
	return from;
}

void
money_reset(struct money *m)
{
	if (m->n > 0)
		memset(m->limb, 0, (size_t)m->n * sizeof *m->limb);
	m->load = 0;
}

void
money_free(struct money *m)
{
	free(m->limb);
	*m = (struct money){0};
}
