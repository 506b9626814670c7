/* Parts of a delivery as files: opened, and held to their marks. */
#include "part.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "day.h"
#include "die.h"
#include "mark.h"

int
part_open(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die(errno == EACCES || errno == EPERM ? EX_NOPERM : EX_NOINPUT, "%s:", path);
	if (fstat(fd, st) != 0)
		die(EX_OSERR, "%s:", path);
	if (S_ISDIR(st->st_mode))
		die(EX_NOINPUT, "%s: it is a directory; cur-fetch finds the parts in one", path);
	return fd;
}

static void
check_size(const char *path, uint64_t bytes, uint64_t said)
{
	if (bytes != said)
		die(EX_TEMPFAIL, "%s: it has %ju bytes, its mark says %ju: the delivery is being replaced", path,
		    (uintmax_t)bytes, (uintmax_t)said);
}

/* The file must be the one that its mark was written for, before it is read and after. */
static void
check_time(const char *path, int fd, const json_t *part)
{
	const char *said = mark_text(part, "modified");
	char text[TIME_NS_TEXT];
	struct stat st;

	if (fstat(fd, &st) != 0)
		die(EX_OSERR, "%s:", path);
	time_ns_print(&st.st_mtim, text);
	if (said != NULL && strcmp(text, said) != 0)
		die(EX_TEMPFAIL, "%s: it was modified after its mark was written: the delivery is being replaced", path);
}

/* Whoever has read a temporary part deletes it. */
void
part_read(struct report *r, const json_t *part)
{
	const char *path = mark_text(part, "path");
	uint64_t said = mark_count(part, "bytes", UINT64_MAX), taken;
	struct stat st;
	int fd = part_open(path, &st);

	if (said != UINT64_MAX && S_ISREG(st.st_mode))
		check_size(path, (uint64_t)st.st_size, said);
	check_time(path, fd, part);
	taken = report_part(r, path, fd, (struct span){"", 0});
	if (said != UINT64_MAX)
		check_size(path, taken, said);
	check_time(path, fd, part);
	close(fd);
	if (json_is_true(json_object_get(part, "temporary")) && unlink(path) != 0 && errno != ENOENT)
		warn("%s: it cannot be deleted:", path);
}
