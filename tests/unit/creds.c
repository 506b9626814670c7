/*
 * Where keys come from: what replies may be, and who is asked.
 *
 * With operands it is the program that tests/creds.t runs: creds.t [--profile P] [--region R] WORD…
 * where a WORD is `keys` (prints them), `region`, `expired`, `setting=NAME`, `endpoint=SERVICE` or `after=SECONDS`, which lets that
 * much time go by on the clock.
 */
#include "creds.h"

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "die.h"
#include "metadata.h"
#include "secret.h"
#include "tap.h"

static time_t later;

/* The clock of everything here. */
time_t
time(time_t *t)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	if (t != NULL)
		*t = now.tv_sec + later;
	return now.tv_sec + later;
}

#define KEYS "\"AccessKeyId\":\"AKID\",\"SecretAccessKey\":\"s/+=\""

static const struct {
	const char *token, *json, *why;
} replies[] = {
	{"SessionToken", "{\"Version\":1," KEYS "}", NULL},
	{"SessionToken", "{\"Version\":1," KEYS ",\"SessionToken\":\"t\",\"Expiration\":\"2024-01-17T05:30:12Z\",\"x\":[]}", NULL},
	{"SessionToken", "{\"Version\":1," KEYS ",\"Expiration\":\"2024-01-17T06:30:12.123+01:00\"}\n", NULL},
	{"SessionToken", "{" KEYS "}", "Version"},
	{"SessionToken", "{\"Version\":\"1\"," KEYS "}", "Version"},
	{"SessionToken", "{\"Version\":2," KEYS "}", "Version"},
	{"SessionToken", "{\"Version\":1,\"AccessKeyId\":\"AKID\"}", "secret access key"},
	{"SessionToken", "{\"Version\":1,\"SecretAccessKey\":\"s\"}", "access key id"},
	{"SessionToken", "{\"Version\":1,\"AccessKeyId\":1,\"SecretAccessKey\":\"s\"}", "access key id"},
	{"SessionToken", "{\"Version\":1,\"AccessKeyId\":\"\",\"SecretAccessKey\":\"s\"}", "access key id"},
	{"SessionToken", "{\"Version\":1,\"AccessKeyId\":\"a\\r\\nx: y\",\"SecretAccessKey\":\"s\"}", "byte"},
	{"SessionToken", "{\"Version\":1," KEYS ",\"SessionToken\":\"a b\"}", "byte"},
	{"SessionToken", "{\"Version\":1," KEYS ",\"Expiration\":\"tomorrow\"}", "Expiration"},
	{"SessionToken", "", "no JSON"},
	{"SessionToken", "[]", "no JSON"},
	{"SessionToken", "{\"Version\":1," KEYS "} x", "no JSON"},
	{"Token", "{" KEYS ",\"Token\":\"t\",\"Expiration\":\"2024-01-17T05:30:12Z\",\"Code\":\"Success\"}", NULL},
	{"Token", "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"…\"}", "AssumeRoleUnauthorizedAccess"},
};

static const struct {
	const char *url;
	bool good;
} hosts[] = {
	{"http://169.254.170.2/v2/credentials/x?id=1", true},
	{"http://169.254.170.23/v1/credentials", true},
	{"http://[fd00:ec2::23]/v1/credentials", true},
	{"http://[FD00:EC2::23]:80/v1/credentials", true},
	{"http://127.0.0.1:51678/x", true},
	{"http://127.9.9.9/x", true},
	{"http://[::1]/x", true},
	{"http://localhost:1/x", true},
	{"https://keys.example.com/x", true},
	{"http://keys.example.com/x", false},
	{"http://169.254.170.3/x", false},
	{"http://169.254.169.254/x", false},
	{"http://127.0.0.1.example.com/x", false},
	{"http://localhost.example.com/x", false},
	{"http://127.0.0.1@example.com/x", false},
	{"http://example.com?http://127.0.0.1/x", false},
	{"http://example.com#@127.0.0.1/x", false},
	{"http://[::2]/x", false},
	{"http://0.0.0.0/x", false},
	{"http://2130706433/x", false},
	{"http://0x7f000001/x", false},
	{"file:///etc/passwd", false},
	{"", false},
};

static int
test(void)
{
	for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
		struct secret k = {0};
		struct buf why = {0};
		bool good = secret_json(&k, span_of(replies[i].json), replies[i].token, &why);

		ok(replies[i].why == NULL ? good && strcmp(k.keys.secret, "s/+=") == 0 && k.expires % 1705469412 == 0 :
		    !good && strstr(buf_text(&why), replies[i].why) != NULL, "reply %zu: %s", i, good ? "keys" : buf_text(&why));
		secret_free(&k);
		buf_free(&why);
	}
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
		ok((metadata_allowed(hosts[i].url) == NULL) == hosts[i].good, "%s is %sasked for keys", hosts[i].url,
		    hosts[i].good ? "" : "not ");
	return tap_end();
}

static void
answer(struct creds *c, const char *word)
{
	const char *text = NULL;

	if (strcmp(word, "keys") == 0) {
		const struct sign_keys *k = creds_keys(c);

		printf("%s %s %s\n", k->id, k->secret, k->token != NULL ? k->token : "-");
		return;
	}
	if (strcmp(word, "expired") == 0) {
		creds_expired(c);
		return;
	}
	if (strcmp(word, "region") == 0)
		text = creds_region(c);
	else if (strncmp(word, "setting=", 8) == 0)
		text = creds_setting(c, word + 8);
	else if (strncmp(word, "endpoint=", 9) == 0)
		text = creds_endpoint(c, word + 9);
	printf("%s\n", text != NULL ? text : "-");
}

int
main(int argc, char **argv)
{
	const char *profile = NULL, *region = NULL;
	struct http *http;
	struct creds *c;
	int i = 1;

	die_begin("creds", "");
	if (argc == 1)
		return test();
	for (; i + 1 < argc && argv[i][0] == '-'; i += 2)
		*(strcmp(argv[i], "--profile") == 0 ? &profile : &region) = argv[i + 1];
	http = http_new();
	c = creds_new(http, profile, region);
	for (; i < argc; i++) {
		if (strncmp(argv[i], "after=", 6) == 0)
			later += strtol(argv[i] + 6, NULL, 10);
		else
			answer(c, argv[i]);
		fflush(stdout);
	}
	creds_free(c);
	http_free(http);
	return 0;
}
