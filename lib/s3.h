/*
 * The calls of S3 that we need.
 *
 * A call that fails for another reason than those in store_result ends the
 * program through aws_die.  Source: Amazon S3 API Reference.
 */
#ifndef S3_H
#define S3_H

#include "aws.h"
#include "store_types.h"

/* Objects above this go up in parts (aws s3's multipart threshold is 8 MB; a part here is at least 16 MiB). */
#define S3_MULTIPART_BYTES ((uint64_t)64 << 20)

/* A bucket as one stage uses it.  Members are borrowed but for the private ones. */
struct s3 {
	struct aws *aws;
	const char *bucket;
	const char *owner;               /* x-amz-expected-bucket-owner, or NULL */
	const char *sse, *sse_kms_key_id, *storage_class;   /* of what is put, or NULL */
	int jobs;                        /* uploads at once */
	/* private */
	size_t under_way;
	struct s3_multipart *multiparts;   /* not completed yet */
};

struct s3_object {
	struct span key;                 /* raw bytes */
	uint64_t bytes;
	struct span etag;                /* without quotes */
	int64_t modified;                /* seconds; -1 if the list does not say */
};

/* True when the call found no such object; a missing bucket is another matter. */
bool s3_is_missing(const struct aws_call *c);

/* Lists all objects whose key starts with prefix, page by page (ListObjectsV2), in the order of S3. */
void s3_list(struct s3 *s, struct span prefix, void (*each)(void *arg, const struct s3_object *o), void *arg);

/* Adds the object to b; its entity tag without quotes to etag, which may be NULL. */
enum store_result s3_get(struct s3 *s, struct span key, struct buf *b, struct buf *etag);
/* The object into a file at its place; the caller has checked nothing. */
enum store_result s3_get_file(struct s3 *s, struct span key, int fd);
enum store_result s3_head(struct s3 *s, struct span key, struct s3_object *o, struct buf *etag);
void s3_delete(struct s3 *s, struct span key);

/*
 * Starts to put so many bytes of fd, which it closes when done; waits when `jobs` are under way.
 * Above S3_MULTIPART_BYTES in parts, of several objects at once; all uploads are aborted when one fails.
 */
void s3_put_file(struct s3 *s, struct span key, int fd, uint64_t bytes);
/* Waits until all that was started is done. */
void s3_wait(struct s3 *s);

/*
 * Puts bytes if the object is still of that entity tag (If-Match, without quotes: some servers
 * refuse quoted ones), or if there is none when etag is NULL (If-None-Match: *).  STORE_CHANGED
 * when it is not: 412, or 404 for a tag.  A try whose answer was lost may have been done:
 * then the object is read and compared.
 */
enum store_result s3_put_if(struct s3 *s, struct span key, const char *etag, struct span bytes);

/*
 * True when the server heeds conditions: a write below `key` whose If-Match cannot match must
 * fail.  What a server that ignores it has written is deleted.
 */
bool s3_has_conditions(struct s3 *s, struct span key);

#endif
