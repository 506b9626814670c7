/* The names and types that AWS gives the columns of a report in Athena. */
#include "athena.h"

#include <string.h>
#include <strings.h>

/* Removes underscores from left to right until the name has an allowed length.  What is too long even so is cut. */
static void
shorten(struct buf *name)
{
	size_t left = name->n, to = 0;

	for (size_t i = 0; i < name->n; i++) {
		if (name->p[i] == '_' && left > ATHENA_NAME_BYTES)
			left--;
		else
			name->p[to++] = name->p[i];
	}
	name->n = to < ATHENA_NAME_BYTES ? to : ATHENA_NAME_BYTES;
}

void
athena_name(struct span header, struct buf *name)
{
	bool gap = false;

	buf_reset(name);
	for (size_t i = 0; i < header.n; i++) {
		char c = header.p[i];
		bool upper = c >= 'A' && c <= 'Z';

		if (!upper && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) {
			gap = true;
			continue;
		}
		if ((gap || upper) && name->n > 0)
			buf_byte(name, '_');
		buf_byte(name, upper ? (char)(c - 'A' + 'a') : c);
		gap = false;
	}
	shorten(name);
}

static bool
starts(struct span s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && memcmp(s.p, with, n) == 0;
}

static bool
ends(struct span s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && memcmp(s.p + s.n - n, with, n) == 0;
}

/* True when `word` stands in s between underscores or ends. */
static bool
has_word(struct span s, const char *word)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end) {
		const char *stop = memchr(p, '_', (size_t)(end - p));

		if (stop == NULL)
			stop = end;
		if (span_is((struct span){p, (size_t)(stop - p)}, word))
			return true;
		p = stop + 1;
	}
	return false;
}

/* Amounts, by category and a word of the name.  Rates are text, except that of a savings plan. */
static bool
is_amount(struct span name)
{
	static const struct {
		const char *category;
		const char *words[4];
	} amounts[] = {
		{"line_item_", {"amount", "cost", "factor"}},
		{"pricing_", {"cost"}},
		{"reservation_", {"cost", "fee", "unused", "value"}},
		{"discount_", {"discount"}},
		{"savings_plan_", {"commitment", "cost", "rate"}},
		{"split_line_item_", {"cost", "usage"}},
	};

	for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
		size_t n = strlen(amounts[i].category);

		if (!starts(name, amounts[i].category))
			continue;
		for (size_t j = 0; j < 4 && amounts[i].words[j] != NULL; j++)
			if (has_word((struct span){name.p + n, name.n - n}, amounts[i].words[j]))
				return true;
	}
	return false;
}

/* Without regard to case, as plan has it: what is an object in the item must be a map here. */
static bool
is_one_of(struct span name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (name.n == strlen(*names) && strncasecmp(name.p, *names, name.n) == 0)
			return true;
	return false;
}

static enum athena_type
focus_type(struct span name)
{
	static const char *const maps[] = {"Tags", "SkuPriceDetails", "x_CostCategories", "x_Discounts", NULL};

	if (is_one_of(name, maps))
		return ATHENA_MAP;
	if (ends(name, "Cost") || ends(name, "Quantity") || ends(name, "UnitPrice"))
		return ATHENA_DECIMAL;
	if (ends(name, "PeriodStart") || ends(name, "PeriodEnd"))
		return ATHENA_TIME;
	return ATHENA_TEXT;
}

enum athena_type
athena_type(const char *format, struct span name)
{
	static const char *const maps[] = {"product", "resource_tags", "cost_category", "tags", "discount", NULL};

	if (strcmp(format, "focus") == 0)
		return focus_type(name);
	if (strcmp(format, "cur2") == 0 && is_one_of(name, maps))
		return ATHENA_MAP;
	if (is_amount(name))
		return ATHENA_DECIMAL;
	if ((starts(name, "bill_") || starts(name, "line_item_")) && ends(name, "_date"))
		return ATHENA_TIME;
	return ATHENA_TEXT;
}
