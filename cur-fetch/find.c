/* Finds the manifests of deliveries below a folder. */
#include "find.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "die.h"
#include "disk.h"

static char *
real_path(const char *path)
{
	char *real = realpath(path, NULL);

	if (real == NULL)
		die(disk_status(), "%s:", path);
	return real;
}

static char *
join(const char *folder, const char *name)
{
	struct buf b = {0};

	buf_str(&b, folder);
	if (b.n > 0 && b.p[b.n - 1] != '/')
		buf_byte(&b, '/');
	buf_str(&b, name);
	return buf_take(&b);
}

static struct span
file_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return span_of(slash != NULL ? slash + 1 : path);
}

/*
 * Tells what a folder is by the names in its path, and where keys are resolved.
 * Where the path as given does not say it, as "." does not, its real path may;
 * what stands above is then reached through "..", as the kernel sees it.
 */
static void
locate(struct found *f, const char *folder)
{
	struct buf anchor = {0};

	f->folder = mem_text(span_of(folder));
	f->place = layout_place(span_of(f->folder));
	if (f->place.kind != LAYOUT_NONE)
		buf_add(&anchor, folder, f->place.anchor);
	else {
		free(f->folder);
		f->folder = real_path(*folder != '\0' ? folder : ".");
		f->place = layout_place(span_of(f->folder));
		buf_str(&anchor, folder);
		for (size_t i = 0; i < f->place.up; i++)
			buf_str(&anchor, anchor.n > 0 && anchor.p[anchor.n - 1] != '/' ? "/.." : "..");
	}
	f->anchor = buf_take(&anchor);
}

static void
locate_file(struct found *f, const char *path)
{
	char *folder = mem_text((struct span){path, (size_t)(file_of(path).p - path)});

	locate(f, folder);
	free(folder);
}

/* What `folder` is, of which nothing is kept. */
static struct place
place_of(const char *folder)
{
	struct found f = {0};
	struct place p;

	locate(&f, folder);
	p = f.place;
	found_free(&f);
	p.partition = (struct span){NULL, 0};
	return p;
}

void
find_report(struct finds *f, const char *path)
{
	struct found r = {.path = mem_text(span_of(path)), .real = real_path(path), .named = true, .report = true};

	finds_add(f, &r);
}

static void
take_manifest(struct finds *finds, const char *path, bool named)
{
	struct found f = {.path = mem_text(span_of(path)), .real = real_path(path), .named = named};
	struct buf bytes = {0};
	const char *why;

	if (!finds_has(finds, f.real, named)) {
		locate_file(&f, path);
		disk_read(path, MANIFEST_MAX_BYTES, &bytes);
		if ((why = found_read(&f, buf_span(&bytes), file_of(path))) != NULL)
			die(EX_DATAERR, "%s: %s", path, why);
		buf_free(&bytes);
	}
	finds_add(finds, &f);
}

void
find_manifest(struct finds *f, const char *path)
{
	take_manifest(f, path, true);
}

/* A folder's names that matter, in the order of their bytes. */
struct entry {
	char *name;
	bool folder;
};

struct entries {
	struct entry *all;
	size_t n, cap;
};

static int
order_of_entries(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

/* Whether a name is a folder or looks like a manifest; a link counts as what it leads to. */
static bool
matters(const char *folder, const struct dirent *d, bool *is_folder)
{
	bool manifest = manifest_file(span_of(d->d_name));
	struct stat st;
	char *path;

	if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
		return false;
	*is_folder = d->d_type == DT_DIR;
	if (d->d_type == DT_DIR || d->d_type == DT_REG)
		return *is_folder || manifest;
	path = join(folder, d->d_name);
	if (stat(path, &st) == 0)
		*is_folder = S_ISDIR(st.st_mode);
	else if (manifest)
		die(disk_status(), "%s:", path);
	else
		warn("skipped: %s:", path);
	free(path);
	return *is_folder || manifest;
}

static void
read_folder(struct entries *e, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *d;

	if (dir == NULL)
		die(disk_status(), "%s:", folder);
	while (errno = 0, (d = readdir(dir)) != NULL) {
		bool is_folder;

		if (!matters(folder, d, &is_folder))
			continue;
		if (e->n == e->cap) {
			e->cap = e->cap * 2 + 16;
			e->all = mem_grow(e->all, e->cap, sizeof *e->all);
		}
		e->all[e->n++] = (struct entry){mem_text(span_of(d->d_name)), is_folder};
	}
	if (errno != 0)
		die(disk_status(), "%s:", folder);
	closedir(dir);
	if (e->n > 0)
		qsort(e->all, e->n, sizeof *e->all, order_of_entries);
}

static void
entries_free(struct entries *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->all[i].name);
	free(e->all);
}

/* The folders from the start to where the walk is: a link back to one of them is not followed. */
struct step {
	const struct step *above;
	dev_t device;
	ino_t inode;
};

struct walk {
	struct finds *finds;
	size_t manifests, versions;    /* met so far: of periods, of single versions */
	char *version;                 /* the path of one of those */
};

/* True when the folder has the manifest of a billing period. */
static bool
take_files(struct walk *w, const struct entries *e, const char *folder, bool start)
{
	bool period = false;

	for (size_t i = 0; i < e->n; i++) {
		struct place p;
		char *path;

		if (e->all[i].folder)
			continue;
		path = join(folder, e->all[i].name);
		p = place_of(folder);
		if (p.kind == LAYOUT_NONE)
			warn("skipped: %s: it stands in no folder of a billing period", path);
		else if (p.version) {
			w->versions++;
			if (w->version == NULL)
				w->version = mem_text(span_of(path));
		} else {
			take_manifest(w->finds, path, start);
			w->manifests++;
			period = true;
		}
		free(path);
	}
	return period;
}

static void
walk(struct walk *w, const char *folder, const struct step *above)
{
	struct entries e = {0};
	struct step here = {.above = above};
	struct stat st;
	size_t versions = w->versions;

	if (stat(folder, &st) != 0)
		die(disk_status(), "%s:", folder);
	here.device = st.st_dev;
	here.inode = st.st_ino;
	for (const struct step *s = above; s != NULL; s = s->above)
		if (s->device == here.device && s->inode == here.inode)
			return;
	read_folder(&e, folder);
	if (!take_files(w, &e, folder, above == NULL)) {
		for (size_t i = 0; i < e.n; i++) {
			char *path = join(folder, e.all[i].name);

			if (e.all[i].folder && !layout_is_data(span_of(path)))
				walk(w, path, &here);
			free(path);
		}
		if (w->versions > versions && place_of(folder).kind != LAYOUT_NONE && !place_of(folder).version)
			warn("skipped: %s: only manifests of single versions are here", folder);
	}
	entries_free(&e);
}

void
find_folder(struct finds *f, const char *folder)
{
	struct walk w = {.finds = f};

	walk(&w, folder, NULL);
	if (w.manifests == 0 && w.version != NULL)
		die(EX_NOINPUT, "%s: no manifest of a billing period is here, only of single versions: "
		    "to read one, name it, such as %s", folder, w.version);
	if (w.manifests == 0)
		die(EX_NOINPUT, "%s: no manifest of a report is here", folder);
	free(w.version);
}
