/* What operands and lines of stdin name. */
#include "sources.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bucket.h"
#include "die.h"
#include "disk.h"
#include "event.h"
#include "find.h"
#include "in.h"

static void
take_object(struct sources *s, const struct event *e, const char *where)
{
	struct buf key = {0};

	if (e->skip != NULL)
		warn("skipped: %s: %s", where, e->skip);
	else if (layout_manifest_key(span_of(e->key), &key))
		bucket_manifest(&s->finds, &s->remote, e->bucket, buf_text(&key));
	else
		warn("skipped: %s: s3://%s/%s is no manifest of a report", where, e->bucket, e->key);
	buf_free(&key);
}

static void
take_event(struct sources *s, struct span bytes, const char *where)
{
	struct events es;
	const char *why = events_parse(&es, bytes);

	if (why != NULL)
		die(EX_DATAERR, "%s: no event that can be read: %s", where, why);
	for (size_t i = 0; i < es.n; i++)
		take_object(s, &es.all[i], where);
	if (es.n == 0)
		warn("skipped: %s: an event without records", where);
	events_free(&es);
}

/* A manifest or an event, whatever its name; or by its name a manifest, however broken. */
static void
take_json(struct sources *s, const char *path)
{
	struct buf bytes = {0};

	disk_read(path, MANIFEST_MAX_BYTES, &bytes);
	if (event_is(buf_span(&bytes)))
		take_event(s, buf_span(&bytes), path);
	else
		find_manifest(&s->finds, path);
	buf_free(&bytes);
}

void
sources_take(struct sources *s, const char *operand, const char *where)
{
	struct stat st;

	s->n++;
	if (*operand == '{')
		take_event(s, span_of(operand), where);
	else if (strncmp(operand, "s3://", 5) == 0)
		bucket_find(&s->finds, &s->remote, &s->choice, operand);
	else if (stat(operand, &st) != 0)
		die(disk_status(), "%s:", operand);
	else if (S_ISDIR(st.st_mode))
		find_folder(&s->finds, operand);
	else if (disk_is_json(operand) || layout_is_json(operand))
		take_json(s, operand);
	else
		find_report(&s->finds, operand);
}

void
sources_lines(struct sources *s)
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
		sources_take(s, line, where);
		free(line);
	}
	in_free(&in);
}

void
sources_free(struct sources *s)
{
	finds_free(&s->finds);
	free(s->choice.periods);
	known_free(s->choice.known);
	remote_free(&s->remote);
}
