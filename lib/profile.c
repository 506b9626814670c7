/* The shared config and credentials files of the AWS tools, and the profiles in them. */
#include "profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"

enum kind { PROFILE, SERVICES, OTHER };

/* One setting.  A section has one with the name "", so that an empty section is known too. */
struct setting {
	enum profile_file file;
	enum kind kind;
	char *section, *name, *value;
};

struct profiles {
	struct setting *list;
	size_t n;
	struct buf places;
};

/* Where the reading of a file is. */
struct reader {
	struct profiles *p;
	enum profile_file file;
	enum kind kind;
	char *section;         /* NULL before the first */
	size_t indent;         /* of the last line that continued nothing */
	char *name;            /* of the last setting, NULL right after a section */
	bool nested;           /* it had no value: indented lines are settings */
};

struct profiles *
profiles_new(void)
{
	return mem_new(sizeof(struct profiles));
}

static void
free_text(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

void
profiles_free(struct profiles *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n; i++) {
		free(p->list[i].section);
		free(p->list[i].name);
		free_text(p->list[i].value);
	}
	free(p->list);
	buf_free(&p->places);
	free(p);
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static struct span
trim(struct span s)
{
	while (s.n > 0 && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* The setting itself; in its section the last one counts, so it goes to the end. */
static void
add(struct reader *r, const char *name, struct span value)
{
	struct profiles *p = r->p;

	p->list = mem_grow(p->list, p->n + 1, sizeof *p->list);
	p->list[p->n++] = (struct setting){r->file, r->kind, mem_text(span_of(r->section)), mem_text(span_of(name)),
	    mem_text(value)};
}

/* Takes the word and the space after it off s. */
static bool
cut_word(struct span *s, const char *word)
{
	size_t n = strlen(word);

	if (s->n <= n || memcmp(s->p, word, n) != 0 || !is_space(s->p[n]))
		return false;
	*s = trim((struct span){s->p + n, s->n - n});
	return true;
}

/* [profile "my name"] may be quoted, as a shell would. */
static struct span
unquote(struct span s)
{
	if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
		return (struct span){s.p + 1, s.n - 2};
	return s;
}

static enum kind
kind_of(enum profile_file file, struct span *name)
{
	if (file == PROFILE_CREDENTIALS || cut_word(name, "profile"))
		return PROFILE;
	if (cut_word(name, "services"))
		return SERVICES;
	return span_is(*name, "default") ? PROFILE : OTHER;
}

/* "[profile NAME]"; what follows the bracket is left out. */
static const char *
read_section(struct reader *r, struct span line)
{
	const char *end = memrchr(line.p, ']', line.n);
	struct span name;

	if (end == NULL)
		return "the bracket of a section is not closed";
	name = trim((struct span){line.p + 1, (size_t)(end - line.p - 1)});
	if (name.n == 0)
		return "a section without a name";
	r->kind = kind_of(r->file, &name);
	if (r->file == PROFILE_CONFIG)
		name = unquote(name);
	free(r->section);
	r->section = mem_text(name);
	free(r->name);
	r->name = NULL;
	add(r, "", (struct span){"", 0});
	return NULL;
}

/* The first '=' or ':', or NULL. */
static const char *
find_equals(struct span line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '=' || line.p[i] == ':')
			return line.p + i;
	return NULL;
}

/* Splits "name = value".  False when there is no name or no '='. */
static bool
split(struct span line, struct span *name, struct span *value)
{
	const char *equals = find_equals(line);

	if (equals == NULL)
		return false;
	*name = trim((struct span){line.p, (size_t)(equals - line.p)});
	*value = trim((struct span){equals + 1, (size_t)(line.p + line.n - equals - 1)});
	return name->n > 0;
}

/* An indented line: a setting below r->name, or more of its value. */
static void
continue_setting(struct reader *r, struct span line)
{
	struct setting *last = &r->p->list[r->p->n - 1];
	struct buf b = {0};
	struct span name, value;

	if (r->nested && split(line, &name, &value)) {
		buf_fmt(&b, "%s.%.*s", r->name, (int)name.n, name.p);
		add(r, buf_text(&b), value);
		buf_free(&b);
		return;
	}
	buf_room(&b, strlen(last->value) + line.n + 2);        /* so that no copy is left behind by growth */
	buf_fmt(&b, "%s\n%.*s", last->value, (int)line.n, line.p);
	free_text(last->value);
	last->value = buf_take(&b);
}

static const char *
read_setting(struct reader *r, struct span line)
{
	struct span name, value;

	if (r->section == NULL)
		return "a setting before the first section";
	if (!split(line, &name, &value))
		return "neither [section] nor name = value";
	free(r->name);
	r->name = mem_text(name);
	r->nested = value.n == 0;
	add(r, r->name, value);
	return NULL;
}

static const char *
read_line(struct reader *r, struct span whole)
{
	struct span line = trim(whole);
	size_t indent = (size_t)(line.p - whole.p);

	if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
		return NULL;
	if (memchr(line.p, '\0', line.n) != NULL)
		return "a NUL byte";
	if (r->name != NULL && indent > r->indent) {
		continue_setting(r, line);
		return NULL;
	}
	r->indent = indent;
	return line.p[0] == '[' ? read_section(r, line) : read_setting(r, line);
}

const char *
profiles_parse(struct profiles *p, enum profile_file file, struct span text, size_t *line)
{
	struct reader r = {.p = p, .file = file};
	const char *why = NULL;

	*line = 0;
	if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0) {
		text.p += 3;
		text.n -= 3;
	}
	while (why == NULL && text.n > 0) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end != NULL ? (size_t)(end - text.p) : text.n;

		++*line;
		why = read_line(&r, (struct span){text.p, n});
		text.p += n + (end != NULL);
		text.n -= n + (end != NULL);
	}
	free(r.section);
	free(r.name);
	return why;
}

/* The whole of a file that is not too large, with errno when it cannot be read. */
static bool
read_all(int fd, struct buf *text)
{
	char *room = buf_room(text, PROFILE_FILE_BYTES + 1);
	ssize_t got;

	while (text->n <= PROFILE_FILE_BYTES && (got = read(fd, room + text->n, PROFILE_FILE_BYTES + 1 - text->n)) != 0) {
		if (got > 0)
			text->n += (size_t)got;
		else if (errno != EINTR)
			return false;
	}
	errno = EFBIG;
	return text->n <= PROFILE_FILE_BYTES;
}

static void
read_file(struct profiles *p, enum profile_file file, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct buf text = {0};
	const char *why;
	size_t line;

	buf_fmt(&p->places, "%s%s", p->places.n > 0 ? ", " : "", path);
	if (fd < 0) {
		buf_fmt(&p->places, " (%s)", strerror(errno));
		return;
	}
	if (!read_all(fd, &text))
		die(EX_CONFIG, "%s:", path);
	close(fd);
	why = profiles_parse(p, file, buf_span(&text), &line);
	explicit_bzero(text.p, text.n);
	buf_free(&text);
	if (why != NULL)
		die(EX_CONFIG, "%s: line %zu: %s", path, line, why);
}

/* The path that the environment names, or the one below the home directory; NULL without one. */
static char *
path_of(const char *variable, const char *usual)
{
	const char *named = getenv(variable), *home = getenv("HOME");
	struct buf b = {0};

	if (named == NULL || named[0] == '\0')
		named = usual;
	if (strncmp(named, "~/", 2) != 0)
		return mem_text(span_of(named));
	if (home == NULL || home[0] == '\0')
		return NULL;
	buf_fmt(&b, "%s/%s", home, named + 2);
	return buf_take(&b);
}

void
profiles_read(struct profiles *p)
{
	static const struct {
		enum profile_file file;
		const char *variable, *usual;
	} files[] = {
		{PROFILE_CONFIG, "AWS_CONFIG_FILE", "~/.aws/config"},
		{PROFILE_CREDENTIALS, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"},
	};

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char *path = path_of(files[i].variable, files[i].usual);

		if (path != NULL)
			read_file(p, files[i].file, path);
		else
			buf_fmt(&p->places, "%s%s (no HOME)", p->places.n > 0 ? ", " : "", files[i].usual);
		free(path);
	}
}

const char *
profiles_places(struct profiles *p)
{
	return buf_text(&p->places);
}

static bool
is_in(const struct setting *s, enum kind kind, const char *section)
{
	return s->kind == kind && strcmp(s->section, section) == 0;
}

static const char *
find(const struct profiles *p, enum profile_file file, enum kind kind, const char *section, const char *name)
{
	for (size_t i = p->n; i-- > 0;) {
		const struct setting *s = &p->list[i];

		if (s->file == file && is_in(s, kind, section) && strcasecmp(s->name, name) == 0)
			return s->value[0] != '\0' ? s->value : NULL;
	}
	return NULL;
}

bool
profile_exists(const struct profiles *p, const char *profile)
{
	for (size_t i = 0; i < p->n; i++)
		if (is_in(&p->list[i], PROFILE, profile))
			return true;
	return false;
}

const char *
profile_get_from(const struct profiles *p, enum profile_file file, const char *profile, const char *name)
{
	return find(p, file, PROFILE, profile, name);
}

const char *
profile_get(const struct profiles *p, const char *profile, const char *name)
{
	const char *value = find(p, PROFILE_CREDENTIALS, PROFILE, profile, name);

	return value != NULL ? value : find(p, PROFILE_CONFIG, PROFILE, profile, name);
}

const char *
profile_service(const struct profiles *p, const char *section, const char *name)
{
	return find(p, PROFILE_CONFIG, SERVICES, section, name);
}
