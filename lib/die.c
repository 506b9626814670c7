/* Messages and exits. */
#include "die.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *program = "cur";
static const char *usage_text = "";

void
die_begin(const char *name, const char *usage)
{
	program = name;
	usage_text = usage;
	signal(SIGPIPE, SIG_DFL);
	/*
	 * A closed descriptor is filled with one that fails in the same way:
	 * reading 0 and writing 1 still give EBADF.
	 */
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd == 0 ? O_WRONLY : fd == 1 ? O_RDONLY : O_RDWR) != fd)
			_exit(EX_OSERR);
}

__attribute__((format(printf, 1, 0))) static void
say(const char *fmt, va_list ap)
{
	int saved = errno;
	size_t n = strlen(fmt);

	flockfile(stderr);
	fprintf(stderr, "%s: ", program);
	vfprintf(stderr, fmt, ap);
	if (n > 0 && fmt[n - 1] == ':')
		fprintf(stderr, " %s", strerror(saved));
	fputc('\n', stderr);
	funlockfile(stderr);
}

void
die(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	exit(status);
}

void
warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

void
die_usage(const char *fmt, ...)
{
	va_list ap;

	if (fmt != NULL) {
		va_start(ap, fmt);
		say(fmt, ap);
		va_end(ap);
	}
	fputs(usage_text, stderr);
	exit(EX_USAGE);
}

/* What is asked for goes to stdout, and a full disk is no success there either. */
static _Noreturn void
answer(void)
{
	if (ferror(stdout) || fclose(stdout) != 0)
		die(EX_IOERR, "stdout:");
	exit(0);
}

void
die_help(void)
{
	fputs(usage_text, stdout);
	answer();
}

void
die_version(void)
{
	printf("%s %s\n", program, VERSION);
	answer();
}
