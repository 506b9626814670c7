/* The items of a delivery on their way into objects. */
#include "chunks.h"

#include <stdlib.h>
#include <sys/random.h>

#include "die.h"
#include "names.h"
#include "pack.h"

struct chunk_day *
chunks_day(struct chunks *c, int32_t day)
{
	if (c->last < c->n && c->days[c->last].day == day)
		return &c->days[c->last];
	for (size_t i = 0; i < c->n; i++)
		if (c->days[i].day == day) {
			c->last = i;
			return &c->days[i];
		}
	return NULL;
}

static struct chunk_day *
new_day(struct chunks *c, int32_t day)
{
	c->days = mem_grow(c->days, c->n + 1, sizeof *c->days);
	c->days[c->n] = (struct chunk_day){.day = day};
	c->last = c->n;
	return &c->days[c->n++];
}

static struct chunk *
last_chunk(struct chunk_day *d)
{
	return &d->chunks[d->n - 1];
}

/* Writes what the packer gave. */
static void
write_packed(struct chunks *c, struct chunk_day *d)
{
	struct chunk *k = last_chunk(d);

	if (k->put != NULL)
		store_put_write(k->put, buf_span(&c->packed));
	k->packed_bytes += c->packed.n;
	buf_reset(&c->packed);
}

/* Ends the gzip member; the chunk may go on with another. */
static void
stop_packing(struct chunks *c, struct chunk_day *d)
{
	if (d->pack == NULL)
		return;
	pack_end(d->pack, &c->packed);
	write_packed(c, d);
	pack_free(d->pack);
	d->pack = NULL;
	c->packing--;
	if (last_chunk(d)->put != NULL)
		store_put_rest(last_chunk(d)->put);
}

/* The day that waited longest makes room. */
static void
make_room(struct chunks *c)
{
	struct chunk_day *oldest = NULL;

	for (size_t i = 0; i < c->n; i++)
		if (c->days[i].pack != NULL && (oldest == NULL || c->days[i].used < oldest->used))
			oldest = &c->days[i];
	stop_packing(c, oldest);
}

static void
start_packing(struct chunks *c, struct chunk_day *d)
{
	if (c->packing == CHUNKS_OPEN)
		make_room(c);
	d->pack = pack_new(c->level);
	c->packing++;
}

static struct store_put *
new_put(struct chunks *c, const struct chunk_day *d)
{
	struct buf key = {0};
	struct store_put *put;
	uint64_t random;

	if (c->store == NULL)
		return NULL;
	if (getrandom(&random, sizeof random, 0) != sizeof random)
		die(EX_OSERR, "random bytes:");
	buf_str(&key, c->prefix);
	name_temporary(&key, c->generation, d->day, d->n + 1, random);
	put = store_put_new(c->store, buf_text(&key));
	buf_free(&key);
	return put;
}

static void
begin_chunk(struct chunks *c, struct chunk_day *d)
{
	struct store_put *put = new_put(c, d);

	d->chunks = mem_grow(d->chunks, d->n + 1, sizeof *d->chunks);
	d->chunks[d->n++] = (struct chunk){.put = put};
	if (d->hash == NULL)
		d->hash = digest_stream_new();
	d->open = true;
}

static void
end_chunk(struct chunks *c, struct chunk_day *d)
{
	stop_packing(c, d);
	last_chunk(d)->hash = digest_stream_end(d->hash);
	d->open = false;
}

static void
add_bytes(struct chunks *c, struct chunk_day *d, struct span bytes)
{
	digest_stream_add(d->hash, bytes);
	pack_add(d->pack, bytes, &c->packed);
	last_chunk(d)->bytes += bytes.n;
}

void
chunks_add(struct chunks *c, int32_t day, struct span item)
{
	struct chunk_day *d = chunks_day(c, day);

	tally_add(&c->tally, day, item);
	if (d == NULL)
		d = new_day(c, day);
	if (!d->open)
		begin_chunk(c, d);
	if (d->pack == NULL)
		start_packing(c, d);
	d->used = ++c->clock;
	add_bytes(c, d, item);
	add_bytes(c, d, (struct span){"\n", 1});
	if (c->packed.n > 0)
		write_packed(c, d);
	if (last_chunk(d)->bytes >= c->object_bytes)
		end_chunk(c, d);
}

void
chunks_end(struct chunks *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->days[i].open)
			end_chunk(c, &c->days[i]);
}

static void
free_day(struct chunk_day *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->chunks[i].put != NULL)
			store_put_drop(d->chunks[i].put);
	free(d->chunks);
	if (d->pack != NULL)
		pack_free(d->pack);
	digest_stream_free(d->hash);
}

static struct chunks *guarded;

static void
drop_guarded(void)
{
	if (guarded != NULL)
		chunks_free(guarded);
}

void
chunks_guard(struct chunks *c)
{
	static bool registered;

	if (!registered && atexit(drop_guarded) != 0)
		die(EX_OSERR, "atexit:");
	registered = true;
	guarded = c;
}

void
chunks_free(struct chunks *c)
{
	for (size_t i = 0; i < c->n; i++)
		free_day(&c->days[i]);
	free(c->days);
	tally_free(&c->tally);
	buf_free(&c->packed);
	*c = (struct chunks){0};
	guarded = NULL;
}
