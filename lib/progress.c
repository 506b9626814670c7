/* How far a program is, on stderr, for people. */
#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "die.h"

#define DRAW_MS 500
#define TICKS_PER_LOOK 1024

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
begin(struct progress *p)
{
	p->begun = true;
	p->on = p->when == PROGRESS_ON || (p->when == PROGRESS_AUTO && isatty(STDERR_FILENO));
	p->began_ms = p->drawn_ms = now_ms();
}

void
progress_tick(struct progress *p, const char *what, uint64_t items, uint64_t bytes)
{
	int64_t now;

	if (!p->begun)
		begin(p);
	if (!p->on || p->ticks++ % TICKS_PER_LOOK != 0)
		return;
	now = now_ms();
	if (now - p->drawn_ms < DRAW_MS)
		return;
	p->drawn_ms = now;
	p->drawn = true;
	fprintf(stderr, "\r%ju %s, %.1f MB, %.1f MB/s\033[K", (uintmax_t)items, what, (double)bytes / 1e6,
	    (double)bytes / 1e3 / (double)(now - p->began_ms));
	fflush(stderr);
}

void
progress_end(struct progress *p, const char *what, uint64_t items, uint64_t bytes)
{
	int64_t ms;

	if (!p->begun)
		begin(p);
	if (p->drawn)
		fputs("\r\033[K", stderr);
	ms = now_ms() - p->began_ms;
	if (p->verbose)
		warn("%ju %s, %.1f MB in %.1f s", (uintmax_t)items, what, (double)bytes / 1e6, (double)ms / 1e3);
}
