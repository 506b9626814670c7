/*
 * Messages and exits: what every program says and how it ends.
 *
 * Exit codes are those of sysexits.h, used as the manual cur-stream(5) lists them.
 */
#ifndef DIE_H
#define DIE_H

#include <stdbool.h>
#include <stdio.h>
#include <sysexits.h>

/*
 * Call first in main.  `name` goes before every message, `usage` is the text
 * of --help; both are borrowed for the life of the process.  Makes sure that
 * descriptors 0, 1 and 2 are taken, so that no file of ours can land on a
 * closed one, and lets SIGPIPE kill quietly whatever the parent did with it.
 */
void die_begin(const char *name, const char *usage);

/* Prints "name: message" and exits.  A message that ends in ':' gets the text of errno appended. */
_Noreturn void die(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same message without the exit. */
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A wrong call: prints the message, if any, and the usage on stderr; exits 64. */
_Noreturn void die_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* --help and --version: on stdout, exit 0. */
_Noreturn void die_help(void);
_Noreturn void die_version(void);

#endif
