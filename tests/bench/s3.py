#!/usr/bin/env python3
"""The same bytes from and to the same server, by us and by `aws s3 cp`, in turns: medians and their ratios.

The server is the one of tests/aws/ceph if this is run by it, else moto_server.  Nothing here is judged: times are no
property of the programs alone.  CUR_BENCH_MB, CUR_BENCH_ROUNDS: how much, how often.
"""
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
import zlib

sys.dont_write_bytecode = True
TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path += [TESTS, os.path.join(TESTS, 'aws')]
import lib  # noqa: E402
import s3pipe  # noqa: E402
import servers  # noqa: E402

MB = 1 << 20
TOTAL = int(os.environ.get('CUR_BENCH_MB', 192)) * MB
ROUNDS = int(os.environ.get('CUR_BENCH_ROUNDS', 5))
SHAPES = (('1 large', 1), ('8 parts', 8), ('64 small', 64))
DAYS = 6


def part(source, size, first):
    """A part of so many bytes as it is packed; text that hardly packs, so that bytes count and not zlib."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31, 9, zlib.Z_HUFFMAN_ONLY)
    packed = [packer.compress(lib.csv_bytes(lib.COLUMNS, []))]
    while sum(map(len, packed)) < size:
        rows = [lib.row(n % DAYS + 1, n, '0.%d' % (n + 1), source.randbytes(2048).hex())
                for n in range(first, first + 200)]
        packed.append(packer.compress(lib.csv_bytes(rows[0], rows[1:])))
        first += 200
    return b''.join([*packed, packer.flush()])


def bring(world, bucket, parts):
    """A delivery in S3; returns its bytes."""
    folder = os.path.join(world.folder, 'delivery')
    s3pipe.deliver(folder, 1, [lib.row(1, n, '1') for n in range(parts)], bucket, parts=parts)
    source = random.Random(parts)
    for n, path in enumerate(sorted(servers.files_below(folder))):
        if path.endswith('.csv.gz'):
            with open(os.path.join(folder, path), 'wb') as f:
                f.write(part(source, TOTAL // parts, n * 10 ** 6))
    s3pipe.upload(world.s3, folder, bucket)
    shutil.rmtree(folder)


def timed(words, env, **how):
    began = time.monotonic()
    run = subprocess.run(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **how)
    took = time.monotonic() - began
    if run.returncode:
        why = run.stderr.decode(errors='replace')[-500:]
        sys.exit('bench: %s exits %d: %s' % (words[0], run.returncode, why))
    return took


def in_turns(ours, theirs):
    """Seconds of both, a round after the other, each first as often as second as it can be."""
    took = [], []
    for n in range(ROUNDS):
        for which in ((0, 1), (1, 0))[n % 2]:
            took[which].append((ours, theirs)[which](n))
    return took


def bytes_below(folder):
    return sum(os.path.getsize(os.path.join(folder, path)) for path in servers.files_below(folder))


def row(title, size, took):
    ours, theirs = map(statistics.median, took)
    spread = ['%.2f…%.2f' % (min(t), max(t)) for t in took]
    print('%-24s %5d MB  %7.2f s (%s)  %7.2f s (%s)  %5.2f' % (
        title, size / MB, ours, spread[0], theirs, spread[1], ours / theirs), flush=True)


def download(world, env, title, parts):
    bucket = world.bucket('parts%d' % parts)
    bring(world, bucket, parts)
    place = os.path.join(world.folder, 'down')
    sizes = set()

    def fetch(words):
        os.mkdir(place)
        took = timed(words, env)
        sizes.add(bytes_below(place))
        shutil.rmtree(place)
        return took
    took = in_turns(
        lambda _: fetch(['cur-fetch', '--all', '-j', '4', '--spool', place, 's3://%s/finops' % bucket]),
        lambda _: fetch(['aws', 's3', 'cp', '--recursive', '--only-show-errors', '--exclude', '*.json',
                         's3://%s/finops' % bucket, place]))
    # What lies beside the parts in the spool is empty.
    if len(sizes) != 1:
        sys.exit('bench: not the same bytes: %s' % sizes)
    row('download, ' + title, sizes.pop(), took)
    world.s3.empty(bucket)


def upload(world, env):
    """The objects of a delivery, not packed: by the sink from its stream, which it reads; by aws from a folder."""
    bucket = world.bucket('up')
    delivery, stream, folder = (os.path.join(world.folder, name) for name in ('delivery', 'stream', 'objects'))
    s3pipe.deliver(delivery, 1, [lib.row(1, 1, '1')], bucket)
    path = next(path for path in servers.files_below(delivery) if path.endswith('.csv.gz'))
    with open(os.path.join(delivery, path), 'wb') as f:
        f.write(part(random.Random(0), TOTAL // 2, 0))
    with open(stream, 'wb') as f:
        fetch = subprocess.Popen(['cur-fetch', '--all', delivery], stdout=subprocess.PIPE)
        subprocess.run(['cur-parse'], stdin=fetch.stdout, stdout=f, check=True)
        fetch.wait()
    sink = ['cur-sink-s3', '-j', '4', '--level', '0']
    with open(stream, 'rb') as f:
        local = timed([*sink, folder], env, stdin=f)

    def ours(n):
        with open(stream, 'rb') as f:
            return timed([*sink, 's3://%s/ours-%d' % (bucket, n)], env, stdin=f)
    took = in_turns(ours, lambda n: timed(['aws', 's3', 'cp', '--recursive', '--only-show-errors', folder,
                                           's3://%s/aws-%d' % (bucket, n)], env))
    found = {tuple(sorted(o.bytes for o in world.s3.list(bucket, who + '-0/').values())) for who in ('ours', 'aws')}
    if len(found) != 1:
        sys.exit('bench: not the same objects')
    row('upload, %d objects' % len(found.pop()), bytes_below(folder), took)
    print('  the sink, which reads the stream too, into a directory: %.2f s' % local, flush=True)
    world.s3.empty(bucket)


def main():
    if not shutil.which('aws'):
        print('bench # SKIP no aws here')
        return
    if servers.missing():
        print('bench # SKIP ' + servers.missing())
        return
    with lib.scratch() as tmp:
        lib.signal.alarm(0)
        world = servers.World(tmp)
        env = world.environment(key=world.server.key, AWS_ENDPOINT_URL_S3=world.server.url)
        kind = 'Ceph' if world.server.verifies else 'moto_server'
        start = statistics.median(timed(['aws', '--version'], env) for _ in range(3))
        print('%s, %d processors; median of %d rounds (least…most); aws takes %.2f s to start' % (
            kind, os.cpu_count(), ROUNDS, start))
        print('%-24s %8s  %24s  %24s  %5s' % ('', 'bytes', 'ours', 'aws s3 cp', 'ratio'), flush=True)
        for title, parts in SHAPES:
            download(world, env, title, parts)
        upload(world, env)
        world.stop()


if __name__ == '__main__':
    main()
