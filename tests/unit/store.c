/* A directory as a store. */
#include "store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

static char root[] = "/tmp/cur-store.XXXXXX";

static void
count(void *arg, const char *key, uint64_t bytes)
{
	struct buf *b = arg;

	buf_fmt(b, "%s:%ju ", key, (uintmax_t)bytes);
}

static bool
holds(struct store *s, const char *prefix, const char *list)
{
	struct buf b = {0};
	bool same;

	store_list(s, prefix, count, &b);
	same = strcmp(buf_text(&b), list) == 0;
	if (!same)
		printf("# %s\n", buf_text(&b));
	buf_free(&b);
	return same;
}

static bool
is(struct store *s, const char *key, const char *text)
{
	struct buf b = {0};
	bool same = store_get(s, key, &b) == STORE_OK && span_is(buf_span(&b), text);

	buf_free(&b);
	return same;
}

static void
test_put(struct store *s)
{
	struct store_put *p = store_put_new(s, "a/.1.tmp");
	struct buf b = {0};

	store_put_write(p, span_of("one "));
	store_put_rest(p);
	store_put_write(p, span_of("two"));
	ok(holds(s, "a/", "a/.1.tmp:7 "), "a temporary object is listed");
	ok(store_put_name(p, "a/b=c/x y") == STORE_OK, "it gets its name");
	ok(is(s, "a/b=c/x y", "one two"), "it has all its bytes, rest or not");
	ok(holds(s, "a/b=", "a/b=c/x y:7 "), "a prefix may end inside a name");
	ok(holds(s, "a/c", ""), "another prefix has nothing");
	ok(store_get(s, "a/none", &b) == STORE_MISSING, "a missing object is missing");
	p = store_put_new(s, "a/.2.tmp");
	store_put_drop(p);
	ok(holds(s, "a/", "a/b=c/x y:7 "), "a dropped object is gone");
	p = store_put_new(s, "t/.3.tmp");
	store_put_rest(p);
	store_delete(s, "t/.3.tmp");
	store_put_write(p, span_of("into nothing"));
	ok(store_put_name(p, "t/x") == STORE_MISSING, "a temporary object that somebody removed is missed");
	p = store_put_new(s, "t/.4.tmp");
	store_delete(s, "t/.4.tmp");
	ok(store_put_name(p, "t/x") == STORE_MISSING, "also while it is open");
	store_delete(s, "a/b=c/x y");
	ok(access(store_name(s), F_OK) == 0 && holds(s, "", ""), "the last object takes its folders along, but not the store");
	store_delete(s, "a/b=c/x y");
	ok(true, "removing what is not there is fine");
	buf_free(&b);
}

static void
test_swap(struct store *s)
{
	struct span none = {NULL, 0};

	ok(store_swap(s, "d/1.json", span_of("x"), span_of("a")) == STORE_CHANGED, "a swap that saw something finds nothing");
	ok(store_swap(s, "d/1.json", none, span_of("a")) == STORE_OK && is(s, "d/1.json", "a"), "a first swap");
	ok(store_swap(s, "d/1.json", none, span_of("b")) == STORE_CHANGED && is(s, "d/1.json", "a"),
	    "a second first swap changes nothing");
	ok(store_swap(s, "d/1.json", span_of("a"), span_of("bb")) == STORE_OK && is(s, "d/1.json", "bb"), "a swap on what it saw");
	ok(store_swap(s, "d/1.json", span_of("a"), span_of("c")) == STORE_CHANGED && is(s, "d/1.json", "bb"),
	    "a swap on something older");
	ok(holds(s, "d/", "d/1.json:2 "), "a swap leaves nothing beside the object");
}

int
main(void)
{
	struct store *s;

	if (mkdtemp(root) == NULL)
		return 1;
	s = store_open(root, &(struct store_options){0});
	test_put(s);
	test_swap(s);
	store_delete(s, "d/1.json");
	store_close(s);
	rmdir(root);
	return tap_end();
}
