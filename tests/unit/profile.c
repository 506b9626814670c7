/* The shared config and credentials files. */
#include "profile.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

static const char config[] =
    "\xef\xbb\xbf# a comment\r\n"
    "[default]\r\n"
    "region = eu-central-1\r\n"
    "; another\n"
    "output=json   \n"
    "\n"
    "[profile dev]\n"
    "Region: us-west-2\n"
    "role_arn = arn:aws:iam::111122223333:role/cost=x   # no comment\n"
    "source_profile=default\n"
    "s3 =\n"
    "    max_concurrent_requests = 20\n"
    "\tendpoint_url = http://nested/\n"
    "empty =\n"
    "services = local\n"
    "[profile \"two words\"]\n"
    "region = a\n"
    "[ profile\tspaced ] ; left out\n"
    "  region = b\n"
    "  output = c\n"
    "[dev2]\n"
    "region = not a profile\n"
    "[profile default]\n"
    "output = text\n"
    "output = yaml\n"
    "[services local]\n"
    "s3 =\n"
    "  endpoint_url = http://127.0.0.1:9000\n"
    "dynamodb = \n"
    "  endpoint_url = http://127.0.0.1:8000/x:y\n"
    "[profile long]\n"
    "credential_process = a\n"
    "  b = c\n"
    "  d\n"
    "region = e\n"
    "[profile none]\n"
    "[services none]";

static const char credentials[] =
    "[default]\n"
    "aws_access_key_id=AKID\n"
    "aws_secret_access_key = a/b+c=\n"
    "region = from-credentials\n"
    "[dev]\n"
    "aws_access_key_id =\n"
    "[profile verbatim]\n"
    "region = v\n";

static const struct {
	const char *profile, *name, *value;
} settings[] = {
	{"default", "region", "from-credentials"},
	{"default", "aws_secret_access_key", "a/b+c="},
	{"default", "AWS_Access_Key_ID", "AKID"},
	{"default", "output", "yaml"},
	{"dev", "region", "us-west-2"},
	{"dev", "role_arn", "arn:aws:iam::111122223333:role/cost=x   # no comment"},
	{"dev", "source_profile", "default"},
	{"dev", "s3.endpoint_url", "http://nested/"},
	{"dev", "s3.max_concurrent_requests", "20"},
	{"dev", "endpoint_url", NULL},
	{"dev", "s3", NULL},
	{"dev", "empty", NULL},
	{"dev", "aws_access_key_id", NULL},
	{"dev", "services", "local"},
	{"two words", "region", "a"},
	{"spaced", "region", "b"},
	{"spaced", "output", "c"},
	{"long", "credential_process", "a\nb = c\nd"},
	{"long", "region", "e"},
	{"profile verbatim", "region", "v"},
	{"verbatim", "region", NULL},
	{"dev2", "region", NULL},
	{"local", "s3.endpoint_url", NULL},
	{"none", "region", NULL},
	{"nobody", "region", NULL},
};

static const struct {
	const char *text, *why;
	size_t line;
} bad[] = {
	{"region = x\n", "before the first section", 1},
	{"[default]\nregion\n", "neither", 2},
	{"\n\n[default\nregion = x\n", "not closed", 3},
	{"[ ]\n", "without a name", 1},
	{"[default]\n= x\n", "neither", 2},
	{"<html>\n", "before the first section", 1},
};

static bool
is(const char *got, const char *wanted)
{
	return got == NULL || wanted == NULL ? got == wanted : strcmp(got, wanted) == 0;
}

int
main(void)
{
	struct profiles *p = profiles_new();
	size_t line;

	ok(profiles_parse(p, PROFILE_CONFIG, span_of(config), &line) == NULL, "a config file");
	ok(profiles_parse(p, PROFILE_CREDENTIALS, span_of(credentials), &line) == NULL, "a credentials file");
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		const char *value = profile_get(p, settings[i].profile, settings[i].name);

		ok(is(value, settings[i].value), "%s of %s is %s", settings[i].name, settings[i].profile,
		    value != NULL ? "there" : "not there");
	}
	ok(is(profile_get_from(p, PROFILE_CONFIG, "default", "region"), "eu-central-1"), "of the config file alone");
	ok(profile_get_from(p, PROFILE_CONFIG, "default", "aws_access_key_id") == NULL, "which has no keys");
	ok(is(profile_service(p, "local", "dynamodb.endpoint_url"), "http://127.0.0.1:8000/x:y"), "an endpoint of a service");
	ok(profile_service(p, "none", "s3.endpoint_url") == NULL, "none of another section");
	ok(profile_exists(p, "none") && profile_exists(p, "two words") && !profile_exists(p, "dev2") &&
	    !profile_exists(p, "local"), "which profiles there are");
	profiles_free(p);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *why;

		p = profiles_new();
		why = profiles_parse(p, PROFILE_CONFIG, span_of(bad[i].text), &line);
		ok(why != NULL && strstr(why, bad[i].why) != NULL && line == bad[i].line, "line %zu: %s", line,
		    why != NULL ? why : "read");
		profiles_free(p);
	}
	p = profiles_new();
	ok(profiles_parse(p, PROFILE_CONFIG, (struct span){"[a]\nb=\0c\n", 9}, &line) != NULL, "a NUL byte");
	ok(profiles_parse(p, PROFILE_CONFIG, (struct span){NULL, 0}, &line) == NULL, "an empty file");
	profiles_free(p);
	return tap_end();
}
