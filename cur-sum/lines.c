/* The groups as NDJSON. */
#include "lines.h"

#include "out.h"

static void
add_name(struct buf *line, const char *name)
{
	buf_byte(line, line->n == 0 ? '{' : ',');
	buf_json(line, span_of(name));
	buf_byte(line, ':');
}

/* Takes the next text of the key as the member `name`. */
static void
add_text(struct buf *line, const char *name, struct span *key, struct buf *tmp)
{
	add_name(line, name);
	if (key_take(key, tmp))
		buf_json(line, buf_span(tmp));
	else
		buf_str(line, "null");
}

static void
add_sum(struct buf *line, const char *name, struct money *sum)
{
	add_name(line, name);
	buf_byte(line, '"');
	money_print(sum, line);
	buf_byte(line, '"');
}

void
lines_print(const struct query *q, struct groups *g)
{
	struct buf line = {0}, tmp = {0};

	for (size_t i = 0; i < g->n; i++) {
		struct group *group = &g->list[i];
		struct span key = group->key;

		buf_reset(&line);
		for (size_t k = 0; k < q->by.n; k++)
			add_text(&line, q->by.list[k].text, &key, &tmp);
		add_text(&line, "currency", &key, &tmp);
		add_name(&line, "items");
		buf_fmt(&line, "%ju", (uintmax_t)group->items);
		for (size_t k = 0; k < q->of.n; k++)
			add_sum(&line, q->of.list[k].text, &group->sums[k]);
		buf_byte(&line, '}');
		out_line(buf_span(&line));
	}
	buf_free(&line);
	buf_free(&tmp);
}
