"""SIGKILL for one stage of a pipe at a random time, in dash and bash, with and without pipefail.

kill.py SEED takes the times of an earlier run, as far as a clock allows.
"""
import collections
import gzip
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import lib

STAGES = ('cur-fetch', 'cur-parse', 'cur-dedupe', 'cur-sink-s3')
LIVES = {'cur-fetch': 0.02, 'cur-parse': 0.5, 'cur-dedupe': 0.8, 'cur-sink-s3': 1.0}   # about how long, of the whole
SHELLS = {'dash': ['dash', '-c'], 'bash': ['bash', '-c'], 'bash with pipefail': ['bash', '-o', 'pipefail', '-c']}
ROWS = 4000 if lib.SAN else 16000
ROUNDS = 2 if lib.SAN else 4


def reports():
    """Two reports of a month that differ in every third day, as the bytes of a part."""
    made = []
    for turn in range(2):
        rows = [lib.row(n % 31 + 1, n, '%d.%d' % (n, turn if n % 31 % 3 == 0 else 0), 'item %d of a month' % n)
                for n in range(ROWS)]
        made.append(gzip.compress(lib.csv_bytes(lib.COLUMNS, rows), 1))
    return made


class Pipes:
    """Delivery after delivery into one store, each with a kill."""

    def __init__(self, tmp, rng):
        self.tmp, self.rng, self.version = tmp, rng, 0
        self.store, self.folder = os.path.join(tmp, 'store'), os.path.join(tmp, 'delivery')
        self.reports = reports()
        self.lines = []
        for _ in range(2):
            self.deliver()
            stream = lib.parsed(self.folder)
            self.lines.append(collections.Counter(l for l in stream.splitlines() if not l.startswith(b'{"_cur":')))
        self.version = 2

    def deliver(self):
        """The next delivery; reports take turns."""
        self.version += 1
        base = 'finops/%s/20240101-20240201' % lib.EXPORT
        key = '%s/%s/part-00001.csv.gz' % (base, lib.assembly(self.version))
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(os.path.dirname(os.path.join(self.folder, key)))
        with open(os.path.join(self.folder, key), 'wb') as f:
            f.write(self.reports[(self.version - 1) % 2])
        with open(os.path.join(self.folder, base, lib.EXPORT + '-Manifest.json'), 'wb') as f:
            f.write(lib.manifest_bytes(self.version, [key]))

    def held(self):
        """Which report the store holds: 0 or 1; None for no document; or what is wrong, as text."""
        try:
            if lib.document(self.store) is None:
                return None
            have = collections.Counter(lib.stored_lines(self.store))
        except (OSError, EOFError, ValueError) as why:
            return repr(why)
        return self.lines.index(have) if have in self.lines else '%d items of no delivery' % sum(have.values())

    def command(self, dedupe):
        """The pipe; each stage says first which process it is."""
        words = dict(zip(STAGES, lib.stages(self.folder, self.store)))
        if not dedupe:
            del words['cur-dedupe']
        return ' | '.join("sh -c 'echo $$ >%s/pid.%s; exec %s'" % (self.tmp, name, ' '.join(args))
                          for name, args in words.items())

    def pid(self, name):
        path = os.path.join(self.tmp, 'pid.' + name)
        for _ in range(2000):
            try:
                with open(path) as f:
                    text = f.read()
                if text.endswith('\n'):
                    return int(text)
            except FileNotFoundError:
                pass
            time.sleep(0.001)
        raise TimeoutError(path)

    def run(self, shell, dedupe, victim=None, delay=0):
        """The status of the shell, and whether the victim was killed while it ran."""
        for name in STAGES:
            if os.path.exists(os.path.join(self.tmp, 'pid.' + name)):
                os.unlink(os.path.join(self.tmp, 'pid.' + name))
        hit = False
        with open(os.path.join(self.tmp, 'err'), 'wb') as err:
            process = subprocess.Popen([*SHELLS[shell], self.command(dedupe)], stdout=subprocess.DEVNULL, stderr=err,
                                       stdin=subprocess.DEVNULL)
            if victim:
                pid = self.pid(victim)
                time.sleep(delay)
                hit = stop_and_kill(pid)
            code = process.wait(timeout=120)
        return code, hit

    def messages(self):
        with open(os.path.join(self.tmp, 'err'), errors='replace') as f:
            return f.read()


def state(pid):
    try:
        with open('/proc/%d/stat' % pid) as f:
            return f.read().rpartition(')')[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return 'gone'


def stop_and_kill(pid):
    """True if the process was alive when it was killed: one that can be stopped is."""
    try:
        os.kill(pid, signal.SIGSTOP)
    except ProcessLookupError:
        return False
    while state(pid) not in 'TtZX' and state(pid) != 'gone':
        time.sleep(0.0005)
    alive = state(pid) in 'Tt'
    lib.kill(pid)
    return alive


def trial(pipes, shell, victim, dedupe, whole_ms):
    """One kill and the run after it: problems, and whether it hit."""
    old = pipes.held()
    pipes.deliver()
    new = (pipes.version - 1) % 2
    code, hit = pipes.run(shell, dedupe, victim, pipes.rng.random() * LIVES[victim] * whole_ms / 1000)
    now = pipes.held()
    found = []
    if now not in (old, new):
        found.append('the store: %s' % now)
    if code == 0 and now != new:
        found.append('exit 0 and the store is not the delivery')
    if hit and victim == STAGES[-1] and code != 137:
        found.append('the sink was killed and the exit is %d' % code)
    if hit and 'pipefail' in shell and code == 0:
        found.append('a stage was killed and the exit is 0')
    code, _ = pipes.run(shell, dedupe)
    if code != 0 or pipes.held() != new or lib.garbage(pipes.store):
        found.append('run again: exit %d, holds %s, garbage %s; %s' % (code, pipes.held(), lib.garbage(pipes.store),
                                                                      pipes.messages()))
    return found, hit


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.SystemRandom().randrange(10 ** 6)
    with lib.scratch() as tmp:
        pipes = Pipes(tmp, random.Random(seed))
        pipes.deliver()
        began = time.monotonic()
        code, _ = pipes.run('dash' if shutil.which('dash') else 'bash', True)
        whole_ms = (time.monotonic() - began) * 1000
        lib.ok(code == 0 and pipes.held() == 0, 'a run of %d rows (seed %d)' % (ROWS, seed), code, pipes.messages(),
               pipes.held())
        for shell in SHELLS:
            if not shutil.which(shell.split()[0]):
                lib.skip('kills under ' + shell, 'no %s here' % shell.split()[0])
                continue
            found, hits, tries = [], 0, 0
            for _ in range(ROUNDS):
                for victim in STAGES:
                    dedupe = victim == 'cur-dedupe' or pipes.rng.random() < 0.7
                    problems, hit = trial(pipes, shell, victim, dedupe, whole_ms)
                    found += ['%s: %s' % (victim, p) for p in problems]
                    hits += hit
                    tries += 1
            if hits == 0:
                found.append('none of %d kills hit a stage that was alive' % tries)
            lib.none(found, 'under %s, %d of %d kills hit: the old delivery or the new one; run again it is right' % (
                shell, hits, tries))
    lib.done()


if __name__ == '__main__':
    sys.exit(main())
