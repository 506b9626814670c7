/*
 * A signed request to a service in a region.
 *
 * Finds the endpoint (--endpoint-url, AWS_ENDPOINT_URL_S3 and its kin,
 * AWS_ENDPOINT_URL, the profile, else AWS's own by region and partition;
 * AWS_IGNORE_CONFIGURED_ENDPOINT_URLS), signs each try anew, and puts right, once a
 * call and without delay: a clock that is off by the server's Date, keys that
 * are expired, a wrong region (301, 307, 400 AuthorizationHeaderMalformed or
 * IllegalLocationConstraint: x-amz-bucket-region or <Region>).  A Location is never
 * followed, and no Authorization header goes to another host than the endpoint's,
 * which only changes from one host of AWS's own to another of the same partition.
 *
 * What is tried again, as the SDKs' standard mode has it: no reply, 500, 502,
 * 503, 504, throttling codes, and a 200 whose body is an error; besides, what S3
 * says of bodies and writes that met trouble on the way (BadDigest, IncompleteBody,
 * 409 ConditionalRequestConflict and OperationAborted).
 */
#ifndef AWS_H
#define AWS_H

#include "creds.h"
#include "http.h"

#define AWS_REGION_TEXT 32

/* What --region, --profile, --endpoint-url say; NULL where not given.  Borrowed for the life of struct aws. */
struct aws_options {
	const char *region, *profile, *endpoint_url;
};

struct aws;    /* http, creds and what is known of regions and clocks; one per process */

struct aws *aws_new(const struct aws_options *options);
struct http *aws_http(struct aws *a);
void aws_free(struct aws *a);

/* One call of a service.  {0} with the first group set is ready. */
struct aws_call {
	/* set by the caller */
	const char *service;               /* "s3", "dynamodb", "sns", "sts" */
	const char *operation;             /* "PutObject": for messages */
	const char *method;
	const char *bucket;                /* S3: virtual-hosted, or path style with an endpoint of one's own; NULL for others */
	struct span key;                   /* S3: raw bytes of the key; {NULL, 0} for the bucket itself */
	struct url_query *query;           /* or NULL */
	const char *answer;                /* S3: an element without children that a good XML answer has, "ListBucketResult/IsTruncated"; or NULL */
	/*
	 * body, take, restart, attempts (0: 3, DynamoDB 4, or AWS_MAX_ATTEMPTS, or max_attempts of the
	 * profile), base_ms (0: 50, DynamoDB 25), total_ms, extra headers; arg is the caller's.
	 */
	struct http_request http;
	bool checksum;                     /* send x-amz-checksum-crc32 of the body; it is in http.headers afterwards */
	/* results; http has status, tries, reply_headers, reply_body */
	char code[64];                     /* of the error: "NoSuchKey", "SlowDown"; "" when it went well or had no reply */
	char message[256];                 /* why there was no reply, when there was none */
	char request_id[128], host_id[128];
	/* private */
	struct aws *aws;
	struct buf url, hash;
	size_t path_at, query_at;          /* in url */
	char region[AWS_REGION_TEXT], told_region[64];
	unsigned keys;                     /* which of them signed the last try */
	bool clock_corrected, keys_renewed, region_corrected;
};

/* Starts the call; aws_next returns it when it is finished.  It must stay where it is until then. */
void aws_start(struct aws *a, struct aws_call *c);
struct aws_call *aws_next(struct aws *a);
/* Starts it and waits for it, while others go on.  True when the status is 2xx and the body is no error. */
bool aws_run(struct aws *a, struct aws_call *c);
bool aws_ok(const struct aws_call *c);
/*
 * Ends the program: "s3 PutObject s3://bucket/key: AccessDenied: … (HTTP 403, request ID …)".  77 for
 * credentials and permission, 66 for what is not there, 69 for what may be gone another time, 78 for
 * a wrong bucket or region and any other request that the service will not have.
 */
_Noreturn void aws_die(const struct aws_call *c);
void aws_call_free(struct aws_call *c);

#endif
