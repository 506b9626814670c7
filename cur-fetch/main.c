/* cur-fetch: finds deliveries of cost and usage reports and names their parts. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "choose.h"
#include "day.h"
#include "die.h"
#include "disk.h"
#include "event.h"
#include "find.h"
#include "handover.h"
#include "in.h"
#include "mark.h"
#include "opt.h"
#include "progress.h"

static const char usage[] =
    "usage: cur-fetch [--all | --since YYYY-MM | --period YYYY-MM ...] [--export NAME]\n"
    "                 [--progress | --no-progress] [-v]\n"
    "                 [DIRECTORY | MANIFEST | REPORT | EVENT ...]\n"
    "       cur-fetch --help | --version\n";

#define NO_S3 "s3:// sources are not in this version; copy the report to a directory first"

struct fetch {
	struct choice choice;
	const char *export;
	struct progress progress;
	struct finds finds;
	size_t operands, skipped;    /* skipped: events with nothing to fetch */
};

static void
take_object(struct fetch *f, const struct event *e, const char *where)
{
	struct buf key = {0};

	if (e->skip == NULL && layout_manifest_key(span_of(e->key), &key))
		die(EX_UNAVAILABLE, "%s: s3://%s/%s: " NO_S3, where, e->bucket, buf_text(&key));
	if (e->skip != NULL)
		warn("skipped: %s: %s", where, e->skip);
	else
		warn("skipped: %s: s3://%s/%s is no manifest of a report", where, e->bucket, e->key);
	f->skipped++;
	buf_free(&key);
}

static void
take_event(struct fetch *f, struct span bytes, const char *where)
{
	struct events es;
	const char *why = events_parse(&es, bytes);

	if (why != NULL)
		die(EX_DATAERR, "%s: no event that can be read: %s", where, why);
	for (size_t i = 0; i < es.n; i++)
		take_object(f, &es.all[i], where);
	if (es.n == 0) {
		warn("skipped: %s: an event without records", where);
		f->skipped++;
	}
	events_free(&es);
}

/* A manifest or an event, whatever its name; or by its name a manifest, however broken. */
static void
take_json(struct fetch *f, const char *path)
{
	struct buf bytes = {0};

	disk_read(path, MANIFEST_MAX_BYTES, &bytes);
	if (event_is(buf_span(&bytes)))
		take_event(f, buf_span(&bytes), path);
	else
		find_manifest(&f->finds, path);
	buf_free(&bytes);
}

static bool
ends_in_json(const char *path)
{
	size_t n = strlen(path);

	return n >= 5 && strcmp(path + n - 5, ".json") == 0;
}

/* An operand, or a line of stdin; `where` names it if it is an event. */
static void
take(struct fetch *f, const char *operand, const char *where)
{
	struct stat st;

	f->operands++;
	if (*operand == '{')
		take_event(f, span_of(operand), where);
	else if (strncmp(operand, "s3://", 5) == 0)
		die(EX_UNAVAILABLE, "%s: " NO_S3, operand);
	else if (stat(operand, &st) != 0)
		die(disk_status(), "%s:", operand);
	else if (S_ISDIR(st.st_mode))
		find_folder(&f->finds, operand);
	else if (disk_is_json(operand) || ends_in_json(operand))
		take_json(f, operand);
	else
		find_report(&f->finds, operand);
}

static void
take_lines(struct fetch *f)
{
	struct in in;
	char where[48];

	in_begin(&in, STDIN_FILENO, "stdin");
	while (in_line(&in)) {
		char *line;

		if (in.line.n == 0)
			continue;
		snprintf(where, sizeof where, "stdin: line %ju", (uintmax_t)in.number);
		if (memchr(in.line.p, '\0', in.line.n) != NULL)
			die(EX_DATAERR, "%s: neither a path nor an event: it has a NUL", where);
		line = mem_text(in.line);
		take(f, line, where);
		free(line);
	}
	in_free(&in);
}

static int32_t
read_period(const char *option)
{
	int32_t month = 0;

	period_parse(span_of(opt_period(option, optarg)), &month);
	return month;
}

static void
check_options(const struct fetch *f)
{
	const struct choice *c = &f->choice;
	const char *why;

	if (c->all + c->has_since + (c->n > 0) > 1)
		die_usage("--all, --since and --period exclude each other");
	if (f->export != NULL && (why = mark_bad_export(f->export)) != NULL)
		die_usage("--export: %s", why);
}

static void
read_options(struct fetch *f, int argc, char *argv[])
{
	enum { ALL = 256, SINCE, PERIOD, EXPORT, PROGRESS, NO_PROGRESS, HELP, VERSION_OF };
	static const struct option options[] = {
	    {"all", no_argument, NULL, ALL},
	    {"since", required_argument, NULL, SINCE},
	    {"period", required_argument, NULL, PERIOD},
	    {"export", required_argument, NULL, EXPORT},
	    {"verbose", no_argument, NULL, 'v'},
	    {"progress", no_argument, NULL, PROGRESS},
	    {"no-progress", no_argument, NULL, NO_PROGRESS},
	    {"help", no_argument, NULL, HELP},
	    {"version", no_argument, NULL, VERSION_OF},
	    {0},
	};
	struct choice *c = &f->choice;
	int opt;

	while ((opt = getopt_long(argc, argv, "v", options, NULL)) != -1) {
		switch (opt) {
		case ALL: c->all = true; break;
		case SINCE: c->since = read_period("--since"); c->has_since = true; break;
		case PERIOD:
			c->periods = mem_grow(c->periods, c->n + 1, sizeof *c->periods);
			c->periods[c->n++] = read_period("--period");
			break;
		case EXPORT: f->export = optarg; break;
		case 'v': f->progress.verbose = true; break;
		case PROGRESS: f->progress.when = PROGRESS_ON; break;
		case NO_PROGRESS: f->progress.when = PROGRESS_OFF; break;
		case HELP: die_help();
		case VERSION_OF: die_version();
		default: die_usage(NULL);
		}
	}
	check_options(f);
}

static void
take_operands(struct fetch *f, int argc, char *argv[])
{
	if (optind == argc) {
		if (isatty(STDIN_FILENO))
			die_usage("no operand, and stdin is a terminal");
		take_lines(f);
	}
	for (int i = optind; i < argc; i++)
		take(f, argv[i], "the event");
	if (f->operands == 0)
		die(EX_NOINPUT, "stdin names nothing to fetch");
}

int
main(int argc, char *argv[])
{
	struct fetch f = {0};
	struct handed total = {0};

	die_begin("cur-fetch", usage);
	read_options(&f, argc, argv);
	take_operands(&f, argc, argv);
	if (f.finds.n > 0) {
		choose_names(&f.finds, &f.choice, f.export);
		choose(&f.finds, &f.choice);
	}
	for (size_t i = 0; i < f.finds.n; i++)
		handover(&f.finds.all[i], &total, &f.progress);
	mark_write_eos(f.finds.n);
	progress_end(&f.progress, "parts", total.parts, total.bytes);
	finds_free(&f.finds);
	free(f.choice.periods);
	return 0;
}
