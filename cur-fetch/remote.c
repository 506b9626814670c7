/* Objects in S3 as cur-fetch looks at them. */
#include "remote.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"

struct aws *
remote_aws(struct remote *r)
{
	if (r->aws == NULL)
		r->aws = aws_new(&r->options);
	return r->aws;
}

void
remote_free(struct remote *r)
{
	aws_free(r->aws);
	r->aws = NULL;
}

void
object_free(struct object *o)
{
	free(o->etag);
	o->etag = NULL;
}

struct aws_call
remote_get(const struct object *o)
{
	return (struct aws_call){
		.service = "s3", .operation = "GetObject", .method = "GET", .bucket = o->bucket, .key = span_of(o->key),
		.http = {.body_fd = -1},
	};
}

struct span
remote_etag(const struct http_request *r)
{
	const char *text = http_header_get(&r->reply_headers, "etag");
	struct span s;

	if (text == NULL)
		return (struct span){NULL, 0};
	s = span_of(text);
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		s = (struct span){s.p + 1, s.n - 2};
	return s;
}

void
remote_list(struct remote *r, const char *bucket, struct span prefix,
    void (*each)(void *arg, const struct s3_object *o), void *arg)
{
	struct s3 s3 = {.aws = remote_aws(r), .bucket = bucket, .jobs = r->jobs};

	s3_list(&s3, prefix, each, arg);
}

/* What is looked for, in the order of keys. */
struct look {
	struct object **sorted;
	size_t n;
};

static int
order_of_keys(const void *a, const void *b)
{
	return strcmp((*(struct object *const *)a)->key, (*(struct object *const *)b)->key);
}

static void
note(void *arg, const struct s3_object *found)
{
	const struct look *l = arg;
	struct object wanted, *w = &wanted, **at, *o;
	char *key = mem_text(found->key);

	wanted.key = key;
	at = bsearch(&w, l->sorted, l->n, sizeof w, order_of_keys);
	if (at != NULL && strlen(key) == found->key.n) {
		o = *at;
		free(o->etag);
		o->etag = mem_text(found->etag);
		o->there = true;
		o->bytes = found->bytes;
		o->modified = found->modified;
	}
	free(key);
}

/* What the first and the last key begin with, all do; not cut inside a character. */
static struct span
common_prefix(const struct look *l)
{
	const char *first = l->sorted[0]->key, *last = l->sorted[l->n - 1]->key;
	size_t n = 0;

	while (first[n] != '\0' && first[n] == last[n])
		n++;
	while (n > 0 && ((unsigned char)first[n] & 0xc0) == 0x80)
		n--;
	return (struct span){first, n};
}

void
remote_look(struct remote *r, struct object *all, size_t n)
{
	struct look l = {mem_grow(NULL, n + 1, sizeof *l.sorted), n};

	for (size_t i = 0; i < n; i++) {
		all[i].there = false;
		l.sorted[i] = &all[i];
	}
	qsort(l.sorted, n, sizeof *l.sorted, order_of_keys);
	if (n > 0)
		remote_list(r, all->bucket, common_prefix(&l), note, &l);
	free(l.sorted);
}

/* Reading under way. */
struct reading {
	struct aws_call call;
	struct object *object;
};

static void
start(struct remote *r, struct object *o, size_t limit)
{
	struct reading *g = mem_new(sizeof *g);

	g->object = o;
	g->call = remote_get(o);
	g->call.http.reply_max = limit;
	g->call.http.arg = g;
	aws_start(remote_aws(r), &g->call);
}

/* Fills the object in from the answer. */
static void
take(struct reading *g)
{
	struct object *o = g->object;
	const struct http_request *h = &g->call.http;
	const char *modified = http_header_get(&h->reply_headers, "last-modified");
	struct span etag = remote_etag(h);

	if (etag.p == NULL)
		die(EX_UNAVAILABLE, "s3 GetObject s3://%s/%s: an answer without an entity tag", o->bucket, o->key);
	free(o->etag);
	o->etag = mem_text(etag);
	o->there = true;
	o->bytes = h->reply_body.n;
	o->modified = modified != NULL ? http_date(modified) : -1;
}

static void
finish(struct reading *g, void (*each)(void *arg, const struct object *o, struct span bytes), void *arg)
{
	if (aws_ok(&g->call)) {
		take(g);
		each(arg, g->object, buf_span(&g->call.http.reply_body));
	} else if (s3_is_missing(&g->call))
		g->object->there = false;
	else
		aws_die(&g->call);
	aws_call_free(&g->call);
	free(g);
}

void
remote_read(struct remote *r, struct object *all, size_t n, size_t limit,
    void (*each)(void *arg, const struct object *o, struct span bytes), void *arg)
{
	int busy = 0;

	for (size_t next = 0; next < n || busy > 0; busy--) {
		for (; next < n && busy < r->jobs; busy++)
			start(r, &all[next++], limit);
		finish(aws_next(remote_aws(r))->http.arg, each, arg);
	}
}
