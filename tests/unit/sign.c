/*
 * Signatures.  The table is AWS's own: S3 API Reference, "Signature Calculations for the Authorization Header", and
 * "Elements of an AWS API request signature".  Whole suites are tests/unit/sigv4-suite.c's.
 */
#include "sign.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define TIME 1369353600    /* 2013-05-24T00:00:00Z */

static struct sign_keys keys = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", NULL};

static struct http_header get_object[] = {
	{"Host", "examplebucket.s3.amazonaws.com"}, {"Range", "bytes=0-9"}, {"x-amz-content-sha256", EMPTY},
	{"x-amz-date", "20130524T000000Z"}};
static struct http_header put_object[] = {
	{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"Host", "examplebucket.s3.amazonaws.com"},
	{"x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"},
	{"x-amz-date", "20130524T000000Z"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
static struct http_header get_bucket[] = {
	{"X-Amz-Date", "20130524T000000Z"}, {"X-Amz-Content-Sha256", EMPTY}, {"HOST", " examplebucket.s3.amazonaws.com "},
	{"User-Agent", "cur"}, {"Expect", "100-continue"}, {"Connection", "close"}, {"Transfer-Encoding", "chunked"},
	{"X-Amzn-Trace-Id", "Root=1"}, {"Authorization", "old"}};

#define HEADERS(a) {a, sizeof a / sizeof *a}

static const struct {
	const char *name, *method, *path, *query, *hash, *names, *signature;
	struct http_headers headers;
} examples[] = {
	{"GetObject", "GET", "/test.txt", "", EMPTY, "host;range;x-amz-content-sha256;x-amz-date",
	    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", HEADERS(get_object)},
	{"PutObject", "PUT", "/test%24file.text", "", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
	    "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
	    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd", HEADERS(put_object)},
	{"GetBucketLifecycle, other headers left out", "GET", "/", "lifecycle", EMPTY, "host;x-amz-content-sha256;x-amz-date",
	    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543", HEADERS(get_bucket)},
	{"ListObjects, an empty path, an unsorted query", "GET", "", "prefix=J&max-keys=2", EMPTY,
	    "host;x-amz-content-sha256;x-amz-date",
	    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7", HEADERS(get_bucket)},
};

static void
test_examples(void)
{
	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
		struct sign_request r = {
			.method = examples[i].method,
			.path = span_of(examples[i].path),
			.query = span_of(examples[i].query),
			.headers = &examples[i].headers,
			.payload_hash = span_of(examples[i].hash),
			.region = "us-east-1",
			.service = "s3",
			.time = TIME,
		};
		struct buf got = {0}, wanted = {0};

		buf_fmt(&wanted, "AWS4-HMAC-SHA256 Credential=%s/20130524/us-east-1/s3/aws4_request, SignedHeaders=%s, Signature=%s",
		    keys.id, examples[i].names, examples[i].signature);
		sign_authorization(&r, &keys, &got);
		if (!ok(span_eq(buf_span(&got), buf_span(&wanted)), "%s", examples[i].name))
			printf("# %s\n# %s\n", buf_text(&got), buf_text(&wanted));
		buf_free(&got);
		buf_free(&wanted);
	}
}

/* Order, white space, headers of one name. */
static void
test_canonical(void)
{
	struct http_header list[] = {{"b", "2"}, {"A", " 1\t 2 \r\n 3 "}, {"B", ""}, {"b", "1"}, {"a-b", ""}};
	struct http_headers headers = {list, 5};
	struct sign_request r = {.method = "GET", .path = span_of("/a/..//b"), .query = span_of("b=2&&a=%20&b=10&b&a-b=%3D&a"),
	    .headers = &headers, .payload_hash = span_of("UNSIGNED-PAYLOAD"), .region = "r", .service = "s", .time = TIME};
	struct http_headers none = {0};
	struct buf b = {0};

	sign_canonical(&r, &b);
	ok(span_is(buf_span(&b), "GET\n/a/..//b\na=&a=%20&a-b=%3D&b=&b=10&b=2\na:1 2 3\na-b:\nb:2,,1\n\na;a-b;b\nUNSIGNED-PAYLOAD"),
	    "the canonical request");
	buf_reset(&b);
	sign_string(&r, span_of(""), &b);
	ok(span_is(buf_span(&b), "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/r/s/aws4_request\n" EMPTY), "the string to sign");
	buf_reset(&b);
	r.headers = &none;
	r.query = (struct span){NULL, 0};
	r.path = (struct span){NULL, 0};
	sign_canonical(&r, &b);
	ok(span_is(buf_span(&b), "GET\n/\n\n\n\nUNSIGNED-PAYLOAD"), "nothing but a method");
	buf_free(&b);
}

static void
test_hash(void)
{
	char path[] = "/tmp/cur-unit-XXXXXX", date[SIGN_DATE_TEXT];
	int fd = mkstemp(path);
	struct buf bytes = {0}, whole = {0}, piece = {0}, none = {0};

	for (size_t i = 0; i < 200000; i++)
		buf_byte(&bytes, (char)('a' + i % 26));
	ok(fd >= 0 && unlink(path) == 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n, "a file");
	sign_sha256((struct span){bytes.p + 100, 150000}, &whole);
	ok(whole.n == 64 && sign_sha256_file(fd, 100, 150000, &piece) && span_eq(buf_span(&whole), buf_span(&piece)),
	    "a piece of it hashes as the same bytes do");
	buf_reset(&piece);
	ok(sign_sha256_file(fd, 200000, 0, &piece) && span_is(buf_span(&piece), EMPTY), "so does no byte");
	ok(!sign_sha256_file(fd, 100, 200000, &none) && none.n == 0, "a file that is too short is noticed");
	sign_date(1705469412, date);
	ok(strcmp(date, "20240117T053012Z") == 0, "%s", date);
	close(fd);
	buf_free(&bytes);
	buf_free(&whole);
	buf_free(&piece);
}

int
main(void)
{
	test_examples();
	test_canonical();
	test_hash();
	return tap_end();
}
