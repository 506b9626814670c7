/*
 * The statements that make a store readable in Athena.
 *
 * Tables are Hive's: backticks around names, backslashes in strings.  Views
 * are Trino's: double quotes around names, '' in strings.  Sources: Athena
 * user guide, "Escape reserved keywords"; Trino manual, "Lexical structure".
 *
 * The SerDe is Hive's JsonSerDe.  It finds the members of an object by column
 * name without regard to case, skips members without a column, and leaves the
 * keys of maps alone; the OpenX one would put these into lower case.
 */
#include "ddl.h"

#include <string.h>

#include "athena.h"
#include "day.h"
#include "mark.h"
#include "out.h"

#define NAME_BYTES 200   /* Glue takes 255; a suffix is added */
#define SERDE "ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'\n"

/* What the documents of one format say.  Objects of jansson serve as ordered sets. */
struct set {
	const char *format;
	struct span database;    /* n is 0 without one */
	struct span table;
	const char *suffix;      /* after the table's name and an underscore, or NULL */
	struct span location;    /* without a slash at its end */
	const char *oldest;      /* period; borrowed from a document */
	json_t *exports;         /* names */
	json_t *columns;         /* in the table: names in lower case, of types */
	json_t *names;           /* in the last view: AWS's names, of arrays of headers */
	json_t *left_out;        /* headers */
};

/* Where an item has the value of a header. */
struct place {
	char column[ATHENA_NAME_BYTES + 1];   /* of the table */
	struct span key;                      /* in that column, a map; p is NULL if it is none */
};

static void
add_ddl_string(struct buf *b, struct span s)
{
	buf_byte(b, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'' || s.p[i] == '\\')
			buf_byte(b, '\\');
		buf_byte(b, s.p[i]);
	}
	buf_byte(b, '\'');
}

static void
add_view_string(struct buf *b, struct span s)
{
	buf_byte(b, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'')
			buf_byte(b, '\'');
		buf_byte(b, s.p[i]);
	}
	buf_byte(b, '\'');
}

/* The name of a table or view of the set; `quote` is a backtick or a double quote. */
static void
add_table(struct buf *b, const struct set *set, const char *what, char quote)
{
	if (set->database.n > 0)
		buf_fmt(b, "%c%.*s%c.", quote, (int)set->database.n, set->database.p, quote);
	buf_fmt(b, "%c%.*s", quote, (int)set->table.n, set->table.p);
	if (set->suffix != NULL)
		buf_fmt(b, "_%s", set->suffix);
	buf_fmt(b, "%s%c", what, quote);
}

/*
 * A name as Athena takes it, in lower case: others can be made with backticks,
 * and then queries fail.  Three names are those of our own columns.
 */
static bool
column_name(struct span s, char name[ATHENA_NAME_BYTES + 1])
{
	if (s.n == 0 || s.n > ATHENA_NAME_BYTES)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c != '_' && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
			return false;
		name[i] = c;
	}
	name[s.n] = '\0';
	return strcmp(name, "export") != 0 && strcmp(name, "billing_period") != 0 && strcmp(name, "day") != 0;
}

/* False when Athena cannot have a column of that name. */
static bool
place_of(const struct set *set, struct span header, struct place *place)
{
	const char *slash = strcmp(set->format, "cur1") == 0 ? memchr(header.p, '/', header.n) : NULL;
	struct span column = header;

	place->key = (struct span){NULL, 0};
	if (slash != NULL) {
		column.n = (size_t)(slash - header.p);
		place->key = (struct span){slash + 1, header.n - column.n - 1};
	}
	return column_name(column, place->column);
}

static enum athena_type
type_of(const struct set *set, struct span header)
{
	struct buf name = {0};
	enum athena_type type;

	if (strcmp(set->format, "cur1") != 0)
		return athena_type(set->format, header);
	athena_name(header, &name);
	type = athena_type(set->format, buf_span(&name));
	buf_free(&name);
	return type;
}

/* The name of a header's column in the last view.  False when it has none. */
static bool
view_name(const struct set *set, struct span header, struct buf *name)
{
	char lower[ATHENA_NAME_BYTES + 1];

	if (strcmp(set->format, "cur1") != 0) {
		buf_reset(name);
		buf_span_add(name, header);
		return true;
	}
	athena_name(header, name);
	return column_name(buf_span(name), lower);
}

static void
set_add_column(struct set *set, const char *header, struct buf *name)
{
	struct span h = span_of(header);
	struct place place;
	bool map, known;

	if (!place_of(set, h, &place) || !view_name(set, h, name)) {
		json_object_set_new(set->left_out, header, json_true());
		return;
	}
	map = place.key.p != NULL || type_of(set, h) == ATHENA_MAP;
	known = json_object_get(set->columns, place.column) != NULL;
	if (known && place.key.p == NULL)
		return;    /* headers that differ in case alone: the SerDe has one column for them */
	if (!known)
		json_object_set_new(set->columns, place.column, json_string(map ? "map<string,string>" : "string"));
	if (json_object_get(set->names, buf_text(name)) == NULL)
		json_object_set_new(set->names, buf_text(name), json_array());
	json_array_append_new(json_object_get(set->names, buf_text(name)), json_string(header));
}

static void
set_add_columns(struct set *set, const json_t *headers, json_t *seen, struct buf *name)
{
	size_t i;
	const json_t *header;

	json_array_foreach(headers, i, header) {
		const char *text = json_string_value(header);

		if (text == NULL || json_object_get(seen, text) != NULL)
			continue;
		json_object_set_new(seen, text, json_true());
		set_add_column(set, text, name);
	}
}

/* Collects what the documents of set->format say. */
static void
set_fill(struct set *set, json_t *const *docs, size_t n)
{
	json_t *seen = json_object();
	struct buf name = {0};

	set->exports = json_object();
	set->columns = json_object();
	set->names = json_object();
	set->left_out = json_object();
	for (size_t i = 0; i < n; i++) {
		const char *period = mark_text(docs[i], "period");

		if (strcmp(mark_text(docs[i], "format"), set->format) != 0)
			continue;
		json_object_set_new(set->exports, mark_text(docs[i], "export"), json_true());
		if (set->oldest == NULL || strcmp(period, set->oldest) < 0)
			set->oldest = period;
		set_add_columns(set, json_object_get(docs[i], "columns"), seen, &name);
	}
	json_decref(seen);
	buf_free(&name);
}

static void
set_free(struct set *set)
{
	json_decref(set->exports);
	json_decref(set->columns);
	json_decref(set->names);
	json_decref(set->left_out);
}

/* A table property whose value is the location with more after it. */
static void
add_location(struct buf *b, const struct set *set, const char *rest)
{
	struct buf text = {0};

	buf_span_add(&text, set->location);
	buf_str(&text, rest);
	add_ddl_string(b, buf_span(&text));
	buf_free(&text);
}

/* Projection computes the partitions, so that nobody has to announce new ones. */
static void
add_projection(struct buf *b, const struct set *set)
{
	struct buf values = {0};
	const char *export;
	json_t *unused;

	json_object_foreach(set->exports, export, unused) {
		if (values.n > 0)
			buf_byte(&values, ',');
		buf_str(&values, export);
	}
	buf_str(b,
	    "TBLPROPERTIES (\n"
	    "  'projection.enabled' = 'true',\n"
	    "  'projection.export.type' = 'enum',\n"
	    "  'projection.export.values' = ");
	add_ddl_string(b, buf_span(&values));
	buf_str(b, ",\n");
	buf_free(&values);
}

static void
add_left_out(struct buf *b, const struct set *set)
{
	const char *header;
	json_t *unused;

	json_object_foreach(set->left_out, header, unused) {
		buf_str(b, "-- The column ");
		buf_json(b, span_of(header));
		buf_str(b, " is left out: Athena does not take its name, or export, billing_period and day have it.\n");
	}
}

/*
 * Days are no partition: a projected range of days would hide the rows whose
 * day lies outside it, and a charge may start in any year.  A period may be
 * delivered before it begins, but no earlier than in the month before it.
 */
static void
add_items_table(struct buf *b, const struct set *set)
{
	const char *column, *comma = "\n";
	json_t *type;

	add_left_out(b, set);
	buf_str(b, "-- The items as they lie in the store, also those in objects that the state does not name.\n");
	buf_str(b, "CREATE EXTERNAL TABLE ");
	add_table(b, set, "", '`');
	buf_str(b, " (");
	json_object_foreach(set->columns, column, type) {
		buf_fmt(b, "%s  `%s` %s", comma, column, json_string_value(type));
		comma = ",\n";
	}
	buf_str(b, "\n)\nPARTITIONED BY (`export` string, `billing_period` string)\n" SERDE "LOCATION ");
	add_location(b, set, "/");
	buf_byte(b, '\n');
	add_projection(b, set);
	buf_fmt(b,
	    "  'projection.billing_period.type' = 'date',\n"
	    "  'projection.billing_period.format' = 'yyyy-MM',\n"
	    "  'projection.billing_period.range' = '%s,NOW+1MONTHS',\n"
	    "  'projection.billing_period.interval' = '1',\n"
	    "  'projection.billing_period.interval.unit' = 'MONTHS',\n"
	    "  'storage.location.template' = ", set->oldest);
	add_location(b, set, "/export=${export}/billing_period=${billing_period}/");
	buf_str(b, "\n);\n\n");
}

/*
 * Athena skips names that begin with an underscore, but only below the place
 * it was told to read; here each partition is such a place, below the folder
 * _cur.  The member `export` of a document is the partition's value again.
 */
static void
add_state_table(struct buf *b, const struct set *set)
{
	buf_str(b, "-- The state documents, which name the objects of the newest deliveries.\n");
	buf_str(b, "CREATE EXTERNAL TABLE ");
	add_table(b, set, "_state", '`');
	buf_str(b,
	    " (\n"
	    "  `period` string,\n"
	    "  `format` string,\n"
	    "  `generation` bigint,\n"
	    "  `version` string,\n"
	    "  `delivered` string,\n"
	    "  `days` map<string,struct<items:bigint,digest:string,objects:array<string>>>\n"
	    ")\n"
	    "PARTITIONED BY (`export` string)\n" SERDE "LOCATION ");
	add_location(b, set, "/_cur/");
	buf_byte(b, '\n');
	add_projection(b, set);
	buf_str(b, "  'storage.location.template' = ");
	add_location(b, set, "/_cur/${export}/");
	buf_str(b, "\n);\n\n");
}

/*
 * An object is known by its folder and name, day=DAY/NAME, the end of its
 * path.  The format is compared because an export may have had another before.
 */
static void
add_current_view(struct buf *b, const struct set *set)
{
	const char *column;
	json_t *unused;

	buf_str(b, "-- The items of the newest deliveries, each once.\n");
	buf_str(b, "CREATE OR REPLACE VIEW ");
	add_table(b, set, "_current", '"');
	buf_str(b, " AS\nSELECT\n");
	json_object_foreach(set->columns, column, unused)
		buf_fmt(b, "  i.\"%s\",\n", column);
	buf_str(b, "  i.\"export\",\n  i.\"billing_period\",\n  CAST(s.\"day\" AS date) AS \"day\"\nFROM ");
	add_table(b, set, "", '"');
	buf_str(b,
	    " AS i\nJOIN (\n"
	    "  SELECT d.\"export\", d.\"period\", n.\"day\", 'day=' || n.\"day\" || '/' || o.\"name\" AS \"object\"\n"
	    "  FROM ");
	add_table(b, set, "_state", '"');
	buf_fmt(b,
	    " AS d\n"
	    "  CROSS JOIN UNNEST(d.\"days\") AS n (\"day\", \"content\")\n"
	    "  CROSS JOIN UNNEST(n.\"content\".\"objects\") AS o (\"name\")\n"
	    "  WHERE d.\"format\" = '%s'\n"
	    ") AS s\n"
	    "ON i.\"export\" = s.\"export\" AND i.\"billing_period\" = s.\"period\"\n"
	    "  AND regexp_extract(i.\"$path\", '[^/]+/[^/]+$') = s.\"object\";\n\n", set->format);
}

static void
add_value(struct buf *b, const struct set *set, const char *header)
{
	struct place place;

	place_of(set, span_of(header), &place);
	if (place.key.p == NULL) {
		buf_fmt(b, "\"%s\"", place.column);
		return;
	}
	buf_fmt(b, "element_at(\"%s\", ", place.column);
	add_view_string(b, place.key);
	buf_byte(b, ')');
}

/* AWS merges columns that get one name; the first that has a value counts here. */
static void
add_values(struct buf *b, const struct set *set, const json_t *headers)
{
	size_t n = json_array_size(headers);

	buf_str(b, n > 1 ? "COALESCE(" : "");
	for (size_t i = 0; i < n; i++) {
		buf_str(b, i > 0 ? ", " : "");
		add_value(b, set, json_string_value(json_array_get(headers, i)));
	}
	buf_str(b, n > 1 ? ")" : "");
}

/*
 * A decimal, since a double would not give the sums of the report; CAST reads
 * exponents and fails on what is no number, so nothing is lost quietly.  A view
 * in Athena cannot have times with a zone.  The space is that of imitations.
 */
static void
add_typed(struct buf *b, const struct set *set, const json_t *headers)
{
	enum athena_type type = type_of(set, span_of(json_string_value(json_array_get(headers, 0))));

	if (type == ATHENA_DECIMAL) {
		buf_str(b, "CAST(");
		add_values(b, set, headers);
		buf_str(b, " AS decimal(38,18))");
	} else if (type == ATHENA_TIME) {
		buf_str(b, "CAST(from_iso8601_timestamp(replace(");
		add_values(b, set, headers);
		buf_str(b, ", ' ', 'T')) AT TIME ZONE 'UTC' AS timestamp)");
	} else {
		add_values(b, set, headers);
	}
}

static void
add_names_view(struct buf *b, const struct set *set)
{
	struct buf value = {0}, quoted = {0};
	const char *name;
	json_t *headers;

	buf_str(b, "-- The same items under the names and types that AWS gives the columns in Athena.\n");
	buf_str(b, "CREATE OR REPLACE VIEW ");
	add_table(b, set, "_cur", '"');
	buf_str(b, " AS\nSELECT\n");
	json_object_foreach(set->names, name, headers) {
		buf_reset(&value);
		buf_reset(&quoted);
		add_typed(&value, set, headers);
		buf_fmt(&quoted, "\"%s\"", name);
		buf_fmt(b, "  %s", buf_text(&value));
		if (!span_eq(buf_span(&value), buf_span(&quoted)))
			buf_fmt(b, " AS %s", buf_text(&quoted));
		buf_str(b, ",\n");
	}
	buf_free(&value);
	buf_free(&quoted);
	buf_str(b, "  \"export\",\n  \"billing_period\",\n  \"day\"\nFROM ");
	add_table(b, set, "_current", '"');
	buf_str(b, ";\n");
}

static void
set_print(const struct set *set)
{
	struct buf b = {0};

	add_items_table(&b, set);
	add_state_table(&b, set);
	add_current_view(&b, set);
	add_names_view(&b, set);
	out_span(buf_span(&b));
	buf_free(&b);
}

static const char *
split_table(struct span text, struct span *database, struct span *table)
{
	const char *dot = memchr(text.p, '.', text.n);

	*database = (struct span){text.p, dot != NULL ? (size_t)(dot - text.p) : 0};
	*table = dot != NULL ? (struct span){dot + 1, text.n - database->n - 1} : text;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c != '_' && c != '.' && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
			return "the name of a table has letters, digits and underscores";
	}
	if (table->n == 0 || (dot != NULL && database->n == 0) || memchr(table->p, '.', table->n) != NULL)
		return "a table is NAME or DATABASE.NAME";
	if (table->n > NAME_BYTES || database->n > NAME_BYTES)
		return "the name of the table is too long";
	return NULL;
}

static const char *const formats[] = {"cur1", "cur2", "focus"};
#define FORMATS (sizeof formats / sizeof *formats)

static const char *
check_document(const json_t *doc)
{
	const char *export = mark_text(doc, "export"), *period = mark_text(doc, "period");
	const char *format = mark_text(doc, "format");
	size_t i = 0;
	int32_t month;

	if (export == NULL || period == NULL || period_parse(span_of(period), &month) != NULL)
		return "a state document has no export or period";
	if (strchr(export, ',') != NULL)
		return "an export has a comma in its name, and the table's list of exports is split at commas";
	while (i < FORMATS && (format == NULL || strcmp(format, formats[i]) != 0))
		i++;
	if (i == FORMATS || json_array_size(json_object_get(doc, "columns")) == 0)
		return "a state document names no format or no columns, as after a bare stream";
	return NULL;
}

static const char *
check_documents(json_t *const *docs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *why = check_document(docs[i]);

		if (why != NULL)
			return why;
	}
	return n > 0 ? NULL : "the store has no state document yet";
}

/* Several formats in one store are several tables, named apart. */
static void
print_sets(const struct set *like, json_t *const *docs, size_t n)
{
	struct set sets[FORMATS];
	size_t found = 0, printed = 0;

	for (size_t i = 0; i < FORMATS; i++) {
		sets[i] = *like;
		sets[i].format = formats[i];
		set_fill(&sets[i], docs, n);
		found += sets[i].oldest != NULL;
	}
	for (size_t i = 0; i < FORMATS; i++) {
		sets[i].suffix = found > 1 ? sets[i].format : NULL;
		if (sets[i].oldest != NULL && printed++ > 0)
			out_byte('\n');
		if (sets[i].oldest != NULL)
			set_print(&sets[i]);
		set_free(&sets[i]);
	}
}

const char *
ddl_print(const char *table, const char *location, json_t *const *docs, size_t n)
{
	struct set like = {.location = span_of(location)};
	const char *why = split_table(span_of(table), &like.database, &like.table);

	if (why == NULL)
		why = check_documents(docs, n);
	if (why != NULL)
		return why;
	while (like.location.n > 0 && like.location.p[like.location.n - 1] == '/')
		like.location.n--;
	print_sets(&like, docs, n);
	return NULL;
}
