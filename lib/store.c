/* A place for objects: a directory, or a bucket and prefix in S3. */
#include "store.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "store_dir.h"
#include "store_s3.h"

/* One of the two is NULL. */
struct store {
	struct dir_store *dir;
	struct s3_store *s3;
};

struct store_put {
	struct dir_put *dir;
	struct s3_put *s3;
};

bool
store_option(struct store_options *o, int opt, const char *arg)
{
	switch (opt) {
	case STORE_REGION: o->aws.region = arg; break;
	case STORE_PROFILE: o->aws.profile = arg; break;
	case STORE_ENDPOINT: o->aws.endpoint_url = arg; break;
	case STORE_OWNER: o->bucket_owner = arg; break;
	case STORE_SSE: o->sse = arg; break;
	case STORE_SSE_KEY: o->sse_kms_key_id = arg; break;
	case STORE_CLASS: o->storage_class = arg; break;
	case STORE_NO_LOCK: o->no_lock = true; break;
	default: return false;
	}
	return true;
}

struct store *
store_open(const char *where, const struct store_options *options)
{
	struct store *s = mem_new(sizeof *s);

	if (*where == '\0')
		die(EX_USAGE, "a store needs a name");
	if (strncmp(where, "ddb:", 4) == 0)
		die(EX_USAGE, "%s: this version keeps no state in tables", where);
	if (strncmp(where, "s3://", 5) == 0)
		s->s3 = s3_store_open(where, options);
	else
		s->dir = dir_open(where);
	return s;
}

const char *
store_name(const struct store *s)
{
	return s->s3 != NULL ? s3_store_name(s->s3) : dir_name(s->dir);
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	dir_close(s->dir);
	s3_store_close(s->s3);
	free(s);
}

enum store_result
store_get(struct store *s, const char *key, struct buf *b)
{
	return s->s3 != NULL ? s3_store_get(s->s3, key, b) : dir_get(s->dir, key, b);
}

enum store_result
store_read(struct store *s, const char *key, int *fd)
{
	return s->s3 != NULL ? s3_store_read(s->s3, key, fd) : dir_read(s->dir, key, fd);
}

void
store_list(struct store *s, const char *prefix, void (*each)(void *arg, const char *key, uint64_t bytes), void *arg)
{
	if (s->s3 != NULL)
		s3_store_list(s->s3, prefix, each, arg);
	else
		dir_list(s->dir, prefix, each, arg);
}

void
store_delete(struct store *s, const char *key)
{
	if (s->s3 != NULL)
		s3_store_delete(s->s3, key);
	else
		dir_delete(s->dir, key);
}

struct store_put *
store_put_new(struct store *s, const char *temporary)
{
	struct store_put *p = mem_new(sizeof *p);

	if (s->s3 != NULL)
		p->s3 = s3_store_put_new(s->s3);
	else
		p->dir = dir_put_new(s->dir, temporary);
	return p;
}

void
store_put_write(struct store_put *p, struct span bytes)
{
	if (p->s3 != NULL)
		s3_store_put_write(p->s3, bytes);
	else
		dir_put_write(p->dir, bytes);
}

void
store_put_rest(struct store_put *p)
{
	if (p->dir != NULL)
		dir_put_rest(p->dir);
}

enum store_result
store_put_name(struct store_put *p, const char *key)
{
	enum store_result result = STORE_OK;

	if (p->s3 != NULL)
		s3_store_put_name(p->s3, key);
	else
		result = dir_put_name(p->dir, key);
	free(p);
	return result;
}

void
store_put_drop(struct store_put *p)
{
	if (p->s3 != NULL)
		s3_store_put_drop(p->s3);
	else
		dir_put_drop(p->dir);
	free(p);
}

void
store_sync(struct store *s, const char *prefix)
{
	if (s->s3 != NULL)
		s3_store_sync(s->s3);
	else
		dir_sync(s->dir, prefix);
}

enum store_result
store_swap(struct store *s, const char *key, struct span seen, struct span bytes)
{
	return s->s3 != NULL ? s3_store_swap(s->s3, key, seen, bytes) : dir_swap(s->dir, key, seen, bytes);
}

void
store_tidy(struct store *s, const char *key)
{
	if (s->dir != NULL)
		dir_tidy(s->dir, key);
}

bool
store_is_inside(const struct store *s, const char *source)
{
	const char *name = store_name(s);
	size_t n = strlen(source);

	while (n > 0 && source[n - 1] == '/')
		n--;
	return s->s3 != NULL && strncmp(source, "s3://", 5) == 0 && strncmp(name, source, n) == 0 &&
	       (name[n] == '\0' || name[n] == '/');
}
