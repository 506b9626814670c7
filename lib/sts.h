/*
 * Keys of a role: AssumeRole and AssumeRoleWithWebIdentity of the Security Token Service.
 *
 * Source: AWS STS API Reference.
 */
#ifndef STS_H
#define STS_H

#include "http.h"
#include "secret.h"

struct sts {
	struct http *http;
	const char *region;
	const char *endpoint;      /* URL; NULL for AWS's own of the region */
};

/* Borrowed; NULL where nothing is asked for. */
struct sts_role {
	const char *arn;
	const char *session_name;  /* NULL: one of ours */
	const char *external_id;
	const char *seconds;       /* of the session; NULL: an hour, as STS has it */
};

/* Signed with `from`. */
enum secret_end sts_assume(const struct sts *s, const struct sts_role *role, const struct sign_keys *from, struct secret *k,
    struct secret_why *why);
/* Not signed: the token in the file says who asks.  It is read anew each time. */
enum secret_end sts_web_identity(const struct sts *s, const struct sts_role *role, const char *token_file, struct secret *k,
    struct secret_why *why);

/* The domain of the partition that a region is in: "amazonaws.com".  Source: partitions.json of the SDKs. */
const char *sts_domain(const char *region);

#endif
