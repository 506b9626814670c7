/* Manifests and the files they name, as a table: what is read, and what is refused. */
#include "../../cur-fetch/layout.h"
#include "../../cur-fetch/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "day.h"
#include "tap.h"

#define L "m/x/20240101-20240201"
#define E "m/x/metadata/BILLING_PERIOD=2024-01"
#define X "m/x/metadata/"
#define OUTSIDE "it names parts outside its own bucket or prefix"
#define DOTS "it names a part with '.' or '..' in its key"
#define ARN "arn:aws:bcm-data-exports:us-east-1:123456789012:export/daily-01234567-89ab-cdef-0123-456789abcdef"

/*
 * In the JSON ' stands for ".  `want` is the reason, or
 * "export period version delivered source" and the paths of the parts.
 */
static const struct {
	const char *name, *folder, *file, *json, *want;
} rows[] = {
    {"legacy, create new", L, "hourly-Manifest.json",
        "{'assemblyId':'20240117T053012Z','bucket':'b','reportName':'hourly','billingPeriod':{'start':'20240101T000000.000Z'},"
        "'reportKeys':['p/hourly/20240101-20240201/20240117T053012Z/hourly-00001.csv.gz',"
        "'p/hourly/20240101-20240201/20240117T053012Z/hourly-00002.csv.gz']}",
        "hourly 2024-01 20240117T053012Z 2024-01-17T05:30:12Z s3://b/p/hourly"
        " " L "/20240117T053012Z/hourly-00001.csv.gz " L "/20240117T053012Z/hourly-00002.csv.gz"},
    {"legacy, overwrite, an id that is no time", L, "h-Manifest.json",
        "{'assemblyId':'aa1ddccb','bucket':'b','reportKeys':['h/20240101-20240201/h-1.csv.zip']}",
        "h 2024-01 aa1ddccb - s3://b/h " L "/h-1.csv.zip"},
    {"legacy, version-level folder", L "/20240117T053012Z", "h-Manifest.json",
        "{'bucket':'b','reportKeys':['h/20240101-20240201/20240117T053012Z/h-1.csv.gz']}",
        "h 2024-01 - - s3://b/h " L "/20240117T053012Z/h-1.csv.gz"},
    {"legacy, no prefix: keys begin with a slash", L, "h-Manifest.json",
        "{'bucket':'b','reportKeys':['/h/20240101-20240201/h-1.csv.gz']}",
        "h 2024-01 - - s3://b//h " L "/h-1.csv.gz"},
    {"legacy, empty names in a key", L, "h-Manifest.json",
        "{'bucket':'b','reportKeys':['p//h//20240101-20240201//v//h-1.csv.gz']}",
        "h 2024-01 - - s3://b/p//h " L "/v/h-1.csv.gz"},
    {"legacy, at the top of the bucket", L, "h-Manifest.json",
        "{'bucket':'b','reportKeys':['20240101-20240201/h-1.csv.gz']}", "h 2024-01 - - s3://b " L "/h-1.csv.gz"},
    {"legacy, the guide's last day in the folder's name", "x/20240101-20240131", "h-Manifest.json",
        "{'bucket':'b','reportKeys':['20240101-20240131/h-1.csv.gz'],'billingPeriod':{'start':'20240101T000000.000Z'}}",
        "h 2024-01 - - s3://b x/20240101-20240131/h-1.csv.gz"},
    {"legacy, a prefix that looks like a period", L, "h-Manifest.json",
        "{'bucket':'b','reportKeys':['20230101-20230201/h/20240101-20240201/h-1.csv.gz']}",
        "h 2024-01 - - s3://b/20230101-20230201/h " L "/h-1.csv.gz"},
    {"legacy, a part that looks like a period", L, "h-Manifest.json",
        "{'bucket':'b','reportKeys':['h/20240101-20240201/20230101-20230201']}",
        "h 2024-01 - - s3://b/h " L "/20230101-20230201"},
    {"percent signs, colons and equals signs are what they are", L, "h-Manifest.json",
        "{'bucket':'b','reportKeys':['h/20240101-20240201/a%2Fb:c=d+e f.csv']}",
        "h 2024-01 - - s3://b/h " L "/a%2Fb:c=d+e f.csv"},
    {"dots inside names are no '..'", L, "h-Manifest.json",
        "{'bucket':'b','reportKeys':['h/20240101-20240201/..a/...']}", "h 2024-01 - - s3://b/h " L "/..a/..."},
    {"no parts", L, "h-Manifest.json", "{'bucket':'b','reportKeys':[]}", "h 2024-01 - - -"},
    {"no bucket", L, "h-Manifest.json", "{'reportKeys':['h/20240101-20240201/h-1.csv']}",
        "h 2024-01 - - - " L "/h-1.csv"},
    {"unknown members, columns without type, null", L, "h-Manifest.json",
        "{'zz':{'a':[1,2.5,true]},'columns':[{'category':'bill','name':'X'}],'reportName':null,'assemblyId':'','reportKeys':[]}",
        "h 2024-01 - - -"},
    {"the name in the manifest goes before the file's", L, "other-Manifest.json",
        "{'reportName':'hourly','reportKeys':[]}", "hourly 2024-01 - - -"},

    {"Data Exports, create new", E, "daily-Manifest.json",
        "{'executionId':'04e9-x','exportArn':'" ARN "','dataFiles':['s3://b/p/daily/data/BILLING_PERIOD=2024-01/"
        "2024-01-16T15:24:15.653Z-04e9-x/daily-00001.csv.gz']}",
        "daily 2024-01 04e9-x 2024-01-16T15:24:15Z " ARN
        " m/x/data/BILLING_PERIOD=2024-01/2024-01-16T15:24:15.653Z-04e9-x/daily-00001.csv.gz"},
    {"Data Exports, version-level folder", E "/2024-01-16T15:24:15.653Z-04e9-x", "daily-Manifest.json",
        "{'executionId':'04e9-x','dataFiles':['s3://b/daily/data/BILLING_PERIOD=2024-01/daily-00001.csv.gz']}",
        "daily 2024-01 04e9-x - s3://b/daily m/x/data/BILLING_PERIOD=2024-01/daily-00001.csv.gz"},
    {"Data Exports, Manifest.json has its name in the ARN", E, "Manifest.json",
        "{'exportArn':'" ARN "','dataFiles':['s3://b/daily/data/BILLING_PERIOD=2024-01/daily-00001.csv.gz']}",
        "daily 2024-01 - - " ARN " m/x/data/BILLING_PERIOD=2024-01/daily-00001.csv.gz"},
    {"Data Exports, lower case, as FOCUS has it", X "billing_period=2024-01", "f-Manifest.json",
        "{'dataFiles':['s3://b/f/data/billing_period=2024-01/f-00001.csv.gz']}",
        "f 2024-01 - - s3://b/f m/x/data/billing_period=2024-01/f-00001.csv.gz"},
    {"Data Exports, the period in the keys alone", X "january", "f-Manifest.json",
        "{'dataFiles':['s3://b/f/data/billing_period=2024-01/f-00001.csv.gz']}",
        "f 2024-01 - - s3://b/f m/x/data/billing_period=2024-01/f-00001.csv.gz"},
    {"Data Exports, prefixes named data", E, "f-Manifest.json",
        "{'dataFiles':['s3://b/data/BILLING_PERIOD=2023-01/data/data/BILLING_PERIOD=2024-01/f-00001.csv.gz']}",
        "f 2024-01 - - s3://b/data/BILLING_PERIOD=2023-01/data m/x/data/BILLING_PERIOD=2024-01/f-00001.csv.gz"},
    {"a manifest with both sets of members: dataFiles win", E, "f-Manifest.json",
        "{'assemblyId':'a','executionId':'e','reportKeys':['z'],"
        "'dataFiles':['s3://b/data/BILLING_PERIOD=2024-01/f-1.csv.gz']}",
        "f 2024-01 e - s3://b m/x/data/BILLING_PERIOD=2024-01/f-1.csv.gz"},

    {"another prefix", L, "h-Manifest.json",
        "{'bucket':'b','reportKeys':['h/20240101-20240201/1.csv','i/20240101-20240201/2.csv']}", OUTSIDE},
    {"another period folder", L, "h-Manifest.json",
        "{'bucket':'b','reportKeys':['h/20240201-20240301/1.csv']}", OUTSIDE},
    {"another end of the period folder", L, "h-Manifest.json",
        "{'bucket':'b','reportKeys':['h/20240101-20240131/1.csv']}", OUTSIDE},
    {"no period folder", L, "h-Manifest.json", "{'bucket':'b','reportKeys':['h/1.csv']}", OUTSIDE},
    {"the period folder as a part", L, "h-Manifest.json", "{'reportKeys':['h/20240101-20240201']}", OUTSIDE},
    {"another bucket", E, "f-Manifest.json",
        "{'dataFiles':['s3://b/data/BILLING_PERIOD=2024-01/1','s3://c/data/BILLING_PERIOD=2024-01/2']}", OUTSIDE},
    {"another bucket than the manifest says", E, "f-Manifest.json",
        "{'bucket':'a','dataFiles':['s3://b/data/BILLING_PERIOD=2024-01/1']}", OUTSIDE},
    {"another partition", E, "f-Manifest.json", "{'dataFiles':['s3://b/data/BILLING_PERIOD=2024-02/1']}", OUTSIDE},
    {"two spellings of the partition", E, "f-Manifest.json",
        "{'dataFiles':['s3://b/data/BILLING_PERIOD=2024-01/1','s3://b/data/billing_period=2024-01/2']}", OUTSIDE},
    {"another export", E, "f-Manifest.json",
        "{'dataFiles':['s3://b/f/data/BILLING_PERIOD=2024-01/1','s3://b/g/data/BILLING_PERIOD=2024-01/2']}", OUTSIDE},
    {"a part in the metadata", E, "f-Manifest.json",
        "{'dataFiles':['s3://b/f/metadata/BILLING_PERIOD=2024-01/1']}", OUTSIDE},
    {"twice", L, "h-Manifest.json",
        "{'reportKeys':['h/20240101-20240201/1.csv','h/20240101-20240201/2.csv','h/20240101-20240201/1.csv']}",
        "it names a part twice"},
    {"twice, but for an empty name", L, "h-Manifest.json",
        "{'reportKeys':['h/20240101-20240201/v/1.csv','h/20240101-20240201/v//1.csv']}", "it names a part twice"},
    {"up and out", L, "h-Manifest.json", "{'reportKeys':['h/20240101-20240201/../../x']}", DOTS},
    {"up at the front", L, "h-Manifest.json", "{'reportKeys':['../20240101-20240201/x']}", DOTS},
    {"up at the end", L, "h-Manifest.json", "{'reportKeys':['h/20240101-20240201/..']}", DOTS},
    {"a dot", E, "f-Manifest.json", "{'dataFiles':['s3://b/./data/BILLING_PERIOD=2024-01/x']}", DOTS},
    {"a folder", L, "h-Manifest.json", "{'reportKeys':['h/20240101-20240201/x/']}", "it names a folder as a part"},
    {"an empty key", L, "h-Manifest.json", "{'reportKeys':['']}", "it names a part without a key"},
    {"a NUL", L, "h-Manifest.json", "{'reportKeys':['h/20240101-20240201/a\\u0000b']}",
        "it is no JSON, or names a member twice"},
    {"a key that is no text", L, "h-Manifest.json", "{'reportKeys':[1]}", "it names a part that is no text"},
    {"keys that are no list", L, "h-Manifest.json", "{'reportKeys':'x'}", "its list of parts is none"},
    {"an address among reportKeys", L, "h-Manifest.json", "{'reportKeys':['s3://b/h/20240101-20240201/x']}",
        "its reportKeys are s3:// addresses, not keys"},
    {"a key among dataFiles", E, "f-Manifest.json", "{'dataFiles':['f/data/BILLING_PERIOD=2024-01/x']}",
        "its dataFiles are no s3:// addresses"},
    {"an address without a key", E, "f-Manifest.json", "{'dataFiles':['s3://b']}",
        "it names a part without bucket or key"},
    {"an address without a bucket", E, "f-Manifest.json", "{'dataFiles':['s3:///data/BILLING_PERIOD=2024-01/x']}",
        "it names a part without bucket or key"},
    {"an address with an empty key", E, "f-Manifest.json", "{'dataFiles':['s3://b/']}",
        "it names a part without a key"},
    {"another month than the folder's", L, "h-Manifest.json",
        "{'reportKeys':[],'billingPeriod':{'start':'20240201T000000.000Z'}}",
        "its billingPeriod is another than its folder's"},
    {"a month that is none", L, "h-Manifest.json", "{'reportKeys':[],'billingPeriod':{'start':'January'}}",
        "its billingPeriod.start is no time"},
    {"a start that is no text", L, "h-Manifest.json", "{'reportKeys':[],'billingPeriod':{'start':1}}",
        "its billingPeriod.start is no text"},
    {"no period anywhere", X "january", "f-Manifest.json", "{'dataFiles':['s3://b/f/data/january/1']}",
        "neither its folder nor its parts say which billing period it is of"},
    {"no period anywhere, no parts", X "january", "f-Manifest.json", "{'dataFiles':[]}",
        "neither its folder nor its parts say which billing period it is of"},
    {"legacy in a folder of Data Exports", E, "f-Manifest.json", "{'reportKeys':[]}",
        "a legacy manifest stands in no folder of a billing period"},
    {"Data Exports in a legacy folder", L, "f-Manifest.json", "{'dataFiles':[]}",
        "a manifest of Data Exports stands in no folder of a partition"},
    {"nowhere", "tmp", "f-Manifest.json", "{'reportKeys':[]}",
        "a legacy manifest stands in no folder of a billing period"},
    {"neither kind", L, "h-Manifest.json", "{'entries':[]}",
        "it has neither reportKeys nor dataFiles: it is no manifest of a report"},
    {"an export without files", E, "h-Manifest.json", "{'exportArn':'x'}", "it has an exportArn and no dataFiles"},
    {"an array", L, "h-Manifest.json", "[]", "it is no JSON object"},
    {"empty", L, "h-Manifest.json", "", "it is no JSON, or names a member twice"},
    {"cut", L, "h-Manifest.json", "{'reportKeys':[", "it is no JSON, or names a member twice"},
    {"a member twice", L, "h-Manifest.json", "{'reportKeys':[],'reportKeys':[]}",
        "it is no JSON, or names a member twice"},
    {"something behind it", L, "h-Manifest.json", "{'reportKeys':[]}{}", "it is no JSON, or names a member twice"},
    {"a name that is no text", L, "h-Manifest.json", "{'reportKeys':[],'reportName':7}", "its reportName is no text"},
    {"a name with a slash", L, "h-Manifest.json", "{'reportKeys':[],'reportName':'a/b'}",
        "the export's name has a '/' or a control character"},
    {"a name with a newline", L, "h-Manifest.json", "{'reportKeys':[],'reportName':'a\\nb'}",
        "the export's name has a '/' or a control character"},
    {"a name of two dots", L, "h-Manifest.json", "{'reportKeys':[],'reportName':'..'}",
        "the export's name cannot be '.' or '..'"},
    {"no name", L, "-Manifest.json", "{'reportKeys':[]}", "the export has no name"},
    {"no name, an ARN without UUID", E, "Manifest.json", "{'exportArn':'arn:aws:x:export/daily','dataFiles':[]}",
        "the export has no name"},
    {"a file name that is not UTF-8", L, "\xff-Manifest.json", "{'reportKeys':[]}", "the export's name is not UTF-8"},
};

static void
add_or_dash(struct buf *b, struct span s)
{
	buf_byte(b, ' ');
	buf_span_add(b, s.n > 0 ? s : span_of("-"));
}

/* What `want` holds when all is well. */
static const char *
describe(const struct manifest *m, const char *folder, struct span file, struct buf *b)
{
	struct place own = layout_place(span_of(folder)), *p = &own;
	struct buf source = {0}, anchor = {0};
	char text[TIME_TEXT] = "", **paths;
	int64_t seconds;
	int32_t period;
	const char *why;

	if ((why = layout_period(m, p, &period)) != NULL || (why = manifest_export(m, file, b)) != NULL)
		return why;
	period_print(period, text);
	add_or_dash(b, span_of(text));
	add_or_dash(b, span_of(m->version != NULL ? m->version : ""));
	if (layout_delivered(m, p, &seconds))
		time_print(seconds, text);
	else
		text[0] = '\0';
	add_or_dash(b, span_of(text));
	layout_source(m, p, &source);
	add_or_dash(b, buf_span(&source));
	buf_free(&source);
	buf_add(&anchor, folder, p->anchor);
	why = layout_paths(m, p, buf_text(&anchor), &paths);
	buf_free(&anchor);
	if (why != NULL)
		return why;
	for (size_t i = 0; i < m->n; i++)
		add_or_dash(b, span_of(paths[i]));
	layout_free(paths, m->n);
	return NULL;
}

static void
check(size_t i)
{
	struct buf got = {0};
	struct manifest m;
	char *json = mem_text(span_of(rows[i].json));
	const char *why;

	for (char *q = json; *q != '\0'; q++)
		if (*q == '\'')
			*q = '"';
	why = manifest_parse(&m, span_of(json));
	if (why == NULL)
		why = describe(&m, rows[i].folder, span_of(rows[i].file), &got);
	if (why != NULL) {
		buf_reset(&got);
		buf_str(&got, why);
	}
	if (!ok(strcmp(buf_text(&got), rows[i].want) == 0, "%s", rows[i].name))
		printf("# got    %s\n# wanted %s\n", buf_text(&got), rows[i].want);
	manifest_free(&m);
	buf_free(&got);
	free(json);
}

/* In S3 keys are what they are; the manifest is s3://b/FOLDER….  `want` is the reason, or where parts stand. */
static const struct {
	const char *name, *folder, *json, *want;
} remote[] = {
    {"in S3, create new", "p/h/20240101-20240201/",
        "{'bucket':'b','reportKeys':['p/h/20240101-20240201/v/1','p/h/20240101-20240201/v/2']}", "apart"},
    {"in S3, overwrite", "p/h/20240101-20240201/", "{'bucket':'b','reportKeys':['p/h/20240101-20240201/1']}",
        "overwritten"},
    {"in S3, overwrite, an empty name", "p/h/20240101-20240201/", "{'reportKeys':['p/h/20240101-20240201//1']}",
        "overwritten"},
    {"in S3, some of each", "h/20240101-20240201/",
        "{'reportKeys':['h/20240101-20240201/v/1','h/20240101-20240201/2']}", "overwritten"},
    {"in S3, no parts", "h/20240101-20240201/", "{'reportKeys':[]}", "apart"},
    {"in S3, of a version", "h/20240101-20240201/v/", "{'reportKeys':['h/20240101-20240201/v/1']}", "apart"},
    {"in S3, at the top", "20240101-20240201/", "{'reportKeys':['20240101-20240201/1']}", "overwritten"},
    {"in S3, slashes", "/p//h/20240101-20240201/",
        "{'reportKeys':['/p//h/20240101-20240201/v//1','/p//h/20240101-20240201/v/1']}", "apart"},
    {"in S3, dots", "a/../h/20240101-20240201/", "{'reportKeys':['a/../h/20240101-20240201/./1']}", "apart"},
    {"in S3, Data Exports", "p/e/metadata/BILLING_PERIOD=2024-01/",
        "{'dataFiles':['s3://b/p/e/data/BILLING_PERIOD=2024-01/1']}", "overwritten"},
    {"in S3, Data Exports, create new", "/e/metadata/BILLING_PERIOD=2024-01/t-x/", "{'dataFiles':['s3://b//e/data/BILLING_PERIOD=2024-01/t-x/1']}",
        "apart"},
    {"in S3, another bucket", "h/20240101-20240201/", "{'bucket':'c','reportKeys':['h/20240101-20240201/1']}",
        OUTSIDE},
    {"in S3, Data Exports in another bucket", "e/metadata/BILLING_PERIOD=2024-01/",
        "{'dataFiles':['s3://c/e/data/BILLING_PERIOD=2024-01/1']}", OUTSIDE},
    {"in S3, another prefix", "p/h/20240101-20240201/", "{'reportKeys':['q/h/20240101-20240201/1']}", OUTSIDE},
    {"in S3, a slash less", "/h/20240101-20240201/", "{'reportKeys':['h/20240101-20240201/1']}", OUTSIDE},
    {"in S3, another export", "p/e/metadata/BILLING_PERIOD=2024-01/",
        "{'dataFiles':['s3://b/p/f/data/BILLING_PERIOD=2024-01/1']}", OUTSIDE},
    {"in S3, another period", "h/20240101-20240201/", "{'reportKeys':['h/20240201-20240301/1']}", OUTSIDE},
    {"in S3, twice", "h/20240101-20240201/", "{'reportKeys':['h/20240101-20240201/1','h/20240101-20240201/1']}",
        "it names a part twice"},
};

static void
check_remote(size_t i)
{
	struct place own = layout_place(span_of(remote[i].folder));
	struct manifest m;
	char *json = mem_text(span_of(remote[i].json));
	const char *why;
	bool overwritten = false;

	for (char *q = json; *q != '\0'; q++)
		if (*q == '\'')
			*q = '"';
	why = manifest_parse(&m, span_of(json));
	if (why == NULL)
		why = layout_keys(&m, &own, span_of(remote[i].folder), "b", &overwritten);
	if (why == NULL)
		why = overwritten ? "overwritten" : "apart";
	if (!ok(strcmp(why, remote[i].want) == 0, "%s", remote[i].name))
		printf("# got    %s\n# wanted %s\n", why, remote[i].want);
	manifest_free(&m);
	free(json);
}

static const struct {
	const char *json;
	bool parquet;
} parquets[] = {
    {"{\"reportKeys\":[],\"compression\":\"Parquet\",\"contentType\":\"Parquet\"}", true},
    {"{\"reportKeys\":[],\"contentType\":\"parquet\"}", true},
    {"{\"reportKeys\":[\"a.snappy.parquet\"]}", true},
    {"{\"dataFiles\":[\"s3://b/a.csv.gz\",\"s3://b/a.parquet\"]}", true},
    {"{\"reportKeys\":[\"parquet\"],\"compression\":\"GZIP\",\"contentType\":\"text/csv\"}", false},
};

static const struct {
	const char *file;
	bool is;
} files[] = {
    {"hourly-Manifest.json", true}, {"Manifest.json", true}, {"-Manifest.json", true},
    {"hourly-RedshiftManifest.json", false}, {"hourlyManifest.json", false}, {"hourly-Manifest.json.gz", false},
    {"hourly-Metadata.json", false}, {"manifest.json", false}, {"", false},
};

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check(i);
	for (size_t i = 0; i < sizeof remote / sizeof *remote; i++)
		check_remote(i);
	for (size_t i = 0; i < sizeof parquets / sizeof *parquets; i++) {
		struct manifest m;
		const char *why = manifest_parse(&m, span_of(parquets[i].json));

		ok(why == NULL && m.parquet == parquets[i].parquet, "%s: %s", parquets[i].json,
		    parquets[i].parquet ? "Parquet" : "not Parquet");
		manifest_free(&m);
	}
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		ok(manifest_file(span_of(files[i].file)) == files[i].is, "file name '%s'", files[i].file);
	return tap_end();
}
