/*
 * The header-signing cases of an AWS signing test suite: a folder per case, in the layout of awslabs/aws-c-auth.
 * The folder of cases is the operand, without one it is tests/aws/cases.
 *
 * request.txt is what a client has before it signs: X-Amz-Date, and the token and the hash of the body where the
 * context says so, are added as aws-c-auth adds them.  lib/sign signs paths as they stand, so a case whose path
 * would be normalised or encoded twice is skipped.
 */
#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "day.h"
#include "die.h"
#include "sign.h"
#include "tap.h"
#include "url.h"

struct test {
	struct buf request, canonical, string, signature;      /* what the files say */
	json_t *context;
	struct http_headers headers;
	struct sign_request sign;
	struct sign_keys keys;
	struct buf path, query, hash;
	bool encoded;          /* the path of request.txt has a % */
};

/* The file without CR and without a line feed at its end. */
static bool
read_text(const char *folder, const char *name, struct buf *b)
{
	struct buf path = {0};
	char piece[4096];
	size_t n;
	FILE *f;

	buf_fmt(&path, "%s/%s", folder, name);
	f = fopen(buf_text(&path), "r");
	buf_free(&path);
	if (f == NULL)
		return false;
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		for (size_t i = 0; i < n; i++)
			if (piece[i] != '\r')
				buf_byte(b, piece[i]);
	fclose(f);
	return true;
}

static void
drop_newline(struct buf *b)
{
	if (b->n > 0 && b->p[b->n - 1] == '\n')
		b->n--;
}

/* NULL, or what is missing. */
static const char *
read_files(struct test *t, const char *folder)
{
	struct buf context = {0};

	if (!read_text(folder, "context.json", &context))
		return "no context.json";
	t->context = json_loadb(context.p, context.n, 0, NULL);
	buf_free(&context);
	if (t->context == NULL)
		return "no JSON in context.json";
	if (!read_text(folder, "request.txt", &t->request))
		return "no request.txt";
	if (!read_text(folder, "header-canonical-request.txt", &t->canonical) ||
	    !read_text(folder, "header-string-to-sign.txt", &t->string) ||
	    !read_text(folder, "header-signature.txt", &t->signature))
		return "not all of the header-*.txt";
	drop_newline(&t->canonical);
	drop_newline(&t->string);
	drop_newline(&t->signature);
	return NULL;
}

/* Unlike http_header_set it keeps headers of one name apart. */
static void
add_header(struct http_headers *h, struct span name, struct span value)
{
	h->list = mem_grow(h->list, h->n + 1, sizeof *h->list);
	h->list[h->n++] = (struct http_header){mem_text(name), mem_text(value)};
}

/* A line that begins with white space goes on with the header before it. */
static void
continue_header(struct http_header *h, struct span line)
{
	struct buf b = {0};

	buf_str(&b, h->value);
	buf_byte(&b, '\n');
	buf_span_add(&b, line);
	free(h->value);
	h->value = buf_take(&b);
}

static struct span
cut_line(struct span *rest)
{
	const char *end = memchr(rest->p, '\n', rest->n);
	struct span line = {rest->p, end != NULL ? (size_t)(end - rest->p) : rest->n};

	rest->p += line.n + (end != NULL);
	rest->n -= line.n + (end != NULL);
	return line;
}

/* Bytes that a URL cannot hold as they are are encoded; what is encoded stays so. */
static void
encode_rest(struct buf *b, struct span s, const char *kept)
{
	for (size_t i = 0; i < s.n; i++) {
		if (strchr(kept, s.p[i]) != NULL)
			buf_byte(b, s.p[i]);
		else
			url_encode(b, (struct span){s.p + i, 1});
	}
}

/* "GET /path?query HTTP/1.1"; the path may have spaces in it. */
static bool
parse_target(struct test *t, struct span line)
{
	char *method = memchr(line.p, ' ', line.n);
	const char *last = memrchr(line.p, ' ', line.n), *mark;
	struct span target;

	if (method == NULL || last <= method + 1)
		return false;
	*method = '\0';
	t->sign.method = line.p;
	target = (struct span){method + 1, (size_t)(last - method - 1)};
	mark = memchr(target.p, '?', target.n);
	if (mark != NULL)
		encode_rest(&t->query, (struct span){mark + 1, (size_t)(target.p + target.n - mark - 1)}, "%=&");
	if (mark != NULL)
		target.n = (size_t)(mark - target.p);
	t->encoded = memchr(target.p, '%', target.n) != NULL;
	encode_rest(&t->path, target, "%/");
	return true;
}

/* Leaves the body in *rest. */
static bool
parse_request(struct test *t, struct span *rest)
{
	struct span line;

	if (!parse_target(t, cut_line(rest)))
		return false;
	while (rest->n > 0 && (line = cut_line(rest)).n > 0) {
		const char *colon = memchr(line.p, ':', line.n);
		size_t n = colon != NULL ? (size_t)(colon - line.p) : 0;

		if (line.p[0] == ' ' && t->headers.n > 0)
			continue_header(&t->headers.list[t->headers.n - 1], line);
		else if (n == 0)
			return false;
		else
			add_header(&t->headers, (struct span){line.p, n}, (struct span){colon + 1, line.n - n - 1});
	}
	return true;
}

/* A member of the context as text; "" where there is none. */
static char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return mem_text(span_of(text != NULL ? text : ""));
}

static const char *
parse_context(struct test *t, struct span body)
{
	const json_t *keys = json_object_get(t->context, "credentials");
	const char *time = json_string_value(json_object_get(t->context, "timestamp")), *why;
	const char *value = json_string_value(json_object_get(t->context, "signed_body_value"));
	char date[SIGN_DATE_TEXT];

	if (time == NULL || (why = time_parse(span_of(time), &t->sign.time)) != NULL)
		return "no timestamp in context.json";
	t->keys = (struct sign_keys){text_of(keys, "access_key_id"), text_of(keys, "secret_access_key"), text_of(keys, "token")};
	t->sign.region = json_string_value(json_object_get(t->context, "region"));
	t->sign.service = json_string_value(json_object_get(t->context, "service"));
	if (t->keys.id[0] == '\0' || t->sign.region == NULL || t->sign.service == NULL)
		return "no credentials, region or service in context.json";
	sign_date(t->sign.time, date);
	add_header(&t->headers, span_of("X-Amz-Date"), span_of(date));
	if (t->keys.token[0] != '\0' && !json_is_true(json_object_get(t->context, "omit_session_token")))
		add_header(&t->headers, span_of("X-Amz-Security-Token"), span_of(t->keys.token));
	if (value != NULL)
		buf_str(&t->hash, value);
	else
		sign_sha256(body, &t->hash);
	if (json_is_true(json_object_get(t->context, "sign_body")))
		add_header(&t->headers, span_of("x-amz-content-sha256"), buf_span(&t->hash));
	return NULL;
}

static const char *
parse(struct test *t)
{
	struct span rest = buf_span(&t->request);
	const char *why;

	if (rest.n == 0 || !parse_request(t, &rest))
		return "no request in request.txt";
	if ((why = parse_context(t, rest)) != NULL)
		return why;
	t->sign.path = buf_span(&t->path);
	t->sign.query = buf_span(&t->query);
	t->sign.headers = &t->headers;
	t->sign.payload_hash = buf_span(&t->hash);
	return NULL;
}

/* Why lib/sign is not made for this case, or NULL. */
static const char *
skipped(struct test *t)
{
	const char *path = buf_text(&t->path);
	size_t n = t->path.n;
	bool odd = strstr(path, "//") != NULL || strstr(path, "/./") != NULL || strstr(path, "/../") != NULL ||
	    (n >= 2 && strcmp(path + n - 2, "/.") == 0) || (n >= 3 && strcmp(path + n - 3, "/..") == 0);

	if (odd && !json_is_false(json_object_get(t->context, "normalize")))
		return "the path is to be normalised";
	/* aws-c-auth encodes the path once more than it stands in request.txt. */
	if (t->encoded && !json_is_false(json_object_get(t->context, "use_double_uri_encode")))
		return "the path is to be encoded twice";
	return NULL;
}

static bool
same(const char *what, struct span got, struct span wanted)
{
	if (span_eq(got, wanted))
		return true;
	printf("# %s: got\n%.*s\n# wanted\n%.*s\n", what, (int)got.n, got.p, (int)wanted.n, wanted.p);
	return false;
}

static bool
run(struct test *t)
{
	struct buf canonical = {0}, string = {0}, value = {0};
	struct span signature;
	bool good;

	sign_canonical(&t->sign, &canonical);
	sign_string(&t->sign, buf_span(&canonical), &string);
	sign_authorization(&t->sign, &t->keys, &value);
	signature = (struct span){value.p + value.n - 64, 64};
	good = same("canonical request", buf_span(&canonical), buf_span(&t->canonical));
	good = same("string to sign", buf_span(&string), buf_span(&t->string)) && good;
	good = same("signature", signature, buf_span(&t->signature)) && good;
	buf_free(&canonical);
	buf_free(&string);
	buf_free(&value);
	return good;
}

static void
test_free(struct test *t)
{
	struct buf *bufs[] = {&t->request, &t->canonical, &t->string, &t->signature, &t->path, &t->query, &t->hash};

	for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
		buf_free(bufs[i]);
	for (size_t i = 0; i < t->headers.n; i++) {
		free(t->headers.list[i].name);
		free(t->headers.list[i].value);
	}
	free(t->headers.list);
	free(t->keys.id);
	free(t->keys.secret);
	free(t->keys.token);
	json_decref(t->context);
}

static void
test_case(const char *folder, const char *name)
{
	struct test t = {0};
	const char *why = read_files(&t, folder);

	if (why == NULL)
		why = parse(&t);
	if (why != NULL)
		ok(false, "%s: %s", name, why);
	else if ((why = skipped(&t)) != NULL)
		ok(true, "%s # SKIP %s", name, why);
	else
		ok(run(&t), "%s", name);
	test_free(&t);
}

int
main(int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[1] : "tests/aws/cases";
	struct dirent **list;
	int n, cases = 0;

	die_begin("sigv4-suite", "");
	if ((n = scandir(dir, &list, NULL, alphasort)) < 0)
		die(EX_NOINPUT, "%s:", dir);
	for (int i = 0; i < n; i++) {
		struct buf folder = {0};
		struct stat st;

		buf_fmt(&folder, "%s/%s", dir, list[i]->d_name);
		if (list[i]->d_name[0] != '.' && stat(buf_text(&folder), &st) == 0 && S_ISDIR(st.st_mode)) {
			test_case(folder.p, list[i]->d_name);
			cases++;
		}
		buf_free(&folder);
		free(list[i]);
	}
	free(list);
	if (cases == 0)
		die(EX_NOINPUT, "%s: no folder of a case in it", dir);
	return tap_end();
}
