"""Two runs at once on one store: started together, one held before its end, one inside every gap of the other.

On a store that is empty both runs are first ones, and each takes a generation above what it finds; so the loser may
leave objects of a generation that the document reaches with the next delivery only, and goes then.
"""
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import crash
import lib

WAITS_S = 0.4         # a run that is not done by then waits for the other's lock


def start(chain, stdin=None):
    """A pipe that runs: its processes, the last one's receipt unread."""
    processes, file = [], stdin if stdin is not None else subprocess.DEVNULL
    for stage in chain:
        process = subprocess.Popen(stage, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        processes.append(process)
        file = process.stdout
    return processes


def finish(processes):
    """The exits of all stages."""
    _, err = processes[-1].communicate(timeout=60)
    for process in processes[:-1]:
        process.stdout.close()
        err += process.stderr.read()
        process.stderr.close()
        process.wait(timeout=60)
    return [process.returncode for process in processes], err.decode(errors='replace')


def verdict(place, exits, numbers, start_at):
    """What is wrong after two runs of the deliveries `numbers` with sinks that made `exits`, and after another run."""
    found = []
    if not set(exits) <= {0, 75} or 0 not in exits:
        found.append('the sinks exit %s' % exits)
    won = max((n for n, code in zip(numbers, exits) if code == 0), default=0)
    why = lib.wrong(place.store, place.want[won])
    if why:
        found.append('exits %s, the store: %s' % (exits, why))
    again = place.run(max(numbers))
    if any(again.codes) or lib.wrong(place.store, place.want[max(numbers)]):
        found.append('run again: %s, %s' % (again.codes, lib.wrong(place.store, place.want[max(numbers)]) or again.err))
    if start_at == 'empty':
        place.run(2 if max(numbers) == 1 else 3)
    if lib.garbage(place.store):
        found.append('garbage: %s' % lib.garbage(place.store))
    return found


def together(place, numbers, start_at, rounds):
    """Both are started at one time."""
    found, exits = [], []
    for _ in range(rounds):
        place.begin(start_at)
        runs = [start(place.files_of(n)) for n in numbers]
        done = [finish(run) for run in runs]
        codes = [codes[-1] for codes, _ in done]
        exits.append(tuple(codes))
        found += verdict(place, codes, numbers, start_at)
    seen = ', '.join('%s %d times' % (e, exits.count(e)) for e in sorted(set(exits)))
    lib.none(found, 'deliveries %d and %d at once, store %s: %s' % (numbers[0] + 1, numbers[1] + 1, start_at, seen))


def held(place, numbers, start_at, dedupe):
    """The first run has read everything but its end while the second one commits."""
    place.begin(start_at)
    chain, stream = place.stages(numbers[0], 'cur-sink-s3', dedupe)
    run = start(chain, subprocess.PIPE)
    cut = stream.index(b'{"_cur":"end"')
    run[0].stdin.write(stream[:cut])
    run[0].stdin.flush()
    wait_for_temporaries(place.store, expected=start_at == 'empty' or not dedupe)
    other = place.run(numbers[1])
    run[0].stdin.write(stream[cut:])
    run[0].stdin.close()
    run[0].stdin = None
    codes, err = finish(run)
    title = 'delivery %d held before its end%s while %d commits, store %s' % (
        numbers[0] + 1, '' if dedupe else ' (the sink alone)', numbers[1] + 1, start_at)
    if lib.ok(not any(other.codes) and codes[-1] == 75, title + ': exits 75', other, codes, err):
        lib.none(verdict(place, [75, 0], numbers, start_at), title + ': the store is right')


def wait_for_temporaries(store, expected):
    """Until the held run has begun: it has files in the store, or had its time."""
    for _ in range(200 if expected else 10):
        if expected and any(path.endswith('.tmp') for path in lib.files(store)):
            return
        time.sleep(0.01)


def child_of(process):
    path = '/proc/%d/task/%d/children' % (process.pid, process.pid)
    with open(path) as f:
        return [int(pid) for pid in f.read().split()]


def is_stopped(pid):
    try:
        with open('/proc/%d/stat' % pid) as f:
            return f.read().rpartition(')')[2].split()[0] in 'Tt'
    except OSError:
        return False


def has_stopped(log):
    """Has strace seen the stop that it injected?"""
    try:
        with open(log, errors='replace') as f:
            return 'stopped by SIGSTOP' in f.read()
    except FileNotFoundError:
        return False


def wait_for_stop(process, log):
    """The pid of the program under strace once it stands still; None if it went to its end."""
    end = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < end:
        if has_stopped(log):
            for pid in child_of(process):
                if is_stopped(pid):
                    return pid
        time.sleep(0.001)
    return None


def inside(place, numbers, start_at, point):
    """The second run as a whole inside one gap of the first one's sink."""
    name, number, _ = point
    place.begin(start_at)
    if os.path.exists(place.log):
        os.unlink(place.log)
    chain, stream = place.stages(numbers[0], 'cur-sink-s3')
    chain[-1] = crash.strace(chain[-1], place.log, '-e', 'signal=SIGSTOP',
                             '-e', 'inject=%s:signal=STOP:when=%d' % (name, number))
    run = start(chain, feed(stream))
    pid = wait_for_stop(run[-1], place.log)
    other = start(place.files_of(numbers[1]))
    try:
        other[-1].wait(timeout=WAITS_S * (3 if lib.SAN else 1))
    except subprocess.TimeoutExpired:
        pass                     # it waits for the lock of the one that stands still
    if pid:
        os.kill(pid, signal.SIGCONT)
    elif run[-1].poll() is None:
        run[-1].kill()
    codes = [finish(r)[0][-1] for r in (run, other)]
    return ['at %s %d, %s: %s' % (name, number, point[2], f) for f in verdict(place, codes, numbers, start_at)] \
        if pid else ['at %s %d it did not stop' % (name, number)]


def feed(stream):
    """A pipe that gives the stream."""
    read, write = os.pipe()

    def pour():
        with os.fdopen(write, 'wb') as f:
            try:
                f.write(stream)
            except BrokenPipeError:
                pass
    threading.Thread(target=pour, daemon=True).start()
    return read


def everywhere(place, numbers, start_at, every):
    place.begin(start_at)
    chain, stream = place.stages(numbers[0], 'cur-sink-s3')
    chain[-1] = crash.strace(chain[-1], place.log)
    lib.pipe(*chain, stdin=stream)
    gaps = [p for p in crash.points(place.log, opens=True) if p[0] not in ('exit_group', 'close')][::every]
    found = []
    for point in gaps:
        found += inside(place, numbers, start_at, point)
    lib.none(found, 'delivery %d as a whole inside %d gaps of delivery %d, store %s' % (
        numbers[1] + 1, len(gaps), numbers[0] + 1, start_at))


class Place(crash.Place):
    def __init__(self, tmp):
        super().__init__(tmp)
        rows = [lib.row(1, 1, '4')]
        self.delivery.append(lib.deliver(os.path.join(tmp, 'd4'), 4, rows))
        self.stream.append(lib.parsed(self.delivery[-1]))
        self.want.append(crash.wants(rows))
        self.parsed = []
        for n, stream in enumerate(self.stream):
            self.parsed.append(os.path.join(tmp, 'stream%d' % n))
            with open(self.parsed[-1], 'wb') as f:
                f.write(stream)

    def files_of(self, number):
        """The pipe of a delivery from its parsed stream."""
        return [['cat', self.parsed[number]], *lib.stages('', self.store)[2:]]


def main():
    if lib.SAN:
        os.environ['ASAN_OPTIONS'] = os.environ.get('ASAN_OPTIONS', '') + ':detect_leaks=0'
    with lib.scratch() as tmp:
        place = Place(tmp)
        rounds = 6 if lib.SAN else 12
        for numbers, start_at in (((1, 2), 'old'), ((1, 1), 'old'), ((1, 2), 'empty'), ((1, 1), 'empty')):
            together(place, numbers, start_at, rounds)
        for dedupe in (True, False):
            held(place, (1, 2), 'old', dedupe)
            held(place, (1, 1), 'old', dedupe)
            held(place, (2, 1), 'old', dedupe)
            held(place, (1, 2), 'empty', dedupe)
        if not shutil.which('strace'):
            lib.skip('a run inside every gap of another', 'no strace here')
        else:
            slow = 3 if lib.SAN else 1
            everywhere(place, (1, 2), 'old', slow)
            everywhere(place, (2, 1), 'old', 3 * slow)
            everywhere(place, (1, 1), 'old', 3 * slow)
            everywhere(place, (1, 2), 'empty', 2 * slow)
    lib.done()


if __name__ == '__main__':
    sys.exit(main())
