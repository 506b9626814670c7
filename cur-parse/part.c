/* Files of parts, and the marks that name them. */
#include "part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "day.h"
#include "die.h"
#include "mark.h"

#define FOLDER "cur-fetch."    /* so begins the name of cur-fetch's folders for parts */

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

/* The folder that a part lies in, when it is one of cur-fetch's; else NULL. */
static char *
spool_of(const char *path)
{
	char *folder = mem_text(span_of(path)), *end = strrchr(folder, '/'), *slash;

	if (end != NULL) {
		*end = '\0';
		slash = strrchr(folder, '/');
		if (strncmp(slash != NULL ? slash + 1 : folder, FOLDER, strlen(FOLDER)) == 0)
			return folder;
	}
	free(folder);
	return NULL;
}

/* Shows cur-fetch that somebody reads, until the program ends, however it does. */
static void
hold(struct report *r, const char *folder)
{
	int fd = r->holds ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_SH) == 0)
		r->holds = true;
	else if (fd >= 0)
		close(fd);
}

/* The folder goes when nothing is left in it, not even the lock of a cur-fetch that lives. */
static void
delete_part(const char *path, const char *folder)
{
	if (unlink(path) != 0 && errno != ENOENT)
		warn("%s: it cannot be deleted:", path);
	if (folder != NULL)
		rmdir(folder);
}

void
part_marked(struct report *r, const json_t *part)
{
	const char *path = mark_text(part, "path");
	uint64_t said = mark_count(part, "bytes", UINT64_MAX), taken;
	bool temporary = json_is_true(json_object_get(part, "temporary"));
	char *folder = temporary ? spool_of(path) : NULL;
	struct stat st;
	int fd;

	if (folder != NULL)
		hold(r, folder);
	fd = part_open(path, &st);
	if (said != UINT64_MAX && S_ISREG(st.st_mode))
		check_size(path, (uint64_t)st.st_size, said);
	check_time(path, fd, part);
	taken = report_part(r, path, fd, (struct span){"", 0});
	if (said != UINT64_MAX)
		check_size(path, taken, said);
	check_time(path, fd, part);
	close(fd);
	if (temporary)
		delete_part(path, folder);
	free(folder);
}
