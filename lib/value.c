/* One JSON value in bytes: where it ends, and whether it is one. */
#include "value.h"

#include <string.h>

const char *
value_skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static const char *
skip_escape(const char *p, const char *end)
{
	if (p == end)
		return NULL;
	if (*p != 'u')
		return strchr("\"\\/bfnrt", *p) != NULL && *p != '\0' ? p + 1 : NULL;
	if (end - p < 5)
		return NULL;
	for (int i = 1; i < 5; i++)
		if (hex_digit(p[i]) < 0)
			return NULL;
	return p + 5;
}

const char *
value_skip_string(const char *p, const char *end)
{
	if (p == end || *p != '"')
		return NULL;
	for (p++; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p == '\\') {
			p = skip_escape(p + 1, end);
			if (p == NULL)
				return NULL;
			p--;
		}
	}
	return NULL;
}

static const char *
skip_digits(const char *p, const char *end)
{
	const char *from = p;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p > from ? p : NULL;
}

static const char *
skip_number(const char *p, const char *end)
{
	if (p < end && *p == '-')
		p++;
	if (p < end && *p == '0')
		p++;
	else
		p = skip_digits(p, end);
	if (p != NULL && p < end && *p == '.')
		p = skip_digits(p + 1, end);
	if (p != NULL && p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		p = skip_digits(p, end);
	}
	return p;
}

static const char *
skip_word(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - p) >= n && memcmp(p, word, n) == 0 ? p + n : NULL;
}

static const char *
skip_scalar(const char *p, const char *end)
{
	switch (*p) {
	case '"': return value_skip_string(p, end);
	case 't': return skip_word(p, end, "true");
	case 'f': return skip_word(p, end, "false");
	case 'n': return skip_word(p, end, "null");
	default: return skip_number(p, end);
	}
}

/* A member's name and colon; p is at the quote. */
static const char *
skip_name(const char *p, const char *end)
{
	p = value_skip_string(p, end);
	if (p == NULL)
		return NULL;
	p = value_skip_space(p, end);
	return p < end && *p == ':' ? value_skip_space(p + 1, end) : NULL;
}

const char *
value_skip(const char *p, const char *end)
{
	char open[VALUE_MAX_DEPTH];
	int depth = 0;

	for (;;) {
		/* p is where a value starts. */
		if (p == end)
			return NULL;
		if (*p == '{' || *p == '[') {
			char close = *p == '{' ? '}' : ']';

			if (depth == VALUE_MAX_DEPTH)
				return NULL;
			open[depth++] = close;
			p = value_skip_space(p + 1, end);
			if (p == end)
				return NULL;
			if (*p != close) {
				if (close == '}' && (p = skip_name(p, end)) == NULL)
					return NULL;
				continue;
			}
			p++;
			depth--;
		} else if ((p = skip_scalar(p, end)) == NULL) {
			return NULL;
		}
		/* p is after a value: close what it ends, or go to the next. */
		for (;;) {
			if (depth == 0)
				return p;
			p = value_skip_space(p, end);
			if (p == end)
				return NULL;
			if (*p == open[depth - 1]) {
				p++;
				depth--;
				continue;
			}
			if (*p != ',')
				return NULL;
			p = value_skip_space(p + 1, end);
			if (open[depth - 1] == '}' && (p = skip_name(p, end)) == NULL)
				return NULL;
			break;
		}
	}
}

bool
value_is_object(struct span s)
{
	const char *end = s.p + s.n, *p = value_skip_space(s.p, end);

	if (p == end || *p != '{' || (p = value_skip(p, end)) == NULL)
		return false;
	return value_skip_space(p, end) == end;
}

void
value_compact(struct buf *b, struct span s)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end) {
		const char *from = p;

		if (*p == '"') {
			p = value_skip_string(p, end);
			if (p == NULL)
				p = end;
		} else {
			while (p < end && *p != '"' && *p != ' ' && *p != '\t' && *p != '\n' && *p != '\r')
				p++;
		}
		buf_add(b, from, (size_t)(p - from));
		p = value_skip_space(p, end);
	}
}

static unsigned
hex4(const char *p)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 4 | (unsigned)hex_digit(p[i]);
	return v;
}

static void
add_utf8(struct buf *b, unsigned c)
{
	if (c < 0x80) {
		buf_byte(b, (char)c);
	} else if (c < 0x800) {
		buf_byte(b, (char)(0xc0 | c >> 6));
		buf_byte(b, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buf_byte(b, (char)(0xe0 | c >> 12));
		buf_byte(b, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_byte(b, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_byte(b, (char)(0xf0 | c >> 18));
		buf_byte(b, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_byte(b, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_byte(b, (char)(0x80 | (c & 0x3f)));
	}
}

/* Decodes the escape at p, which value_skip has checked; returns what follows it. */
static const char *
decode_escape(struct buf *b, const char *p, const char *end)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	unsigned c, low;

	p++;
	if (*p != 'u') {
		buf_byte(b, to[strchr(from, *p) - from]);
		return p + 1;
	}
	c = hex4(p + 1);
	p += 5;
	if (c >= 0xd800 && c < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
		low = hex4(p + 2);
		if (low >= 0xdc00 && low < 0xe000) {
			add_utf8(b, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
			return p + 6;
		}
	}
	add_utf8(b, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
	return p;
}

struct span
value_text(struct span raw, struct buf *tmp)
{
	struct span s;
	const char *p, *end;

	if (raw.n < 2 || raw.p[0] != '"')
		return raw;
	s = (struct span){raw.p + 1, raw.n - 2};
	if (s.n == 0 || memchr(s.p, '\\', s.n) == NULL)
		return s;
	buf_reset(tmp);
	for (p = s.p, end = s.p + s.n; p < end;) {
		if (*p == '\\')
			p = decode_escape(tmp, p, end);
		else
			buf_byte(tmp, *p++);
	}
	return buf_span(tmp);
}
