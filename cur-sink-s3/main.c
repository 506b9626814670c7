/* cur-sink-s3: stores the items of a stream, a delivery at a time. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ddl.h"
#include "die.h"
#include "opt.h"
#include "out.h"
#include "progress.h"
#include "publish.h"

#define OBJECT_BYTES ((uint64_t)128 << 20)
#define LEVEL 6

static const char usage[] =
    "usage: cur-sink-s3 [--allow-rejects N] [--object-size BYTES] [--level 0-9] [--keep 1]\n"
    "                   [--filtered] [--bare] [--export NAME] [--period YYYY-MM]\n"
    "                   [--dry-run] [-j N] [--sse aws:kms | AES256] [--sse-kms-key-id ID]\n"
    "                   [--storage-class CLASS] [--no-lock]\n"
    "                   [--region REGION] [--profile NAME] [--endpoint-url URL]\n"
    "                   [--expected-bucket-owner ID]\n"
    "                   [--progress | --no-progress] [-v] STORE\n"
    "       cur-sink-s3 --ddl TABLE [--export NAME] [--period YYYY-MM] STORE\n"
    "       cur-sink-s3 --help | --version\n";

/* What the options say and what lives as long as the program. */
struct sink {
	struct publish_options publish;
	struct marks marks;
	struct progress progress;
	struct store_options options;
	const char *ddl;
	bool bare;
	struct in in;
	struct store *store;
};

enum {
	OPT_REJECTS = 256, OPT_OBJECT_SIZE, OPT_LEVEL, OPT_KEEP, OPT_FILTERED, OPT_BARE, OPT_EXPORT, OPT_PERIOD,
	OPT_DRY_RUN, OPT_DDL, OPT_PROGRESS, OPT_NO_PROGRESS, OPT_HELP, OPT_VERSION
};

static const struct option longs[] = {
	{"allow-rejects", required_argument, NULL, OPT_REJECTS},
	{"object-size", required_argument, NULL, OPT_OBJECT_SIZE},
	{"level", required_argument, NULL, OPT_LEVEL},
	{"keep", required_argument, NULL, OPT_KEEP},
	{"filtered", no_argument, NULL, OPT_FILTERED},
	{"bare", no_argument, NULL, OPT_BARE},
	{"export", required_argument, NULL, OPT_EXPORT},
	{"period", required_argument, NULL, OPT_PERIOD},
	{"dry-run", no_argument, NULL, OPT_DRY_RUN},
	{"ddl", required_argument, NULL, OPT_DDL},
	{"progress", no_argument, NULL, OPT_PROGRESS},
	{"no-progress", no_argument, NULL, OPT_NO_PROGRESS},
	{"verbose", no_argument, NULL, 'v'},
	{"jobs", required_argument, NULL, 'j'},
	STORE_OPTIONS,
	STORE_SINK_OPTIONS,
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{0},
};

static void
take_option(struct sink *s, int opt)
{
	switch (opt) {
	case OPT_REJECTS: s->publish.allow_rejects = opt_count("--allow-rejects", optarg, 0, (uint64_t)1 << 53); break;
	case OPT_OBJECT_SIZE: s->publish.object_bytes = opt_size("--object-size", optarg, 1, (uint64_t)1 << 40); break;
	case OPT_LEVEL: s->publish.level = (int)opt_count("--level", optarg, 0, 9); break;
	case OPT_KEEP: s->publish.keep = (int)opt_count("--keep", optarg, 0, 1); break;
	case OPT_FILTERED: s->publish.filtered = s->marks.filtered = true; break;
	case OPT_BARE: s->bare = true; break;
	case OPT_EXPORT: s->marks.export = optarg; break;
	case OPT_PERIOD: s->marks.period = opt_period("--period", optarg); break;
	case OPT_DRY_RUN: s->publish.dry_run = true; break;
	case OPT_DDL: s->ddl = optarg; break;
	case OPT_PROGRESS: s->progress.when = PROGRESS_ON; break;
	case OPT_NO_PROGRESS: s->progress.when = PROGRESS_OFF; break;
	case 'v': s->progress.verbose = true; break;
	case OPT_HELP: die_help();
	case OPT_VERSION: die_version();
	case 'j': s->options.jobs = (int)opt_count("-j", optarg, 1, 256); break;
	default:
		if (!store_option(&s->options, opt, optarg))
			die_usage(NULL);
	}
}

static void
check_options(const struct sink *s, int operands)
{
	if (operands != 1)
		die_usage("one operand is needed: the STORE");
	if (s->bare && (s->marks.export == NULL || s->marks.period == NULL))
		die_usage("--bare needs --export and --period");
	if (s->options.sse != NULL && strcmp(s->options.sse, "AES256") != 0 && strncmp(s->options.sse, "aws:kms", 7) != 0)
		die_usage("--sse is aws:kms or AES256, not %s", s->options.sse);
	if (s->options.sse_kms_key_id != NULL && (s->options.sse == NULL || strncmp(s->options.sse, "aws:kms", 7) != 0))
		die_usage("--sse-kms-key-id goes with --sse aws:kms");
	if (s->ddl == NULL && isatty(STDIN_FILENO))
		die_usage("stdin is a terminal: pipe cur-dedupe or cur-parse into it");
}

static void
ddl(struct sink *s)
{
	struct state_list list;
	struct state *states;
	json_t **docs;
	const char *why;

	state_list(&list, s->store, s->marks.export, s->marks.period);
	if (list.n == 0)
		die(EX_NOINPUT, "%s: no state document here%s: it is no store, or an empty one", store_name(s->store),
		    s->marks.export != NULL || s->marks.period != NULL ? " is of that export and period" : "");
	states = mem_new(list.n * sizeof *states);
	docs = mem_new(list.n * sizeof *docs);
	for (size_t i = 0; i < list.n; i++) {
		state_read(&states[i], s->store, list.names[i].export, list.names[i].period);
		docs[i] = states[i].doc;
	}
	why = ddl_print(s->ddl, store_name(s->store), docs, list.n);
	for (size_t i = 0; i < list.n; i++)
		state_free(&states[i]);
	free(states);
	free(docs);
	state_list_free(&list);
	if (why != NULL)
		die(EX_USAGE, "--ddl %s: %s", s->ddl, why);
	if (strncmp(store_name(s->store), "s3://", 5) != 0)
		warn("--ddl: Athena reads from S3 alone: replace %s in what is printed by the place of the store there",
		    store_name(s->store));
	out_end();
}

/* What was done, on stdout for programs and with -v on stderr for people. */
static void
receipt(struct sink *s, const struct publication *p)
{
	json_t *r = json_copy(s->marks.end);

	json_object_set_new(r, "_cur", json_string("receipt"));
	json_object_del(r, "state");
	json_object_set_new(r, "stale", json_boolean(p->stale));
	json_object_set_new(r, "generation", json_integer((json_int_t)p->generation));
	json_object_set_new(r, "written", json_integer((json_int_t)p->written));
	json_object_set_new(r, "written_bytes", json_integer((json_int_t)p->written_bytes));
	json_object_set_new(r, "unchanged", json_integer((json_int_t)p->unchanged));
	json_object_set_new(r, "removed", json_integer((json_int_t)p->removed));
	json_object_set_new(r, "swapped", json_boolean(p->swapped));
	if (p->options->dry_run)
		json_object_set_new(r, "dry_run", json_true());
	mark_write(r);
	json_decref(r);
	if (s->progress.verbose)
		warn("%s: %ju objects written, %ju unchanged, %ju removed", marks_name(&s->marks), (uintmax_t)p->written,
		    (uintmax_t)p->unchanged, (uintmax_t)p->removed);
}

static void
store_stream(struct sink *s)
{
	struct publication p = {.options = &s->publish, .store = s->store};
	enum mark_kind kind;
	uint64_t items = 0;

	while ((kind = marks_next(&s->marks)) != MARK_EOS) {
		switch (kind) {
		case MARK_BEGIN:
			publish_begin(&p, &s->marks);
			break;
		case MARK_ITEM:
			publish_item(&p, &s->marks);
			progress_tick(&s->progress, "items", ++items, s->in.bytes);
			break;
		default:
			publish_end(&p, &s->marks);
			receipt(s, &p);
		}
	}
	progress_end(&s->progress, "items", items, s->in.bytes);
	mark_write_eos(s->marks.deliveries);
}

int
main(int argc, char **argv)
{
	struct sink s = {.marks = {.reads = MARKS_ITEMS}, .publish = {.object_bytes = OBJECT_BYTES, .level = LEVEL}};
	int opt;

	die_begin("cur-sink-s3", usage);
	while ((opt = getopt_long(argc, argv, "j:v", longs, NULL)) != -1)
		take_option(&s, opt);
	check_options(&s, argc - optind);
	s.store = store_open(argv[optind], &s.options);
	if (s.ddl != NULL) {
		ddl(&s);
	} else {
		in_begin(&s.in, STDIN_FILENO, "stdin");
		s.marks.in = &s.in;
		s.marks.bare_ok = s.bare;
		store_stream(&s);
		marks_free(&s.marks);
		in_free(&s.in);
	}
	store_close(s.store);
	return 0;
}
