/* What the objects of a store are called. */
#include "names.h"

#include <string.h>

#include "day.h"

#define ENDING ".ndjson.gz"

void
name_prefix(struct buf *b, const char *export, const char *period)
{
	buf_fmt(b, "export=%s/billing_period=%s/", export, period);
}

void
name_in_day(struct buf *b, int32_t day, const char *name)
{
	char text[DAY_TEXT];

	day_print(day, text);
	buf_fmt(b, "day=%s/%s", text, name);
}

void
name_chunk(struct buf *b, size_t i, size_t n, uint64_t generation, struct digest hash)
{
	char text[DIGEST_TEXT];

	digest_print(hash, text);
	buf_fmt(b, "%zu-of-%zu-%ju-%s" ENDING, i, n, (uintmax_t)generation, text);
}

void
name_temporary(struct buf *b, uint64_t generation, int32_t day, size_t i, uint64_t random)
{
	char text[DAY_TEXT];

	day_print(day, text);
	buf_fmt(b, ".%ju-%s-%zu-%016jx.tmp", (uintmax_t)generation, text, i, (uintmax_t)random);
}

static bool
number(const char **p, uint64_t *v)
{
	const char *from = *p;

	*v = 0;
	for (; **p >= '0' && **p <= '9'; (*p)++) {
		if (*v > (UINT64_MAX - 9) / 10)
			return false;
		*v = *v * 10 + (uint64_t)(**p - '0');
	}
	return *p > from;
}

static bool
literal(const char **p, const char *text)
{
	size_t n = strlen(text);

	if (strncmp(*p, text, n) != 0)
		return false;
	*p += n;
	return true;
}

struct parsed {
	uint64_t i, n, generation;
	const char *hash;
};

static bool
parse_chunk(const char *p, struct parsed *c)
{
	if (!number(&p, &c->i) || !literal(&p, "-of-") || !number(&p, &c->n) || !literal(&p, "-") ||
	    !number(&p, &c->generation) || !literal(&p, "-"))
		return false;
	c->hash = p;
	return strspn(p, "0123456789abcdef") == DIGEST_TEXT - 1 && strcmp(p + DIGEST_TEXT - 1, ENDING) == 0;
}

bool
name_hash(const char *name, struct digest *hash)
{
	struct parsed c;
	char text[DIGEST_TEXT];

	if (!parse_chunk(name, &c))
		return false;
	memcpy(text, c.hash, DIGEST_TEXT - 1);
	text[DIGEST_TEXT - 1] = '\0';
	return digest_parse(text, hash);
}

bool
name_is_chunk(const char *name, size_t i, size_t n)
{
	struct parsed c;

	return parse_chunk(name, &c) && c.i == i && c.n == n;
}

bool
name_same_chunk(const char *a, const char *b)
{
	struct parsed x, y;

	return parse_chunk(a, &x) && parse_chunk(b, &y) && x.i == y.i && x.n == y.n &&
	       strcmp(x.hash, y.hash) == 0;
}

uint64_t
name_generation(const char *key)
{
	const char *slash = strrchr(key, '/'), *name = slash != NULL ? slash + 1 : key;
	size_t n = strlen(name);
	struct parsed c;
	uint64_t generation;

	if (parse_chunk(name, &c))
		return c.generation;
	if (n > 4 && strcmp(name + n - 4, ".tmp") == 0 && literal(&name, ".") && number(&name, &generation) &&
	    *name == '-')
		return generation;
	return 0;
}
