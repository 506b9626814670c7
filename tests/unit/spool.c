/* The spool gives back what was put in. */
#include "spool.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* A repeatable mixture of short, empty and long items. */
static size_t
size_of(uint32_t i)
{
	return i % 97 == 0 ? 300000 : i % 13 == 0 ? 0 : i * 2654435761U % 700;
}

static void
test_round(struct spool *s, uint32_t n)
{
	char *text = mem_new(300000);
	bool same = true;
	uint32_t got = 0;
	struct span item;
	int32_t day;

	for (uint32_t i = 0; i < n; i++) {
		memset(text, (int)('a' + i % 26), size_of(i));
		spool_add(s, (int32_t)i - 5, (struct span){text, size_of(i)});
	}
	spool_rewind(s);
	while (spool_next(s, &day, &item)) {
		memset(text, (int)('a' + got % 26), size_of(got));
		same = same && day == (int32_t)got - 5 && span_eq(item, (struct span){text, size_of(got)});
		got++;
	}
	ok(same && got == n, "%u items come back as they went in", n);
	spool_reset(s);
	free(text);
}

int
main(void)
{
	struct spool *s = spool_new();

	test_round(s, 0);
	test_round(s, 1);
	test_round(s, 5000);
	test_round(s, 3);
	spool_free(s);
	return tap_end();
}
