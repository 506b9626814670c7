/* Finds the manifests of deliveries in S3. */
#include "bucket.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "url.h"

/* A manifest that a list showed. */
struct candidate {
	struct found found;
	size_t report;           /* so many bytes of the folder say of which report it is */
	bool wanted;
};

struct sights {
	struct span prefix;      /* "", or it ends in '/' */
	const char *bucket;
	struct candidate *all;
	size_t n, cap;
	char **versions;         /* manifests of periods that those of versions repeat */
	size_t n_versions;
	char *version;           /* the key of one of those */
};

static struct span
file_of(const char *key)
{
	const char *slash = strrchr(key, '/');

	return span_of(slash != NULL ? slash + 1 : key);
}

/* The address of a manifest, and what its folder is. */
static struct found
locate(const char *bucket, const char *key)
{
	struct found f = {.bucket = mem_text(span_of(bucket)), .key = mem_text(span_of(key))};
	struct buf path = {0};

	buf_fmt(&path, "s3://%s/%s", bucket, key);
	f.path = buf_take(&path);
	f.real = mem_text(span_of(f.path));
	f.folder = mem_text((struct span){key, (size_t)(file_of(key).p - key)});
	f.place = layout_place(span_of(f.folder));
	return f;
}

/* Folders that have parts only, below where the list began. */
static bool
is_in_data(struct span folder, size_t from)
{
	for (size_t i = from; i < folder.n; i++)
		if (folder.p[i] == '/' && layout_is_data((struct span){folder.p, i}))
			return true;
	return false;
}

static void
note_version(struct sights *s, const char *key)
{
	struct buf period = {0};

	if (s->version == NULL)
		s->version = mem_text(span_of(key));
	layout_manifest_key(span_of(key), &period);
	if (s->n_versions == 0 || strcmp(s->versions[s->n_versions - 1], buf_text(&period)) != 0) {
		s->versions = mem_grow(s->versions, s->n_versions + 1, sizeof *s->versions);
		s->versions[s->n_versions++] = buf_take(&period);
	}
	buf_free(&period);
}

static void
note_period(struct sights *s, struct found *f)
{
	struct candidate c = {.found = *f};
	size_t n = strlen(f->folder);

	c.report = f->place.kind == LAYOUT_LEGACY ? (size_t)(f->place.partition.p - f->folder) : f->place.anchor;
	while (n > 0 && f->folder[n - 1] == '/')
		n--;
	c.found.named = n <= s->prefix.n;
	if (s->n == s->cap) {
		s->cap = s->cap * 2 + 16;
		s->all = mem_grow(s->all, s->cap, sizeof *s->all);
	}
	s->all[s->n++] = c;
}

static void
see(struct sights *s, const char *key)
{
	struct found f = locate(s->bucket, key);

	if (is_in_data(span_of(f.folder), s->prefix.n)) {
		found_free(&f);
	} else if (f.place.kind == LAYOUT_NONE) {
		warn("skipped: %s: it stands in no folder of a billing period", f.path);
		found_free(&f);
	} else if (f.place.version) {
		note_version(s, key);
		found_free(&f);
	} else
		note_period(s, &f);
}

static void
see_object(void *arg, const struct s3_object *o)
{
	char *key = mem_text(o->key);

	if (strlen(key) == o->key.n && manifest_file(file_of(key)))
		see(arg, key);
	free(key);
}

/* Says where there are only manifests of single versions, and ends the program where there are no others at all. */
static void
check_sights(const struct sights *s, const char *uri)
{
	if (s->n == 0 && s->version != NULL)
		die(EX_NOINPUT, "%s: no manifest of a billing period is here, only of single versions: "
		    "to read one, name it, such as s3://%s/%s", uri, s->bucket, s->version);
	if (s->n == 0)
		die(EX_NOINPUT, "%s: no manifest of a report is here", uri);
	for (size_t i = 0; i < s->n_versions; i++) {
		const char *key = s->versions[i];
		bool there = false;

		for (size_t k = 0; k < s->n; k++)
			there = there || strcmp(s->all[k].found.key, key) == 0;
		if (!there)
			warn("skipped: s3://%s/%.*s: only manifests of single versions are here", s->bucket,
			    (int)(file_of(key).p - key), key);
	}
}

static bool
same_report(const struct candidate *a, const struct candidate *b)
{
	return span_eq((struct span){a->found.folder, a->report}, (struct span){b->found.folder, b->report});
}

/* The newest manifest of a report, or the first when no folder says its period. */
static struct candidate *
newest(const struct sights *s, const struct candidate *of)
{
	struct candidate *best = NULL;

	for (size_t i = 0; i < s->n; i++) {
		struct candidate *c = &s->all[i];

		if (same_report(c, of) && (best == NULL || (c->found.place.has_period &&
		    (!best->found.place.has_period || c->found.place.period > best->found.place.period))))
			best = c;
	}
	return best;
}

/* True when it may be wanted; `head` is the newest of its report, which has been read. */
static bool
may_be_wanted(const struct choice *c, const struct candidate *a, const struct candidate *head)
{
	struct found f = a->found;

	if (!f.place.has_period)
		return true;
	f.period = f.place.period;
	f.export = head->found.export;
	return choice_wants(c, &f, head->found.period);
}

static void
read_manifest(void *arg, const struct object *o, struct span bytes)
{
	struct found *const *all = arg;
	const char *why;

	while (strcmp((*all)->key, o->key) != 0)
		all++;
	why = found_read(*all, bytes, file_of((*all)->key));
	if (why != NULL)
		die(EX_DATAERR, "%s: %s", (*all)->path, why);
}

/* Reads those that have not been read. */
static void
read_manifests(struct remote *r, struct found **all, size_t n)
{
	struct object *objects = mem_new((n + 1) * sizeof *objects);

	for (size_t i = 0; i < n; i++)
		objects[i] = (struct object){.bucket = all[i]->bucket, .key = all[i]->key};
	remote_read(r, objects, n, MANIFEST_MAX_BYTES, read_manifest, all);
	for (size_t i = 0; i < n; i++) {
		if (!objects[i].there)
			die(EX_NOINPUT, "%s: there is no such object", all[i]->path);
		object_free(&objects[i]);
	}
	free(objects);
}

static void
read_wanted(struct sights *s, struct remote *r)
{
	struct found **all = mem_grow(NULL, s->n + 1, sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].wanted && !s->all[i].found.has_period)
			all[n++] = &s->all[i].found;
	read_manifests(r, all, n);
	free(all);
}

static void
keep_wanted(struct sights *s, struct finds *f)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->all[i].wanted)
			finds_add(f, &s->all[i].found);
		else
			found_free(&s->all[i].found);
	}
}

static void
sights_free(struct sights *s)
{
	for (size_t i = 0; i < s->n_versions; i++)
		free(s->versions[i]);
	free(s->versions);
	free(s->version);
	free(s->all);
}

/* The newest of each report says what its name is, and the name which others are wanted. */
static void
find_below(struct finds *f, struct remote *r, const struct choice *c, struct sights *s, const char *uri)
{
	remote_list(r, s->bucket, s->prefix, see_object, s);
	check_sights(s, uri);
	for (size_t i = 0; i < s->n; i++)
		newest(s, &s->all[i])->wanted = true;
	read_wanted(s, r);
	for (size_t i = 0; i < s->n; i++)
		s->all[i].wanted = s->all[i].wanted || may_be_wanted(c, &s->all[i], newest(s, &s->all[i]));
	read_wanted(s, r);
	keep_wanted(s, f);
}

void
bucket_manifest(struct finds *f, struct remote *r, const char *bucket, const char *key)
{
	struct found found = locate(bucket, key), *all = &found;

	found.named = true;
	if (!finds_has(f, found.real, true))
		read_manifests(r, &all, 1);
	finds_add(f, &found);
}

void
bucket_find(struct finds *f, struct remote *r, const struct choice *c, const char *uri)
{
	struct span bucket, prefix;
	const char *why = url_parse_s3(span_of(uri), &bucket, &prefix);
	struct buf folder = {0};
	struct sights s = {0};
	char *name;

	if (why != NULL)
		die(EX_USAGE, "%s: %s", uri, why);
	name = mem_text(bucket);
	buf_span_add(&folder, prefix);
	if (layout_is_json(buf_text(&folder))) {
		bucket_manifest(f, r, name, buf_text(&folder));
	} else {
		if (prefix.n > 0 && prefix.p[prefix.n - 1] != '/')
			buf_byte(&folder, '/');
		s.prefix = buf_span(&folder);
		s.bucket = name;
		find_below(f, r, c, &s, uri);
	}
	sights_free(&s);
	buf_free(&folder);
	free(name);
}
