"""cur-fetch on S3, behind the gate: what it finds, brings and refuses, how it downloads, and what becomes of its spool."""
import collections
import email.utils
import fcntl
import gzip
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'aws'))
import lib  # noqa: E402
import servers  # noqa: E402
import sigv4  # noqa: E402

ARN = 'arn:aws:bcm-data-exports:us-east-1:123456789012:export/daily-01234567-89ab-cdef-0123-456789abcdef'
JAN, FEB, MAR = '20240101-20240201', '20240201-20240301', '20240301-20240401'
PIECE = 32 << 20
ENTRY = '<Contents><Key>%s</Key><Size>%d</Size><ETag>"x"</ETag><LastModified>2024-01-01T00:00:00.000Z</LastModified></Contents>'
Run = collections.namedtuple('Run', 'code out err marks')


def result(code, out, err):
    return Run(code, out, err.decode(errors='replace'), [json.loads(line) for line in out.splitlines()])


class Test:
    def __init__(self, tmp):
        self.tmp, self.spool = tmp, os.environ['TMPDIR']
        self.world = servers.World(tmp)
        self.s3, self.gate = self.world.s3, self.world.gate
        self.env = self.world.environment(AWS_MAX_ATTEMPTS='3')
        self.count = 0

    def bucket(self):
        self.count += 1
        return self.world.bucket('f%d' % self.count)

    def run(self, *words, env=None, stdin=b''):
        """cur-fetch into a file, so that nobody deletes its parts."""
        with tempfile.TemporaryFile() as out:
            p = subprocess.Popen(['cur-fetch', *words], env=env or self.env, stdin=subprocess.PIPE, stdout=out,
                                 stderr=subprocess.PIPE)
            _, err = p.communicate(stdin, timeout=120)
            out.seek(0)
            return result(p.returncode, out.read(), err)

    def begin(self, *words):
        """cur-fetch into a pipe, to be looked at while it runs."""
        return subprocess.Popen(['cur-fetch', *words], env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def clean(self):
        shutil.rmtree(self.spool)
        os.mkdir(self.spool)

    def left(self):
        return os.listdir(self.spool)

    # What AWS writes

    def legacy(self, bucket, base, period, version, parts, create_new=True, keys=None, more=None):
        """A delivery below base, which ends in the report's name.  parts: bytes by name.  The keys of the parts."""
        report = base.rpartition('/')[2]
        folder = '%s/%s' % (base, period) if base else period
        inside = '%s/%s' % (folder, version) if create_new else folder
        for name, body in parts.items():
            self.s3.put(bucket, '%s/%s' % (inside, name), body)
        names = ['%s/%s' % (inside, name) for name in parts]
        text = json.dumps(dict({'assemblyId': version, 'bucket': bucket, 'reportName': report, 'reportKeys': keys or names,
                                'billingPeriod': {'start': period[:8] + 'T000000.000Z'}}, **(more or {}))).encode()
        for where in (inside, folder) if create_new else (folder,):
            self.s3.put(bucket, '%s/%s' % (where, report + '-Manifest.json'), text)
        return names

    def export(self, bucket, base, partition, execution, parts, stamp=None):
        """A delivery of Data Exports; with a time in create-new layout."""
        name = base.rpartition('/')[2]
        inside = '%s/%s-%s/' % (partition, stamp, execution) if stamp else partition + '/'
        keys = ['%s/data/%s%s' % (base, inside, part) for part in parts]
        for key, body in zip(keys, parts.values()):
            self.s3.put(bucket, key, body)
        text = json.dumps({'executionId': execution, 'exportArn': ARN, 'columns': [],
                           'dataFiles': ['s3://%s/%s' % (bucket, key) for key in keys]}).encode()
        for where in (inside, partition + '/') if stamp else (inside,):
            self.s3.put(bucket, '%s/metadata/%s%s-Manifest.json' % (base, where, name), text)
        return keys


def begun(run):
    """The deliveries that began, in short."""
    return ['%s:%s:%s' % (m['export'], m['period'], m['version']) for m in run.marks if m['_cur'] == 'begin']


def of(run, kind):
    return [m for m in run.marks if m['_cur'] == kind]


def brings(run, wanted, name):
    return lib.ok(run.code == 0 and begun(run) == wanted and of(run, 'eos') == [{'_cur': 'eos', 'deliveries': len(wanted)}],
                  name, run.code, run.err, begun(run))


def fails(t, run, code, word, name):
    """Nothing that began was ended, and nothing is left of it."""
    lib.ok(run.code == code and word in run.err and not of(run, 'eos') and not t.left(), '%s: exit %d' % (name, code),
           run.code, run.err, run.out, t.left())


def says_parts(t, bucket, keys, bodies, run, name):
    """The part marks of one delivery, and the files they name."""
    problems = []
    marks = of(run, 'part')
    there = t.s3.list(bucket)
    if [m['n'] for m in marks] != list(range(1, len(keys) + 1)):
        problems.append('numbers: %s' % marks)
    for mark, key, body in zip(marks, keys, bodies):
        want = {'source': 's3://%s/%s' % (bucket, key), 'bytes': len(body), 'etag': there[key].etag.strip('"'),
                'temporary': True}
        problems += ['%s: %r is not %r' % (n, mark.get(n), v) for n, v in want.items() if mark.get(n) != v]
        st = os.stat(mark['path'])
        if mark['modified'] != '%d.%09d' % divmod(st.st_mtime_ns, 10 ** 9):
            problems.append('modified: %s' % mark['modified'])
        if st.st_mode & 0o777 != 0o600 or os.stat(os.path.dirname(mark['path'])).st_mode & 0o777 != 0o700:
            problems.append('others may read it: %o' % st.st_mode)
        with open(mark['path'], 'rb') as f:
            if f.read() != body:
                problems.append('%s has other bytes' % mark['path'])
    lib.none(([] if run.code == 0 else [run.err]) + problems + t.gate.refused(), name)


# Layouts

def layouts(t):
    version, stamp = '20240117T053012Z', '2024-01-16T15:24:15.653Z'
    bodies = {'hourly-00001.csv.gz': b'one', 'hourly-00002.csv.gz': b'second', 'hourly-00003.csv.gz': b''}
    for prefix in ('', 'p/', '/', 'x//y/', 'a=b:c+d e/', 'ü/', '%41%zz/', 'a/.././b/', 'data/BILLING_PERIOD=2024-01/'):
        bucket = t.bucket()
        keys = t.legacy(bucket, prefix + 'hourly', JAN, version, bodies)
        run = t.run('s3://' + bucket + ('/data/BILLING_PERIOD=2024-01' if prefix.startswith('data') else ''))
        lib.ok(of(run, 'begin') == [{
            '_cur': 'begin', 'v': 1, 'export': 'hourly', 'period': '2024-01', 'version': version,
            'delivered': '2024-01-17T05:30:12Z', 'source': 's3://%s/%shourly' % (bucket, prefix), 'parts': 3}],
            'legacy, create-new, below "%s"' % prefix, run.out, run.err)
        says_parts(t, bucket, keys, bodies.values(), run, '… its parts')
        t.clean()
    bucket = t.bucket()
    keys = t.legacy(bucket, 'p/hourly', JAN, 'aa1ddccb-abcd', bodies, create_new=False)
    run = t.run('s3://' + bucket)
    reply = t.s3.call('HEAD', bucket, 'p/hourly/%s/hourly-Manifest.json' % JAN)
    modified = email.utils.parsedate_to_datetime(reply.headers['last-modified']).strftime('%Y-%m-%dT%H:%M:%SZ')
    lib.ok([m['delivered'] for m in of(run, 'begin')] == [modified],
           'legacy, overwrite: delivered when the manifest was modified', modified, run.out, run.err)
    says_parts(t, bucket, keys, bodies.values(), run, '… its parts')
    t.clean()
    bodies = {'daily-00001.csv.gz': b'one', 'daily-00002.csv.gz': b'second'}
    for how in (None, stamp):
        bucket = t.bucket()
        keys = t.export(bucket, 'fin ops/daily', 'BILLING_PERIOD=2024-01', 'e1', bodies, how)
        run = t.run('s3://%s/fin ops' % bucket)
        have = [(m['source'], m['version'], m['delivered'] if how else '2024-01-16T15:24:15Z') for m in of(run, 'begin')]
        lib.ok(have == [(ARN, 'e1', '2024-01-16T15:24:15Z')], 'Data Exports, %s' % ('create-new' if how else 'overwrite'),
               run.out, run.err)
        says_parts(t, bucket, keys, bodies.values(), run, '… its parts')
        t.clean()
    bucket = t.bucket()
    t.legacy(bucket, 'p/empty', JAN, version, {})
    run = t.run('s3://' + bucket)
    lib.ok(run.code == 0 and len(of(run, 'end')) == 1 and 'names no parts' in run.err and not t.left(),
           'a delivery without parts', run)


# What is found

def finds(t):
    bucket = t.bucket()
    one = {'1.csv.gz': b'1'}
    for period in (JAN, FEB, MAR, '20231101-20231201'):
        t.legacy(bucket, 'finops/hourly', period, period[:8] + 'T000000Z', one)
    t.export(bucket, 'finops/daily', 'billing_period=2024-01', 'e1', one, '2024-01-16T15:24:15.653Z')
    t.s3.put(bucket, 'finops2/other/%s/other-Manifest.json' % JAN, b'{}')
    t.s3.put(bucket, 'finops/daily/data/billing_period=2024-01/2024-01-16T15:24:15.653Z-e1/x-Manifest.json', b'{}')
    t.s3.put(bucket, 'finops/hourly/hourly/year=2024/month=1/hourly-Manifest.json', b'{}')
    t.s3.put(bucket, 'finops/hourly/%s/hourly-RedshiftManifest.json' % JAN, b'{}')
    nov, jan, feb, mar, daily = ('hourly:2023-11:20231101T000000Z', 'hourly:2024-01:20240101T000000Z',
                                 'hourly:2024-02:20240201T000000Z', 'hourly:2024-03:20240301T000000Z', 'daily:2024-01:e1')
    uri = 's3://%s/finops' % bucket
    t.gate.rules()
    run = t.run(uri)
    brings(run, [daily, feb, mar], 'the newest period and the one before it, of each export below a prefix as a folder')
    lib.ok(run.err == 'cur-fetch: skipped: %s/hourly/hourly/year=2024/month=1/hourly-Manifest.json: it stands in no folder of a '
           'billing period\n' % uri, '… a manifest out of its folder is named, others are none', run.err)
    read = {note['key'] for note in t.gate.log(kind='get') if note['key'].endswith('-Manifest.json')}
    lib.ok(not any('20231101' in key or '/' + JAN in key for key in read), '… those of older periods are not read', read)
    for name, words, want in (
            ('a slash at the end', [uri + '/'], [daily, feb, mar]), ('an export', [uri + '/hourly'], [feb, mar]),
            ('an old period, named by its folder', ['%s/hourly/20231101-20231201' % uri], [nov]),
            ('… and a slash', ['%s/hourly/20231101-20231201/' % uri], [nov]),
            ('a manifest', ['%s/hourly/%s/hourly-Manifest.json' % (uri, JAN)], [jan]),
            ("a version's manifest", ['%s/hourly/%s/20240101T000000Z/hourly-Manifest.json' % (uri, JAN)], [jan]),
            ('--all', ['--all', uri + '/hourly'], [nov, jan, feb, mar]),
            ('--since', ['--since', '2024-02', uri], [feb, mar]),
            ('--period', ['--period', '2024-01', '--period', '2023-11', uri], [daily, nov, jan]),
            ('--export', ['--export', 'mine', uri + '/daily'], ['mine:2024-01:e1']),
            ('an operand twice, and one inside it', [uri, uri, uri + '/hourly'], [daily, feb, mar]),
            ('a region and a profile that is given', ['--region', t.gate.region, uri + '/daily'], [daily])):
        brings(t.run(*words), want, name)
    brings(t.run(stdin=(uri + '/daily\n').encode()), [daily], 'a line of stdin')
    nowhere = dict(t.env, AWS_ENDPOINT_URL_S3='http://127.0.0.1:9')
    brings(t.run('--endpoint-url', t.gate.url, uri + '/daily', env=nowhere), [daily], '--endpoint-url')
    t.clean()
    for name, words, code, word in (
            ('nothing there', [uri + '/none'], 66, 'no manifest of a report is here'),
            ('half a name', [uri + '/hour'], 66, 'no manifest of a report is here'),
            ('only a version', ['%s/hourly/%s/20240101T000000Z' % (uri, JAN)], 66, 'to read one, name it, such as '
             '%s/hourly/%s/20240101T000000Z/hourly-Manifest.json' % (uri, JAN)),
            ('a manifest that is not there', [uri + '/x-Manifest.json'], 66, 'no such object'),
            ('a period that is not there', ['--period', '2022-01', uri], 66, 'no delivery of billing period 2022-01'),
            ('nothing since then', ['--since', '2025-01', uri], 66, 'no delivery of billing period 2025-01'),
            ('no such bucket', ['s3://cur-none-%d' % os.getpid()], 78, 'NoSuchBucket'),
            ('nothing in a bucket', ['s3://' + t.bucket()], 66, 'no manifest of a report is here'),
            ('a manifest that is none', ['s3://%s/finops2' % bucket], 65, 'it is no manifest of a report'),
            ('one of them broken', ['--all', 's3://' + bucket], 65, 'it is no manifest of a report'),
            ('no address', ['s3://'], 64, 'no bucket')):
        fails(t, t.run(*words), code, word, name)
    t.s3.put(bucket, 'finops/hourly/20240401-20240501/v/hourly-Manifest.json', b'{}')
    run = t.run(uri + '/hourly')
    brings(run, [feb, mar], 'a period that has only versions is left out')
    lib.ok('skipped: %s/hourly/20240401-20240501/: only manifests of single versions are here' % uri in run.err,
           '… with a note', run.err)
    pages(t, bucket, uri)
    t.clean()


def pages(t, bucket, uri):
    """A list that comes in pages."""
    page = '<ListBucketResult><IsTruncated>%s</IsTruncated>%s</ListBucketResult>'
    entry = ENTRY % ('finops/%s', 1)
    more = '<NextContinuationToken>%s</NextContinuationToken>'
    pages = (page % ('true', entry % 'x' + more % 'a+b/c=%&amp;'),
             page % ('true', entry % ('hourly/%s/hourly-Manifest.json' % MAR) + more % '2'),
             page % ('false', entry % ('hourly/%s/hourly-Manifest.json' % FEB)))
    t.gate.rules(*[{'match': {'kind': 'list', 'query': '*prefix=finops%2F'}, 'nth': n + 1, 'do': 'reply', 'body': body}
                   for n, body in enumerate(pages)])
    brings(t.run(uri), ['hourly:2024-02:20240201T000000Z', 'hourly:2024-03:20240301T000000Z'], 'a list in pages')
    tokens = [re.findall('continuation-token=([^&]*)', note['query']) for note in t.gate.log(kind='list')[:3]]
    lib.ok(tokens == [[], ['a%2Bb%2Fc%3D%25%26'], ['2']], '… each asked for by the token of the one before it', tokens)


def keys(t):
    """Keys that are not what a manifest may say."""
    version = '20240117T053012Z'
    base = 'p/hourly/%s/%s/' % (JAN, version)
    for name, code, word, how in (
            ('another bucket', 65, 'outside its own bucket or prefix', {'more': {'bucket': 'other'}}),
            ('another prefix', 65, 'outside its own bucket or prefix', {'keys': ['q/hourly/%s/x' % JAN]}),
            ('a longer prefix', 65, 'outside its own bucket or prefix', {'keys': ['p/p/hourly/%s/x' % JAN]}),
            ('a slash too much', 65, 'outside its own bucket or prefix', {'keys': ['/%sa' % base]}),
            ('another period', 65, 'outside its own bucket or prefix', {'keys': ['p/hourly/%s/x' % FEB]}),
            ('a part twice', 65, 'it names a part twice', {'keys': [base + 'a', base + 'b', base + 'a']}),
            ('a missing part', 66, 'there is no part s3://', {'keys': [base + 'a', base + 'none']}),
            ('Parquet', 78, 'Parquet', {'more': {'compression': 'Parquet'}})):
        bucket = t.bucket()
        t.legacy(bucket, 'p/hourly', JAN, version, {'a': b'1', 'b': b'2'}, **how)
        run = t.run('s3://' + bucket)
        fails(t, run, code, word, name)
        lib.ok(not run.out, '… nothing began', run.out)
    bucket = t.bucket()
    names = t.legacy(bucket, 'p/hourly', JAN, version, {'a//b': b'1', 'a/b': b'2', './c': b'3', '+ %41=:?#&"\\': b'4', 'ü': b'5'},
                     more={'bucket': None})
    run = t.run('s3://' + bucket)
    lib.ok([m['source'] for m in of(run, 'begin')] == ['s3://%s/p/hourly' % bucket],
           'a manifest that does not name its bucket', run)
    says_parts(t, bucket, names, [b'1', b'2', b'3', b'4', b'5'], run, 'keys are what they are')
    t.clean()


def events(t):
    bucket = t.bucket()
    t.legacy(bucket, 'fin ops/hourly', JAN, '20240117T053012Z', {'a.csv.gz': b'1'})
    t.legacy(bucket, 'fin ops/hourly', JAN, '20240118T053012Z', {'a.csv.gz': b'2'})
    t.legacy(bucket, 'fin ops/hourly', FEB, '20240218T053012Z', {'a.csv.gz': b'2'})
    t.export(bucket, 'fin ops/daily', 'BILLING_PERIOD=2023-01', 'e1', {'a.csv.gz': b'1'}, '2024-01-16T15:24:15.653Z')

    def notification(*names):
        return json.dumps({'Records': [{
            'eventVersion': '2.1', 'eventSource': 'aws:s3', 'eventName': 'ObjectCreated:Put', 's3': {
                'bucket': {'name': bucket}, 'object': {'key': sigv4.encode(name.encode(), slash=True).replace('%20', '+')}}}
            for name in names]})
    base = 'fin ops/hourly/' + JAN
    old, new = base + '/20240117T053012Z/hourly-Manifest.json', base + '/20240118T053012Z/hourly-Manifest.json'
    t.gate.rules()
    run = t.run(notification(old, base + '/hourly-Manifest.json', base + '/20240117T053012Z/a.csv.gz'), notification(new))
    brings(run, ['hourly:2024-01:20240118T053012Z'], 'of several events for a period the newest delivery is brought')
    read = [note['key'] for note in t.gate.log(kind='get') if note['key'].endswith('.json')]
    lib.ok(set(read) == {'/%s/%s/hourly-Manifest.json' % (bucket, base)}, '… its manifest alone is read', read)
    lib.ok('a.csv.gz is no manifest of a report' in run.err, '… an event for a part is skipped with a note', run.err)
    key = 'fin ops/daily/metadata/BILLING_PERIOD=2023-01/2024-01-16T15:24:15.653Z-e1/daily-Manifest.json'
    bridge = json.dumps({'detail-type': 'Object Created', 'source': 'aws.s3',
                         'detail': {'bucket': {'name': bucket}, 'object': {'key': key}}})
    run = t.run(stdin=('%s\n%s\n' % (bridge, notification(new))).encode())
    brings(run, ['daily:2023-01:e1', 'hourly:2024-01:20240118T053012Z'], 'EventBridge and S3, as lines of stdin')
    fails_clean(t, t.run(notification('x/%s/x-Manifest.json' % JAN)), 66, 'no such object', 'an event for what is gone')
    t.clean()


def fails_clean(t, run, code, word, name):
    t.clean()
    fails(t, run, code, word, name)


def states(t):
    """--state: a store in a directory, and one in S3."""
    bucket = t.bucket()
    for period in ('20231101-20231201', '20231201-20240101', JAN, FEB, MAR):
        t.legacy(bucket, 'hourly', period, period[:8] + 'T000000Z', {'a.csv.gz': b'1'})
    t.legacy(bucket, 'other', '20231101-20231201', '20231101T000000Z', {'a.csv.gz': b'1'})
    nov, dec, jan, feb, mar = ['hourly:%s:%sT000000Z' % p for p in (('2023-11', '20231101'), ('2023-12', '20231201'), (
        '2024-01', '20240101'), ('2024-02', '20240201'), ('2024-03', '20240301'))]
    other = 'other:2023-11:20231101T000000Z'
    folder = os.path.join(t.tmp, 'state')
    lake = t.bucket()

    def know(**versions):
        shutil.rmtree(folder, ignore_errors=True)
        for export_period, version in versions.items():
            export, year, month = export_period.split('_')
            period = '%s-%s' % (year, month)
            path = os.path.join(folder, lib.document_path(export, period))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'w') as f:
                f.write(version if version.startswith('{') else json.dumps({
                    'v': 1, 'export': export, 'period': period, 'generation': 1, 'version': version, 'days': {}}) + '\n')
        t.s3.empty(lake)
        t.s3.upload(folder, lake, 'cur/') if versions else None

    def check(name, want, *words, uri='s3://' + bucket):
        for where in (folder, 's3://%s/cur' % lake):
            run = t.run('--state', where, *words, uri)
            brings(run, want, name + (', in S3' if where != folder else ''))
        t.clean()
        return run
    know()
    check('no state yet: the newest period and the one before it', [feb, mar, other])
    know(hourly_2024_02='20240201T000000Z', hourly_2024_03='20240301T000000Z')
    run = check('nothing is new of one export', [other])
    run = check('nothing is new at all', [], '-v', uri='s3://%s/hourly' % bucket)
    lib.ok('nothing new' in run.err, '… which -v says', run.err)
    lib.ok(not t.left(), '… and there is no spool', t.left())
    know(hourly_2023_12='old', hourly_2024_02='20240201T000000Z', hourly_2024_03='20240301T000000Z')
    check('back to the oldest period of the state, less what it has', [dec, jan, other])
    check('--all', [nov, dec, jan, other], '--all')
    check('--since', [jan], '--since', '2024-01')
    check('--period, of what is there', [], '--period', '2024-03')
    check('a manifest that is named and known', [], uri='s3://%s/hourly/%s/hourly-Manifest.json' % (bucket, FEB))
    know(mine_2024_03='20240301T000000Z')
    check('--export', [], '--export', 'mine', uri='s3://%s/hourly' % bucket)
    know(hourly_2024_03='{"v":1,"export":"hourly","period":"2024-03","generation":2,"version":"20240301T000000Z",'
         '"dirty":["2024-03-01"],"days":{}}\n')
    check('a state in the middle of being replaced', [mar], uri='s3://%s/hourly' % bucket)
    know(hourly_2024_03='{')
    for where in (folder, 's3://%s/cur' % lake):
        fails(t, t.run('--state', where, 's3://%s/hourly' % bucket), 65, 'the state document cannot be read',
              'a state that cannot be read')
    # The same for local directories.
    know(hourly_2024_03='20240301T000000Z')
    copy = os.path.join(t.tmp, 'copy')
    t.s3.download(bucket, '', copy)
    run = t.run('--state', folder, copy)
    brings(run, [other], 'a copy in a directory')
    for note in t.gate.log():
        if note['method'] not in ('GET', 'HEAD'):
            lib.ok(False, 'nothing is written', note)


# While AWS writes

def replaced(t):
    """Manifest and parts that change while they are read."""
    version = '20240117T053012Z'
    part = {'match': {'path': '*/b.csv.gz', 'kind': 'get'}, 'do': 'hold'}
    early = {'match': {'kind': 'list'}, 'do': 'hold'}

    def during(rule, change, *words):
        """Something happens while a request waits."""
        here, go = os.path.join(t.tmp, 'here%d' % t.count), os.path.join(t.tmp, 'go%d' % t.count)
        for path in (here, go):
            if os.path.exists(path):
                os.unlink(path)
        t.gate.rules(dict(rule, marker=here, until=go))
        p = t.begin(*words)
        servers.wait_for(here)
        change()
        open(go, 'w').close()
        out, err = p.communicate(timeout=60)
        return result(p.returncode, out, err)
    for layout in ('create-new', 'overwrite', 'Data Exports', 'Data Exports, create-new'):
        bucket = t.bucket()
        bodies = {'a.csv.gz': b'1', 'b.csv.gz': b'2'}

        def deliver(v, bodies=bodies):
            if 'Exports' in layout:
                stamp = '2024-01-16T15:24:15Z' if 'new' in layout else None
                return t.export(bucket, 'd', 'BILLING_PERIOD=2024-01', v, bodies, stamp)
            return t.legacy(bucket, 'h', JAN, v, bodies, create_new=layout == 'create-new')
        names = deliver(version)
        manifest = 'd/metadata/BILLING_PERIOD=2024-01/d-Manifest.json' if 'Exports' in layout else 'h/%s/h-Manifest.json' % JAN
        uri = 's3://%s/%s' % (bucket, manifest)
        def check(code, word, name, rule, change):
            fails(t, during(rule, change, uri), code, word, '%s: %s' % (layout, name))
            deliver(version)
        check(75, 'run again', 'a new manifest', part, lambda: deliver('20240118T053012Z', {'c.csv.gz': b'3'}))
        check(75, 'run again', 'no manifest any more', part, lambda: t.s3.delete(bucket, manifest))
        run = during(part, lambda: t.s3.put(bucket, names[0], b'9'), uri)
        if 'new' in layout:
            export = 'd' if 'Exports' in layout else 'h'
            brings(run, ['%s:2024-01:%s' % (export, version)], layout + ': a part that was read may change')
            t.clean()
        else:
            fails(t, run, 75, 'has changed', layout + ': a part that was read changes')
        deliver(version)
        gone = names[1] + ' has changed'
        check(75, gone, 'a part that is read changes', part, lambda: t.s3.put(bucket, names[1], b'9'))
        check(75, gone, 'a part that is read vanishes', part, lambda: t.s3.delete(bucket, names[1]))
        check(66, 'there is no part', 'a part is missing', early, lambda: t.s3.delete(bucket, names[1]))
        check(75, 'run again', 'a part is missing, and the manifest is another', early, lambda: (
            t.s3.delete(bucket, names[1]), deliver('20240118T053012Z', {'a.csv.gz': b'3'})))
    younger(t)


def younger(t):
    """Parts of Data Exports that are younger than their manifest; the same bytes have the same tag."""
    bucket = t.bucket()
    names = t.export(bucket, 'd', 'BILLING_PERIOD=2024-01', 'e1', {'a.csv.gz': b'1'})
    uri = 's3://' + bucket
    brings(t.run(uri), ['d:2024-01:e1'], 'parts of the same second as their manifest')
    t.clean()
    time.sleep(1.1)
    t.s3.put(bucket, names[0], b'1')
    fails(t, t.run(uri), 75, 'is younger', 'Data Exports: a part younger than the manifest')
    bucket = t.bucket()
    names = t.legacy(bucket, 'h', JAN, 'v', {'a.csv.gz': b'1'}, create_new=False)
    time.sleep(1.1)
    t.s3.put(bucket, names[0], b'1')
    brings(t.run('s3://' + bucket), ['h:2024-01:v'], 'legacy: a younger part is none of another delivery')
    t.clean()


# Downloads

def gets(t, name=''):
    """The ranges that were asked for of the parts whose key ends so."""
    return [note['headers'].get('range') for note in t.gate.log(kind='get') if note['path'].endswith(name + '.csv.gz')]


def downloads(t):
    large(t)
    small(t)
    at_once(t)
    in_order(t)


def large(t):
    """A part of 70 MiB, in pieces."""
    bucket = t.bucket()
    block = os.urandom(1 << 20)
    body = b''.join(block[n:] + block[:n] for n in range(0, 70 * 4096, 4096))
    names = t.legacy(bucket, 'h', JAN, '20240117T053012Z', {'1.csv.gz': body})
    one = {'path': '*.csv.gz'}
    whole = {'bytes=%d-%d' % (n, min(n + PIECE, len(body)) - 1) for n in range(0, len(body), PIECE)}

    def one_more(have):
        return len(have) == 4 and len(set(have) - whole) == 1
    for name, rules, check in (
            ('undisturbed', [], lambda have: set(have) == whole and len(have) == 3),
            ('a body cut', [{'match': one, 'nth': 2, 'do': 'cut-body'}], one_more),
            ('bodies cut by resets', [{'match': one, 'do': 'cut-body', 'how': 'reset', 'times': 3}],
             lambda have: set(have) - whole),
            ('fewer bytes than asked for', [{'match': one, 'do': 'short'}], one_more),
            ('ranges ignored', [{'match': one, 'do': 'ignore-range', 'times': 0}], None),
            ('the first range ignored', [{'match': one, 'nth': 1, 'do': 'ignore-range'}], None),
            ('the last range ignored', [{'match': one, 'nth': 3, 'do': 'ignore-range'}], None),
            ('ranges ignored, and cut', [{'match': one, 'nth': 2, 'do': 'cut-body'},
                                         {'match': one, 'do': 'ignore-range', 'times': 0}], None)):
        t.gate.rules(*rules)
        run = t.run('s3://' + bucket)
        says_parts(t, bucket, names, [body], run, 'in pieces: ' + name)
        if check:
            lib.ok(check(gets(t)), '… by the ranges that it takes', gets(t))
        t.clean()


def small(t):
    """Parts that come in one piece."""
    bucket = t.bucket()
    bodies = [os.urandom(3000), b'second', os.urandom(200000)]
    names = t.legacy(bucket, 'h', JAN, '20240117T053012Z', dict(zip(('1.csv.gz', '2.csv.gz', '3.csv.gz'), bodies)))
    one, every = {'path': '*/1.csv.gz'}, {'path': '*.csv.gz'}
    for name, rules, ranges in (
            ('undisturbed', [], [None]),
            ('a body cut', [{'match': one, 'do': 'cut-body'}], [None, 'bytes=1500-2999']),
            ('cut twice', [{'match': one, 'do': 'cut-body', 'times': 2}], [None, 'bytes=1500-2999', 'bytes=2250-2999']),
            ('cut, and then all of it', [{'match': one, 'do': 'cut-body'}, {'match': one, 'do': 'ignore-range', 'times': 0}],
             [None, 'bytes=1500-2999']),
            ('bodies cut by resets', [{'match': every, 'do': 'cut-body', 'how': 'reset', 'times': 4}], None),
            ('no length', [{'match': every, 'do': 'no-length', 'times': 0}], [None]),
            ('SlowDown', [{'match': every, 'do': '503-slowdown'}], None),
            ('500 and a reset', [{'match': every, 'do': '500'}, {'match': every, 'do': 'reset'}], None),
            ('connections that are closed', [{'match': every, 'do': 'close-after', 'times': 0}], None)):
        t.gate.rules(*rules)
        run = t.run('s3://' + bucket)
        says_parts(t, bucket, names, bodies, run, 'download: ' + name)
        if ranges:
            lib.ok(gets(t, '/1') == ranges, '… by the ranges that it takes', gets(t, '/1'))
        t.clean()
    etag = t.s3.list(bucket)[names[0]].etag
    for name, rule, code, word in (
            ('another range', {'do': 'wrong-range'}, 69, 'asked for bytes 1500 to 2999 of 3000, got bytes 1501-2999/3000'),
            ('answers that end early', {'do': 'short', 'times': 0}, 69, 'it has 1500 bytes, and had 3000'),
            ('cut for ever', {'do': 'cut-body', 'times': 0}, 69, '/1.csv.gz'),
            ('HTML', {'do': 'html-200', 'times': 0}, 69, 'without an entity tag'),
            ('another object', {'do': '412'}, 75, 'has changed'),
            ('no object', {'do': '404'}, 75, 'has changed'),
            ('no permission', {'do': '403'}, 77, 'AccessDenied'),
            ('no bucket', {'do': 'no-such-bucket'}, 78, 'NoSuchBucket'),
            ('another tag', {'do': 'reply', 'headers': {'ETag': '"other"'}, 'body': 'x' * 3000}, 75, 'has changed'),
            ('another length', {'do': 'reply', 'headers': {'ETag': etag}, 'body': 'x'}, 69, 'it has 1 bytes, and had 3000'),
            ('a range that was not asked for', {'do': 'reply', 'status': 206, 'body': 'x', 'headers': {
                'ETag': etag, 'Content-Range': 'bytes 0-0/3000'}}, 69, 'not the one that was asked for'),
            ('no body', {'do': 'reply', 'headers': {'ETag': etag}}, 69, 'the answer ends at byte 0 of 3000')):
        rules = [dict(rule, match=one)]
        if name == 'another range':
            rules = [{'match': one, 'do': 'cut-body'}, dict(rules[0], nth=2)]
        t.gate.rules(*rules)
        fails(t, t.run('s3://' + bucket), code, word, 'download: ' + name)


def at_once(t):
    """-j says how many requests there are at once; each is on condition."""
    bodies = {'%d.csv.gz' % n: b'%d' % n for n in range(8)}
    for jobs in ('1', '3', None):
        bucket = t.bucket()
        names = t.legacy(bucket, 'h', JAN, '20240117T053012Z', bodies)
        t.gate.rules({'match': {'path': '/%s/*.csv.gz' % bucket}, 'do': 'delay', 'ms': 40, 'times': 0})
        run = t.run(*(['-j', jobs] if jobs else []), 's3://' + bucket)
        says_parts(t, bucket, names, bodies.values(), run, 'download: -j %s' % jobs)
        notes = [note for note in t.gate.log(kind='get') if re.fullmatch('/%s/.*csv.gz' % bucket, note['path'])]
        lib.ok(servers.most_at_once(notes) == int(jobs or 4), '… so many requests at once', servers.most_at_once(notes))
        lib.ok(all(re.fullmatch('"[^"]+"', note['headers'].get('if-match', '')) for note in notes), '… each on condition', notes)
        t.clean()


def in_order(t):
    """Marks come in the order of the manifest, each as soon as it can."""
    bucket = t.bucket()
    t.legacy(bucket, 'h', JAN, '20240117T053012Z', {'%d.csv.gz' % n: b'%d' % n for n in range(1, 7)})
    go = os.path.join(t.tmp, 'go-order')
    t.gate.rules({'match': {'path': '*/3.csv.gz'}, 'do': 'hold', 'until': go})
    p = t.begin('s3://' + bucket)
    first = [json.loads(p.stdout.readline()) for _ in range(3)]
    with_all = time.monotonic() + 10
    while len(os.listdir(os.path.dirname(first[1]['path']))) < 7 and time.monotonic() < with_all:
        time.sleep(0.01)
    there = sorted(os.listdir(os.path.dirname(first[1]['path'])))
    open(go, 'w').close()
    rest = [json.loads(line) for line in p.stdout]
    p.stdout.close()
    p.stderr.close()
    lib.ok([m.get('n') for m in first] == [None, 1, 2], 'marks of the first parts come while another stands still', first)
    lib.ok([m.get('n') for m in rest] == [3, 4, 5, 6, None, None] and p.wait() == 0, '… and the others after it', rest)
    lib.ok(len(there) == 7, '… which are downloaded meanwhile', there)
    t.clean()


def memory(t):
    """A large part needs no more memory than a small one."""
    if lib.SAN or t.world.server.verifies and not os.environ.get('CUR_BIG'):
        lib.skip('memory of a part of 300 MB', 'too slow here, or no measure under ASan')
        return
    bucket = t.bucket()
    body = os.urandom(1 << 20) * 300
    t.legacy(bucket, 'h', JAN, 'v', {'a.csv.gz': body})
    t.gate.rules()
    out = os.path.join(t.tmp, 'memory.out')
    # What a process was before its exec counts too, and that is us: so somebody small stands between.
    measure = 'import os, sys\n_, status, usage = os.wait4(os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:]), 0)\n' \
        'print(status, usage.ru_maxrss, file=sys.stderr)'
    with open(out, 'wb') as f:
        run = subprocess.run([sys.executable, '-c', measure, 'cur-fetch', 's3://' + bucket], env=t.env, stdout=f,
                             stderr=subprocess.PIPE)
    status, kib = map(int, run.stderr.split())
    lib.ok(status == 0 and kib < 32 << 10, 'a part of 300 MB in less than 32 MB of memory', run.stderr)
    with open(out) as f:
        path = [json.loads(line) for line in f][1]['path']
    lib.ok(os.path.getsize(path) == len(body), '… and it is there')
    t.clean()


# The spool

def spool(t):
    bucket = t.bucket()
    rows = [lib.row(n % 28 + 1, n, '1') for n in range(200)]
    parts = {'%d.csv.gz' % n: gzip.compress(lib.csv_bytes(lib.COLUMNS, rows[n * 40:(n + 1) * 40])) for n in range(5)}
    t.legacy(bucket, 'h', JAN, '20240117T053012Z', parts)
    uri = 's3://' + bucket
    want = lib.items_of(lib.COLUMNS, rows)
    t.gate.rules()
    run = lib.pipe(['cur-fetch', uri], ['cur-parse'], env=t.env)
    lib.ok(run.codes == [0, 0] and lib.stream_items(run.out) == want and not t.left(),
           'cur-fetch | cur-parse: all items, and nothing is left', run.codes, run.err, t.left())
    ends(t, uri)
    readers(t, uri, want, parts)
    others(t, uri)
    room(t, uri)
    t.clean()


def ends(t, uri):
    """It dies of the signal, and nothing is left."""
    for name in ('INT', 'TERM', 'HUP', 'KILL'):
        here = os.path.join(t.tmp, 'here-' + name)
        t.gate.rules({'match': {'path': '*/3.csv.gz', 'kind': 'get'}, 'do': 'stall-body', 'marker': here})
        p = t.begin(uri)
        servers.wait_for(here)
        before = t.left()
        p.send_signal(getattr(signal, 'SIG' + name))
        _, err = p.communicate(timeout=60)
        lib.ok(before and p.returncode == -getattr(signal, 'SIG' + name) and not err and bool(t.left()) == (name == 'KILL'),
               'SIG%s: it dies of that, quietly, and the spool %s' % (name, 'stays' if name == 'KILL' else 'is empty'),
               p.returncode, err, before, t.left())
    t.gate.rules()
    run = lib.pipe(['cur-fetch', uri], ['cur-parse'], env=t.env)
    lib.ok(run.codes == [0, 0] and not t.left(), 'the next run removes what a killed one has left', run.codes, t.left())
    here, go = os.path.join(t.tmp, 'here-PIPE'), os.path.join(t.tmp, 'go-PIPE')
    t.gate.rules({'match': {'path': '*/3.csv.gz', 'kind': 'get'}, 'do': 'hold', 'marker': here, 'until': go})
    p = t.begin(uri)
    servers.wait_for(here)
    p.stdout.close()
    open(go, 'w').close()
    err = p.stderr.read()
    p.stderr.close()
    lib.ok(p.wait(60) == -signal.SIGPIPE and not err and not t.left(),
           'SIGPIPE: it dies of that, quietly, and the spool is empty', p.returncode, err, t.left())
    here = os.path.join(t.tmp, 'here-nohup')
    t.gate.rules({'match': {'path': '*/3.csv.gz', 'kind': 'get'}, 'do': 'delay', 'ms': 300, 'marker': here})
    p = subprocess.Popen(['sh', '-c', 'trap "" HUP; exec cur-fetch "$0"', uri], env=t.env, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE)
    servers.wait_for(here)
    p.send_signal(signal.SIGHUP)
    out, _ = p.communicate(timeout=60)
    lib.ok(p.returncode == 0 and b'eos' in out, 'a signal that is ignored stays so', p.returncode)
    t.clean()


def readers(t, uri, want, parts):
    """Who reads the parts, and when."""
    t.gate.rules()
    marks = os.path.join(t.tmp, 'marks')
    with open(marks, 'wb') as f:
        code = subprocess.call(['cur-fetch', uri], env=t.env, stdin=subprocess.DEVNULL, stdout=f)
    there = [name for folder in t.left() for name in os.listdir(os.path.join(t.spool, folder))]
    lib.ok(code == 0 and len(there) == 5, 'marks in a file: the parts wait for a reader', code, there)
    lib.pipe(['cur-fetch', uri], ['cur-parse'], env=t.env)
    with open(marks, 'rb') as f:
        run = lib.pipe(['cur-parse'], stdin=f)
    lib.ok(run.codes == [0] and lib.stream_items(run.out) == want and not t.left(),
           '… who comes later, and takes the folder away', run.codes, run.err, t.left())
    began = time.monotonic()
    run = lib.pipe(['cur-fetch', uri], ['grep', '-c', '"_cur":"part"'], env=t.env)
    took = time.monotonic() - began
    lib.ok(run.codes == [0, 0] and run.out == b'5\n' and took < 5 and t.left(),
           'somebody else reads the marks: it ends, and the parts stay', run, t.left(), took)
    t.clean()
    # A reader that fails leaves nothing either: on a damaged part, and when its own reader is gone.
    for name, chain in (('cur-parse fails', [['cur-parse', '--rejects', '/nonexistent/x']]),
                        ('what follows fails', [['cur-parse'], ['false']]),
                        ('cur-parse is killed', [['sh', '-c', 'cur-parse & sleep 0.3; kill -9 $!; wait']])):
        run = lib.pipe(['cur-fetch', uri], *chain, env=t.env)
        lib.ok(not t.left(), name + ': nothing is left', run.codes, run.err, t.left())
    t.s3.put(uri[5:], 'h/%s/20240117T053012Z/1.csv.gz' % JAN, b'garbage')
    run = lib.pipe(['cur-fetch', uri], ['cur-parse'], env=t.env)
    lib.ok(run.codes[1] == 65 and not t.left(), 'a damaged part: nothing is left', run.codes, run.err, t.left())
    t.s3.put(uri[5:], 'h/%s/20240117T053012Z/1.csv.gz' % JAN, parts['1.csv.gz'])


def others(t, uri):
    """What another run has there."""
    day = 86400

    def folder(name, *files, age=0, lock=None):
        path = os.path.join(t.spool, name)
        os.mkdir(path)
        for file in files:
            open(os.path.join(path, file), 'w').close()
        os.utime(path, (time.time() - age,) * 2)
        return path
    folder('cur-fetch.1.dead', '.lock', '1-a.csv.gz', '2-b')
    folder('cur-fetch.2.living', '.lock', '1-a.csv.gz')
    folder('cur-fetch.3.waits', '1-a.csv.gz', age=day // 2)
    folder('cur-fetch.4.waited', '1-a.csv.gz', age=2 * day)
    folder('cur-fetch.5.foreign', '.lock', '1-a.csv.gz', 'mine')
    folder('cur-fetc.6.other', '.lock', '1-a.csv.gz')
    outside = os.path.join(t.tmp, 'outside')
    os.mkdir(outside)
    open(os.path.join(outside, '.lock'), 'w').close()
    os.symlink(outside, os.path.join(t.spool, 'cur-fetch.7.link'))
    with open(os.path.join(t.spool, 'cur-fetch.2.living/.lock'), 'r+') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = lib.pipe(['cur-fetch', uri], ['cur-parse'], env=t.env)
    have = {name: sorted(os.listdir(os.path.join(t.spool, name))) for name in t.left()}
    lib.ok(run.codes == [0, 0] and have == {
        'cur-fetch.2.living': ['.lock', '1-a.csv.gz'], 'cur-fetch.3.waits': ['1-a.csv.gz'], 'cur-fetch.5.foreign': ['mine'],
        'cur-fetc.6.other': ['.lock', '1-a.csv.gz'], 'cur-fetch.7.link': ['.lock']},
        'what dead runs have left goes, what is of the living or of others stays', run.codes, run.err, have)
    t.clean()


def room(t, uri):
    """Where there is none."""
    # As root all of a file system is writable, so the part must be larger than any.
    page = '<ListBucketResult><IsTruncated>false</IsTruncated>%s</ListBucketResult>' % ''.join(
        ENTRY % ('h/%s/20240117T053012Z/%d.csv.gz' % (JAN, n), 1 << 58) for n in range(5))
    t.gate.rules({'match': {'kind': 'list', 'query': '*prefix=h%2F*'}, 'do': 'reply', 'body': page})
    run = t.run(uri)
    fails(t, run, 73, 'the delivery has %d bytes, and ' % (5 << 58), 'no room')
    t.gate.rules()
    fails(t, t.run('--spool', os.path.join(t.tmp, 'none'), uri), 73, 'No such file', 'no such folder')
    fails(t, t.run('--spool', b'/tmp/\xff', uri), 73, 'not UTF-8', 'a folder that no mark can name')
    other = os.path.join(t.tmp, 'other-spool')
    os.mkdir(other)
    run = t.run('--spool', other, uri)
    paths = [m['path'] for m in of(run, 'part')]
    lib.ok(run.code == 0 and not t.left() and all(path.startswith(other + '/cur-fetch.') for path in paths), '--spool', run)
    lib.ok([os.path.basename(path) for path in paths] == ['%d-%d.csv.gz' % (n + 1, n) for n in range(5)],
           '… files are named after their keys', run.out)


def main():
    why = servers.missing()
    if why:
        lib.skip_all(why)
    parts = (layouts, finds, keys, events, states, replaced, downloads, memory, spool)
    with lib.scratch() as tmp:
        t = Test(tmp)
        for part in [part for part in parts if part.__name__ in sys.argv[1:]] or parts:
            began = time.monotonic()
            part(t)
            if os.environ.get('CUR_TEST_TIMES'):
                print('# %s: %.1f s' % (part.__name__, time.monotonic() - began), flush=True)
        t.world.stop()
    lib.done()


if __name__ == '__main__':
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.exit(main())
