/* A signed request to a service in a region. */
#include "aws.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "die.h"
#include "sign.h"
#include "sts.h"
#include "url.h"
#include "xml.h"

#define SMALL_MS 300000            /* for a call without a file in it: a list, a document */
#define SKEW_S 240                 /* a clock that is off by less is not why a signature was refused */
#define EXPECT_BYTES 1048576       /* larger bodies wait for 100 Continue, so that a refused one is not sent for nothing */
#define PIECE_BYTES 65536          /* of a file in memory at once */

struct aws {
	struct aws_options options;
	struct http *http;
	struct creds *creds;
	int64_t skew;              /* seconds to add to our clock */
	unsigned keys;             /* counts the keys that turned out expired */
	struct aws_place {
		char *bucket, *region;
	} *places;                 /* buckets that are elsewhere than the region of the options */
	size_t n_places;
};

static struct aws_call *
call_of(struct http_request *r)
{
	return (struct aws_call *)(void *)((char *)r - offsetof(struct aws_call, http));
}

static bool
is_s3(const struct aws_call *c)
{
	return strcmp(c->service, "s3") == 0;
}

static bool
is_one_of(const char *text, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(text, *list) == 0)
			return true;
	return false;
}

static const char *
setting(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

/* Endpoints */

/* AWS_ENDPOINT_URL_S3 and its kin. */
static const char *
service_setting(const char *service, struct buf *name)
{
	buf_str(name, "AWS_ENDPOINT_URL_");
	for (const char *p = service; *p != '\0'; p++)
		buf_byte(name, *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p);
	return setting(buf_text(name));
}

/*
 * An endpoint of one's own, or NULL; `name` says where it stands.
 * Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints".
 */
static const char *
own_endpoint(struct aws *a, const char *service, struct buf *name)
{
	const char *ignore = setting("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
	const char *url = a->options.endpoint_url;

	buf_str(name, "--endpoint-url");
	if (url != NULL || (ignore != NULL && strcasecmp(ignore, "true") == 0))
		return url;
	buf_reset(name);
	if ((url = service_setting(service, name)) != NULL)
		return url;
	buf_reset(name);
	buf_str(name, "AWS_ENDPOINT_URL");
	if ((url = setting("AWS_ENDPOINT_URL")) != NULL)
		return url;
	buf_reset(name);
	buf_str(name, "endpoint_url of the profile");
	return creds_endpoint(a->creds, service);
}

/* It becomes a part of a host's name. */
static bool
is_region(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && text[n] == '\0' && n < AWS_REGION_TEXT;
}

/* Whether a bucket can stand in a host's name: AWS's certificate is good for one label. */
static bool
is_label(const char *bucket)
{
	size_t n = strlen(bucket);

	return n >= 3 && n <= 63 && strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789-") == n && bucket[0] != '-' &&
	    bucket[n - 1] != '-';
}

/* Where the URL of a call begins: scheme, host, and the path before the key. */
static void
add_own_endpoint(struct aws_call *c, const char *text, const char *name)
{
	struct url u;
	const char *why = url_parse(span_of(text), &u);

	if (why != NULL)
		die(EX_CONFIG, "%s: %s", name, why);
	buf_str(&c->url, u.tls ? "https://" : "http://");
	if (memchr(u.host.p, ':', u.host.n) != NULL)
		buf_fmt(&c->url, "[%.*s]", (int)u.host.n, u.host.p);
	else
		buf_span_add(&c->url, u.host);
	if (u.port.n > 0)
		buf_fmt(&c->url, ":%.*s", (int)u.port.n, u.port.p);
	c->path_at = c->url.n;
	while (u.path.n > 0 && u.path.p[u.path.n - 1] == '/')
		u.path.n--;
	buf_span_add(&c->url, u.path);
}

static void
add_aws_endpoint(struct aws_call *c, bool in_host)
{
	buf_str(&c->url, "https://");
	if (in_host)
		buf_fmt(&c->url, "%s.", c->bucket);
	buf_fmt(&c->url, "%s.%s.%s", c->service, c->region, sts_domain(c->region));
	c->path_at = c->url.n;
}

static void
write_url(struct aws_call *c)
{
	struct buf name = {0};
	const char *own = own_endpoint(c->aws, c->service, &name);
	bool in_host = own == NULL && c->bucket != NULL && is_label(c->bucket);

	buf_reset(&c->url);
	if (own != NULL)
		add_own_endpoint(c, own, buf_text(&name));
	else
		add_aws_endpoint(c, in_host);
	if (c->bucket != NULL && !in_host) {
		buf_byte(&c->url, '/');
		url_encode(&c->url, span_of(c->bucket));
	}
	if (c->key.n > 0 || c->url.n == c->path_at)
		buf_byte(&c->url, '/');
	url_encode_path(&c->url, c->key);
	c->query_at = c->url.n;
	if (c->query != NULL && c->query->n > 0) {
		buf_byte(&c->url, '?');
		url_query_print(c->query, &c->url);
	}
	c->http.url = buf_text(&c->url);
	buf_free(&name);
}

/* Regions */

static const char *
region_of(struct aws *a, const struct aws_call *c)
{
	for (size_t i = 0; c->bucket != NULL && i < a->n_places; i++)
		if (strcmp(a->places[i].bucket, c->bucket) == 0)
			return a->places[i].region;
	return creds_region(a->creds);
}

static void
remember_region(struct aws *a, const char *bucket, const char *region)
{
	for (size_t i = 0; i < a->n_places; i++)
		if (strcmp(a->places[i].bucket, bucket) == 0) {
			free(a->places[i].region);
			a->places[i].region = mem_text(span_of(region));
			return;
		}
	a->places = mem_grow(a->places, a->n_places + 1, sizeof *a->places);
	a->places[a->n_places++] = (struct aws_place){mem_text(span_of(bucket)), mem_text(span_of(region))};
}

/* Bodies */

static bool
crc_of(const struct http_request *r, uint32_t *crc)
{
	unsigned char piece[PIECE_BYTES];
	uint64_t at = r->body_from, left = r->body_bytes;

	*crc = (uint32_t)crc32_z(crc32_z(0, NULL, 0), (const unsigned char *)r->body.p, left > 0 ? 0 : r->body.n);
	while (left > 0) {
		size_t want = left < sizeof piece ? (size_t)left : sizeof piece;
		ssize_t got = pread(r->body_fd, piece, want, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = EIO;
		if (got <= 0)
			return false;
		*crc = (uint32_t)crc32_z(*crc, piece, (size_t)got);
		at += (uint64_t)got;
		left -= (uint64_t)got;
	}
	return true;
}

/* Base64 of the four bytes, the most significant first. */
static bool
set_checksum(struct http_request *r)
{
	uint32_t crc;
	unsigned char text[9];

	if (!crc_of(r, &crc))
		return false;
	EVP_EncodeBlock(text, (unsigned char[]){(unsigned char)(crc >> 24), (unsigned char)(crc >> 16),
	    (unsigned char)(crc >> 8), (unsigned char)crc}, 4);
	http_header_set(&r->headers, "x-amz-checksum-crc32", (const char *)text);
	return true;
}

/* What is signed for the body: over TLS, which keeps it whole, S3 need not have its hash. */
static bool
set_hash(struct aws_call *c, bool tls)
{
	const struct http_request *r = &c->http;

	if (c->hash.n > 0)
		return true;
	if (tls && is_s3(c) && (r->body_bytes > 0 || r->body.n > 0))
		buf_str(&c->hash, "UNSIGNED-PAYLOAD");
	else if (r->body_bytes > 0)
		return sign_sha256_file(r->body_fd, r->body_from, r->body_bytes, &c->hash);
	else
		sign_sha256(r->body, &c->hash);
	return true;
}

/* Each is done once a call: a further try has the same body. */
static bool
hash_body(struct aws_call *c, bool tls)
{
	struct http_request *r = &c->http;

	if ((c->checksum && http_header_get(&r->headers, "x-amz-checksum-crc32") == NULL && !set_checksum(r)) ||
	    !set_hash(c, tls)) {
		snprintf(r->error, sizeof r->error, "reading the body: %s", strerror(errno));
		return false;
	}
	return true;
}

/* Signing */

static void
set_headers(struct aws_call *c, const struct sign_keys *keys, int64_t now)
{
	struct http_headers *h = &c->http.headers;
	char date[SIGN_DATE_TEXT];
	const char *host = strstr(c->http.url, "://") + 3;
	char *name = mem_text((struct span){host, (size_t)(c->url.p + c->path_at - host)});

	sign_date(now, date);
	http_header_set(h, "host", name);
	http_header_set(h, "x-amz-date", date);
	http_header_set(h, "x-amz-security-token", keys->token);
	if (is_s3(c))
		http_header_set(h, "x-amz-content-sha256", buf_text(&c->hash));
	if (is_s3(c) && (c->http.body_bytes > EXPECT_BYTES || c->http.body.n > EXPECT_BYTES))
		http_header_set(h, "expect", "100-continue");
	free(name);
}

static void
sign_call(struct aws_call *c, const struct sign_keys *keys, int64_t now)
{
	struct buf value = {0};
	const char *url = c->http.url;
	struct sign_request s = {
		.method = c->http.method,
		.path = {url + c->path_at, c->query_at - c->path_at},
		.query = {url + c->query_at, c->url.n - c->query_at},
		.headers = &c->http.headers,
		.payload_hash = buf_span(&c->hash),
		.region = c->region,
		.service = c->service,
		.time = now,
	};

	if (s.query.n > 0) {
		s.query.p++;
		s.query.n--;
	}
	sign_authorization(&s, keys, &value);
	http_header_set(&c->http.headers, "authorization", buf_text(&value));
	buf_free(&value);
}

static bool
prepare(struct http_request *r, void *arg)
{
	struct aws_call *c = call_of(r);
	struct aws *a = c->aws;
	const char *region = region_of(a, c);
	const struct sign_keys *keys;
	int64_t now;

	(void)arg;
	if (!is_region(region))
		die(EX_CONFIG, "\"%s\" is no region", region);
	snprintf(c->region, sizeof c->region, "%s", region);
	write_url(c);
	if (!hash_body(c, strncmp(r->url, "https:", 6) == 0))
		return false;
	keys = creds_keys(a->creds);
	c->keys = a->keys;
	now = (int64_t)time(NULL) + a->skew;
	set_headers(c, keys, now);
	sign_call(c, keys, now);
	return true;
}

/* Replies */

/* As much as fits, cut between characters. */
static void
copy_text(char *to, size_t size, struct span text)
{
	size_t n = text.n < size ? text.n : size - 1;

	while (n > 0 && n < text.n && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	if (n > 0)
		memcpy(to, text.p, n);
	to[n] = '\0';
}

static void
copy_header(char *to, size_t size, const struct http_request *r, const char *name)
{
	const char *value = http_header_get(&r->reply_headers, name);

	if (value != NULL)
		copy_text(to, size, span_of(value));
}

/* S3 writes Error/Code, the query services (STS, SNS) ErrorResponse/Error/Code. */
static const char *
error_element(void *arg, const char *path, struct span text)
{
	struct aws_call *c = arg;

	if (strncmp(path, "ErrorResponse/", 14) == 0)
		path += 14;
	if (text.p == NULL)
		return NULL;
	if (strcmp(path, "Error/Code") == 0)
		copy_text(c->code, sizeof c->code, text);
	else if (strcmp(path, "Error/Message") == 0)
		copy_text(c->message, sizeof c->message, text);
	else if (strcmp(path, "Error/Region") == 0)
		copy_text(c->told_region, sizeof c->told_region, text);
	else if (strcmp(path, "Error/RequestId") == 0 || strcmp(path, "RequestId") == 0)
		copy_text(c->request_id, sizeof c->request_id, text);
	else if (strcmp(path, "Error/HostId") == 0)
		copy_text(c->host_id, sizeof c->host_id, text);
	return NULL;
}

/* Calls of S3 that may begin their answer with 200 and end it with an error. */
static bool
has_late_errors(const struct aws_call *c)
{
	return is_s3(c) && c->http.take == NULL && c->http.status == 200 &&
	    (strcmp(c->http.method, "POST") == 0 || http_header_get(&c->http.headers, "x-amz-copy-source") != NULL ||
	    (strcmp(c->http.method, "GET") == 0 && c->key.n == 0));
}

/*
 * Something before the service may answer for it, a login page say.  S3 names the ETag
 * of what it has stored or sends, and says 204 of what it has deleted (GetObject,
 * PutObject, UploadPart, DeleteObject, AbortMultipartUpload in the S3 API Reference).
 */
static bool
is_answered(const struct aws_call *c)
{
	if (!is_s3(c) || c->key.n == 0 || http_header_get(&c->http.headers, "x-amz-copy-source") != NULL)
		return true;
	if (strcmp(c->http.method, "DELETE") == 0)
		return c->http.status == 204;
	return strcmp(c->http.method, "POST") == 0 || http_header_get(&c->http.reply_headers, "etag") != NULL;
}

/* For those without a body: an answer to HEAD, or of something before the service. */
static const char *
code_of(int status)
{
	switch (status) {
	case 301: return "MovedPermanently";
	case 302: return "Found";
	case 304: return "NotModified";
	case 307: return "TemporaryRedirect";
	case 400: return "BadRequest";
	case 401: return "Unauthorized";
	case 403: return "Forbidden";
	case 404: return "NotFound";
	case 405: return "MethodNotAllowed";
	case 409: return "Conflict";
	case 412: return "PreconditionFailed";
	case 416: return "InvalidRange";
	case 429: return "TooManyRequests";
	case 500: return "InternalError";
	case 501: return "NotImplemented";
	case 503: return "ServiceUnavailable";
	}
	return "UnknownError";
}

/* The services that speak JSON have theirs in "__type" and "message"; none is called yet. */
static void
read_error(struct aws_call *c)
{
	struct span body = buf_span(&c->http.reply_body);

	if (body.n > 0)
		xml_read(body, error_element, c);
	if (c->code[0] == '\0')
		copy_text(c->code, sizeof c->code, span_of(code_of(c->http.status)));
}

static void
not_answered(struct aws_call *c)
{
	copy_text(c->code, sizeof c->code, span_of("InternalError"));
	copy_text(c->message, sizeof c->message, span_of("this is no answer of S3's"));
}

/* A login page may be well-formed too: the answer must be what was asked for. */
static bool
has_answer(const struct aws_call *c)
{
	struct buf ignored = {0};
	bool has = c->answer == NULL || xml_find(buf_span(&c->http.reply_body), c->answer, &ignored);

	buf_free(&ignored);
	return has;
}

static void
read_late_error(struct aws_call *c)
{
	const char *why = xml_read(buf_span(&c->http.reply_body), error_element, c);

	if (c->code[0] != '\0')
		return;
	if (why == NULL) {
		if (!has_answer(c))
			not_answered(c);
		return;
	}
	copy_text(c->code, sizeof c->code, span_of("InternalError"));
	copy_text(c->message, sizeof c->message, span_of(why));
}

static void
clear_results(struct aws_call *c)
{
	c->code[0] = c->message[0] = c->request_id[0] = c->host_id[0] = c->told_region[0] = '\0';
}

static void
read_reply(struct aws_call *c)
{
	const struct http_request *r = &c->http;

	clear_results(c);
	copy_header(c->request_id, sizeof c->request_id, r, "x-amzn-requestid");
	copy_header(c->request_id, sizeof c->request_id, r, "x-amz-request-id");
	copy_header(c->host_id, sizeof c->host_id, r, "x-amz-id-2");
	if (r->status < 200 || r->status >= 300)
		read_error(c);
	else if (has_late_errors(c))
		read_late_error(c);
	else if (!is_answered(c))
		not_answered(c);
	copy_header(c->told_region, sizeof c->told_region, r, "x-amz-bucket-region");
}

/* What can be put right */

static bool
is_bare(const struct aws_call *c, int status)
{
	return c->http.status == status && strcmp(c->http.method, "HEAD") == 0;
}

/* Codes that say so, and codes that a clock may be the cause of. */
static bool
correct_clock(struct aws_call *c)
{
	static const char *const certain[] = {"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", NULL};
	static const char *const possible[] = {"SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure", NULL};
	const char *date = http_header_get(&c->http.reply_headers, "date");
	int64_t server = date != NULL ? http_date(date) : -1;
	int64_t off = server - (int64_t)time(NULL) - c->aws->skew;
	bool far = off > SKEW_S || off < -SKEW_S;

	if (c->clock_corrected || server < 0)
		return false;
	if (!is_one_of(c->code, certain) && !(far && (is_one_of(c->code, possible) || is_bare(c, 403))))
		return false;
	c->clock_corrected = true;
	c->aws->skew += off;
	return true;
}

/* Several calls may find the same keys expired: these are renewed once. */
static bool
renew_keys(struct aws_call *c)
{
	static const char *const codes[] = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired",
	    "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException", NULL};
	bool token = http_header_get(&c->http.headers, "x-amz-security-token") != NULL;

	if (c->keys_renewed || !(is_one_of(c->code, codes) || (token && is_bare(c, 400) && c->told_region[0] == '\0')))
		return false;
	c->keys_renewed = true;
	if (c->keys == c->aws->keys) {
		creds_expired(c->aws->creds);
		c->aws->keys++;
	}
	return true;
}

static bool
correct_region(struct aws_call *c)
{
	static const char *const codes[] = {"PermanentRedirect", "AuthorizationHeaderMalformed",
	    "IllegalLocationConstraintException", NULL};
	int status = c->http.status;

	if (c->region_corrected || !is_s3(c) || c->bucket == NULL)
		return false;
	if (status != 301 && status != 307 && !is_one_of(c->code, codes) && !is_bare(c, 400))
		return false;
	if (!is_region(c->told_region) || strcmp(c->told_region, c->region) == 0 ||
	    strcmp(sts_domain(c->told_region), sts_domain(c->region)) != 0)
		return false;
	c->region_corrected = true;
	remember_region(c->aws, c->bucket, c->told_region);
	return true;
}

/* Source: the standard mode of botocore, retries/standard.py; S3's "List of error codes". */
static enum http_verdict
judge_error(const struct aws_call *c)
{
	static const char *const throttled[] = {"Throttling", "ThrottlingException", "ThrottledException",
	    "RequestThrottledException", "TooManyRequestsException", "ProvisionedThroughputExceededException",
	    "TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException",
	    "RequestThrottled", "SlowDown", "PriorRequestNotComplete", "EC2ThrottledException", NULL};
	static const char *const transient[] = {"RequestTimeout", "RequestTimeoutException", "InternalError",
	    "InternalServerError", "InternalFailure", "ServiceUnavailable", "IDPCommunicationError",
	    "ConditionalRequestConflict", "OperationAborted", "BadDigest", "IncompleteBody",
	    "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", NULL};

	if (is_one_of(c->code, throttled) || c->http.status == 429)
		return HTTP_THROTTLED;
	if (is_one_of(c->code, transient))
		return HTTP_TRANSIENT;
	switch (c->http.status) {
	case 408: case 500: case 502: case 503: case 504:
		return HTTP_TRANSIENT;
	default:
		return HTTP_DONE;
	}
}

static enum http_verdict
judge(struct http_request *r, void *arg)
{
	struct aws_call *c = call_of(r);

	(void)arg;
	read_reply(c);
	if (aws_ok(c))
		return HTTP_DONE;
	if (correct_clock(c) || renew_keys(c) || correct_region(c))
		return HTTP_AT_ONCE;
	return judge_error(c);
}

/* Calls */

/* The environment's word is http's own affair; then comes the profile's, then what the service is used to. */
static int
attempts_of(struct aws *a, const char *service)
{
	const char *text = setting("AWS_MAX_ATTEMPTS") == NULL ? creds_setting(a->creds, "max_attempts") : NULL;
	char *end;
	long n;

	if (text != NULL) {
		n = strtol(text, &end, 10);
		if (end == text || *end != '\0' || n < 1 || n > 1000)
			die(EX_CONFIG, "max_attempts of the profile is \"%s\", no number from 1 to 1000", text);
		return (int)n;
	}
	return strcmp(service, "dynamodb") == 0 && setting("AWS_MAX_ATTEMPTS") == NULL ? 4 : 0;
}

static void
set_up(struct aws *a, struct aws_call *c)
{
	struct http_request *r = &c->http;

	c->aws = a;
	clear_results(c);
	c->clock_corrected = c->keys_renewed = c->region_corrected = false;
	buf_reset(&c->hash);
	if (c->checksum)
		http_header_set(&r->headers, "x-amz-checksum-crc32", NULL);
	r->method = c->method;
	r->prepare = prepare;
	r->judge = judge;
	if (r->attempts == 0)
		r->attempts = attempts_of(a, c->service);
	if (r->base_ms == 0 && strcmp(c->service, "dynamodb") == 0)
		r->base_ms = 25;
	if (is_s3(c) && strcmp(c->method, "POST") == 0)
		r->fresh = true;
	/* A trickle never stalls: what is small has to be there in time. */
	if (r->total_ms == 0 && r->stall_s == 0 && r->take == NULL && r->body_bytes == 0)
		r->total_ms = SMALL_MS;
}

static struct aws_call *
ended(struct http_request *r)
{
	struct aws_call *c = call_of(r);

	if (r->status == 0) {
		clear_results(c);
		copy_text(c->message, sizeof c->message, span_of(r->error));
	}
	return c;
}

void
aws_start(struct aws *a, struct aws_call *c)
{
	set_up(a, c);
	http_start(a->http, &c->http);
}

struct aws_call *
aws_next(struct aws *a)
{
	struct http_request *r = http_next(a->http);

	return r != NULL ? ended(r) : NULL;
}

bool
aws_run(struct aws *a, struct aws_call *c)
{
	set_up(a, c);
	http_run(a->http, &c->http);
	return aws_ok(ended(&c->http));
}

bool
aws_ok(const struct aws_call *c)
{
	return c->http.status >= 200 && c->http.status < 300 && c->code[0] == '\0';
}

void
aws_call_free(struct aws_call *c)
{
	http_request_free(&c->http);
	buf_free(&c->url);
	buf_free(&c->hash);
}

/* Messages */

static int
exit_of(const struct aws_call *c)
{
	static const char *const no_permission[] = {"AccessDenied", "AccessDeniedException", "AllAccessDisabled",
	    "AccountProblem", "NotSignedUp", "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException",
	    "InvalidToken", "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "SignatureDoesNotMatch",
	    "InvalidSignatureException", "IncompleteSignature", "MissingAuthenticationToken", "AuthFailure",
	    "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", NULL};
	static const char *const missing[] = {"NoSuchKey", "NoSuchVersion", "NoSuchUpload", "ResourceNotFoundException", NULL};
	int status = c->http.status;

	if (is_one_of(c->code, no_permission))
		return EX_NOPERM;
	if (is_one_of(c->code, missing))
		return EX_NOINPUT;
	if (status < 300 || judge_error(c) != HTTP_DONE || status == 409 || status == 412)
		return EX_UNAVAILABLE;
	if (strcmp(c->code, "NoSuchBucket") == 0)
		return EX_CONFIG;
	if (status == 401 || status == 403)
		return EX_NOPERM;
	if (status == 404 || status == 410)
		return EX_NOINPUT;
	return status == 501 || status < 500 ? EX_CONFIG : EX_UNAVAILABLE;
}

/* Servers and keys may have any bytes; a terminal is spared them. */
static void
add_plain(struct buf *b, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_byte(b, (unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f ? '?' : s.p[i]);
}

static void
describe(const struct aws_call *c, struct buf *b)
{
	buf_fmt(b, "%s %s", c->service, c->operation);
	if (c->bucket != NULL)
		buf_fmt(b, " s3://%s", c->bucket);
	if (c->bucket != NULL && c->key.n > 0) {
		buf_byte(b, '/');
		add_plain(b, c->key);
	}
	buf_str(b, ": ");
	add_plain(b, span_of(c->code));
	if (c->code[0] != '\0' && c->message[0] != '\0')
		buf_str(b, ": ");
	add_plain(b, span_of(c->message));
	if (c->http.status == 0)
		buf_str(b, " (no reply");
	else
		buf_fmt(b, " (HTTP %d", c->http.status);
	if (c->http.tries > 1)
		buf_fmt(b, ", %d tries", c->http.tries);
	if (c->request_id[0] != '\0')
		add_plain((buf_str(b, ", request ID "), b), span_of(c->request_id));
	if (c->host_id[0] != '\0')
		add_plain((buf_str(b, ", host ID "), b), span_of(c->host_id));
	buf_byte(b, ')');
}

void
aws_die(const struct aws_call *c)
{
	struct buf text = {0};

	describe(c, &text);
	die(exit_of(c), "%s", buf_text(&text));
}

/* Beginning and end */

struct aws *
aws_new(const struct aws_options *options)
{
	struct aws *a = mem_new(sizeof *a);
	const char *ca_bundle;

	a->options = *options;
	a->http = http_new();
	a->creds = creds_new(a->http, options->profile, options->region);
	ca_bundle = creds_setting(a->creds, "ca_bundle");
	if (ca_bundle != NULL)
		http_ca_bundle(a->http, ca_bundle);
	return a;
}

struct http *
aws_http(struct aws *a)
{
	return a->http;
}

void
aws_free(struct aws *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->n_places; i++) {
		free(a->places[i].bucket);
		free(a->places[i].region);
	}
	free(a->places);
	creds_free(a->creds);
	http_free(a->http);
	free(a);
}
