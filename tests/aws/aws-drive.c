/*
 * aws-drive [-e ENDPOINT] [-r REGION] [-p PROFILE] [-s] CALL [, CALL]...: calls of a service by lib/aws; a line of JSON each.
 *
 * A CALL is SERVICE OPERATION METHOD BUCKET KEY [NAME=VALUE]...; an empty BUCKET or KEY is none.  All are under way
 * at once, -s makes them one after the other.  Names: query (Name:Value, again and again), header (the same), body,
 * file, from, bytes, attempts, base, checksum=1, take=1 (with restart), repeat=N, and die=1: aws_die if it failed.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aws.h"
#include "die.h"
#include "url.h"

struct drive {
	struct aws_call c;
	struct url_query query;
	struct buf taken;
	int number, repeat;
	bool die;
};

static bool
take(struct http_request *r, void *arg, struct span bytes)
{
	struct drive *d = arg;

	(void)r;
	buf_span_add(&d->taken, bytes);
	return true;
}

static void
restart(struct http_request *r, void *arg)
{
	(void)r;
	buf_reset(&((struct drive *)arg)->taken);
}

/* Cuts Name:Value. */
static char *
cut(char *text)
{
	char *colon = strchr(text, ':');

	if (colon == NULL)
		die(EX_USAGE, "no ':' in %s", text);
	*colon = '\0';
	return colon + 1;
}

static void
set(struct drive *d, const char *name, char *value)
{
	struct http_request *r = &d->c.http;
	long n = strtol(value, NULL, 10);

	if (strcmp(name, "query") == 0) {
		char *text = cut(value);

		url_query_add(&d->query, value, text);
	} else if (strcmp(name, "header") == 0) {
		char *text = cut(value);

		http_header_set(&r->headers, value, text);
	} else if (strcmp(name, "body") == 0)
		r->body = span_of(value);
	else if (strcmp(name, "file") == 0)
		r->body_fd = open(value, O_RDONLY | O_CLOEXEC);
	else if (strcmp(name, "from") == 0)
		r->body_from = (uint64_t)n;
	else if (strcmp(name, "bytes") == 0)
		r->body_bytes = (uint64_t)n;
	else if (strcmp(name, "attempts") == 0)
		r->attempts = (int)n;
	else if (strcmp(name, "base") == 0)
		r->base_ms = (uint64_t)n;
	else if (strcmp(name, "checksum") == 0)
		d->c.checksum = true;
	else if (strcmp(name, "repeat") == 0)
		d->repeat = (int)n;
	else if (strcmp(name, "die") == 0)
		d->die = true;
	else if (strcmp(name, "take") == 0) {
		r->take = take;
		r->restart = restart;
	} else {
		die(EX_USAGE, "what is %s?", name);
	}
}

static struct drive *
read_call(char **words, int n, int number)
{
	struct drive *d = mem_new(sizeof *d);

	if (n < 5)
		die(EX_USAGE, "a call is SERVICE OPERATION METHOD BUCKET KEY");
	*d = (struct drive){.number = number, .repeat = 1};
	d->c.service = words[0];
	d->c.operation = words[1];
	d->c.method = words[2];
	d->c.bucket = words[3][0] != '\0' ? words[3] : NULL;
	d->c.key = span_of(words[4]);
	d->c.query = &d->query;
	d->c.http.arg = d;
	for (int i = 5; i < n; i++) {
		char *equals = strchr(words[i], '=');

		if (equals == NULL)
			die(EX_USAGE, "no value: %s", words[i]);
		*equals = '\0';
		set(d, words[i], equals + 1);
	}
	return d;
}

static void
member(struct buf *line, const char *name, const char *text)
{
	buf_fmt(line, ",\"%s\":", name);
	buf_json(line, span_of(text != NULL ? text : ""));
}

static void
print(struct drive *d)
{
	struct buf line = {0};
	struct aws_call *c = &d->c;

	if (d->die && !aws_ok(c))
		aws_die(c);
	buf_fmt(&line, "{\"n\":%d,\"ok\":%s,\"status\":%d,\"tries\":%d", d->number, aws_ok(c) ? "true" : "false",
	    c->http.status, c->http.tries);
	member(&line, "code", c->code);
	member(&line, "message", c->message);
	member(&line, "request_id", c->request_id);
	member(&line, "url", c->http.url);
	member(&line, "region", c->region);
	member(&line, "body", buf_text(&c->http.reply_body));
	member(&line, "taken", buf_text(&d->taken));
	member(&line, "etag", http_header_get(&c->http.reply_headers, "etag"));
	member(&line, "crc32", http_header_get(&c->http.headers, "x-amz-checksum-crc32"));
	member(&line, "hash", http_header_get(&c->http.headers, "x-amz-content-sha256"));
	buf_str(&line, "}");
	puts(buf_text(&line));
	fflush(stdout);
	buf_free(&line);
}

static void
run_all(struct aws *a, struct drive **list, int n, bool sequential, int round)
{
	struct aws_call *c;

	for (int i = 0; i < n; i++) {
		if (round >= list[i]->repeat)
			continue;
		buf_reset(&list[i]->taken);
		if (sequential) {
			aws_run(a, &list[i]->c);
			print(list[i]);
		} else {
			aws_start(a, &list[i]->c);
		}
	}
	while ((c = aws_next(a)) != NULL)
		print(c->http.arg);
}

int
main(int argc, char **argv)
{
	struct aws_options options = {0};
	struct drive **list = NULL;
	struct aws *a;
	bool sequential = false;
	int opt, n = 0, most = 1;

	die_begin("aws-drive", "usage: aws-drive [-e ENDPOINT] [-r REGION] [-p PROFILE] [-s] CALL [, CALL]...\n");
	while ((opt = getopt(argc, argv, "+e:r:p:s")) != -1)
		switch (opt) {
		case 'e': options.endpoint_url = optarg; break;
		case 'r': options.region = optarg; break;
		case 'p': options.profile = optarg; break;
		case 's': sequential = true; break;
		default: die_usage(NULL);
		}
	for (int i = optind, end; i < argc; i = end + 1) {
		for (end = i; end < argc && strcmp(argv[end], ",") != 0; end++)
			;
		list = mem_grow(list, (size_t)n + 1, sizeof(*list));
		list[n] = read_call(argv + i, end - i, n);
		most = list[n]->repeat > most ? list[n]->repeat : most;
		n++;
	}
	a = aws_new(&options);
	for (int round = 0; round < most; round++)
		run_all(a, list, n, sequential, round);
	for (int i = 0; i < n; i++) {
		aws_call_free(&list[i]->c);
		url_query_free(&list[i]->query);
		buf_free(&list[i]->taken);
		free(list[i]);
	}
	free(list);
	aws_free(a);
	return 0;
}
