/* The file for rows that are no items. */
#include "rejects.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "out.h"

struct rejects {
	const char *path;
	int fd;
	struct buf line;
};

void
rejects_refuse(const char *path, const char *name, const struct stat *file)
{
	struct stat st;

	if (S_ISREG(file->st_mode) && stat(path, &st) == 0 && file->st_dev == st.st_dev && file->st_ino == st.st_ino)
		die(EX_USAGE, "--rejects %s: that is %s", path, name);
}

struct rejects *
rejects_open(const char *path)
{
	struct rejects *j = mem_new(sizeof *j);
	struct stat st;

	if (fstat(STDOUT_FILENO, &st) == 0)
		rejects_refuse(path, "standard output", &st);
	j->path = path;
	j->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (j->fd < 0)
		die(EX_CANTCREAT, "%s:", path);
	return j;
}

/* A JSON string of bytes that may be no UTF-8. */
static void
add_name(struct buf *b, struct span s)
{
	const char *bad;

	buf_byte(b, '"');
	while ((bad = span_bad_utf8(s)) != NULL) {
		size_t n = (size_t)(bad - s.p);

		buf_json_chars(b, (struct span){s.p, n});
		buf_str(b, "\xef\xbf\xbd");
		s.p += n + 1;
		s.n -= n + 1;
	}
	buf_json_chars(b, s);
	buf_byte(b, '"');
}

/* RFC 4648, section 4. */
static void
add_base64(struct buf *b, struct span s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)s.p;

	buf_byte(b, '"');
	for (size_t left = s.n; left > 0; p += 3, left -= left < 3 ? left : 3) {
		unsigned v = (unsigned)p[0] << 16 | (left > 1 ? (unsigned)p[1] << 8 : 0) | (left > 2 ? p[2] : 0);
		char four[4] = {digits[v >> 18], digits[v >> 12 & 63], left > 1 ? digits[v >> 6 & 63] : '=',
		    left > 2 ? digits[v & 63] : '='};

		buf_add(b, four, sizeof four);
	}
	buf_byte(b, '"');
}

static bool
is_text(struct span s)
{
	return s.n == 0 || (memchr(s.p, '\0', s.n) == NULL && span_bad_utf8(s) == NULL);
}

void
rejects_add(struct rejects *j, const struct reject *reject)
{
	struct buf *b = &j->line;

	buf_reset(b);
	buf_str(b, "{\"file\":");
	add_name(b, reject->file);
	buf_fmt(b, ",\"row\":%ju,\"byte\":%ju,\"reason\":", (uintmax_t)reject->row, (uintmax_t)reject->byte);
	buf_json(b, reject->reason);
	if (is_text(reject->raw)) {
		buf_str(b, ",\"raw\":");
		buf_json(b, reject->raw);
	} else {
		buf_str(b, ",\"raw_base64\":");
		add_base64(b, reject->raw);
	}
	buf_str(b, "}\n");
	if (!out_all(j->fd, buf_span(b)))
		die(EX_IOERR, "%s:", j->path);
}

void
rejects_sync(struct rejects *j)
{
	/* Pipes and terminals cannot be synced, and need not be. */
	if (j != NULL && fsync(j->fd) != 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP)
		die(EX_IOERR, "%s:", j->path);
}

void
rejects_close(struct rejects *j)
{
	if (j == NULL)
		return;
	if (close(j->fd) != 0)
		die(EX_IOERR, "%s:", j->path);
	buf_free(&j->line);
	free(j);
}
