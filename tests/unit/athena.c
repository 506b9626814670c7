/* athena: names and types as AWS gives them, by example and over whole lists where these are there. */
#include "../../cur-sink-s3/athena.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "in.h"
#include "tap.h"

static const struct {
	const char *header, *name;
} names[] = {
	/* the user guide */
	{"lineItem/LineItemType", "line_item_line_item_type"},
	{"reservation/ReservationARN", "reservation_reservation_a_r_n"},
	{"product/intelAvx2Available", "product_intel_avx2_available"},
	{"product/maxIopsvolume", "product_max_iopsvolume"},
	{"resourceTags/user:Name", "resource_tags_user_name"},
	{"resourceTags/aws:createdBy", "resource_tags_aws_created_by"},
	{"costCategory/FinOps", "cost_category_fin_ops"},
	{"costCategory/Charge type", "cost_category_charge_type"},
	/* its rules */
	{"ABC", "a_b_c"},
	{"a__b", "a_b"},
	{"a_B", "a_b"},
	{"_a_", "a"},
	{"-A-", "a"},
	{"a/b/c", "a_b_c"},
	{"2nd", "2nd"},
	{"user:\xc3\x9c" "ber", "user_ber"},
	{"user:\xc3\xa9\xc3\xa9", "user"},
	{"/", ""},
	{"", ""},
};

static const struct {
	const char *format, *name;
	enum athena_type type;
} types[] = {
	{"cur1", "line_item_unblended_cost", ATHENA_DECIMAL},
	{"cur1", "line_item_unblended_rate", ATHENA_TEXT},
	{"cur1", "line_item_usage_start_date", ATHENA_TIME},
	{"cur1", "identity_time_interval", ATHENA_TEXT},
	{"cur1", "savings_plan_total_commitment_to_date", ATHENA_DECIMAL},
	{"cur1", "discount_edp_discount", ATHENA_DECIMAL},
	{"cur1", "split_line_item_split_usage_ratio", ATHENA_DECIMAL},
	{"cur1", "split_line_item_parent_resource_id", ATHENA_TEXT},
	{"cur1", "product", ATHENA_TEXT},
	{"cur1", "product_fee_code", ATHENA_TEXT},
	{"cur1", "resource_tags_user_cost", ATHENA_TEXT},
	{"cur1", "resource_tags_user_line_item_cost", ATHENA_TEXT},
	{"cur1", "cost_category_cost", ATHENA_TEXT},
	{"cur2", "product", ATHENA_MAP},
	{"cur2", "product_sku", ATHENA_TEXT},
	{"cur2", "discount", ATHENA_MAP},
	{"cur2", "bill_billing_period_start_date", ATHENA_TIME},
	{"focus", "BilledCost", ATHENA_DECIMAL},
	{"focus", "Tags", ATHENA_MAP},
	{"focus", "tags", ATHENA_MAP},
	{"focus", "ChargePeriodStart", ATHENA_TIME},
	{"focus", "ServiceName", ATHENA_TEXT},
};

static void
examples(void)
{
	struct buf name = {0};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		athena_name(span_of(names[i].header), &name);
		ok(span_is(buf_span(&name), names[i].name), "\"%s\" is \"%s\"", names[i].header, buf_text(&name));
	}
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		ok(athena_type(types[i].format, span_of(types[i].name)) == types[i].type, "type of %s %s",
		    types[i].format, types[i].name);
	buf_free(&name);
}

/* `capitals` letters, of which each but the first gets an underscore; then `small` ones. */
static void
length(size_t capitals, size_t small, size_t underscores, size_t n)
{
	struct buf header = {0}, name = {0};
	size_t found = 0;

	for (size_t i = 0; i < capitals + small; i++)
		buf_byte(&header, i < capitals ? 'A' : 'b');
	athena_name(buf_span(&header), &name);
	for (size_t i = 0; i < name.n; i++)
		found += name.p[i] == '_';
	ok(name.n == n && found == underscores, "%zu capitals and %zu more: %zu underscores in %zu bytes", capitals,
	    small, found, name.n);
	buf_free(&header);
	buf_free(&name);
}

static void
lengths(void)
{
	struct buf header = {0}, name = {0};

	length(128, 0, 127, 255);
	length(128, 1, 126, 255);
	length(100, 155, 0, 255);
	length(100, 200, 0, 255);
	for (size_t i = 0; i < 253; i++)
		buf_str(&header, i == 0 ? "aA" : i == 252 ? "Z" : "b");
	athena_name(buf_span(&header), &name);
	ok(name.n == 255 && memcmp(name.p, "aab", 3) == 0 && memcmp(name.p + 252, "b_z", 3) == 0,
	    "the first underscore goes, the last stays");
	buf_free(&header);
	buf_free(&name);
}

/* The cell of a line of tab-separated cells; empty when there is none. */
static struct span
cell(struct span line, size_t n)
{
	const char *p = line.p, *end = line.p + line.n;

	for (;;) {
		const char *tab = p < end ? memchr(p, '\t', (size_t)(end - p)) : NULL;
		const char *stop = tab != NULL ? tab : end;

		if (n-- == 0)
			return (struct span){p, (size_t)(stop - p)};
		if (tab == NULL)
			return (struct span){end, 0};
		p = tab + 1;
	}
}

static enum athena_type
type_of_list(struct span word)
{
	if (word.n > 4 && memcmp(word.p, "map<", 4) == 0)
		return ATHENA_MAP;
	if (span_is(word, "BigDecimal") || span_is(word, "OptionalBigDecimal") || span_is(word, "double"))
		return ATHENA_DECIMAL;
	return span_is(word, "DateTime") || span_is(word, "timestamp") ? ATHENA_TIME : ATHENA_TEXT;
}

/* Which columns of a list hold what; `header` is 0 where the list has no header beside the name. */
struct list {
	const char *file, *format;
	size_t header, name, type, rows;
};

static bool
row_is_right(const struct list *l, struct span line, struct buf *tmp)
{
	struct span name = cell(line, l->name), type = cell(line, l->type);

	if (l->header > 0) {
		athena_name(cell(line, l->header), tmp);
		if (!span_eq(buf_span(tmp), name))
			return false;
	}
	return span_is(type, "-") || athena_type(l->format, name) == type_of_list(type);
}

static void
whole_list(const struct list *l, const char *folder)
{
	struct buf path = {0}, tmp = {0};
	struct in in = {0};
	uint64_t wrong = 0;
	int fd;

	buf_fmt(&path, "%s/%s", folder, l->file);
	fd = open(buf_text(&path), O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		printf("ok %d - all of %s # SKIP it is not there\n", ++tap_cases, l->file);
		buf_free(&path);
		return;
	}
	in_begin(&in, fd, l->file);
	while (in_line(&in)) {
		if (in.number == 1 || row_is_right(l, in.line, &tmp))
			continue;
		printf("# %.*s\n", (int)in.line.n, in.line.p);
		wrong++;
	}
	ok(wrong == 0 && in.number > l->rows, "all of %s", l->file);
	in_free(&in);
	close(fd);
	buf_free(&path);
	buf_free(&tmp);
}

int
main(void)
{
	static const struct list lists[] = {
		{"columns-legacy.tsv", "cur1", 2, 3, 4, 300},
		{"columns-cur2.tsv", "cur2", 0, 0, 2, 120},
		{"columns-focus.tsv", "focus", 0, 0, 1, 60},
	};
	const char *folder = getenv("CUR_FORMATS");

	examples();
	lengths();
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		whole_list(&lists[i], folder != NULL ? folder : "../shared/formats");
	return tap_end();
}
