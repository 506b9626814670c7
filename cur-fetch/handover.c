/* Hands a delivery over that lies in a local directory. */
#include "handover.h"

#include <stdlib.h>
#include <unistd.h>

#include "die.h"
#include "disk.h"

static void
read_manifest(struct bundle *b, struct buf *bytes)
{
	const struct found *f = b->found;
	const char *why;
	char **paths;

	disk_read(f->path, MANIFEST_MAX_BYTES, bytes);
	bundle_manifest(b, buf_span(bytes));
	if ((why = layout_paths(&b->manifest, &f->place, f->anchor, &paths)) != NULL)
		die(EX_DATAERR, "%s: %s", f->path, why);
	for (size_t i = 0; i < b->n; i++)
		b->parts[i].path = paths[i];
	free(paths);
}

/* Opens a part to see that it can be read, and notes its size and time. */
static void
look(const struct bundle *b, struct part *p)
{
	struct stat st;
	int fd = disk_open(p->path, &st), status = fd < 0 ? disk_status() : 0;

	if (fd < 0 && p->key != NULL)
		die(status, "%s: part %s cannot be read at %s:", b->found->path, p->key, p->path);
	if (fd < 0)
		die(status, "%s:", p->path);
	close(fd);
	if (!S_ISREG(st.st_mode))
		die(EX_NOINPUT, "%s: %s is no regular file", b->found->path, p->path);
	if (span_bad_utf8(span_of(p->path)) != NULL)
		die(EX_DATAERR, "%s: the path is not UTF-8, so no mark can name it", p->path);
	p->bytes = (uint64_t)st.st_size;
	p->changed = st.st_mtim;
}

static void
open_bundle(struct bundle *b, struct buf *manifest)
{
	if (b->found->report) {
		b->n = 1;
		b->parts = mem_new(sizeof *b->parts);
		b->parts->path = mem_text(span_of(b->found->path));
	} else
		read_manifest(b, manifest);
	for (size_t i = 0; i < b->n; i++)
		look(b, &b->parts[i]);
}

/* Files that are replaced while they are read may be of two deliveries. */
static void
check_unchanged(const struct bundle *b, struct span manifest)
{
	struct stat st;

	if (!b->found->report && !disk_is(b->found->path, manifest))
		bundle_replaced(b, NULL);
	for (size_t i = 0; i < b->n; i++) {
		const struct part *p = &b->parts[i];

		if (stat(p->path, &st) != 0 || (uint64_t)st.st_size != p->bytes ||
		    st.st_mtim.tv_sec != p->changed.tv_sec || st.st_mtim.tv_nsec != p->changed.tv_nsec)
			bundle_replaced(b, p->path);
	}
}

void
handover(const struct found *f, struct handed *total, struct progress *progress)
{
	struct bundle b = {.found = f, .modified = -1};
	struct buf manifest = {0};

	open_bundle(&b, &manifest);
	bundle_begin(&b);
	for (size_t i = 0; i < b.n; i++) {
		bundle_part(&b, i, total);
		progress_tick(progress, "parts", total->parts, total->bytes);
	}
	check_unchanged(&b, buf_span(&manifest));
	bundle_end(&b);
	bundle_free(&b);
	buf_free(&manifest);
}
