/* Keys of a role: AssumeRole and AssumeRoleWithWebIdentity of the Security Token Service. */
#include "sts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "day.h"
#include "die.h"
#include "url.h"
#include "xml.h"

#define FORM "application/x-www-form-urlencoded; charset=utf-8"
#define TOTAL_MS 30000
#define REPLY_BYTES ((size_t)1 << 20)
#define DATE_HEADER "X-Amz-Date"

/* A call under way. */
struct call {
	const struct sts *sts;
	const struct sign_keys *keys;  /* NULL: not signed */
	struct http_request r;
	struct buf url, host, body;
	struct span path;              /* of url */
};

/* name=value, encoded. */
static void
add_field(struct buf *body, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_fmt(body, "&%s=", name);
	url_encode(body, span_of(value));
}

static void
add_role(struct buf *body, const char *action, const struct sts_role *role)
{
	char name[64];

	snprintf(name, sizeof name, "cur-tools-%lld", (long long)time(NULL));
	buf_fmt(body, "Action=%s&Version=2011-06-15", action);
	add_field(body, "RoleArn", role->arn);
	add_field(body, "RoleSessionName", role->session_name != NULL ? role->session_name : name);
	add_field(body, "ExternalId", role->external_id);
	add_field(body, "DurationSeconds", role->seconds);
}

const char *
sts_domain(const char *region)
{
	static const struct {
		const char *prefix, *domain;
	} partitions[] = {
		{"cn-", "amazonaws.com.cn"}, {"us-iso-", "c2s.ic.gov"}, {"us-isob-", "sc2s.sgov.gov"},
		{"us-isof-", "csp.hci.ic.gov"}, {"eu-isoe-", "cloud.adc-e.uk"}, {"eusc-", "amazonaws.eu"},
	};

	for (size_t i = 0; i < sizeof partitions / sizeof *partitions; i++)
		if (strncmp(region, partitions[i].prefix, strlen(partitions[i].prefix)) == 0)
			return partitions[i].domain;
	return "amazonaws.com";
}

/* Fills url, host and path. */
static bool
find_endpoint(struct call *c, struct secret_why *why)
{
	const struct sts *s = c->sts;
	const char *text;
	struct url u;

	if (s->endpoint != NULL)
		buf_str(&c->url, s->endpoint);
	else
		buf_fmt(&c->url, "https://sts.%s.%s", s->region, sts_domain(s->region));
	if ((text = url_parse(buf_span(&c->url), &u)) != NULL) {
		secret_fail(why, EX_CONFIG, "the endpoint of STS, %s: %s", buf_text(&c->url), text);
		return false;
	}
	if (u.path.n == 0)
		buf_byte(&c->url, '/');
	c->r.url = buf_text(&c->url);
	url_parse(buf_span(&c->url), &u);
	c->path = u.path;
	buf_fmt(&c->host, memchr(u.host.p, ':', u.host.n) != NULL ? "[%.*s]" : "%.*s", (int)u.host.n, u.host.p);
	if (u.port.n > 0)
		buf_fmt(&c->host, ":%.*s", (int)u.port.n, u.port.p);
	http_header_set(&c->r.headers, "Host", buf_text(&c->host));
	return true;
}

/* Signs anew before each try. */
static bool
prepare(struct http_request *r, void *arg)
{
	struct call *c = arg;
	struct buf hash = {0}, value = {0};
	char date[SIGN_DATE_TEXT];
	struct sign_request s = {.method = r->method, .path = c->path, .query = {"", 0}, .headers = &r->headers,
	    .region = c->sts->region, .service = "sts", .time = (int64_t)time(NULL)};

	if (c->keys == NULL)
		return true;
	sign_date(s.time, date);
	http_header_set(&r->headers, DATE_HEADER, date);
	http_header_set(&r->headers, "X-Amz-Security-Token", c->keys->token);
	sign_sha256(r->body, &hash);
	s.payload_hash = buf_span(&hash);
	sign_authorization(&s, c->keys, &value);
	http_header_set(&r->headers, "Authorization", buf_text(&value));
	secret_wipe(&value);
	buf_free(&hash);
	return true;
}

/* The Code of an error, into text; "" when there is none. */
static const char *
error_code(const struct http_request *r, struct buf *text)
{
	if (!xml_find(buf_span(&r->reply_body), "ErrorResponse/Error/Code", text))
		buf_reset(text);
	return buf_text(text);
}

static enum http_verdict
judge(struct http_request *r, void *arg)
{
	struct buf text = {0};
	const char *code = r->status >= 400 ? error_code(r, &text) : "";
	enum http_verdict verdict = HTTP_DONE;

	(void)arg;
	if (strncmp(code, "Throttl", 7) == 0 || strcmp(code, "RequestLimitExceeded") == 0 || r->status == 429)
		verdict = HTTP_THROTTLED;
	else if (r->status >= 500 || r->status == 408 || strcmp(code, "IDPCommunicationError") == 0)
		verdict = HTTP_TRANSIENT;
	buf_free(&text);
	return verdict;
}

/* Adds a part of the reply as far as it is text for people. */
static void
add_part(struct buf *b, const struct http_request *r, const char *path, const char *before)
{
	struct buf text = {0};

	if (xml_find(buf_span(&r->reply_body), path, &text) && text.n > 0) {
		buf_str(b, before);
		for (size_t i = 0; i < text.n && i < 512; i++)
			buf_byte(b, (unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f ? ' ' : text.p[i]);
	}
	buf_free(&text);
}

/* "sts AssumeRole: AccessDenied: … (HTTP 403, request ID …)" */
static enum secret_end
say_error(const struct http_request *r, const char *action, struct secret_why *why)
{
	struct buf *b = &why->text;

	why->status = r->status == 0 || r->status >= 500 || r->status == 429 ? EX_UNAVAILABLE : EX_NOPERM;
	buf_fmt(b, "sts %s: ", action);
	if (r->status == 0) {
		buf_str(b, r->error);
		return SECRET_FAILED;
	}
	add_part(b, r, "ErrorResponse/Error/Code", "");
	add_part(b, r, "ErrorResponse/Error/Message", ": ");
	buf_fmt(b, " (HTTP %d", r->status);
	add_part(b, r, "ErrorResponse/RequestId", ", request ID ");
	buf_str(b, ")");
	return SECRET_FAILED;
}

/* What a good reply has. */
struct reply {
	char *id, *secret, *token;
	int64_t expires;
};

static const char *
take(void *arg, const char *path, struct span text)
{
	struct reply *reply = arg;
	const char *name = strstr(path, "Result/Credentials/");
	char **to;

	if (name == NULL || text.p == NULL)
		return NULL;
	name += strlen("Result/Credentials/");
	if (strcmp(name, "Expiration") == 0)
		return time_parse(text, &reply->expires);
	to = strcmp(name, "AccessKeyId") == 0 ? &reply->id : strcmp(name, "SecretAccessKey") == 0 ? &reply->secret :
	    strcmp(name, "SessionToken") == 0 ? &reply->token : NULL;
	if (to == NULL)
		return NULL;
	secret_wipe_text(*to);
	*to = mem_text(text);
	return NULL;
}

static enum secret_end
read_reply(const struct http_request *r, const char *action, struct secret *k, struct secret_why *why)
{
	struct reply reply = {0};
	const char *text = xml_read(buf_span(&r->reply_body), take, &reply);

	if (text == NULL)
		text = secret_set(k, reply.id, reply.secret, reply.token);
	if (text == NULL && reply.expires == 0)
		text = "no Expiration";
	k->expires = reply.expires;
	secret_wipe_text(reply.id);
	secret_wipe_text(reply.secret);
	secret_wipe_text(reply.token);
	if (text != NULL)
		return secret_fail(why, EX_UNAVAILABLE, "sts %s: the reply has no keys: %s", action, text);
	return SECRET_FOUND;
}

static enum secret_end
run(struct call *c, const char *action, struct secret *k, struct secret_why *why)
{
	enum secret_end end = SECRET_FAILED;

	if (find_endpoint(c, why)) {
		c->r.method = "POST";
		c->r.body = buf_span(&c->body);
		c->r.total_ms = TOTAL_MS;
		c->r.reply_max = REPLY_BYTES;
		c->r.arg = c;
		c->r.prepare = prepare;
		c->r.judge = judge;
		http_header_set(&c->r.headers, "Content-Type", FORM);
		http_run(c->sts->http, &c->r);
		end = c->r.status == 200 ? read_reply(&c->r, action, k, why) : say_error(&c->r, action, why);
	}
	http_request_free(&c->r);
	buf_free(&c->url);
	buf_free(&c->host);
	secret_wipe(&c->body);
	return end;
}

enum secret_end
sts_assume(const struct sts *s, const struct sts_role *role, const struct sign_keys *from, struct secret *k,
    struct secret_why *why)
{
	struct call c = {.sts = s, .keys = from};

	add_role(&c.body, "AssumeRole", role);
	return run(&c, "AssumeRole", k, why);
}

enum secret_end
sts_web_identity(const struct sts *s, const struct sts_role *role, const char *token_file, struct secret *k,
    struct secret_why *why)
{
	struct call c = {.sts = s};
	struct buf token = {0};
	enum secret_end end;

	if (!secret_read_file(token_file, &token, &why->text)) {
		why->status = EX_CONFIG;
		secret_wipe(&token);
		return SECRET_FAILED;
	}
	add_role(&c.body, "AssumeRoleWithWebIdentity", role);
	buf_room(&c.body, 32 + token.n * 3);
	buf_str(&c.body, "&WebIdentityToken=");
	url_encode(&c.body, buf_span(&token));
	end = run(&c, "AssumeRoleWithWebIdentity", k, why);
	secret_wipe(&token);
	return end;
}
