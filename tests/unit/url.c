/* Paths, queries and the parts of URLs. */
#include "url.h"

#include <string.h>

#include "tap.h"

static const struct {
	const char *raw, *piece, *path;
} encodings[] = {
	{"", "", ""},
	{"AZaz09-._~", "AZaz09-._~", "AZaz09-._~"},
	{"a/b", "a%2Fb", "a/b"},
	{"/lead//double/", "%2Flead%2F%2Fdouble%2F", "/lead//double/"},
	{"a/.././b", "a%2F..%2F.%2Fb", "a/.././b"},
	{"day=2024-01-17", "day%3D2024-01-17", "day%3D2024-01-17"},
	{"a b+c:d", "a%20b%2Bc%3Ad", "a%20b%2Bc%3Ad"},
	{"100%", "100%25", "100%25"},
	{"\xc3\xbc\xff", "%C3%BC%FF", "%C3%BC%FF"},
	{"!*'()\x7f\n", "%21%2A%27%28%29%7F%0A", "%21%2A%27%28%29%7F%0A"},
};

static const struct {
	const char *text, *path, *form;    /* NULL: it cannot be decoded */
} decodings[] = {
	{"", "", ""},
	{"a%20b+c", "a b+c", "a b c"},
	{"%c3%BC%2f%2B", "\xc3\xbc/+", "\xc3\xbc/+"},
	{"a%2", NULL, NULL},
	{"a%", NULL, NULL},
	{"%zz", NULL, NULL},
	{"%+1", NULL, NULL},
};

static const struct {
	const char *text, *host, *port, *path;
	bool tls;
	const char *why;
} urls[] = {
	{"http://127.0.0.1:9000", "127.0.0.1", "9000", "", false, NULL},
	{"https://s3.eu-central-1.amazonaws.com", "s3.eu-central-1.amazonaws.com", "", "", true, NULL},
	{"HTTPS://h/", "h", "", "/", true, NULL},
	{"http://h:65535/a/b%20c//d", "h", "65535", "/a/b%20c//d", false, NULL},
	{"http://[fd00:ec2::23]:80/x", "fd00:ec2::23", "80", "/x", false, NULL},
	{"http://[::1]", "::1", "", "", false, NULL},
	{"", NULL, NULL, NULL, false, "begins neither"},
	{"ftp://h", NULL, NULL, NULL, false, "begins neither"},
	{"h:80", NULL, NULL, NULL, false, "begins neither"},
	{"http://", NULL, NULL, NULL, false, "no host"},
	{"http:///x", NULL, NULL, NULL, false, "no host"},
	{"http://:80", NULL, NULL, NULL, false, "no host"},
	{"http://[]", NULL, NULL, NULL, false, "no host"},
	{"http://[::1", NULL, NULL, NULL, false, "bracket"},
	{"http://[fe80::1%25eth0]", NULL, NULL, NULL, false, "bracket"},
	{"http://h:", NULL, NULL, NULL, false, "port"},
	{"http://h:0", NULL, NULL, NULL, false, "port"},
	{"http://h:65536", NULL, NULL, NULL, false, "port"},
	{"http://h:99999999999", NULL, NULL, NULL, false, "port"},
	{"http://h:80x", NULL, NULL, NULL, false, "host or port"},
	{"http://user@h", NULL, NULL, NULL, false, "host or port"},
	{"http://user:pw@h", NULL, NULL, NULL, false, "port"},
	{"http://h\\x", NULL, NULL, NULL, false, "host or port"},
	{"http://h x", NULL, NULL, NULL, false, "host or port"},
	{"http://\xc3\xbc", NULL, NULL, NULL, false, "no host"},
	{"http://h/a b", NULL, NULL, NULL, false, "encoding"},
	{"http://h/\xc3\xbc", NULL, NULL, NULL, false, "encoding"},
	{"http://h/\n", NULL, NULL, NULL, false, "encoding"},
	{"http://h?x=1", NULL, NULL, NULL, false, "no query"},
	{"http://h/a?", NULL, NULL, NULL, false, "no query"},
	{"http://h/#a", NULL, NULL, NULL, false, "fragment"},
};

static const struct {
	const char *text, *bucket, *prefix, *why;
} places[] = {
	{"s3://lake", "lake", "", NULL},
	{"s3://lake/", "lake", "", NULL},
	{"s3://lake/cur/hourly", "lake", "cur/hourly", NULL},
	{"s3://lake//x", "lake", "/x", NULL},
	{"s3://lake/a=b c/../\xc3\xbc?x#y", "lake", "a=b c/../\xc3\xbc?x#y", NULL},
	{"s3://Old_Bucket.1-x/p", "Old_Bucket.1-x", "p", NULL},
	{"s3:/lake", NULL, NULL, "s3://"},
	{"S3://lake", NULL, NULL, "s3://"},
	{"s3://", NULL, NULL, "no bucket"},
	{"s3:///x", NULL, NULL, "no bucket"},
	{"s3://../x", NULL, NULL, "name of a bucket"},
	{"s3://a:b/x", NULL, NULL, "letters"},
	{"s3://a@b/x", NULL, NULL, "letters"},
	{"s3://a?b", NULL, NULL, "letters"},
	{"s3://a~b", NULL, NULL, "letters"},
};

static bool
is_text(struct span s, const char *text)
{
	return text == NULL || span_is(s, text);
}

static void
test_encode(void)
{
	for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
		struct buf piece = {0}, path = {0}, back = {0};

		url_encode(&piece, span_of(encodings[i].raw));
		url_encode_path(&path, span_of(encodings[i].raw));
		ok(is_text(buf_span(&piece), encodings[i].piece), "piece %zu: %s", i, buf_text(&piece));
		ok(is_text(buf_span(&path), encodings[i].path), "path %zu: %s", i, buf_text(&path));
		ok(url_decode(&back, buf_span(&piece), '+') && span_is(buf_span(&back), encodings[i].raw), "and back");
		buf_free(&piece);
		buf_free(&path);
		buf_free(&back);
	}
}

static void
test_decode(void)
{
	for (size_t i = 0; i < sizeof decodings / sizeof *decodings; i++) {
		struct buf path = {0}, form = {0};
		bool good = url_decode(&path, span_of(decodings[i].text), '+');

		good = url_decode(&form, span_of(decodings[i].text), ' ') && good;
		ok(good == (decodings[i].path != NULL) && (!good || (is_text(buf_span(&path), decodings[i].path) &&
		    is_text(buf_span(&form), decodings[i].form))), "%s is decoded, or not", decodings[i].text);
		buf_free(&path);
		buf_free(&form);
	}
}

static void
test_query(void)
{
	struct url_query q = {0};
	struct buf b = {0};

	url_query_print(&q, &b);
	ok(b.n == 0, "an empty query");
	url_query_add(&q, "prefix", "odd/a b");
	url_query_add(&q, "a-b", "1");
	url_query_add(&q, "a", "2");
	url_query_add(&q, "a=", "=");
	url_query_add(&q, "a", "10");
	url_query_add(&q, "uploads", NULL);
	url_query_add(&q, "Z", "");
	url_query_add(&q, "\xc3\xbc", "+");
	url_query_print(&q, &b);
	ok(span_is(buf_span(&b), "%C3%BC=%2B&Z=&a=10&a=2&a%3D=%3D&a-b=1&prefix=odd%2Fa%20b&uploads="),
	    "the order is that of encoded names, then values: %s", buf_text(&b));
	url_query_free(&q);
	ok(q.n == 0 && q.pairs == NULL, "and it is empty again");
	buf_free(&b);
}

int
main(void)
{
	test_encode();
	test_decode();
	test_query();
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct url u = {0};
		const char *why = url_parse(span_of(urls[i].text), &u);

		ok(urls[i].why != NULL ? why != NULL && strstr(why, urls[i].why) != NULL : why == NULL &&
		    u.tls == urls[i].tls && is_text(u.host, urls[i].host) && is_text(u.port, urls[i].port) &&
		    is_text(u.path, urls[i].path), "URL %zu: %s", i, why != NULL ? why : "read");
	}
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		struct span bucket, prefix;
		const char *why = url_parse_s3(span_of(places[i].text), &bucket, &prefix);

		ok(places[i].why != NULL ? why != NULL && strstr(why, places[i].why) != NULL : why == NULL &&
		    is_text(bucket, places[i].bucket) && is_text(prefix, places[i].prefix), "place %zu: %s", i,
		    why != NULL ? why : "read");
	}
	return tap_end();
}
