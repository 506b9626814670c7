/* The calls of S3 that we need. */
#include "s3.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "day.h"
#include "die.h"
#include "out.h"
#include "url.h"
#include "xml.h"

#define PART_BYTES ((uint64_t)16 << 20)
#define PARTS_MAX 10000
#define COMPLETE_S 900

static struct aws_call
new_call(const struct s3 *s, const char *method, const char *operation, struct span key)
{
	struct aws_call c = {
		.service = "s3", .operation = operation, .method = method, .bucket = s->bucket, .key = key,
		.http = {.body_fd = -1},
	};

	if (s->owner != NULL)
		http_header_set(&c.http.headers, "x-amz-expected-bucket-owner", s->owner);
	return c;
}

bool
s3_is_missing(const struct aws_call *c)
{
	return c->http.status == 404 && strcmp(c->code, "NoSuchBucket") != 0;
}

/* Adds an entity tag without its quotes. */
static void
add_etag(struct buf *b, const char *etag)
{
	struct span s = span_of(etag != NULL ? etag : "");

	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		s = (struct span){s.p + 1, s.n - 2};
	buf_reset(b);
	buf_span_add(b, s);
}

/* Runs a call that may find nothing. */
static enum store_result
run(struct s3 *s, struct aws_call *c)
{
	if (aws_run(s->aws, c))
		return STORE_OK;
	if (!s3_is_missing(c))
		aws_die(c);
	return STORE_MISSING;
}

/* One page of a list. */
struct page {
	void (*each)(void *arg, const struct s3_object *o);
	void *arg;
	struct buf key, etag, next;
	uint64_t bytes;
	int64_t modified;
	struct span prefix;          /* that every key has */
	bool truncated, encoded;
};

static const char *
read_number(struct span text, uint64_t *n)
{
	*n = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || *n > (UINT64_MAX - 9) / 10)
			return "a list with a size that is none";
		*n = *n * 10 + (uint64_t)(text.p[i] - '0');
	}
	return text.n > 0 ? NULL : "a list with a size that is none";
}

static const char *
list_element(void *arg, const char *path, struct span text)
{
	struct page *p = arg;
	const char *name = strncmp(path, "ListBucketResult/", 17) == 0 ? path + 17 : "";

	if (strcmp(name, "Contents/Key") == 0) {
		buf_reset(&p->key);
		if (!p->encoded)
			buf_span_add(&p->key, text);
		return !p->encoded || url_decode(&p->key, text, ' ') ? NULL : "a list with a key that is not encoded";
	}
	if (strcmp(name, "Contents/Size") == 0)
		return read_number(text, &p->bytes);
	if (strcmp(name, "Contents/LastModified") == 0)
		return time_parse(text, &p->modified);
	if (strcmp(name, "Contents/ETag") == 0) {
		buf_reset(&p->next);
		buf_span_add(&p->next, text);
		add_etag(&p->etag, buf_text(&p->next));
		buf_reset(&p->next);
	} else if (strcmp(name, "IsTruncated") == 0) {
		p->truncated = span_is(text, "true");
	} else if (strcmp(name, "Contents") == 0) {
		struct s3_object o = {buf_span(&p->key), p->bytes, buf_span(&p->etag), p->modified};

		if (o.key.n < p->prefix.n || memcmp(o.key.p, p->prefix.p, p->prefix.n) != 0)
			return "a list of something else than was asked for";
		p->each(p->arg, &o);
		buf_reset(&p->key);
		buf_reset(&p->etag);
		p->bytes = 0;
		p->modified = -1;
	}
	return NULL;
}

/* Reads a page; *token is where the next one starts. */
static const char *
read_page(struct page *p, struct span body, struct buf *token)
{
	struct buf next = {0};
	const char *why;

	/* A server that does not know encoding-type sends keys as they are. */
	p->encoded = xml_find(body, "ListBucketResult/EncodingType", &next);
	buf_reset(&next);
	p->truncated = false;
	why = xml_read(body, list_element, p);
	if (why == NULL && p->truncated) {
		if (!xml_find(body, "ListBucketResult/NextContinuationToken", &next))
			why = "a list that goes on and does not say where";
		else if (span_eq(buf_span(&next), buf_span(token)))
			why = "a list that goes on where it began";
	}
	buf_reset(token);
	buf_span_add(token, buf_span(&next));
	buf_free(&next);
	return why;
}

void
s3_list(struct s3 *s, struct span prefix, void (*each)(void *arg, const struct s3_object *o), void *arg)
{
	struct page p = {.each = each, .arg = arg, .modified = -1, .prefix = prefix};
	struct buf token = {0};
	char *text = mem_text(prefix);

	do {
		struct aws_call c = new_call(s, "GET", "ListObjectsV2", (struct span){NULL, 0});
		struct url_query q = {0};
		const char *why;

		url_query_add(&q, "list-type", "2");
		url_query_add(&q, "encoding-type", "url");
		url_query_add(&q, "prefix", text);
		if (token.n > 0)
			url_query_add(&q, "continuation-token", buf_text(&token));
		c.query = &q;
		c.answer = "ListBucketResult/IsTruncated";
		if (!aws_run(s->aws, &c))
			aws_die(&c);
		why = read_page(&p, buf_span(&c.http.reply_body), &token);
		if (why != NULL)
			die(EX_UNAVAILABLE, "s3 ListObjectsV2 %s: %s (request ID %s)", s->bucket, why, c.request_id);
		aws_call_free(&c);
		url_query_free(&q);
	} while (p.truncated);
	buf_free(&p.key);
	buf_free(&p.etag);
	buf_free(&p.next);
	buf_free(&token);
	free(text);
}

enum store_result
s3_get(struct s3 *s, struct span key, struct buf *b, struct buf *etag)
{
	struct aws_call c = new_call(s, "GET", "GetObject", key);
	enum store_result result = run(s, &c);

	if (result == STORE_OK) {
		buf_span_add(b, buf_span(&c.http.reply_body));
		if (etag != NULL)
			add_etag(etag, http_header_get(&c.http.reply_headers, "etag"));
	}
	aws_call_free(&c);
	return result;
}

static bool
take_file(struct http_request *r, void *arg, struct span bytes)
{
	(void)r;
	return out_all(*(int *)arg, bytes);
}

static void
restart_file(struct http_request *r, void *arg)
{
	(void)r;
	if (lseek(*(int *)arg, 0, SEEK_SET) != 0 || ftruncate(*(int *)arg, 0) != 0)
		die(EX_IOERR, "a temporary file:");
}

enum store_result
s3_get_file(struct s3 *s, struct span key, int fd)
{
	struct aws_call c = new_call(s, "GET", "GetObject", key);
	enum store_result result;

	c.http.arg = &fd;
	c.http.take = take_file;
	c.http.restart = restart_file;
	result = run(s, &c);
	aws_call_free(&c);
	return result;
}

enum store_result
s3_head(struct s3 *s, struct span key, struct s3_object *o, struct buf *etag)
{
	struct aws_call c = new_call(s, "HEAD", "HeadObject", key);
	enum store_result result = run(s, &c);
	const char *length = http_header_get(&c.http.reply_headers, "content-length");

	*o = (struct s3_object){.key = key, .modified = -1};
	if (result == STORE_OK) {
		if (length == NULL || read_number(span_of(length), &o->bytes) != NULL)
			die(EX_UNAVAILABLE, "s3 HeadObject %s: no length (request ID %s)", s->bucket, c.request_id);
		o->modified = http_date(http_header_get(&c.http.reply_headers, "last-modified"));
		add_etag(etag, http_header_get(&c.http.reply_headers, "etag"));
		o->etag = buf_span(etag);
	}
	aws_call_free(&c);
	return result;
}

void
s3_delete(struct s3 *s, struct span key)
{
	struct aws_call c = new_call(s, "DELETE", "DeleteObject", key);

	run(s, &c);
	aws_call_free(&c);
}

/* How what is put is to be kept. */
static void
set_kind(const struct s3 *s, struct aws_call *c)
{
	if (s->sse != NULL)
		http_header_set(&c->http.headers, "x-amz-server-side-encryption", s->sse);
	if (s->sse_kms_key_id != NULL)
		http_header_set(&c->http.headers, "x-amz-server-side-encryption-aws-kms-key-id", s->sse_kms_key_id);
	if (s->storage_class != NULL)
		http_header_set(&c->http.headers, "x-amz-storage-class", s->storage_class);
}

/* A multipart upload, from its start to its completion. */
struct s3_multipart {
	struct s3_multipart *next;
	struct s3 *s3;
	struct span key;             /* key_text */
	char *key_text, *id;
	int fd;
	uint64_t bytes;
	struct upload **parts;
	size_t n, left;              /* parts, and those that are not up yet */
};

/* An upload under way: of an object, or of a part. */
struct upload {
	struct aws_call call;
	char *key;
	int fd;                      /* of an object; -1 for a part, which borrows it */
	struct url_query query;      /* of a part */
	struct s3_multipart *of;     /* of a part */
};

static void
free_upload(struct upload *u)
{
	aws_call_free(&u->call);
	url_query_free(&u->query);
	if (u->fd >= 0)
		close(u->fd);
	free(u->key);
	free(u);
}

static void complete_multipart(struct s3_multipart *m);
static void abort_multiparts(struct s3 *s);

/* Ends the program for a call that failed, and with it all uploads in parts. */
static _Noreturn void
give_up(struct s3 *s, const struct aws_call *c)
{
	abort_multiparts(s);
	aws_die(c);
}

/* Takes finished uploads until at most `most` are under way; the last part of an object completes it. */
static void
settle(struct s3 *s, size_t most)
{
	while (s->under_way > most) {
		struct aws_call *c = aws_next(s->aws);
		struct upload *u = c->http.arg;

		s->under_way--;
		if (!aws_ok(c))
			give_up(s, c);
		if (u->of == NULL)
			free_upload(u);
		else if (--u->of->left == 0)
			complete_multipart(u->of);
	}
}

void
s3_wait(struct s3 *s)
{
	settle(s, 0);
}

static void
start(struct s3 *s, struct upload *u)
{
	settle(s, (size_t)s->jobs - 1);
	u->call.http.arg = u;
	s->under_way++;
	aws_start(s->aws, &u->call);
}

static struct upload *
new_upload(struct s3 *s, const char *operation, struct span key, int fd, uint64_t from, uint64_t bytes)
{
	struct upload *u = mem_new(sizeof *u);

	u->key = mem_text(key);
	u->fd = -1;
	u->call = new_call(s, "PUT", operation, (struct span){u->key, key.n});
	u->call.checksum = true;
	u->call.http.body_fd = fd;
	u->call.http.body_from = from;
	u->call.http.body_bytes = bytes;
	return u;
}

static void
put_whole(struct s3 *s, struct span key, int fd, uint64_t bytes)
{
	struct upload *u = new_upload(s, "PutObject", key, fd, 0, bytes);

	u->fd = fd;
	set_kind(s, &u->call);
	start(s, u);
}

static void
begin_multipart(struct s3_multipart *m)
{
	struct aws_call c = new_call(m->s3, "POST", "CreateMultipartUpload", m->key);
	struct url_query q = {0};
	struct buf id = {0};

	set_kind(m->s3, &c);
	http_header_set(&c.http.headers, "x-amz-checksum-algorithm", "CRC32");
	url_query_add(&q, "uploads", NULL);
	c.query = &q;
	c.answer = "InitiateMultipartUploadResult/UploadId";
	if (!aws_run(m->s3->aws, &c))
		give_up(m->s3, &c);
	if (!xml_find(buf_span(&c.http.reply_body), "InitiateMultipartUploadResult/UploadId", &id))
		die(EX_UNAVAILABLE, "s3 CreateMultipartUpload %s: no upload id (request ID %s)", m->s3->bucket, c.request_id);
	m->id = buf_take(&id);
	m->next = m->s3->multiparts;
	m->s3->multiparts = m;
	aws_call_free(&c);
	url_query_free(&q);
}

static void
start_part(struct s3_multipart *m, size_t i, uint64_t from, uint64_t bytes)
{
	struct upload *u = new_upload(m->s3, "UploadPart", m->key, m->fd, from, bytes);
	char number[24];

	u->of = m;
	m->parts[i] = u;
	snprintf(number, sizeof number, "%zu", i + 1);
	url_query_add(&u->query, "partNumber", number);
	url_query_add(&u->query, "uploadId", m->id);
	u->call.query = &u->query;
	start(m->s3, u);
}

/* The last part that is started may complete m, and then m is gone: nothing is read from it after. */
static void
put_parts(struct s3 *s, struct span key, int fd, uint64_t bytes)
{
	struct s3_multipart *m = mem_new(sizeof *m);
	uint64_t size = (bytes + PARTS_MAX - 1) / PARTS_MAX;
	size_t n;

	if (size < PART_BYTES)
		size = PART_BYTES;
	n = (size_t)((bytes + size - 1) / size);
	m->s3 = s;
	m->key_text = mem_text(key);
	m->key = (struct span){m->key_text, key.n};
	m->fd = fd;
	m->bytes = bytes;
	m->n = m->left = n;
	m->parts = mem_new(n * sizeof *m->parts);
	begin_multipart(m);
	for (size_t i = 0; i < n; i++) {
		uint64_t from = i * size;

		start_part(m, i, from, bytes - from < size ? bytes - from : size);
	}
}

/* Best effort: a lifecycle rule for incomplete uploads takes what is left. */
static void
abort_multiparts(struct s3 *s)
{
	struct s3_multipart *list = s->multiparts;

	s->multiparts = NULL;
	for (struct s3_multipart *m = list; m != NULL; m = m->next) {
		struct aws_call c = new_call(s, "DELETE", "AbortMultipartUpload", m->key);
		struct url_query q = {0};

		url_query_add(&q, "uploadId", m->id);
		c.query = &q;
		aws_run(s->aws, &c);
		aws_call_free(&c);
		url_query_free(&q);
	}
}

static void
part_list(const struct s3_multipart *m, struct buf *b)
{
	struct buf etag = {0};

	buf_str(b, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	for (size_t i = 0; i < m->n; i++) {
		const struct http_request *r = &m->parts[i]->call.http;

		add_etag(&etag, http_header_get(&r->reply_headers, "etag"));
		buf_fmt(b, "<Part><ETag>&quot;%s&quot;</ETag><PartNumber>%zu</PartNumber><ChecksumCRC32>%s</ChecksumCRC32></Part>",
		    buf_text(&etag), i + 1, http_header_get(&r->headers, "x-amz-checksum-crc32"));
	}
	buf_str(b, "</CompleteMultipartUpload>");
	buf_free(&etag);
}

/* True when an object of that size is there: a completion whose answer was lost has been done. */
static bool
is_complete(const struct s3_multipart *m)
{
	struct s3_object o;
	struct buf etag = {0};
	bool complete = s3_head(m->s3, m->key, &o, &etag) == STORE_OK && o.bytes == m->bytes;

	buf_free(&etag);
	return complete;
}

static void
free_multipart(struct s3_multipart *m)
{
	struct s3_multipart **at = &m->s3->multiparts;

	while (*at != m)
		at = &(*at)->next;
	*at = m->next;
	for (size_t i = 0; i < m->n; i++)
		free_upload(m->parts[i]);
	free(m->parts);
	free(m->id);
	free(m->key_text);
	close(m->fd);
	free(m);
}

static void
complete_multipart(struct s3_multipart *m)
{
	struct aws_call c = new_call(m->s3, "POST", "CompleteMultipartUpload", m->key);
	struct url_query q = {0};
	struct buf body = {0};

	part_list(m, &body);
	url_query_add(&q, "uploadId", m->id);
	c.query = &q;
	c.http.body = buf_span(&body);
	http_header_set(&c.http.headers, "content-type", "application/xml");
	c.answer = "CompleteMultipartUploadResult/ETag";
	/* S3 puts the parts together before it answers, and sends spaces meanwhile. */
	c.http.stall_s = COMPLETE_S;
	c.http.total_ms = COMPLETE_S * 1000;
	if (!aws_run(m->s3->aws, &c) && !(strcmp(c.code, "NoSuchUpload") == 0 && c.http.tries > 1 && is_complete(m)))
		give_up(m->s3, &c);
	aws_call_free(&c);
	url_query_free(&q);
	buf_free(&body);
	free_multipart(m);
}

void
s3_put_file(struct s3 *s, struct span key, int fd, uint64_t bytes)
{
	if (bytes > S3_MULTIPART_BYTES)
		put_parts(s, key, fd, bytes);
	else
		put_whole(s, key, fd, bytes);
}

/* True when the object has just these bytes. */
static bool
has_bytes(struct s3 *s, struct span key, struct span bytes)
{
	struct buf now = {0};
	bool same = s3_get(s, key, &now, NULL) == STORE_OK && span_eq(buf_span(&now), bytes);

	buf_free(&now);
	return same;
}

static struct aws_call
conditional(struct s3 *s, struct span key, const char *etag, struct span bytes)
{
	struct aws_call c = new_call(s, "PUT", "PutObject", key);

	c.checksum = true;
	c.http.body = bytes;
	http_header_set(&c.http.headers, "content-type", "application/json");
	http_header_set(&c.http.headers, etag != NULL ? "if-match" : "if-none-match", etag != NULL ? etag : "*");
	return c;
}

/* 412, and 404 for a tag of an object that is no longer there. */
static bool
is_refused(const struct aws_call *c)
{
	return c->http.status == 412 || s3_is_missing(c);
}

enum store_result
s3_put_if(struct s3 *s, struct span key, const char *etag, struct span bytes)
{
	struct aws_call c = conditional(s, key, etag, bytes);
	enum store_result result = STORE_OK;

	set_kind(s, &c);
	if (!aws_run(s->aws, &c)) {
		if (!is_refused(&c))
			aws_die(&c);
		if (c.http.tries == 1 || !has_bytes(s, key, bytes))
			result = STORE_CHANGED;
	}
	aws_call_free(&c);
	return result;
}

bool
s3_has_conditions(struct s3 *s, struct span key)
{
	struct buf probe = {0};
	struct aws_call c;
	bool heeds;

	buf_span_add(&probe, key);
	buf_str(&probe, ".probe");
	c = conditional(s, buf_span(&probe), "00000000000000000000000000000000", (struct span){"{}\n", 3});
	set_kind(s, &c);
	heeds = !aws_run(s->aws, &c);
	if (heeds && !is_refused(&c))
		aws_die(&c);
	if (!heeds)
		s3_delete(s, buf_span(&probe));
	aws_call_free(&c);
	buf_free(&probe);
	return heeds;
}
