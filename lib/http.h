/*
 * HTTP requests on one event loop: replies, deadlines, retries.  On libcurl's multi interface.
 *
 * A request is tried up to `attempts` times, as the standard mode of the AWS
 * SDKs does it (AWS SDKs and Tools Reference Guide, "Retry behavior", as of November
 * 2026): a token bucket of 500 shared by all requests of a struct http, 14
 * tokens for a transient retry, 5 for a throttled one; a success gives back what
 * its last retry cost, or 1; full jitter from 50 ms (throttled: 1 s) doubling to
 * 20 s; `x-amz-retry-after` (milliseconds) is heeded, between the computed delay
 * and 5 s above it.  Before each try `prepare` is called, so that it is signed anew.
 *
 * Always: http and https alone, HTTP/1.1 (what S3 speaks, and one connection for
 * each request under way), no redirects, no netrc, path as it is, TLS 1.2 or later
 * and verified, deadlines for connecting, for a stall (low speed) and in total.
 * Proxies are those of libcurl's environment variables, certificates those of
 * AWS_CA_BUNDLE, SSL_CERT_FILE or the system.  Sent are the headers of the
 * request, Host, Content-Length and User-Agent; no Accept and no Expect unless
 * they are in the list.  No thread is made but those in which libcurl looks up
 * names.  Secrets in headers are never printed, and wiped when they are freed.
 */
#ifndef HTTP_H
#define HTTP_H

#include "buf.h"

#define HTTP_ATTEMPTS 3
#define HTTP_CONNECT_MS 10000
#define HTTP_STALL_S 30            /* below HTTP_STALL_BYTES a second for so long is a stall */
#define HTTP_STALL_BYTES 1
#define HTTP_TOTAL_MS 3600000

struct http;                       /* connections kept alive, the token bucket, requests under way */

/* Header lines, name and value; owned. */
struct http_headers {
	struct http_header {
		char *name, *value;
	} *list;
	size_t n;
};
/* Replaces the one of that name (case does not matter) or adds it; NULL removes it. */
void http_header_set(struct http_headers *h, const char *name, const char *value);
/* The value, or NULL. */
const char *http_header_get(const struct http_headers *h, const char *name);
void http_headers_free(struct http_headers *h);

/* What a try came to, as `judge` sees it. */
enum http_verdict {
	HTTP_DONE,                 /* final, good or bad */
	HTTP_TRANSIENT,            /* try again after the delay of a transient failure */
	HTTP_THROTTLED,            /* try again after the delay of a throttled one */
	HTTP_AT_ONCE               /* try again at once: a clock or region was corrected; counts as a try, costs no tokens */
};

struct http_request {
	/* set by the caller; borrowed until the request is finished */
	const char *method;
	const char *url;                   /* complete and encoded; prepare may change it */
	struct http_headers headers;       /* owned by the caller; prepare may change them */
	struct span body;                  /* or, when body_bytes is not 0, so many bytes of a file: */
	int body_fd;
	uint64_t body_from, body_bytes;
	int attempts;                      /* 0: 3, or AWS_MAX_ATTEMPTS */
	uint64_t base_ms;                  /* of the transient delay; 0: 50 */
	int64_t total_ms;                  /* 0: HTTP_TOTAL_MS; of one try */
	int64_t stall_s;                   /* 0: HTTP_STALL_S */
	bool direct;                       /* past any proxy: link-local services that give out keys */
	/*
	 * On a connection of its own.  libcurl sends a request again, unseen by `tries`, when a
	 * kept connection turns out dead; so this is for requests that are not the same when
	 * done twice.  Writes with If-Match or If-None-Match are so without asking.
	 */
	bool fresh;
	void *arg;                         /* for the calls below */
	/*
	 * Before each try, may be NULL; it may call http_run.  False with a text in error[]
	 * ends the request.
	 */
	bool (*prepare)(struct http_request *r, void *arg);
	/*
	 * After each try that got a reply, may be NULL: then 408, 429, 500, 502, 503, 504 are
	 * tried again.  A try without a whole reply is transient without asking.
	 */
	enum http_verdict (*judge)(struct http_request *r, void *arg);
	/*
	 * Takes the body of a reply with status 2xx; NULL: into reply_body.  status and
	 * reply_headers are there.  False, with a text in error[] or without, ends the try as a
	 * failure that is not tried again.  `restart` is called before a further try begins
	 * the body anew, and before `prepare`; when it is NULL, a try of which bytes were taken
	 * is the last.  Neither may call http.
	 */
	bool (*take)(struct http_request *r, void *arg, struct span bytes);
	void (*restart)(struct http_request *r, void *arg);
	size_t reply_max;                  /* of reply_body; 0: 16 MiB; beyond is a failure */
	/* results, valid until http_request_free or the next start */
	int status;                        /* 0: there was no reply */
	struct http_headers reply_headers;
	struct buf reply_body;             /* whole body where `take` did not have it: errors too */
	int tries;                         /* made so far: from the second on, the first may have had its effect */
	char error[256];                   /* why there was no reply, for people; "" if there was one */
	bool tls;                          /* of the last try */
	/* private */
	struct http_try *current;
};

/* Frees what the request holds itself: results and headers. */
void http_request_free(struct http_request *r);

/* The time of a Date or Last-Modified header in seconds, or -1; NULL is none. */
int64_t http_date(const char *value);

struct http *http_new(void);
/* Certificates to trust where AWS_CA_BUNDLE names none: "ca_bundle" of a profile.  One that is not there is 78. */
void http_ca_bundle(struct http *h, const char *path);
/* Starts a request; it must stay where it is until http_next has returned it. */
void http_start(struct http *h, struct http_request *r);
/* Waits for any request to finish and returns it; NULL when none is under way. */
struct http_request *http_next(struct http *h);
/* The same, but returns NULL after `ms` as well. */
struct http_request *http_next_within(struct http *h, int64_t ms);
/* Starts r, and returns when it is finished; others go on meanwhile and are returned by http_next later. */
void http_run(struct http *h, struct http_request *r);
/* Requests that http_next will return: under way, waiting for their next try, or finished. */
size_t http_busy(const struct http *h);
/* Ends what is under way. */
void http_free(struct http *h);

#endif
