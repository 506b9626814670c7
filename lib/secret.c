/* Keys as the sources of them give them: in the environment, or in JSON. */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "day.h"
#include "die.h"

void
secret_wipe_text(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

void
secret_wipe(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	buf_free(b);
}

void
secret_free(struct secret *k)
{
	secret_wipe_text(k->keys.id);
	secret_wipe_text(k->keys.secret);
	secret_wipe_text(k->keys.token);
	*k = (struct secret){0};
}

enum secret_end
secret_fail(struct secret_why *why, int status, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_str(&why->text, text);
	why->status = status;
	return SECRET_FAILED;
}

const char *
secret_getenv(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Nothing but visible ASCII goes into a header. */
static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

const char *
secret_set(struct secret *k, const char *id, const char *secret, const char *token)
{
	if (id == NULL || id[0] == '\0')
		return "the access key id is missing";
	if (secret == NULL || secret[0] == '\0')
		return "the secret access key is missing";
	if (!is_plain(id) || (token != NULL && !is_plain(token)))
		return "the access key id or the session token has a byte that no header may have";
	secret_free(k);
	k->keys.id = mem_text(span_of(id));
	k->keys.secret = mem_text(span_of(secret));
	if (token != NULL && token[0] != '\0')
		k->keys.token = mem_text(span_of(token));
	return NULL;
}

enum secret_end
secret_environment(struct secret *k, struct secret_why *why)
{
	const char *id = secret_getenv("AWS_ACCESS_KEY_ID"), *token = secret_getenv("AWS_SESSION_TOKEN"), *text;

	if (id == NULL) {
		buf_str(&why->text, "no AWS_ACCESS_KEY_ID");
		return SECRET_NONE;
	}
	if (token == NULL)
		token = secret_getenv("AWS_SECURITY_TOKEN");     /* its old name */
	text = secret_set(k, id, secret_getenv("AWS_SECRET_ACCESS_KEY"), token);
	return text != NULL ? secret_fail(why, EX_CONFIG, "%s", text) : SECRET_FOUND;
}

/* jansson frees texts without wiping them. */
static void
wipe_member(json_t *object, const char *name)
{
	json_t *member = json_object_get(object, name);

	if (json_is_string(member))
		explicit_bzero((char *)json_string_value(member), json_string_length(member));
}

static const char *
text_member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* NULL, or why they are no keys. */
static const char *
take(struct secret *k, const json_t *object, const char *token_member)
{
	const char *expires = text_member(object, "Expiration");
	const json_t *version = json_object_get(object, "Version");
	const char *why;
	int64_t time = 0;

	if (strcmp(token_member, "SessionToken") == 0 && json_integer_value(version) != 1)
		return "the reply is not of Version 1";
	if (expires != NULL && time_parse(span_of(expires), &time) != NULL)
		return "the Expiration is no time";
	why = secret_set(k, text_member(object, "AccessKeyId"), text_member(object, "SecretAccessKey"),
	    text_member(object, token_member));
	k->expires = why == NULL ? time : 0;
	return why;
}

bool
secret_json(struct secret *k, struct span json, const char *token_member, struct buf *why)
{
	json_t *object = json_loadb(json.p != NULL ? json.p : "", json.n, JSON_REJECT_DUPLICATES, NULL);
	const char *code = text_member(object, "Code"), *text = "the reply is no JSON object";

	/* An instance whose role cannot be assumed answers so, with status 200. */
	if (code != NULL && strcmp(code, "Success") != 0)
		text = is_plain(code) ? code : "the reply is an error";
	else if (json_is_object(object))
		text = take(k, object, token_member);
	if (text != NULL)
		buf_str(why, text);
	wipe_member(object, "SecretAccessKey");
	wipe_member(object, token_member);
	json_decref(object);
	return text == NULL;
}

/* All of a file that has no more than SECRET_FILE_BYTES; errno otherwise. */
static bool
read_all(int fd, struct buf *text)
{
	char *room = buf_room(text, SECRET_FILE_BYTES + 1);
	size_t n = 0;
	ssize_t got;

	while (n <= SECRET_FILE_BYTES && (got = read(fd, room + n, SECRET_FILE_BYTES + 1 - n)) != 0) {
		if (got > 0)
			n += (size_t)got;
		else if (errno != EINTR)
			return false;
	}
	while (n > 0 && strchr(" \t\r\n", room[n - 1]) != NULL && room[n - 1] != '\0')
		n--;
	text->n += n;
	errno = n > SECRET_FILE_BYTES ? EFBIG : ENODATA;
	return n > 0 && n <= SECRET_FILE_BYTES;
}

bool
secret_read_file(const char *path, struct buf *text, struct buf *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool good = fd >= 0 && read_all(fd, text);

	if (!good)
		buf_fmt(why, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return good;
}
