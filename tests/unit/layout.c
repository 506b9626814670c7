/* What a folder is by its names, and which keys are those of manifests. */
#include "../../cur-fetch/layout.h"

#include <string.h>

#include "day.h"
#include "tap.h"

/* want: kind, level, period, folder below which keys are resolved, folders up to it. */
static const struct {
	const char *folder, *want;
} places[] = {
    {"/b/p/hourly/20240101-20240201", "legacy period 2024-01 /b/p/hourly/20240101-20240201 0"},
    {"20240101-20240201/", "legacy period 2024-01 20240101-20240201 0"},
    {"./20240101-20240201//./", "legacy period 2024-01 ./20240101-20240201 0"},
    {"b/20240101-20240131", "legacy period 2024-01 b/20240101-20240131 0"},
    {"b/20240101-20240201/20240117T053012Z", "legacy version 2024-01 b/20240101-20240201 1"},
    {"metadata/20240101-20240201", "legacy period 2024-01 metadata/20240101-20240201 0"},
    {"metadata/20240101-20240201/v", "legacy version 2024-01 metadata/20240101-20240201 1"},
    {"b/e/metadata/BILLING_PERIOD=2024-01", "export period 2024-01 b/e/ 2"},
    {"/metadata/billing_period=2024-12/", "export period 2024-12 / 2"},
    {"metadata/BILLING_PERIOD=2024-01", "export period 2024-01  2"},
    {"metadata/january", "export period -  2"},
    {"b/e/metadata/BILLING_PERIOD=2024-01/2024-01-16T15:24:15.653Z-x", "export version 2024-01 b/e/ 3"},
    {"metadata/e/metadata/BILLING_PERIOD=2024-01", "export period 2024-01 metadata/e/ 2"},
    {"", "none"},
    {"/", "none"},
    {".", "none"},
    {"..", "none"},
    {"20240101-20240201/..", "none"},
    {"20240101-20240201/../v", "none"},
    {"metadata/../v/w", "none"},
    {"b/20240101-20240201/v/w", "none"},
    {"b/20241301-20250101", "none"},
    {"b/20240230-20240301", "none"},
    {"b/20240201-20240101", "none"},
    {"b/20240101-20240101", "none"},
    {"b/20240101_20240201", "none"},
    {"b/20240101-202402011", "none"},
    {"b/metadata", "none"},
    {"b/Metadata/BILLING_PERIOD=2024-01", "none"},
    {"b/data/BILLING_PERIOD=2024-01", "none"},
};

static const struct {
	const char *key, *period_key;    /* NULL: no manifest of a report */
} keys[] = {
    {"p/h/20240101-20240201/h-Manifest.json", "p/h/20240101-20240201/h-Manifest.json"},
    {"p/h/20240101-20240201/20240117T053012Z/h-Manifest.json", "p/h/20240101-20240201/h-Manifest.json"},
    {"/h/20240101-20240201/v/h-Manifest.json", "/h/20240101-20240201/h-Manifest.json"},
    {"e/metadata/BILLING_PERIOD=2024-01/e-Manifest.json", "e/metadata/BILLING_PERIOD=2024-01/e-Manifest.json"},
    {"e/metadata/BILLING_PERIOD=2024-01/2024-01-16T15:24:15.653Z-x/Manifest.json",
        "e/metadata/BILLING_PERIOD=2024-01/Manifest.json"},
    {"p/h/20240101-20240201/h-00001.csv.gz", NULL},
    {"p/h/20240101-20240201/h-RedshiftManifest.json", NULL},
    {"p/h/20240101-20240201/h-Manifest.json/", NULL},
    {"p/h/20240101-20240201/a/b/h-Manifest.json", NULL},
    {"h-Manifest.json", NULL},
    {"e/data/BILLING_PERIOD=2024-01/e-Manifest.json", NULL},
    {"", NULL},
    {"/", NULL},
};

static const struct {
	const char *folder;
	bool is;
} data[] = {
    {"b/e/data/BILLING_PERIOD=2024-01", true}, {"data/billing_period=2024-01/", true}, {"b/data", false},
    {"b/e/metadata/BILLING_PERIOD=2024-01", false}, {"data/e", false}, {"BILLING_PERIOD=2024-01", false},
};

static void
check_place(size_t i)
{
	const char *folder = places[i].folder;
	struct place p = layout_place(span_of(folder));
	char got[200] = "none", period[8] = "-";

	if (p.has_period)
		period_print(p.period, period);
	if (p.kind != LAYOUT_NONE)
		snprintf(got, sizeof got, "%s %s %s %.*s %zu", p.kind == LAYOUT_LEGACY ? "legacy" : "export",
		    p.version ? "version" : "period", period, (int)p.anchor, folder, p.up);
	if (!ok(strcmp(got, places[i].want) == 0, "folder '%s'", folder))
		printf("# got    %s\n# wanted %s\n", got, places[i].want);
}

static void
check_key(size_t i)
{
	struct buf got = {0};
	bool is = layout_manifest_key(span_of(keys[i].key), &got);

	ok(is == (keys[i].period_key != NULL) && (!is || span_is(buf_span(&got), keys[i].period_key)), "key '%s'",
	    keys[i].key);
	buf_free(&got);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		check_place(i);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		check_key(i);
	for (size_t i = 0; i < sizeof data / sizeof *data; i++)
		ok(layout_is_data(span_of(data[i].folder)) == data[i].is, "data folder '%s'", data[i].folder);
	return tap_end();
}
