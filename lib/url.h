/*
 * Paths and queries of URLs, each byte encoded once (RFC 3986).
 *
 * Unreserved bytes (A-Z a-z 0-9 - . _ ~) stand as they are, every other one as
 * %XX with capitals.  A key is encoded here and nowhere else: S3 signs the path
 * as it stands in the URL, so '=' and %3D are two different signatures.
 */
#ifndef URL_H
#define URL_H

#include "buf.h"

/* Adds s as one piece: '/' becomes %2F. */
void url_encode(struct buf *b, struct span s);
/* Adds s as a path: '/' stays, also at the start and doubled; nothing is normalised. */
void url_encode_path(struct buf *b, struct span s);
/* Adds the bytes that %XX stand for; `plus` is what '+' means: '+' in paths, ' ' in forms.  False at a '%' that starts none. */
bool url_decode(struct buf *b, struct span s, char plus);

/* A query under way: name=value&name=value, in the order that SigV4 wants (by encoded name, then value). */
struct url_query {
	struct url_pair {
		char *name, *value;    /* encoded; owned */
	} *pairs;
	size_t n;
};
/* A NULL value stands for an empty one ("uploads="). */
void url_query_add(struct url_query *q, const char *name, const char *value);
/* Adds the sorted query without '?'. */
void url_query_print(struct url_query *q, struct buf *b);
void url_query_free(struct url_query *q);

/* The parts of an http or https URL; spans into it.  NULL, or why it is none. */
struct url {
	bool tls;
	struct span host;      /* without brackets */
	struct span port;      /* as written, or empty */
	struct span path;      /* with its '/', or empty */
};
const char *url_parse(struct span text, struct url *u);

/* s3://bucket/prefix: spans into it; prefix may be empty and may begin with '/'.  NULL, or why it is none. */
const char *url_parse_s3(struct span text, struct span *bucket, struct span *prefix);

#endif
