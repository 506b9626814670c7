/* What the place we run in gives out: keys of containers (ECS, EKS), keys and the region of EC2 instances. */
#include "metadata.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "die.h"
#include "url.h"

#define CONTAINER "http://169.254.170.2"
#define CONTAINER_MS 2000
#define CONTAINER_TRIES 3
#define INSTANCE "http://169.254.169.254"
#define INSTANCE_MS 1000
#define INSTANCE_TRIES 2
#define SESSION_S "21600"              /* the longest there is */
#define EXTENSION_S 600
#define REPLY_BYTES ((size_t)64 << 10)

#define ROLE_PATH "/latest/meta-data/iam/security-credentials/"
#define REGION_PATH "/latest/meta-data/placement/region"

/* Runs the request.  False with a reason when the answer is none with status 200. */
static bool
ask(struct http *h, struct http_request *r, struct buf *why)
{
	r->direct = true;
	r->reply_max = REPLY_BYTES;
	http_run(h, r);
	if (r->status == 200)
		return true;
	if (r->status == 0)
		buf_fmt(why, "%s: %s", r->url, r->error);
	else
		buf_fmt(why, "%s: HTTP %d", r->url, r->status);
	return false;
}

static bool
is_loopback(const char *host)
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, host, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, host, &six) == 1)
		return IN6_IS_ADDR_LOOPBACK(&six);
	return strcasecmp(host, "localhost") == 0;
}

const char *
metadata_allowed(const char *url)
{
	static const char *const near[] = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};
	struct url u;
	const char *why = url_parse((struct span){url, strcspn(url, "?")}, &u);
	char *host;
	bool known;

	if (why != NULL || u.tls)
		return why;
	host = mem_text(u.host);
	known = is_loopback(host);
	for (size_t i = 0; i < sizeof near / sizeof *near; i++)
		known = known || strcasecmp(host, near[i]) == 0;
	free(host);
	return known ? NULL : "only https, a loopback address, 169.254.170.2, 169.254.170.23 and [fd00:ec2::23] are asked for keys";
}

/* The URL that the environment names, to be freed; NULL with a reason, which is text alone when nothing is named. */
static char *
container_url(struct secret_why *why)
{
	const char *relative = secret_getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = secret_getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI"), *text;
	struct buf b = {0};

	if (relative == NULL && full == NULL) {
		buf_str(&why->text, "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI");
		return NULL;
	}
	/* Without its slash a relative one could name another host. */
	if (relative != NULL && relative[0] != '/') {
		secret_fail(why, EX_CONFIG, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with '/'");
		return NULL;
	}
	buf_fmt(&b, "%s%s", relative != NULL ? CONTAINER : "", relative != NULL ? relative : full);
	if ((text = metadata_allowed(buf_text(&b))) == NULL)
		return buf_take(&b);
	secret_fail(why, EX_CONFIG, "AWS_CONTAINER_CREDENTIALS_%s: %s", relative != NULL ? "RELATIVE_URI" : "FULL_URI", text);
	buf_free(&b);
	return NULL;
}

/* Sets the Authorization header where the environment has a token for it. */
static bool
authorize(struct http_request *r, struct secret_why *why)
{
	const char *file = secret_getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *token = secret_getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN");
	struct buf text = {0};
	bool good = true;

	if (file != NULL && !secret_read_file(file, &text, &why->text)) {
		why->status = EX_CONFIG;
		good = false;
	} else if (file != NULL) {
		token = buf_text(&text);
	}
	if (good && token != NULL && strpbrk(token, "\r\n") != NULL) {
		secret_fail(why, EX_CONFIG, "the authorization token for the container's endpoint has more than one line");
		good = false;
	}
	if (good && token != NULL)
		http_header_set(&r->headers, "Authorization", token);
	secret_wipe(&text);
	return good;
}

enum secret_end
metadata_container(struct http *h, struct secret *k, struct secret_why *why)
{
	struct http_request r = {.method = "GET", .attempts = CONTAINER_TRIES, .total_ms = CONTAINER_MS};
	char *url = container_url(why);
	enum secret_end end = SECRET_FAILED;

	if (url == NULL)
		return why->status != 0 ? SECRET_FAILED : SECRET_NONE;
	r.url = url;
	http_header_set(&r.headers, "Accept", "application/json");
	if (authorize(&r, why)) {
		if (!ask(h, &r, &why->text))
			why->status = r.status == 0 || r.status >= 500 ? EX_UNAVAILABLE : EX_NOPERM;
		else if (!secret_json(k, buf_span(&r.reply_body), "Token", &why->text))
			why->status = EX_NOPERM;
		else
			end = SECRET_FOUND;
	}
	http_request_free(&r);
	free(url);
	return end;
}

/* One GET or PUT of the instance metadata service. */
static bool
ask_instance(struct http *h, struct http_request *r, const char *endpoint, const char *path, struct buf *why)
{
	struct span base = span_of(endpoint != NULL ? endpoint : INSTANCE);
	struct buf url = {0};
	bool good;

	while (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	buf_span_add(&url, base);
	buf_str(&url, path);
	r->url = buf_text(&url);
	r->attempts = INSTANCE_TRIES;
	r->total_ms = INSTANCE_MS;
	good = ask(h, r, why);
	r->url = NULL;
	buf_free(&url);
	return good;
}

/* A session token, to be freed; NULL with a reason. */
static char *
open_session(struct http *h, const char *endpoint, struct buf *why)
{
	struct http_request r = {.method = "PUT"};
	const char *disabled = secret_getenv("AWS_EC2_METADATA_DISABLED"), *text;
	char *token = NULL;
	struct url u;

	if (disabled != NULL && strcasecmp(disabled, "true") == 0) {
		buf_str(why, "AWS_EC2_METADATA_DISABLED");
		return NULL;
	}
	if (endpoint != NULL && (text = url_parse(span_of(endpoint), &u)) != NULL) {
		buf_fmt(why, "%s: %s", endpoint, text);
		return NULL;
	}
	http_header_set(&r.headers, "X-aws-ec2-metadata-token-ttl-seconds", SESSION_S);
	if (ask_instance(h, &r, endpoint, "/latest/api/token", why))
		token = mem_text(buf_span(&r.reply_body));
	http_request_free(&r);
	return token;
}

/* The text at a path; false with a reason. */
static bool
get(struct http *h, const char *endpoint, const char *session, const char *path, struct buf *text, struct buf *why)
{
	struct http_request r = {.method = "GET"};
	bool good;

	http_header_set(&r.headers, "X-aws-ec2-metadata-token", session);
	good = ask_instance(h, &r, endpoint, path, why);
	if (good) {
		buf_room(text, r.reply_body.n + 1);
		buf_span_add(text, buf_span(&r.reply_body));
	}
	http_request_free(&r);
	return good;
}

/* The path of the keys of the instance's role, the first line of the list of its one role. */
static char *
role_path(struct buf *list)
{
	struct buf path = {0};
	size_t n = strcspn(buf_text(list), "\r\n");

	if (n == 0)
		return NULL;
	buf_str(&path, ROLE_PATH);
	url_encode(&path, (struct span){list->p, n});
	return buf_take(&path);
}

enum secret_end
metadata_instance(struct http *h, const char *endpoint, struct secret *k, struct secret_why *why)
{
	char *session = open_session(h, endpoint, &why->text), *path = NULL;
	struct buf list = {0}, json = {0};
	int64_t soonest = (int64_t)time(NULL) + EXTENSION_S;
	enum secret_end end = SECRET_NONE;

	if (session == NULL)
		return SECRET_NONE;
	if (get(h, endpoint, session, ROLE_PATH, &list, &why->text) && (path = role_path(&list)) == NULL)
		buf_str(&why->text, "the instance has no role");
	if (path != NULL && get(h, endpoint, session, path, &json, &why->text) &&
	    secret_json(k, buf_span(&json), "Token", &why->text))
		end = SECRET_FOUND;
	/* While it cannot renew them the service gives out old keys, which AWS goes on taking. */
	if (end == SECRET_FOUND && k->expires < soonest)
		k->expires = soonest;
	secret_wipe_text(session);
	secret_wipe(&json);
	buf_free(&list);
	free(path);
	return end;
}

char *
metadata_region(struct http *h, const char *endpoint, struct buf *why)
{
	char *session = open_session(h, endpoint, why), *region = NULL;
	struct buf text = {0};

	if (session != NULL && get(h, endpoint, session, REGION_PATH, &text, why))
		region = mem_text((struct span){text.p, strcspn(buf_text(&text), "\r\n")});
	secret_wipe_text(session);
	buf_free(&text);
	return region;
}
