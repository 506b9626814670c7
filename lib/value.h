/*
 * One JSON value in bytes (RFC 8259): where it ends, and whether it is one.
 *
 * For items, of which there are millions; marks and documents go through jansson.
 */
#ifndef VALUE_H
#define VALUE_H

#include "buf.h"

#define VALUE_MAX_DEPTH 64

/*
 * Returns the first byte after the value that starts at p (no space before
 * it), or NULL if there is none or it is deeper than VALUE_MAX_DEPTH.  Strings
 * are checked for control bytes and escapes, not for UTF-8.
 */
const char *value_skip(const char *p, const char *end);
/* The same for the string that starts at p with its quote. */
const char *value_skip_string(const char *p, const char *end);
const char *value_skip_space(const char *p, const char *end);

/* Whether s is one object, with nothing but space around it. */
bool value_is_object(struct span s);

/* Adds s to b without the space between tokens.  s must be one value, as value_skip finds it. */
void value_compact(struct buf *b, struct span s);

/*
 * The text of a value: for a string its characters, in place when it has no
 * escape, otherwise decoded into tmp; for a number or word its own spelling.
 * Borrowed until raw's bytes or tmp change.  Half a surrogate pair becomes
 * U+FFFD, as jq does.
 */
struct span value_text(struct span raw, struct buf *tmp);

#endif
