/*
 * A place for objects: get, put, put-if, list, delete.
 *
 * A store is a directory now; a bucket and prefix behind the same calls later.
 * Keys are paths below it, in '/'.  What fails for another reason than those
 * in store_result ends the program with 73, 74, 66 or 77 and names the key.
 */
#ifndef STORE_H
#define STORE_H

#include "buf.h"

enum store_result {
	STORE_OK,
	STORE_MISSING,    /* there is no such object */
	STORE_CHANGED,    /* it is not what the caller saw */
};

struct store;

/* Opens what --state and the sinks' operands name.  Creates nothing. */
struct store *store_open(const char *where);
/* As it was given; borrowed. */
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
 * An object that is written before its name is known.  Until store_put_name it
 * is a temporary object under `temporary`, which a list shows too.
 */
struct store_put;
struct store_put *store_put_new(struct store *s, const char *temporary);
void store_put_write(struct store_put *p, struct span bytes);
/* Lets the descriptor go while others are written; writing again takes it back. */
void store_put_rest(struct store_put *p);
/*
 * Makes it durable, then visible as `key`; frees p.  STORE_MISSING: somebody
 * removed the temporary object meanwhile.  The name itself is durable after
 * store_sync.
 */
enum store_result store_put_name(struct store_put *p, const char *key);
/* Removes it if that is possible, and never complains: it is called on the way out; frees p. */
void store_put_drop(struct store_put *p);
/* Makes durable what was named under prefix. */
void store_sync(struct store *s, const char *prefix);

/*
 * Replaces the object by `bytes` if it is still what the caller saw: `seen`
 * are its bytes then, {NULL, 0} for none.  Durable when it returns.
 */
enum store_result store_swap(struct store *s, const char *key, struct span seen, struct span bytes);
/* Removes what a swap that was killed has left beside the object. */
void store_tidy(struct store *s, const char *key);

#endif
