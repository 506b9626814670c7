/* What was found, wherever it lies. */
#include "found.h"

#include <stdlib.h>
#include <string.h>

void
found_free(struct found *f)
{
	free(f->path);
	free(f->real);
	free(f->bucket);
	free(f->key);
	free(f->folder);
	free(f->anchor);
	free(f->export);
	free(f->version);
}

void
finds_free(struct finds *f)
{
	for (size_t i = 0; i < f->n; i++)
		found_free(&f->all[i]);
	free(f->all);
	*f = (struct finds){0};
}

bool
finds_has(struct finds *finds, const char *real, bool named)
{
	for (size_t i = 0; i < finds->n; i++)
		if (strcmp(finds->all[i].real, real) == 0) {
			finds->all[i].named = finds->all[i].named || named;
			return true;
		}
	return false;
}

void
finds_add(struct finds *finds, struct found *f)
{
	if (finds_has(finds, f->real, f->named)) {
		found_free(f);
		return;
	}
	if (finds->n == finds->cap) {
		finds->cap = finds->cap * 2 + 16;
		finds->all = mem_grow(finds->all, finds->cap, sizeof *finds->all);
	}
	f->order = finds->n;
	finds->all[finds->n++] = *f;
}

const char *
found_read(struct found *f, struct span bytes, struct span file)
{
	struct manifest m;
	struct buf export = {0};
	const char *why;

	if ((why = manifest_parse(&m, bytes)) == NULL && (why = layout_period(&m, &f->place, &f->period)) == NULL &&
	    (why = manifest_export(&m, file, &export)) == NULL) {
		f->has_period = true;
		f->export = buf_take(&export);
		f->version = m.version != NULL ? mem_text(span_of(m.version)) : NULL;
	}
	manifest_free(&m);
	buf_free(&export);
	return why;
}
