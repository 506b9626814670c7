/* Events: which objects they say were created. */
#include "event.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *
text(const json_t *json, const char *member)
{
	return json_string_value(json_object_get(json, member));
}

static bool
is(const json_t *json, const char *member, const char *value)
{
	const char *s = text(json, member);

	return s != NULL && strcmp(s, value) == 0;
}

static bool
starts_with(const char *s, const char *start)
{
	return s != NULL && strncmp(s, start, strlen(start)) == 0;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* application/x-www-form-urlencoded: '+' is a space, %XX a byte. */
static const char *
decode(const char *s, struct buf *key)
{
	for (; *s != '\0'; s++) {
		int high, low;

		if (*s == '+')
			buf_byte(key, ' ');
		else if (*s != '%')
			buf_byte(key, *s);
		else if ((high = hex(s[1])) < 0 || (low = hex(s[2])) < 0 || high + low == 0)
			return "its key is not form-urlencoded";
		else {
			buf_byte(key, (char)(high << 4 | low));
			s += 2;
		}
	}
	return span_bad_utf8(buf_span(key)) != NULL ? "its key is not UTF-8" : NULL;
}

static const char *
take_object(struct event *e, const json_t *bucket, const json_t *object, bool encoded)
{
	const char *b = text(bucket, "name"), *k = text(object, "key"), *why = NULL;
	struct buf key = {0};

	if (b == NULL || *b == '\0' || k == NULL || *k == '\0')
		return "it names no bucket and key";
	if (encoded)
		why = decode(k, &key);
	else
		buf_str(&key, k);
	if (why == NULL) {
		e->bucket = mem_text(span_of(b));
		e->key = buf_take(&key);
	}
	buf_free(&key);
	return why;
}

static const char *
take_record(struct event *e, const json_t *record)
{
	const json_t *s3 = json_object_get(record, "s3");
	const char *version = text(record, "eventVersion");

	if (!is(record, "eventSource", "aws:s3"))
		return "it is not from S3: what SNS or SQS wrapped is not unwrapped here";
	if (!starts_with(version, "2.") && !is(record, "eventVersion", "2"))
		return "its eventVersion is not 2.x";
	if (text(record, "eventName") == NULL)
		return "it has no eventName";
	if (!starts_with(text(record, "eventName"), "ObjectCreated:")) {
		e->skip = "no object was created";
		return NULL;
	}
	return take_object(e, json_object_get(s3, "bucket"), json_object_get(s3, "object"), true);
}

static const char *
take_bridge(struct event *e, const json_t *json)
{
	const json_t *detail = json_object_get(json, "detail");

	if (!is(json, "source", "aws.s3"))
		return "it is an EventBridge event, and not from S3";
	if (!is(json, "detail-type", "Object Created")) {
		e->skip = "no object was created";
		return NULL;
	}
	return take_object(e, json_object_get(detail, "bucket"), json_object_get(detail, "object"), false);
}

static const char *
take_event(struct events *es, const json_t *json)
{
	const json_t *records = json_object_get(json, "Records");
	const char *why = NULL;

	if (records != NULL && !json_is_array(records))
		return "its Records are no list";
	es->all = mem_new((json_array_size(records) + 1) * sizeof *es->all);
	if (records != NULL) {
		for (size_t i = 0; why == NULL && i < json_array_size(records); i++)
			why = take_record(&es->all[es->n++], json_array_get(records, i));
		return why;
	}
	es->n = 1;
	if (json_object_get(json, "detail-type") != NULL)
		return take_bridge(es->all, json);
	if (!is(json, "Event", "s3:TestEvent"))
		return "it is neither a notification of S3 nor an event of EventBridge";
	es->all->skip = "it is a test event";
	return NULL;
}

bool
event_is(struct span bytes)
{
	json_t *json = json_loadb(bytes.p, bytes.n, 0, NULL);
	bool is_one = json_object_get(json, "Records") != NULL || json_object_get(json, "detail-type") != NULL ||
	              json_object_get(json, "Event") != NULL;

	json_decref(json);
	return is_one;
}

const char *
events_parse(struct events *es, struct span bytes)
{
	json_t *json;
	const char *why;

	*es = (struct events){0};
	json = json_loadb(bytes.p, bytes.n, JSON_REJECT_DUPLICATES, NULL);
	if (json == NULL)
		return "it is no JSON, or names a member twice";
	why = take_event(es, json);
	json_decref(json);
	return why;
}

void
events_free(struct events *es)
{
	for (size_t i = 0; i < es->n; i++) {
		free(es->all[i].bucket);
		free(es->all[i].key);
	}
	free(es->all);
	*es = (struct events){0};
}
