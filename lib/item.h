/*
 * Finds the id, the time and named members in the bytes of an item.
 *
 * Nothing is parsed that stands after what is looked for.  An item in another
 * order, or with space between its tokens, is read just the same.
 */
#ifndef ITEM_H
#define ITEM_H

#include <jansson.h>

#include "buf.h"

/* Where a member is: a name, or a name inside the member of another name. */
struct item_path {
	char *name[2];     /* owned; name[0] is NULL for a path that leads nowhere */
	int depth;         /* 0, 1 or 2 */
};

/* From ["identity","LineItemId"], as in `id` and `time` of a begin mark.  NULL, or why it is none.  null: depth 0. */
const char *item_path_json(struct item_path *path, const json_t *names);
/* From "lineItem.UsageAmount": split at the first dot. */
void item_path_text(struct item_path *path, struct span text);
void item_path_free(struct item_path *path);

enum item_found { ITEM_BAD, ITEM_NONE, ITEM_VALUE };

/*
 * *raw is the member's JSON text, inside `item`.  ITEM_NONE: absent or null.
 * ITEM_BAD: as far as it was read, the item is no JSON object.
 */
enum item_found item_find(struct span item, const struct item_path *path, struct span *raw);

/* The start of the item, in seconds since the epoch (day.h).  NULL, or why it has none.  tmp is scratch. */
const char *item_time(struct span item, const struct item_path *path, struct buf *tmp, int64_t *seconds);

/*
 * For a stream without begin mark: sets `id` and `time` in `begin` from the
 * first item, by the names that CUR uses.  NULL, or why it cannot tell.
 */
const char *item_guess(struct span item, json_t *begin);

/* True when the item starts with '{', ends with '}': whether it can be one at all, for stages that look at its head only. */
bool item_is_whole(struct span item);

#endif
