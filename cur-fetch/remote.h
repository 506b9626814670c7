/*
 * Objects in S3 as cur-fetch looks at them.
 *
 * What fails ends the program through aws_die; what is not there does not.
 */
#ifndef REMOTE_H
#define REMOTE_H

#include "s3.h"

struct remote {
	struct aws_options options;    /* --region, --profile, --endpoint-url */
	int jobs;                      /* -j: requests at once */
	const char *spool;             /* --spool, or NULL */
	/* private */
	struct aws *aws;               /* made when it is first needed */
};

struct object {
	const char *bucket, *key;      /* borrowed */
	bool there;
	char *etag;                    /* without quotes; owned */
	uint64_t bytes;
	int64_t modified;              /* Last-Modified in seconds, or -1 */
};

struct aws *remote_aws(struct remote *r);
void remote_free(struct remote *r);

/* Calls each(arg, object) for all objects whose key starts with prefix. */
void remote_list(struct remote *r, const char *bucket, struct span prefix,
    void (*each)(void *arg, const struct s3_object *o), void *arg);
/* Looks at n objects of one bucket, by a list of what their keys begin with. */
void remote_look(struct remote *r, struct object *all, size_t n);
/* Reads n objects of up to `limit` bytes, several at once; calls each(arg, object, bytes) for those that are there. */
void remote_read(struct remote *r, struct object *all, size_t n, size_t limit,
    void (*each)(void *arg, const struct object *o, struct span bytes), void *arg);

/* A call of GetObject, to be freed with aws_call_free. */
struct aws_call remote_get(const struct object *o);
/* The entity tag of an answer without its quotes, or {NULL, 0}; borrowed from the call. */
struct span remote_etag(const struct http_request *r);
void object_free(struct object *o);

#endif
