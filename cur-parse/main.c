/* cur-parse: parts of reports in, items out. */
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "mark.h"
#include "opt.h"
#include "part.h"

static const char usage[] =
    "usage: cur-parse [--nulls] [--rejects FILE] [--export NAME --period YYYY-MM]\n"
    "                 [--progress | --no-progress] [-v] [FILE ...]\n"
    "       cur-parse --help | --version\n";

struct run {
	struct report report;
	const char *export, *period, *rejects;
	uint64_t deliveries;
};

enum {
	OPT_NULLS = 256, OPT_REJECTS, OPT_EXPORT, OPT_PERIOD, OPT_PROGRESS, OPT_NO_PROGRESS, OPT_HELP, OPT_VERSION
};

static const struct option longs[] = {
	{"nulls", no_argument, NULL, OPT_NULLS},
	{"rejects", required_argument, NULL, OPT_REJECTS},
	{"export", required_argument, NULL, OPT_EXPORT},
	{"period", required_argument, NULL, OPT_PERIOD},
	{"progress", no_argument, NULL, OPT_PROGRESS},
	{"no-progress", no_argument, NULL, OPT_NO_PROGRESS},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{0},
};

static void
take_option(struct run *run, int opt)
{
	switch (opt) {
	case OPT_NULLS: run->report.nulls = true; break;
	case OPT_REJECTS: run->rejects = optarg; break;
	case OPT_EXPORT: run->export = optarg; break;
	case OPT_PERIOD: run->period = opt_period("--period", optarg); break;
	case OPT_PROGRESS: run->report.progress.when = PROGRESS_ON; break;
	case OPT_NO_PROGRESS: run->report.progress.when = PROGRESS_OFF; break;
	case 'v': run->report.progress.verbose = true; break;
	case OPT_HELP: die_help();
	case OPT_VERSION: die_version();
	default: die_usage(NULL);
	}
}

static void
check_options(const struct run *run, int files)
{
	if ((run->export == NULL) != (run->period == NULL))
		die_usage("--export and --period go together");
	if (run->export != NULL && mark_bad_export(run->export) != NULL)
		die_usage("--export: %s", mark_bad_export(run->export));
	if (files == 0 && isatty(STDIN_FILENO))
		die_usage("stdin is a terminal: name a file, or pipe cur-fetch into it");
}

/* `head` is what has been read of stdin already. */
static void
read_file(struct run *run, const char *path, struct span head)
{
	struct stat st;
	int fd;

	if (strcmp(path, "-") == 0) {
		report_part(&run->report, "stdin", STDIN_FILENO, head);
		return;
	}
	fd = part_open(path, &st);
	report_part(&run->report, path, fd, (struct span){"", 0});
	close(fd);
}

static void
read_stream(struct run *run, struct in *in)
{
	struct marks m = {.in = in, .reads = MARKS_PARTS, .export = run->export, .period = run->period};
	enum mark_kind kind;

	while ((kind = marks_next(&m)) != MARK_EOS) {
		if (kind == MARK_BEGIN)
			report_begin(&run->report, m.begin);
		else if (kind == MARK_PART)
			part_marked(&run->report, m.part);
		else
			report_end(&run->report, m.end);
	}
	run->deliveries = m.deliveries;
	marks_free(&m);
}

/* The marks of a delivery that nobody fetched. */
static json_t *
make_begin(const struct run *run, int parts)
{
	return json_pack("{s:s,s:i,s:s?,s:s?,s:n,s:n,s:n,s:i}", "_cur", "begin", "v", 1, "export", run->export, "period",
	    run->period, "version", "delivered", "source", "parts", parts);
}

static json_t *
make_end(const struct run *run, int parts)
{
	return json_pack("{s:s,s:s?,s:s?,s:n,s:i}", "_cur", "end", "export", run->export, "period", run->period,
	    "version", "parts", parts);
}

static void
read_files(struct run *run, const char *const *files, int n, struct span head)
{
	json_t *begin = make_begin(run, n), *end = make_end(run, n);

	report_begin(&run->report, begin);
	for (int i = 0; i < n; i++)
		read_file(run, files[i], head);
	report_end(&run->report, end);
	run->deliveries++;
	json_decref(begin);
	json_decref(end);
}

/* A stream of part marks, or a report. */
static void
read_stdin(struct run *run)
{
	static const char *const itself[] = {"-"};
	struct in in;
	struct span head;

	in_begin(&in, STDIN_FILENO, "stdin");
	head = in_peek(&in, 8);
	if (head.n == 0)
		die(EX_PROTOCOL, "stdin: it is empty: the stage before this one died");
	if (mark_is(head))
		read_stream(run, &in);
	else
		read_files(run, itself, 1, in_rest(&in));
	in_free(&in);
}

/* Files with a name are parts of one delivery; without, each is its own. */
static void
read_all(struct run *run, const char *const *files, int n)
{
	int step = run->export != NULL ? n : 1;

	if (n == 0 || (n == 1 && strcmp(files[0], "-") == 0))
		read_stdin(run);
	else
		for (int i = 0; i < n; i += step)
			read_files(run, files + i, step, (struct span){"", 0});
}

/* The file is emptied, so it must be none that is read. */
static void
open_rejects(struct run *run, const char *const *files, int n)
{
	struct stat st;

	for (int i = 0; i < n; i++)
		if (stat(files[i], &st) == 0)
			rejects_refuse(run->rejects, "a report", &st);
	if (fstat(STDIN_FILENO, &st) == 0)
		rejects_refuse(run->rejects, "standard input", &st);
	run->report.rejects = rejects_open(run->rejects);
}

int
main(int argc, char **argv)
{
	struct run run = {0};
	struct report *r = &run.report;
	int opt;

	die_begin("cur-parse", usage);
	while ((opt = getopt_long(argc, argv, "v", longs, NULL)) != -1)
		take_option(&run, opt);
	check_options(&run, argc - optind);
	if (run.rejects != NULL)
		open_rejects(&run, (const char *const *)argv + optind, argc - optind);
	read_all(&run, (const char *const *)argv + optind, argc - optind);
	rejects_close(r->rejects);
	progress_end(&r->progress, "rows", r->rows, r->bytes);
	if (r->rejected_in_all > 0)
		warn("rows rejected: %ju, see %s", (uintmax_t)r->rejected_in_all, run.rejects);
	mark_write_eos(run.deliveries);
	report_free(r);
	return 0;
}
