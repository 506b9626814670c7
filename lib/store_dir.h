/*
 * A store in a directory.  Each call does what the one of the same name in
 * store.h does; `store` alone includes this.
 *
 * An object is written to a temporary name, synced and renamed.  A swap locks
 * the folder of the object (flock), compares, writes, syncs, renames, syncs the
 * folder.  Folders that become empty are removed.
 */
#ifndef STORE_DIR_H
#define STORE_DIR_H

#include "store_types.h"

struct dir_store;
struct dir_put;

struct dir_store *dir_open(const char *where);
const char *dir_name(const struct dir_store *s);
void dir_close(struct dir_store *s);

enum store_result dir_get(struct dir_store *s, const char *key, struct buf *b);
enum store_result dir_read(struct dir_store *s, const char *key, int *fd);
void dir_list(struct dir_store *s, const char *prefix, void (*each)(void *arg, const char *key, uint64_t bytes), void *arg);
void dir_delete(struct dir_store *s, const char *key);

struct dir_put *dir_put_new(struct dir_store *s, const char *temporary);
void dir_put_write(struct dir_put *p, struct span bytes);
void dir_put_rest(struct dir_put *p);
enum store_result dir_put_name(struct dir_put *p, const char *key);
void dir_put_drop(struct dir_put *p);
void dir_sync(struct dir_store *s, const char *prefix);

enum store_result dir_swap(struct dir_store *s, const char *key, struct span seen, struct span bytes);
void dir_tidy(struct dir_store *s, const char *key);

#endif
