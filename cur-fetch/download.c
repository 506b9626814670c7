/* Downloads the parts of a delivery into the spool, several requests at a time. */
#include "download.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "parts.h"

#define WHOLE_BYTES ((uint64_t)64 << 20)   /* larger parts come in pieces */
#define PIECE_BYTES ((uint64_t)32 << 20)

/* A part on its way. */
struct part {
	const struct object *object;
	char *path;
	int fd;
	uint64_t asked, left;      /* bytes: asked for, and not here yet */
	size_t busy;               /* requests under way */
	struct piece *whole;       /* the server does not do ranges: this one brings all, and the others do not count */
	bool done;
	struct timespec changed;
};

struct download {
	struct remote *remote;
	struct progress *progress;
	struct part *parts;
	size_t n;
	size_t next;               /* that download_next returns */
	size_t opened;             /* parts whose file is there */
	int busy;                  /* requests under way */
	uint64_t taken;            /* bytes */
};

/* Bytes from `at` to `to` of a part: what a request is still to bring. */
struct piece {
	struct aws_call call;
	struct download *download;
	struct part *part;
	uint64_t from, at, to;
	uint64_t began;            /* `at` when the request was started */
	uint64_t skip;             /* bytes of this answer that are here already */
	bool heard;                /* this answer has begun, and is what it should be */
	bool replaced;             /* the object is another one by now */
};

/* Checks of an answer */

__attribute__((format(printf, 2, 3))) static bool
refuse(struct http_request *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->error, sizeof r->error, fmt, ap);
	va_end(ap);
	return false;
}

static bool
has_etag(struct piece *p, struct http_request *r)
{
	struct span etag = remote_etag(r);

	if (etag.p == NULL)
		return refuse(r, "an answer without an entity tag");
	p->replaced = !span_is(etag, p->part->object->etag);
	return !p->replaced || refuse(r, "the object is another one by now");
}

static bool
is_ranged(const struct piece *p)
{
	return p->at > 0 || p->to < p->part->object->bytes;
}

/* 206 and "bytes 0-99/1000"; fewer bytes than were asked for are allowed. */
static bool
has_range(struct piece *p, struct http_request *r)
{
	const char *text = http_header_get(&r->reply_headers, "content-range");
	uint64_t from, last, all;
	char rest;

	if (!is_ranged(p) || text == NULL ||
	    sscanf(text, "bytes %" SCNu64 "-%" SCNu64 "/%" SCNu64 "%c", &from, &last, &all, &rest) != 3)
		return refuse(r, "a part of the object, and not the one that was asked for");
	if (from != p->at || last < from || last >= p->to || all != p->part->object->bytes)
		return refuse(r, "asked for bytes %ju to %ju of %ju, got %s", (uintmax_t)p->at, (uintmax_t)p->to - 1,
		    (uintmax_t)p->part->object->bytes, text);
	p->skip = 0;
	return true;
}

/* 200: all of the object, whatever was asked for. */
static bool
has_all(struct piece *p, struct http_request *r)
{
	const char *text = http_header_get(&r->reply_headers, "content-length");
	uint64_t bytes = p->part->object->bytes;
	char *end;

	if (text != NULL && (strtoumax(text, &end, 10) != bytes || *end != '\0'))
		return refuse(r, "it has %s bytes, and had %ju", text, (uintmax_t)bytes);
	if (p->from > 0 || p->to < bytes) {
		p->part->whole = p;
		p->from = p->at = p->began = 0;
		p->to = bytes;
	}
	p->skip = p->at;
	return true;
}

static bool
hear(struct piece *p, struct http_request *r)
{
	if (p->part->whole != NULL && p->part->whole != p)
		return refuse(r, "another request brings it");
	if (!has_etag(p, r))
		return false;
	if (r->status == 206)
		return has_range(p, r);
	if (r->status == 200)
		return has_all(p, r);
	return refuse(r, "no answer to GetObject");
}

static void
write_at(const struct part *part, struct span bytes, uint64_t at)
{
	while (bytes.n > 0) {
		ssize_t n = pwrite(part->fd, bytes.p, bytes.n, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			die(EX_IOERR, "%s:", part->path);
		bytes = (struct span){bytes.p + n, bytes.n - (size_t)n};
		at += (uint64_t)n;
	}
}

static bool
take(struct http_request *r, void *arg, struct span bytes)
{
	struct piece *p = arg;
	struct download *d = p->download;
	size_t skip;

	if (!p->heard && !hear(p, r))
		return false;
	p->heard = true;
	skip = p->skip < bytes.n ? (size_t)p->skip : bytes.n;
	p->skip -= skip;
	bytes = (struct span){bytes.p + skip, bytes.n - skip};
	if (bytes.n > p->to - p->at)
		return refuse(r, "more bytes than were asked for");
	write_at(p->part, bytes, p->at);
	p->at += bytes.n;
	d->taken += bytes.n;
	progress_tick(d->progress, "parts", d->next, d->taken);
	return true;
}

/* Requests */

static void
set_range(struct piece *p)
{
	char text[64];

	snprintf(text, sizeof text, "bytes=%ju-%ju", (uintmax_t)p->at, (uintmax_t)p->to - 1);
	http_header_set(&p->call.http.headers, "range", is_ranged(p) ? text : NULL);
	p->heard = false;
}

/* Before another try: it is to bring what is not here yet. */
static void
restart(struct http_request *r, void *arg)
{
	(void)r;
	set_range(arg);
}

static void
start(struct piece *p)
{
	set_range(p);
	p->began = p->at;
	p->part->busy++;
	p->download->busy++;
	aws_start(remote_aws(p->download->remote), &p->call);
}

static void
start_piece(struct download *d, struct part *part)
{
	struct piece *p = mem_new(sizeof *p);
	const struct object *o = part->object;
	char *etag;
	struct buf b = {0};

	*p = (struct piece){.call = remote_get(o), .download = d, .part = part, .from = part->asked, .at = part->asked};
	p->to = o->bytes > WHOLE_BYTES && o->bytes - p->from > PIECE_BYTES ? p->from + PIECE_BYTES : o->bytes;
	part->asked = p->to;
	buf_fmt(&b, "\"%s\"", o->etag);
	etag = buf_take(&b);
	http_header_set(&p->call.http.headers, "if-match", etag);
	free(etag);
	p->call.http.arg = p;
	p->call.http.take = take;
	p->call.http.restart = restart;
	start(p);
}

static void
piece_free(struct piece *p)
{
	aws_call_free(&p->call);
	free(p);
}

/* Parts and their files */

static void
open_part(struct download *d)
{
	struct part *part = &d->parts[d->opened++];

	part->fd = parts_create(part->object->key, &part->path);
	part->left = part->object->bytes;
}

/* Closes the file when it has everything and nobody writes to it any more. */
static void
settle(struct part *part)
{
	if (part->left > 0 || part->busy > 0 || part->done)
		return;
	parts_close(part->fd, part->path, &part->changed);
	part->done = true;
}

/* Keeps as many requests under way as there may be. */
static void
fill(struct download *d)
{
	for (size_t i = d->next; i < d->n; i++) {
		struct part *part = &d->parts[i];

		if (i == d->opened) {
			if (d->busy >= d->remote->jobs)
				return;
			open_part(d);
		}
		while (part->whole == NULL && part->asked < part->object->bytes) {
			if (d->busy >= d->remote->jobs)
				return;
			start_piece(d, part);
		}
		settle(part);
	}
}

static _Noreturn void
replaced(const struct object *o)
{
	die(EX_TEMPFAIL, "s3://%s/%s has changed: AWS, or a copy, is replacing this delivery: run again", o->bucket, o->key);
}

/* The rest is asked for again, as long as something came: a server may bring less than it was asked for. */
static void
count(struct piece *p)
{
	struct part *part = p->part;

	if (p->at < p->to && p->at == p->began)
		die(EX_UNAVAILABLE, "s3 GetObject s3://%s/%s: the answer ends at byte %ju of %ju", part->object->bucket,
		    part->object->key, (uintmax_t)p->at, (uintmax_t)part->object->bytes);
	if (p->at < p->to) {
		start(p);
		return;
	}
	part->left -= part->whole == p ? part->left : p->to - p->from;
	piece_free(p);
}

static void
finish(struct piece *p)
{
	struct part *part = p->part;
	const struct aws_call *c = &p->call;
	int status = c->http.status;

	part->busy--;
	p->download->busy--;
	if (part->whole != NULL && part->whole != p)
		piece_free(p);
	else if (aws_ok(c))
		count(p);
	else if (p->replaced || status == 412 || status == 416 || s3_is_missing(c))
		replaced(part->object);
	else
		aws_die(c);
	settle(part);
}

/* A pipe that has room for a mark takes it at once.  Whatever else stdout is, writing tells. */
static bool
can_write(void)
{
	struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&p, 1, 0) != 0;
}

bool
download_next(struct download *d, char **path, struct timespec *changed)
{
	struct part *part;

	if (d->next == d->n)
		return false;
	part = &d->parts[d->next];
	fill(d);
	while (!part->done || (d->busy > 0 && !can_write())) {
		finish(aws_next(remote_aws(d->remote))->http.arg);
		fill(d);
	}
	d->next++;
	*path = part->path;
	*changed = part->changed;
	part->path = NULL;
	return true;
}

struct download *
download_new(struct remote *r, const struct object *objects, size_t n, struct progress *progress)
{
	struct download *d = mem_new(sizeof *d);

	*d = (struct download){.remote = r, .progress = progress, .n = n};
	d->parts = mem_new((n + 1) * sizeof *d->parts);
	for (size_t i = 0; i < n; i++)
		d->parts[i] = (struct part){.object = &objects[i], .fd = -1};
	return d;
}

void
download_free(struct download *d)
{
	free(d->parts);
	free(d);
}
