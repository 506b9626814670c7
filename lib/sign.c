/* AWS Signature Version 4 for headers. */
#include "sign.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "day.h"
#include "die.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define SHA256_BYTES 32
#define PIECE_BYTES 65536      /* of a file in memory at once */

static void
add_hex(struct buf *b, const unsigned char *bytes, size_t n)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		buf_byte(b, hex[bytes[i] >> 4]);
		buf_byte(b, hex[bytes[i] & 15]);
	}
}

void
sign_sha256(struct span bytes, struct buf *hex)
{
	unsigned char digest[SHA256_BYTES];

	if (EVP_Digest(bytes.n > 0 ? bytes.p : "", bytes.n, digest, NULL, EVP_sha256(), NULL) != 1)
		die(EX_SOFTWARE, "libcrypto computes no SHA-256");
	add_hex(hex, digest, sizeof digest);
}

/* False and errno when the piece cannot be read to its end. */
static bool
digest_file(EVP_MD_CTX *context, int fd, uint64_t from, uint64_t bytes)
{
	char piece[PIECE_BYTES];

	while (bytes > 0) {
		size_t want = bytes < sizeof piece ? (size_t)bytes : sizeof piece;
		ssize_t got = pread(fd, piece, want, (off_t)from);

		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = EIO;
		if (got <= 0)
			return false;
		if (EVP_DigestUpdate(context, piece, (size_t)got) != 1)
			die(EX_SOFTWARE, "libcrypto computes no SHA-256");
		from += (uint64_t)got;
		bytes -= (uint64_t)got;
	}
	return true;
}

bool
sign_sha256_file(int fd, uint64_t from, uint64_t bytes, struct buf *hex)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char digest[SHA256_BYTES];
	bool good;

	if (context == NULL || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
		die(EX_SOFTWARE, "libcrypto computes no SHA-256");
	good = digest_file(context, fd, from, bytes);
	if (good && EVP_DigestFinal_ex(context, digest, NULL) != 1)
		die(EX_SOFTWARE, "libcrypto computes no SHA-256");
	EVP_MD_CTX_free(context);
	if (good)
		add_hex(hex, digest, sizeof digest);
	return good;
}

void
sign_date(int64_t time, char text[SIGN_DATE_TEXT])
{
	char spelled[TIME_TEXT];
	size_t n = 0;

	time_print(time, spelled);
	for (const char *p = spelled; *p != '\0' && n < SIGN_DATE_TEXT - 1; p++)
		if (*p != '-' && *p != ':')
			text[n++] = *p;
	text[n] = '\0';
}

/* Proxies may add, change or drop these; and a signature cannot sign itself. */
static bool
is_signed(const char *name)
{
	static const char *const others[] = {"accept-encoding", "authorization", "connection", "expect", "keep-alive",
	    "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id"};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (strcasecmp(name, others[i]) == 0)
			return false;
	return true;
}

/* Headers of one name keep their order, which is that of their places in the list. */
static int
by_name(const void *a, const void *b)
{
	const struct http_header *const *x = a, *const *y = b;
	int c = strcasecmp((*x)->name, (*y)->name);

	return c != 0 ? c : (*x > *y) - (*x < *y);
}

/* The headers to sign, in order; the caller frees the list. */
static const struct http_header **
order_headers(const struct sign_request *r, size_t *n)
{
	const struct http_header **list = mem_new((r->headers->n + 1) * sizeof(*list));

	*n = 0;
	for (size_t i = 0; i < r->headers->n; i++)
		if (is_signed(r->headers->list[i].name))
			list[(*n)++] = &r->headers->list[i];
	qsort(list, *n, sizeof(*list), by_name);
	return list;
}

static void
add_lower(struct buf *b, const char *name)
{
	for (; *name != '\0'; name++)
		buf_byte(b, *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name);
}

/* The value without white space at its ends, any other run of it as one space. */
static void
add_trimmed(struct buf *b, const char *value)
{
	static const char white[] = " \t\r\n\f\v";

	for (value += strspn(value, white); *value != '\0';) {
		size_t n = strcspn(value, white), gap = strspn(value + n, white);

		buf_add(b, value, n);
		value += n + gap;
		if (*value != '\0')
			buf_byte(b, ' ');
	}
}

/* "host:example.com" lines; headers of one name share a line. */
static void
add_headers(struct buf *b, const struct http_header **list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool again = i > 0 && strcasecmp(list[i]->name, list[i - 1]->name) == 0;

		if (i > 0 && !again)
			buf_byte(b, '\n');
		if (!again)
			add_lower(b, list[i]->name);
		buf_byte(b, again ? ',' : ':');
		add_trimmed(b, list[i]->value);
	}
	if (n > 0)
		buf_byte(b, '\n');
}

/* "host;x-amz-date" */
static void
add_names(struct buf *b, const struct http_header **list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && strcasecmp(list[i]->name, list[i - 1]->name) == 0)
			continue;
		if (i > 0)
			buf_byte(b, ';');
		add_lower(b, list[i]->name);
	}
}

struct parameter {
	struct span name, value;
};

static int
by_parameter(const void *a, const void *b)
{
	const struct parameter *x = a, *y = b;
	int c = span_cmp(x->name, y->name);

	return c != 0 ? c : span_cmp(x->value, y->value);
}

/* name=value, or a bare name. */
static struct parameter
parameter_of(struct span s)
{
	const char *equals = memchr(s.p, '=', s.n);
	size_t n = equals != NULL ? (size_t)(equals - s.p) : s.n;

	if (equals == NULL)
		return (struct parameter){s, {s.p + n, 0}};
	return (struct parameter){{s.p, n}, {equals + 1, s.n - n - 1}};
}

/* The query in order of names, then values; every name gets its '='. */
static void
add_query(struct buf *b, struct span query)
{
	struct parameter *list = NULL;
	size_t n = 0;

	while (query.n > 0) {
		const char *end = memchr(query.p, '&', query.n);
		size_t len = end != NULL ? (size_t)(end - query.p) : query.n;

		if (len > 0) {
			list = mem_grow(list, n + 1, sizeof *list);
			list[n++] = parameter_of((struct span){query.p, len});
		}
		query.p += len + (end != NULL);
		query.n -= len + (end != NULL);
	}
	if (n > 0)
		qsort(list, n, sizeof *list, by_parameter);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_byte(b, '&');
		buf_span_add(b, list[i].name);
		buf_byte(b, '=');
		buf_span_add(b, list[i].value);
	}
	free(list);
}

void
sign_canonical(const struct sign_request *r, struct buf *canonical)
{
	size_t n;
	const struct http_header **list = order_headers(r, &n);

	buf_str(canonical, r->method);
	buf_byte(canonical, '\n');
	buf_span_add(canonical, r->path.n > 0 ? r->path : span_of("/"));
	buf_byte(canonical, '\n');
	add_query(canonical, r->query);
	buf_byte(canonical, '\n');
	add_headers(canonical, list, n);
	buf_byte(canonical, '\n');
	add_names(canonical, list, n);
	buf_byte(canonical, '\n');
	buf_span_add(canonical, r->payload_hash);
	free(list);
}

/* "20150830/us-east-1/s3/aws4_request" */
static void
add_scope(const struct sign_request *r, struct buf *b)
{
	char date[SIGN_DATE_TEXT];

	sign_date(r->time, date);
	buf_fmt(b, "%.8s/%s/%s/aws4_request", date, r->region, r->service);
}

void
sign_string(const struct sign_request *r, struct span canonical, struct buf *string)
{
	char date[SIGN_DATE_TEXT];

	sign_date(r->time, date);
	buf_fmt(string, ALGORITHM "\n%s\n", date);
	add_scope(r, string);
	buf_byte(string, '\n');
	sign_sha256(canonical, string);
}

static void
hmac(struct span key, struct span text, unsigned char mac[SHA256_BYTES])
{
	if (HMAC(EVP_sha256(), key.p, (int)key.n, (const unsigned char *)text.p, text.n, mac, NULL) == NULL)
		die(EX_SOFTWARE, "libcrypto computes no HMAC");
}

/* Each step's MAC is the next one's key. */
static void
sign(const struct sign_request *r, const char *secret, struct span string, unsigned char mac[SHA256_BYTES])
{
	char date[SIGN_DATE_TEXT];
	struct buf first = {0};
	struct span key = {(char *)mac, SHA256_BYTES};

	sign_date(r->time, date);
	buf_room(&first, 4 + strlen(secret));   /* so that no copy of it is left behind by growth */
	buf_str(&first, "AWS4");
	buf_str(&first, secret);
	hmac(buf_span(&first), (struct span){date, 8}, mac);
	OPENSSL_cleanse(first.p, first.n);
	buf_free(&first);
	hmac(key, span_of(r->region), mac);
	hmac(key, span_of(r->service), mac);
	hmac(key, span_of("aws4_request"), mac);
	hmac(key, string, mac);
}

void
sign_authorization(const struct sign_request *r, const struct sign_keys *keys, struct buf *value)
{
	struct buf canonical = {0}, string = {0};
	unsigned char mac[SHA256_BYTES];
	size_t n;
	const struct http_header **list = order_headers(r, &n);

	sign_canonical(r, &canonical);
	sign_string(r, buf_span(&canonical), &string);
	sign(r, keys->secret, buf_span(&string), mac);
	buf_fmt(value, ALGORITHM " Credential=%s/", keys->id);
	add_scope(r, value);
	buf_str(value, ", SignedHeaders=");
	add_names(value, list, n);
	buf_str(value, ", Signature=");
	add_hex(value, mac, sizeof mac);
	OPENSSL_cleanse(canonical.p, canonical.n);     /* the session token is in it */
	buf_free(&canonical);
	buf_free(&string);
	free(list);
}
