/* Paths and queries of URLs, each byte encoded once. */
#include "url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BUCKET_MAX_BYTES 255   /* of the oldest buckets; newer ones have at most 63 */
#define KEY_MAX_BYTES 1024

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || is_digit(c);
}

static bool
is_unreserved(char c)
{
	return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static void
encode(struct buf *b, struct span s, bool slash)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (is_unreserved(s.p[i]) || (slash && c == '/')) {
			buf_byte(b, s.p[i]);
			continue;
		}
		buf_byte(b, '%');
		buf_byte(b, hex[c >> 4]);
		buf_byte(b, hex[c & 15]);
	}
}

void
url_encode(struct buf *b, struct span s)
{
	encode(b, s, false);
}

void
url_encode_path(struct buf *b, struct span s)
{
	encode(b, s, true);
}

/* 0 to 15, or -1. */
static int
hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
url_decode(struct buf *b, struct span s, char plus)
{
	for (size_t i = 0; i < s.n; i++) {
		int high, low;

		if (s.p[i] != '%') {
			buf_byte(b, s.p[i] == '+' ? plus : s.p[i]);
			continue;
		}
		if (s.n - i < 3 || (high = hex_digit(s.p[i + 1])) < 0 || (low = hex_digit(s.p[i + 2])) < 0)
			return false;
		buf_byte(b, (char)(unsigned char)(high << 4 | low));
		i += 2;
	}
	return true;
}

static char *
encoded(const char *text)
{
	struct buf b = {0};

	url_encode(&b, span_of(text));
	return buf_take(&b);
}

void
url_query_add(struct url_query *q, const char *name, const char *value)
{
	q->pairs = mem_grow(q->pairs, q->n + 1, sizeof *q->pairs);
	q->pairs[q->n++] = (struct url_pair){encoded(name), encoded(value != NULL ? value : "")};
}

static int
by_name(const void *a, const void *b)
{
	const struct url_pair *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c != 0 ? c : strcmp(x->value, y->value);
}

void
url_query_print(struct url_query *q, struct buf *b)
{
	if (q->n > 0)
		qsort(q->pairs, q->n, sizeof *q->pairs, by_name);
	for (size_t i = 0; i < q->n; i++) {
		if (i > 0)
			buf_byte(b, '&');
		buf_str(b, q->pairs[i].name);
		buf_byte(b, '=');
		buf_str(b, q->pairs[i].value);
	}
}

void
url_query_free(struct url_query *q)
{
	for (size_t i = 0; i < q->n; i++) {
		free(q->pairs[i].name);
		free(q->pairs[i].value);
	}
	free(q->pairs);
	*q = (struct url_query){0};
}

/* Takes the scheme off s. */
static bool
cut_scheme(struct span *s, const char *scheme)
{
	size_t n = strlen(scheme);

	if (s->n < n || strncasecmp(s->p, scheme, n) != 0)
		return false;
	s->p += n;
	s->n -= n;
	return true;
}

/* The host, in brackets or not, taken off s. */
static const char *
cut_host(struct span *s, struct span *host)
{
	size_t n = 0;

	if (s->n > 0 && s->p[0] == '[') {
		while (n < s->n && s->p[n] != ']')
			n++;
		if (n == s->n)
			return "a bracket is not closed";
		*host = (struct span){s->p + 1, n - 1};
		for (size_t i = 0; i < host->n; i++)
			if (hex_digit(host->p[i]) < 0 && host->p[i] != ':' && host->p[i] != '.')
				return "an IPv6 address in brackets has digits, ':' and '.' alone";
		n++;
	} else {
		while (n < s->n && is_unreserved(s->p[n]))
			n++;
		*host = (struct span){s->p, n};
	}
	s->p += n;
	s->n -= n;
	return host->n == 0 ? "no host" : NULL;
}

/* ":8080", or nothing, taken off s. */
static const char *
cut_port(struct span *s, struct span *port)
{
	size_t n = 0;
	unsigned value = 0;

	*port = (struct span){s->p, 0};
	if (s->n == 0 || s->p[0] != ':')
		return NULL;
	s->p++;
	s->n--;
	for (; n < s->n && n < 5 && is_digit(s->p[n]); n++)
		value = value * 10 + (unsigned)(s->p[n] - '0');
	if (value == 0 || value > 65535)
		return "no port from 1 to 65535 after the ':'";
	*port = (struct span){s->p, n};
	s->p += n;
	s->n -= n;
	return NULL;
}

const char *
url_parse(struct span text, struct url *u)
{
	struct span rest = text;
	const char *why;

	u->tls = cut_scheme(&rest, "https://");
	if (!u->tls && !cut_scheme(&rest, "http://"))
		return "it begins neither with http:// nor with https://";
	if ((why = cut_host(&rest, &u->host)) != NULL || (why = cut_port(&rest, &u->port)) != NULL)
		return why;
	if (rest.n > 0 && rest.p[0] != '/' && rest.p[0] != '?' && rest.p[0] != '#')
		return "a byte in the host or port that does not belong there";
	for (size_t i = 0; i < rest.n; i++) {
		if (rest.p[i] == '?' || rest.p[i] == '#')
			return "no query and no fragment is taken";
		if (rest.p[i] <= ' ' || rest.p[i] == 0x7f || (unsigned char)rest.p[i] >= 0x80)
			return "a byte in the path that wants encoding";
	}
	u->path = rest;
	return NULL;
}

const char *
url_parse_s3(struct span text, struct span *bucket, struct span *prefix)
{
	struct span rest = text;
	const char *slash;

	if (rest.n < 5 || memcmp(rest.p, "s3://", 5) != 0)
		return "it does not begin with s3://";
	rest.p += 5;
	rest.n -= 5;
	slash = memchr(rest.p, '/', rest.n);
	*bucket = (struct span){rest.p, slash != NULL ? (size_t)(slash - rest.p) : rest.n};
	*prefix = (struct span){rest.p + rest.n, 0};
	if (slash != NULL)
		*prefix = (struct span){slash + 1, rest.n - bucket->n - 1};
	if (bucket->n == 0)
		return "no bucket after s3://";
	if (bucket->n > BUCKET_MAX_BYTES || !is_alnum(bucket->p[0]))
		return "no such name of a bucket can be";
	for (size_t i = 0; i < bucket->n; i++)
		if (!is_unreserved(bucket->p[i]) || bucket->p[i] == '~')
			return "the name of a bucket has letters, digits, '.', '-' and '_' alone";
	return prefix->n > KEY_MAX_BYTES ? "a key has at most 1024 bytes" : NULL;
}
