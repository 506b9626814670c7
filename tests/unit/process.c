/* credential_process: words, and what becomes of a program. */
#include "process.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "die.h"
#include "tap.h"

static const struct {
	const char *command, *words;   /* with '|' after each; NULL: none */
} commands[] = {
	{"a", "a|"},
	{"  a  b\tc ", "a|b|c|"},
	{"/opt/tool --role 'my role' \"x y\"", "/opt/tool|--role|my role|x y|"},
	{"a'b c'\"d e\"f", "ab cd ef|"},
	{"a '' \"\"", "a|||"},
	{"'a\\' b", "a\\|b|"},
	{"\"a\\\"b\\\\c\\d\"", "a\"b\\c\\d|"},
	{"a\\ b \\' \\\\", "a b|'|\\|"},
	{"a $HOME ~ * ; | > x `y`", "a|$HOME|~|*|;|||>|x|`y`|"},
	{"", NULL},
	{"   ", NULL},
	{"a 'b", NULL},
	{"a \"b\\\"", NULL},
	{"a \\", NULL},
};

static void
test_words(void)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		char **words = process_words(commands[i].command);
		struct buf b = {0};

		for (size_t j = 0; words != NULL && words[j] != NULL; j++)
			buf_fmt(&b, "%s|", words[j]);
		ok(words == NULL ? commands[i].words == NULL :
		    commands[i].words != NULL && strcmp(buf_text(&b), commands[i].words) == 0, "[%s] becomes %s", commands[i].command,
		    words != NULL ? buf_text(&b) : "nothing");
		process_words_free(words);
		buf_free(&b);
	}
}

static const struct {
	const char *command, *output, *why;
} runs[] = {
	{"printf %s-%s a 'b c'", "a-b c", NULL},
	{"cat", "", NULL},             /* its stdin is empty, and not ours */
	{"sh -c 'printf x; exec >&-; sleep 0.1'", "x", NULL},
	{"sh -c 'echo secret; exit 3'", NULL, "it exited 3"},
	{"sh -c 'kill -9 $$'", NULL, "it was ended by signal 9"},
	{"/nowhere/tool x", NULL, "/nowhere/tool: No such file or directory"},
	{"/tmp", NULL, "/tmp: Permission denied"},
	{"sleep 4", NULL, "it did not end in time"},
	{"sh -c 'exec >&-; sleep 4'", NULL, "it did not end in time"},
	{"sh -c 'sleep 4 & echo x'", NULL, "it did not end in time"},
	{"head -c 65537 /dev/zero", NULL, "it printed more than 64 KiB"},
};

static void
test_run(void)
{
	for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
		char **words = process_words(runs[i].command);
		struct buf output = {0}, why = {0};
		time_t began = time(NULL);
		bool good = process_run(words, 1, &output, &why);

		ok(good == (runs[i].why == NULL) && time(NULL) - began < 5 &&
		    strcmp(buf_text(good ? &output : &why), good ? runs[i].output : runs[i].why) == 0, "%s: %s", runs[i].command,
		    good ? buf_text(&output) : buf_text(&why));
		process_words_free(words);
		buf_free(&output);
		buf_free(&why);
	}
}

int
main(void)
{
	struct buf output = {0}, why = {0};
	char *whole[] = {"head", "-c", "65536", "/dev/zero", NULL};
	int stream[2];

	die_begin("process", "");
	/* A stdin that is not empty, and a parent that ignores its children. */
	ok(pipe(stream) == 0 && write(stream[1], "items", 5) == 5 && dup2(stream[0], 0) == 0 && close(stream[1]) == 0, "a stream");
	signal(SIGCHLD, SIG_IGN);
	test_words();
	test_run();
	ok(process_run(whole, 5, &output, &why) && output.n == 65536, "64 KiB are taken");
	buf_free(&output);
	buf_free(&why);
	return tap_end();
}
