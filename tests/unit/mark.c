/* Marks, one by one.  The rules of whole streams are in the fixtures of the stages. */
#include "mark.h"

#include <string.h>

#include "tap.h"

static const struct {
	const char *line;
	const char *why;    /* NULL: it is a mark */
} lines[] = {
	{"{\"_cur\":\"begin\",\"v\":1}", NULL},
	{"{\"_cur\":\"begin\",\"v\":1,\"export\":null,\"period\":null,\"x\":{\"y\":[1]}}", NULL},
	{"{\"_cur\":\"begin\",\"v\":1,\"export\":\"a\",\"period\":\"2024-12\",\"parts\":9007199254740991}", NULL},
	{"{\"_cur\":\"begin\",\"v\":2}", "another version"},
	{"{\"_cur\":\"begin\"}", "another version"},
	{"{\"_cur\":\"begin\",\"v\":1,\"export\":\"\"}", "neither text nor null"},
	{"{\"_cur\":\"begin\",\"v\":1,\"export\":7}", "neither text nor null"},
	{"{\"_cur\":\"begin\",\"v\":1,\"delivered\":[]}", "neither text nor null"},
	{"{\"_cur\":\"begin\",\"v\":1,\"period\":\"2024-13\"}", "neither YYYY-MM"},
	{"{\"_cur\":\"begin\",\"v\":1,\"period\":\"2024-00\"}", "neither YYYY-MM"},
	{"{\"_cur\":\"begin\",\"v\":1,\"period\":\"2024-1\"}", "neither YYYY-MM"},
	{"{\"_cur\":\"begin\",\"v\":1,\"period\":\"../../x\"}", "neither YYYY-MM"},
	{"{\"_cur\":\"begin\",\"v\":1,\"period\":202401}", "neither YYYY-MM"},
	{"{\"_cur\":\"begin\",\"v\":1,\"parts\":-1}", "a count that is none"},
	{"{\"_cur\":\"begin\",\"v\":1,\"parts\":1.0}", "a count that is none"},
	{"{\"_cur\":\"end\",\"items\":9007199254740992}", "a count that is none"},
	{"{\"_cur\":\"end\",\"items\":\"7\"}", "a count that is none"},
	{"{\"_cur\":\"part\",\"path\":\"x\"}", NULL},
	{"{\"_cur\":\"part\"}", "without a path"},
	{"{\"_cur\":\"part\",\"path\":\"x\",\"bytes\":\"many\"}", "bytes are no count"},
	{"{\"_cur\":\"eos\",\"deliveries\":0}", NULL},
	{"{\"_cur\":\"eos\"}", "without its count"},
	{"{\"_cur\":\"beginning\"}", "unknown kind"},
	{"{\"_cur\":1}", "unknown kind"},
	{"{\"_cur\":\"eos\",\"deliveries\":0", "no JSON"},
	{"{\"_cur\":\"eos\",\"deliveries\":0,\"deliveries\":1}", "no JSON"},
	{"{\"_cur\":\"eos\",\"deliveries\":0}x", "no JSON"},
	{"{\"_cur\":\"eos\",\"deliveries\":123456789012345678901234567890}", "no JSON"},
	{"{\"_cur\":", "no JSON"},
};

static const char *const bad_exports[] = {"", ".", "..", "a/b", "a\nb", "\x7f"};

int
main(void)
{
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		enum mark_kind kind;
		json_t *json = NULL;
		const char *why = mark_parse(span_of(lines[i].line), &kind, &json);

		ok(lines[i].why == NULL ? why == NULL : why != NULL && strstr(why, lines[i].why) != NULL, "%s: %s",
		    lines[i].line, why != NULL ? why : "a mark");
		json_decref(json);
	}
	ok(mark_is(span_of("{\"_cur\":\"x\"}")), "a line that begins with _cur is a mark");
	ok(!mark_is(span_of("{ \"_cur\":\"x\"}")) && !mark_is(span_of("{\"_cu")) && !mark_is(span_of("")),
	    "no other line is");
	for (size_t i = 0; i < sizeof bad_exports / sizeof *bad_exports; i++)
		ok(mark_bad_export(bad_exports[i]) != NULL, "bad export %zu is refused", i);
	ok(mark_bad_export("Hourly report (2024)_v1.0-ü") == NULL, "any other name is taken");
	return tap_end();
}
