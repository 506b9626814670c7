/* Runs a program and takes what it prints: credential_process. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "die.h"

#define WAIT_MS 10     /* between two looks whether the program has ended */

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The text from a quote to its end, added to word; the byte after it, or NULL when it is open. */
static const char *
read_quoted(const char *p, struct buf *word)
{
	char quote = *p++;

	for (; *p != quote; p++) {
		if (*p == '\0')
			return NULL;
		if (quote == '"' && p[0] == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		buf_byte(word, *p);
	}
	return p + 1;
}

/* One word; the byte after it, or NULL when a quote is open or a backslash is last. */
static const char *
read_word(const char *p, struct buf *word)
{
	while (p != NULL && *p != '\0' && !is_space(*p)) {
		if (*p == '"' || *p == '\'') {
			p = read_quoted(p, word);
			continue;
		}
		if (*p == '\\' && *++p == '\0')
			return NULL;
		buf_byte(word, *p++);
	}
	return p;
}

char **
process_words(const char *command)
{
	char **words = NULL;
	size_t n = 0;

	for (const char *p = command; p != NULL;) {
		struct buf word = {0};

		while (is_space(*p))
			p++;
		words = mem_grow(words, n + 1, sizeof *words);
		words[n] = NULL;
		if (*p == '\0' && n > 0)
			return words;
		p = *p != '\0' ? read_word(p, &word) : NULL;
		if (p != NULL) {
			words[n++] = buf_take(&word);
			continue;
		}
		buf_free(&word);
		process_words_free(words);
	}
	return NULL;
}

void
process_words_free(char **words)
{
	for (size_t i = 0; words != NULL && words[i] != NULL; i++)
		free(words[i]);
	free(words);
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The child's side: tells errno through `failed` when the program cannot be started. */
static _Noreturn void
become(char **words, int output, int failed)
{
	int null = open("/dev/null", O_RDONLY), error;

	if (null >= 0 && dup2(null, 0) == 0 && dup2(output, 1) == 1)
		execvp(words[0], words);
	error = errno;
	(void)!write(failed, &error, sizeof error);
	_exit(127);
}

/* What the child tells; nothing when it is the program. */
static bool
read_error(int fd, int *error)
{
	ssize_t got;

	while ((got = read(fd, error, sizeof *error)) < 0 && errno == EINTR)
		;
	return got == sizeof *error;
}

/* The child's process id, or -1 and errno. */
static pid_t
start(char **words, int *output)
{
	int out[2], failed[2], error;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) != 0 || pipe2(failed, O_CLOEXEC) != 0)
		die(EX_OSERR, "a pipe:");
	if ((pid = fork()) < 0)
		die(EX_OSERR, "another process:");
	if (pid == 0)
		become(words, out[1], failed[1]);
	close(out[1]);
	close(failed[1]);
	if (read_error(failed[0], &error)) {
		waitpid(pid, NULL, 0);
		close(out[0]);
		pid = -1;
	}
	close(failed[0]);
	errno = pid < 0 ? error : 0;
	*output = out[0];
	return pid;
}

/* Waits for bytes, or the end of them.  False when the deadline comes first. */
static bool
wait_output(int fd, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t left;

	while ((left = deadline - now_ms()) > 0) {
		int ready = poll(&p, 1, (int)left);

		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			die(EX_OSERR, "waiting for a process:");
	}
	return false;
}

/* Reads to the end of the output.  NULL, or why that did not work. */
static const char *
read_output(int fd, int64_t deadline, struct buf *output)
{
	/* Room for all of it, so that growth leaves no copies of a secret behind. */
	char *room = buf_room(output, PROCESS_OUTPUT_BYTES + 1);
	size_t n = 0;
	ssize_t got;

	do {
		if (!wait_output(fd, deadline))
			return "it did not end in time";
		got = read(fd, room + n, PROCESS_OUTPUT_BYTES + 1 - n);
		if (got < 0 && errno != EINTR)
			return "its output cannot be read";
		n += got > 0 ? (size_t)got : 0;
		if (n > PROCESS_OUTPUT_BYTES)
			return "it printed more than 64 KiB";
	} while (got != 0);
	output->n += n;
	return NULL;
}

/* Waits for the program to end.  False when the deadline comes first. */
static bool
wait_for(pid_t pid, int64_t deadline, int *status)
{
	const struct timespec pause = {.tv_nsec = WAIT_MS * 1000000L};

	for (;;) {
		pid_t ended = waitpid(pid, status, WNOHANG);

		if (ended == pid)
			return true;
		if (ended < 0 && errno != EINTR)
			die(EX_OSERR, "waiting for a process:");
		if (now_ms() >= deadline)
			return false;
		nanosleep(&pause, NULL);
	}
}

static bool
finish(pid_t pid, int output, int64_t deadline, struct buf *bytes, struct buf *why)
{
	const char *text = read_output(output, deadline, bytes);
	int status = 0;

	close(output);
	if (text == NULL && !wait_for(pid, deadline, &status))
		text = "it did not end in time";
	if (text != NULL) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		buf_str(why, text);
	} else if (WIFSIGNALED(status)) {
		buf_fmt(why, "it was ended by signal %d", WTERMSIG(status));
	} else if (WEXITSTATUS(status) != 0) {
		buf_fmt(why, "it exited %d", WEXITSTATUS(status));
	} else {
		return true;
	}
	return false;
}

bool
process_run(char **words, int seconds, struct buf *output, struct buf *why)
{
	const struct sigaction usual = {.sa_handler = SIG_DFL};
	struct sigaction old;
	bool good = false;
	pid_t pid;
	int fd;

	/* Where SIGCHLD is ignored, as some parents leave it, an exit status cannot be had. */
	sigaction(SIGCHLD, &usual, &old);
	if ((pid = start(words, &fd)) < 0)
		buf_fmt(why, "%s: %s", words[0], strerror(errno));
	else
		good = finish(pid, fd, now_ms() + seconds * 1000, output, why);
	sigaction(SIGCHLD, &old, NULL);
	return good;
}
