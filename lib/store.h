/*
 * A place for objects: get, put, put-if, list, delete.
 *
 * A store is a directory, or a bucket and prefix in S3: s3://bucket/prefix.
 * Keys are paths below it, in '/'.  What fails for another reason than those in
 * store_result ends the program: in a directory with 73, 74, 66 or 77 and the
 * path, in S3 with 66, 69, 75, 77 or 78, the operation and the request id.
 */
#ifndef STORE_H
#define STORE_H

#include "store_types.h"

/*
 * The options of stores, for the list of a stage's getopt_long: those of every use
 * of a store, and those of sinks.  store_option takes one; false if it is none.
 */
enum {
	STORE_REGION = 1000, STORE_PROFILE, STORE_ENDPOINT, STORE_OWNER, STORE_SSE, STORE_SSE_KEY, STORE_CLASS,
	STORE_NO_LOCK
};
#define STORE_OPTIONS                                              \
	{"region", required_argument, NULL, STORE_REGION},         \
	{"profile", required_argument, NULL, STORE_PROFILE},       \
	{"endpoint-url", required_argument, NULL, STORE_ENDPOINT}, \
	{"expected-bucket-owner", required_argument, NULL, STORE_OWNER}
#define STORE_SINK_OPTIONS                                         \
	{"sse", required_argument, NULL, STORE_SSE},               \
	{"sse-kms-key-id", required_argument, NULL, STORE_SSE_KEY}, \
	{"storage-class", required_argument, NULL, STORE_CLASS},   \
	{"no-lock", no_argument, NULL, STORE_NO_LOCK}
bool store_option(struct store_options *o, int opt, const char *arg);

struct store;

/* Opens what --state and the sinks' operands name.  Creates nothing. */
struct store *store_open(const char *where, const struct store_options *options);
/* As it was given, less slashes at its end; borrowed. */
const char *store_name(const struct store *s);
void store_close(struct store *s);

/* Adds the whole object to b: documents, not chunks. */
enum store_result store_get(struct store *s, const char *key, struct buf *b);
/* Opens an object for reading; the caller closes *fd. */
enum store_result store_read(struct store *s, const char *key, int *fd);
/* Calls each(arg, key, bytes) for every object whose key starts with prefix, in no order. */
void store_list(struct store *s, const char *prefix, void (*each)(void *arg, const char *key, uint64_t bytes),
    void *arg);
/* Missing is fine. */
void store_delete(struct store *s, const char *key);

/*
 * An object that is written before its name is known.  In a directory it is a
 * temporary object under `temporary` until then, which a list shows too; for S3
 * it waits in $TMPDIR.
 */
struct store_put;
struct store_put *store_put_new(struct store *s, const char *temporary);
void store_put_write(struct store_put *p, struct span bytes);
/* Lets the descriptor go while others are written, where there is one to let go; writing again takes it back. */
void store_put_rest(struct store_put *p);
/*
 * Makes it visible as `key`; frees p.  It may still be under way when this
 * returns: whole and durable it is after store_sync.  STORE_MISSING: somebody
 * removed the temporary object meanwhile.
 */
enum store_result store_put_name(struct store_put *p, const char *key);
/* Removes it if that is possible, and never complains: it is called on the way out; frees p. */
void store_put_drop(struct store_put *p);
/* Waits for what was named under prefix, and makes it durable. */
void store_sync(struct store *s, const char *prefix);

/*
 * Replaces the object by `bytes` if it is still what the caller saw: `seen`
 * are its bytes then, {NULL, 0} for none.  Durable when it returns.
 */
enum store_result store_swap(struct store *s, const char *key, struct span seen, struct span bytes);
/* Removes what a swap that was killed has left beside the object. */
void store_tidy(struct store *s, const char *key);

/* True when the store lies inside what `source` names, or is it: s3://bucket/prefix. */
bool store_is_inside(const struct store *s, const char *source);

#endif
