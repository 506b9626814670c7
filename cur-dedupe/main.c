/* cur-dedupe: lets through what the state has not seen, by date. */
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "filter.h"
#include "opt.h"
#include "out.h"
#include "progress.h"
#include "show.h"

static const char usage[] =
    "usage: cur-dedupe --state STORE [--by day | time] [--lookback DAYS] [--all]\n"
    "                  [--on-schema-change continue | error | reconcile] [--filtered]\n"
    "                  [--bare] [--export NAME] [--period YYYY-MM]\n"
    "                  [--region REGION] [--profile NAME] [--endpoint-url URL]\n"
    "                  [--expected-bucket-owner ID]\n"
    "                  [--progress | --no-progress] [-v]\n"
    "       cur-dedupe --state STORE --show [--export NAME] [--period YYYY-MM]\n"
    "       cur-dedupe --help | --version\n";

struct run {
	struct filter_options options;
	struct marks marks;
	struct progress progress;
	struct store_options store;
	const char *state;
	bool show, bare;
};

enum {
	OPT_STATE = 256, OPT_BY, OPT_LOOKBACK, OPT_ALL, OPT_SCHEMA, OPT_FILTERED, OPT_BARE, OPT_EXPORT, OPT_PERIOD,
	OPT_SHOW, OPT_PROGRESS, OPT_NO_PROGRESS, OPT_HELP, OPT_VERSION
};

static const struct option longs[] = {
	{"state", required_argument, NULL, OPT_STATE},
	{"by", required_argument, NULL, OPT_BY},
	{"lookback", required_argument, NULL, OPT_LOOKBACK},
	{"all", no_argument, NULL, OPT_ALL},
	{"on-schema-change", required_argument, NULL, OPT_SCHEMA},
	{"filtered", no_argument, NULL, OPT_FILTERED},
	{"bare", no_argument, NULL, OPT_BARE},
	{"export", required_argument, NULL, OPT_EXPORT},
	{"period", required_argument, NULL, OPT_PERIOD},
	{"show", no_argument, NULL, OPT_SHOW},
	{"progress", no_argument, NULL, OPT_PROGRESS},
	{"no-progress", no_argument, NULL, OPT_NO_PROGRESS},
	{"verbose", no_argument, NULL, 'v'},
	STORE_OPTIONS,
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{0},
};

static enum by
by_of(const char *text)
{
	if (strcmp(text, "day") == 0)
		return BY_DAY;
	if (strcmp(text, "time") == 0)
		return BY_TIME;
	die_usage("--by is day or time, not %s", text);
}

static enum on_schema_change
schema_of(const char *text)
{
	if (strcmp(text, "continue") == 0)
		return SCHEMA_CONTINUE;
	if (strcmp(text, "error") == 0)
		return SCHEMA_ERROR;
	if (strcmp(text, "reconcile") == 0)
		return SCHEMA_RECONCILE;
	die_usage("--on-schema-change is continue, error or reconcile, not %s", text);
}

static void
take_option(struct run *r, int opt)
{
	switch (opt) {
	case OPT_STATE: r->state = optarg; break;
	case OPT_BY: r->options.by = by_of(optarg); break;
	case OPT_LOOKBACK: r->options.lookback_days = (int)opt_count("--lookback", optarg, 0, 3660); break;
	case OPT_ALL: r->options.all = true; break;
	case OPT_SCHEMA: r->options.schema = schema_of(optarg); break;
	case OPT_FILTERED: r->marks.filtered = true; break;
	case OPT_BARE: r->bare = true; break;
	case OPT_EXPORT: r->marks.export = optarg; break;
	case OPT_PERIOD: r->marks.period = opt_period("--period", optarg); break;
	case OPT_SHOW: r->show = true; break;
	case OPT_PROGRESS: r->progress.when = PROGRESS_ON; break;
	case OPT_NO_PROGRESS: r->progress.when = PROGRESS_OFF; break;
	case 'v': r->progress.verbose = true; break;
	case OPT_HELP: die_help();
	case OPT_VERSION: die_version();
	default:
		if (!store_option(&r->store, opt, optarg))
			die_usage(NULL);
	}
}

static void
check_options(const struct run *r, int operands)
{
	if (operands > 0)
		die_usage("cur-dedupe takes no operands: it reads a stream on stdin");
	if (r->state == NULL)
		die_usage("--state STORE is missing");
	if (r->bare && (r->marks.export == NULL || r->marks.period == NULL))
		die_usage("--bare needs --export and --period");
	if (r->options.lookback_days > 0 && r->options.by != BY_TIME)
		die_usage("--lookback goes with --by time");
	if (!r->show && isatty(STDIN_FILENO))
		die_usage("stdin is a terminal: pipe cur-parse into it");
}

static void
dedupe(struct run *r, struct store *store, struct in *in)
{
	struct filter f = {.options = &r->options};
	enum mark_kind kind;
	uint64_t items = 0;

	while ((kind = marks_next(&r->marks)) != MARK_EOS) {
		switch (kind) {
		case MARK_BEGIN:
			filter_begin(&f, store, &r->marks);
			break;
		case MARK_ITEM:
			filter_item(&f, &r->marks);
			progress_tick(&r->progress, "items", ++items, in->bytes);
			break;
		default:
			filter_end(&f, &r->marks);
			if (r->progress.verbose)
				warn("%s: %ju of %ju items pass", marks_name(&r->marks), (uintmax_t)f.passed, (uintmax_t)f.seen);
		}
	}
	progress_end(&r->progress, "items", items, in->bytes);
	mark_write_eos(r->marks.deliveries);
	filter_free(&f);
}

int
main(int argc, char **argv)
{
	struct run r = {.marks = {.reads = MARKS_ITEMS}};
	struct store *store;
	struct in in;
	int opt;

	die_begin("cur-dedupe", usage);
	while ((opt = getopt_long(argc, argv, "v", longs, NULL)) != -1)
		take_option(&r, opt);
	check_options(&r, argc - optind);
	store = store_open(r.state, &r.store);
	if (r.show) {
		show(store, r.marks.export, r.marks.period);
		out_end();
	} else {
		in_begin(&in, STDIN_FILENO, "stdin");
		r.marks.in = &in;
		r.marks.bare_ok = r.bare;
		dedupe(&r, store, &in);
		marks_free(&r.marks);
		in_free(&in);
	}
	store_close(store);
	return 0;
}
