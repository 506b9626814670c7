"""What every stage owes the others, whatever else it does."""
import gzip
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading

import lib

TWIN = lib.row(2, 1, '2.5', 'a "quote"')
FIRST = [lib.row(1, 1, '1.5'), TWIN, TWIN, lib.row(3, 1, '-1')]
SECOND = [lib.row(1, 1, '1.5'), lib.row(2, 1, '2.75'), lib.row(4, 2, '1E-7')]
WANT = [lib.items_of(lib.COLUMNS, rows) for rows in (FIRST, SECOND)]
NAMED = ['--export', lib.EXPORT, '--period', lib.PERIOD]
SUM = ['--by', 'lineItem.ProductCode,day', '--of', 'lineItem.UnblendedCost']
STREAMS = ('cur-parse', 'cur-dedupe', 'cur-sink-s3', 'cur-sum')      # those that read one
ITEMS = STREAMS[1:]
EVERY = ('cur-fetch', *STREAMS)


class Bench:
    """Two deliveries, the streams between the stages, and a store that holds the first delivery."""

    def __init__(self, tmp):
        self.tmp = tmp
        self.store, self.kept = os.path.join(tmp, 'store'), os.path.join(tmp, 'kept')
        first = lib.deliver(os.path.join(tmp, 'd1'), 1, FIRST)
        self.folder = lib.deliver(os.path.join(tmp, 'd2'), 2, SECOND, parts=2)
        lib.pipe(*lib.stages(first, self.kept))
        self.fetched = self.plain(['cur-fetch', '--all', self.folder])
        self.parsed = self.plain(['cur-parse'], self.fetched)
        self.begin()
        self.passed = self.plain(['cur-dedupe', '--state', self.store], self.parsed)
        self.normal = {}
        for name in EVERY:
            self.begin()
            self.normal[name] = self.plain(self.words(name), self.input(name))
            if name == 'cur-sink-s3':
                self.after = lib.without_generation(self.store)

    def plain(self, words, stdin=None):
        run = lib.pipe(words, stdin=stdin)
        if run.codes != [0]:
            sys.exit('%s exits %s: %s' % (words, run.codes, run.err))
        return run.out

    def begin(self):
        """The store holds the first delivery."""
        shutil.rmtree(self.store, ignore_errors=True)
        shutil.copytree(self.kept, self.store)

    def words(self, name):
        return {'cur-fetch': ['cur-fetch', '--all', self.folder], 'cur-parse': ['cur-parse'],
                'cur-dedupe': ['cur-dedupe', '--state', self.store], 'cur-sink-s3': ['cur-sink-s3', self.store],
                'cur-sum': ['cur-sum', *SUM]}[name]

    def input(self, name):
        return {'cur-fetch': None, 'cur-parse': self.fetched, 'cur-dedupe': self.parsed, 'cur-sink-s3': self.passed,
                'cur-sum': self.parsed}[name]

    def run(self, name, stdin, *options):
        """One stage on a store that holds the first delivery."""
        self.begin()
        return lib.pipe([*self.words(name), *options], stdin=stdin)

    def held(self):
        """'' when the store holds one of the deliveries, whole, and nothing else."""
        return lib.wrong(self.store, *WANT) or ' '.join(lib.garbage(self.store))


def shell(words, redirection, stdin=b''):
    """Runs a program with a redirection of the shell."""
    given = {'stdin': subprocess.DEVNULL} if stdin is None else {'input': stdin}
    return subprocess.run(['sh', '-c', 'exec "$@" ' + redirection, 'sh', *words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, **given)


def options(bench):
    for name in EVERY:
        run = lib.pipe([name, '--help'])
        lib.ok(run.codes == [0] and run.out.startswith(b'usage: %s ' % name.encode()) and not run.err,
               name + ' --help: the usage on stdout, exit 0', run)
        run = lib.pipe([name, '--version'])
        lib.ok(run.codes == [0] and run.out.startswith(name.encode() + b' ') and run.out.count(b'\n') == 1 and
               not run.err, name + ' --version: name and version on stdout, exit 0', run)
        for option in ('--no-such-option', '-Z'):
            run = bench.run(name, bench.input(name), option)
            lib.ok(run.codes == [64] and 'usage: ' in run.err and not run.out,
                   '%s %s: usage on stderr, exit 64' % (name, option), run)
    for words in (['cur-dedupe'], ['cur-sink-s3'], ['cur-sink-s3', 'a', 'b'],
                  ['cur-dedupe', '--state', bench.store, 'x'], ['cur-sink-s3', '--level', '10', bench.store],
                  ['cur-dedupe', '--state', bench.store, '--by', 'week'],
                  ['cur-fetch', '--period', '2024-13', bench.folder]):
        run = lib.pipe(words, stdin=bench.parsed)
        lib.ok(run.codes == [64] and 'usage: ' in run.err and not run.out, '%s: a wrong call, exit 64' % ' '.join(
            word.replace(bench.tmp + '/', '') for word in words), run)


def full_disk(bench):
    for name in EVERY:
        bench.begin()
        run = shell(bench.words(name), '>/dev/full', bench.input(name))
        lib.ok(run.returncode == 74 and b'stdout' in run.stderr, name + ' >/dev/full: exit 74', run)
        lib.ok(not bench.held(), name + ' >/dev/full: the store is whole', bench.held())
        codes = [shell([name, option], '>/dev/full').returncode for option in ('--help', '--version')]
        lib.ok(codes == [74, 74], name + ' --help, --version >/dev/full: exit 74', codes)


def limited(words, stdin, most):
    """A program that cannot write files longer than that many bytes: as with a full disk, write(2) fails."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    return subprocess.run(words, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                          preexec_fn=limit)


def full_store(bench):
    size = os.path.getsize(os.path.join(bench.kept, lib.document_path()))
    found, statuses = [], set()
    for most in [0, 1, 32, *range(100, size + 200, 50)]:
        bench.begin()
        run = limited(bench.words('cur-sink-s3'), bench.passed, most)
        statuses.add(run.returncode)
        if run.returncode not in (0, 74) or lib.wrong(bench.store, WANT[run.returncode == 0]):
            found.append('%d bytes: exit %d: %s, %s' % (most, run.returncode, run.stderr,
                                                        lib.wrong(bench.store, *WANT)))
        again = lib.pipe(*lib.stages(bench.folder, bench.store))
        if any(again.codes) or lib.wrong(bench.store, WANT[1]) or lib.garbage(bench.store):
            found.append('%d bytes, run again: %s %s' % (most, again, lib.garbage(bench.store)))
    lib.none(found, 'cur-sink-s3: no room in the store: exit 74, the old delivery, and running again is right')
    lib.ok(statuses == {0, 74}, 'of these some failed and some did not', statuses)
    bench.begin()
    run = limited(bench.words('cur-dedupe'), bench.parsed, 0)
    lib.ok(run.returncode == 74 and b'"end"' not in run.stdout, 'cur-dedupe: no room for the spool, exit 74', run)


def one_byte(words, stdin):
    """Every read gives one byte: the messages of a sequenced packet socket are one byte each."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = subprocess.Popen(words, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    theirs.close()

    def pour():
        try:
            for i in range(len(stdin)):
                ours.send(stdin[i:i + 1])
        except OSError:
            pass
        ours.close()
    thread = threading.Thread(target=pour, daemon=True)
    thread.start()
    out, err = process.communicate(timeout=60)
    thread.join()
    return process.returncode, out, err


def slow_reads(bench):
    for name in STREAMS:
        bench.begin()
        code, out, err = one_byte(bench.words(name), bench.input(name))
        lib.ok((code, out) == (0, bench.normal[name]), name + ': one-byte reads give the same', code, out, err)
        if name == 'cur-sink-s3':
            lib.ok(lib.without_generation(bench.store) == bench.after, name + ': one-byte reads make the same store')
    code, out, err = one_byte(['cur-fetch', '--all'], bench.folder.encode() + b'\n')
    lib.ok((code, out) == (0, bench.normal['cur-fetch']), 'cur-fetch: one-byte reads give the same', code, out, err)
    csv = lib.csv_bytes(lib.COLUMNS, FIRST)
    normal = lib.pipe(['cur-parse', *NAMED], stdin=csv).out
    lib.ok(lib.stream_items(normal) == WANT[0], 'cur-parse: a CSV on stdin', normal)
    for what, stdin in (('CSV', csv), ('gzip', gzip.compress(csv))):
        lib.ok(lib.pipe(['cur-parse', *NAMED], stdin=stdin).out == normal, 'cur-parse: %s gives the same as CSV' % what)
        code, out, err = one_byte(['cur-parse', *NAMED], stdin)
        lib.ok((code, out) == (0, normal), 'cur-parse: one-byte reads of %s give the same' % what, code, out, err)


def cut_streams(bench):
    """Every prefix that ends with a line, and many that end inside one."""
    for name in STREAMS:
        stream = bench.input(name)
        ends = [i + 1 for i, byte in enumerate(stream[:-1]) if byte == 10]
        inside = sorted({*range(1, len(stream), 97), *(e - 1 for e in ends), len(stream) - 1} - set(ends) - {0})
        end_mark = stream.index(b'{"_cur":"end"')
        end_of_end = stream.index(b'\n', end_mark) + 1
        found = []
        for cut in [0] + ends + inside:
            run = bench.run(name, stream[:cut])
            # A first part of a first mark may as well be a CSV to cur-parse.
            allowed = (76, 65) if name == 'cur-parse' and cut < len(b'{"_cur":') and cut else (76,)
            if run.codes[0] not in allowed or not run.err:
                found.append('cut at %d of %d: exit %d: %s' % (cut, len(stream), run.codes[0], run.err))
            want = WANT[1] if name == 'cur-sink-s3' and cut >= end_of_end else WANT[0]
            why = bench.held() or lib.wrong(bench.store, want)
            if why:
                found.append('cut at %d of %d: the store: %s' % (cut, len(stream), why))
            if b'"eos"' in run.out or cut <= end_mark and b'"_cur":"end"' in run.out:
                found.append('cut at %d of %d: it says that it has all' % (cut, len(stream)))
        lib.none(found, '%s: a stream cut at %d places: exit 76, nothing is claimed' % (
            name, len(ends) + len(inside) + 1))
        run = bench.run(name, b'')
        lib.ok(run.codes == [76] and not run.out, name + ': an empty stream is a cut one, exit 76', run)
    run = lib.pipe(['cur-fetch'], stdin=b'')
    lib.ok(run.codes == [66] and not run.out, 'cur-fetch: nothing named on stdin, exit 66', run)
    run = lib.pipe(['cur-fetch', '--all'], stdin=bench.folder.encode())
    lib.ok(run.codes == [76] and not run.out, 'cur-fetch: a cut line on stdin, exit 76', run)


def closed(bench):
    for name in EVERY:
        bench.begin()
        before = lib.listing(bench.folder)
        words, stdin = bench.words(name), bench.input(name)
        run = shell(words, '>&-', stdin)
        lib.ok(run.returncode == 74 and b'stdout' in run.stderr, name + ' >&-: exit 74', run)
        lib.ok(not bench.held(), name + ' >&-: the store is whole', bench.held())
        bench.begin()
        run = shell([*words, '-v', '--progress'], '2>&-', stdin)
        lib.ok((run.returncode, run.stdout) == (0, bench.normal[name]), name + ' 2>&-: the same output', run)
        lib.ok(not bench.held(), name + ' 2>&-: the store is whole', bench.held())
        if name != 'cur-fetch':
            run = shell(words, '<&-', None)
            lib.ok(run.returncode == 74 and b'stdin' in run.stderr and not run.stdout, name + ' <&-: exit 74', run)
        bench.begin()
        run = shell([*words, '-v'], '<&- >&- 2>&-', None)
        lib.ok(run.returncode == 74, name + ' <&- >&- 2>&-: exit 74', run)
        lib.ok(not bench.held() and lib.listing(bench.folder) == before, name + ' <&- >&- 2>&-: no file is touched')


def closed_pipes(bench):
    for name in EVERY:
        for how in ('as it is', 'ignored by the parent'):
            read, write = os.pipe()
            os.close(read)
            bench.begin()
            process = subprocess.Popen(bench.words(name), stdin=subprocess.PIPE, stdout=write, stderr=subprocess.PIPE,
                                       restore_signals=how == 'as it is')
            os.close(write)
            _, err = process.communicate(bench.input(name), timeout=60)
            lib.ok(process.returncode == -signal.SIGPIPE and not err,
                   '%s: nobody reads it, SIGPIPE %s: it dies quietly' % (name, how), process.returncode, err)
    rows = [lib.row(n % 28 + 1, n, '1.25', 'item %d' % n) for n in range(3000)]
    folder = lib.deliver(os.path.join(bench.tmp, 'many'), 3, rows)
    stream = os.path.join(bench.tmp, 'many.stream')
    with open(stream, 'wb') as f:
        f.write(lib.parsed(folder))
    for name, words in (('cur-parse', 'cur-fetch --all %s | cur-parse' % folder),
                        ('cur-dedupe', 'cur-dedupe --state %s <%s' % (bench.tmp + '/none', stream)),
                        ('cur-sum', 'cur-sum --by identity.LineItemId,day --of lineItem.UnblendedCost <%s' % stream)):
        run = shell(['sh', '-c', words + ' | head -n 1'], '')
        messages = b''.join(line for line in run.stderr.splitlines() if b'a first run' not in line)
        lib.ok(run.stdout.count(b'\n') == 1 and not messages, name + ' | head -n 1: no message', run.stdout[:200],
               run.stderr)


def lines(stream):
    return stream.splitlines(keepends=True)


def changed(line, **members):
    """A mark with members changed; None takes one away."""
    mark = json.loads(line)
    for name, value in members.items():
        if value is None:
            del mark[name]
        else:
            mark[name] = value
    return json.dumps(mark, separators=(',', ':')).encode() + b'\n'


def broken_streams(bench):
    """Streams that break a rule; each stage gets them in its own form."""
    for name in STREAMS:
        begin, *body, end, eos = lines(bench.input(name))
        count = 'parts' if name == 'cur-parse' else 'items'
        said = json.loads(end)[count]
        whole = [begin, *body, end]
        cases = [
            ('one (export, period) twice', 65, [*whole, *whole, changed(eos, deliveries=2)]),
            ('eos that counts more', 76, [*whole, changed(eos, deliveries=2)]),
            ('eos that counts less', 76, [*whole, changed(eos, deliveries=0)]),
            ('something after eos', 76, [*whole, eos, eos]),
            ('end that counts more', 76, [begin, *body, changed(end, **{count: said + 1}), eos]),
            ('end that counts less', 76, [begin, *body, changed(end, **{count: said - 1}), eos]),
            ('end without a count', 76, [begin, *body, changed(end, **{count: None}), eos]),
            ('end of another period', 76, [begin, *body, changed(end, period='2024-02'), eos]),
            ('end of another version', 76, [begin, *body, changed(end, version='x'), eos]),
            ('end without begin', 76, [end, eos]),
            ('end twice', 76, [*whole, end, eos]),
            ('begin inside a delivery', 76, [begin, *body, begin, end, eos]),
            ('a line outside a delivery', 76, [*whole, body[0], eos]),
            ('no delivery, but eos counts one', 76, [eos]),
            ('another version of the stream', 65, [changed(begin, v=2), *body, end, eos]),
            ('a mark of an unknown kind', 65, [begin, b'{"_cur":"what"}\n', *body, end, eos]),
            ('a mark that is no JSON', 65, [begin, b'{"_cur":"end"\n', *body, end, eos]),
            ('a receipt', 65, [begin, changed(end, _cur='receipt'), *body, end, eos]),
            ('a period that is none', 65, [changed(begin, period='2024-1'), *body, end, eos]),
        ]
        if name == 'cur-parse':
            cases.append(('an item before cur-parse', 65, [begin, b'{"a":"b"}\n', *body, end, eos]))
            cases.append(('items, which are no CSV', 65, lines(bench.parsed)[1:-2]))
        else:
            cases.append(('a part mark after cur-parse', 65, [begin, lines(bench.fetched)[1], *body, end, eos]))
        found = []
        for title, status, stream in cases:
            run = bench.run(name, b''.join(stream))
            if run.codes != [status] or not run.err:
                found.append('%s: exit %s, not %d: %s' % (title, run.codes, status, run.err))
            if b'"eos"' in run.out or bench.held():
                found.append('%s: it claims success, or the store is broken: %s' % (title, bench.held()))
        lib.none(found, '%s: %d streams that break a rule' % (name, len(cases)))
        run = bench.run(name, b'{"_cur":"eos","deliveries":0}\n')
        lib.ok(run.codes == [0], name + ': no delivery at all is a stream', run)


def unknown_members(bench):
    news = {'x-note': {'a': [1, None, 'ü']}}
    for name in ('cur-parse', 'cur-dedupe', 'cur-sink-s3'):
        begin, *body, end, eos = lines(bench.input(name))
        run = bench.run(name, b''.join([changed(begin, **news), *body, changed(end, **news), eos]))
        marks = [json.loads(line) for line in lines(run.out) if line.startswith(b'{"_cur":')]
        have = [mark['_cur'] for mark in marks if mark.get('x-note') == news['x-note']]
        want = ['receipt'] if name == 'cur-sink-s3' else ['begin', 'end']
        lib.ok(have == want and run.codes == [0], '%s passes on members that it does not know' % name, run)
    receipt = [json.loads(line) for line in lines(bench.normal['cur-sink-s3'])][0]
    end = json.loads(lines(bench.passed)[-2])
    del end['_cur'], end['state']
    lib.ok({k: receipt.get(k) for k in end} == end, 'a receipt has the members of end but the state', receipt, end)


def bare_streams(bench):
    bare = b''.join(lines(bench.parsed)[1:-2])
    for name in ('cur-dedupe', 'cur-sink-s3'):
        run = bench.run(name, bare)
        lib.ok(run.codes == [76] and '--bare' in run.err and not run.out, name + ': a bare stream, exit 76', run)
        for missing in (['--bare'], ['--bare', *NAMED[:2]], ['--bare', *NAMED[2:]]):
            run = bench.run(name, bare, *missing)
            lib.ok(run.codes == [64], '%s %s: exit 64' % (name, ' '.join(missing)), run)
        run = bench.run(name, bare, '--bare', *NAMED)
        if name == 'cur-sink-s3':
            lib.ok(run.codes == [78] and not bench.held(), name + ' --bare over a store of another source: 78', run)
            shutil.rmtree(bench.store)
            run = lib.pipe([*bench.words(name), '--bare', *NAMED], stdin=bare)
            lib.ok(run.codes == [0] and not lib.wrong(bench.store, WANT[1]), name + ' --bare and a name: stored', run)
            run = lib.pipe([*bench.words(name), '--bare', *NAMED], stdin=bare + b'{"a":')
            lib.ok(run.codes == [76], name + ' --bare: a cut line, exit 76', run)
    run = lib.pipe(['cur-dedupe', '--state', os.path.join(bench.tmp, 'none'), '--bare', *NAMED], stdin=bare)
    lib.ok(run.codes == [0] and lib.stream_items(run.out) == WANT[1], 'cur-dedupe --bare and a name: all pass', run)
    run = bench.run('cur-sum', bare)
    whole = bench.run('cur-sum', bench.parsed)
    sums = [[l for l in lines(r.out) if b'"_cur"' not in l] for r in (run, whole)]
    lib.ok(run.codes == [0] and sums[0] == sums[1], 'cur-sum reads a bare stream freely', run, whole)


def nameless(bench):
    csv = os.path.join(bench.tmp, 'report.csv')
    with open(csv, 'wb') as f:
        f.write(lib.csv_bytes(lib.COLUMNS, SECOND))
    stream = bench.plain(['cur-parse', csv])
    begin = json.loads(lines(stream)[0])
    lib.ok(begin['export'] is None and begin['period'] is None, 'cur-parse FILE: export and period are null', begin)
    new = os.path.join(bench.tmp, 'new')
    for name, words in (('cur-dedupe', ['--state', new]), ('cur-sink-s3', [new])):
        run = lib.pipe([name, *words], stdin=stream)
        lib.ok(run.codes == [78] and not os.path.exists(new), name + ': without a name exit 78', run)
        run = lib.pipe([name, *NAMED, *words], stdin=stream)
        lib.ok(run.codes == [0], name + ' --export E --period P: exit 0', run)
        shutil.rmtree(new, ignore_errors=True)
    run = lib.pipe(['cur-sum', *SUM], stdin=stream)
    lib.ok(run.codes == [0], 'cur-sum needs no name', run)


def filtered(bench):
    for name in ITEMS:
        begin, first, *rest = lines(bench.input(name))
        stream = b''.join([begin, *rest])
        run = bench.run(name, stream)
        lib.ok(run.codes == [76] and not bench.held(), name + ': an item that a filter dropped, exit 76', run)
        run = bench.run(name, stream, '--filtered')
        lib.ok(run.codes == [0] and '1' in run.err, name + ' --filtered: exit 0, says how many are missing', run)
        for title, cut in (('end', [begin, *rest[:-2], rest[-1]]), ('eos', [begin, *rest[:-1]]),
                           ('begin', [first, *rest])):
            run = bench.run(name, b''.join(cut), '--filtered')
            lib.ok(run.codes[0] not in (0, 64), '%s --filtered: a filter that loses %s' % (name, title), run)
        run = bench.run(name, b''.join([begin, first, first, *rest]), '--filtered')
        lib.ok(run.codes == [76], name + ' --filtered: more items than end says, exit 76', run)


def long_lines(bench):
    """64 MiB for a line, in every stage."""
    text = b'x' * (64 << 20)
    for name in STREAMS:
        begin = lines(bench.input(name))[0]
        run = bench.run(name, b''.join([begin, b'{"_cur":"part","n":1,"path":"', text, b'"}\n']))
        lib.ok(run.codes == [65] and len(run.err) < 1000, name + ': a line above 64 MiB, exit 65', run.codes,
               run.err[:300])


def main():
    with lib.scratch() as tmp:
        bench = Bench(tmp)
        for part in (options, full_disk, full_store, slow_reads, cut_streams, closed, closed_pipes, broken_streams,
                     unknown_members, bare_streams, nameless, filtered, long_lines):
            part(bench)
    lib.done()


if __name__ == '__main__':
    sys.exit(main())
