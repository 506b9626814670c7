/*
 * JSON from outside: manifests of both kinds and events.  Whatever a manifest
 * says, its parts stay below the folder in which its keys are resolved.
 */
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "layout.h"
#include "manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_path(const char *path, const char *anchor)
{
	size_t n = strlen(anchor);

	if (strncmp(path, anchor, n) != 0 || path[n] != '/' || strstr(path, "//") != NULL ||
	    strstr(path, "/../") != NULL || strstr(path, "/./") != NULL)
		abort();
	path = strrchr(path, '/');
	if (path[1] == '\0' || strcmp(path, "/.") == 0 || strcmp(path, "/..") == 0)
		abort();
}

static void
resolve(const struct manifest *m, const char *folder)
{
	struct place p = layout_place(span_of(folder));
	struct buf b = {0};
	int64_t seconds;
	int32_t period;
	char **paths;
	bool overwritten;

	if (layout_period(m, &p, &period) != NULL)
		return;
	manifest_export(m, span_of("Manifest.json"), &b);
	layout_source(m, &p, &b);
	layout_delivered(m, &p, &seconds);
	if (layout_paths(m, &p, "local/copy", &paths) == NULL) {
		for (size_t i = 0; i < m->n; i++) {
			check_path(paths[i], "local/copy");
			layout_part_source(m, i, &b);
		}
		layout_free(paths, m->n);
	}
	layout_keys(m, &p, span_of(folder), "b", &overwritten);
	buf_free(&b);
}

static void
take_event(struct span bytes)
{
	struct events es;
	struct buf key = {0};

	if (events_parse(&es, bytes) == NULL)
		for (size_t i = 0; i < es.n; i++)
			if (es.all[i].key != NULL)
				layout_manifest_key(span_of(es.all[i].key), &key);
	buf_free(&key);
	events_free(&es);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = {(const char *)data, size};
	struct manifest m;

	if (event_is(bytes))
		take_event(bytes);
	if (manifest_parse(&m, bytes) == NULL) {
		resolve(&m, "p/h/20240101-20240201");
		resolve(&m, "e/metadata/BILLING_PERIOD=2024-01");
		resolve(&m, "e/metadata/january");
	}
	manifest_free(&m);
	return 0;
}
