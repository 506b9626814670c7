"""The pipe over S3, behind the gate.

Directories are the measure: whatever the source and the store are, the objects and the document are those of the same
deliveries over directories, byte for byte.  Then keys of all kinds, conditions, two runs at once, and what is refused.
"""
import gzip
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'aws'))
import lib  # noqa: E402
import s3pipe  # noqa: E402
import servers  # noqa: E402
import sigv4  # noqa: E402

TAG = ('resourceTags/user:Näme',)
DELIVERIES = (
    ([lib.row(1, 1, '1.1'), lib.row(2, 1, '2.1'), lib.row(3, 1, '3.1'), lib.row(3, 2, '3.2', 'Größe, "quoted"')], ()),
    # Rows added; the first, and a day in the middle, restated; a row gone.
    ([lib.row(1, 1, '1.11'), lib.row(2, 1, '2.2'), lib.row(2, 3, '-0.0000001'), lib.row(3, 1, '3.1'), lib.row(4, 1, '4')], ()),
    # A late row for a past day, one with a start in the future, and a day that vanishes.
    ([lib.row(1, 1, '1.11'), lib.row(1, 9, '0.9'), lib.row(2, 1, '2.2'), lib.row(2, 3, '-0.0000001'), lib.row(4, 1, '4'),
      lib.row(35, 1, '9E-7')], ()),
    # A tag comes.
    ([lib.row(1, 1, '1.11') + ('a=b:c+d e/ü',), lib.row(1, 9, '0.9') + ('',), lib.row(4, 1, '4') + ('x',),
      lib.row(35, 1, '9E-7') + ('',)], TAG),
)
PREFIXES = ('finops', 'a=b:c+d e', 'ü/日本', '/lead', 'x//y', '%41%zz', "~!*'()&,;$@", 'a/.././b', 'q?a#b')


class Test:
    """The world, and the four deliveries as folders."""

    def __init__(self, tmp):
        self.tmp = tmp
        self.world = servers.World(tmp)
        self.s3, self.gate = self.world.s3, self.world.gate
        self.source = self.world.bucket('billing')
        self.folders, self.want = [], []
        for n, (rows, more) in enumerate(DELIVERIES, 1):
            columns = lib.COLUMNS + more
            folder = os.path.join(tmp, 'd%d' % n)
            s3pipe.deliver(folder, n, rows, self.source, columns=columns, parts=min(n, 3))
            self.folders.append(folder)
            self.want.append(lib.items_of(columns, rows))
        self.count = 0

    def bring(self, n, bucket=None, prefix='finops'):
        """Puts delivery n, from 0, into S3."""
        s3pipe.upload(self.s3, self.folders[n], bucket or self.source, prefix)

    def store(self, prefix='', name='lake'):
        self.count += 1
        return s3pipe.Store(self.world, self.world.bucket('%s%d' % (name, self.count)), prefix)

    def filled(self, n, prefix=''):
        """A new store with deliveries up to n, as a run over directories leaves it."""
        store = self.store(prefix)
        folder = os.path.join(self.tmp, 'filled')
        shutil.rmtree(folder, ignore_errors=True)
        for delivery in range(n + 1):
            run = s3pipe.run(s3pipe.stages(self.folders[delivery], folder), self.world.environment())
            if any(run.codes):
                lib.ok(False, 'a run over directories', run.codes, run.err)
        store.fill(folder)
        return store

    def env(self, **more):
        return self.world.environment(**more)

    def run(self, source, store, env=None, **how):
        return s3pipe.run(s3pipe.stages(source, store, **how), env or self.env())

    def uri(self, prefix='finops'):
        return 's3://%s/%s' % (self.source, prefix)


# The same objects

def combinations(t):
    """All of source and store in a directory or in S3: four deliveries, each with a repeat."""
    measure = []
    for source_s3, store_s3 in itertools.product((False, True), repeat=2):
        title = '%s to %s' % ('S3' if source_s3 else 'directory', 'S3' if store_s3 else 'directory')
        store = t.store('cur') if store_s3 else None
        folder = os.path.join(t.tmp, 'store-%d%d' % (source_s3, store_s3))
        for n in range(len(DELIVERIES)):
            found = one_delivery(t, n, source_s3, store, folder, measure)
            lib.none(found, '%s, delivery %d: as over directories, byte for byte; a repeat does nothing' % (title, n + 1))
    left = os.listdir(os.environ['TMPDIR'])
    lib.ok(not left, 'nothing is left in $TMPDIR', left)


def one_delivery(t, n, source_s3, store, folder, measure):
    if source_s3:
        t.bring(n)
    where, source = store.uri if store else folder, t.uri() if source_s3 else t.folders[n]
    t.gate.rules()
    run = t.run(source, where)
    have = s3pipe.contents(store.here() if store else folder)
    found = ['it exits %s: %s' % (run.codes, run.err)] if any(run.codes) else []
    if not source_s3 and not store:
        measure.append((have, run.out))
        if lib.wrong(folder, t.want[n]):
            found.append(lib.wrong(folder, t.want[n]))
    found += s3pipe.difference(have, measure[n][0])
    if run.out != measure[n][1]:
        found.append('another receipt: %s instead of %s' % (run.out, measure[n][1]))
    found += t.gate.refused() + bad_writes(t.gate.log())
    if store:
        found += ['an upload goes on: ' + key for key in store.uploads()]
    t.gate.mark()
    again = t.run(source, where)
    if any(again.codes):
        found.append('the repeat exits %s: %s' % (again.codes, again.err))
    return found + ['the repeat makes %s %s' % (note['method'], note['target']) for note in t.gate.log()
                    if note['method'] not in ('GET', 'HEAD') and not is_probe(note)]


def is_probe(note):
    """A write that cannot match, which shows whether the server minds conditions."""
    return note['kind'] == 'put-if' and note['status'] in (404, 412)


def bad_writes(notes):
    """Writes that do not say what their body is."""
    return ['%s %s has no %s' % (note['method'], note['target'], name) for note in notes
            if note['kind'] in ('put', 'put-if', 'multipart-part')
            for name in ('x-amz-content-sha256', 'x-amz-checksum-crc32') if name not in note['headers']]


def odd_keys(t):
    """Prefixes of all kinds: of the source, of the store."""
    for n, prefix in enumerate(PREFIXES):
        # A part with '..' in its key is refused, wherever it lies; a store is not.
        below = 'finops' if '..' in prefix else prefix
        bucket = t.world.bucket('odd%d' % n)
        folder = os.path.join(t.tmp, 'odd')
        s3pipe.deliver(folder, 2, DELIVERIES[1][0], bucket, below, parts=2)
        s3pipe.upload(t.s3, folder, bucket, below)
        t.gate.rules()
        store = t.store(prefix)
        run = t.run('s3://%s/%s' % (bucket, below), store.uri)
        outside = [key for key in t.s3.list(store.bucket) if not key.startswith(prefix + '/')]
        lib.none(wrongs(run, store, t.want[1]) + outside + t.gate.refused(), 'below ' + prefix)
        t.gate.mark()
        # By the bucket alone: nothing new.
        whole = t.run('s3://' + bucket, store.uri)
        lib.none(wrongs(whole, store, t.want[1]) + ['%s %s' % (note['method'], note['target']) for note in t.gate.log()
                                                   if note['kind'] in ('put', 'delete')], 'below %s, by its bucket' % prefix)


def wrongs(run, store, want, **how):
    """What is wrong about a run that had to go well."""
    return (['exits %s: %s' % (run.codes, run.err)] if any(run.codes) else []) + store.problems(want, **how)


def slashes_at_ends(t):
    """A slash at the end of a URI is no part of a prefix."""
    t.bring(0)
    store = t.store('cur')
    run = t.run(t.uri('finops/'), store.uri + '/')
    lib.none(wrongs(run, store, t.want[0]), 's3://bucket/prefix/')
    t.bring(1)
    run = t.run(t.uri('finops/hourly'), store.uri)
    lib.none(wrongs(run, store, t.want[1]), 's3://bucket/prefix, the same store')
    store = t.store()
    run = t.run('s3://' + t.source, store.uri + '/')
    lib.none(wrongs(run, store, t.want[1]), 's3://bucket/ as a store')


CUR2 = ('bill_bill_type', 'identity_line_item_id', 'identity_time_interval', 'line_item_unblended_cost', 'line_item_usage_start_date')


def data_exports(t):
    """Keys with '=' and ':', as Data Exports makes them."""
    bucket, store = t.world.bucket('exports'), t.store()
    run_id = '2024-01-17T05:30:12.653Z-04e9e487-0000-4000-8000-000000000000'
    base, part = 'fin ops/daily', 'data/BILLING_PERIOD=2024-01/%s/daily-00001.csv.gz' % run_id
    rows = [('Usage', 'id%d' % n, '2024-01-0%dT00:00:00Z/2024-01-0%dT01:00:00Z' % (n, n), '0.%d' % n, '2024-01-0%dT00:00:00.000Z' % n)
            for n in range(1, 4)]
    t.s3.put(bucket, '%s/%s' % (base, part), gzip.compress(lib.csv_bytes(CUR2, rows)))
    manifest = json.dumps({
        'executionId': run_id[-36:], 'exportArn': 'arn:aws:bcm-data-exports:us-east-1:012345678901:export/daily-' + run_id[-36:],
        'columns': [{'name': name, 'type': 'string'} for name in CUR2], 'dataFiles': ['s3://%s/%s/%s' % (bucket, base, part)]})
    for where in ('', run_id + '/'):
        t.s3.put(bucket, '%s/metadata/BILLING_PERIOD=2024-01/%sdaily-Manifest.json' % (base, where), manifest.encode())
    t.gate.rules()
    run = t.run('s3://%s/fin ops' % bucket, store.uri)
    want = [json.dumps(dict(zip(CUR2, row)), sort_keys=True) for row in rows]
    have = sorted(lib.stored(store.here(), 'daily', '2024-01').elements())
    lib.ok(run.codes == [0] * 4 and have == sorted(want) and not t.gate.refused(), 'Data Exports', run.codes, run.err, have)


def events(t):
    """An event names a manifest; its key is encoded as forms are."""
    t.bring(1)
    key = 'finops/hourly/20240101-20240201/hourly-Manifest.json'
    event = {'Records': [{'eventVersion': '2.1', 'eventSource': 'aws:s3', 'eventName': 'ObjectCreated:Put', 's3': {
        'bucket': {'name': t.source}, 'object': {'key': sigv4.encode(key.encode(), slash=True), 'size': 1}}}]}
    store = t.store()
    chain = s3pipe.stages('', store.uri)
    for how, first, stdin in (('on stdin', ['cur-fetch'], json.dumps(event).encode() + b'\n'),
                              ('as a URI on stdin', ['cur-fetch'], ('s3://%s/%s\n' % (t.source, key)).encode()),
                              ('as an operand', ['cur-fetch', 's3://%s/%s' % (t.source, key)], b'')):
        run = s3pipe.run((first, *chain[1:]), t.env(), stdin=stdin)
        lib.none(wrongs(run, store, t.want[1]), 'a manifest ' + how)


def state_of_fetch(t):
    """--state: what is committed is not fetched again."""
    t.bring(1)
    store = t.filled(1)
    t.gate.rules()
    run = s3pipe.run([['cur-fetch', '--state', store.uri, t.uri()]], t.env())
    parts = [note for note in t.gate.log(kind='get') if note['path'].endswith('.csv.gz')]
    lib.ok(run.codes == [0] and b'"deliveries":0' in run.out and not parts, '--state: nothing new, no part is fetched',
           run.codes, run.out, run.err, parts)
    t.bring(2)
    run = t.run(t.uri(), store.uri, fetch=['--state', store.uri])
    lib.none(wrongs(run, store, t.want[2]), '--state: a newer version is')


def options(t):
    """What options say is in the requests."""
    if t.world.server.verifies:
        lib.skip('--sse, --storage-class, --expected-bucket-owner', 'this server may not have them')
        return
    t.bring(0)
    store = t.store()
    t.gate.rules()
    run = t.run(t.uri(), store.uri, sink=['--sse', 'aws:kms', '--sse-kms-key-id', 'alias/cur', '--storage-class', 'STANDARD_IA',
                                          '--expected-bucket-owner', '012345678901'])
    notes = [note for note in t.gate.log() if note['path'].startswith('/' + store.bucket)]
    puts = [note['headers'] for note in notes if note['kind'] == 'put']
    lib.ok(run.codes == [0] * 4 and puts and all(h.get('x-amz-server-side-encryption') == 'aws:kms' and h.get(
        'x-amz-server-side-encryption-aws-kms-key-id') == 'alias/cur' for h in puts), '--sse', run.codes, run.err, puts)
    lib.ok(puts and all(h.get('x-amz-storage-class') == 'STANDARD_IA' for h in puts), '--storage-class', puts)
    sinks = [note for note in notes if note['kind'] in ('put', 'put-if')]
    lib.ok(sinks and all(note['headers'].get('x-amz-expected-bucket-owner') == '012345678901' for note in sinks),
           '--expected-bucket-owner', sinks)


def at_once(t):
    """-j: so many at a time, and not more."""
    rows = [lib.row(n % 28 + 1, n, '1') for n in range(40)]
    bucket = t.world.bucket('parts')
    folder = s3pipe.deliver(os.path.join(t.tmp, 'parts'), 2, rows, bucket, parts=8)
    s3pipe.upload(t.s3, folder, bucket)
    for jobs in (1, 4):
        store = t.store()
        t.gate.rules({'match': {'path': '*.csv.gz', 'method': 'GET'}, 'do': 'delay', 'ms': 60, 'times': 0})
        run = t.run('s3://%s/finops' % bucket, store.uri, fetch=['-j', str(jobs)])
        most = servers.most_at_once([note for note in t.gate.log(method='GET') if note['path'].endswith('.csv.gz')])
        lib.ok(run.codes == [0] * 4 and most == jobs and not store.problems(lib.items_of(lib.COLUMNS, rows)),
               '-j %d: %d parts at once' % (jobs, jobs), most, run.codes, run.err)
    t.gate.rules({'match': {'path': '*/export=*', 'method': 'PUT'}, 'do': 'delay', 'ms': 60, 'times': 0})
    store = t.store()
    run = t.run('s3://%s/finops' % bucket, store.uri)
    most = servers.most_at_once(t.gate.log(kind='put'))
    lib.ok(run.codes == [0] * 4 and most > 1, 'objects are uploaded several at a time: %d' % most, run.codes, run.err)


# Conditions

def conditions(t):
    """Another run was faster; a server that does not mind."""
    t.bring(1)
    store = t.filled(0)
    here, go = os.path.join(t.tmp, 'here'), os.path.join(t.tmp, 'go')
    # The first run stands still at its swap, a second one goes by.
    t.gate.rules({'match': {'kind': 'put-if', 'path': '*/_cur/hourly/2024-01.json', 'headers': {'if-match': '?*'}},
                  'do': 'hold', 'marker': here, 'until': go, 'times': 0})
    first = begin(s3pipe.stages(t.uri(), store.uri), t.env())
    servers.wait_for(here)
    t.gate.rules()
    second = t.run(t.uri(), store.uri)
    open(go, 'w').close()
    codes, err = finish(first)
    lib.ok(second.codes == [0] * 4 and codes[-1] == 75, 'the swap of one while another commits: exit 75', second, codes, err)
    lib.ok('faster' in err, '… "another run was faster"', err)
    lib.none(store.problems(t.want[1], garbage=True), '… the store is right')
    t.bring(2)
    run = t.run(t.uri(), store.uri)
    lib.none(wrongs(run, store, t.want[2]), '… and the next run leaves nothing else')
    for start in ('empty', 'old'):
        ignoring(t, start)


def ignoring(t, start):
    """A server that does not mind conditions is found out."""
    store = t.filled(0) if start == 'old' else t.store()
    old = t.want[0] if start == 'old' else None
    t.bring(1)
    t.gate.rules({'do': 'ignore-conditions', 'times': 0})
    run = t.run(t.uri(), store.uri)
    lib.ok(run.codes[-1] == 78 and '--no-lock' in run.err, 'a server that ignores conditions, store %s: exit 78' % start,
           run.codes, run.err)
    lib.none(store.problems(old, garbage=True), '… the store %s is as it was' % start)
    run = t.run(t.uri(), store.uri, sink=['--no-lock'])
    lib.none(wrongs(run, store, t.want[1]), '… with --no-lock it is filled')


def begin(chain, env):
    """A pipe that goes on while we look."""
    processes, file = [], subprocess.DEVNULL
    for stage in chain:
        processes.append(subprocess.Popen(stage, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env))
        if file is not subprocess.DEVNULL:
            file.close()
        file = processes[-1].stdout
    return processes


def finish(processes):
    out, err = processes[-1].communicate(timeout=60)
    for process in processes[:-1]:
        err += process.stderr.read()
        process.stderr.close()
        process.wait(timeout=60)
    s3pipe.search(out.decode(errors='replace'), err.decode(errors='replace'))
    return [process.returncode for process in processes], err.decode(errors='replace')


def two_runs(t):
    """Started together, again and again."""
    t.bring(1)
    sources = {1: t.uri(), 2: t.folders[2]}
    t.gate.rules()
    for numbers, start in (((1, 2), 'old'), ((1, 1), 'old'), ((1, 2), 'empty'), ((1, 1), 'empty')):
        found, seen = [], []
        for _ in range(2):
            store = t.filled(0) if start == 'old' else t.store()
            runs = [begin(s3pipe.stages(sources[n], store.uri), t.env()) for n in numbers]
            done = [finish(run) for run in runs]
            exits = [codes[-1] for codes, _ in done]
            seen.append(tuple(exits))
            if not set(exits) <= {0, 75} or 0 not in exits:
                found.append('%s %s' % (exits, done))
                continue
            found += store.problems(t.want[max(n for n, code in zip(numbers, exits) if code == 0)], garbage=True)
            again = t.run(sources[max(numbers)], store.uri)
            found += ([again.codes, again.err] if any(again.codes) else []) + store.problems(
                t.want[max(numbers)], garbage=start == 'empty')
        lib.none(found, 'deliveries %d and %d at once, store %s: %s' % (numbers[0] + 1, numbers[1] + 1, start, seen))
    lib.none(t.gate.refused(), 'none of all that was refused')


# What is refused

def inside(t):
    """A store inside its own source would be read as one."""
    t.bring(0)
    for prefix in ('finops/hourly/store', 'finops/hourly', 'finops/hourly/'):
        t.gate.rules()
        run = t.run(t.uri(), 's3://%s/%s' % (t.source, prefix))
        writes = [note for note in t.gate.log() if note['method'] not in ('GET', 'HEAD')]
        lib.ok(run.codes[-1] == 78 and not writes, 'a store at %s inside its source: 78, nothing is written' % prefix,
               run.codes, run.err, writes)
    for prefix in ('finops/hourly2', 'lake'):
        store = s3pipe.Store(t.world, t.source, prefix)
        run = t.run(t.uri(), store.uri)
        lib.none(wrongs(run, store, t.want[0]), 'one at %s, beside it, is fine' % prefix)
    t.s3.empty(t.source)


def expect(t, title, stage, codes, names=(), env=None, source=None, store=None, old=True, kept=True, **how):
    """A run that fails at a stage (0 to 3) with one of the codes, and says certain words; the store stays as it was."""
    mine = store is None
    store = store or (t.filled(0) if old else t.store())
    run = t.run(source or t.uri(), store.uri, env, **how)
    lib.ok(run.codes[stage] in codes, '%s: %s exits %s' % (title, s3pipe.stages('', '')[stage][0], ' or '.join(map(str, codes))),
           run.codes, run.err)
    missing = [name for name in names if name.lower() not in run.err.lower()]
    lib.ok(not missing, '%s: says so' % title, missing, run.err)
    if mine and kept:
        lib.none(store.problems(t.want[0] if old else None, garbage=True), '%s: the store is as it was' % title)
    return run


def permissions(t):
    """403 at each kind of request."""
    t.bring(1)
    source, lake = '/%s/*' % t.source, '*/_cur/*'
    for title, match, stage, kept in (
            ('no ListBucket at the source', {'kind': 'list', 'path': '/%s*' % t.source}, 0, True),
            ('no GetObject of a manifest', {'kind': 'get', 'path': source + 'Manifest.json'}, 0, True),
            ('no GetObject of a part', {'kind': 'get', 'path': source + '.csv.gz'}, 0, True),
            ('no GetObject of the state', {'kind': 'get', 'path': lake}, 2, True),
            ('no PutObject of items', {'kind': 'put'}, 3, True),
            ('no PutObject of the state', {'kind': 'put-if'}, 3, True),
            ('no DeleteObject', {'kind': 'delete'}, 3, False)):
        t.gate.rules({'match': match, 'do': '403', 'times': 0})
        expect(t, title, stage, [77], ['AccessDenied'], kept=kept)
    # Without ListBucket, an object that is not there is 403: not the same as a first run.
    t.gate.rules({'match': {'kind': 'get', 'path': lake}, 'do': 'hide-404', 'times': 0})
    expect(t, 'no ListBucket at the store', 2, [77], ['AccessDenied'], old=False)


def credentials(t):
    t.gate.rules()
    t.bring(0)
    run = s3pipe.run([['cur-fetch', t.uri()]], t.env(key=None))
    lib.ok(run.codes == [77], 'no keys anywhere: 77', run.codes, run.err)
    for place in ('AWS_ACCESS_KEY_ID', 'AWS_WEB_IDENTITY_TOKEN_FILE', os.path.join(t.tmp, 'nowhere'), 'AWS_CONTAINER_CREDENTIALS',
                  'AWS_EC2_METADATA_DISABLED'):
        lib.ok(place in run.err, '… %s is named' % (place if '/' not in place else 'the shared file'), run.err)
    lib.ok(t.gate.log() == [], '… and nothing is asked without', t.gate.log())
    for title, key, code in (('a wrong secret', sigv4.Key(servers.KEY.id, 'n' * 40, None), 'SignatureDoesNotMatch'),
                             ('a key that nobody knows', sigv4.Key('AKIDNOBODY', 'n' * 40, None), 'InvalidAccessKeyId'),
                             ('a session without its token', sigv4.Key(*servers.SESSION[:2], None), 'InvalidToken')):
        expect(t, title, 0, [77], [code], t.env(key=key))
    store = t.store()
    run = t.run(t.uri(), store.uri, t.env(key=servers.SESSION))
    lib.none(wrongs(run, store, t.want[0]), 'a session with its token')
    config = os.path.join(t.tmp, 'config')
    with open(config, 'w') as f:
        f.write('[profile billing]\naws_access_key_id = %s\naws_secret_access_key = %s\nregion = %s\nendpoint_url = %s\n' % (
            *servers.KEY[:2], t.gate.region, t.gate.url))
    env = t.env(key=None, AWS_CONFIG_FILE=config, AWS_PROFILE='billing', AWS_REGION=None, AWS_ENDPOINT_URL_S3=None)
    store = t.store()
    run = t.run(t.uri(), store.uri, env)
    lib.none(wrongs(run, store, t.want[0]), 'keys, region and endpoint of a profile')
    expect(t, 'no region', 0, [78], ['AWS_REGION'], t.env(AWS_REGION=None))


def expiry(t):
    """Keys that come from a process, and expire during the run."""
    t.bring(1)
    process = os.path.join(t.tmp, 'process')
    with open(process, 'w') as f:
        f.write('#!/bin/sh\necho x >>%s.runs\nprintf \'{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"%s","SessionToken":"%s",'
                '"Expiration":"2099-01-01T00:00:00Z"}\'\n' % (process, *servers.SESSION))
    os.chmod(process, 0o755)
    config = os.path.join(t.tmp, 'config2')
    with open(config, 'w') as f:
        f.write('[default]\ncredential_process = "%s"\n' % process)
    env = t.env(key=None, AWS_CONFIG_FILE=config)
    store = t.filled(0)
    t.gate.rules({'match': {'path': '*.csv.gz'}, 'do': 'expired-token'}, {'match': {'kind': 'put'}, 'do': 'expired-token'})
    run = t.run(t.uri(), store.uri, env)
    with open(process + '.runs') as f:
        runs = len(f.read().split())
    lib.none(wrongs(run, store, t.want[1]), 'keys that expire are fetched anew')
    lib.ok(runs == 5, '… by the stages that met it, once', runs)


def wrong_places(t):
    """Buckets that are not there are no first run, and no empty report."""
    t.gate.rules()
    t.bring(0)
    no_bucket = 's3://cur-no-such-bucket-%d' % os.getpid()
    run = s3pipe.run([['cur-fetch', no_bucket]], t.env())
    lib.ok(run.codes[0] in (66, 78) and 'NoSuchBucket' in run.err, 'a source in no bucket: 66 or 78', run.codes, run.err)
    stream = s3pipe.run([['cur-fetch', t.uri()], ['cur-parse']], t.env()).out
    for stage in (['cur-dedupe', '--state', no_bucket], ['cur-sink-s3', no_bucket]):
        run = s3pipe.run([stage], t.env(), stdin=stream)
        lib.ok(run.codes[0] in (66, 78) and 'NoSuchBucket' in run.err, '%s in no bucket: 66 or 78' % stage[0], run.codes, run.err)
    run = s3pipe.run([['cur-fetch', t.uri('nothing')]], t.env())
    lib.ok(run.codes == [66], 'a source with nothing in it: 66', run.codes, run.err)
    for bad in ('s3://', 's3:///key', 's3://UPPER_case!/x'):
        run = s3pipe.run([['cur-sink-s3', bad]], t.env(), stdin=stream)
        lib.ok(run.codes[0] in (64, 66, 78), '%s is no store' % bad, run.codes, run.err)
    run = s3pipe.run([['cur-fetch', t.uri()]], t.env(AWS_ENDPOINT_URL_S3='http://127.0.0.1:9', AWS_MAX_ATTEMPTS='2'))
    lib.ok(run.codes == [69], 'nobody answers: 69', run.codes, run.err)
    run = s3pipe.run([['cur-fetch', t.uri()]], t.env(AWS_ENDPOINT_URL_S3='gopher://127.0.0.1/'))
    lib.ok(run.codes == [78], 'an endpoint that is none: 78', run.codes, run.err)


def regions(t):
    """The right region is in the answer; no signature goes to another host."""
    t.bring(1)
    elsewhere = servers.Gate(t.tmp, t.world.server, name='elsewhere')
    for do in ('301-region', '307-region', '400-region'):
        store = t.filled(0)
        t.gate.rules({'do': do, 'region': 'ap-south-1', 'endpoint': '127.0.0.1:%d' % elsewhere.port})
        run = t.run(t.uri(), store.uri)
        lib.none(wrongs(run, store, t.want[1]), '%s: the right one, once' % do)
        seen = [note for note in elsewhere.log() if 'authorization' in note['headers']]
        lib.ok(not seen, '%s: no signature for another host' % do, seen)
    elsewhere.stop()
    t.gate.rules({'match': {'kind': 'list'}, 'do': 'reply', 'status': 301, 'times': 0,
                  'body': '<Error><Code>PermanentRedirect</Code></Error>'})
    expect(t, 'another region, and none is named', 0, [78], ['PermanentRedirect'])


def clocks(t):
    """A clock that is off is corrected by the server's."""
    t.bring(1)
    for seconds in (7200, -86400):
        store = t.filled(0)
        t.gate.rules({'do': 'clock', 'seconds': seconds})
        run = t.run(t.uri(), store.uri)
        lib.none(wrongs(run, store, t.want[1]), 'a clock %d s off' % seconds)


def tls(t):
    """Over TLS bodies go unsigned, with their CRC-32; a certificate of nobody's is refused."""
    if not shutil.which('openssl'):
        lib.skip('over TLS', 'no openssl here')
        return
    cert, key = os.path.join(t.tmp, 'cert.pem'), os.path.join(t.tmp, 'key.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1',
                    '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert], check=True, capture_output=True)
    gate = servers.Gate(t.tmp, t.world.server, '--tls', cert, key, name='tls')
    t.bring(0)
    store = t.store()
    run = t.run(t.uri(), store.uri, t.env(gate=gate, AWS_CA_BUNDLE=cert))
    lib.none(wrongs(run, store, t.want[0]) + gate.refused() + bad_writes(gate.log()),
             'over TLS')
    hashes = {note['headers']['x-amz-content-sha256'] for note in gate.log() if note['kind'] in ('put', 'put-if')}
    lib.ok(hashes == {'UNSIGNED-PAYLOAD'}, '… bodies are not hashed twice', hashes)
    gate.mark()
    run = s3pipe.run([['cur-fetch', t.uri()]], t.env(gate=gate))
    lib.ok(run.codes[0] in (69, 78) and not gate.log(), 'a certificate of nobody\'s: 69 or 78', run.codes, run.err)
    gate.stop()


# Secrets

def secrets(t):
    """All that was said in this file; then, as loud as it goes, and in the arguments of processes."""
    t.bring(1)
    store = t.filled(0)
    for rules in ((), ({'match': {'kind': 'put'}, 'do': '500', 'times': 0},), ({'match': {'kind': 'list'}, 'do': 'html-200'},)):
        t.gate.rules(*rules)
        chain = [stage[:1] + ['-v', '-v', '--progress'] + stage[1:] for stage in s3pipe.stages(t.uri(), store.uri)]
        s3pipe.run(chain, t.env(key=servers.SESSION, AWS_MAX_ATTEMPTS='2'))
    s3pipe.run(s3pipe.stages(t.uri(), store.uri), t.env(key=sigv4.Key(servers.KEY.id, servers.SESSION.secret, None)))
    here, go = os.path.join(t.tmp, 'looking'), os.path.join(t.tmp, 'looked')
    t.gate.rules({'match': {'kind': 'put'}, 'do': 'hold', 'marker': here, 'until': go})
    run = begin(s3pipe.stages(t.uri(), t.store().uri), t.env(key=servers.SESSION))
    servers.wait_for(here)
    for process in run:
        if process.poll() is None:
            with open('/proc/%d/cmdline' % process.pid, 'rb') as f:
                s3pipe.search(f.read().decode(errors='replace'))
    open(go, 'w').close()
    finish(run)
    lib.none(s3pipe.leaks, 'no secret, token or signature in %d characters of output' % s3pipe.said)


def interrupted(t):
    """A signal: no upload goes on, and no spool is left."""
    t.bring(1)
    for name in ('INT', 'TERM', 'HUP'):
        store = t.filled(0)
        here = os.path.join(t.tmp, 'signal-' + name)
        t.gate.rules({'match': {'path': '*.csv.gz', 'method': 'GET'}, 'do': 'stall-body', 'marker': here})
        run = begin(s3pipe.stages(t.uri(), store.uri), t.env())
        servers.wait_for(here)
        time.sleep(0.05)
        run[0].send_signal(getattr(signal, 'SIG' + name))
        codes, err = finish(run)
        left = os.listdir(os.environ['TMPDIR'])
        lib.ok(codes[0] != 0 and codes[-1] == 76 and not left, 'cur-fetch gets SIG%s: the spool is empty' % name, codes, err, left)
        lib.none(store.problems(t.want[0], garbage=True), '… the store is as it was')


def main():
    if servers.missing():
        lib.skip_all(servers.missing())
    parts = (combinations, odd_keys, slashes_at_ends, data_exports, events, state_of_fetch, options, at_once, conditions, two_runs,
             inside, permissions, credentials, expiry, wrong_places, regions, clocks, tls, interrupted, secrets)
    chosen = [part for part in parts if part.__name__ in sys.argv[1:]] or parts
    with lib.scratch() as tmp:
        t = Test(tmp)
        for part in chosen:
            began = time.monotonic()
            try:
                part(t)
            except Exception:
                lib.ok(False, '%s goes to its end' % part.__name__, traceback.format_exc())
            if os.environ.get('CUR_TEST_TIMES'):
                print('# %s: %.1f s' % (part.__name__, time.monotonic() - began), flush=True)
        t.world.stop()
    lib.done()


if __name__ == '__main__':
    sys.exit(main())
