/* Local files, looked at and read whole. */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "die.h"

#define HEAD_BYTES 4096

int
disk_status(void)
{
	switch (errno) {
	case EACCES:
	case EPERM:
		return EX_NOPERM;
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
	case ELOOP:
	case ENXIO:
		return EX_NOINPUT;
	}
	return EX_IOERR;
}

int
disk_open(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0 && fstat(fd, st) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
open_regular(const char *path)
{
	struct stat st;
	int fd = disk_open(path, &st);

	if (fd < 0)
		die(disk_status(), "%s:", path);
	if (!S_ISREG(st.st_mode))
		die(EX_NOINPUT, "%s is no regular file", path);
	return fd;
}

/* Adds up to n bytes; fewer only at the end.  False and errno. */
static bool
fill(int fd, size_t n, struct buf *b)
{
	while (n > 0) {
		ssize_t got = read(fd, buf_room(b, n), n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0;
		b->n += (size_t)got;
		n -= (size_t)got;
	}
	return true;
}

/* The same in pieces, so that room is made for what is there only. */
static bool
fill_up_to(int fd, size_t limit, struct buf *b)
{
	size_t from = b->n;

	for (;;) {
		size_t before = b->n, left = limit - (b->n - from);

		if (!fill(fd, left < HEAD_BYTES * 16 ? left : HEAD_BYTES * 16, b))
			return false;
		if (b->n == before)
			return true;
	}
}

void
disk_read(const char *path, size_t limit, struct buf *b)
{
	int fd = open_regular(path);
	size_t from = b->n;

	if (!fill_up_to(fd, limit + 1, b))
		die(EX_IOERR, "%s:", path);
	if (b->n - from > limit)
		die(EX_DATAERR, "%s is larger than %zu MiB", path, limit >> 20);
	close(fd);
}

bool
disk_is(const char *path, struct span bytes)
{
	struct buf now = {0};
	struct stat st;
	int fd = disk_open(path, &st);
	bool same;

	if (fd < 0)
		return false;
	same = S_ISREG(st.st_mode) && fill_up_to(fd, bytes.n + 1, &now) && span_eq(buf_span(&now), bytes);
	close(fd);
	buf_free(&now);
	return same;
}

bool
disk_is_json(const char *path)
{
	struct buf head = {0};
	int fd = open_regular(path);
	size_t i = 0;
	bool is;

	if (!fill(fd, HEAD_BYTES, &head))
		die(EX_IOERR, "%s:", path);
	close(fd);
	while (i < head.n && memchr(" \t\r\n", head.p[i], 4) != NULL)
		i++;
	is = i < head.n && (head.p[i] == '{' || head.p[i] == '[');
	buf_free(&head);
	return is;
}
