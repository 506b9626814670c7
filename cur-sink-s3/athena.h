/*
 * The names and types that AWS gives the columns of a report in Athena.
 *
 * Source of the names: AWS CUR user guide, "Running Amazon Athena queries"
 * (cur-ate-run).  Of the types: the `type` of columns in the manifests of
 * legacy reports and CUR 2.0, the column list of FOCUS; by rule, because a
 * report has columns that no list has.
 */
#ifndef ATHENA_H
#define ATHENA_H

#include "buf.h"

/* Glue takes names of 1 to 255 bytes: Athena user guide, "Name databases, tables, and columns". */
#define ATHENA_NAME_BYTES 255

/*
 * "lineItem/UnblendedCost" becomes line_item_unblended_cost.  Puts the name
 * into `name` in place of what was there.  It is empty when the header has no
 * letter or digit.  Letters and digits are those of ASCII.
 */
void athena_name(struct span header, struct buf *name);

enum athena_type {
	ATHENA_TEXT,
	ATHENA_DECIMAL,   /* BigDecimal, OptionalBigDecimal, double */
	ATHENA_TIME,      /* DateTime, timestamp */
	ATHENA_MAP        /* JSON text in the CSV, an object in the item */
};

/* The type of a column: by its Athena name for the formats cur1 and cur2, by its header for focus. */
enum athena_type athena_type(const char *format, struct span name);

#endif
