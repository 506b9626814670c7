/* The manifest of a delivery, from its bytes. */
#include "manifest.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "day.h"
#include "mark.h"

#define FILE_END "Manifest.json"
#define UUID_BYTES ((size_t)36)

/* NULL when it is absent or null. */
static const json_t *
member(const json_t *json, const char *name)
{
	const json_t *v = json_object_get(json, name);

	return json_is_null(v) ? NULL : v;
}

/* A copy of a member that is text; NULL in *text when it is absent, null or "". */
static const char *
take_text(const json_t *json, const char *name, const char *bad, char **text)
{
	const json_t *v = member(json, name);

	if (v == NULL)
		return NULL;
	if (!json_is_string(v))
		return bad;
	if (json_string_length(v) > 0)
		*text = mem_text((struct span){json_string_value(v), json_string_length(v)});
	return NULL;
}

static bool
ends_with(struct span s, const char *end)
{
	size_t n = strlen(end);

	return s.n >= n && memcmp(s.p + s.n - n, end, n) == 0;
}

static const char *
bad_key(struct span key)
{
	if (key.n == 0)
		return "it names a part without a key";
	return key.p[key.n - 1] == '/' ? "it names a folder as a part" : NULL;
}

/* Splits s3://bucket/key; all parts are in one bucket. */
static const char *
take_uri(struct manifest *m, struct span uri, struct span *key)
{
	const char *slash;
	struct span bucket;

	if (uri.n < 5 || memcmp(uri.p, "s3://", 5) != 0)
		return "its dataFiles are no s3:// addresses";
	uri = (struct span){uri.p + 5, uri.n - 5};
	slash = memchr(uri.p, '/', uri.n);
	if (slash == NULL || slash == uri.p)
		return "it names a part without bucket or key";
	bucket = (struct span){uri.p, (size_t)(slash - uri.p)};
	if (m->bucket == NULL)
		m->bucket = mem_text(bucket);
	else if (!span_is(bucket, m->bucket))
		return "it names parts outside its own bucket or prefix";
	*key = (struct span){slash + 1, uri.n - bucket.n - 1};
	return NULL;
}

static const char *
take_key(struct manifest *m, const json_t *v)
{
	struct span key = {json_string_value(v), json_string_length(v)};
	const char *why;

	if (!json_is_string(v))
		return "it names a part that is no text";
	if (m->kind == MANIFEST_EXPORT) {
		if ((why = take_uri(m, key, &key)) != NULL)
			return why;
	} else if (key.n >= 5 && memcmp(key.p, "s3://", 5) == 0)
		return "its reportKeys are s3:// addresses, not keys";
	if ((why = bad_key(key)) != NULL)
		return why;
	if (ends_with(key, ".parquet"))
		m->parquet = true;
	m->keys[m->n++] = mem_text(key);
	return NULL;
}

static const char *
take_keys(struct manifest *m, const json_t *list)
{
	const char *why;

	if (!json_is_array(list))
		return "its list of parts is none";
	m->keys = mem_grow(NULL, json_array_size(list) + 1, sizeof *m->keys);
	for (size_t i = 0; i < json_array_size(list); i++)
		if ((why = take_key(m, json_array_get(list, i))) != NULL)
			return why;
	return NULL;
}

static const char *
take_period(struct manifest *m, const json_t *json)
{
	const char *why;
	char *start = NULL;
	int64_t seconds;

	why = take_text(json_object_get(json, "billingPeriod"), "start", "its billingPeriod.start is no text", &start);
	if (why == NULL && start != NULL) {
		if (time_parse_basic(span_of(start), &seconds) != NULL)
			why = "its billingPeriod.start is no time";
		else
			m->period = period_of(seconds);
		m->has_period = true;
	}
	free(start);
	return why;
}

static bool
says_parquet(const json_t *json, const char *name)
{
	const char *s = json_string_value(json_object_get(json, name));

	return s != NULL && strcasecmp(s, "Parquet") == 0;
}

static const char *
take(struct manifest *m, const json_t *json)
{
	const json_t *files = member(json, "dataFiles"), *keys = member(json, "reportKeys");
	const char *why;

	if (files == NULL && keys == NULL && member(json, "exportArn") != NULL)
		return "it has an exportArn and no dataFiles";
	if (files == NULL && keys == NULL)
		return "it has neither reportKeys nor dataFiles: it is no manifest of a report";
	m->kind = files != NULL ? MANIFEST_EXPORT : MANIFEST_LEGACY;
	m->parquet = says_parquet(json, "compression") || says_parquet(json, "contentType");
	if ((why = take_text(json, "reportName", "its reportName is no text", &m->name)) != NULL ||
	    (why = take_text(json, "exportArn", "its exportArn is no text", &m->arn)) != NULL ||
	    (why = take_text(json, "bucket", "its bucket is no text", &m->bucket)) != NULL ||
	    (why = take_period(m, json)) != NULL)
		return why;
	if (files != NULL)
		why = take_text(json, "executionId", "its executionId is no text", &m->version);
	else
		why = take_text(json, "assemblyId", "its assemblyId is no text", &m->version);
	return why != NULL ? why : take_keys(m, files != NULL ? files : keys);
}

const char *
manifest_parse(struct manifest *m, struct span bytes)
{
	json_t *json;
	const char *why;

	*m = (struct manifest){0};
	json = json_loadb(bytes.p, bytes.n, JSON_REJECT_DUPLICATES, NULL);
	if (json == NULL)
		return "it is no JSON, or names a member twice";
	why = json_is_object(json) ? take(m, json) : "it is no JSON object";
	json_decref(json);
	return why;
}

void
manifest_free(struct manifest *m)
{
	free(m->name);
	free(m->arn);
	free(m->version);
	free(m->bucket);
	for (size_t i = 0; i < m->n; i++)
		free(m->keys[i]);
	free(m->keys);
	*m = (struct manifest){0};
}

bool
manifest_file(struct span file)
{
	return span_is(file, FILE_END) || ends_with(file, "-" FILE_END);
}

static bool
is_uuid(struct span s)
{
	if (s.n != UUID_BYTES)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ? s.p[i] != '-' : strchr("0123456789abcdefABCDEF", s.p[i]) == NULL)
			return false;
	return true;
}

/* The name in arn:aws:bcm-data-exports:REGION:ACCOUNT:export/NAME-UUID, or nothing. */
static struct span
arn_name(const char *arn)
{
	const char *slash = arn != NULL ? strrchr(arn, '/') : NULL;
	struct span s;

	if (slash == NULL)
		return (struct span){"", 0};
	s = span_of(slash + 1);
	if (s.n <= UUID_BYTES || s.p[s.n - UUID_BYTES - 1] != '-' ||
	    !is_uuid((struct span){s.p + s.n - UUID_BYTES, UUID_BYTES}))
		return (struct span){"", 0};
	return (struct span){s.p, s.n - UUID_BYTES - 1};
}

struct span
manifest_name(const struct manifest *m)
{
	return m->name != NULL ? span_of(m->name) : arn_name(m->arn);
}

const char *
manifest_export(const struct manifest *m, struct span file, struct buf *name)
{
	struct span s;

	if (m->name != NULL)
		s = span_of(m->name);
	else if (ends_with(file, "-" FILE_END))
		s = (struct span){file.p, file.n - strlen("-" FILE_END)};
	else
		s = arn_name(m->arn);
	buf_span_add(name, s);
	return mark_bad_export(buf_text(name));
}
