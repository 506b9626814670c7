#!/usr/bin/env python3
"""The promise of the store, for every interleaving of small runs: a model, and the mistakes it must notice.

Three deliveries of two days, up to four runs, two of them at once, some killed before any step.  One step is one thing
that is atomic on a file system: reading the document, a listing, a temporary file, a rename, a removal.  A row is a
letter, and each row is a chunk of its own.  What is claimed in every state that can be reached:

  whole    every object that the document names is there, and together they are one delivery
  newest   after an exit 0 the document is of that delivery or a newer one, and never goes back behind it
  75, 66   a run gives up only because another was faster; it reports a loss only if something is lost
  again    in a quiet store, the newest delivery run again exits 0 and is what the document names, nothing else is left
           that its generation has passed, and once more it changes nothing
  garbage  with one run at a time through cur-dedupe that run again leaves none at all.  First runs at once, a run
           killed beside another, a repeat killed without cur-dedupe may leave some of a generation that the document
           reaches with later deliveries; then it goes

model.py prints a TAP line for the rule of the programs, and one for each mistake in it, which must break a claim.
"""
import multiprocessing
import os
import sys
from collections import deque
from typing import NamedTuple, Optional


class Rule(NamedTuple):
    """How the programs go about it.  The defaults are the rule; a mistake changes one of them."""
    generation_in_names: bool = True     # a new chunk never gets the name of a removed one
    reuse_any: bool = False              # takes an unnamed chunk of an older generation as its own
    remove: str = 'older'                # 'older': not above the document's generation; 'all'; 'none'
    temporary_generation: bool = True    # temporary files are removed by generation, too
    loser_removes: bool = False          # a run that lost the swap removes what its own document does not name
    order: str = 'name swap remove'
    lock: bool = True                    # compare and rename under one lock
    compare: bool = True
    recheck: bool = True                 # an object is lost only if the document is still the base
    stale: bool = True                   # an older delivery lets nothing through
    advance: bool = True                 # a newer version without changes is swapped in
    idle_swap: bool = False              # a repeat swaps, too
    vanished: bool = True                # days that the delivery no longer has are covered
    first_above: bool = True             # the first generation is above all that the store has
    check_base: bool = True              # the sink works on the document that cur-dedupe read
    whole_days: bool = True              # a changed day goes through whole, not its new rows alone


class Name(NamedTuple):
    day: int
    index: int
    count: int
    row: str
    generation: int


class Temporary(NamedTuple):
    run: int
    index: int
    generation: int


class Doc(NamedTuple):
    generation: int
    version: int
    days: tuple          # of (day, names)


class Store(NamedTuple):
    doc: Optional[Doc]
    files: frozenset     # of Name and Temporary
    draft: bool          # a document written and not renamed yet
    lock: int            # the run that has it


class Run(NamedTuple):
    id: int
    version: int
    dedupe: bool         # or the sink alone
    at: str
    base: object = None  # document that the coverage was made against
    seen: object = None  # document that the sink has read
    new: object = None   # document to swap in
    want: tuple = ()     # names of the chunks that came through the pipe
    have: tuple = ()     # those of them that the listing shows already
    todo: tuple = ()


class World(NamedTuple):
    store: Store
    runs: tuple
    started: int
    killed: int
    claimed: int         # newest version that an exit 0 stands for
    newest: int          # that any run was started with
    lost: bool           # the document was removed by hand, once


class Limits(NamedTuple):
    runs: int = 3
    at_once: int = 2
    kills: int = 1
    modes: tuple = (True,)      # with cur-dedupe; False: the sink alone


class Broken(Exception):
    pass


def named(doc):
    return {name for _, names in doc.days for name in names} if doc else set()


def rows(names):
    return ''.join(sorted(name.row for name in names))


def content(doc):
    return {day: rows(names) for day, names in doc.days} if doc else {}


def coverage(rule, base, delivery):
    """The days that cur-dedupe lets through."""
    had = content(base)
    days = {day for day in delivery if ''.join(sorted(delivery[day])) != had.get(day)}
    if rule.vanished:
        days |= {day for day in had if day not in delivery}
    return days


def generation(rule, seen, files):
    if seen:
        return seen.generation + 1
    return 1 + (max((f.generation for f in files), default=0) if rule.first_above else 0)


def chunk(rule, base, files, day, index, count, row, gen):
    """The name for a chunk: as the base has it, else new."""
    like = (day, index, count, row)
    for name in dict(base.days).get(day, ()) if base else ():
        if name[:4] == like:
            return name
    if rule.reuse_any:
        for name in files:
            if name[:4] == like:
                return name
    return Name(*like, gen if rule.generation_in_names else 0)


def propose(rule, run, delivery, files):
    """A generation; the new document, None if there is nothing to swap; the names of the chunks that came."""
    base, old = run.base, dict(run.base.days) if run.base else {}
    gen = generation(rule, run.seen, files)
    if rule.stale and base and run.version < base.version:
        return gen, None, ()
    covered = coverage(rule, base, delivery) if run.dedupe else set(delivery) | set(old)
    days, came = dict(old), []
    for day in covered:
        days.pop(day, None)
        text = delivery.get(day, '')
        if not rule.whole_days and run.dedupe:
            text = ''.join(sorted(set(text) - set(rows(old.get(day, ())))))
        names = tuple(chunk(rule, base, files, day, i, len(text), row, gen) for i, row in enumerate(text))
        came += names
        if names:
            days[day] = names
    new = Doc(gen, run.version, tuple(sorted(days.items())))
    if base and new.days == base.days and not rule.idle_swap:
        if new.version == base.version or not rule.advance:
            return gen, None, tuple(came)
    return gen, new, tuple(sorted(came))


def removable(rule, files, doc):
    keep, gone = named(doc), []
    for f in files - keep:
        if rule.remove == 'all' or rule.remove == 'older' and f.generation <= doc.generation:
            gone.append(f)
        elif isinstance(f, Temporary) and not rule.temporary_generation:
            gone.append(f)
    return tuple(sorted(gone, key=repr))


def without_own(store, run):
    return store._replace(files=frozenset(f for f in store.files if not (isinstance(f, Temporary) and f.run == run.id)),
                          lock=0 if store.lock == run.id else store.lock)


def after(rule, step):
    order = rule.order.split()
    return dict(zip(order, order[1:] + ['exit']))[step]


def goes_on(rule, run, at):
    if at == 'name' and not run.want:
        at = after(rule, 'name')
    return run._replace(at=at, todo=run.want if at == 'name' else ())


def give_up(rule, store, run, why):
    """75: allowed only if the document is no longer the one that the run began with."""
    if store.doc == run.base:
        raise Broken('75 and nobody was faster: ' + why)
    store = without_own(store, run)
    if rule.loser_removes and run.new:
        return store, run._replace(at='remove', seen=run.new)
    return store, None


def begin(number, version, dedupe, doc):
    """The first thing a run does is to read the document: cur-dedupe, or the sink alone."""
    return Run(number, version, dedupe, 'sink' if dedupe else 'list', doc, None if dedupe else doc)


def step(rule, deliveries, store, run):
    """What the run does next: (what, store, run or None).  None at all: it waits for the lock."""
    at = run.at
    if at == 'sink':
        return 'the sink reads the document', store, run._replace(at='list', seen=store.doc)
    if at == 'list':
        gen, new, want = propose(rule, run, deliveries[run.version], store.files)
        todo = tuple((i, gen) for i in range(len(want)))
        return 'lists, for a generation', store, run._replace(at='put', new=new, want=want, todo=todo)
    if at == 'put':
        if run.todo:
            file = Temporary(run.id, *run.todo[0])
            return 'writes a temporary', store._replace(files=store.files | {file}), run._replace(todo=run.todo[1:])
        if run.seen != run.base and rule.check_base:
            return ('is not on its base', *give_up(rule, store, run, 'another base'))
        if run.new is None:
            return 'has nothing to swap', without_own(store, run), run._replace(at='remove')
        if not named(run.new) - set(run.want) <= store.files:
            return 'lists, misses objects', store, run._replace(at='missing')
        run = run._replace(have=tuple(name for name in run.want if name in store.files))
        return 'lists, has them all', store, goes_on(rule, run, rule.order.split()[0])
    if at == 'missing':
        if store.doc == run.base or not rule.recheck:
            if store.doc and named(store.doc) <= store.files:
                raise Broken('66 and nothing is lost')
            return 'exits 66', without_own(store, run), None
        return ('exits 75', *give_up(rule, store, run, 'missing'))
    if at == 'name':
        name, rest = run.todo[0], run._replace(todo=run.todo[1:])
        if not rest.todo:
            rest = rest._replace(at=after(rule, 'name'))
        if name in run.have:
            return 'finds %s there' % (name,), store, rest
        left = [f for f in store.files if isinstance(f, Temporary) and f.run == run.id]
        if len(left) < len(run.todo):
            return ('misses a temporary', *give_up(rule, store, run, 'a temporary was removed'))
        return 'names %s' % (name,), store._replace(files=store.files - {min(left)} | {name}), rest
    if at == 'swap':
        if store.lock:
            return None
        if rule.compare and store.doc != (run.base if rule.check_base else run.seen):
            return ('loses the swap', *give_up(rule, store, run, 'swap'))
        lock = run.id if rule.lock else 0
        return 'compares, drafts', store._replace(draft=True, lock=lock), run._replace(at='commit')
    if at == 'commit':
        run = goes_on(rule, run._replace(seen=run.new), after(rule, 'swap'))
        return 'swaps in generation %d, v%d' % run.new[:2], Store(run.new, store.files, False, 0), run
    if at == 'remove':
        doc = run.seen if run.new is None or rule.order.index('swap') < rule.order.index('remove') else run.new
        gone = removable(rule, store.files, doc) if doc else ()
        return 'lists to remove', store, run._replace(at='removing', todo=gone)
    if at == 'removing':
        if run.todo:
            return 'removes %s' % (run.todo[0],), store._replace(files=store.files - {run.todo[0]}), \
                run._replace(todo=run.todo[1:])
        if store.draft:
            return None if store.lock else ('tidies', store._replace(draft=False), run)
        return 'has removed them', store, run._replace(at=after(rule, 'remove') if run.new else 'exit')
    if at == 'exit':
        return 'exits 0', without_own(store, run), None
    raise AssertionError(at)


def alone(rule, deliveries, store, version, dedupe):
    """An undisturbed run: the store it leaves, and how it exits."""
    run = begin(0, version, dedupe, store.doc)
    while run:
        what, store, run = step(rule, deliveries, store, run)
    return store, what


def check_whole(deliveries, store):
    if store.doc is None:
        return
    if not named(store.doc) <= store.files:
        raise Broken('the document names what is not there: %s' % sorted(named(store.doc) - store.files, key=repr))
    want = {day: ''.join(sorted(text)) for day, text in deliveries[store.doc.version].items()}
    if content(store.doc) != want:
        raise Broken('the document says v%d and has %s' % (store.doc.version, content(store.doc)))


def check_run(rule, deliveries, store, version, all_gone):
    """An undisturbed run of the newest delivery."""
    store, what = alone(rule, deliveries, store, version, True)
    if what != 'exits 0':
        raise Broken('run again it %s' % what)
    check_whole(deliveries, store)
    if store.doc.version != version:
        raise Broken('run again it leaves v%d, not v%d' % (store.doc.version, version))
    garbage = [f for f in store.files - named(store.doc) if f.generation <= store.doc.generation or all_gone]
    if garbage or store.draft:
        raise Broken('garbage stays: %s' % (garbage or 'a draft'))
    return store


def check_again(rule, deliveries, store, newest, limits):
    store = check_run(rule, deliveries, store, newest, limits.at_once == 1 and limits.modes == (True,))
    for dedupe in (True, False):
        if alone(rule, deliveries, store, newest, dedupe) != (store, 'exits 0'):
            raise Broken('a repeat changes the store')
    for ahead in range(1, limits.runs + 1):
        version = newest + ahead
        last = ahead == limits.runs
        store = check_run(rule, {**deliveries, version: NEXT[ahead % 2]}, store, version, last)


def in_order(runs):
    return tuple(sorted(runs, key=lambda run: run.id))


def orphan(store, run):
    """What a killed run leaves: its lock is free, its temporary files are nobody's."""
    files = frozenset(f._replace(run=0) if isinstance(f, Temporary) and f.run == run.id else f for f in store.files)
    return store._replace(files=files, lock=0 if store.lock == run.id else store.lock)


def moves(rule, deliveries, world, limits):
    """All that can happen next: (what, world)."""
    if world.started < limits.runs and len(world.runs) < limits.at_once:
        for version in deliveries:
            for dedupe in limits.modes:
                run = begin(2 if world.runs and world.runs[0].id == 1 else 1, version, dedupe, world.store.doc)
                yield 'run %d of v%d%s reads the document' % (run.id, version, '' if dedupe else ', sink alone,'), \
                    world._replace(runs=in_order(world.runs + (run,)), started=world.started + 1,
                                   newest=max(world.newest, version))
    if not world.runs and not world.lost and world.store.doc:
        yield 'somebody removes the document', world._replace(
            store=world.store._replace(doc=None), lost=True, claimed=0)
    for i, run in enumerate(world.runs):
        rest = world.runs[:i] + world.runs[i + 1:]
        if world.killed < limits.kills:
            yield 'run %d is killed' % run.id, world._replace(
                runs=rest, killed=world.killed + 1, store=orphan(world.store, run))
        try:
            made = step(rule, deliveries, world.store, run)
        except Broken as why:
            raise Broken('run %d: %s' % (run.id, why))
        if made is None:
            continue
        what, store, run2 = made
        claimed = world.claimed
        if run2 is None and what == 'exits 0':
            claimed = max(claimed, run.version)
        yield 'run %d %s' % (run.id, what), world._replace(
            store=store, runs=in_order(rest + ((run2,) if run2 else ())), claimed=claimed)


def explore(rule, deliveries, limits):
    """(number of states, None), or (…, what was done and what broke)."""
    first = World(Store(None, frozenset(), False, 0), (), 0, 0, 0, 0, False)
    came = {first: None}
    todo = deque([first])
    quiet = set()

    def story(world, why):
        lines = [why]
        while came[world]:
            world, what = came[world]
            lines.append(what)
        return lines[::-1]

    while todo:
        world = todo.popleft()
        store = world.store
        try:
            check_whole(deliveries, store)
            if world.claimed and store.doc.version < world.claimed:
                raise Broken('v%d was done, and the document is of v%d' % (world.claimed, store.doc.version))
            if not world.runs and world.newest and (store, world.newest) not in quiet:
                quiet.add((store, world.newest))
                check_again(rule, deliveries, store, world.newest, limits)
            for what, nxt in moves(rule, deliveries, world, limits):
                if nxt not in came:
                    came[nxt] = (world, what)
                    todo.append(nxt)
        except Broken as why:
            return len(came), story(world, str(why))
    return len(came), None


# Deliveries by version: {day: rows}.  Equal letters in a day are twins.
CHANGES, VANISHES, TWINS = 'a day changes and comes back', 'the only day vanishes and comes back', 'twins'
WORLDS = {
    CHANGES: {1: {1: 'a'}, 2: {1: 'b'}, 3: {1: 'a'}},
    VANISHES: {1: {1: 'a'}, 2: {}, 3: {1: 'a'}},
    'one day of two vanishes and comes back': {1: {1: 'a', 2: 'c'}, 2: {1: 'a'}, 3: {1: 'a', 2: 'c'}},
    TWINS: {1: {1: 'aa'}, 2: {1: 'a'}, 3: {1: 'aa'}},
    'a day grows and shrinks, another comes': {1: {1: 'a'}, 2: {1: 'ab'}, 3: {1: 'b', 2: 'c'}},
    'nothing new but the version': {1: {1: 'a'}, 2: {1: 'a'}, 3: {1: 'a', 2: 'c'}},
}
NEXT = ({1: 'y'}, {1: 'z'})      # deliveries that come after all the others

BOTH = (True, False)
TWO = 'two runs, with and without cur-dedupe'
ONE = 'one run at a time, two of them killed'
THREE = 'three runs, two at once, one killed'
SHAPES = {
    TWO: Limits(runs=2, modes=BOTH),
    'one run at a time, some without cur-dedupe, two killed': Limits(runs=3, at_once=1, kills=2, modes=BOTH),
    ONE: Limits(runs=4, at_once=1, kills=2),
    THREE: Limits(),
    'three runs, two at once': Limits(kills=0),
}

# Not every world with every shape, unless CUR_BIG=1: what some add has nothing to do with how many run.
FEW = {
    THREE: (CHANGES,),
    'three runs, two at once': ('one day of two vanishes and comes back', 'a day grows and shrinks, another comes'),
    ONE: (VANISHES, 'one day of two vanishes and comes back', 'a day grows and shrinks, another comes',
          'nothing new but the version'),
    'one run at a time, some without cur-dedupe, two killed': (
        CHANGES, VANISHES, 'a day grows and shrinks, another comes'),
}
if os.environ.get('CUR_BIG'):
    FEW = {}
CASES = [(shape, title) for title in WORLDS for shape in SHAPES if title in FEW.get(shape, WORLDS)]

# The mistakes, each with the shape and the world that show it.
MISTAKES = {
    'removes everything that is not named, whatever its generation': (dict(remove='all'), TWO, CHANGES),
    'names without generation': (dict(generation_in_names=False), TWO, CHANGES),
    'takes garbage of an older generation for its own chunk': (dict(reuse_any=True), THREE, CHANGES),
    'swaps before the chunks have their names': (dict(order='swap name remove'), TWO, CHANGES),
    'removes before it swaps': (dict(order='name remove swap'), TWO, CHANGES),
    'says 66 without looking at the document again': (dict(recheck=False), THREE, CHANGES),
    'compares and renames without a lock': (dict(lock=False), TWO, CHANGES),
    'swaps without comparing': (dict(compare=False), TWO, CHANGES),
    'removes after a lost swap': (dict(loser_removes=True), TWO, CHANGES),
    'removes temporary files of any generation': (dict(temporary_generation=False), TWO, CHANGES),
    'removes nothing': (dict(remove='none'), TWO, CHANGES),
    'an older delivery passes': (dict(stale=False), TWO, CHANGES),
    'a newer version without changes is forgotten': (dict(advance=False), TWO, CHANGES),
    'a repeat swaps': (dict(idle_swap=True), TWO, CHANGES),
    'does not cover days that vanished': (dict(vanished=False), TWO, VANISHES),
    'lets only the new rows of a changed day through': (dict(whole_days=False), TWO, TWINS),
    'begins at generation 1 in a store that has objects': (dict(first_above=False), ONE, VANISHES),
    'compares the document that the sink read, not the one of the coverage': (dict(check_base=False), TWO, CHANGES),
}


def sound(case):
    """The rule, for one shape of runs and one world."""
    shape, title = case
    states, broke = explore(Rule(), WORLDS[title], SHAPES[shape])
    return states, broke


def noticed(mistake):
    """The claim that a mistake breaks, and how."""
    change, shape, title = MISTAKES[mistake]
    return explore(Rule()._replace(**change), WORLDS[title], SHAPES[shape])[1]


def comment(lines):
    for line in lines:
        print('#', line)


def each(function, cases):
    """Two at a time, where the machine has what that takes; a bare chroot may have no /dev/shm."""
    try:
        pool = multiprocessing.Pool(2)
    except OSError:
        yield from map(function, cases)
        return
    with pool:
        yield from pool.imap(function, cases)


def main():
    number = 0
    for (shape, title), (states, broke) in zip(CASES, each(sound, CASES)):
        number += 1
        print('%sok %d - %s: %s (%d states)' % ('not ' if broke else '', number, shape, title, states), flush=True)
        comment(broke or ())
    for mistake, broke in zip(MISTAKES, each(noticed, MISTAKES)):
        number += 1
        print('%sok %d - noticed: %s' % ('' if broke else 'not ', number, mistake), flush=True)
        comment((broke or ()) if '-v' in sys.argv else (broke or ())[-1:])
    print('1..%d' % number)


if __name__ == '__main__':
    main()
