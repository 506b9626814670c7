/* A store in a directory. */
#include "store_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "out.h"

#define MKDIR_TRIES 16

struct dir_store {
	char *root;    /* as given, less slashes at its end */
};

struct dir_put {
	struct dir_store *store;
	char *path;    /* of the temporary file */
	int fd;        /* -1 while it rests */
	bool gone;     /* somebody removed it */
};

struct dir_store *
dir_open(const char *where)
{
	struct dir_store *s = mem_new(sizeof *s);
	struct span root = span_of(where);
	struct stat st;

	if (stat(where, &st) == 0 && !S_ISDIR(st.st_mode))
		die(EX_NOINPUT, "%s: it is no directory", where);
	while (root.n > 1 && root.p[root.n - 1] == '/')
		root.n--;
	s->root = mem_text(root);
	return s;
}

const char *
dir_name(const struct dir_store *s)
{
	return s->root;
}

void
dir_close(struct dir_store *s)
{
	if (s == NULL)
		return;
	free(s->root);
	free(s);
}

static char *
path_of(const struct dir_store *s, const char *key)
{
	struct buf b = {0};

	buf_fmt(&b, "%s/%s", s->root, key);
	return buf_take(&b);
}

/* The folder that a path is in. */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return mem_text(span_of("."));
	return mem_text((struct span){path, slash == path ? 1 : (size_t)(slash - path)});
}

static _Noreturn void
fail(int status, const char *what, const char *path)
{
	die(errno == EACCES || errno == EPERM ? EX_NOPERM : status, "%s%s:", what, path);
}

static bool
is_gone(void)
{
	return errno == ENOENT;
}

/* Opens for reading; -1 when there is none. */
static int
open_path(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0 && !is_gone())
		fail(EX_NOINPUT, "", path);
	return fd;
}

enum store_result
dir_read(struct dir_store *s, const char *key, int *fd)
{
	char *path = path_of(s, key);

	*fd = open_path(path, O_RDONLY);
	free(path);
	return *fd < 0 ? STORE_MISSING : STORE_OK;
}

static enum store_result
get_path(const char *path, struct buf *b)
{
	int fd = open_path(path, O_RDONLY);

	if (fd < 0)
		return STORE_MISSING;
	for (;;) {
		ssize_t n = read(fd, buf_room(b, 4096), 4096);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail(EX_IOERR, "", path);
		if (n == 0)
			break;
		b->n += (size_t)n;
	}
	close(fd);
	return STORE_OK;
}

enum store_result
dir_get(struct dir_store *s, const char *key, struct buf *b)
{
	char *path = path_of(s, key);
	enum store_result r = get_path(path, b);

	free(path);
	return r;
}

struct listing {
	struct dir_store *store;
	const char *prefix;
	void (*each)(void *arg, const char *key, uint64_t bytes);
	void *arg;
};

/* Lists the folder of keys that start with `folder`, which is empty or ends in '/'. */
static void
list_folder(const struct listing *l, const char *folder)
{
	char *path = path_of(l->store, folder);
	DIR *dir = opendir(path);
	struct dirent *e;

	if (dir == NULL && !is_gone())
		fail(EX_NOINPUT, "", path);
	while (dir != NULL && (errno = 0, e = readdir(dir)) != NULL) {
		struct buf key = {0};
		struct stat st;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (fstatat(dirfd(dir), e->d_name, &st, 0) != 0) {
			if (!is_gone())
				fail(EX_IOERR, "", path);
			continue;
		}
		buf_fmt(&key, "%s%s%s", folder, e->d_name, S_ISDIR(st.st_mode) ? "/" : "");
		if (S_ISDIR(st.st_mode))
			list_folder(l, buf_text(&key));
		else if (strncmp(buf_text(&key), l->prefix, strlen(l->prefix)) == 0)
			l->each(l->arg, key.p, (uint64_t)st.st_size);
		buf_free(&key);
	}
	if (dir != NULL && errno != 0)
		fail(EX_IOERR, "", path);
	if (dir != NULL)
		closedir(dir);
	free(path);
}

void
dir_list(struct dir_store *s, const char *prefix, void (*each)(void *arg, const char *key, uint64_t bytes), void *arg)
{
	struct listing l = {s, prefix, each, arg};
	const char *slash = strrchr(prefix, '/');
	char *folder = mem_text((struct span){prefix, slash != NULL ? (size_t)(slash + 1 - prefix) : 0});

	list_folder(&l, folder);
	free(folder);
}

/*
 * Folders that become empty go too, so that a store looks as if what was
 * removed had never been there.  Who wants to write into one makes it again.
 */
static void
remove_empty_folders(const struct dir_store *s, char *path)
{
	size_t root = strlen(s->root);
	char *slash;

	while ((slash = strrchr(path, '/')) != NULL && (size_t)(slash - path) > root) {
		*slash = '\0';
		if (rmdir(path) != 0)
			return;
	}
}

void
dir_delete(struct dir_store *s, const char *key)
{
	char *path = path_of(s, key);

	if (unlink(path) != 0 && !is_gone())
		fail(EX_IOERR, "removing ", path);
	remove_empty_folders(s, path);
	free(path);
}

/* Makes the folder and those it lies in. */
static void
make_folder(const char *folder)
{
	if (mkdir(folder, 0777) == 0 || errno == EEXIST)
		return;
	if (is_gone()) {
		char *above = folder_of(folder);

		if (strcmp(above, folder) != 0)
			make_folder(above);
		free(above);
		if (mkdir(folder, 0777) == 0 || errno == EEXIST || is_gone())
			return;
	}
	fail(EX_CANTCREAT, "", folder);
}

/* Creates a file in a folder that a slow remover may take away between two calls. */
static int
create(const char *path, int flags)
{
	char *folder = folder_of(path);
	int fd = -1;

	for (int i = 0; i < MKDIR_TRIES; i++) {
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);
		if (fd >= 0 || !is_gone())
			break;
		make_folder(folder);
	}
	free(folder);
	if (fd < 0)
		fail(EX_CANTCREAT, "", path);
	return fd;
}

struct dir_put *
dir_put_new(struct dir_store *s, const char *temporary)
{
	struct dir_put *p = mem_new(sizeof *p);

	p->store = s;
	p->path = path_of(s, temporary);
	p->fd = create(p->path, O_EXCL);
	return p;
}

/* Takes the descriptor back; false if the file is no longer there. */
static bool
wake(struct dir_put *p)
{
	if (p->fd < 0 && !p->gone) {
		p->fd = open_path(p->path, O_WRONLY | O_APPEND);
		p->gone = p->fd < 0;
	}
	return !p->gone;
}

void
dir_put_write(struct dir_put *p, struct span bytes)
{
	if (wake(p) && !out_all(p->fd, bytes))
		fail(EX_IOERR, "", p->path);
}

static void
close_put(struct dir_put *p)
{
	if (p->fd >= 0 && close(p->fd) != 0)
		fail(EX_IOERR, "", p->path);
	p->fd = -1;
}

void
dir_put_rest(struct dir_put *p)
{
	close_put(p);
}

static void
free_put(struct dir_put *p)
{
	free(p->path);
	free(p);
}

/* Renames, with the folder of the new name made as often as a remover takes it away. */
static enum store_result
rename_put(struct dir_put *p, const char *path)
{
	char *folder = folder_of(path);
	enum store_result result = STORE_MISSING;

	for (int i = 0; i < MKDIR_TRIES; i++) {
		if (rename(p->path, path) == 0) {
			result = STORE_OK;
			break;
		}
		if (!is_gone())
			fail(EX_CANTCREAT, "", path);
		if (access(p->path, F_OK) != 0)
			break;
		make_folder(folder);
	}
	free(folder);
	return result;
}

enum store_result
dir_put_name(struct dir_put *p, const char *key)
{
	enum store_result result = STORE_MISSING;
	char *path = path_of(p->store, key);

	if (wake(p)) {
		if (fsync(p->fd) != 0)
			fail(EX_IOERR, "", p->path);
		close_put(p);
		result = rename_put(p, path);
	}
	free(path);
	free_put(p);
	return result;
}

void
dir_put_drop(struct dir_put *p)
{
	if (p->fd >= 0)
		close(p->fd);
	unlink(p->path);
	free_put(p);
}

static void
sync_folder(const char *path)
{
	int fd = open_path(path, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return;
	/* Some file systems do not sync folders and say EINVAL. */
	if (fsync(fd) != 0 && errno != EINVAL)
		fail(EX_IOERR, "", path);
	close(fd);
}

/* From a folder up to the one that holds the store: each may be new. */
static void
sync_upwards(const struct dir_store *s, const char *folder)
{
	char *path = mem_text(span_of(folder));
	size_t root = strlen(s->root);

	for (;;) {
		char *above = folder_of(path);
		bool last = strlen(path) <= root;

		sync_folder(path);
		free(path);
		path = above;
		if (last)
			break;
	}
	sync_folder(path);
	free(path);
}

void
dir_sync(struct dir_store *s, const char *prefix)
{
	char *path = path_of(s, prefix);
	size_t n = strlen(path);
	DIR *dir;
	struct dirent *e;

	while (n > 1 && path[n - 1] == '/')
		path[--n] = '\0';
	dir = opendir(path);
	if (dir == NULL && !is_gone())
		fail(EX_IOERR, "", path);
	while (dir != NULL && (errno = 0, e = readdir(dir)) != NULL) {
		struct buf folder = {0};
		struct stat st;

		if (e->d_name[0] == '.' || fstatat(dirfd(dir), e->d_name, &st, 0) != 0 || !S_ISDIR(st.st_mode))
			continue;
		buf_fmt(&folder, "%s/%s", path, e->d_name);
		sync_folder(buf_text(&folder));
		buf_free(&folder);
	}
	if (dir != NULL && errno != 0)
		fail(EX_IOERR, "", path);
	if (dir != NULL)
		closedir(dir);
	sync_upwards(s, path);
	free(path);
}

/* Where a swap writes before it renames; only who has the lock touches it. */
static char *
swap_path(const char *path)
{
	char *folder = folder_of(path);
	struct buf b = {0};

	buf_fmt(&b, "%s/.%s.tmp", folder, strrchr(path, '/') + 1);
	free(folder);
	return buf_take(&b);
}

/* Locks the folder of path, which is made if need be. */
static int
lock_folder(const char *folder)
{
	int fd;

	for (int i = 0;; i++) {
		fd = open_path(folder, O_RDONLY | O_DIRECTORY);
		if (fd >= 0)
			break;
		if (i == MKDIR_TRIES)
			fail(EX_CANTCREAT, "", folder);
		make_folder(folder);
	}
	while (flock(fd, LOCK_EX) != 0)
		if (errno != EINTR)
			fail(EX_IOERR, "locking ", folder);
	return fd;
}

static bool
is_still(const char *path, struct span seen)
{
	struct buf now = {0};
	bool same;

	if (get_path(path, &now) == STORE_MISSING)
		same = seen.p == NULL;
	else
		same = seen.p != NULL && span_eq(buf_span(&now), seen);
	buf_free(&now);
	return same;
}

static void
replace(const char *path, struct span bytes)
{
	char *temporary = swap_path(path);
	int fd = create(temporary, O_TRUNC);

	if (!out_all(fd, bytes) || fsync(fd) != 0 || close(fd) != 0)
		fail(EX_IOERR, "", temporary);
	if (rename(temporary, path) != 0)
		fail(EX_CANTCREAT, "", path);
	free(temporary);
}

enum store_result
dir_swap(struct dir_store *s, const char *key, struct span seen, struct span bytes)
{
	char *path = path_of(s, key), *folder = folder_of(path);
	int lock = lock_folder(folder);
	enum store_result result = STORE_CHANGED;

	if (is_still(path, seen)) {
		replace(path, bytes);
		sync_upwards(s, folder);
		result = STORE_OK;
	}
	close(lock);
	free(folder);
	free(path);
	return result;
}

void
dir_tidy(struct dir_store *s, const char *key)
{
	char *path = path_of(s, key), *temporary = swap_path(path), *folder = folder_of(path);

	if (access(temporary, F_OK) == 0) {
		int lock = lock_folder(folder);

		unlink(temporary);
		close(lock);
	}
	free(folder);
	free(temporary);
	free(path);
}
