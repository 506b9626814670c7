#!/usr/bin/env python3
"""What only a real store shows: run by tests/aws/ceph, which tells where it is.

Without the gate, so that the store checks the signatures that were made here, against keys of all kinds; a gateway that
answers SlowDown to more than two requests at once; and memory while a part of 300 MB goes through, which servers that
keep bodies in memory on this machine would hide.
"""
import os
import random
import shutil
import sys
import zlib

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [HERE, os.path.dirname(HERE)]
import lib  # noqa: E402
import memory  # noqa: E402
import s3  # noqa: E402
import s3pipe  # noqa: E402
import servers  # noqa: E402
import sigv4  # noqa: E402

MB = 1 << 20
PART_BYTES = 300 * MB
TEXT_BYTES = 800
DAYS = 3
THROTTLED_PARTS, THROTTLED_ROWS = 40, 400


class Test(s3.Test):
    """The programs talk to the store itself."""

    def __init__(self, tmp):
        super().__init__(tmp)
        s3pipe.SECRETS['secret of the store'] = self.world.server.key.secret

    def env(self, key=None, **more):
        server = self.world.server
        return super().env(**{'key': key or server.key, 'AWS_ENDPOINT_URL_S3': server.url, **more})


def signatures(t):
    """The store refuses what is not signed with its secret."""
    t.bring(0)
    wrong = sigv4.Key(t.world.server.key.id, 'n' * 40, None)
    run = s3pipe.run([['cur-fetch', t.uri()]], t.env(key=wrong))
    lib.ok(run.codes == [77] and 'SignatureDoesNotMatch' in run.err, 'a wrong secret: 77', run.codes, run.err)


def conditions(t):
    """A document that came in between: the store says 412 by itself."""
    t.bring(1)
    store = t.filled(0)
    before = s3pipe.run([*s3pipe.stages(t.uri(), store.uri)[:3]], t.env())
    first = s3pipe.run([['cur-sink-s3', store.uri]], t.env(), stdin=before.out)
    document = t.s3.get(store.bucket, store.below + lib.document_path())
    again = s3pipe.run([['cur-sink-s3', store.uri]], t.env(), stdin=before.out)
    lib.ok(not any(before.codes + first.codes) and again.codes[0] in (0, 75), 'the same stream twice: 0, then 0 or 75',
           before.codes, first.codes, again.codes, again.err)
    lib.ok(document == t.s3.get(store.bucket, store.below + lib.document_path()), '… the document stays')
    lib.none(store.problems(t.want[1]), '… and the store')


# SlowDown

def throttled(t):
    """Eight at a time where two are allowed."""
    url = os.environ.get('CUR_TEST_S3_THROTTLED')
    if not url:
        lib.skip('SlowDown', 'no gateway that is throttled')
        return
    slow = servers.Elsewhere()
    slow.url = url
    gate = servers.Gate(t.tmp, slow, name='slow')
    rows = [lib.row(n % 28 + 1, n, '1', '%0200x' % random.getrandbits(800))
            for n in range(THROTTLED_PARTS * THROTTLED_ROWS)]
    bucket = t.world.bucket('slow')
    folder = s3pipe.deliver(os.path.join(t.tmp, 'slow'), 2, rows, bucket, parts=THROTTLED_PARTS)
    s3pipe.upload(t.s3, folder, bucket)
    source, want = 's3://%s/finops' % bucket, lib.items_of(lib.COLUMNS, rows)
    for how, env, notes in (('itself', t.env(AWS_ENDPOINT_URL_S3=url), None),
                            ('seen by the gate', t.world.environment(gate=gate), gate)):
        store = t.store()
        gate.mark()
        run = t.run(source, store.uri, env, fetch=['-j', '8'], sink=['-j', '8'])
        lib.none(s3.wrongs(run, store, want), 'a throttled gateway, %s: -j 8 goes through' % how)
        if notes:
            slowed = [note for note in gate.log() if note['status'] == 503]
            lib.ok(slowed, '… after %d answers of 503 in %d' % (len(slowed), len(gate.log())))
    gate.stop()


# Memory

def write_part(path):
    """A part of that size as it is packed; text that hardly packs."""
    source = random.Random(1)
    packer = zlib.compressobj(1, zlib.DEFLATED, 31, 9, zlib.Z_HUFFMAN_ONLY)
    with open(path, 'wb') as f:
        f.write(packer.compress(lib.csv_bytes(lib.COLUMNS, [])))
        n = 0
        while f.tell() < PART_BYTES:
            rows = [lib.row(k % DAYS + 1, k // DAYS, '1', source.randbytes(TEXT_BYTES // 2).hex(), id='id%d' % k)
                    for k in range(n, n + 1000)]
            f.write(packer.compress(lib.csv_bytes(rows[0], rows[1:])))
            n += 1000
        f.write(packer.flush())


def aside(work, *args):
    """In a process of its own: a program begins with the peak of who started it."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work(*args)
            code = 0
        finally:
            os._exit(code)
    if os.waitpid(pid, 0)[1]:
        raise RuntimeError('%s failed' % work.__name__)


def bring_large(t, bucket):
    folder = os.path.join(t.tmp, 'large')
    s3pipe.deliver(folder, 1, [lib.row(1, 1, '1')], bucket)
    part = next(path for path in servers.files_below(folder) if path.endswith('.csv.gz'))
    write_part(os.path.join(folder, part))
    s3pipe.upload(t.s3, folder, bucket)
    shutil.rmtree(folder)


def streaming(t):
    """Peaks of all stages, from the store into the store."""
    if lib.SAN:
        lib.skip('memory', 'sanitizers need their own')
        return
    source, lake = t.world.bucket('large'), t.world.bucket('largelake')
    aside(bring_large, t, source)
    os.environ.update({name: value for name, value in t.env().items() if name.startswith('AWS_')})
    source, store = 's3://%s/finops' % source, 's3://' + lake
    own = memory.measured([['true']])[0][1]
    lib.ok(own < 28, 'what this test itself adds stays below the limits (%d MB)' % own)
    by = ['cur-sum', '--by', 'lineItem.ProductCode,day', '--of', 'lineItem.UnblendedCost']
    sink = ['cur-sink-s3', '--level', '0', store]
    memory.check('300 MB through S3', [*s3pipe.stages(source, store)[:3], sink])
    sizes = [entry.bytes for entry in t.s3.list(lake, 'export=').values()]
    lib.ok(max(sizes, default=0) > 64 * MB, '… with objects uploaded in parts', sizes)
    memory.check('sums of the store', [[*by, store]])
    memory.check('sums of the part', [['cur-fetch', '--all', source], ['cur-parse'], by])
    left = os.listdir(os.environ['TMPDIR'])
    lib.ok(not left, 'nothing is left in $TMPDIR', left)


def main():
    if not os.environ.get('CUR_TEST_S3'):
        lib.skip_all('tests/aws/ceph runs this')
    parts = (streaming, signatures, conditions, s3.combinations, s3.odd_keys, s3.slashes_at_ends, s3.data_exports,
             s3.events, s3.state_of_fetch, s3.two_runs, throttled)
    chosen = [part for part in parts if part.__name__ in sys.argv[1:]] or parts
    with lib.scratch() as tmp:
        t = Test(tmp)
        for part in chosen:
            try:
                part(t)
            except Exception as why:
                lib.ok(False, '%s goes to its end' % part.__name__, repr(why))
        lib.none(s3pipe.leaks, 'no secret, token or signature in %d characters of output' % s3pipe.said)
        t.world.stop()
    lib.done()


if __name__ == '__main__':
    sys.exit(main())
