/* cur-fetch: finds deliveries of cost and usage reports and names their parts. */
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "bring.h"
#include "day.h"
#include "die.h"
#include "handover.h"
#include "mark.h"
#include "opt.h"
#include "parts.h"
#include "sources.h"

static const char usage[] =
    "usage: cur-fetch [--all | --since YYYY-MM | --period YYYY-MM ...] [--export NAME]\n"
    "                 [--state STORE] [-j N] [--spool DIR] [--region REGION]\n"
    "                 [--profile NAME] [--endpoint-url URL] [--progress | --no-progress]\n"
    "                 [-v] [DIRECTORY | MANIFEST | REPORT | s3://BUCKET[/KEY] | EVENT ...]\n"
    "       cur-fetch --help | --version\n";

#define JOBS 4
#define JOBS_MAX 256

struct fetch {
	struct sources sources;
	const char *state;
	struct progress progress;
};

static int32_t
read_period(const char *option)
{
	int32_t month = 0;

	period_parse(span_of(opt_period(option, optarg)), &month);
	return month;
}

static void
add_period(struct choice *c)
{
	c->periods = mem_grow(c->periods, c->n + 1, sizeof *c->periods);
	c->periods[c->n++] = read_period("--period");
}

static void
check_options(const struct fetch *f)
{
	const struct choice *c = &f->sources.choice;
	const char *why;

	if (c->all + c->has_since + (c->n > 0) > 1)
		die_usage("--all, --since and --period exclude each other");
	if (c->export != NULL && (why = mark_bad_export(c->export)) != NULL)
		die_usage("--export: %s", why);
}

enum {
	ALL = 256, SINCE, PERIOD, EXPORT, STATE, SPOOL, REGION, PROFILE, ENDPOINT_URL, PROGRESS, NO_PROGRESS, HELP, VERSION_OF
};

static const struct option options[] = {
	{"all", no_argument, NULL, ALL},
	{"since", required_argument, NULL, SINCE},
	{"period", required_argument, NULL, PERIOD},
	{"export", required_argument, NULL, EXPORT},
	{"state", required_argument, NULL, STATE},
	{"jobs", required_argument, NULL, 'j'},
	{"spool", required_argument, NULL, SPOOL},
	{"region", required_argument, NULL, REGION},
	{"profile", required_argument, NULL, PROFILE},
	{"endpoint-url", required_argument, NULL, ENDPOINT_URL},
	{"verbose", no_argument, NULL, 'v'},
	{"progress", no_argument, NULL, PROGRESS},
	{"no-progress", no_argument, NULL, NO_PROGRESS},
	{"help", no_argument, NULL, HELP},
	{"version", no_argument, NULL, VERSION_OF},
	{0},
};

static void
take_option(struct fetch *f, int opt)
{
	struct choice *c = &f->sources.choice;
	struct remote *r = &f->sources.remote;

	switch (opt) {
	case ALL: c->all = true; break;
	case SINCE: c->since = read_period("--since"); c->has_since = true; break;
	case PERIOD: add_period(c); break;
	case EXPORT: c->export = optarg; break;
	case STATE: f->state = optarg; break;
	case 'j': r->jobs = (int)opt_count("-j", optarg, 1, JOBS_MAX); break;
	case SPOOL: r->spool = optarg; break;
	case REGION: r->options.region = optarg; break;
	case PROFILE: r->options.profile = optarg; break;
	case ENDPOINT_URL: r->options.endpoint_url = optarg; break;
	case 'v': f->progress.verbose = true; break;
	case PROGRESS: f->progress.when = PROGRESS_ON; break;
	case NO_PROGRESS: f->progress.when = PROGRESS_OFF; break;
	case HELP: die_help();
	case VERSION_OF: die_version();
	default: die_usage(NULL);
	}
}

static void
read_options(struct fetch *f, int argc, char *argv[])
{
	int opt;

	f->sources.remote.jobs = JOBS;
	while ((opt = getopt_long(argc, argv, "j:v", options, NULL)) != -1)
		take_option(f, opt);
	check_options(f);
}

static void
read_state(struct fetch *f)
{
	struct store_options o = {.aws = f->sources.remote.options};

	if (f->state != NULL)
		f->sources.choice.known = known_open(f->state, &o);
}

static void
take_operands(struct sources *s, int argc, char *argv[])
{
	if (optind == argc) {
		if (isatty(STDIN_FILENO))
			die_usage("no operand, and stdin is a terminal");
		sources_lines(s);
	}
	for (int i = optind; i < argc; i++)
		sources_take(s, argv[i], "the event");
	if (s->n == 0)
		die(EX_NOINPUT, "stdin names nothing to fetch");
}

/* Leaves what is to be brought. */
static void
choose_finds(struct fetch *f)
{
	struct finds *all = &f->sources.finds;
	size_t n = all->n;

	if (n == 0)
		return;
	choose_names(all, &f->sources.choice);
	choose(all, &f->sources.choice);
	if (all->n == 0 && f->progress.verbose)
		warn("nothing new: %s has the newest version of every billing period", f->state);
}

int
main(int argc, char *argv[])
{
	struct fetch f = {0};
	struct sources *s = &f.sources;
	struct handed total = {0};

	die_begin("cur-fetch", usage);
	read_options(&f, argc, argv);
	read_state(&f);
	take_operands(s, argc, argv);
	choose_finds(&f);
	for (size_t i = 0; i < s->finds.n; i++) {
		const struct found *d = &s->finds.all[i];

		if (d->bucket != NULL)
			bring(d, &s->remote, &total, &f.progress);
		else
			handover(d, &total, &f.progress);
	}
	parts_last();
	mark_write_eos(s->finds.n);
	progress_end(&f.progress, "parts", total.parts, total.bytes);
	parts_end();
	sources_free(s);
	return 0;
}
