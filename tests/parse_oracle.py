"""cur-parse against Python's csv module: every sample, and made-up reports of every sort.

usage: parse_oracle.py SCRATCH SAMPLES
"""
import csv
import gzip
import io
import json
import os
import random
import re
import subprocess
import sys
import zipfile

SEED = 20240117
REPORTS = 400
scratch, samples = sys.argv[1:]
csv.field_size_limit(1 << 30)
cases = 0


def ok(good, name, detail=""):
    global cases
    cases += 1
    print(("ok" if good else "not ok"), cases, "-", name)
    if not good and detail:
        print("# " + detail[:2000].replace("\n", "\n# "))


# The formats once more, so that the program is not its own witness.
TIMES = {
    "cur1": ["identity/TimeInterval", "lineItem/UsageStartDate"],
    "cur2": ["identity_time_interval", "line_item_usage_start_date"],
    "focus": ["ChargePeriodStart"],
}
IDS = {"cur1": "identity/LineItemId", "cur2": "identity_line_item_id", "focus": None}
MAPS = {
    "cur1": set(),
    "cur2": {"product", "resource_tags", "cost_category", "tags", "discount"},
    "focus": {"Tags", "SkuPriceDetails", "x_CostCategories", "x_Discounts"},
}


class Object(list):
    """A JSON object as its members in order."""


def loads(text):
    """JSON in which the order of members and the spelling of numbers count."""
    return json.loads(text, object_pairs_hook=Object, parse_int=lambda s: ("n", s), parse_float=lambda s: ("n", s))


def format_of(header):
    for name in ("cur1", "cur2", "focus"):
        for time in TIMES[name]:
            for column in header:
                if column.lower() == time.lower():
                    return name, column
    raise ValueError("no time")


def item_of(form, time, header, row, nulls):
    def value(column, cell):
        if cell == "":
            return None
        return loads(cell) if column in MAPS[form] else cell

    cells = [(c, value(c, v)) for c, v in zip(header, row) if v != "" or nulls]
    if form != "cur1":
        return Object(sorted(cells, key=lambda m: 0 if m[0] == IDS[form] else 1 if m[0] == time else 2))
    top = Object()
    places = {}
    order = {}
    for column in header:
        order.setdefault(column.split("/", 1)[0], len(order))
    for column, cell in sorted(cells, key=lambda m: (m[0].split("/", 1)[0] != "identity", order[m[0].split("/", 1)[0]])):
        if "/" not in column:
            top.append((column, cell))
            continue
        category, name = column.split("/", 1)
        if category not in places:
            places[category] = Object()
            top.append((category, places[category]))
        places[category].append((name, cell))
    return top


def unpacked(path):
    data = open(path, "rb").read()
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    if data[:4] == b"PK\3\4":
        with zipfile.ZipFile(path) as z:
            return z.read(z.namelist()[0])
    return data


def expected(path, nulls):
    text = unpacked(path).decode("utf-8")
    if text.startswith("\ufeff"):
        text = text[1:]
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    form, time = format_of(rows[0])
    return rows[0], form, [item_of(form, time, rows[0], row, nulls) for row in rows[1:]]


def parsed(paths, nulls):
    """The deliveries that cur-parse makes of the files: begin, items as text, end."""
    args = ["cur-parse"] + (["--nulls"] if nulls else []) + paths
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        return None, done.stderr.decode("utf-8", "replace")
    deliveries = []
    for line in done.stdout.decode("utf-8").split("\n")[:-1]:
        if line.startswith('{"_cur":"begin"'):
            deliveries.append((json.loads(line), [], {}))
        elif line.startswith('{"_cur":"end"'):
            deliveries[-1][2].update(json.loads(line))
        elif not line.startswith('{"_cur":'):
            deliveries[-1][1].append(line)
    return deliveries, ""


def difference(path, delivery, nulls):
    """Where a delivery is not what the csv module reads, or None."""
    begin, lines, end = delivery
    header, form, items = expected(path, nulls)
    if begin["columns"] != header or begin["format"] != form:
        return "begin: %r" % begin
    if len(lines) != len(items) or end["items"] != len(items) or end["rejected"] != 0:
        return "%d items, wanted %d" % (len(lines), len(items))
    for number, (line, item) in enumerate(zip(lines, items)):
        got = loads(line)
        if got != item:
            return "item %d\n%r\nwanted\n%r" % (number, got, item)
        # Compact: white space is inside strings only.
        if re.search(r"\s", re.sub(r'"(?:[^"\\]|\\.)*"', "", line)):
            return "item %d is not compact: %s" % (number, line)
    return None


def check(name, paths):
    for nulls in False, True:
        deliveries, message = parsed(paths, nulls)
        if deliveries is None or len(deliveries) != len(paths):
            ok(False, name, message)
            return
        for path, delivery in zip(paths, deliveries):
            detail = difference(path, delivery, nulls)
            if detail is not None:
                ok(False, "%s: %s%s" % (name, os.path.basename(path), " --nulls" if nulls else ""), detail)
                return
    ok(True, name)


TEXT = ["a", "0.0000004000", "-7.0E-10", "000123456789", " lead", "trail ", "  ", "\t", "a,b", ",", 'say "hi"', '"', '""', "two\nlines",
        "crlf\r\nin it", "\r", "\n", "caf\u00e9", "\u20ac\U0001f4b0", "\ufeff", "back\\slash", "\x01\x1f\x7f", "\u2028", "{}", "null",
        "=1+1", "'", ";", "\x0b\x0c", "x" * 300]
NAMES = ["Amount", "user:Name", "user:Cost Center", "a/b", "", "\u00e9t\u00e9", 'quo"te', "with,comma", "back\\slash", " space ", "new\nline"]


def random_json(r):
    def spaced():
        return r.choice(["", "", "", " ", "\n", "\t ", "\r\n"])

    def text():
        return json.dumps(r.choice(TEXT), ensure_ascii=r.random() < 0.5)

    def value(depth):
        kind = r.randrange(8 if depth < 3 else 6)
        if kind < 3:
            return text()
        if kind < 5:
            return r.choice(["0", "-1.50", "8.0E-7", "123456789012345678901234567890", "1e5"])
        if kind == 5:
            return r.choice(["true", "false", "null"])
        return obj(depth + 1) if kind == 6 else "[" + spaced() + ",".join(spaced() + value(depth + 1) + spaced() for _ in range(r.randrange(3))) + "]"

    def obj(depth):
        members = [spaced() + text() + spaced() + ":" + spaced() + value(depth) + spaced() for _ in range(r.randrange(4))]
        return "{" + (",".join(members) or spaced()) + "}"

    return spaced() + obj(0) + spaced()


def random_header(r):
    form = r.choice(["cur1", "cur1", "cur2", "focus"])
    if form == "cur1":
        pool = ["%s/%s" % (c, n) for c in ("bill", "lineItem", "product", "resourceTags", "") for n in NAMES] + ["plain", "other name"]
    else:
        pool = ["col_%s" % n for n in NAMES] + sorted(MAPS[form])
    header = r.sample(pool, r.randrange(1, 12))
    header += [t for t in TIMES[form] if r.random() < 0.5] or [r.choice(TIMES[form])]
    if IDS[form] and r.random() < 0.7:
        header.append(IDS[form])
    r.shuffle(header)
    return form, header


def random_report(r):
    form, header = random_header(r)
    _, time = format_of(header)
    newline = r.choice(["\n", "\r\n"])

    def cell(text):
        if any(c in text for c in ',"\r\n') or r.random() < 0.2:
            return '"' + text.replace('"', '""') + '"'
        return text

    def content(column):
        if column == time:
            return r.choice(["2024-01-01T00:00:00Z/2024-01-02T00:00:00Z", "2024-01-31T23:00:00.000Z", "2024-01-01 00:00:00+00:00"])
        if r.random() < 0.4:
            return ""
        return random_json(r) if column in MAPS[form] else r.choice(TEXT)

    rows = [header] + [[content(c) for c in header] for _ in range(r.randrange(30))]
    text = newline.join(",".join(cell(c) for c in row) for row in rows)
    if r.random() < 0.8:
        text += newline
    return (b"\xef\xbb\xbf" if r.random() < 0.3 else b"") + text.encode("utf-8")


def write_packed(r, path, data):
    kind = r.randrange(5)
    if kind == 0:
        cut = r.randrange(len(data) + 1)
        data = gzip.compress(data[:cut]) + gzip.compress(data[cut:])
    elif kind == 1:
        data = gzip.compress(data)
    elif kind == 2:
        with zipfile.ZipFile(path, "w", r.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as z:
            z.writestr("any name", data)
        return
    with open(path, "wb") as f:
        f.write(data)


def find_samples():
    for folder, _, files in sorted(os.walk(samples)):
        for name in sorted(files):
            if ".csv" in name:
                yield os.path.join(folder, name)


def test_samples():
    found = list(find_samples())
    if not found:
        global cases
        cases += 1
        print("ok %d - samples # SKIP no sample reports here" % cases)
    for path in found:
        check(os.path.relpath(path, samples), [path])


def test_random():
    r = random.Random(SEED)
    paths = []
    for i in range(REPORTS):
        paths.append(os.path.join(scratch, "report-%d" % i))
        write_packed(r, paths[-1], random_report(r))
    for i in range(0, REPORTS, 50):
        check("made-up reports %d to %d of seed %d" % (i, i + 49, SEED), paths[i:i + 50])


test_samples()
test_random()
print("1..%d" % cases)
