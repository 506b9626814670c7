/* Reads the replies of S3 and STS: the text of every element, by the element's path. */
#include "xml.h"

#include <expat.h>
#include <string.h>

#include "die.h"

struct xml {
	XML_Parser parser;
	xml_each *each;
	void *arg;
	struct buf path, text;
	int depth;
	bool leaf;             /* no child has begun since the last start */
	const char *why;
};

/* Expat may still call after this, so every handler looks at why. */
static void
stop(struct xml *x, const char *why)
{
	if (x->why == NULL)
		x->why = why;
	XML_StopParser(x->parser, XML_FALSE);
}

static void XMLCALL
start_element(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct xml *x = arg;
	size_t n = strlen(name);

	(void)attributes;
	if (x->why != NULL)
		return;
	if (x->depth == XML_DEPTH || n > XML_TEXT_BYTES - x->path.n) {
		stop(x, "the XML is nested too deep");
		return;
	}
	if (x->depth++ > 0)
		buf_byte(&x->path, '/');
	buf_add(&x->path, name, n);
	buf_reset(&x->text);
	x->leaf = true;
}

static void XMLCALL
add_text(void *arg, const XML_Char *p, int n)
{
	struct xml *x = arg;

	if (x->why != NULL)
		return;
	if ((size_t)n > XML_TEXT_BYTES - x->text.n)
		stop(x, "a text in the XML is too long");
	else
		buf_add(&x->text, p, (size_t)n);
}

static void XMLCALL
end_element(void *arg, const XML_Char *name)
{
	struct xml *x = arg;
	size_t n = strlen(name);
	struct span text = {NULL, 0};
	const char *why;

	if (x->why != NULL)
		return;
	if (x->leaf)
		text = (struct span){buf_text(&x->text), x->text.n};
	why = x->each(x->arg, buf_text(&x->path), text);
	if (why != NULL) {
		stop(x, why);
		return;
	}
	x->depth--;
	x->path.n -= n + (x->depth > 0);
	buf_reset(&x->text);
	x->leaf = false;
}

static void XMLCALL
refuse_doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal)
{
	(void)name, (void)system, (void)public, (void)internal;
	stop(arg, "the XML has a document type");
}

/* S3 keeps a connection alive with spaces while it works; a declaration must come first all the same. */
static struct span
without_space(struct span s)
{
	while (s.n > 0 && strchr(" \t\r\n", *s.p) != NULL && *s.p != '\0') {
		s.p++;
		s.n--;
	}
	return s;
}

static const char *
parse(struct xml *x, struct span bytes)
{
	XML_SetUserData(x->parser, x);
	XML_SetElementHandler(x->parser, start_element, end_element);
	XML_SetCharacterDataHandler(x->parser, add_text);
	XML_SetStartDoctypeDeclHandler(x->parser, refuse_doctype);
	if (XML_Parse(x->parser, bytes.p, (int)bytes.n, XML_TRUE) == XML_STATUS_ERROR && x->why == NULL)
		return XML_ErrorString(XML_GetErrorCode(x->parser));
	return x->why;
}

const char *
xml_read(struct span bytes, xml_each *each, void *arg)
{
	struct xml x = {.each = each, .arg = arg};
	const char *why;

	bytes = without_space(bytes);
	if (bytes.n == 0)
		return "there is no XML";
	if (bytes.n > XML_BYTES)
		return "the XML is too long";
	x.parser = XML_ParserCreate(NULL);
	if (x.parser == NULL)
		die(EX_OSERR, "no memory for reading XML");
	why = parse(&x, bytes);
	XML_ParserFree(x.parser);
	/* It may have held a key of STS. */
	if (x.text.p != NULL)
		explicit_bzero(x.text.p, x.text.cap);
	buf_free(&x.text);
	buf_free(&x.path);
	return why;
}

struct find {
	const char *path;
	struct buf *text;
	bool found;
};

static const char *
find_each(void *arg, const char *path, struct span text)
{
	struct find *f = arg;

	if (!f->found && text.p != NULL && strcmp(path, f->path) == 0) {
		buf_span_add(f->text, text);
		f->found = true;
	}
	return NULL;
}

bool
xml_find(struct span bytes, const char *path, struct buf *text)
{
	struct find f = {.path = path, .text = text};
	size_t before = text->n;

	if (xml_read(bytes, find_each, &f) == NULL && f.found)
		return true;
	text->n = before;
	return false;
}
