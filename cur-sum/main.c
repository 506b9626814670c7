/* cur-sum: groups items and adds their costs exactly. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "delivery.h"
#include "die.h"
#include "lines.h"
#include "mark.h"
#include "opt.h"
#include "out.h"
#include "query.h"
#include "stored.h"
#include "table.h"

#define TABLE_CELLS 100

static const char usage[] =
    "usage: cur-sum [--by NAME,...] [--of NAME,...] [--table] [--filtered]\n"
    "               [--export NAME] [--period YYYY-MM] [--progress | --no-progress] [-v]\n"
    "               [--region REGION] [--profile NAME] [--endpoint-url URL]\n"
    "               [--expected-bucket-owner ID] [FILE | STORE ...]\n"
    "       cur-sum --help | --version\n";

struct run {
	struct query query;
	struct groups groups;
	struct store_options store;
	const char *export, *period;
	bool table, filtered;
};

enum {
	OPT_BY = 256, OPT_OF, OPT_TABLE, OPT_FILTERED, OPT_EXPORT, OPT_PERIOD, OPT_PROGRESS, OPT_NO_PROGRESS,
	OPT_HELP, OPT_VERSION
};

static const struct option longs[] = {
	{"by", required_argument, NULL, OPT_BY},
	{"of", required_argument, NULL, OPT_OF},
	{"table", no_argument, NULL, OPT_TABLE},
	{"filtered", no_argument, NULL, OPT_FILTERED},
	{"export", required_argument, NULL, OPT_EXPORT},
	{"period", required_argument, NULL, OPT_PERIOD},
	{"progress", no_argument, NULL, OPT_PROGRESS},
	{"no-progress", no_argument, NULL, OPT_NO_PROGRESS},
	{"verbose", no_argument, NULL, 'v'},
	STORE_OPTIONS,
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{0},
};

static void
take_names(struct query *q, const char *(*take)(struct query *, const char *), const char *option)
{
	const char *why = take(q, optarg);

	if (why != NULL)
		die_usage("%s %s: %s", option, optarg, why);
}

static void
take_option(struct run *r, int opt)
{
	switch (opt) {
	case OPT_BY: take_names(&r->query, query_by, "--by"); break;
	case OPT_OF: take_names(&r->query, query_of, "--of"); break;
	case OPT_TABLE: r->table = true; break;
	case OPT_FILTERED: r->filtered = true; break;
	case OPT_EXPORT: r->export = optarg; break;
	case OPT_PERIOD: r->period = opt_period("--period", optarg); break;
	case OPT_PROGRESS: r->query.progress.when = PROGRESS_ON; break;
	case OPT_NO_PROGRESS: r->query.progress.when = PROGRESS_OFF; break;
	case 'v': r->query.progress.verbose = true; break;
	case OPT_HELP: die_help();
	case OPT_VERSION: die_version();
	default:
		if (!store_option(&r->store, opt, optarg))
			die_usage(NULL);
	}
}

/* Whether the delivery is one that --export and --period want. */
static bool
is_wanted(const struct run *r, const json_t *begin)
{
	const char *export = mark_text(begin, "export"), *period = mark_text(begin, "period");

	return (r->export == NULL || strcmp(r->export, export) == 0) &&
	       (r->period == NULL || strcmp(r->period, period) == 0);
}

static void
begin_delivery(struct run *r, struct marks *m)
{
	const char *why = query_begin(&r->query, m->begin);

	if (why != NULL)
		die(EX_DATAERR, "%s: line %ju: %s: %s", m->in->name, (uintmax_t)m->in->number, marks_name(m), why);
}

static void
add_item(struct run *r, struct marks *m, uint64_t bytes_before)
{
	const char *why;

	r->query.bytes = bytes_before + m->in->bytes;
	if ((why = query_add(&r->query, &r->groups, m->line)) != NULL)
		query_refuse(&r->query, m->in->name, m->in->number, why);
}

static void
add_stream(struct run *r, int fd, const char *name)
{
	struct in in;
	struct marks m = {.in = &in, .filtered = r->filtered, .bare_ok = true, .export = r->export, .period = r->period};
	uint64_t bytes = r->query.bytes;
	bool wanted = false, any = r->export == NULL && r->period == NULL;
	enum mark_kind kind;

	in_begin(&in, fd, name);
	while ((kind = marks_next(&m)) != MARK_EOS) {
		if (kind == MARK_BEGIN && (wanted = is_wanted(r, m.begin))) {
			any = true;
			begin_delivery(r, &m);
		} else if (kind == MARK_ITEM && wanted) {
			add_item(r, &m, bytes);
		} else if (kind == MARK_END) {
			delivery_missing(&m);
		}
	}
	if (!any)
		die(EX_NOINPUT, "%s: no delivery here is of that export and period", name);
	r->query.bytes = bytes + in.bytes;
	marks_free(&m);
	in_free(&in);
}

/* Stores are folders; every other operand is a file that holds a stream. */
static void
add_operand(struct run *r, const char *name)
{
	struct stat st;
	int fd;

	if (strcmp(name, "-") == 0) {
		add_stream(r, STDIN_FILENO, "stdin");
		return;
	}
	if (strncmp(name, "s3://", 5) == 0 || (stat(name, &st) == 0 && S_ISDIR(st.st_mode))) {
		struct store *store = store_open(name, &r->store);

		stored_add(&r->query, &r->groups, store, r->export, r->period);
		store_close(store);
		return;
	}
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(errno == EACCES ? EX_NOPERM : EX_NOINPUT, "%s:", name);
	add_stream(r, fd, name);
	close(fd);
}

static int
table_width(void)
{
	struct winsize size;

	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return TABLE_CELLS;
}

static void
print(struct run *r)
{
	groups_sort(&r->groups);
	if (r->table)
		table_print(&r->query, &r->groups, table_width());
	else
		lines_print(&r->query, &r->groups);
	out_end();
}

int
main(int argc, char **argv)
{
	struct run r = {0};
	const char *why;
	int opt;

	die_begin("cur-sum", usage);
	while ((opt = getopt_long(argc, argv, "v", longs, NULL)) != -1)
		take_option(&r, opt);
	if ((why = query_check(&r.query)) != NULL)
		die_usage("%s", why);
	if (optind == argc && isatty(STDIN_FILENO))
		die_usage("stdin is a terminal: name a store or a file, or pipe a stream into it");
	r.groups.sums = r.query.of.n;
	if (optind == argc)
		add_stream(&r, STDIN_FILENO, "stdin");
	for (int i = optind; i < argc; i++)
		add_operand(&r, argv[i]);
	progress_end(&r.query.progress, "items", r.query.items, r.query.bytes);
	query_note_empty(&r.query);
	print(&r);
	groups_free(&r.groups);
	query_free(&r.query);
	return 0;
}
