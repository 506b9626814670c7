"""After each run the items of the store are exactly those of the delivery; a repeat writes and removes nothing."""
import os
import random
import shutil
import sys

import lib

DAYS = [1, 2, 3, 14, 15, 28, 31, 40]     # the last is one day of the next month
SERVICES = ('AmazonEC2', 'AmazonS3', 'AWSLambda', 'Amazon "Quoted", Inc.', 'Größe')
COSTS = ('0.0000000000', '1.10', '-0.00339', '8.0E-7', '-7.0E-10', '12345678901234567890.000000001', '0.1')


def run(delivery, store, how='dedupe'):
    if how == 'sink':
        return lib.pipe(['cur-fetch', '--all', delivery], ['cur-parse'], ['cur-sink-s3', store])
    return lib.pipe(*lib.stages(delivery, store, *(['--all'] if how == 'all' else [])))


def problems_after(result, store, want, delivery):
    """What is not as it has to be after a run of a delivery."""
    if any(result.codes):
        return ['it exits %s: %s' % (result.codes, result.err)]
    found = [lib.wrong(store, want), *('garbage: ' + path for path in lib.garbage(store))]
    if lib.stream_items(lib.parsed(delivery)) != want:
        found.append('cur-parse gives other items than Python')
    return [f for f in found if f]


def problems_repeated(delivery, store, how):
    before = lib.listing(store)
    result = run(delivery, store, how)
    if any(result.codes):
        return ['a repeat exits %s: %s' % (result.codes, result.err)]
    if lib.listing(store) != before:
        return ['a repeat (%s) changes %s' % (how, before ^ lib.listing(store))]
    return []


def problems_with_sums(delivery, store):
    by = ['--by', 'lineItem.ProductCode,day', '--of', 'lineItem.UnblendedCost']
    report = lib.pipe(['cur-fetch', '--all', delivery], ['cur-parse'], ['cur-sum', *by])
    there = lib.pipe(['cur-sum', *by, store])
    if any(report.codes + there.codes):
        return ['cur-sum: %s %s: %s' % (report.codes, there.codes, report.err + there.err)]
    if sorted(report.out.splitlines()) != sorted(there.out.splitlines()):
        return ['the sums differ: %r… and %r…' % (report.out[:200], there.out[:200])]
    return []


def samples(tmp):
    folder = os.path.join(lib.SAMPLES, 'legacy-deliveries')
    if not os.path.isdir(folder):
        lib.skip('the three deliveries of the samples', 'no samples here')
        return
    store = os.path.join(tmp, 'samples')
    for version in ('v1', 'v2', 'v3'):
        delivery = os.path.join(folder, version)
        found = sample_problems(delivery, store)
        lib.none(found, 'samples %s: the store is the delivery, the repeat does nothing, the sums agree' % version)


def sample_problems(delivery, store):
    where = dict(export='cur-hourly', period='2026-03')
    result = run(delivery, store)
    if any(result.codes):
        return ['it exits %s: %s' % (result.codes, result.err)]
    want = lib.delivered(delivery)
    found = ['garbage: ' + path for path in lib.garbage(store, **where)]
    if not want or lib.stored(store, **where) != want:
        found.append('%d items are stored, %d are delivered' % (sum(lib.stored(store, **where).values()),
                                                               sum(want.values())))
    return found + problems_repeated(delivery, store, 'dedupe') + problems_with_sums(delivery, store)


class Month:
    """A report that changes from delivery to delivery in all ways that AWS has been seen to change one."""

    def __init__(self, rng):
        self.rng, self.days, self.columns = rng, {}, list(lib.COLUMNS)
        self.gone = {}
        self.grow(1)
        self.grow(2)

    def cells(self, day):
        rng = self.rng
        text = rng.choice(('', 'plain', 'a "quote", a comma', 'two\nlines', ' spaces ', '{"_cur":', 'é®', '\\', '0'))
        cells = list(lib.row(day, rng.randrange(24), rng.choice(COSTS), text, rng.choice(SERVICES),
                             'id%d' % rng.randrange(5)))
        return cells + [rng.choice(('', 'x')) for _ in self.columns[len(lib.COLUMNS):]]

    def grow(self, day):
        self.days.setdefault(day, []).extend(self.cells(day) for _ in range(self.rng.randrange(1, 12)))

    def change(self):
        rng, days = self.rng, self.days
        what = rng.choice(('grow', 'grow', 'shrink', 'change', 'vanish', 'back', 'twins', 'column', 'nothing', 'all'))
        day = rng.choice(sorted(days)) if days else 1
        if what == 'grow':
            self.grow(rng.choice(DAYS))
        elif what == 'shrink' and days:
            days[day].pop(rng.randrange(len(days[day])))
        elif what == 'change' and days:
            rng.choice(days[day])[6] = '%d.%d' % (rng.randrange(99), rng.randrange(99))
        elif what == 'vanish' and days:
            self.gone[day] = days.pop(day)
        elif what == 'back' and self.gone:
            day, rows = self.gone.popitem()
            days[day] = rows
        elif what == 'twins' and days:
            days[day] += [list(days[day][0]) for _ in range(rng.randrange(1, 3))]
        elif what == 'column':
            self.columns.append('resourceTags/user:T%d' % len(self.columns))
            for rows in list(days.values()) + list(self.gone.values()):
                for cells in rows:
                    cells.append(rng.choice(('', '', 'tag')))
        elif what == 'all':
            self.gone, self.days = days, {}
        for day in [day for day in self.days if not self.days[day]]:
            del self.days[day]

    def rows(self):
        rows = [tuple(cells) for rows in self.days.values() for cells in rows]
        self.rng.shuffle(rows)
        return rows


def write(folder, version, month):
    rows = month.rows()
    lib.deliver(folder, version, rows, month.columns, parts=month.rng.choice((1, 1, 2, 3)))
    return lib.items_of(month.columns, rows)


def sequence(tmp, seed, length):
    """Deliveries of one seed into one store; what went wrong, if anything."""
    rng = random.Random(seed)
    month, store = Month(rng), os.path.join(tmp, 'store')
    old, delivery = os.path.join(tmp, 'old'), os.path.join(tmp, 'delivery')
    for folder in (store, old, delivery):
        shutil.rmtree(folder, ignore_errors=True)
    for version in range(1, length + 1):
        if os.path.exists(delivery) and rng.random() < 0.5:
            shutil.rmtree(old, ignore_errors=True)
            os.rename(delivery, old)
        want = write(delivery, version, month)
        how = rng.choice(('dedupe', 'dedupe', 'dedupe', 'sink', 'all'))
        found = problems_after(run(delivery, store, how), store, want, delivery)
        if not found:
            found = problems_repeated(delivery, store, rng.choice(('dedupe', how)))
        if not found and rng.random() < 0.3:
            found = problems_with_sums(delivery, store)
        if not found and rng.random() < 0.3 and os.path.exists(old):
            found = problems_stale(old, store, rng.choice(('dedupe', 'sink', 'all')))
        if found:
            return ['seed %d, delivery %d, %s: %s' % (seed, version, how, f) for f in found]
        for _ in range(rng.randrange(4)):
            month.change()
    return []


def problems_stale(delivery, store, how):
    before = lib.listing(store)
    result = run(delivery, store, how)
    if any(result.codes):
        return ['an older delivery exits %s: %s' % (result.codes, result.err)]
    if lib.listing(store) != before:
        return ['an older delivery (%s) changes the store' % how]
    return []


def stale(tmp):
    old, new, store = (os.path.join(tmp, name) for name in ('s1', 's2', 'stale'))
    lib.deliver(old, 1, [lib.row(1, n, '1') for n in range(3)])
    lib.deliver(new, 2, [lib.row(1, n, '2') for n in range(2)])
    run(new, store)
    before = lib.listing(store)
    passed = lib.pipe(['cur-fetch', '--all', old], ['cur-parse'], ['cur-dedupe', '--state', store])
    lib.ok(passed.codes == [0, 0, 0] and not lib.stream_items(passed.out) and b'"stale":true' in passed.out,
           'an older delivery: nothing passes, and the end says so', passed.codes, passed.out, passed.err)
    for how in ('dedupe', 'sink', 'all'):
        result = run(old, store, how)
        lib.ok(not any(result.codes), 'an older delivery (%s): exit 0' % how, result.codes, result.err)
        lib.ok(lib.listing(store) == before, 'an older delivery (%s): the store is as before' % how)


def main():
    with lib.scratch() as tmp:
        samples(tmp)
        stale(tmp)
        seeds, length = (5, 10) if lib.SAN else (10, 12)
        for seed in range(seeds):
            lib.none(sequence(tmp, seed, length), 'a sequence of %d deliveries, seed %d' % (length, seed))
        lib.ok(not os.listdir(os.environ['TMPDIR']), 'nothing is left in $TMPDIR', os.listdir(os.environ['TMPDIR']))
    lib.done()


if __name__ == '__main__':
    sys.exit(main())
