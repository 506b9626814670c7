/*
 * AWS Signature Version 4 for headers.
 *
 * Source: AWS General Reference, "Create a signed AWS API request".  The path
 * is signed as it stands in the URL and never normalised, as S3 does.  HMAC and
 * SHA-256 are libcrypto's.
 */
#ifndef SIGN_H
#define SIGN_H

#include "http.h"

/* Keys; owned by who made them. */
struct sign_keys {
	char *id, *secret, *token;     /* token may be NULL */
};

struct sign_request {
	const char *method;
	struct span path;              /* as in the URL, encoded */
	struct span query;             /* as in the URL without '?', encoded; need not be sorted */
	const struct http_headers *headers;   /* all of them are signed, but those that proxies change (user-agent, expect, connection, …) */
	struct span payload_hash;      /* hex SHA-256 or UNSIGNED-PAYLOAD: what x-amz-content-sha256 says */
	const char *region, *service;
	int64_t time;                  /* seconds; must be what X-Amz-Date says */
};

/* Each adds its text; together they are the steps of the manual, and each is tested by itself. */
void sign_canonical(const struct sign_request *r, struct buf *canonical);
void sign_string(const struct sign_request *r, struct span canonical, struct buf *string);
/* The value of the Authorization header. */
void sign_authorization(const struct sign_request *r, const struct sign_keys *keys, struct buf *value);

/* YYYYMMDDTHHMMSSZ and NUL. */
#define SIGN_DATE_TEXT 17
void sign_date(int64_t time, char text[SIGN_DATE_TEXT]);

/* Adds 64 hex digits. */
void sign_sha256(struct span bytes, struct buf *hex);
/* The same of a piece of a file; false and errno when it cannot be read. */
bool sign_sha256_file(int fd, uint64_t from, uint64_t bytes, struct buf *hex);

#endif
