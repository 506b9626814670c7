/* The state, for people. */
#include "show.h"

#include "day.h"
#include "die.h"
#include "mark.h"
#include "out.h"
#include "state.h"

static void
print(const char *name, const char *text)
{
	struct buf b = {0};

	buf_fmt(&b, "%-10s  %s", name, text != NULL ? text : "-");
	out_line(buf_span(&b));
	buf_free(&b);
}

static void
print_count(const char *name, uint64_t count)
{
	char text[24];

	snprintf(text, sizeof text, "%ju", (uintmax_t)count);
	print(name, text);
}

static void
print_day(const struct state *st, const struct tally_day *d)
{
	char day[DAY_TEXT], digest[DIGEST_TEXT];
	struct buf b = {0};

	day_print(d->day, day);
	digest_print(d->digest, digest);
	buf_fmt(&b, "%s  %10ju  %s  %7zu", day, (uintmax_t)d->items, digest,
	    json_array_size(state_objects(st, d->day)));
	out_line(buf_span(&b));
	buf_free(&b);
}

static void
show_one(const struct state *st)
{
	static const char *const names[] = {"export", "period", "version", "delivered", "source", "format", "latest"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		print(names[i], mark_text(st->doc, names[i]));
	print_count("generation", st->generation);
	print_count("columns", json_array_size(json_object_get(st->doc, "columns")));
	out_line(span_of("day              items  digest                            objects"));
	for (size_t i = 0; i < st->days.n; i++)
		print_day(st, &st->days.days[i]);
}

void
show(struct store *s, const char *export, const char *period)
{
	struct state_list list;
	struct state st;

	state_list(&list, s, export, period);
	if (list.n == 0)
		die(EX_NOINPUT, "%s: no state document here%s: it is no store, or an empty one", store_name(s),
		    export != NULL || period != NULL ? " is of that export and period" : "");
	for (size_t i = 0; i < list.n; i++) {
		if (i > 0)
			out_line(span_of(""));
		state_read(&st, s, list.names[i].export, list.names[i].period);
		show_one(&st);
		state_free(&st);
	}
	state_list_free(&list);
}
