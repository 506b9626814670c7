/*
 * Which items of a delivery pass, and what `end` tells of them.
 */
#ifndef FILTER_H
#define FILTER_H

#include "delivery.h"
#include "spool.h"

enum by { BY_DAY, BY_TIME };
enum on_schema_change { SCHEMA_CONTINUE, SCHEMA_ERROR, SCHEMA_RECONCILE };

struct filter_options {
	enum by by;
	enum on_schema_change schema;
	bool all;              /* everything passes */
	int lookback_days;     /* by time: how far behind the latest start items still pass */
};

struct filter {
	const struct filter_options *options;
	struct delivery delivery;
	struct tally days;            /* of the delivery */
	struct spool *spool;          /* made when first needed, kept from delivery to delivery */
	bool everything;              /* all days pass, whatever the state says */
	int64_t from;                 /* by time: items that start after this pass; INT64_MIN: all */
	uint64_t seen, passed;
};

/* {0} with options set is ready.  Each after its mark or item. */
void filter_begin(struct filter *f, struct store *store, struct marks *m);
void filter_item(struct filter *f, const struct marks *m);
/* Lets the changed days pass and completes `end`. */
void filter_end(struct filter *f, struct marks *m);
void filter_free(struct filter *f);

#endif
