/* Events as a table: which objects they name. */
#include "../../cur-fetch/event.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define S3(name, key) \
	"{'eventVersion':'2.1','eventSource':'aws:s3','eventName':'" name \
	"','s3':{'bucket':{'name':'b'},'object':{'key':'" key "'}}}"
#define ONE(name, key) "{'Records':[" S3(name, key) "]}"
#define BRIDGE(type, key) \
	"{'version':'0','source':'aws.s3','detail-type':'" type \
	"','detail':{'bucket':{'name':'b'},'object':{'key':'" key "'}}}"
#define ENCODING "its key is not form-urlencoded"

/* ' stands for ".  want: the reason, or the objects and what is skipped. */
static const struct {
	const char *name, *json, *want;
} rows[] = {
    {"a notification", ONE("ObjectCreated:Put", "p/x-Manifest.json"), "[b p/x-Manifest.json]"},
    {"the key is decoded", ONE("ObjectCreated:Put", "a+b/BILLING_PERIOD%3D2024-01/15%3a24%2B%25"),
        "[b a b/BILLING_PERIOD=2024-01/15:24+%]"},
    {"UTF-8 in a key", ONE("ObjectCreated:Copy", "%C3%A9"), "[b \xc3\xa9]"},
    {"many parts", ONE("ObjectCreated:CompleteMultipartUpload", "x"), "[b x]"},
    {"two records", "{'Records':[" S3("ObjectCreated:Put", "x") "," S3("ObjectCreated:Put", "y") "]}",
        "[b x][b y]"},
    {"a later minor version",
        "{'Records':[{'eventVersion':'2.6','eventSource':'aws:s3','eventName':'ObjectCreated:Put','more':1,"
        "'s3':{'bucket':{'name':'b'},'object':{'key':'x'}}}]}", "[b x]"},
    {"removed", ONE("ObjectRemoved:Delete", "x"), "[no object was created]"},
    {"no records", "{'Records':[]}", ""},
    {"a test event", "{'Service':'Amazon S3','Event':'s3:TestEvent','Bucket':'b'}", "[it is a test event]"},
    {"EventBridge", BRIDGE("Object Created", "p/x"), "[b p/x]"},
    {"EventBridge does not encode", BRIDGE("Object Created", "a+b%3D"), "[b a+b%3D]"},
    {"EventBridge, deleted", BRIDGE("Object Deleted", "x"), "[no object was created]"},

    {"half a percent", ONE("ObjectCreated:Put", "a%2"), ENCODING},
    {"a bare percent", ONE("ObjectCreated:Put", "a%"), ENCODING},
    {"no hex", ONE("ObjectCreated:Put", "a%zz"), ENCODING},
    {"a NUL", ONE("ObjectCreated:Put", "a%00"), ENCODING},
    {"not UTF-8", ONE("ObjectCreated:Put", "a%ff"), "its key is not UTF-8"},
    {"no key", ONE("ObjectCreated:Put", ""), "it names no bucket and key"},
    {"no s3", "{'Records':[{'eventVersion':'2.1','eventSource':'aws:s3','eventName':'ObjectCreated:Put'}]}",
        "it names no bucket and key"},
    {"no event name", "{'Records':[{'eventVersion':'2.1','eventSource':'aws:s3'}]}", "it has no eventName"},
    {"another major version", "{'Records':[{'eventVersion':'3.0','eventSource':'aws:s3'}]}",
        "its eventVersion is not 2.x"},
    {"version 20", "{'Records':[{'eventVersion':'20','eventSource':'aws:s3'}]}", "its eventVersion is not 2.x"},
    {"no version", "{'Records':[{'eventSource':'aws:s3'}]}", "its eventVersion is not 2.x"},
    {"wrapped by SQS", "{'Records':[{'eventSource':'aws:sqs','body':'{}'}]}",
        "it is not from S3: what SNS or SQS wrapped is not unwrapped here"},
    {"wrapped by SNS", "{'Records':[{'EventSource':'aws:sns'}]}",
        "it is not from S3: what SNS or SQS wrapped is not unwrapped here"},
    {"another record after a good one", "{'Records':[" S3("ObjectCreated:Put", "x") ",7]}",
        "it is not from S3: what SNS or SQS wrapped is not unwrapped here"},
    {"records that are no list", "{'Records':{}}", "its Records are no list"},
    {"EventBridge, another service", "{'source':'aws.ec2','detail-type':'Object Created'}",
        "it is an EventBridge event, and not from S3"},
    {"EventBridge, no detail", "{'source':'aws.s3','detail-type':'Object Created'}", "it names no bucket and key"},
    {"another event", "{'Event':'x'}", "it is neither a notification of S3 nor an event of EventBridge"},
    {"an object", "{}", "it is neither a notification of S3 nor an event of EventBridge"},
    {"an array", "[]", "it is neither a notification of S3 nor an event of EventBridge"},
    {"garbage", "{x", "it is no JSON, or names a member twice"},
    {"two documents", "{}{}", "it is no JSON, or names a member twice"},
    {"nothing", "", "it is no JSON, or names a member twice"},
};

static char *
quoted(const char *json)
{
	char *s = mem_text(span_of(json));

	for (char *q = s; *q != '\0'; q++)
		if (*q == '\'')
			*q = '"';
	return s;
}

static void
check(size_t i)
{
	struct buf got = {0};
	struct events es;
	char *json = quoted(rows[i].json);
	const char *why = events_parse(&es, span_of(json));

	for (size_t k = 0; why == NULL && k < es.n; k++) {
		const struct event *e = &es.all[k];

		if (e->skip != NULL)
			buf_fmt(&got, "[%s]", e->skip);
		else
			buf_fmt(&got, "[%s %s]", e->bucket, e->key);
	}
	if (why != NULL)
		buf_str(&got, why);
	if (!ok(strcmp(buf_text(&got), rows[i].want) == 0, "%s", rows[i].name))
		printf("# got    %s\n# wanted %s\n", buf_text(&got), rows[i].want);
	events_free(&es);
	buf_free(&got);
	free(json);
}

static const struct {
	const char *json;
	bool is;
} kinds[] = {
    {"{'Records':[]}", true}, {"{'detail-type':'x'}", true}, {"{'Event':'s3:TestEvent'}", true},
    {"{'reportKeys':[]}", false}, {"[]", false}, {"{", false}, {"", false},
};

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check(i);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		char *json = quoted(kinds[i].json);

		ok(event_is(span_of(json)) == kinds[i].is, "%s is %s event", kinds[i].json, kinds[i].is ? "an" : "no");
		free(json);
	}
	return tap_end();
}
