/* Brings a delivery from S3 into the spool, and hands it over. */
#include "bring.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "download.h"
#include "parts.h"

struct bringing {
	struct remote *remote;
	struct bundle bundle;
	struct object manifest;
	struct object *objects;    /* the parts */
	bool overwritten;          /* the next delivery will stand in their place */
};

static void
take_manifest(void *arg, const struct object *o, struct span bytes)
{
	struct bringing *b = arg;

	b->bundle.modified = o->modified;
	bundle_manifest(&b->bundle, bytes);
}

static void
read_manifest(struct bringing *b)
{
	const struct found *f = b->bundle.found;
	const struct manifest *m = &b->bundle.manifest;
	const char *why;

	b->manifest = (struct object){.bucket = f->bucket, .key = f->key};
	remote_read(b->remote, &b->manifest, 1, MANIFEST_MAX_BYTES, take_manifest, b);
	if (!b->manifest.there)
		bundle_replaced(&b->bundle, NULL);
	if ((why = layout_keys(m, &f->place, span_of(f->folder), f->bucket, &b->overwritten)) != NULL)
		die(EX_DATAERR, "%s: %s", f->path, why);
	b->objects = mem_new((m->n + 1) * sizeof *b->objects);
	for (size_t i = 0; i < m->n; i++)
		b->objects[i] = (struct object){.bucket = f->bucket, .key = m->keys[i]};
}

static void
ignore(void *arg, const struct object *o, struct span bytes)
{
	(void)arg;
	(void)o;
	(void)bytes;
}

/* The manifest must be the one that was read at first. */
static void
check_manifest(struct bringing *b)
{
	struct object now = {.bucket = b->manifest.bucket, .key = b->manifest.key};

	remote_read(b->remote, &now, 1, MANIFEST_MAX_BYTES, ignore, NULL);
	if (!now.there || strcmp(now.etag, b->manifest.etag) != 0)
		bundle_replaced(&b->bundle, NULL);
	object_free(&now);
}

/* AWS writes the parts of Data Exports first and their manifest last, so a younger part is of the next delivery. */
static void
check_age(const struct bringing *b, const struct object *o)
{
	if (b->overwritten && b->bundle.manifest.kind == MANIFEST_EXPORT && o->modified > b->manifest.modified)
		die(EX_TEMPFAIL, "%s: %s is younger than it: AWS, or a copy, is replacing this delivery: run again",
		    b->bundle.found->path, o->key);
}

static void
look(struct bringing *b)
{
	struct bundle *all = &b->bundle;
	uint64_t bytes = 0;

	remote_look(b->remote, b->objects, all->n);
	for (size_t i = 0; i < all->n; i++) {
		const struct object *o = &b->objects[i];

		if (!o->there) {
			check_manifest(b);
			die(EX_NOINPUT, "%s: there is no part s3://%s/%s", all->found->path, o->bucket, o->key);
		}
		check_age(b, o);
		all->parts[i].bytes = o->bytes;
		all->parts[i].etag = o->etag;
		all->parts[i].temporary = true;
		bytes += o->bytes;
	}
	if (all->n == 0)
		return;
	parts_begin(b->remote->spool);
	parts_need(bytes);
}

static void
download(struct bringing *b, struct handed *total, struct progress *progress)
{
	struct bundle *all = &b->bundle;
	struct download *d = download_new(b->remote, b->objects, all->n, progress);

	for (size_t i = 0; download_next(d, &all->parts[i].path, &all->parts[i].changed); i++)
		bundle_part(all, i, total);
	download_free(d);
}

static void
check_unchanged(struct bringing *b)
{
	size_t n = b->bundle.n;
	struct object *now = mem_new((n + 1) * sizeof *now);

	check_manifest(b);
	for (size_t i = 0; i < n; i++)
		now[i] = (struct object){.bucket = b->objects[i].bucket, .key = b->objects[i].key};
	if (b->overwritten)
		remote_look(b->remote, now, n);
	for (size_t i = 0; b->overwritten && i < n; i++) {
		if (!now[i].there || strcmp(now[i].etag, b->objects[i].etag) != 0)
			bundle_replaced(&b->bundle, now[i].key);
		check_age(b, &now[i]);
	}
	for (size_t i = 0; i < n; i++)
		object_free(&now[i]);
	free(now);
}

static void
bringing_free(struct bringing *b)
{
	for (size_t i = 0; i < b->bundle.n; i++)
		object_free(&b->objects[i]);
	free(b->objects);
	object_free(&b->manifest);
	bundle_free(&b->bundle);
}

void
bring(const struct found *f, struct remote *r, struct handed *total, struct progress *progress)
{
	struct bringing b = {.remote = r, .bundle = {.found = f, .modified = -1}};

	read_manifest(&b);
	look(&b);
	bundle_begin(&b.bundle);
	download(&b, total, progress);
	check_unchanged(&b);
	bundle_end(&b.bundle);
	bringing_free(&b);
}
