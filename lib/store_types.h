/* What the calls of a store come to, and what its options say. */
#ifndef STORE_TYPES_H
#define STORE_TYPES_H

#include "aws.h"

enum store_result {
	STORE_OK,
	STORE_MISSING,    /* there is no such object */
	STORE_CHANGED,    /* it is not what the caller saw */
};

/* What the options of a stage say of stores in S3; {0} says nothing.  Borrowed until store_close. */
struct store_options {
	struct aws_options aws;          /* --region, --profile, --endpoint-url */
	const char *sse, *sse_kms_key_id; /* --sse, --sse-kms-key-id */
	const char *storage_class;       /* --storage-class */
	const char *bucket_owner;        /* --expected-bucket-owner */
	bool no_lock;                    /* --no-lock: also on servers without conditional writes */
	int jobs;                        /* -j: uploads and downloads at once; 0: 4 */
};

#endif
