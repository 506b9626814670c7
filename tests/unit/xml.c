/* xml: replies as S3 and STS give them, and documents that are none. */
#include "xml.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* path=text; for each element, path; for the end of one with children. */
static const char *
note(void *arg, const char *path, struct span text)
{
	struct buf *b = arg;

	if (strcmp(path, "r/stop") == 0)
		return "stopped";
	buf_str(b, path);
	if (text.p != NULL)
		buf_byte(b, '=');
	buf_span_add(b, text);
	buf_byte(b, ';');
	return NULL;
}

static const struct {
	const char *name, *xml, *notes, *why;      /* why NULL: any reason will do */
} cases[] = {
	{"a list", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name><Prefix/>"
	    "<Contents><Key>a%3Db</Key><Size>1</Size></Contents>\n  <Contents><Key>c</Key></Contents></ListBucketResult>",
	    "ListBucketResult/Name=b;ListBucketResult/Prefix=;ListBucketResult/Contents/Key=a%3Db;"
	    "ListBucketResult/Contents/Size=1;ListBucketResult/Contents;ListBucketResult/Contents/Key=c;"
	    "ListBucketResult/Contents;ListBucketResult;", ""},
	{"XML's own entities and references", "<r><a>&lt;&amp;&gt;&quot;&apos;&#x41;&#66;</a></r>", "r/a=<&>\"'AB;r;", ""},
	{"a section", "<r><a><![CDATA[<&>]]>x</a></r>", "r/a=<&>x;r;", ""},
	{"spaces in a text stay", "<r><a> b\r\n c </a></r>", "r/a= b\n c ;r;", ""},
	{"spaces before the declaration", " \n\t<?xml version=\"1.0\"?><r/>", "r=;", ""},
	{"text beside children is none", "<r>x<a>1</a>y</r>", "r/a=1;r;", ""},
	{"comments and attributes are left out", "<r a=\"1\"><!-- b --><c d=\"2\">3</c></r>", "r/c=3;r;", ""},
	{"UTF-8", "<r><a>\xc3\xbc\xe6\x97\xa5</a></r>", "r/a=\xc3\xbc\xe6\x97\xa5;r;", ""},
	{"a reader that stops", "<r><a>1</a><stop/><b>2</b></r>", "r/a=1;", "stopped"},
	{"a document type", "<!DOCTYPE r><r/>", "", "the XML has a document type"},
	{"an entity of its own", "<!DOCTYPE r [<!ENTITY e \"x\">]><r><a>&e;</a></r>", "", "the XML has a document type"},
	{"an entity of nobody", "<r><a>&e;</a></r>", NULL, NULL},
	{"a cut one", "<r><a>1</a>", "r/a=1;", NULL},
	{"nothing", "", "", "there is no XML"},
	{"spaces alone", "  \n", "", "there is no XML"},
	{"two roots", "<r/><r/>", NULL, NULL},
	{"a page for people", "<html><body><p>hello<br></body></html>", NULL, NULL},
	{"JSON", "{\"a\":1}", "", NULL},
	{"bad UTF-8", "<r><a>\xff</a></r>", "", NULL},
	{"too deep", "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a>",
	    "", "the XML is nested too deep"},
};

static void
check_limits(void)
{
	struct buf b = {0}, got = {0};

	buf_str(&b, "<r><a>");
	for (size_t i = 0; i <= XML_TEXT_BYTES; i++)
		buf_byte(&b, 'x');
	buf_str(&b, "</a></r>");
	ok(xml_read(buf_span(&b), note, &got) != NULL && got.n == 0, "a text that is too long");
	buf_reset(&b);
	buf_str(&b, "<r>");
	while (b.n <= XML_BYTES)
		buf_str(&b, "<a>x</a>");
	buf_str(&b, "</r>");
	ok(xml_read(buf_span(&b), note, &got) != NULL && got.n == 0, "a document that is too long");
	buf_free(&b);
	buf_free(&got);
}

static void
check_find(void)
{
	static const char xml[] = "<A><B><C>1</C><C>2</C></B><D>3</D></A>";
	struct buf got = {0};

	buf_str(&got, "x");
	ok(xml_find(span_of(xml), "A/B/C", &got) && strcmp(buf_text(&got), "x1") == 0, "the first of a path is found");
	ok(!xml_find(span_of(xml), "A/B", &got) && !xml_find(span_of(xml), "C", &got) && got.n == 2, "other paths are not");
	ok(!xml_find(span_of("<A><D>3</D>"), "A/D", &got) && got.n == 2, "nor is anything in a cut document");
	buf_free(&got);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf got = {0};
		const char *why = xml_read(span_of(cases[i].xml), note, &got);
		bool right = cases[i].why == NULL ? why != NULL :
		    strcmp(why != NULL ? why : "", cases[i].why) == 0;

		if (!ok(right && (cases[i].notes == NULL || strcmp(buf_text(&got), cases[i].notes) == 0), "%s", cases[i].name))
			printf("# %s: %s\n", why != NULL ? why : "", buf_text(&got));
		buf_free(&got);
	}
	check_limits();
	check_find();
	return tap_end();
}
