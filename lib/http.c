/* HTTP requests on one event loop: replies, deadlines, retries. */
#include "http.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "die.h"

#define TOKENS 500
#define TRANSIENT_COST 14
#define THROTTLED_COST 5
#define TRANSIENT_MS 50
#define THROTTLED_MS 1000
#define DELAY_MS 20000             /* no computed delay is longer */
#define AFTER_MS 5000              /* how far x-amz-retry-after goes beyond it */
#define REPLY_BYTES ((size_t)16 << 20)
#define HEADERS_BYTES ((size_t)256 << 10)
#define SOCKET_BYTES (256L << 10)  /* libcurl's own buffers: 16 KiB are slow for parts of 100 MB */
#define WAIT_MS 60000              /* of one poll */

struct http {
	CURLM *multi;
	CURL **idle;               /* handles to use again */
	size_t n_idle;
	struct http_try *tries;    /* all requests that http_next has not returned, oldest first */
	char *ca_bundle;           /* NULL: libcurl's own */
	int attempts;
	int tokens;
	int calling;               /* depth of prepare and judge, which may call http_run */
	struct http_request *only; /* while one of those waits for it, nothing else begins */
};

/* A request that http_next has not returned, with the try that is under way. */
struct http_try {
	struct http_try *next;
	struct http *http;
	struct http_request *r;
	enum { WAITING, PREPARING, RUNNING, FINISHED } stage;
	int64_t due;               /* WAITING: when the try begins, as now_ms */
	int cost;                  /* tokens of the last retry */
	CURL *easy;
	struct curl_slist *lines;
	uint64_t sent;             /* of the body */
	size_t header_bytes;
	bool headers_end;          /* what comes as headers now are trailers */
	bool took;                 /* `take` has had bytes */
	bool refused;              /* ended by us, for good; error[] says why */
	char text[CURL_ERROR_SIZE];
};

static void
must(CURLcode code)
{
	if (code != CURLE_OK)
		die(EX_SOFTWARE, "libcurl: %s", curl_easy_strerror(code));
}

static void
must_multi(CURLMcode code)
{
	if (code != CURLM_OK)
		die(EX_SOFTWARE, "libcurl: %s", curl_multi_strerror(code));
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
http_date(const char *value)
{
	return value != NULL ? (int64_t)curl_getdate(value, NULL) : -1;
}

/* Headers */

static void
wipe_text(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

static struct http_header *
find_header(const struct http_headers *h, const char *name)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcasecmp(h->list[i].name, name) == 0)
			return &h->list[i];
	return NULL;
}

static void
add_header(struct http_headers *h, struct span name, struct span value)
{
	h->list = mem_grow(h->list, h->n + 1, sizeof *h->list);
	h->list[h->n++] = (struct http_header){mem_text(name), mem_text(value)};
}

static void
remove_header(struct http_headers *h, struct http_header *header)
{
	size_t i = (size_t)(header - h->list);

	free(header->name);
	wipe_text(header->value);
	memmove(header, header + 1, (h->n - i - 1) * sizeof *header);
	h->n--;
}

void
http_header_set(struct http_headers *h, const char *name, const char *value)
{
	struct http_header *old = find_header(h, name);

	if (value == NULL) {
		if (old != NULL)
			remove_header(h, old);
		return;
	}
	if (old == NULL) {
		add_header(h, span_of(name), span_of(value));
		return;
	}
	value = mem_text(span_of(value));      /* it may be the old one */
	wipe_text(old->value);
	old->value = (char *)value;
}

const char *
http_header_get(const struct http_headers *h, const char *name)
{
	const struct http_header *header = find_header(h, name);

	return header != NULL ? header->value : NULL;
}

void
http_headers_free(struct http_headers *h)
{
	for (size_t i = 0; i < h->n; i++) {
		free(h->list[i].name);
		wipe_text(h->list[i].value);
	}
	free(h->list);
	*h = (struct http_headers){0};
}

/* A newline in a value would be a header of somebody else's. */
static bool
are_headers(struct http_request *r)
{
	for (size_t i = 0; i < r->headers.n; i++) {
		const char *name = r->headers.list[i].name, *p = r->headers.list[i].value;

		while ((unsigned char)*p >= ' ' && *p != 0x7f)
			p++;
		if (*p != '\0') {
			snprintf(r->error, sizeof r->error, "the header %s has a control byte", name);
			return false;
		}
	}
	return true;
}

/* Results of a try */

static void
drop_reply(struct http_request *r)
{
	r->status = 0;
	http_headers_free(&r->reply_headers);
	if (r->reply_body.p != NULL)
		explicit_bzero(r->reply_body.p, r->reply_body.n);
	buf_reset(&r->reply_body);
}

void
http_request_free(struct http_request *r)
{
	drop_reply(r);
	buf_free(&r->reply_body);
	http_headers_free(&r->headers);
}

__attribute__((format(printf, 2, 3))) static void
refuse(struct http_try *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->r->error, sizeof t->r->error, fmt, ap);
	va_end(ap);
	t->refused = true;
}

static bool
is_good(int status)
{
	return status >= 200 && status < 300;
}

/* What libcurl calls while a try runs */

static void
add_reply_header(struct http_request *r, struct span line)
{
	const char *colon = memchr(line.p, ':', line.n);
	struct span value;

	if (colon == NULL || colon == line.p)
		return;
	value = (struct span){colon + 1, line.n - (size_t)(colon - line.p) - 1};
	for (; value.n > 0 && (*value.p == ' ' || *value.p == '\t'); value.n--)
		value.p++;
	while (value.n > 0 && (value.p[value.n - 1] == ' ' || value.p[value.n - 1] == '\t'))
		value.n--;
	add_header(&r->reply_headers, (struct span){line.p, (size_t)(colon - line.p)}, value);
}

static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	struct http_try *t = arg;
	struct span line = {p, size * n};
	long status = 0;

	while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	t->header_bytes += line.n;
	if (t->header_bytes > HEADERS_BYTES) {
		refuse(t, "the headers of the reply are longer than %zu bytes", HEADERS_BYTES);
		return 0;
	}
	if (line.n >= 5 && memcmp(line.p, "HTTP/", 5) == 0) {
		drop_reply(t->r);      /* what came before was 100 Continue or the like */
		t->headers_end = false;
	} else if (line.n == 0) {
		must(curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status));
		t->r->status = (int)status;
		t->headers_end = true;
	} else if (!t->headers_end) {
		add_reply_header(t->r, line);
	}
	return size * n;
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct http_try *t = arg;
	struct http_request *r = t->r;
	struct span bytes = {p, size * n};
	size_t max = r->reply_max > 0 ? r->reply_max : REPLY_BYTES;

	if (is_good(r->status) && r->take != NULL) {
		t->took = true;
		if (r->take(r, r->arg, bytes))
			return bytes.n;
		if (r->error[0] == '\0')
			refuse(t, "the body of the reply was refused");
		t->refused = true;
		return 0;
	}
	if (bytes.n > max - r->reply_body.n) {
		refuse(t, "the reply is longer than %zu bytes", max);
		return 0;
	}
	buf_span_add(&r->reply_body, bytes);
	return bytes.n;
}

static uint64_t
body_bytes(const struct http_request *r)
{
	return r->body_bytes > 0 ? r->body_bytes : r->body.n;
}

static size_t
on_read(char *p, size_t size, size_t n, void *arg)
{
	struct http_try *t = arg;
	const struct http_request *r = t->r;
	uint64_t left = body_bytes(r) - t->sent;
	size_t want = left < size * n ? (size_t)left : size * n;
	ssize_t got = (ssize_t)want;

	if (want > 0 && r->body_bytes == 0)
		memcpy(p, r->body.p + t->sent, want);
	else if (want > 0)
		do
			got = pread(r->body_fd, p, want, (off_t)(r->body_from + t->sent));
		while (got < 0 && errno == EINTR);
	if (want > 0 && got <= 0) {
		refuse(t, "reading the body: %s", got < 0 ? strerror(errno) : "the file is shorter than it was");
		return CURL_READFUNC_ABORT;
	}
	t->sent += (uint64_t)got;
	return (size_t)got;
}

static int
on_seek(void *arg, curl_off_t offset, int origin)
{
	struct http_try *t = arg;

	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > body_bytes(t->r))
		return CURL_SEEKFUNC_FAIL;
	t->sent = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* What a try asks of libcurl */

/* "name: value"; libcurl wants "name;" for an empty one, and "name:" for none of its own. */
static void
add_line(struct http_try *t, const char *name, const char *value)
{
	struct buf line = {0};
	struct curl_slist *lines;

	buf_str(&line, name);
	if (value != NULL && *value == '\0')
		buf_byte(&line, ';');
	else
		buf_fmt(&line, ":%s%s", value != NULL ? " " : "", value != NULL ? value : "");
	lines = curl_slist_append(t->lines, buf_text(&line));
	if (lines == NULL)
		die(EX_OSERR, "no memory for a request");
	t->lines = lines;
	explicit_bzero(line.p, line.cap);
	buf_free(&line);
}

static void
free_lines(struct http_try *t)
{
	for (struct curl_slist *l = t->lines; l != NULL; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl_slist_free_all(t->lines);
	t->lines = NULL;
}

static void
set_headers(struct http_try *t)
{
	const struct http_headers *h = &t->r->headers;

	for (size_t i = 0; i < h->n; i++)
		add_line(t, h->list[i].name, h->list[i].value);
	if (find_header(h, "accept") == NULL)
		add_line(t, "Accept", NULL);
	if (find_header(h, "expect") == NULL)
		add_line(t, "Expect", NULL);
	must(curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->lines));
	must(curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "cur-tools/" VERSION));
	must(curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header));
	must(curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t));
	must(curl_easy_setopt(t->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L));
}

/* PUT and POST say Content-Length: 0 when they have no body, other methods nothing. */
static void
set_method(struct http_try *t)
{
	const struct http_request *r = t->r;

	if (strcmp(r->method, "HEAD") == 0) {
		must(curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L));
	} else if (body_bytes(r) > 0 || strcmp(r->method, "PUT") == 0 || strcmp(r->method, "POST") == 0) {
		must(curl_easy_setopt(t->easy, CURLOPT_UPLOAD, 1L));
		must(curl_easy_setopt(t->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)body_bytes(r)));
		must(curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, r->method));
	} else {
		must(curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L));
		must(curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, r->method));
	}
}

static void
set_bodies(struct http_try *t)
{
	must(curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, on_read));
	must(curl_easy_setopt(t->easy, CURLOPT_READDATA, t));
	must(curl_easy_setopt(t->easy, CURLOPT_SEEKFUNCTION, on_seek));
	must(curl_easy_setopt(t->easy, CURLOPT_SEEKDATA, t));
	must(curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body));
	must(curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t));
	must(curl_easy_setopt(t->easy, CURLOPT_BUFFERSIZE, SOCKET_BYTES));
	must(curl_easy_setopt(t->easy, CURLOPT_UPLOAD_BUFFERSIZE, SOCKET_BYTES));
}

static void
set_protocols(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	must(curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https"));
#else
	must(curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS)));
#endif
	must(curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1));
	must(curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L));
	must(curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L));
	must(curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED));
	/* CURLOPT_NOSIGNAL stays off: libcurl then ignores SIGPIPE while it works, which a closed TLS connection may raise. */
	must(curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L));
}

static void
set_tls(struct http_try *t)
{
	must(curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, 1L));
	must(curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 2L));
	must(curl_easy_setopt(t->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2));
	if (t->http->ca_bundle != NULL)
		must(curl_easy_setopt(t->easy, CURLOPT_CAINFO, t->http->ca_bundle));
}

static long
or_long(int64_t wanted, long otherwise)
{
	if (wanted <= 0)
		return otherwise;
	return wanted < LONG_MAX ? (long)wanted : LONG_MAX;
}

static void
set_deadlines(struct http_try *t)
{
	const struct http_request *r = t->r;

	must(curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_MS));
	must(curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, (long)HTTP_STALL_BYTES));
	must(curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME, or_long(r->stall_s, HTTP_STALL_S)));
	must(curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, or_long(r->total_ms, HTTP_TOTAL_MS)));
}

static bool
is_conditional_write(const struct http_request *r)
{
	return strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0 &&
	    (find_header(&r->headers, "if-match") != NULL || find_header(&r->headers, "if-none-match") != NULL);
}

static void
set_connection(struct http_try *t)
{
	const struct http_request *r = t->r;

	must(curl_easy_setopt(t->easy, CURLOPT_URL, r->url));
	if (r->direct)
		must(curl_easy_setopt(t->easy, CURLOPT_PROXY, ""));
	if (r->fresh || is_conditional_write(r))
		must(curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 1L));
	must(curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->text));
	must(curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t));
}

static CURL *
take_idle(struct http *h)
{
	CURL *easy = h->n_idle > 0 ? h->idle[--h->n_idle] : curl_easy_init();

	if (easy == NULL)
		die(EX_OSERR, "no memory for a request");
	return easy;
}

static void
put_idle(struct http *h, CURL *easy)
{
	curl_easy_reset(easy);
	h->idle = mem_grow(h->idle, h->n_idle + 1, sizeof(*h->idle));
	h->idle[h->n_idle++] = easy;
}

/* A try from its beginning to its end */

static bool
prepare(struct http_try *t)
{
	struct http_request *r = t->r;
	bool good = true;

	if (t->took && r->restart != NULL)
		r->restart(r, r->arg);
	t->took = false;
	t->http->calling++;
	if (r->prepare != NULL)
		good = r->prepare(r, r->arg);
	t->http->calling--;
	if (!good && r->error[0] == '\0')
		snprintf(r->error, sizeof r->error, "the request could not be prepared");
	return good && are_headers(r);
}

static void
begin(struct http_try *t)
{
	struct http_request *r = t->r;

	t->stage = PREPARING;
	drop_reply(r);
	r->error[0] = '\0';
	if (!prepare(t)) {
		t->stage = FINISHED;
		return;
	}
	r->tries++;
	r->tls = strncasecmp(r->url, "https:", 6) == 0;
	t->sent = t->header_bytes = 0;
	t->headers_end = t->refused = false;
	t->text[0] = '\0';
	t->easy = take_idle(t->http);
	set_connection(t);
	set_protocols(t->easy);
	set_tls(t);
	set_deadlines(t);
	set_method(t);
	set_headers(t);
	set_bodies(t);
	must_multi(curl_multi_add_handle(t->http->multi, t->easy));
	t->stage = RUNNING;
}

/* Failures that the next try would meet again. */
static bool
is_final(CURLcode code)
{
	switch (code) {
	case CURLE_URL_MALFORMAT:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		return true;
	default:
		return false;
	}
}

static enum http_verdict
judge_status(int status)
{
	switch (status) {
	case 429:
		return HTTP_THROTTLED;
	case 408: case 500: case 502: case 503: case 504:
		return HTTP_TRANSIENT;
	default:
		return HTTP_DONE;
	}
}

static enum http_verdict
judge(struct http_try *t)
{
	enum http_verdict verdict;

	if (t->r->judge == NULL)
		return judge_status(t->r->status);
	t->http->calling++;
	verdict = t->r->judge(t->r, t->r->arg);
	t->http->calling--;
	return verdict;
}

/* There was no reply, or not all of it. */
static enum http_verdict
judge_failure(struct http_try *t, CURLcode code)
{
	struct http_request *r = t->r;

	if (code == CURLE_OUT_OF_MEMORY)
		die(EX_OSERR, "no memory for a request");
	drop_reply(r);
	if (t->refused)
		return HTTP_DONE;
	snprintf(r->error, sizeof r->error, "%s", t->text[0] != '\0' ? t->text : curl_easy_strerror(code));
	return is_final(code) ? HTTP_DONE : HTTP_TRANSIENT;
}

/* From 0 to most - 1: full jitter, so that many clients that failed together do not come back together. */
static int64_t
jitter(int64_t most)
{
	uint32_t random;

	if (getrandom(&random, sizeof random, 0) != sizeof random)
		die(EX_OSERR, "random bytes:");
	return (int64_t)((uint64_t)random * (uint64_t)most >> 32);
}

/* What the server asks for, in milliseconds, or -1. */
static int64_t
retry_after(const struct http_request *r)
{
	const char *text = http_header_get(&r->reply_headers, "x-amz-retry-after");
	char *end;
	long long ms;

	if (text == NULL || *text < '0' || *text > '9')
		return -1;
	errno = 0;
	ms = strtoll(text, &end, 10);
	return *end == '\0' && errno == 0 ? ms : -1;
}

static int64_t
delay_ms(const struct http_request *r, enum http_verdict verdict)
{
	int64_t most = verdict == HTTP_THROTTLED ? THROTTLED_MS : or_long((int64_t)r->base_ms, TRANSIENT_MS);
	int64_t delay, after = retry_after(r);

	for (int i = 1; i < r->tries && most < DELAY_MS; i++)
		most *= 2;
	delay = jitter(most < DELAY_MS ? most : DELAY_MS);
	if (after > delay + AFTER_MS)
		return delay + AFTER_MS;
	return after > delay ? after : delay;
}

/* Whether there is to be a further try; then it waits for its time. */
static bool
try_again(struct http_try *t, enum http_verdict verdict)
{
	struct http *h = t->http;
	struct http_request *r = t->r;
	int cost = verdict == HTTP_THROTTLED ? THROTTLED_COST : TRANSIENT_COST;

	if (verdict == HTTP_DONE || r->tries >= (r->attempts > 0 ? r->attempts : h->attempts) ||
	    (t->took && r->restart == NULL))
		return false;
	t->due = now_ms();
	if (verdict != HTTP_AT_ONCE) {
		if (h->tokens < cost)
			return false;
		h->tokens -= cost;
		t->cost = cost;
		t->due += delay_ms(r, verdict);
	}
	t->stage = WAITING;
	return true;
}

/* Connections belong to the multi handle, so nothing is lost with an easy handle that failed. */
static void
end_handle(struct http_try *t, bool good)
{
	curl_multi_remove_handle(t->http->multi, t->easy);
	if (good)
		put_idle(t->http, t->easy);
	else
		curl_easy_cleanup(t->easy);
	t->easy = NULL;
	free_lines(t);
}

static void
end_try(struct http_try *t, CURLcode code)
{
	enum http_verdict verdict;

	t->stage = PREPARING;
	/* To libcurl 7.88 a reply that ends inside its head is a whole one. */
	if (code == CURLE_OK && !t->headers_end)
		code = CURLE_GOT_NOTHING;
	end_handle(t, code == CURLE_OK);
	verdict = code == CURLE_OK && !t->refused ? judge(t) : judge_failure(t, code);
	if (try_again(t, verdict))
		return;
	if (verdict == HTTP_DONE && is_good(t->r->status)) {
		t->http->tokens += t->cost > 0 ? t->cost : 1;
		if (t->http->tokens > TOKENS)
			t->http->tokens = TOKENS;
	}
	t->stage = FINISHED;
}

/* The loop */

static bool
may_begin(const struct http *h, const struct http_try *t)
{
	return t->stage == WAITING && (h->only == NULL || h->only == t->r);
}

/* prepare may change the list, so it is looked through anew after each. */
static void
begin_due(struct http *h)
{
	struct http_try *t;

	do {
		int64_t now = now_ms();

		for (t = h->tries; t != NULL; t = t->next)
			if (may_begin(h, t) && t->due <= now)
				break;
		if (t != NULL)
			begin(t);
	} while (t != NULL);
}

/* True when a try has ended. */
static bool
reap(struct http *h)
{
	CURLMsg *message;
	int left;
	bool any = false;

	while ((message = curl_multi_info_read(h->multi, &left)) != NULL) {
		CURLcode code = message->data.result;
		struct http_try *t;

		if (message->msg != CURLMSG_DONE)
			continue;
		must(curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t));
		end_try(t, code);
		any = true;
	}
	return any;
}

/* How long to wait for a socket: not beyond `ms`, nor beyond the next try that is due. */
static int
wait_ms(const struct http *h, int64_t ms)
{
	int64_t now = now_ms();

	if (ms > WAIT_MS)
		ms = WAIT_MS;
	for (const struct http_try *t = h->tries; t != NULL; t = t->next)
		if (may_begin(h, t) && t->due - now < ms)
			ms = t->due - now;
	return ms > 0 ? (int)ms : 0;
}

static bool
is_finished(const struct http *h)
{
	for (const struct http_try *t = h->tries; t != NULL; t = t->next)
		if (t->stage == FINISHED)
			return true;
	return false;
}

/* Begins what is due, moves what can be moved, and waits up to `ms` when that ended nothing. */
static void
turn(struct http *h, int64_t ms)
{
	int running;

	begin_due(h);
	must_multi(curl_multi_perform(h->multi, &running));
	if (!reap(h) && !is_finished(h))
		must_multi(curl_multi_poll(h->multi, NULL, 0, wait_ms(h, ms), NULL));
}

/* Takes a request out of the list. */
static struct http_request *
hand_over(struct http *h, struct http_try *t)
{
	struct http_request *r = t->r;
	struct http_try **at = &h->tries;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	if (t->easy != NULL)
		end_handle(t, false);
	free(t);
	r->current = NULL;
	return r;
}

void
http_start(struct http *h, struct http_request *r)
{
	struct http_try *t = mem_new(sizeof *t), **at = &h->tries;

	*t = (struct http_try){.http = h, .r = r, .stage = WAITING, .due = now_ms()};
	while (*at != NULL)
		at = &(*at)->next;
	*at = t;
	drop_reply(r);
	r->tries = 0;
	r->error[0] = '\0';
	r->current = t;
}

struct http_request *
http_next_within(struct http *h, int64_t ms)
{
	int64_t now = now_ms(), end = ms < INT64_MAX - now ? now + ms : INT64_MAX;

	for (bool late = false;; late = now >= end) {
		for (struct http_try *t = h->tries; t != NULL; t = t->next)
			if (t->stage == FINISHED)
				return hand_over(h, t);
		if (h->tries == NULL || late)
			return NULL;
		turn(h, end - now);
		now = now_ms();
	}
}

struct http_request *
http_next(struct http *h)
{
	return http_next_within(h, INT64_MAX);
}

void
http_run(struct http *h, struct http_request *r)
{
	struct http_request *outer = h->only;

	http_start(h, r);
	if (h->calling > 0)
		h->only = r;
	while (r->current->stage != FINISHED)
		turn(h, WAIT_MS);
	h->only = outer;
	hand_over(h, r->current);
}

size_t
http_busy(const struct http *h)
{
	size_t n = 0;

	for (const struct http_try *t = h->tries; t != NULL; t = t->next)
		n++;
	return n;
}

/* Beginning and end */

static int
max_attempts(void)
{
	const char *text = getenv("AWS_MAX_ATTEMPTS");
	char *end;
	long n;

	if (text == NULL || *text == '\0')
		return HTTP_ATTEMPTS;
	n = strtol(text, &end, 10);
	if (*end != '\0' || n < 1 || n > 1000)
		die(EX_CONFIG, "AWS_MAX_ATTEMPTS is \"%s\", no number from 1 to 1000", text);
	return (int)n;
}

/* What the environment names must be there: a typing error must not end in other certificates. */
static const char *
named_ca_bundle(void)
{
	static const char *const names[] = {"AWS_CA_BUNDLE", "SSL_CERT_FILE"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *path = getenv(names[i]);

		if (path == NULL || *path == '\0')
			continue;
		if (access(path, R_OK) != 0)
			die(EX_CONFIG, "%s: %s:", names[i], path);
		return path;
	}
	return NULL;
}

/* libcurl knows where its own system keeps them; a program that is carried to another (Lambda) must look. */
static const char *
system_ca_bundle(void)
{
	static const char *const paths[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
	    "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

	if ((v->cainfo != NULL && access(v->cainfo, R_OK) == 0) || (v->capath != NULL && access(v->capath, R_OK) == 0))
		return NULL;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (access(paths[i], R_OK) == 0)
			return paths[i];
	return NULL;
}

static void
set_ca_bundle(struct http *h, const char *path)
{
	free(h->ca_bundle);
	h->ca_bundle = path != NULL ? mem_text(span_of(path)) : NULL;
}

void
http_ca_bundle(struct http *h, const char *path)
{
	const char *named = getenv("AWS_CA_BUNDLE");

	if (named != NULL && *named != '\0')
		return;
	if (access(path, R_OK) != 0)
		die(EX_CONFIG, "ca_bundle: %s:", path);
	set_ca_bundle(h, path);
}

struct http *
http_new(void)
{
	struct http *h = mem_new(sizeof *h);
	const char *named = named_ca_bundle();

	must(curl_global_init(CURL_GLOBAL_DEFAULT));
	h->attempts = max_attempts();
	h->tokens = TOKENS;
	set_ca_bundle(h, named != NULL ? named : system_ca_bundle());
	h->multi = curl_multi_init();
	if (h->multi == NULL)
		die(EX_OSERR, "no memory for requests");
	return h;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	while (h->tries != NULL)
		hand_over(h, h->tries);
	for (size_t i = 0; i < h->n_idle; i++)
		curl_easy_cleanup(h->idle[i]);
	curl_multi_cleanup(h->multi);
	free(h->idle);
	free(h->ca_bundle);
	free(h);
	curl_global_cleanup();
}
