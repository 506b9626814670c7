"""Every fault at every request of the pipe over S3.

After each run the store, looked at past the gate, holds the old delivery or the new one, whole; after exit 0 the new one
and nothing else.  A fault that passes is gone through.  Where a run ends, its exit is one that the fault has, and the
next run, without faults, makes all of it right.
"""
import concurrent.futures
import gzip
import itertools
import os
import queue
import shutil
import signal
import sys
import threading
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'aws'))
import lib  # noqa: E402
import s3pipe  # noqa: E402
import servers  # noqa: E402

WORKERS = 3
OLD = [lib.row(1, 1, '1.1'), lib.row(2, 1, '2.1'), lib.row(3, 1, '3.1'), lib.row(2, 2, '2.2')]
NEW = [lib.row(3, 1, '3.1'), lib.row(1, 1, '1.1'), lib.row(1, 2, '1.2'), lib.row(1, 2, '1.2'), lib.row(5, 1, '9')]
WANT_OLD, WANT_NEW = lib.items_of(lib.COLUMNS, OLD), lib.items_of(lib.COLUMNS, NEW)
FETCH, PARSE, DEDUPE, SINK = range(4)
# Codes that say: what came, what is there, try again, no permission, no such place.  Not 0, 64, 70 or a signal.
ENDS = {65, 66, 69, 73, 74, 75, 76, 77, 78}
GOES, TRIES = {0}, {69}
SAFE = ENDS | GOES
SIGPIPE = -signal.SIGPIPE

# The requests of the pipe, and of which stage each is.  The document is read by cur-dedupe, and by the sink.
REQUESTS = {
    'list of the source': (FETCH, {'kind': 'list', 'path': '/*billing*'}),
    'manifest': (FETCH, {'kind': 'get', 'path': '*/hourly-Manifest.json'}),
    'part': (FETCH, {'kind': 'get', 'path': '*.csv.gz'}),
    'state': (DEDUPE, {'kind': 'get', 'path': '*/_cur/*.json'}),
    'state, by the sink': (SINK, {'kind': 'get', 'path': '*/_cur/*.json'}),
    'list of the store': (SINK, {'kind': 'list', 'path': '/*lake*'}),
    'chunk': (SINK, {'kind': 'put', 'path': '*/export=*'}),
    'probe': (SINK, {'kind': 'put-if', 'path': '*.probe'}),
    'swap': (SINK, {'kind': 'put-if', 'path': '*/_cur/*.json'}),
    'removal': (SINK, {'kind': 'delete', 'path': '*/export=*'}),
}
WRITES = ('chunk', 'probe', 'swap', 'removal')
# Requests for what is read, and those that begin or matter most, for faults that are the same everywhere.
READS = ('list of the source', 'manifest', 'part', 'state', 'state, by the sink', 'list of the store')
SOME = ('list of the source', 'part', 'state', 'chunk', 'swap')

# A fault: what it is called, the rule, the exits that it may have, exceptions by request, and where else than everywhere.
FAULTS = (
    # What passes is gone through.
    ('500', {'do': '500'}, GOES, {}, None),
    ('500 after it was done', {'do': '500', 'did': True}, GOES, {}, WRITES),
    ('503 SlowDown', {'do': '503-slowdown'}, GOES, {}, SOME),
    ('RequestTimeout', {'do': '400-timeout'}, GOES, {}, SOME),
    ('reset', {'do': 'reset'}, GOES, {}, None),
    ('answer lost', {'do': 'lost-answer'}, GOES, {}, WRITES),
    ('answer cut', {'do': 'cut-body'}, GOES, {}, READS),
    ('answer cut in its head', {'do': 'cut-head'}, GOES, {}, None),
    ('trickle', {'do': 'trickle', 'pieces': 40, 'ms': 5}, GOES, {}, SOME),
    ('connections closed after the answer', {'do': 'close-after', 'times': 0}, GOES, {}, None),
    ('clock two hours off', {'do': 'clock', 'seconds': 7200}, GOES, {}, SOME),
    ('another region', {'do': '301-region', 'region': 'sa-east-1'}, GOES, {}, SOME),
    # An answer may come without a length; that it is whole is then seen by what is in it.
    ('no length', {'do': 'no-length'}, GOES, {'part': SAFE}, READS),
    # 200 of something that is not S3, or with an error in it.
    ('200 with an error', {'do': '200-error-body'}, GOES, {'part': TRIES}, None),
    ('HTML with 200, always', {'do': 'html-200', 'times': 0}, TRIES, {}, None),
    ('XML with 200, always', {'do': 'reply', 'status': 200, 'body': '<a><b>Log in.</b></a>', 'times': 0}, TRIES, {}, None),
    # Bytes that are not those that were stored.
    ('wrong CRC', {'do': 'wrong-crc'}, SAFE, {}, None),
    ('a byte changed', {'do': 'flip'}, SAFE, {}, READS),
    ('half of it, as if it were all', {'do': 'short'}, SAFE, {}, READS),
    # What does not pass.
    ('500, always', {'do': '500', 'times': 0}, TRIES, {}, None),
    ('503 SlowDown, always', {'do': '503-slowdown', 'times': 0}, TRIES, {}, ('part', 'chunk')),
    ('reset, always', {'do': 'reset', 'times': 0}, TRIES, {}, SOME),
    ('answer lost, always', {'do': 'lost-answer', 'times': 0}, TRIES, {}, WRITES),
    ('AccessDenied', {'do': '403', 'times': 0}, {77}, {}, None),
    ('ExpiredToken', {'do': 'expired-token', 'times': 0}, {77}, {}, SOME),
    ('NoSuchBucket', {'do': 'no-such-bucket', 'times': 0}, {66, 78}, {}, None),
    ('RequestTimeTooSkewed, always', {'do': 'time-skewed', 'times': 0}, {77}, {}, SOME),
)
# Those that mean something at some requests alone.
MORE = (
    ('swap', '409', {'do': '409'}, GOES),
    ('swap', '409, always', {'do': '409', 'times': 0}, {69, 75}),
    ('swap', '412', {'do': '412', 'times': 0}, {75}),
    ('probe', 'conditions ignored', {'do': 'ignore-conditions', 'times': 0}, {78}),
    ('part', 'NoSuchKey', {'do': '404', 'times': 0}, {66, 75}),
    ('manifest', 'NoSuchKey', {'do': '404', 'times': 0}, {66, 75}),
    ('state', 'NoSuchKey', {'do': '404', 'times': 0}, GOES),          # a first run, says cur-dedupe; but the sink knows better
    ('state, by the sink', 'NoSuchKey', {'do': '404', 'times': 0}, {75}),
    ('removal', 'NoSuchKey', {'do': '404', 'did': True}, GOES),
)


class Case:
    def __init__(self, request, fault, rule, codes):
        self.name = '%s: %s' % (request, fault)
        self.stage, match = REQUESTS[request]
        self.rule, self.codes = dict(rule, match=match), codes


def cases():
    for request, (fault, rule, codes, other, where) in itertools.product(REQUESTS, FAULTS):
        if where is None or request in where:
            yield Case(request, fault, rule, other.get(request, codes))
    for request, fault, rule, codes in MORE:
        yield Case(request, fault, rule, codes)


class Worker:
    """A gate and a scratch folder; cases are done one after the other."""

    def __init__(self, t, number, attempts='3'):
        self.t, self.number = t, number
        self.folder = os.path.join(t.tmp, 'worker%s' % number)
        self.spool = os.path.join(self.folder, 'spool')
        os.makedirs(self.spool)
        self.gate = servers.Gate(self.folder, t.world.server)
        self.lake = t.world.bucket('lake%s' % number)     # moto is not made for two at once in one bucket
        self.env = t.world.environment(gate=self.gate, AWS_MAX_ATTEMPTS=attempts, TMPDIR=self.spool)
        self.count = 0

    def empty_store(self):
        self.count += 1
        return s3pipe.Store(self.t.world, self.lake, str(self.count))

    def chain(self, stage, store):
        """The part of the pipe that has the request: fetching into a directory, or a parsed stream into S3."""
        if stage == FETCH:
            return s3pipe.stages(self.t.source, store)
        return [['cat', self.t.stream], *s3pipe.stages('', store)[DEDUPE:]]

    def run(self, stage, store, **how):
        chain = self.chain(stage, store)
        if stage == SINK:
            # What cur-dedupe asks is not meant.
            first = s3pipe.run(chain[:2], self.t.env)
            return s3pipe.run(chain[2:], self.env, stdin=first.out, **how)
        return s3pipe.run(chain, self.env, **how)

    def store(self, stage):
        """With the old delivery in it."""
        if stage == FETCH:
            folder = os.path.join(self.folder, 'store')
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(self.t.old, folder)
            return Folder(folder)
        store = self.empty_store()
        store.fill(self.t.old)
        return store


class Folder:
    """A store on disk."""

    def __init__(self, folder):
        self.uri = folder

    def problems(self, *allowed, garbage=False):
        why = lib.wrong(self.uri, *allowed)
        return ([why] if why else []) + ([] if garbage else ['garbage: ' + path for path in lib.garbage(self.uri)])


def problems(worker, case):
    """What is wrong about one case."""
    store = worker.store(case.stage)
    worker.gate.rules(case.rule)
    began = time.monotonic()
    run = worker.run(case.stage, store.uri)
    took = time.monotonic() - began
    found = judge(worker, case, run, store)
    met = case.rule['do'] in ('clock', '301-region') or any(note['fault'] for note in worker.gate.log())
    if not met:
        found.append('the fault was never met')
    if took > 20 and case.rule['do'] not in ('stall', 'stall-body'):
        found.append('it takes %d s' % took)
    left = os.listdir(worker.spool)
    if left:
        found.append('left in $TMPDIR: %s' % left)
        empty(worker.spool)
    if any(run.codes):
        worker.gate.rules()
        again = worker.run(case.stage, store.uri)
        found += ['run again it exits %s: %s' % (again.codes, again.err)] if any(again.codes) else []
        found += ['run again: ' + why for why in store.problems(WANT_NEW)]
    return found


def empty(folder):
    shutil.rmtree(folder)
    os.mkdir(folder)


def judge(worker, case, run, store):
    """Of the run itself."""
    codes = dict(zip({FETCH: range(4), DEDUPE: (None, DEDUPE, SINK), SINK: (SINK,)}[case.stage], run.codes))
    code, found = codes[case.stage], []
    if code == SIGPIPE:
        # It wrote to a stage that had ended; that one tells why.
        code = next((c for c in run.codes if c and c != SIGPIPE), SIGPIPE)
    if code not in case.codes:
        found.append('it exits %d, not %s: %s' % (code, ' or '.join(map(str, sorted(case.codes))), run.err))
    if code and not codes[SINK]:
        found.append('%s, and the sink exits 0' % codes)
    if any(c and c != SIGPIPE and c not in ENDS for c in run.codes) or codes[SINK] == SIGPIPE:
        found.append('exits %s: %s' % (run.codes, run.err))
    if any(codes.values()):
        found += store.problems(WANT_OLD, WANT_NEW, garbage=True)
    else:
        found += ['after exit 0: ' + why for why in store.problems(WANT_NEW)]
    refused = [note for note in worker.gate.log() if note.get('refused') not in (None, 'RequestTimeTooSkewed',
                                                                              'AuthorizationHeaderMalformed')]
    return found + ['refused: %s' % note for note in refused]


# A kill at each request of the sink.

def kills(worker):
    """SIGKILL for the sink: before its first request, and after each was done and not told."""
    store = worker.store(SINK)
    worker.gate.rules()
    worker.run(SINK, store.uri)
    requests = len(worker.gate.log())
    found = []
    for n in range(requests + 1):
        found += ['killed %s: %s' % ('after request %d' % n if n else 'before all', why) for why in killed(worker, n)]
    return requests, found


def killed(worker, n):
    store = worker.store(SINK)
    pid = os.path.join(worker.folder, 'pid')
    stream = s3pipe.run(worker.chain(SINK, store.uri)[:2], worker.t.env).out
    worker.gate.rules({'do': 'kill-client', 'nth': n or 1, 'did': n > 0, 'pid_file': pid})
    run = s3pipe.run([['sh', '-c', 'echo $$ >%s; exec cur-sink-s3 %s' % (pid, store.uri)]], worker.env, stdin=stream)
    found = ['it exits %s' % run.codes] if run.codes != [-9] else []
    found += store.problems(WANT_OLD, WANT_NEW, garbage=True)
    worker.gate.rules()
    again = worker.run(SINK, store.uri)
    return found + (['run again it exits %s: %s' % (again.codes, again.err)] if any(again.codes) else []) + \
        store.problems(WANT_NEW)


# Uploads in parts.

BIG_ITEMS, BIG_BYTES = 130, 512 * 1024
MULTIPART = (
    ('create', '500', {'match': {'kind': 'multipart-create'}, 'do': '500'}, GOES),
    ('create', 'HTML with 200, always', {'match': {'kind': 'multipart-create'}, 'do': 'html-200', 'times': 0}, ENDS),
    ('part', 'answer lost', {'match': {'kind': 'multipart-part'}, 'nth': 2, 'do': 'lost-answer'}, GOES),
    ('part', 'AccessDenied', {'match': {'kind': 'multipart-part'}, 'nth': 3, 'do': '403', 'times': 0}, {77}),
    ('complete', '200 with an error', {'match': {'kind': 'multipart-complete'}, 'do': '200-error-body'}, GOES),
    ('complete', 'answer lost', {'match': {'kind': 'multipart-complete'}, 'do': 'lost-answer'}, GOES),
    ('complete', 'HTML with 200', {'match': {'kind': 'multipart-complete'}, 'do': 'html-200'}, SAFE),
    ('complete', 'XML with 200, always', {'match': {'kind': 'multipart-complete'}, 'do': 'reply', 'times': 0,
                                          'status': 200, 'body': '<a><b>Log in.</b></a>'}, TRIES),
    ('complete', '500, always', {'match': {'kind': 'multipart-complete'}, 'do': '500', 'times': 0}, TRIES),
)


def big_stream(path):
    """A delivery of one day of 65 MiB, for a sink that does not compress it."""
    item = '{"identity":{"LineItemId":"%d","TimeInterval":"2024-01-01T00:00:00Z/2024-01-01T00:00:00Z"},"lineItem":{"Text":"%s"}}\n'
    mark = '"export":"hourly","period":"2024-01","version":"20240117T053012Z"'
    with open(path, 'w') as f:
        f.write('{"_cur":"begin","v":1,%s,"delivered":"2024-01-17T05:30:12Z","source":"s3://elsewhere/hourly","parts":1,'
                '"format":"cur1","columns":["identity/LineItemId","identity/TimeInterval","lineItem/Text"],'
                '"id":["identity","LineItemId"],"time":["identity","TimeInterval"]}\n' % mark)
        for n in range(BIG_ITEMS):
            f.write(item % (n, chr(97 + n % 26) * BIG_BYTES))
        f.write('{"_cur":"end",%s,"parts":1,"items":%d,"rejected":0}\n{"_cur":"eos","deliveries":1}\n' % (mark, BIG_ITEMS))


def multipart(worker, name, rule, codes):
    """What is wrong about a fault in an upload of parts."""
    store = worker.empty_store()
    chain = [['cur-sink-s3', '--level', '0', store.uri]]
    worker.gate.rules(*([rule] if rule else []))
    with open(worker.t.big) as f:
        run = s3pipe.run(chain, worker.env, stdin=f)
    kinds = [note['kind'] for note in worker.gate.log()]
    found = [] if run.codes[0] in codes else ['it exits %s: %s' % (run.codes, run.err)]
    if rule and not any(note['fault'] for note in worker.gate.log()) or 'multipart-create' not in kinds:
        found.append('the fault was never met: %s' % kinds)
    found += ['refused: ' + why for why in worker.gate.refused()]
    found += ['an upload goes on' for _ in store.uploads()]
    document = worker.t.world.s3.get(store.bucket, store.below + lib.document_path())
    if run.codes[0] and document is not None:
        found.append('there is a document')
    if run.codes[0]:
        worker.gate.rules()
        with open(worker.t.big) as f:
            again = s3pipe.run(chain, worker.env, stdin=f)
        found += ['run again it exits %s: %s' % (again.codes, again.err)] if any(again.codes) else []
    folder = store.here()
    lines = lib.stored_lines(folder)
    if [len(line) for line in lines] != worker.t.big_lengths or lib.garbage(folder):
        found.append('the store has %d lines, garbage %s' % (len(lines), lib.garbage(folder)))
    worker.t.world.s3.empty(store.bucket, store.below)
    return ['%s: %s' % (name, why) for why in found]


# Downloads in pieces.

PIECE = {'kind': 'get', 'path': '*.csv.gz'}
PIECES = (
    ('undisturbed', {'do': 'delay', 'ms': 0}, GOES),
    ('cut, and taken up again', {'nth': 2, 'do': 'cut-body'}, GOES),
    ('cut by a reset', {'do': 'cut-body', 'how': 'reset'}, GOES),
    ('no length, and cut', {'do': 'short', 'times': 0}, SAFE),
    ('ranges ignored', {'do': 'ignore-range', 'times': 0}, GOES),
    ('a range ignored', {'nth': 2, 'do': 'ignore-range'}, SAFE),
    ('other ranges', {'do': 'wrong-range', 'times': 0}, ENDS),
    ('another range', {'nth': 2, 'do': 'wrong-range'}, SAFE),
    ('a byte changed', {'nth': 2, 'do': 'flip'}, {65}),
    ('HTML with 200', {'nth': 2, 'do': 'html-200'}, SAFE),
    ('replaced', {'nth': 2, 'do': '412', 'times': 0}, {75}),
)


def big_part(t):
    """A delivery of one part that is too large for one request; what cur-parse makes of it, as a hash."""
    rows = [lib.row(n % 28 + 1, n, '1', chr(97 + n % 26) * BIG_BYTES) for n in range(BIG_ITEMS)]
    folder = os.path.join(t.tmp, 'big-part')
    bucket = t.world.bucket('big')
    s3pipe.deliver(folder, 1, rows, bucket)
    for path in servers.files_below(folder):
        if path.endswith('.csv.gz'):
            with open(os.path.join(folder, path), 'wb') as f:
                f.write(gzip.compress(lib.csv_bytes(lib.COLUMNS, rows), 0))
    s3pipe.upload(t.world.s3, folder, bucket)
    run = lib.pipe(['cur-fetch', '--all', folder], ['cur-parse'], ['sha256sum'])
    shutil.rmtree(folder)
    return 's3://%s/finops' % bucket, run.out


def pieces(worker, source, want, name, rule, codes):
    worker.gate.rules(dict(rule, match=PIECE))
    run = s3pipe.run([['cur-fetch', '--all', source], ['cur-parse'], ['sha256sum']], worker.env)
    notes = worker.gate.log()
    code = run.codes[0] or run.codes[1]
    found = [] if code in codes else ['it exits %s: %s' % (run.codes, run.err)]
    if not code and run.out != want:
        found.append('after exit 0 the items are others')
    if not any(note['fault'] for note in notes):
        found.append('the fault was never met')
    ranges = [note['headers'].get('range') for note in notes if note['kind'] == 'get' and note['path'].endswith('.csv.gz')]
    if None in ranges or not code and len(ranges) < 3:
        found.append('it does not come in pieces: %s' % ranges)
    if 'cut' in name and not code and not any(int(r[6:].partition('-')[0]) % (32 << 20) for r in ranges):
        found.append('what broke off begins anew: %s' % ranges)
    if run.codes[1]:
        # A part that cur-parse could not read waits for a day, if cur-fetch was done.
        empty(worker.spool)
    found += ['left in $TMPDIR: %s' % left for left in os.listdir(worker.spool)]
    return ['%s: %s' % (name, why) for why in found]


class Test:
    def __init__(self, tmp):
        self.tmp = tmp
        self.world = servers.World(tmp)
        self.env = self.world.environment()
        bucket = self.world.bucket('billing')
        self.source = 's3://%s/finops' % bucket
        old, new = os.path.join(tmp, 'd1'), os.path.join(tmp, 'd2')
        s3pipe.deliver(old, 1, OLD, bucket)
        s3pipe.deliver(new, 2, NEW, bucket, parts=2)
        s3pipe.upload(self.world.s3, new, bucket)
        self.old = os.path.join(tmp, 'old')
        run = lib.pipe(*lib.stages(old, self.old))
        if any(run.codes):
            sys.exit('a run over directories: %s' % run.err)
        self.stream = os.path.join(tmp, 'stream')
        with open(self.stream, 'wb') as f:
            f.write(lib.parsed(new))
        self.big = os.path.join(tmp, 'big')

    def make_big(self):
        big_stream(self.big)
        with open(self.big) as f:
            self.big_lengths = [len(line) - 1 for line in f if not line.startswith('{"_cur"')]


def coverage(t, worker):
    """Every request of an undisturbed run is in the table."""
    found = []
    for stage in (FETCH, DEDUPE):
        store = worker.store(stage)
        worker.gate.rules(*[{'match': match, 'do': 'delay', 'ms': 0, 'times': 0} for _, match in REQUESTS.values()])
        run = worker.run(stage, store.uri)
        found += [run.err] if any(run.codes) else store.problems(WANT_NEW)
        found += ['%s %s' % (note['kind'], note['target']) for note in worker.gate.log() if note['fault'] is None]
    lib.none(found, 'every request of an undisturbed run is in the table of requests')


def in_turns(workers, work, jobs):
    """work(worker, job) for all jobs, on whichever worker is free; results in the order of jobs."""
    free = queue.Queue()
    for worker in workers:
        free.put(worker)

    def one(job):
        worker = free.get()
        try:
            return work(worker, job)
        finally:
            free.put(worker)
    with concurrent.futures.ThreadPoolExecutor(len(workers)) as pool:
        return list(pool.map(one, jobs))


def attempt(work, *args):
    try:
        return work(*args)
    except Exception as why:
        return ['the test itself: %r' % why]


def stalls(t):
    """An answer that does not come, or not whole, is waited for so long and no longer: beside all other cases."""
    jobs = [Case(request, fault, {'do': do}, GOES) for request, fault, do in (
        ('part', 'stall', 'stall-body'), ('chunk', 'stall', 'stall'), ('swap', 'stall', 'stall'), ('manifest', 'stall', 'stall'))]
    workers = [Worker(t, 's%d' % n) for n in range(len(jobs))]
    results = [None] * len(jobs)

    def one(n):
        results[n] = attempt(problems, workers[n], jobs[n])
    threads = [threading.Thread(target=one, args=(n,)) for n in range(len(jobs))]
    for thread in threads:
        thread.start()

    def wait():
        for n, thread in enumerate(threads):
            thread.join()
            lib.none(results[n], jobs[n].name)
            workers[n].gate.stop()
    return wait


def main():
    if servers.missing():
        lib.skip_all(servers.missing())
    only = sys.argv[1:]
    with lib.scratch() as tmp:
        t = Test(tmp)
        workers = [Worker(t, n) for n in range(WORKERS)]
        wait = stalls(t) if not only or 'stalls' in only else None
        coverage(t, workers[0])
        chosen = [case for case in cases() if not only or any(word in case.name for word in only)]
        chosen = chosen[::4] if lib.SAN and not only else chosen
        for case, found in zip(chosen, in_turns(workers, lambda *a: attempt(problems, *a), chosen)):
            lib.none(found, case.name)
        if not only or 'kills' in only:
            requests, found = kills(workers[0])
            lib.none(found, 'the sink killed at each of %d requests' % requests)
        if not only or 'multipart' in only:
            t.make_big()
            jobs = [('undisturbed', None, GOES)] + [('%s: %s' % row[:2], *row[2:]) for row in MULTIPART[::4 if lib.SAN else 1]]
            for job, found in zip(jobs, in_turns(workers[:2], lambda w, job: attempt(multipart, w, *job), jobs)):
                lib.none(found, 'upload in parts, %s' % job[0])
        if not only or 'pieces' in only:
            big = big_part(t)
            for job, found in zip(PIECES, in_turns(workers[:2], lambda w, job: attempt(pieces, w, *big, *job), PIECES)):
                lib.none(found, 'download in pieces, %s' % job[0])
        if wait:
            wait()
        lib.none(s3pipe.leaks, 'no secret, token or signature in %d characters of output' % s3pipe.said)
        for worker in workers:
            worker.gate.stop()
        t.world.stop()
    lib.done()


if __name__ == '__main__':
    sys.exit(main())
