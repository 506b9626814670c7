/* Where keys and the region come from: as the aws CLI finds them. */
#include "creds.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <strings.h>
#include <time.h>

#include "die.h"
#include "secret.h"
#include "metadata.h"
#include "process.h"
#include "profile.h"
#include "sts.h"

#define EARLY_S 300        /* keys are renewed so long before they expire */
#define AGAIN_S 60         /* nobody is asked for new keys more often, unless a service says they are expired */
#define PROCESS_S 60

struct creds {
	struct http *http;
	const char *profile;
	bool chosen;               /* by --profile, which goes before keys in the environment */
	bool named;                /* by --profile or AWS_PROFILE: then it must be there */
	const char *region_option;
	struct profiles *files;    /* NULL until they are needed */
	char *region;              /* NULL until it is needed */
	struct secret keys;
	bool have, expired;
	int64_t again;             /* not before that */
};

/* A profile that keys are asked from, and the one whose source it is. */
struct link {
	const char *profile;
	const struct link *from;
};

struct creds *
creds_new(struct http *http, const char *profile, const char *region)
{
	struct creds *c = mem_new(sizeof *c);
	struct rlimit core = {0, 0};

	/* Keys are in this memory now, and a core file would have them. */
	setrlimit(RLIMIT_CORE, &core);
	c->http = http;
	c->profile = profile;
	c->chosen = profile != NULL;
	if (c->profile == NULL)
		c->profile = secret_getenv("AWS_PROFILE");
	if (c->profile == NULL)
		c->profile = secret_getenv("AWS_DEFAULT_PROFILE");
	c->named = c->profile != NULL;
	if (c->profile == NULL)
		c->profile = "default";
	c->region_option = region;
	return c;
}

void
creds_free(struct creds *c)
{
	if (c == NULL)
		return;
	profiles_free(c->files);
	secret_free(&c->keys);
	free(c->region);
	free(c);
}

/* Settings */

static struct profiles *
files_of(struct creds *c)
{
	if (c->files != NULL)
		return c->files;
	c->files = profiles_new();
	profiles_read(c->files);
	if (c->named && !profile_exists(c->files, c->profile))
		die(EX_CONFIG, "no profile %s in %s", c->profile, profiles_places(c->files));
	return c->files;
}

const char *
creds_setting(struct creds *c, const char *name)
{
	return profile_get(files_of(c), c->profile, name);
}

static bool
is_true(const char *text)
{
	return text != NULL && strcasecmp(text, "true") == 0;
}

/* Whether endpoints of one's own are to be left out, in the environment as in the profile. */
static bool
ignores_endpoints(struct creds *c)
{
	const char *text = secret_getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");

	return is_true(text != NULL ? text : creds_setting(c, "ignore_configured_endpoint_urls"));
}

const char *
creds_endpoint(struct creds *c, const char *service)
{
	const char *section = creds_setting(c, "services"), *url = NULL;
	struct buf name = {0};

	if (ignores_endpoints(c))
		return NULL;
	if (section != NULL) {
		buf_fmt(&name, "%s.endpoint_url", service);
		url = profile_service(files_of(c), section, buf_text(&name));
		buf_free(&name);
	}
	return url != NULL ? url : creds_setting(c, "endpoint_url");
}

/* The endpoint of STS where it is not AWS's own. */
static const char *
sts_endpoint(struct creds *c)
{
	const char *url = secret_getenv("AWS_ENDPOINT_URL_STS");

	if (ignores_endpoints(c))
		return NULL;
	if (url == NULL)
		url = secret_getenv("AWS_ENDPOINT_URL");
	return url != NULL ? url : creds_endpoint(c, "sts");
}

/* A setting that the environment or the profile has. */
static const char *
either(struct creds *c, const char *variable, const char *name)
{
	const char *value = secret_getenv(variable);

	return value != NULL ? value : creds_setting(c, name);
}

/* The instance metadata service where it is not the usual one. */
static const char *
instance_endpoint(struct creds *c)
{
	const char *url = either(c, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
	const char *mode = either(c, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");

	if (url == NULL && mode != NULL && strcasecmp(mode, "ipv6") == 0)
		return "http://[fd00:ec2::254]";
	return url;
}

/* Region */

/* It becomes a part of host names. */
static bool
is_region(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

	return n > 0 && n < 64 && text[n] == '\0';
}

static char *
find_region(struct creds *c)
{
	const char *text = c->region_option;
	struct buf why = {0};
	char *region;

	if (text == NULL)
		text = secret_getenv("AWS_REGION");
	if (text == NULL)
		text = secret_getenv("AWS_DEFAULT_REGION");
	if (text == NULL)
		text = creds_setting(c, "region");
	region = text != NULL ? mem_text(span_of(text)) : metadata_region(c->http, instance_endpoint(c), &why);
	if (region == NULL)
		die(EX_CONFIG, "no region: neither --region nor AWS_REGION nor AWS_DEFAULT_REGION; no region of profile %s in %s; "
		    "instance metadata: %s", c->profile, profiles_places(files_of(c)), buf_text(&why));
	buf_free(&why);
	return region;
}

const char *
creds_region(struct creds *c)
{
	if (c->region != NULL)
		return c->region;
	c->region = find_region(c);
	if (!is_region(c->region))
		die(EX_CONFIG, "the region %s: a region has letters, digits and '-' alone", c->region);
	return c->region;
}

/* Keys of a profile */

static enum secret_end of_profile(struct creds *c, const struct link *at, struct secret *k, struct secret_why *why);

static const char *
setting(struct creds *c, const char *profile, const char *name)
{
	return profile_get(files_of(c), profile, name);
}

static bool
has_keys(struct creds *c, const char *profile)
{
	return setting(c, profile, "aws_access_key_id") != NULL || setting(c, profile, "aws_secret_access_key") != NULL;
}

static enum secret_end
of_file(struct creds *c, enum profile_file file, const char *profile, struct secret *k, struct secret_why *why)
{
	const char *id = profile_get_from(files_of(c), file, profile, "aws_access_key_id");
	const char *token = profile_get_from(files_of(c), file, profile, "aws_session_token"), *text;

	if (id == NULL)
		return SECRET_NONE;
	if (token == NULL)
		token = profile_get_from(files_of(c), file, profile, "aws_security_token");
	text = secret_set(k, id, profile_get_from(files_of(c), file, profile, "aws_secret_access_key"), token);
	if (text != NULL)
		return secret_fail(why, EX_CONFIG, "profile %s: %s", profile, text);
	return SECRET_FOUND;
}

static enum secret_end
of_process(struct creds *c, const char *profile, struct secret *k, struct secret_why *why)
{
	const char *command = setting(c, profile, "credential_process");
	struct buf output = {0};
	enum secret_end end = SECRET_FAILED;
	char **words;

	if (command == NULL)
		return SECRET_NONE;
	buf_fmt(&why->text, "profile %s: credential_process: ", profile);
	if ((words = process_words(command)) == NULL)
		return secret_fail(why, EX_CONFIG, "a quote or backslash in it is left open");
	why->status = EX_NOPERM;
	if (process_run(words, PROCESS_S, &output, &why->text) &&
	    secret_json(k, buf_span(&output), "SessionToken", &why->text))
		end = SECRET_FOUND;
	process_words_free(words);
	secret_wipe(&output);
	return end;
}

/* To be asked for a session, the CLI is a credential_process. */
static enum secret_end
of_session(struct creds *c, const char *profile, struct secret_why *why)
{
	static const char *const names[] = {"sso_session", "sso_start_url", "login_session"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (setting(c, profile, names[i]) != NULL)
			return secret_fail(why, EX_CONFIG, "profile %s: keys of its %s come through credential_process = "
			    "aws configure export-credentials --profile %s --format process", profile, names[i], profile);
	return SECRET_NONE;
}

/* With a web identity; the environment counts where nothing else was asked for. */
static enum secret_end
of_web_identity(struct creds *c, const char *profile, bool environment, struct secret *k, struct secret_why *why)
{
	const char *file = environment ? secret_getenv("AWS_WEB_IDENTITY_TOKEN_FILE") : NULL;
	const char *arn = environment ? secret_getenv("AWS_ROLE_ARN") : NULL;
	const char *name = environment ? secret_getenv("AWS_ROLE_SESSION_NAME") : NULL;
	struct sts sts = {.http = c->http};
	struct sts_role role = {0};

	if (file == NULL)
		file = setting(c, profile, "web_identity_token_file");
	if (file == NULL)
		return SECRET_NONE;
	role.arn = arn != NULL ? arn : setting(c, profile, "role_arn");
	role.session_name = name != NULL ? name : setting(c, profile, "role_session_name");
	if (role.arn == NULL)
		return secret_fail(why, EX_CONFIG, "a web identity token file without AWS_ROLE_ARN or role_arn");
	sts.region = creds_region(c);
	sts.endpoint = sts_endpoint(c);
	return sts_web_identity(&sts, &role, file, k, why);
}

static enum secret_end
of_settings(struct creds *c, const char *profile, struct secret *k, struct secret_why *why)
{
	enum secret_end end = of_file(c, PROFILE_CREDENTIALS, profile, k, why);

	if (end == SECRET_NONE)
		end = of_process(c, profile, k, why);
	if (end == SECRET_NONE)
		end = of_file(c, PROFILE_CONFIG, profile, k, why);
	if (end == SECRET_NONE)
		end = of_session(c, profile, why);
	return end;
}

/* The keys that a role is assumed with: those of credential_source. */
static enum secret_end
of_source(struct creds *c, const char *source, struct secret *k, struct secret_why *why)
{
	enum secret_end end;

	if (strcasecmp(source, "Environment") == 0)
		end = secret_environment(k, why);
	else if (strcasecmp(source, "EcsContainer") == 0)
		end = metadata_container(c->http, k, why);
	else if (strcasecmp(source, "Ec2InstanceMetadata") == 0)
		end = metadata_instance(c->http, instance_endpoint(c), k, why);
	else
		return secret_fail(why, EX_CONFIG, "it is neither Environment nor EcsContainer nor Ec2InstanceMetadata");
	if (end != SECRET_NONE)
		return end;
	why->status = EX_NOPERM;
	return SECRET_FAILED;
}

/* A profile may name itself as its source, when it has keys; no other circle ends. */
static bool
is_circle(struct creds *c, const struct link *at, const char *source)
{
	if (strcmp(at->profile, source) == 0)
		return !has_keys(c, source);
	for (const struct link *l = at->from; l != NULL; l = l->from)
		if (strcmp(l->profile, source) == 0)
			return true;
	return false;
}

/* The keys that a role is assumed with: those of source_profile. */
static enum secret_end
of_source_profile(struct creds *c, const struct link *at, const char *source, struct secret *k, struct secret_why *why)
{
	const struct link next = {source, at};
	enum secret_end end;

	if (!profile_exists(files_of(c), source))
		return secret_fail(why, EX_CONFIG, "there is no such profile in %s", profiles_places(files_of(c)));
	if (is_circle(c, at, source))
		return secret_fail(why, EX_CONFIG, "profiles go round in a circle");
	end = of_profile(c, &next, k, why);
	return end == SECRET_NONE ? secret_fail(why, EX_CONFIG, "it has no keys") : end;
}

/* Why a role cannot be assumed as the profile has it; NULL when it can. */
static const char *
bad_role(struct creds *c, const char *profile)
{
	const char *source = setting(c, profile, "source_profile"), *seconds = setting(c, profile, "duration_seconds");

	if ((source != NULL) == (setting(c, profile, "credential_source") != NULL))
		return source != NULL ? "both source_profile and credential_source" :
		    "role_arn without source_profile or credential_source";
	if (seconds != NULL && strspn(seconds, "0123456789") != strlen(seconds))
		return "duration_seconds is no number";
	if (setting(c, profile, "mfa_serial") != NULL)
		return "mfa_serial: nobody is asked for a code here; give the keys through credential_process";
	return NULL;
}

static enum secret_end
of_role(struct creds *c, const struct link *at, struct secret *k, struct secret_why *why)
{
	const char *profile = at->profile, *source = setting(c, profile, "source_profile"), *text = bad_role(c, profile);
	struct sts_role role = {setting(c, profile, "role_arn"), setting(c, profile, "role_session_name"),
	    setting(c, profile, "external_id"), setting(c, profile, "duration_seconds")};
	struct sts sts = {.http = c->http};
	struct secret from = {0};
	enum secret_end end;

	if (text != NULL)
		return secret_fail(why, EX_CONFIG, "profile %s: %s", profile, text);
	buf_fmt(&why->text, "profile %s: ", profile);
	if (source != NULL) {
		buf_fmt(&why->text, "source_profile %s: ", source);
		end = of_source_profile(c, at, source, &from, why);
	} else {
		source = setting(c, profile, "credential_source");
		buf_fmt(&why->text, "credential_source %s: ", source);
		end = of_source(c, source, &from, why);
	}
	if (end != SECRET_FOUND)
		return end;
	sts.region = creds_region(c);
	sts.endpoint = sts_endpoint(c);
	end = sts_assume(&sts, &role, &from.keys, k, why);
	secret_free(&from);
	return end;
}

/* A role goes before keys in the profile that is asked for, keys before a role in its sources. */
static enum secret_end
of_profile(struct creds *c, const struct link *at, struct secret *k, struct secret_why *why)
{
	const char *profile = at->profile;
	bool role = setting(c, profile, "role_arn") != NULL && setting(c, profile, "web_identity_token_file") == NULL;
	enum secret_end end;

	if (role && (at->from == NULL || !has_keys(c, profile)))
		return of_role(c, at, k, why);
	end = of_web_identity(c, profile, at->from == NULL && !c->chosen, k, why);
	return end == SECRET_NONE ? of_settings(c, profile, k, why) : end;
}

/* The chain */

static enum secret_end
ask_environment(struct creds *c, struct secret *k, struct secret_why *why)
{
	if (!c->chosen)
		return secret_environment(k, why);
	buf_str(&why->text, "left out with --profile");
	return SECRET_NONE;
}

static enum secret_end
ask_profile(struct creds *c, struct secret *k, struct secret_why *why)
{
	const struct link at = {c->profile, NULL};
	enum secret_end end = of_profile(c, &at, k, why);

	if (end == SECRET_NONE)
		buf_fmt(&why->text, "no AWS_WEB_IDENTITY_TOKEN_FILE, no keys of profile %s in %s", c->profile,
		    profiles_places(files_of(c)));
	return end;
}

static enum secret_end
ask_container(struct creds *c, struct secret *k, struct secret_why *why)
{
	return metadata_container(c->http, k, why);
}

static enum secret_end
ask_instance(struct creds *c, struct secret *k, struct secret_why *why)
{
	return metadata_instance(c->http, instance_endpoint(c), k, why);
}

/* Asks one source after the other; `why` says at last what each one had to say. */
static enum secret_end
ask_all(struct creds *c, struct secret *k, struct secret_why *why)
{
	static const struct {
		const char *name;
		enum secret_end (*ask)(struct creds *c, struct secret *k, struct secret_why *why);
	} sources[] = {
		{"environment", ask_environment},
		{"profile", ask_profile},
		{"container", ask_container},
		{"instance metadata", ask_instance},
	};

	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
		struct secret_why one = {0};
		enum secret_end end = sources[i].ask(c, k, &one);

		if (end == SECRET_FAILED)
			buf_reset(&why->text);         /* what was not set up before does not matter then */
		if (end != SECRET_FOUND)
			buf_fmt(&why->text, "%s%s: %s", why->text.n > 0 ? "; " : "", sources[i].name, buf_text(&one.text));
		why->status = one.status;
		buf_free(&one.text);
		if (end != SECRET_NONE)
			return end;
	}
	why->status = EX_NOPERM;
	return SECRET_NONE;
}

/* Fetches keys; the old ones stay while they are good when there are no new ones. */
static void
renew(struct creds *c, int64_t now)
{
	struct secret fresh = {0};
	struct secret_why why = {0};
	enum secret_end end = ask_all(c, &fresh, &why);

	c->again = now + AGAIN_S;
	if (end == SECRET_FOUND) {
		secret_free(&c->keys);
		c->keys = fresh;
		c->have = true;
		c->expired = false;
	} else if (!c->have || c->expired || c->keys.expires <= now) {
		die(why.status, "no credentials: %s", buf_text(&why.text));
	} else {
		warn("credentials could not be renewed yet: %s", buf_text(&why.text));
	}
	buf_free(&why.text);
}

const struct sign_keys *
creds_keys(struct creds *c)
{
	int64_t now = (int64_t)time(NULL);
	bool old = c->keys.expires != 0 && now >= c->keys.expires - EARLY_S && now >= c->again;

	if (!c->have || c->expired || old)
		renew(c, now);
	return &c->keys.keys;
}

void
creds_expired(struct creds *c)
{
	c->expired = true;
}
