/* A delivery while it is handed over. */
#include "bundle.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "day.h"
#include "die.h"
#include "mark.h"

static char *
text_or_null(struct buf *text)
{
	return text->n > 0 ? buf_take(text) : NULL;
}

void
bundle_replaced(const struct bundle *b, const char *what)
{
	if (what != NULL)
		die(EX_TEMPFAIL, "%s: %s has changed: AWS, or a copy, is replacing this delivery: run again",
		    b->found->path, what);
	die(EX_TEMPFAIL, "%s: AWS, or a copy, is replacing this delivery: run again", b->found->path);
}

static void
make_parts(struct bundle *b)
{
	struct buf source = {0};

	b->n = b->manifest.n;
	b->parts = mem_new((b->n + 1) * sizeof *b->parts);
	for (size_t i = 0; i < b->n; i++) {
		layout_part_source(&b->manifest, i, &source);
		b->parts[i] = (struct part){.source = text_or_null(&source), .key = b->manifest.keys[i]};
	}
	if (b->n == 0)
		warn("%s: it names no parts: the delivery is empty", b->found->path);
}

void
bundle_manifest(struct bundle *b, struct span bytes)
{
	const struct found *f = b->found;
	int32_t period;
	const char *why;

	if ((why = manifest_parse(&b->manifest, bytes)) != NULL ||
	    (why = layout_period(&b->manifest, &f->place, &period)) != NULL)
		die(EX_DATAERR, "%s: %s", f->path, why);
	if (period != f->period)
		bundle_replaced(b, NULL);
	if (b->manifest.parquet)
		die(EX_CONFIG, "%s: the report is in Parquet, and only CSV can be read: set the report to CSV", f->path);
	if (f->bucket != NULL && b->manifest.bucket == NULL)
		b->manifest.bucket = mem_text(span_of(f->bucket));
	make_parts(b);
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

/* When the delivery was made, as it says itself, or else as S3 has it; NULL if nobody knows. */
static const char *
delivered_text(const struct bundle *b, char text[TIME_TEXT])
{
	int64_t seconds = b->modified;

	if (b->found->report || (!layout_delivered(&b->manifest, &b->found->place, &seconds) && seconds < 0))
		return NULL;
	time_print(seconds, text);
	return text;
}

/* Where an export in S3 lies, whose source is an ARN: a sink must not store inside it. */
static void
add_location(const struct bundle *b, json_t *begin)
{
	const struct found *f = b->found;
	struct buf text = {0};

	if (f->bucket == NULL || b->manifest.kind != MANIFEST_EXPORT)
		return;
	buf_fmt(&text, "s3://%s/", f->bucket);
	buf_add(&text, f->folder, f->place.anchor);
	while (text.p[text.n - 1] == '/')
		text.n--;
	if (json_object_set_new(begin, "location", json_string(buf_text(&text))) != 0)
		die(EX_DATAERR, "%s: its key is not UTF-8, so no mark can name it", f->path);
	buf_free(&text);
}

void
bundle_begin(const struct bundle *b)
{
	char period[8], delivered[TIME_TEXT], *source;
	struct buf text = {0};
	json_t *begin;

	if (!b->found->report)
		layout_source(&b->manifest, &b->found->place, &text);
	source = text_or_null(&text);
	begin = json_pack("{s:s,s:i,s:s?,s:s?,s:s?,s:s?,s:s?,s:I}", "_cur", "begin", "v", 1, "export", b->found->export,
	    "period", period_text(b, period), "version", b->manifest.version, "delivered",
	    delivered_text(b, delivered), "source", source, "parts", (json_int_t)b->n);
	add_location(b, begin);
	mark_write(begin);
	json_decref(begin);
	free(source);
}

void
bundle_part(const struct bundle *b, size_t i, struct handed *total)
{
	const struct part *p = &b->parts[i];
	char changed[TIME_NS_TEXT];
	json_t *part;

	time_ns_print(&p->changed, changed);
	part = json_pack("{s:s,s:I,s:s,s:s?,s:I,s:s,s:s*}", "_cur", "part", "n", (json_int_t)i + 1, "path", p->path,
	    "source", p->source, "bytes", (json_int_t)p->bytes, "modified", changed, "etag", p->etag);
	if (p->temporary)
		json_object_set_new(part, "temporary", json_true());
	mark_write(part);
	json_decref(part);
	total->parts++;
	total->bytes += p->bytes;
}

void
bundle_end(const struct bundle *b)
{
	char period[8];
	json_t *end = json_pack("{s:s,s:s?,s:s?,s:s?,s:I}", "_cur", "end", "export", b->found->export, "period",
	    period_text(b, period), "version", b->manifest.version, "parts", (json_int_t)b->n);

	mark_write(end);
	json_decref(end);
}

void
bundle_free(struct bundle *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->parts[i].path);
		free(b->parts[i].source);
	}
	free(b->parts);
	manifest_free(&b->manifest);
}
