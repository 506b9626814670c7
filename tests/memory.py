"""Peak memory of each stage on a report of ~60 MB (CUR_BIG=1: 1 GB): 140 columns, rows in no order."""
import gzip
import os
import random
import subprocess
import sys
import tempfile
import time

import lib

MB = 1 << 20
REPORT_BYTES = 1000 * MB if os.environ.get('CUR_BIG') else 60 * MB
FAST = [] if os.environ.get('CUR_BIG') else ['--level', '1']     # takes less time, not less memory
LIMIT_MB = {'cur-sink-s3': 64}
MORE = ['product/attribute%d' % n for n in range(90)] + ['resourceTags/user:Tag %d' % n for n in range(41)]
COLUMNS = [*lib.COLUMNS, *MORE]


def kinds(rng):
    """What rows look like after their id and time: 400 kinds, of which half the cells are empty."""
    made = []
    for n in range(400):
        service = rng.choice(('AmazonEC2', 'AmazonS3'))
        cells = lib.row(1, 0, '0.00%08d' % rng.randrange(10 ** 8), 'usage of kind %d' % n, service)[2:]
        more = ['value %x' % rng.getrandbits(40) if rng.random() < 0.5 else '' for _ in MORE]
        made.append(lib.csv_bytes(cells + tuple(more), []))
    return made


def write_report(path, size, turn):
    """Streams a part; reports of another turn differ in a row of each day."""
    rng = random.Random(1)
    some = kinds(rng)
    rows = size // (sum(map(len, some)) // len(some) + 60)
    with gzip.open(path, 'wb', 1) as f:
        f.write(lib.csv_bytes(COLUMNS, []))
        for n in range(rows):
            hour = rng.randrange(744)
            start = b'2024-01-%02dT%02d:00:00Z' % (hour // 24 + 1, hour % 24)
            f.write(b'id%d,%s/%s,' % (n + (turn if n % 100 == 0 else 0), start, start) + some[n * 7919 % 400])
    return rows


def deliver(folder, version, turn):
    base = 'finops/%s/20240101-20240201' % lib.EXPORT
    key = '%s/%s/part-00001.csv.gz' % (base, lib.assembly(version))
    os.makedirs(os.path.dirname(os.path.join(folder, key)))
    rows = write_report(os.path.join(folder, key), REPORT_BYTES, turn)
    with open(os.path.join(folder, base, lib.EXPORT + '-Manifest.json'), 'wb') as f:
        f.write(lib.manifest_bytes(version, [key], COLUMNS))
    return rows


def measured(stages, messages=subprocess.DEVNULL):
    """Exits and peaks in MB of the stages of a pipe.  A peak below that of this test is not seen: it is inherited."""
    processes, file = [], subprocess.DEVNULL
    for stage in stages:
        process = subprocess.Popen(stage, stdin=file, stdout=subprocess.PIPE, stderr=messages)
        if processes:
            file.close()
        processes.append(process)
        file = process.stdout
    while file.read(1 << 16):
        pass
    file.close()
    done = []
    for process in processes:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        done.append((process.returncode, usage.ru_maxrss / 1024))
    return done


def check(title, stages):
    began = time.monotonic()
    with tempfile.TemporaryFile() as messages:
        done = measured(stages, messages)
        messages.seek(0)
        said = messages.read().decode(errors='replace')
    took = time.monotonic() - began
    for words, (code, peak) in zip(stages, done):
        limit = LIMIT_MB.get(words[0], 32)
        lib.ok(code == 0 and peak < limit, '%s: %s stays below %d MB (%d MB)' % (title, words[0], limit, peak),
               code, peak, said)
    print('# %s: %.1f s' % (title, took), flush=True)


def main():
    with lib.scratch() as tmp:
        store = os.path.join(tmp, 'store')
        folders = [os.path.join(tmp, 'd%d' % n) for n in range(2)]
        rows = [deliver(folder, n + 1, n) for n, folder in enumerate(folders)]
        own = measured([['true']])[0][1]
        lib.ok(own < 24, 'what this test itself adds stays below the limits (%d MB, %d rows)' % (own, rows[0]))
        for title, folder in (('a first delivery', folders[0]), ('all days changed', folders[1]),
                              ('a repeat', folders[1])):
            check(title, [*lib.stages(folder, store)[:3], ['cur-sink-s3', *FAST, store]])
        by = ['cur-sum', '--by', 'lineItem.ProductCode,day', '--of', 'lineItem.UnblendedCost']
        check('sums of a report', [['cur-fetch', '--all', folders[1]], ['cur-parse'], by])
        check('sums of a store', [[*by, store]])
    lib.done()


if __name__ == '__main__':
    sys.exit(main())
