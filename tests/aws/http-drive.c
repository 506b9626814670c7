/*
 * http-drive [-s] REQUEST [, REQUEST]...: makes HTTP requests by lib/http and prints a line of JSON for each result.
 *
 * A REQUEST is METHOD URL [NAME=VALUE]...; all are under way at once, -s makes them one after the other.
 * Names: body, file, from, bytes, attempts, base, total, stall, max, header (Name:Value, again and again), and
 *	take=1		the body goes to a call that collects it; "taken" in the result
 *	restart=1	so that it can begin anew; otherwise a try that took bytes is the last
 *	refuse=N	that call says no after N bytes
 *	fresh=1, direct=1	as in http.h
 *	repeat=N	the same request N times, each as a result of its own
 *	judge=ATONCE	a judge that wants every failure tried again at once; THROTTLED, TRANSIENT, DONE
 *	nested=URL	a GET of that URL by http_run before each try; "nested" has the sum of its statuses
 *	within=MS	waits by http_next_within, counts in vain; the result has "waits"
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "die.h"
#include "http.h"

struct drive {
	struct http_request r;
	struct buf taken;
	const char *nested, *judge;
	int number, nested_status, restarts, prepared, repeat;
	size_t refuse;
	bool take, restart;
	int64_t began, last;
};

static struct http *http;
static int64_t within = -1;
static int waits;

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool
prepare(struct http_request *r, void *arg)
{
	struct drive *d = arg;
	struct http_request inner = {.method = "GET", .url = d->nested};

	d->prepared++;
	if (d->nested != NULL) {
		http_run(http, &inner);
		d->nested_status += inner.status;
		http_request_free(&inner);
	}
	http_header_set(&r->headers, "x-try", (char[]){(char)('0' + d->prepared % 10), '\0'});
	return true;
}

static enum http_verdict
judge(struct http_request *r, void *arg)
{
	const struct drive *d = arg;

	if (r->status >= 200 && r->status < 300)
		return HTTP_DONE;
	if (strcmp(d->judge, "ATONCE") == 0)
		return HTTP_AT_ONCE;
	if (strcmp(d->judge, "THROTTLED") == 0)
		return HTTP_THROTTLED;
	return strcmp(d->judge, "TRANSIENT") == 0 ? HTTP_TRANSIENT : HTTP_DONE;
}

static bool
take(struct http_request *r, void *arg, struct span bytes)
{
	struct drive *d = arg;

	(void)r;
	buf_span_add(&d->taken, bytes);
	return d->refuse == 0 || d->taken.n < d->refuse;
}

static void
restart(struct http_request *r, void *arg)
{
	struct drive *d = arg;

	(void)r;
	d->restarts++;
	buf_reset(&d->taken);
}

static void
set_header(struct drive *d, char *text)
{
	char *colon = strchr(text, ':');

	if (colon == NULL)
		die(EX_USAGE, "no header: %s", text);
	*colon = '\0';
	http_header_set(&d->r.headers, text, colon + 1);
}

static void
set_file(struct drive *d, const char *path)
{
	d->r.body_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (d->r.body_fd < 0)
		die(EX_NOINPUT, "%s:", path);
}

static void
set(struct drive *d, const char *name, char *value)
{
	long n = strtol(value, NULL, 10);

	if (strcmp(name, "body") == 0)
		d->r.body = span_of(value);
	else if (strcmp(name, "file") == 0)
		set_file(d, value);
	else if (strcmp(name, "from") == 0)
		d->r.body_from = (uint64_t)n;
	else if (strcmp(name, "bytes") == 0)
		d->r.body_bytes = (uint64_t)n;
	else if (strcmp(name, "attempts") == 0)
		d->r.attempts = (int)n;
	else if (strcmp(name, "base") == 0)
		d->r.base_ms = (uint64_t)n;
	else if (strcmp(name, "total") == 0)
		d->r.total_ms = n;
	else if (strcmp(name, "stall") == 0)
		d->r.stall_s = n;
	else if (strcmp(name, "max") == 0)
		d->r.reply_max = (size_t)n;
	else if (strcmp(name, "header") == 0)
		set_header(d, value);
	else if (strcmp(name, "take") == 0)
		d->take = true;
	else if (strcmp(name, "restart") == 0)
		d->restart = true;
	else if (strcmp(name, "refuse") == 0)
		d->refuse = (size_t)n;
	else if (strcmp(name, "fresh") == 0)
		d->r.fresh = true;
	else if (strcmp(name, "direct") == 0)
		d->r.direct = true;
	else if (strcmp(name, "judge") == 0)
		d->judge = value;
	else if (strcmp(name, "nested") == 0)
		d->nested = value;
	else if (strcmp(name, "within") == 0)
		within = n;
	else if (strcmp(name, "repeat") == 0)
		d->repeat = (int)n;
	else
		die(EX_USAGE, "what is %s?", name);
}

static void
member(struct buf *line, const char *name, struct span text)
{
	buf_fmt(line, ",\"%s\":", name);
	buf_json(line, text);
}

static void
print(const struct drive *d)
{
	struct buf line = {0};
	const struct http_request *r = &d->r;

	buf_fmt(&line, "{\"n\":%d,\"status\":%d,\"tries\":%d,\"ms\":%lld,\"restarts\":%d,\"prepared\":%d,\"nested\":%d,\"waits\":%d",
	    d->number, r->status, r->tries, (long long)(now_ms() - d->began), d->restarts, d->prepared,
	    d->nested_status, waits);
	member(&line, "body", buf_span(&r->reply_body));
	member(&line, "taken", buf_span(&d->taken));
	member(&line, "error", span_of(r->error));
	buf_str(&line, ",\"headers\":[");
	for (size_t i = 0; i < r->reply_headers.n; i++) {
		buf_str(&line, i > 0 ? "," : "");
		buf_str(&line, "[");
		buf_json(&line, span_of(r->reply_headers.list[i].name));
		buf_str(&line, ",");
		buf_json(&line, span_of(r->reply_headers.list[i].value));
		buf_str(&line, "]");
	}
	puts((buf_str(&line, "]}"), buf_text(&line)));
	fflush(stdout);
	buf_free(&line);
}

static void
start(struct drive *d)
{
	d->r.arg = d;
	d->r.prepare = prepare;
	d->r.judge = d->judge != NULL ? judge : NULL;
	d->r.take = d->take ? take : NULL;
	d->r.restart = d->restart ? restart : NULL;
	d->restarts = d->prepared = d->nested_status = 0;
	d->began = now_ms();
	buf_reset(&d->taken);
}

static struct http_request *
next(void)
{
	struct http_request *r;

	if (within < 0)
		return http_next(http);
	while ((r = http_next_within(http, within)) == NULL && http_busy(http) > 0)
		waits++;
	return r;
}

/* One after the other, or all at once. */
static void
run_all(struct drive **list, int n, bool sequential, int round)
{
	struct http_request *r;

	for (int i = 0; i < n; i++) {
		if (round >= list[i]->repeat)
			continue;
		start(list[i]);
		if (sequential) {
			http_run(http, &list[i]->r);
			print(list[i]);
		} else {
			http_start(http, &list[i]->r);
		}
	}
	while ((r = next()) != NULL)
		print(r->arg);
}

int
main(int argc, char **argv)
{
	struct drive **list = NULL;
	int n = 0, i = 1, most = 1;
	bool sequential = argc > 1 && strcmp(argv[1], "-s") == 0;

	die_begin("http-drive", "usage: http-drive [-s] METHOD URL [NAME=VALUE]... [, METHOD URL ...]...\n");
	for (i += sequential; i + 1 < argc; i++) {
		struct drive *d = mem_new(sizeof *d);

		*d = (struct drive){.number = n, .repeat = 1, .r = {.method = argv[i], .url = argv[i + 1]}};
		for (i += 2; i < argc && strcmp(argv[i], ",") != 0; i++) {
			char *equals = strchr(argv[i], '=');

			if (equals == NULL)
				die(EX_USAGE, "no value: %s", argv[i]);
			*equals = '\0';
			set(d, argv[i], equals + 1);
		}
		list = mem_grow(list, (size_t)n + 1, sizeof(*list));
		list[n++] = d;
		most = d->repeat > most ? d->repeat : most;
	}
	http = http_new();
	for (int round = 0; round < most; round++)
		run_all(list, n, sequential, round);
	for (i = 0; i < n; i++) {
		http_request_free(&list[i]->r);
		buf_free(&list[i]->taken);
		free(list[i]);
	}
	free(list);
	http_free(http);
	return 0;
}
