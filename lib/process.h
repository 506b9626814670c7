/*
 * Runs a program and takes what it prints: credential_process.
 *
 * The command is split into words as a shell splits them (quotes and backslashes,
 * nothing else: no variables, no globs, no shell).  The program gets /dev/null as
 * stdin, because ours is the stream, and our stderr.
 * Source: AWS SDKs and Tools Reference Guide, "Process credential provider".
 */
#ifndef PROCESS_H
#define PROCESS_H

#include "buf.h"

#define PROCESS_OUTPUT_BYTES ((size_t)64 << 10)

/* The words, ending in NULL, to be freed by process_words_free; NULL when a quote is open or there is no word. */
char **process_words(const char *command);
void process_words_free(char **words);

/*
 * Runs the program and adds its output.  True when it exited 0 within `seconds`; else `why` says what happened,
 * without any of the output.
 */
bool process_run(char **words, int seconds, struct buf *output, struct buf *why);

#endif
