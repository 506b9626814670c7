/* What a delivery has, by day: the number of items and their digest. */
#include "tally.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "die.h"

struct digest
digest_of(struct span bytes)
{
	XXH128_hash_t h = XXH3_128bits(bytes.p, bytes.n);

	return (struct digest){h.high64, h.low64};
}

struct digest_stream {
	XXH3_state_t *xxh;
};

struct digest_stream *
digest_stream_new(void)
{
	struct digest_stream *d = mem_new(sizeof *d);

	d->xxh = XXH3_createState();
	if (d->xxh == NULL)
		die(EX_OSERR, "no memory for a digest");
	XXH3_128bits_reset(d->xxh);
	return d;
}

void
digest_stream_add(struct digest_stream *d, struct span bytes)
{
	XXH3_128bits_update(d->xxh, bytes.p, bytes.n);
}

struct digest
digest_stream_end(struct digest_stream *d)
{
	XXH128_hash_t h = XXH3_128bits_digest(d->xxh);

	XXH3_128bits_reset(d->xxh);
	return (struct digest){h.high64, h.low64};
}

void
digest_stream_free(struct digest_stream *d)
{
	if (d == NULL)
		return;
	XXH3_freeState(d->xxh);
	free(d);
}

struct digest
digest_sum(struct digest a, struct digest b)
{
	struct digest s = {a.high + b.high, a.low + b.low};

	if (s.low < a.low)
		s.high++;
	return s;
}

bool
digest_eq(struct digest a, struct digest b)
{
	return a.high == b.high && a.low == b.low;
}

void
digest_print(struct digest d, char text[DIGEST_TEXT])
{
	static const char hex[] = "0123456789abcdef";

	for (int i = 0; i < 16; i++) {
		text[i] = hex[d.high >> (60 - 4 * i) & 15];
		text[16 + i] = hex[d.low >> (60 - 4 * i) & 15];
	}
	text[32] = '\0';
}

static bool
hex64(const char *p, uint64_t *v)
{
	*v = 0;
	for (int i = 0; i < 16; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			*v = *v << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*v = *v << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	return true;
}

bool
digest_parse(const char *text, struct digest *d)
{
	return strlen(text) == 32 && hex64(text, &d->high) && hex64(text + 16, &d->low);
}

/* Where the day is or belongs. */
static size_t
place(const struct tally *t, int32_t day)
{
	size_t from = 0, to = t->n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (t->days[mid].day < day)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

struct tally_day *
tally_find(struct tally *t, int32_t day)
{
	size_t i;

	if (t->last < t->n && t->days[t->last].day == day)
		return &t->days[t->last];
	i = place(t, day);
	if (i == t->n || t->days[i].day != day)
		return NULL;
	t->last = i;
	return &t->days[i];
}

struct tally_day *
tally_day(struct tally *t, int32_t day)
{
	struct tally_day *d = tally_find(t, day);
	size_t i;

	if (d != NULL)
		return d;
	i = place(t, day);
	if (t->n == t->cap) {
		t->cap = t->cap * 2 + 32;
		t->days = mem_grow(t->days, t->cap, sizeof *t->days);
	}
	memmove(&t->days[i + 1], &t->days[i], (t->n - i) * sizeof *t->days);
	t->days[i] = (struct tally_day){.day = day};
	t->n++;
	t->last = i;
	return &t->days[i];
}

void
tally_add(struct tally *t, int32_t day, struct span item)
{
	struct tally_day *d = tally_day(t, day);

	d->items++;
	d->digest = digest_sum(d->digest, digest_of(item));
}

void
tally_reset(struct tally *t)
{
	t->n = t->last = 0;
}

void
tally_free(struct tally *t)
{
	free(t->days);
	*t = (struct tally){0};
}
