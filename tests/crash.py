"""Kills each stage with SIGKILL before each call that writes, and looks at what the store holds then.

strace delivers a signal when a call is entered; a SIGKILL there ends the process without the call being made (the first
case proves it).  So a kill at call N is a kill after everything up to call N - 1, and the one at exit_group is a kill
after everything.  Calls before the program's own first one (fcntl, in die_begin) are the loader's and are left out.
"""
import os
import re
import shutil
import subprocess
import sys

import lib

CALLS = ('write,writev,pwrite64,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,rmdir,mkdir,'
         'mkdirat,close,openat,ftruncate,fallocate,flock,exit_group')
FIRST_CALL = 'fcntl'
OLD, NEW, NEWER = (
    [lib.row(1, 1, '1.1'), lib.row(2, 1, '2.1'), lib.row(3, 1, '3.1'), lib.row(2, 2, '2.2')],
    [lib.row(3, 1, '3.1'), lib.row(1, 1, '1.1'), lib.row(1, 2, '1.2', 'new'), lib.row(1, 2, '1.2', 'new'),
     lib.row(35, 1, '9')],                       # day 1 grows by twins, 2 vanishes, 3 stays, one in the future comes
    [lib.row(1, 1, '1.1'), lib.row(2, 1, '2.1'), lib.row(4, 4, '4.4'), lib.row(3, 1, '-3.1')],
)


def wants(rows):
    return lib.items_of(lib.COLUMNS, rows)


def strace(stage, log, *inject):
    return ['strace', '-f', '-qq', '-o', log, '-e', 'trace=%s,%s' % (CALLS, FIRST_CALL), '-e', 'signal=none', *inject,
            *stage]


def points(log, opens=False):
    """The calls to be killed at, less the loader's: (name, number of its kind, line of the log).

    Files that are opened to be read count with opens only.
    """
    counts, found, begun = {}, [], False
    with open(log, errors='replace') as f:
        for line in f:
            name = re.match(r'\d+\s+(\w+)\(', line)
            if not name:
                continue
            name = name[1]
            counts[name] = counts.get(name, 0) + 1
            begun = begun or name == FIRST_CALL
            creates = name != 'openat' or 'O_CREAT' in line or 'O_TMPFILE' in line
            if not begun or name == FIRST_CALL or not (creates or opens):
                continue
            found.append((name, counts[name], re.sub(r'^\d+\s+', '', line.rstrip())[:100]))
    return found


class Place:
    """A scratch folder with the deliveries, their streams and a store to begin with."""

    def __init__(self, tmp):
        self.tmp, self.log = tmp, os.path.join(tmp, 'log')
        self.store, self.base = os.path.join(tmp, 'store'), os.path.join(tmp, 'base')
        self.delivery = [lib.deliver(os.path.join(tmp, 'd%d' % n), n, rows)
                         for n, rows in enumerate((OLD, NEW, NEWER), 1)]
        self.stream = [lib.parsed(d) for d in self.delivery]
        self.want = [wants(OLD), wants(NEW), wants(NEWER)]

    def begin(self, start):
        """The store before the run: 'empty', 'old' or 'new', which is what an undisturbed run of that delivery made."""
        shutil.rmtree(self.store, ignore_errors=True)
        if start != 'empty':
            if not os.path.exists(self.base + start):
                self.run(0)
                if start == 'new':
                    self.run(1)
                os.rename(self.store, self.base + start)
            shutil.copytree(self.base + start, self.store)

    def stages(self, number, which, dedupe=True):
        """The pipe of a delivery; fetching and parsing come from a file when they are not to be killed."""
        whole = list(lib.stages(self.delivery[number], self.store))
        if not dedupe:
            del whole[2]
        if which in ('cur-dedupe', 'cur-sink-s3'):
            return whole[2:], self.stream[number]
        return whole, None

    def run(self, number, dedupe=True):
        chain, stream = self.stages(number, 'cur-sink-s3', dedupe)
        return lib.pipe(*chain, stdin=stream)

    def expected(self, start, number, dedupe=True):
        """What an undisturbed run makes of it."""
        self.begin(start)
        run = self.run(number, dedupe)
        if any(run.codes) or lib.wrong(self.store, self.want[number]) or lib.garbage(self.store):
            lib.ok(False, 'an undisturbed run of delivery %d' % (number + 1), run.codes, run.err,
                   lib.wrong(self.store, self.want[number]), lib.garbage(self.store))
        return lib.without_generation(self.store)


def killed(place, which, inject, start, dedupe=True):
    """Runs delivery 2 with one stage under strace."""
    place.begin(start)
    chain, stream = place.stages(1, which, dedupe)
    at = [stage[0] for stage in chain].index(which)
    chain[at] = strace(chain[at], place.log, *inject)
    return lib.pipe(*chain, stdin=stream), at


def problems_at(place, which, point, start, dedupe, expected):
    """What is wrong after a kill at a point, and after another run."""
    name, number, _ = point
    run, at = killed(place, which, ['-e', 'inject=%s:signal=KILL:when=%d' % (name, number)], start, dedupe)
    old = {'empty': None, 'old': place.want[0], 'new': place.want[1]}[start]
    found = []
    if run.codes[at] != -9:
        found.append('it was not killed: %s' % run.codes)
    whole = lib.wrong(place.store, place.want[1]) == ''
    if not whole and lib.wrong(place.store, old):
        found.append('after it the store: %s' % lib.wrong(place.store, old, place.want[1]))
    if run.codes[-1] == 0 and not whole:
        found.append('the last stage exits 0 and the store has not the new delivery')
    again = place.run(1, dedupe)
    if any(again.codes):
        found.append('run again it exits %s: %s' % (again.codes, again.err))
    elif lib.without_generation(place.store) != expected:
        found.append('run again it leaves another store: %s; garbage %s' % (
            lib.wrong(place.store, place.want[1]) or lib.document(place.store), lib.garbage(place.store)))
    if not found:
        killed(place, which, ['-e', 'inject=%s:signal=KILL:when=%d' % (name, number)], start, dedupe)
        after = place.run(2)
        if any(after.codes) or lib.wrong(place.store, place.want[2]) or lib.garbage(place.store):
            found.append('a newer delivery after it exits %s, leaves %s, garbage %s' % (
                after.codes, lib.wrong(place.store, place.want[2]), lib.garbage(place.store)))
    return ['%s at %s %d, %s: %s' % (which, name, number, point[2], f) for f in found]


def stage(place, which, start='old', dedupe=True, every=1):
    """Kills a stage at each of its points."""
    expected = place.expected(start, 1, dedupe)
    run, _ = killed(place, which, [], start, dedupe)
    calls = points(place.log)[::every]
    title = '%s%s, store %s: killed at %d calls' % (which, '' if dedupe else ' alone', start, len(calls))
    if any(run.codes) or len(calls) < 3:
        lib.ok(False, title, run.codes, run.err)
        return
    found = []
    for point in calls:
        found += problems_at(place, which, point, start, dedupe, expected)
    lib.none(found, title + ': the old delivery or the new one; run again it is the undisturbed store')


def calls_with_paths(log):
    """(name, paths) of the calls that went well."""
    found = []
    with open(log, errors='replace') as f:
        for line in f:
            call = re.match(r'\d+\s+(\w+)\((.*)\)\s+= (?!-)', line)
            if call:
                found.append((call[1], re.findall(r'[<"](/[^<>"]*)[>"]', call[2])))
    return found


def durable(place):
    """By the order of the calls: nothing is named before it is durable, and the document is swapped last."""
    place.begin('old')
    place.expected('old', 1)
    killed(place, 'cur-sink-s3', ['-y'], 'old')
    synced, renamed, dirty, made, found = set(), [], set(), set(), []
    doc = os.path.join(place.store, lib.document_path())
    for call, paths in calls_with_paths(place.log):
        path = paths[0] if paths else ''
        if call == 'write' and path.startswith(place.store):
            synced.discard(path)
        elif call.startswith('mkdir'):
            made.add(path)
        elif call in ('fsync', 'fdatasync'):
            synced.add(path)
            dirty.discard(path)
            made -= {m for m in made if os.path.dirname(m) == path}
        elif call.startswith('rename'):
            if path not in synced:
                found.append('%s is renamed before it is synced' % path)
            if paths[-1] == doc:
                found += ['the document is swapped before the folder %s is synced' % d for d in dirty | made]
            renamed.append(paths[-1])
            dirty.add(os.path.dirname(paths[-1]))
        elif call.startswith('unlink') and not path.endswith('.tmp'):
            if doc not in renamed or os.path.dirname(doc) in dirty:
                found.append('%s is removed before the document is durable' % path)
        elif call == 'write' and doc in renamed and os.path.dirname(doc) in dirty:
            found.append('the receipt is written before the document is durable')
    objects = [path for path in renamed if path != doc]
    lib.ok(len(objects) >= 2 and renamed[-1] == doc, 'objects get their names, then the document is swapped', renamed)
    lib.none(found, 'each is synced before it is renamed, the folders before the swap, the document before removals')


def check_strace(tmp):
    """What a kill on entry means, and whether we may trace at all."""
    file = os.path.join(tmp, 'entry')
    shell = ['sh', '-c', 'echo one; echo two; echo three']
    with open(file, 'w') as f:
        run = subprocess.run(['strace', '-qq', '-o', '/dev/null', '-e', 'trace=write', '-e',
                              'inject=write:signal=KILL:when=2', *shell], stdout=f, stderr=subprocess.PIPE)
    with open(file) as f:
        text = f.read()
    if run.returncode != -9:
        lib.skip_all('strace cannot kill here: %s' % run.stderr.decode(errors='replace').strip()[:100])
    lib.ok(text == 'one\n', 'a call that is killed on entry is not made', text)


def main():
    if lib.SAN:
        os.environ['ASAN_OPTIONS'] = os.environ.get('ASAN_OPTIONS', '') + ':detect_leaks=0'     # it traces, too
    with lib.scratch() as tmp:
        check_strace(tmp)
        place = Place(tmp)
        durable(place)
        every = 2 if lib.SAN else 1
        stage(place, 'cur-sink-s3', every=every)
        stage(place, 'cur-sink-s3', start='empty', every=every)
        stage(place, 'cur-sink-s3', start='new', every=every)
        stage(place, 'cur-sink-s3', dedupe=False, every=every)
        stage(place, 'cur-dedupe')
        stage(place, 'cur-dedupe', start='new')
        stage(place, 'cur-parse')
        stage(place, 'cur-fetch')
    lib.done()


if __name__ == '__main__':
    sys.exit(main())
