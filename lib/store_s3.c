/*
 * A store in S3.
 *
 * An object waits in a nameless file until its name is known, and then goes up
 * beside others.  A swap is a write on condition: the document is read with its
 * entity tag, and if its bytes are those that the caller saw, replaced on that
 * tag.  The tag only pins the version; what it is made of does not matter.
 */
#include "store_s3.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "die.h"
#include "out.h"
#include "tmp.h"
#include "url.h"

#define JOBS 4

struct s3_store {
	struct s3 s3;
	struct aws *aws;
	char *name;            /* s3://bucket/prefix */
	char *bucket;
	char *prefix;          /* empty, or ends in '/' */
	bool no_lock, checked; /* checked: the server heeds conditions */
};

struct s3_put {
	struct s3_store *store;
	int fd;
	uint64_t bytes;
};

/* Each object that waits has a descriptor. */
static void
raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

struct s3_store *
s3_store_open(const char *where, const struct store_options *options)
{
	struct s3_store *s = mem_new(sizeof *s);
	struct span bucket, prefix, name = span_of(where);
	struct buf b = {0};
	const char *why;

	while (name.n > 0 && name.p[name.n - 1] == '/')
		name.n--;
	if ((why = url_parse_s3(name, &bucket, &prefix)) != NULL)
		die(EX_USAGE, "%s: %s", where, why);
	buf_span_add(&b, prefix);
	if (prefix.n > 0)
		buf_byte(&b, '/');
	s->prefix = buf_take(&b);
	s->name = mem_text(name);
	s->bucket = mem_text(bucket);
	raise_limit();
	s->aws = aws_new(&options->aws);
	s->no_lock = options->no_lock;
	s->s3 = (struct s3){
		.aws = s->aws, .bucket = s->bucket, .owner = options->bucket_owner, .sse = options->sse,
		.sse_kms_key_id = options->sse_kms_key_id, .storage_class = options->storage_class,
		.jobs = options->jobs > 0 ? options->jobs : JOBS,
	};
	return s;
}

const char *
s3_store_name(const struct s3_store *s)
{
	return s->name;
}

void
s3_store_close(struct s3_store *s)
{
	if (s == NULL)
		return;
	aws_free(s->aws);
	free(s->name);
	free(s->bucket);
	free(s->prefix);
	free(s);
}

/* The key in the bucket; in b until it changes. */
static struct span
full_key(const struct s3_store *s, const char *key, struct buf *b)
{
	buf_reset(b);
	buf_str(b, s->prefix);
	buf_str(b, key);
	return buf_span(b);
}

enum store_result
s3_store_get(struct s3_store *s, const char *key, struct buf *b)
{
	struct buf full = {0};
	enum store_result result = s3_get(&s->s3, full_key(s, key, &full), b, NULL);

	buf_free(&full);
	return result;
}

enum store_result
s3_store_read(struct s3_store *s, const char *key, int *fd)
{
	struct buf full = {0};
	enum store_result result;

	*fd = tmp_open();
	result = s3_get_file(&s->s3, full_key(s, key, &full), *fd);
	if (result == STORE_OK && lseek(*fd, 0, SEEK_SET) != 0)
		die(EX_IOERR, "a temporary file in %s:", tmp_folder());
	if (result != STORE_OK)
		close(*fd);
	buf_free(&full);
	return result;
}

struct listing {
	size_t prefix_bytes;
	void (*each)(void *arg, const char *key, uint64_t bytes);
	void *arg;
};

static void
list_object(void *arg, const struct s3_object *o)
{
	const struct listing *l = arg;
	char *key = mem_text((struct span){o->key.p + l->prefix_bytes, o->key.n - l->prefix_bytes});

	l->each(l->arg, key, o->bytes);
	free(key);
}

void
s3_store_list(struct s3_store *s, const char *prefix, void (*each)(void *arg, const char *key, uint64_t bytes),
    void *arg)
{
	struct listing l = {strlen(s->prefix), each, arg};
	struct buf full = {0};

	s3_list(&s->s3, full_key(s, prefix, &full), list_object, &l);
	buf_free(&full);
}

void
s3_store_delete(struct s3_store *s, const char *key)
{
	struct buf full = {0};

	s3_delete(&s->s3, full_key(s, key, &full));
	buf_free(&full);
}

struct s3_put *
s3_store_put_new(struct s3_store *s)
{
	struct s3_put *p = mem_new(sizeof *p);

	p->store = s;
	p->fd = tmp_open();
	return p;
}

void
s3_store_put_write(struct s3_put *p, struct span bytes)
{
	if (!out_all(p->fd, bytes))
		die(EX_IOERR, "a temporary file in %s:", tmp_folder());
	p->bytes += bytes.n;
}

void
s3_store_put_name(struct s3_put *p, const char *key)
{
	struct buf full = {0};

	s3_put_file(&p->store->s3, full_key(p->store, key, &full), p->fd, p->bytes);
	buf_free(&full);
	free(p);
}

void
s3_store_put_drop(struct s3_put *p)
{
	close(p->fd);
	free(p);
}

void
s3_store_sync(struct s3_store *s)
{
	s3_wait(&s->s3);
}

/* A server that takes every write would let two runs at once mix. */
static void
check_conditions(struct s3_store *s, struct span key)
{
	if (s->no_lock || s->checked)
		return;
	if (!s3_has_conditions(&s->s3, key))
		die(EX_CONFIG, "%s: the server ignores If-Match, so that two runs at once could overwrite each other; "
		    "if there is never more than one, say --no-lock", s->name);
	s->checked = true;
}

enum store_result
s3_store_swap(struct s3_store *s, const char *key, struct span seen, struct span bytes)
{
	struct buf full = {0}, now = {0}, etag = {0};
	struct span k = full_key(s, key, &full);
	enum store_result result = STORE_CHANGED;
	bool there;

	check_conditions(s, k);
	there = s3_get(&s->s3, k, &now, &etag) == STORE_OK;
	if (there == (seen.p != NULL) && (!there || span_eq(buf_span(&now), seen)))
		result = s3_put_if(&s->s3, k, there ? buf_text(&etag) : NULL, bytes);
	buf_free(&etag);
	buf_free(&now);
	buf_free(&full);
	return result;
}
