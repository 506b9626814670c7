/*
 * What options say: counts, sizes, billing periods.  A wrong one ends the program with 64.
 */
#ifndef OPT_H
#define OPT_H

#include <stdint.h>

/* A number from `least` to `most`; `option` is named in the message. */
uint64_t opt_count(const char *option, const char *text, uint64_t least, uint64_t most);
/* The same in bytes, with K, M, G or T for powers of 1024. */
uint64_t opt_size(const char *option, const char *text, uint64_t least, uint64_t most);
/* YYYY-MM; returns text. */
const char *opt_period(const char *option, const char *text);

#endif
