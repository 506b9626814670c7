/* cur-parse: parts of reports in, items out. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "day.h"
#include "die.h"
#include "mark.h"
#include "opt.h"
#include "report.h"

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
	if (run->export != NULL && (*run->export == '\0' || span_bad_utf8(span_of(run->export)) != NULL))
		die_usage("--export: a name of UTF-8 text is needed");
	if (files == 0 && isatty(STDIN_FILENO))
		die_usage("stdin is a terminal: name a file, or pipe cur-fetch into it");
}

static int
open_part(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die(errno == EACCES || errno == EPERM ? EX_NOPERM : EX_NOINPUT, "%s:", path);
	if (fstat(fd, st) != 0)
		die(EX_OSERR, "%s:", path);
	if (S_ISDIR(st->st_mode))
		die(EX_NOINPUT, "%s: it is a directory; cur-fetch finds the parts in one", path);
	return fd;
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
	fd = open_part(path, &st);
	report_part(&run->report, path, fd, (struct span){"", 0});
	close(fd);
}

static void
check_size(const char *path, uint64_t bytes, uint64_t said)
{
	if (bytes != said)
		die(EX_TEMPFAIL, "%s: it has %ju bytes, its mark says %ju: the delivery is being replaced", path,
		    (uintmax_t)bytes, (uintmax_t)said);
}

/* The file must be the one that its mark was written for, before it is read and after. */
static void
check_time(const char *path, int fd, const json_t *part)
{
	const char *said = mark_text(part, "modified");
	char text[TIME_NS_TEXT];
	struct stat st;

	if (fstat(fd, &st) != 0)
		die(EX_OSERR, "%s:", path);
	time_ns_print(&st.st_mtim, text);
	if (said != NULL && strcmp(text, said) != 0)
		die(EX_TEMPFAIL, "%s: it was modified after its mark was written: the delivery is being replaced", path);
}

/* Whoever has read a temporary part deletes it. */
static void
read_marked(struct run *run, const json_t *part)
{
	const char *path = mark_text(part, "path");
	uint64_t said = mark_count(part, "bytes", UINT64_MAX), taken;
	struct stat st;
	int fd = open_part(path, &st);

	if (said != UINT64_MAX && S_ISREG(st.st_mode))
		check_size(path, (uint64_t)st.st_size, said);
	check_time(path, fd, part);
	taken = report_part(&run->report, path, fd, (struct span){"", 0});
	if (said != UINT64_MAX)
		check_size(path, taken, said);
	check_time(path, fd, part);
	close(fd);
	if (json_is_true(json_object_get(part, "temporary")) && unlink(path) != 0 && errno != ENOENT)
		warn("%s: it cannot be deleted:", path);
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
			read_marked(run, m.part);
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
		r->rejects = rejects_open(run.rejects);
	read_all(&run, (const char *const *)argv + optind, argc - optind);
	rejects_close(r->rejects);
	progress_end(&r->progress, "rows", r->rows, r->bytes);
	if (r->rejected_in_all > 0)
		warn("rows rejected: %ju, see %s", (uintmax_t)r->rejected_in_all, run.rejects);
	mark_write_eos(run.deliveries);
	report_free(r);
	return 0;
}
