/* The spool: a folder for parts from S3 on their way to cur-parse. */
#include "parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "die.h"
#include "tmp.h"

#define NAME "cur-fetch."
#define LOCK ".lock"
#define NEW_LOCK ".lock.new"       /* until it is locked */
#define NAME_BYTES ((size_t)100)   /* of a key, in the name of its file */
#define WAIT_S 86400               /* so long may parts wait for a reader that comes later */
#define READER_MS 1000             /* so long does the program wait for its own to begin */
#define STEP_MS 5

/* A name that is to go when the program ends early. */
struct name {
	struct name *next;
	char *path;
	bool lock;
};

/*
 * A signal may come at any time, so what its handler reads is built completely
 * before it is hung in here.
 */
static _Atomic(struct name *) files;
static _Atomic(struct name *) folder;
static uint64_t created;
static int out = -1;               /* stdout's pipe, past its end */

static struct name *
name_new(struct buf *path, struct name *next)
{
	struct name *n = mem_new(sizeof *n);

	n->next = next;
	n->path = buf_take(path);
	return n;
}

/* All calls here are async-signal-safe. */
static void
clear(void)
{
	const struct name *f = atomic_load(&folder);

	if (f == NULL)
		return;
	for (const struct name *n = atomic_load(&files); n != NULL; n = n->next)
		unlink(n->path);
	rmdir(f->path);
}

/* It dies of the signal as soon as the handler returns. */
static void
on_signal(int sig)
{
	clear();
	raise(sig);
}

/* What the parent has set to be ignored stays so, as nohup wants it. */
static void
catch_signals(void)
{
	static const int list[] = {SIGPIPE, SIGINT, SIGTERM, SIGHUP};
	struct sigaction a = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND}, old;

	sigemptyset(&a.sa_mask);
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		sigaddset(&a.sa_mask, list[i]);
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		if (sigaction(list[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(list[i], &a, NULL);
}

/* Names that this program gives, and no others. */
static bool
is_ours(const char *name)
{
	return (name[0] >= '0' && name[0] <= '9') || strcmp(name, LOCK) == 0 || strcmp(name, NEW_LOCK) == 0;
}

/* True when the run that made the folder is gone, and no reader waits for what it has left. */
static bool
is_left(int fd)
{
	struct stat st;
	int lock;
	bool left;

	if (fstat(fd, &st) != 0 || st.st_uid != geteuid())
		return false;
	lock = openat(fd, LOCK, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (lock < 0)
		return errno == ENOENT && time(NULL) - st.st_mtime > WAIT_S;
	left = flock(lock, LOCK_EX | LOCK_NB) == 0;
	close(lock);
	return left;
}

static void
sweep_folder(int spool, const char *name)
{
	int fd = openat(spool, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir;
	struct dirent *e;

	if (fd < 0)
		return;
	dir = is_left(fd) ? fdopendir(fd) : NULL;
	if (dir == NULL) {
		close(fd);
		return;
	}
	while ((e = readdir(dir)) != NULL)
		if (is_ours(e->d_name))
			unlinkat(fd, e->d_name, 0);
	closedir(dir);
	unlinkat(spool, name, AT_REMOVEDIR);
}

/* Best effort: what cannot be removed is for another run. */
static void
sweep(const char *spool)
{
	DIR *dir = opendir(spool);
	struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL)
		if (strncmp(e->d_name, NAME, strlen(NAME)) == 0)
			sweep_folder(dirfd(dir), e->d_name);
	if (dir != NULL)
		closedir(dir);
}

/* A file of the run; its name is known to the signal handler before it is there. */
static int
create(struct buf *path)
{
	struct name *n = name_new(path, atomic_load(&files));
	int fd;

	atomic_store(&files, n);
	fd = open(n->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		die(EX_CANTCREAT, "%s:", n->path);
	return fd;
}

/* The descriptor stays open, and with it the lock; it is locked before anybody can see it by its name. */
static void
lock_folder(const char *path)
{
	struct buf from = {0}, to = {0};
	struct name *n;
	int fd;

	buf_fmt(&from, "%s/" NEW_LOCK, path);
	buf_fmt(&to, "%s/" LOCK, path);
	n = name_new(&to, NULL);
	n->lock = true;
	atomic_store(&files, n);
	fd = create(&from);
	atomic_load(&files)->lock = true;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		die(EX_CANTCREAT, "locking %s:", atomic_load(&files)->path);
	if (rename(atomic_load(&files)->path, n->path) != 0)
		die(EX_CANTCREAT, "%s:", n->path);
}

void
parts_begin(const char *spool)
{
	struct buf path = {0};
	struct name *n;
	uint32_t random;

	if (atomic_load(&folder) != NULL)
		return;
	if (spool == NULL)
		spool = tmp_folder();
	if (span_bad_utf8(span_of(spool)) != NULL)
		die(EX_CANTCREAT, "%s: the path is not UTF-8, so no mark can name what is in it", spool);
	sweep(spool);
	if (getrandom(&random, sizeof random, 0) != sizeof random)
		die(EX_OSERR, "random bytes:");
	buf_fmt(&path, "%s/" NAME "%jd.%08x", spool, (intmax_t)getpid(), random);
	n = name_new(&path, NULL);
	if (atexit(clear) != 0)
		die(EX_OSERR, "no memory");
	catch_signals();
	if (mkdir(n->path, 0700) != 0)
		die(EX_CANTCREAT, "%s:", n->path);
	atomic_store(&folder, n);
	lock_folder(n->path);
}

void
parts_need(uint64_t bytes)
{
	const char *path = atomic_load(&folder)->path;
	struct statvfs v;
	uint64_t left;

	if (statvfs(path, &v) != 0)
		die(EX_CANTCREAT, "%s:", path);
	left = (uint64_t)v.f_bavail * v.f_frsize;
	if (v.f_blocks > 0 && left < bytes)
		die(EX_CANTCREAT, "%s: the delivery has %ju bytes, and %ju are free: name another folder with --spool",
		    path, (uintmax_t)bytes, (uintmax_t)left);
}

/* NUMBER-NAME, so that messages about it say what it is. */
static void
add_name(struct buf *path, const char *key)
{
	const char *slash = strrchr(key, '/'), *name = slash != NULL ? slash + 1 : key;

	buf_fmt(path, "/%ju-", (uintmax_t)++created);
	for (size_t i = 0; name[i] != '\0' && i < NAME_BYTES; i++) {
		char c = name[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.';

		buf_byte(path, plain ? c : '_');
	}
}

int
parts_create(const char *key, char **path)
{
	struct buf b = {0};

	buf_str(&b, atomic_load(&folder)->path);
	add_name(&b, key);
	*path = mem_text(buf_span(&b));
	return create(&b);
}

void
parts_close(int fd, const char *path, struct timespec *changed)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || close(fd) != 0)
		die(EX_IOERR, "%s:", path);
	*changed = st.st_mtim;
}

static void
free_names(struct name *n)
{
	while (n != NULL) {
		struct name *next = n->next;

		free(n->path);
		free(n);
		n = next;
	}
}

void
parts_last(void)
{
	struct stat st;

	if (atomic_load(&folder) != NULL && fstat(STDOUT_FILENO, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
}

/* Parts are read in their order, so the last is the one to look for. */
static bool
is_read(void)
{
	const struct name *n = atomic_load(&files);

	return n->lock || access(n->path, F_OK) != 0;
}

static bool
has_reader(int dir)
{
	if (flock(dir, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK;
	flock(dir, LOCK_UN);
	return false;
}

/* Waits for somebody to begin with the parts, or to be through.  True when nobody ever will: the pipe has no reader. */
static bool
await_reader(int dir)
{
	struct pollfd p = {.fd = out};

	for (int ms = 0; ms < READER_MS && !is_read() && !has_reader(dir); ms += STEP_MS)
		if (poll(&p, 1, STEP_MS) > 0)
			return true;
	return false;
}

/* True when nobody needs the folder any more. */
static bool
is_over(const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool over = (dir >= 0 && out >= 0 && await_reader(dir)) || is_read();

	if (out >= 0)
		close(out);
	if (dir >= 0 && !over && has_reader(dir))
		over = flock(dir, LOCK_EX) == 0;
	if (dir >= 0)
		close(dir);
	return over;
}

/* Without the lock, the folder is the reader's, who takes it away with the last part. */
static void
leave(const char *path)
{
	for (const struct name *n = atomic_load(&files); n != NULL; n = n->next)
		if (n->lock)
			unlink(n->path);
	rmdir(path);
}

void
parts_end(void)
{
	struct name *f = atomic_load(&folder), *all = atomic_load(&files);

	if (f == NULL)
		return;
	if (is_over(f->path))
		clear();
	else
		leave(f->path);
	atomic_store(&folder, NULL);
	atomic_store(&files, NULL);
	free_names(all);
	free_names(f);
}
