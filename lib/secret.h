/*
 * Keys as the sources of them give them: in the environment, or in JSON.
 *
 * Keys are wiped when they are freed.
 */
#ifndef SECRET_H
#define SECRET_H

#include "sign.h"

#define SECRET_FILE_BYTES ((size_t)64 << 10)

struct secret {
	struct sign_keys keys;     /* owned */
	int64_t expires;           /* seconds since 1970; 0: never */
};

/* What asking a source came to. */
enum secret_end {
	SECRET_NONE,                 /* this source is not set up here: ask the next one */
	SECRET_FOUND,
	SECRET_FAILED                /* it is set up, and gives none: nobody else is asked */
};

/* Why there are none. */
struct secret_why {
	int status;                /* SECRET_FAILED: 78 for what is set up wrong, 69 for who did not answer, 77 for the rest */
	struct buf text;
};

/* Adds to the reason and returns SECRET_FAILED. */
enum secret_end secret_fail(struct secret_why *why, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Copies them; token may be NULL.  NULL, or why these are no keys: empty, or bytes that no header may have. */
const char *secret_set(struct secret *k, const char *id, const char *secret, const char *token);
/*
 * From the JSON of credential_process (token member "SessionToken", a Version of 1), or of containers and instances
 * ("Token").  False with a reason.
 */
bool secret_json(struct secret *k, struct span json, const char *token_member, struct buf *why);
/* From AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN. */
enum secret_end secret_environment(struct secret *k, struct secret_why *why);
/* Adds the text of a small file without white space at its end, such as a token.  False with a reason. */
bool secret_read_file(const char *path, struct buf *text, struct buf *why);
/* The value of a variable, or NULL; an empty one is none. */
const char *secret_getenv(const char *name);
void secret_free(struct secret *k);
/* Wipes and frees a text or bytes. */
void secret_wipe_text(char *text);
void secret_wipe(struct buf *b);

#endif
