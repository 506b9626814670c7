/* Which folder holds what, in a bucket and in a copy of it. */
#include "layout.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "day.h"

#define PARTITION "BILLING_PERIOD="
#define OUTSIDE "it names parts outside its own bucket or prefix"

/* Cuts the next name off the front of a path; false at its end. */
static bool
next_name(struct span *rest, struct span *name)
{
	const char *slash;

	while (rest->n > 0 && *rest->p == '/')
		*rest = (struct span){rest->p + 1, rest->n - 1};
	if (rest->n == 0)
		return false;
	slash = memchr(rest->p, '/', rest->n);
	*name = (struct span){rest->p, slash != NULL ? (size_t)(slash - rest->p) : rest->n};
	*rest = (struct span){rest->p + name->n, rest->n - name->n};
	return true;
}

/* Cuts the last name off a path; {NULL, 0} when there is none, or none that the text tells: above '..' nothing is known. */
static struct span
last_name(struct span *path)
{
	struct span name;

	do {
		while (path->n > 0 && path->p[path->n - 1] == '/')
			path->n--;
		if (path->n == 0)
			return (struct span){NULL, 0};
		name = (struct span){path->p + path->n, 0};
		while (path->n > 0 && path->p[path->n - 1] != '/') {
			path->n--;
			name = (struct span){name.p - 1, name.n + 1};
		}
	} while (span_is(name, "."));
	if (!span_is(name, ".."))
		return name;
	path->n = 0;
	return (struct span){NULL, 0};
}

/* 20240101 */
static bool
basic_date(const char *p, int32_t *day)
{
	char text[DAY_TEXT] = {p[0], p[1], p[2], p[3], '-', p[4], p[5], '-', p[6], p[7], '\0'};

	return day_parse(span_of(text), day) == NULL;
}

/*
 * 20240101-20240201.  The guide has the last day of the month at the end,
 * deliveries have the first of the next: the start alone says which month.
 */
static bool
legacy_period(struct span name, int32_t *period)
{
	int32_t from, until;

	if (name.n != 17 || name.p[8] != '-' || !basic_date(name.p, &from) || !basic_date(name.p + 9, &until) ||
	    until <= from)
		return false;
	*period = period_of((int64_t)from * 86400);
	return true;
}

/* BILLING_PERIOD=2024-01; FOCUS has it in lower case. */
static bool
export_period(struct span name, int32_t *period)
{
	size_t n = sizeof PARTITION - 1;

	return name.n > n && strncasecmp(name.p, PARTITION, n) == 0 &&
	       period_parse((struct span){name.p + n, name.n - n}, period) == NULL;
}

struct place
layout_place(struct span folder)
{
	struct span rest = folder, name[3];
	struct place p = {0};
	size_t start[3];

	for (int i = 0; i < 3; i++) {
		name[i] = last_name(&rest);
		start[i] = rest.n;
	}
	if (name[0].p == NULL)
		return p;
	if (legacy_period(name[0], &p.period))
		p = (struct place){LAYOUT_LEGACY, false, name[0], true, p.period, start[0] + name[0].n, 0};
	else if (span_is(name[1], "metadata"))
		p = (struct place){LAYOUT_EXPORT, false, name[0], false, 0, start[1], 2};
	else if (legacy_period(name[1], &p.period))
		p = (struct place){LAYOUT_LEGACY, true, name[1], true, p.period, start[1] + name[1].n, 1};
	else if (span_is(name[2], "metadata"))
		p = (struct place){LAYOUT_EXPORT, true, name[1], false, 0, start[2], 3};
	if (p.kind == LAYOUT_EXPORT)
		p.has_period = export_period(p.partition, &p.period);
	return p;
}

bool
layout_is_data(struct span folder)
{
	struct span partition = last_name(&folder), above = last_name(&folder);
	int32_t ignored;

	return span_is(above, "data") && export_period(partition, &ignored);
}

bool
layout_manifest_key(struct span key, struct buf *period_key)
{
	struct span folder = key, file = last_name(&folder);
	struct place p;

	if (key.n == 0 || key.p[key.n - 1] == '/' || file.p == NULL || !manifest_file(file))
		return false;
	p = layout_place(folder);
	if (p.kind == LAYOUT_NONE)
		return false;
	if (p.version)
		last_name(&folder);
	buf_span_add(period_key, folder);
	buf_span_add(period_key, file);
	return true;
}

/* A key of a part, cut in two. */
struct key {
	struct span above;        /* what stands above the partition, or above data */
	struct span partition;
	struct span rest;         /* below the partition */
};

/* The last folder that can be the partition is it: a prefix may look like one. */
static bool
split_key(const struct manifest *m, const struct place *own, const char *text, struct key *k)
{
	struct span rest = span_of(text), name, before = {NULL, 0};
	bool found = false;
	int32_t ignored;

	for (; next_name(&rest, &name); before = name) {
		bool legacy = m->kind == MANIFEST_LEGACY;

		if (rest.n == 0)
			break;
		if (legacy ? !legacy_period(name, &ignored)
		           : !span_is(before, "data") ||
		                 !(export_period(name, &ignored) || span_eq(name, own->partition)))
			continue;
		found = true;
		*k = (struct key){{text, (size_t)((legacy ? name.p : before.p) - text)}, name, rest};
	}
	return found;
}

const char *
layout_period(const struct manifest *m, const struct place *own, int32_t *period)
{
	struct key k;

	if (own->kind != (m->kind == MANIFEST_LEGACY ? LAYOUT_LEGACY : LAYOUT_EXPORT))
		return m->kind == MANIFEST_LEGACY ? "a legacy manifest stands in no folder of a billing period"
		                                  : "a manifest of Data Exports stands in no folder of a partition";
	if (own->has_period)
		*period = own->period;
	else if (m->n == 0 || !split_key(m, own, m->keys[0], &k) || !export_period(k.partition, period))
		return "neither its folder nor its parts say which billing period it is of";
	if (m->has_period && m->period != *period)
		return "its billingPeriod is another than its folder's";
	return NULL;
}

/* The parts' partition is the manifest's: the same name, or another spelling of the same month. */
static bool
same_partition(const struct manifest *m, const struct place *own, struct span partition)
{
	int32_t month;

	if (span_eq(partition, own->partition))
		return true;
	if (m->kind == MANIFEST_LEGACY || !export_period(partition, &month))
		return false;
	return !own->has_period || month == own->period;
}

/* Empty names in a key are one slash on a disk. */
static void
add_names(struct buf *path, struct span rest)
{
	struct span name;

	while (next_name(&rest, &name)) {
		if (path->n > 0 && path->p[path->n - 1] != '/')
			buf_byte(path, '/');
		buf_span_add(path, name);
	}
}

static char *
key_path(const struct manifest *m, const char *anchor, const struct key *k)
{
	struct buf path = {0};

	buf_str(&path, anchor);
	if (m->kind == MANIFEST_EXPORT) {
		add_names(&path, span_of("data"));
		add_names(&path, k->partition);
	}
	add_names(&path, k->rest);
	return buf_take(&path);
}

/* Nothing may lead out of its folder, whatever is done with the path. */
static bool
has_dots(struct span key)
{
	struct span name;

	while (next_name(&key, &name))
		if (span_is(name, ".") || span_is(name, ".."))
			return true;
	return false;
}

static int
order_of_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
names_one_twice(char *const *paths, size_t n)
{
	char **sorted = mem_grow(NULL, n + 1, sizeof *sorted);
	bool twice = false;

	if (n > 0)
		memcpy(sorted, paths, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, order_of_text);
	for (size_t i = 1; i < n; i++)
		twice = twice || strcmp(sorted[i - 1], sorted[i]) == 0;
	free(sorted);
	return twice;
}

/*
 * Where the manifest stands in a folder of its export's name, as AWS lays it
 * out, its keys have that folder too.  A copy may have lost it.
 */
static bool
same_export(const struct manifest *m, const char *anchor, const struct key *k)
{
	struct span local = span_of(anchor), above = k->above, name = manifest_name(m), folder;

	if (m->kind == MANIFEST_LEGACY)
		last_name(&local);
	folder = last_name(&local);
	return name.n == 0 || !span_eq(folder, name) || span_eq(last_name(&above), name);
}

/* NULL and key i in its pieces, or why it cannot be a part of this manifest; `first` are the pieces of the first key. */
static const char *
take_key(const struct manifest *m, const struct place *own, size_t i, const struct key *first, struct key *k)
{
	if (!split_key(m, own, m->keys[i], k) || !same_partition(m, own, k->partition) ||
	    (i > 0 && (!span_eq(k->above, first->above) || !span_eq(k->partition, first->partition))))
		return OUTSIDE;
	return NULL;
}

const char *
layout_paths(const struct manifest *m, const struct place *own, const char *anchor, char ***paths)
{
	const char *why = NULL;
	struct key k = {0}, first = {0};
	char **p = mem_grow(NULL, m->n + 1, sizeof *p);
	size_t n = 0;

	for (; why == NULL && n < m->n; n++) {
		p[n] = NULL;
		if (has_dots(span_of(m->keys[n])))
			why = "it names a part with '.' or '..' in its key";
		else if ((why = take_key(m, own, n, &first, &k)) == NULL && !same_export(m, anchor, &k))
			why = OUTSIDE;
		else if (why == NULL)
			p[n] = key_path(m, anchor, &k);
		if (n == 0)
			first = k;
	}
	if (why == NULL && names_one_twice(p, n))
		why = "it names a part twice";
	if (why != NULL) {
		layout_free(p, n);
		return why;
	}
	*paths = p;
	return NULL;
}

/* What stands above the partition, or above metadata, in the manifest's own folder. */
static struct span
own_above(const struct place *own, struct span folder)
{
	size_t n = own->kind == LAYOUT_LEGACY ? (size_t)(own->partition.p - folder.p) : own->anchor;

	return (struct span){folder.p, n};
}

const char *
layout_keys(const struct manifest *m, const struct place *own, struct span folder, const char *bucket, bool *overwritten)
{
	struct key k = {0}, first = {0};
	const char *why;

	*overwritten = false;
	if (m->bucket != NULL && strcmp(m->bucket, bucket) != 0)
		return OUTSIDE;
	for (size_t i = 0; i < m->n; i++) {
		if ((why = take_key(m, own, i, &first, &k)) != NULL)
			return why;
		if (i == 0)
			first = k;
		if (!span_eq(k.above, own_above(own, folder)))
			return OUTSIDE;
		while (k.rest.n > 0 && *k.rest.p == '/')
			k.rest = (struct span){k.rest.p + 1, k.rest.n - 1};
		if (memchr(k.rest.p, '/', k.rest.n) == NULL)
			*overwritten = true;
	}
	return names_one_twice(m->keys, m->n) ? "it names a part twice" : NULL;
}

void
layout_free(char **paths, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(paths[i]);
	free(paths);
}

void
layout_source(const struct manifest *m, const struct place *own, struct buf *source)
{
	struct key k;

	if (m->kind == MANIFEST_EXPORT && m->arn != NULL) {
		buf_str(source, m->arn);
		return;
	}
	if (m->bucket == NULL || m->n == 0 || !split_key(m, own, m->keys[0], &k))
		return;
	buf_fmt(source, "s3://%s/", m->bucket);
	buf_span_add(source, k.above);
	while (source->p[source->n - 1] == '/')
		source->n--;
}

void
layout_part_source(const struct manifest *m, size_t i, struct buf *source)
{
	if (m->bucket != NULL)
		buf_fmt(source, "s3://%s/%s", m->bucket, m->keys[i]);
}

bool
layout_delivered(const struct manifest *m, const struct place *own, int64_t *seconds)
{
	struct span folder, version;
	struct key k;

	if (m->version == NULL)
		return false;
	version = span_of(m->version);
	if (m->kind == MANIFEST_LEGACY)
		return time_parse_basic(version, seconds) == NULL;
	if (m->n == 0 || !split_key(m, own, m->keys[0], &k) || !next_name(&k.rest, &folder) || k.rest.n == 0)
		return false;
	/* TIME-EXECUTIONID */
	if (folder.n <= version.n + 1 || folder.p[folder.n - version.n - 1] != '-' ||
	    memcmp(folder.p + folder.n - version.n, version.p, version.n) != 0)
		return false;
	return time_parse((struct span){folder.p, folder.n - version.n - 1}, seconds) == NULL;
}

bool
layout_is_json(const char *name)
{
	size_t n = strlen(name);

	return n >= 5 && strcmp(name + n - 5, ".json") == 0;
}
