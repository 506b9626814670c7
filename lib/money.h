/*
 * Exact decimal addition: costs are text, and no double ever sees them.
 *
 * A number is an optional sign, digits with an optional point, and an optional
 * exponent: 12, -0.00339, +1, .5, 8.0E-7, 1e3; any count of digits.  A point
 * wants a digit after it: "1." is none, nor are "", ".", "Inf", "NaN" or
 * anything with a space.  Digits other than leading and trailing zeros stand
 * between 10^-1000 and 10^1000; a sum may grow beyond.
 */
#ifndef MONEY_H
#define MONEY_H

#include "buf.h"

#define MONEY_MAX_PLACE 1000

/*
 * A sum.  Owns its limbs; {0} is nought.  Adding allocates only when a digit
 * stands further from the point than any before it.
 */
struct money {
	int64_t *limb;       /* signed, low first; limb[i] counts 10^(9 * (low + i)) */
	int low, n;
	uint64_t load;       /* no limb is above load * (10^9 - 1), either sign */
};

/* Adds the number in text.  NULL, or why it is none, and m is as before. */
const char *money_add(struct money *m, struct span text);
/* Adds a sum to a sum. */
void money_sum(struct money *to, const struct money *from);

/* The calls below carry first; that changes the limbs, never the value. */

/* Adds the shortest plain spelling: no exponent, no '+', no needless zero, "0" for nought in any spelling. */
void money_print(struct money *m, struct buf *to);
/* Below, equal to or above 0. */
int money_sign(struct money *m);
/* Below, equal to or above 0 as a is below, equal to or above b; for sizes, |a| and |b|. */
int money_cmp(struct money *a, struct money *b);
int money_cmp_size(struct money *a, struct money *b);
/* |m| / |max| of width, to the nearest whole number, half up; never above width.  0 where max is nought. */
int money_bar(struct money *m, struct money *max, int width);

/* Nought again, with its memory kept. */
void money_reset(struct money *m);
void money_free(struct money *m);

#endif
