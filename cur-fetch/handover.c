/* Hands one delivery over. */
#include "handover.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "day.h"
#include "die.h"
#include "disk.h"
#include "mark.h"

struct part {
	char *path, *source;       /* source is NULL where the manifest names no bucket */
	const char *key;           /* borrowed from the manifest; NULL for a report file */
	uint64_t bytes;
	struct timespec changed;
};

/* A delivery while it is handed over.  A report file has no manifest, and is its own only part. */
struct bundle {
	const struct found *found;
	struct buf bytes;          /* of the manifest, as first read */
	struct manifest manifest;
	struct part *parts;
	size_t n;
};

static char *
text_or_null(struct buf *text)
{
	return text->n > 0 ? buf_take(text) : NULL;
}

static void
read_manifest(struct bundle *b)
{
	const struct found *f = b->found;
	struct buf source = {0};
	int32_t period;
	const char *why;
	char **paths;

	disk_read(f->path, MANIFEST_MAX_BYTES, &b->bytes);
	if ((why = manifest_parse(&b->manifest, buf_span(&b->bytes))) != NULL ||
	    (why = layout_period(&b->manifest, &f->place, &period)) != NULL)
		die(EX_DATAERR, "%s: %s", f->path, why);
	if (period != f->period)
		die(EX_TEMPFAIL, "%s: AWS, or a copy, is replacing this delivery: run again", f->path);
	if (b->manifest.parquet)
		die(EX_CONFIG, "%s: the report is in Parquet, and only CSV can be read: set the report to CSV", f->path);
	if ((why = layout_paths(&b->manifest, &f->place, f->anchor, &paths)) != NULL)
		die(EX_DATAERR, "%s: %s", f->path, why);
	b->n = b->manifest.n;
	b->parts = mem_new((b->n + 1) * sizeof *b->parts);
	for (size_t i = 0; i < b->n; i++) {
		layout_part_source(&b->manifest, i, &source);
		b->parts[i] = (struct part){.path = paths[i], .source = text_or_null(&source), .key = b->manifest.keys[i]};
	}
	free(paths);
	if (b->n == 0)
		warn("%s: it names no parts: the delivery is empty", f->path);
}

/* Opens a part to see that it can be read, and notes its size and time. */
static void
look(const struct bundle *b, struct part *p)
{
	struct stat st;
	int fd = disk_open(p->path, &st), status = fd < 0 ? disk_status() : 0;

	if (fd < 0 && p->key != NULL)
		die(status, "%s: part %s cannot be read at %s:", b->found->path, p->key, p->path);
	if (fd < 0)
		die(status, "%s:", p->path);
	close(fd);
	if (!S_ISREG(st.st_mode))
		die(EX_NOINPUT, "%s: %s is no regular file", b->found->path, p->path);
	if (span_bad_utf8(span_of(p->path)) != NULL)
		die(EX_DATAERR, "%s: the path is not UTF-8, so no mark can name it", p->path);
	p->bytes = (uint64_t)st.st_size;
	p->changed = st.st_mtim;
}

static void
open_bundle(struct bundle *b)
{
	if (b->found->report) {
		b->n = 1;
		b->parts = mem_new(sizeof *b->parts);
		b->parts->path = mem_text(span_of(b->found->path));
	} else
		read_manifest(b);
	for (size_t i = 0; i < b->n; i++)
		look(b, &b->parts[i]);
}

/* YYYY-MM, or NULL. */
static const char *
period_text(const struct bundle *b, char text[8])
{
	if (!b->found->has_period)
		return NULL;
	period_print(b->found->period, text);
	return text;
}

static void
write_begin(const struct bundle *b)
{
	char period[8], delivered[TIME_TEXT], *source;
	struct buf text = {0};
	int64_t seconds;
	bool known = false;
	json_t *begin;

	if (!b->found->report) {
		layout_source(&b->manifest, &b->found->place, &text);
		known = layout_delivered(&b->manifest, &b->found->place, &seconds);
	}
	if (known)
		time_print(seconds, delivered);
	source = text_or_null(&text);
	begin = json_pack("{s:s,s:i,s:s?,s:s?,s:s?,s:s?,s:s?,s:I}", "_cur", "begin", "v", 1, "export", b->found->export,
	    "period", period_text(b, period), "version", b->manifest.version, "delivered", known ? delivered : NULL,
	    "source", source, "parts", (json_int_t)b->n);
	mark_write(begin);
	json_decref(begin);
	free(source);
}

static void
write_part(const struct part *p, size_t number)
{
	char changed[TIME_NS_TEXT];
	json_t *part;

	time_ns_print(&p->changed, changed);
	part = json_pack("{s:s,s:I,s:s,s:s?,s:I,s:s}", "_cur", "part", "n", (json_int_t)number, "path", p->path,
	    "source", p->source, "bytes", (json_int_t)p->bytes, "modified", changed);
	mark_write(part);
	json_decref(part);
}

static void
write_end(const struct bundle *b)
{
	char period[8];
	json_t *end = json_pack("{s:s,s:s?,s:s?,s:s?,s:I}", "_cur", "end", "export", b->found->export, "period",
	    period_text(b, period), "version", b->manifest.version, "parts", (json_int_t)b->n);

	mark_write(end);
	json_decref(end);
}

/* Files that are replaced while they are read may be of two deliveries. */
static void
check_unchanged(const struct bundle *b)
{
	struct stat st;

	if (!b->found->report && !disk_is(b->found->path, buf_span(&b->bytes)))
		die(EX_TEMPFAIL, "%s: AWS, or a copy, is replacing this delivery: run again", b->found->path);
	for (size_t i = 0; i < b->n; i++) {
		const struct part *p = &b->parts[i];

		if (stat(p->path, &st) != 0 || (uint64_t)st.st_size != p->bytes ||
		    st.st_mtim.tv_sec != p->changed.tv_sec || st.st_mtim.tv_nsec != p->changed.tv_nsec)
			die(EX_TEMPFAIL, "%s: %s has changed: AWS, or a copy, is replacing this delivery: run again",
			    b->found->path, p->path);
	}
}

static void
close_bundle(struct bundle *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->parts[i].path);
		free(b->parts[i].source);
	}
	free(b->parts);
	manifest_free(&b->manifest);
	buf_free(&b->bytes);
}

void
handover(const struct found *f, struct handed *total, struct progress *progress)
{
	struct bundle b = {.found = f};

	open_bundle(&b);
	write_begin(&b);
	for (size_t i = 0; i < b.n; i++) {
		write_part(&b.parts[i], i + 1);
		total->parts++;
		total->bytes += b.parts[i].bytes;
		progress_tick(progress, "parts", total->parts, total->bytes);
	}
	check_unchanged(&b);
	write_end(&b);
	close_bundle(&b);
}
