"""Holds cur-sum against Python's decimal module, on random streams.  TAP; for tests/sum_oracle.t."""
import decimal
import json
import os
import random
import subprocess
import sys

folder = sys.argv[1]
seed = int(os.environ.get("SEED") or random.randrange(1 << 32))
streams = int(os.environ.get("STREAMS") or 40)
rng = random.Random(seed)
decimal.getcontext().prec = 5000
decimal.getcontext().Emax = decimal.MAX_EMAX
decimal.getcontext().Emin = decimal.MIN_EMIN

# Format: time, currency, cost, others to add, others to group by.
FORMATS = {
    "cur1": ("identity.TimeInterval", "lineItem.CurrencyCode", "lineItem.UnblendedCost",
             ["lineItem.UsageAmount", "pricing.publicOnDemandCost"],
             ["lineItem.ProductCode", "resourceTags.user:Team", "resourceTags.a.b", "bill.Nothing"]),
    "cur2": ("identity_time_interval", "line_item_currency_code", "line_item_unblended_cost",
             ["line_item_usage_amount", "discount.total"],
             ["line_item_product_code", "resource_tags.user_team", "product.product_name", "product"]),
    "focus": ("ChargePeriodStart", "BillingCurrency", "BilledCost",
              ["EffectiveCost", "x_Discounts.all"],
              ["ServiceName", "Tags.team", "Tags.a/b:c"]),
}
TEXTS = ["a", "b", "ab", "", "B", "\u00e9", "\U0001f600", "\uffff", "a\u0000", "a\u0000b", "a\u0001", "\"", "\\", "\n", "/",
         "\u007f", "\u0080", "Amazon Elastic Compute Cloud", "null", "{}"]


def digits(low, high):
    return "".join(rng.choice("0123456789") for _ in range(rng.randint(low, high)))


def number():
    """A decimal as text, of any spelling that is one."""
    sign = rng.choice(["", "", "-", "-", "+"])
    kind = rng.randrange(8)
    if kind == 0:
        return sign + digits(1, 3) + "." + digits(1, 10)
    if kind == 1:
        return sign + digits(1, 60)
    if kind == 2:
        return sign + "." + digits(1, 60)
    if kind == 3:
        return sign + digits(1, 1) + "." + digits(1, 4) + rng.choice("eE") + rng.choice(["-", "-", "", "+"]) + digits(1, 1)
    if kind == 4:
        return sign + digits(1, 40) + "." + digits(1, 40) + rng.choice(["", "e-30", "E+30", "e7"])
    if kind == 5:
        return sign + rng.choice(["9" * rng.randint(1, 40), "1" + "0" * rng.randint(0, 40), "0.0", "0", "0e999999999"])
    if kind == 6:
        return sign + "0." + "0" * rng.randint(0, 40) + digits(1, 3) + "0" * rng.randint(0, 5)
    return sign + digits(1, 5) + "e" + str(rng.randint(-900, 900))


def put(item, path, value):
    first, dot, second = path.partition(".")
    if not dot:
        item[first] = value
    elif not isinstance(item.get(first), dict):
        item[first] = {second: value}
    else:
        item[first][second] = value


def find(item, path):
    first, dot, second = path.partition(".")
    value = item.get(first)
    if not dot:
        return value
    return value.get(second) if isinstance(value, dict) else None


def shuffled(value):
    if not isinstance(value, dict):
        return value
    names = list(value)
    rng.shuffle(names)
    return {name: shuffled(value[name]) for name in names}


def make_item(form, numbers):
    time, currency, cost, others, groups = FORMATS[form]
    day = "2024-%02d-%02d" % (rng.randint(1, 2), rng.randint(1, 28))
    item = {}
    put(item, time, rng.choice([day + "T00:00:00Z", day + "T23:59:59.000Z/2025-01-01T00:00:00Z", day]))
    if rng.random() < 0.9:
        put(item, currency, rng.choice(["USD", "USD", "CNY"]))
    for name in [cost] + others:
        if rng.random() < 0.9:
            put(item, name, numbers.pop() if numbers and rng.random() < 0.2 else number())
            if rng.random() < 0.2:
                text = find(item, name)
                numbers.append(text[1:] if text[0] == "-" else "-" + text.lstrip("+"))
    for name in groups:
        if name != "product" and rng.random() < 0.8:
            put(item, name, rng.choice(TEXTS + [None]))
    for _ in range(rng.randint(0, 3)):
        item["x%d" % rng.randrange(99)] = rng.choice([1, None, True, [1, {"a": "]"}], {"b": {}}, "}\"", "1.5"])
    return shuffled(item) if rng.random() < 0.5 else item


def dump(item):
    spaces = rng.random() < 0.2
    return json.dumps(item, ensure_ascii=rng.random() < 0.5, separators=(", ", " : ") if spaces else (",", ":"))


def plain(value):
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def text_of(value):
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def group_of(item, by, form, export, period):
    day = find(item, FORMATS[form][0])[:10]
    words = {"day": day, "month": day[:7], "export": export, "period": period}
    return tuple(words[name] if name in words else text_of(find(item, name)) for name in by) + (
        find(item, FORMATS[form][1]),)


def order(key):
    return [(text is not None, (text or "").encode()) for text in key]


def begin(form, export, period):
    time = FORMATS[form][0].split(".")
    return json.dumps({"_cur": "begin", "v": 1, "export": export, "period": period, "parts": 1, "format": form,
                       "columns": [], "id": None, "time": time}, separators=(",", ":"))


def run(n):
    form = rng.choice(list(FORMATS))
    _, _, cost, others, groups = FORMATS[form]
    by = rng.sample(["day", "month", "export", "period"] + groups, rng.randint(0, 3))
    of = rng.sample([cost] + others, rng.randint(0, 3))
    bare = rng.random() < 0.3
    lines, want, numbers = [], {}, []
    for delivery in range(1 if bare else rng.randint(1, 3)):
        export, period = ("e%d" % delivery, "2024-01") if not bare else (None, None)
        count = rng.randint(1, 300)
        if not bare:
            lines.append(begin(form, export, period))
        for _ in range(count):
            item = make_item(form, numbers)
            line = dump(item)
            if by and "product" in by and isinstance(item.get("product"), dict):
                line = json.dumps(item, ensure_ascii=False, separators=(",", ":"))
            lines.append(line)
            entry = want.setdefault(group_of(item, by, form, export, period), [0] + [decimal.Decimal(0)] * max(1, len(of)))
            entry[0] += 1
            for i, name in enumerate(of or [cost]):
                entry[i + 1] += decimal.Decimal(find(item, name) or 0)
        if not bare:
            lines.append(json.dumps({"_cur": "end", "export": export, "period": period, "parts": 1, "items": count,
                                     "rejected": 0}, separators=(",", ":")))
    if not bare:
        lines.append('{"_cur":"eos","deliveries":%d}' % (delivery + 1))
    path = os.path.join(folder, "stream")
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(lines) + "\n")
    call = ["cur-sum"] + (["--by", ",".join(by)] if by else []) + (["--of", ",".join(of)] if of else []) + [path]
    done = subprocess.run(call, capture_output=True, text=True)
    got = [list(json.loads(line).items()) for line in done.stdout.splitlines()]
    names = by + ["currency", "items"] + (of or [cost])
    expected = [list(zip(names, list(key) + [want[key][0]] + [plain(sum) for sum in want[key][1:]]))
                for key in sorted(want, key=order)]
    good = done.returncode == 0 and got == expected
    print("%sok %d - %d lines of %s by %s" % ("" if good else "not ", n, len(lines), form, ",".join(by) or "nothing"))
    if not good:
        print("# SEED=%d %s: exit %d %s" % (seed, " ".join(call), done.returncode, done.stderr.strip()))
        for a, b in list(zip(got, expected)):
            if a != b:
                print("# got    %s\n# wanted %s" % (a, b))
                break
    return good


print("# SEED=%d" % seed)
print("1..%d" % streams)
sys.exit(not all([run(n + 1) for n in range(streams)]))
