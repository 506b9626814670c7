"""What the tests in Python share: TAP lines, deliveries as AWS writes them, pipes of stages, stores on disk."""
import collections
import csv
import gzip
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

BIN = os.environ.get('BIN') or os.path.join(os.getcwd(), 'build/bin')
SAN = os.environ.get('BUILD', '').endswith('/san')
HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = os.path.join(HERE, '../../shared/samples')
os.environ['PATH'] = BIN + ':' + os.environ['PATH']
os.environ['LC_ALL'] = 'C'


# TAP

cases = failures = 0


def ok(good, name, *why):
    global cases, failures
    cases += 1
    failures += not good
    print('%sok %d - %s' % ('' if good else 'not ', cases, name), flush=True)
    if not good:
        for line in '\n'.join(map(str, why)).splitlines()[:40]:
            print('# ' + line[:400], flush=True)
    return good


def none(problems, name):
    """A case of many points: passes if nothing was found to be wrong."""
    more = ['… and %d more' % (len(problems) - 10)] if len(problems) > 10 else []
    return ok(not problems, name, *list(problems)[:10], *more)


def skip(name, why):
    global cases
    cases += 1
    print('ok %d - %s # SKIP %s' % (cases, name, why), flush=True)


def skip_all(why):
    print('1..0 # SKIP ' + why)
    sys.exit(0)


def done():
    print('1..%d' % cases)
    sys.exit(failures > 0)


def late(*_):
    raise TimeoutError('the test takes too long')


def scratch():
    """An empty folder that goes away at the end, and that $TMPDIR is in.  A test that hangs ends."""
    signal.signal(signal.SIGALRM, late)
    signal.alarm(3600 if os.environ.get('CUR_BIG') else 600 if SAN or os.environ.get('CUR_TEST_S3') else 200)
    folder = tempfile.TemporaryDirectory(prefix='cur-test.')
    spool = os.path.join(folder.name, 'spool')
    os.mkdir(spool)
    os.environ['TMPDIR'] = spool
    return folder


# Deliveries

COLUMNS = ('identity/LineItemId', 'identity/TimeInterval', 'bill/BillingPeriodStartDate', 'lineItem/LineItemType',
           'lineItem/UsageStartDate', 'lineItem/ProductCode', 'lineItem/UnblendedCost', 'lineItem/CurrencyCode',
           'lineItem/LineItemDescription')
EXPORT, PERIOD = 'hourly', '2024-01'


def row(day, number, cost, text='', product='AmazonEC2', id=None):
    """A line item of COLUMNS; day counts from the first of the period and may lie outside it."""
    start = '2024-01-%02dT%02d:00:00Z' % (day, number % 24) if day < 32 else '2024-02-%02dT00:00:00Z' % (day - 31)
    return (id or 'id%d' % number, start + '/' + start, '2024-01-01T00:00:00.000Z', 'Usage', start, product, cost,
            'USD', text)


def assembly(version):
    """The version that a delivery number stands for."""
    return '202401%02dT%02d0000Z' % (1 + version // 24, version % 24)


def csv_bytes(columns, rows):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def deliver(folder, version, rows, columns=COLUMNS, parts=1, export=EXPORT):
    """Writes a delivery of legacy CUR, create-new layout, into an empty folder that stands for the bucket."""
    shutil.rmtree(folder, ignore_errors=True)
    base = 'finops/%s/20240101-20240201' % export
    place = '%s/%s' % (base, assembly(version))
    os.makedirs(os.path.join(folder, place))
    keys = []
    for n in range(parts):
        keys.append('%s/%s-%05d.csv.gz' % (place, export, n + 1))
        part = rows[n * len(rows) // parts:(n + 1) * len(rows) // parts]
        with open(os.path.join(folder, keys[-1]), 'wb') as f:
            f.write(gzip.compress(csv_bytes(columns, part), 1, mtime=0))
    manifest = manifest_bytes(version, keys, columns, export)
    for where in (place, base):
        with open(os.path.join(folder, where, export + '-Manifest.json'), 'wb') as f:
            f.write(manifest)
    return folder


def manifest_bytes(version, keys, columns=COLUMNS, export=EXPORT):
    return json.dumps({
        'assemblyId': assembly(version), 'account': '012345678901', 'charset': 'UTF-8', 'compression': 'GZIP',
        'columns': [dict(zip(('category', 'name'), c.split('/', 1))) for c in columns], 'contentType': 'text/csv',
        'reportId': '0' * 64, 'reportName': export, 'bucket': 'billing', 'reportKeys': keys,
        'billingPeriod': {'start': '20240101T000000.000Z', 'end': '20240201T000000.000Z'},
        'additionalArtifactKeys': []}).encode()


def item_of(columns, cells):
    """What cur-parse has to make of a row, by its own definition: split at the first slash, empties left out."""
    item = {}
    for column, cell in zip(columns, cells):
        category, name = column.split('/', 1)
        if cell != '':
            item.setdefault(category, {})[name] = cell
    return item


def canonical(item):
    return json.dumps(item, sort_keys=True, ensure_ascii=False)


def items_of(columns, rows):
    """The items of a delivery as a multiset."""
    return collections.Counter(canonical(item_of(columns, cells)) for cells in rows)


def delivered(folder):
    """The items of the newest delivery under a legacy layout, read by Python's csv alone."""
    items = collections.Counter()
    manifests = [os.path.join(at, f) for at, _, files in os.walk(folder) for f in files
                 if f.endswith('-Manifest.json') and re.fullmatch(r'\d{8}-\d{8}', os.path.basename(at))]
    for path in manifests:
        with open(path) as f:
            keys = json.load(f)['reportKeys']
        for key in keys:
            with gzip.open(os.path.join(folder, key), 'rt', encoding='utf-8', newline='') as f:
                header, *rows = csv.reader(f)
            items += items_of(header, rows)
    return items


# Pipes

Pipe = collections.namedtuple('Pipe', 'codes out err')


def pipe(*stages, stdin=None, timeout=120, env=None):
    """Runs stages, each a list of arguments; stdin is bytes or an open file.  A killed stage has a negative code."""
    processes = []
    err = tempfile.TemporaryFile()
    if isinstance(stdin, bytes):
        file = tempfile.TemporaryFile()
        file.write(stdin)
        file.seek(0)
    else:
        file = stdin if stdin is not None else subprocess.DEVNULL
    for stage in stages:
        process = subprocess.Popen(stage, stdin=file, stdout=subprocess.PIPE, stderr=err, env=env)
        if processes:
            processes[-1].stdout.close()
        processes.append(process)
        file = process.stdout
    out, _ = processes[-1].communicate(timeout=timeout)
    codes = [process.wait() for process in processes]
    err.seek(0)
    return Pipe(codes, out, err.read().decode(errors='replace'))


def stages(delivery, store, *options):
    """The whole pipe."""
    return (['cur-fetch', '--all', delivery], ['cur-parse'], ['cur-dedupe', '--state', store, *options],
            ['cur-sink-s3', store])


def parsed(delivery):
    """The stream of a delivery after cur-parse; the program's mistakes end the test."""
    run = pipe(['cur-fetch', '--all', delivery], ['cur-parse'])
    if run.codes != [0, 0]:
        sys.exit('cur-fetch | cur-parse: %s\n%s' % (run.codes, run.err))
    return run.out


def stream_items(stream):
    """The items of a stream as a multiset."""
    return collections.Counter(canonical(json.loads(line)) for line in stream.splitlines()
                               if not line.startswith(b'{"_cur":'))


# Stores

def files(store):
    """Every file, by its path below the store."""
    return sorted(os.path.relpath(os.path.join(at, f), store) for at, _, names in os.walk(store) for f in names)


def listing(store):
    """What changes when an object is written or removed: every file with inode, size and time, every folder."""
    found = set()
    for at, folders, names in os.walk(store):
        for name in names:
            st = os.lstat(os.path.join(at, name))
            found.add((os.path.relpath(os.path.join(at, name), store), st.st_ino, st.st_size, st.st_mtime_ns))
        found |= {(os.path.relpath(os.path.join(at, name), store),) for name in folders}
    return found


def document_path(export=EXPORT, period=PERIOD):
    return '_cur/%s/%s.json' % (export, period)


def document(store, export=EXPORT, period=PERIOD):
    """The state document, or None."""
    try:
        with open(os.path.join(store, document_path(export, period)), 'rb') as f:
            text = f.read()
    except FileNotFoundError:
        return None
    if text.count(b'\n') != 1 or not text.endswith(b'\n'):
        raise ValueError('the document is not one line')
    return json.loads(text)


def named(doc, export=EXPORT, period=PERIOD):
    """The paths of the objects that a document names."""
    return ['export=%s/billing_period=%s/day=%s/%s' % (export, period, day, name)
            for day, entry in doc['days'].items() for name in entry['objects']]


def stored_lines(store, doc=None, export=EXPORT, period=PERIOD):
    """The lines of all objects that the document names."""
    doc = doc or document(store, export, period)
    lines = []
    for path in named(doc, export, period) if doc else ():
        with gzip.open(os.path.join(store, path)) as f:
            text = f.read()
        if not text.endswith(b'\n'):
            raise ValueError(path + ' does not end in a newline')
        lines += text[:-1].split(b'\n')
    return lines


def stored(store, export=EXPORT, period=PERIOD):
    """The items that the document names, as a multiset."""
    return collections.Counter(canonical(json.loads(line)) for line in stored_lines(store, None, export, period))


def without_generation(store, export=EXPORT, period=PERIOD):
    """All that a store says, less its generations: document, and the contents of all files."""
    doc = document(store, export, period)
    if doc is None:
        return None
    doc = json.loads(re.sub(r'("\d+-of-\d+-)\d+-', r'\1G-', json.dumps(doc)))
    del doc['generation']
    contents = []
    for path in files(store):
        if path != document_path(export, period):
            with open(os.path.join(store, path), 'rb') as f:
                contents.append((re.sub(r'/(\d+-of-\d+-)\d+-', r'/\1G-', path), f.read()))
    return doc, sorted(contents)


def garbage(store, export=EXPORT, period=PERIOD):
    """Files that the document does not name."""
    doc = document(store, export, period)
    keep = set(named(doc, export, period)) | {document_path(export, period)} if doc else set()
    return [path for path in files(store) if path not in keep]


def wrong(store, *allowed):
    """Why the store holds, whole, none of the allowed multisets of items (None: no document); '' if it does."""
    try:
        if document(store) is None:
            return '' if None in allowed else 'there is no document'
        have = stored(store)
    except (OSError, EOFError, ValueError) as why:
        return repr(why)
    if any(have == items for items in allowed if items is not None):
        return ''
    return 'it holds %d items of another delivery' % sum(have.values())


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
