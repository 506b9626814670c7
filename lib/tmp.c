/* Files in $TMPDIR that have no name. */
#include "tmp.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "buf.h"
#include "die.h"

const char *
tmp_folder(void)
{
	const char *dir = getenv("TMPDIR");

	return dir != NULL && *dir != '\0' ? dir : "/tmp";
}

/* O_TMPFILE is not everywhere; elsewhere a name lives for a moment. */
int
tmp_open(void)
{
	struct buf path = {0};
	int fd = open(tmp_folder(), O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	if (fd < 0) {
		buf_fmt(&path, "%s/cur.XXXXXX", tmp_folder());
		buf_text(&path);
		fd = mkostemp(path.p, O_CLOEXEC);
		if (fd >= 0)
			unlink(path.p);
		buf_free(&path);
	}
	if (fd < 0)
		die(EX_CANTCREAT, "a temporary file in %s:", tmp_folder());
	return fd;
}
