/* Stdout, checked. */
#include "out.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "die.h"

#define OUT_BYTES ((size_t)64 << 10)

static char held[OUT_BYTES];
static size_t used;

bool
out_all(int fd, struct span s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		s.p += n;
		s.n -= (size_t)n;
	}
	return true;
}

static void
write_out(struct span s)
{
	if (!out_all(STDOUT_FILENO, s))
		die(EX_IOERR, "stdout:");
}

void
out_flush(void)
{
	size_t n = used;

	used = 0;
	write_out((struct span){held, n});
}

void
out_span(struct span s)
{
	if (s.n > OUT_BYTES - used)
		out_flush();
	if (s.n > OUT_BYTES) {
		write_out(s);
		return;
	}
	if (s.n > 0)
		memcpy(held + used, s.p, s.n);
	used += s.n;
}

void
out_byte(char c)
{
	out_span((struct span){&c, 1});
}

void
out_line(struct span s)
{
	out_span(s);
	out_byte('\n');
}

void
out_end(void)
{
	out_flush();
	if (close(STDOUT_FILENO) != 0)
		die(EX_IOERR, "stdout:");
}
