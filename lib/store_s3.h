/*
 * A store in S3.  Each call does what the one of the same name in store.h does;
 * `store` alone includes this.
 */
#ifndef STORE_S3_H
#define STORE_S3_H

#include "s3.h"

struct s3_store;
struct s3_put;

struct s3_store *s3_store_open(const char *where, const struct store_options *options);
const char *s3_store_name(const struct s3_store *s);
void s3_store_close(struct s3_store *s);

enum store_result s3_store_get(struct s3_store *s, const char *key, struct buf *b);
enum store_result s3_store_read(struct s3_store *s, const char *key, int *fd);
void s3_store_list(struct s3_store *s, const char *prefix, void (*each)(void *arg, const char *key, uint64_t bytes),
    void *arg);
void s3_store_delete(struct s3_store *s, const char *key);

struct s3_put *s3_store_put_new(struct s3_store *s);
void s3_store_put_write(struct s3_put *p, struct span bytes);
void s3_store_put_name(struct s3_put *p, const char *key);
void s3_store_put_drop(struct s3_put *p);
void s3_store_sync(struct s3_store *s);

enum store_result s3_store_swap(struct s3_store *s, const char *key, struct span seen, struct span bytes);

#endif
