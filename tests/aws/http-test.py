"""lib/http, through http-drive, against a server on loopback that does everything a server should not.

python3 http-test.py HTTP-DRIVE FOLDER, prints TAP.
"""
import concurrent.futures
import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

DRIVE, FOLDER = sys.argv[1], sys.argv[2]
SLACK_MS = 700     # what a busy machine may add to any time


class Request:
    def __init__(self, method, target, headers, connection):
        self.method, self.target, self.headers, self.connection = method, target, headers, connection
        self.body = b""
        self.time = time.monotonic()

    def header(self, name):
        return next((v for n, v in self.headers if n.lower() == name), None)


class Server:
    """What it answers is in the path: /BEHAVIOUR/ARGUMENT/NAME; equal paths are counted."""

    def __init__(self, tls=None):
        self.tls = tls
        self.log, self.lock, self.connections = [], threading.Lock(), 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self.listener.getsockname()[1]
        self.url = "%s://127.0.0.1:%d" % ("https" if tls else "http", self.port)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            s, _ = self.listener.accept()
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            threading.Thread(target=self.serve, args=(s, self.connections), daemon=True).start()

    def serve(self, s, connection):
        try:
            if self.tls:
                s = self.tls.wrap_socket(s, server_side=True)
            f = s.makefile("rb")
            while self.one(s, f, connection):
                pass
        except OSError:
            pass
        finally:
            s.close()

    def one(self, s, f, connection):
        line = f.readline().decode("latin-1").rstrip("\r\n")
        if line.count(" ") != 2:
            return False
        method, target, _ = line.split(" ")
        headers = []
        while True:
            h = f.readline().decode("latin-1").rstrip("\r\n")
            if not h:
                break
            name, value = h.split(":", 1)
            headers.append((name, value.strip()))
        r = Request(method, target, headers, connection)
        with self.lock:
            count = sum(1 for x in self.log if x.target == target)
            self.log.append(r)
        words = target.split("?")[0].strip("/").split("/")
        answer = getattr(self, "do_" + words[0].rstrip(":"))
        return answer(s, f, r, words[1] if len(words) > 1 else "", count) is not False

    def read_body(self, f, r):
        r.body = f.read(int(r.header("content-length") or 0))

    def reply(self, s, r, status, body=b"", headers=(), length=None):
        text = "HTTP/1.1 %d X\r\nContent-Length: %d\r\n" % (status, len(body) if length is None else length)
        text += "".join("%s: %s\r\n" % h for h in headers) + "\r\n"
        s.sendall(text.encode("latin-1") + (b"" if r.method == "HEAD" else body))

    def reset(self, s):
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
        return False

    def do_ok(self, s, f, r, arg, count):
        self.read_body(f, r)
        self.reply(s, r, 200, b"hello")

    def do_seq(self, s, f, r, arg, count):
        self.read_body(f, r)
        statuses = arg.split(",")
        status = int(statuses[min(count, len(statuses) - 1)])
        self.reply(s, r, status, b"" if status == 204 else b"status %d" % status)

    def do_echo(self, s, f, r, arg, count):
        self.read_body(f, r)
        self.reply(s, r, 200, json.dumps([r.method, r.target, r.headers, len(r.body)]).encode())

    def do_reset(self, s, f, r, arg, count):
        if count < int(arg):
            return self.reset(s)
        self.do_ok(s, f, r, arg, count)

    def do_resethalf(self, s, f, r, arg, count):
        """Resets in the middle of the upload."""
        if count < int(arg):
            f.read(int(r.header("content-length")) // 2)
            return self.reset(s)
        self.do_ok(s, f, r, arg, count)

    def do_cut(self, s, f, r, arg, count):
        if count < int(arg):
            self.reply(s, r, 200, b"first half,", length=22)
            return False
        self.reply(s, r, 200, b"first half,second half")

    def do_cuterror(self, s, f, r, arg, count):
        self.reply(s, r, 403, b"half", length=22)
        return False

    def do_trickle(self, s, f, r, arg, count):
        self.reply(s, r, 200, b"", length=100000)
        for _ in range(600):
            s.sendall(b".")
            time.sleep(0.05)

    def do_stall(self, s, f, r, arg, count):
        self.reply(s, r, 200, b"some", length=1000)
        f.read(1)
        return False

    def do_silent(self, s, f, r, arg, count):
        self.read_body(f, r)
        f.read(1)
        return False

    def do_redirect(self, s, f, r, arg, count):
        self.reply(s, r, int(arg), b"gone", [("Location", self.url + "/ok/redirected")])

    def do_long(self, s, f, r, arg, count):
        self.reply(s, r, 200, b"x" * int(arg))

    def do_longerror(self, s, f, r, arg, count):
        self.reply(s, r, 400, b"x" * int(arg))

    def do_chunked(self, s, f, r, arg, count):
        s.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Before: 1\r\n\r\n5\r\nhello\r\n6\r\n world\r\n")
        if count < int(arg):
            return False
        s.sendall(b"0\r\nX-Trailer: 1\r\n\r\n")

    def do_continue(self, s, f, r, arg, count):
        if r.header("expect"):
            s.sendall(b"HTTP/1.1 100 Continue\r\nX-Not-This: 1\r\n\r\n")
        self.do_ok(s, f, r, arg, count)

    def do_early(self, s, f, r, arg, count):
        """Says no before the body came."""
        self.reply(s, r, 403, b"no", [("Connection", "close")])
        return False

    def do_after(self, s, f, r, arg, count):
        if count == 0:
            self.reply(s, r, 503, b"slow", [("x-amz-retry-after", arg)])
        else:
            self.reply(s, r, 200, b"hello")

    def do_closesecond(self, s, f, r, arg, count):
        """On a connection that had a request before: closes without a word, as a server does that had it too long."""
        self.read_body(f, r)
        if any(x.connection == r.connection and x is not r for x in self.log):
            return False
        self.reply(s, r, 200, b"hello")

    def do_slow(self, s, f, r, arg, count):
        time.sleep(int(arg) / 1000)
        self.reply(s, r, 200, b"hello")

    def do_garbage(self, s, f, r, arg, count):
        s.sendall(b"<html>this is no HTTP</html>\r\n\r\n")
        return False

    def do_headers(self, s, f, r, arg, count):
        self.reply(s, r, 200, b"", [("X-H%d" % i, "v" * 1000) for i in range(int(arg))])

    def do_http(self, s, f, r, arg, count):
        """Asked as a proxy: the target is a URL."""
        self.reply(s, r, 200, b"by proxy")

    def seen(self, target):
        return [r for r in self.log if r.target == target]


here = threading.local()       # the cases of the test that this thread runs


def ok(good, name, *notes):
    here.cases.append((good, name, notes))
    return good


def is_(got, wanted, name):
    return ok(got == wanted, name, "got:    %r" % (got,), "wanted: %r" % (wanted,))


def clean_env(**more):
    env = {k: v for k, v in os.environ.items() if not k.upper().startswith("AWS_") and "PROXY" not in k.upper()
           and k not in ("SSL_CERT_FILE", "SSL_CERT_DIR")}
    env.update(more)
    return env


def drive(*args, env=None, status=0):
    """Results in the order of the requests (of the first argument list); a list per repetition."""
    p = subprocess.run([DRIVE, *args], env=clean_env(**(env or {})), capture_output=True, timeout=120)
    if p.returncode != status:
        ok(False, "http-drive %s ends with %d" % (" ".join(args)[:60], status), p.returncode, p.stderr.decode())
    return [json.loads(line) for line in p.stdout.splitlines()]


def one(*args, env=None):
    got = drive(*args, env=env)
    return got[0] if got else {"status": -1, "tries": -1, "ms": -1, "body": "", "taken": "", "error": "", "headers": []}


def gaps_ms(server, target):
    times = [r.time for r in server.seen(target)]
    return [(b - a) * 1000 for a, b in zip(times, times[1:])]


def test_plain(server):
    u = server.url
    r = one("GET", u + "/ok/plain")
    is_((r["status"], r["tries"], r["body"], r["error"]), (200, 1, "hello", ""), "a GET")
    r = one("HEAD", u + "/long/5000")
    is_((r["status"], r["body"], dict(r["headers"]).get("Content-Length")), (200, "", "5000"), "a HEAD has no body")
    r = one("GET", u + "/seq/204/none", "take=1")
    is_((r["status"], r["taken"]), (204, ""), "204 without a body")
    r = one("GET", u + "/seq/404/none", "take=1")
    is_((r["status"], r["tries"], r["body"], r["taken"]), (404, 1, "status 404", ""),
        "the body of an error goes to reply_body, never to take")
    r = one("GET", u + "/long/3000000", "take=1")
    is_((r["status"], len(r["taken"]), r["body"]), (200, 3000000, ""), "the body of a 200 goes to take")


def test_request(server):
    u = server.url
    path = "/echo/a/../b/./c//d%2F=:+~?x=%2F&y="
    method, target, headers, _ = json.loads(one("GET", u + path)["body"])
    is_((method, target), ("GET", path), "the path and query go out as they are")
    is_(sorted(n.lower() for n, _ in headers), ["host", "user-agent", "x-try"],
        "no header but Host, User-Agent and those in the list")
    method, _, headers, n = json.loads(one("POST", u + "/echo/post", "header=X-Empty:", "header=Accept:text/a")["body"])
    h = dict((a.lower(), b) for a, b in headers)
    is_((method, n, h.get("content-length"), h.get("x-empty"), h.get("accept"), "content-type" in h),
        ("POST", 0, "0", "", "text/a", False), "a POST without body says Content-Length: 0; empty headers are sent")
    method, _, headers, _ = json.loads(one("DELETE", u + "/echo/delete")["body"])
    ok(method == "DELETE" and "content-length" not in [n.lower() for n, _ in headers],
       "a DELETE says nothing of a body", headers)
    r = one("GET", u + "/ok/injected", "header=X-A:a\r\nX-B: b", "attempts=3")
    ok(r["status"] == 0 and "control byte" in r["error"] and not server.seen("/ok/injected"),
       "a newline in a header is refused before anything is sent", r)


def test_upload(server):
    u = server.url
    body = os.urandom(3000000)
    path = os.path.join(FOLDER, "body")
    with open(path, "wb") as f:
        f.write(body)
    r = one("PUT", u + "/seq/500,200/upload", "file=" + path, "from=100", "bytes=2500000", "base=1")
    bodies = [x.body for x in server.seen("/seq/500,200/upload")]
    ok(r["status"] == 200 and r["tries"] == 2 and bodies == [body[100:2500100]] * 2,
       "a piece of a file goes out again from its beginning", r, [len(b) for b in bodies])
    ok("expect" not in [n.lower() for n, _ in server.seen("/seq/500,200/upload")[0].headers],
       "no Expect that was not asked for")
    r = one("PUT", u + "/seq/503,200/span", "body=some bytes", "base=1")
    ok(r["status"] == 200 and [x.body for x in server.seen("/seq/503,200/span")] == [b"some bytes"] * 2,
       "so do bytes in memory", r)
    r = one("PUT", u + "/resethalf/1/x", "file=" + path, "bytes=3000000", "base=1")
    ok(r["status"] == 200 and r["tries"] == 2 and server.seen("/resethalf/1/x")[1].body == body,
       "a reset in the middle of an upload", r)
    r = one("PUT", u + "/ok/short", "file=" + path, "from=2999999", "bytes=100", "base=1")
    ok(r["status"] == 0 and r["tries"] == 1 and "shorter" in r["error"], "a file that shrank ends it at once", r)
    r = one("PUT", u + "/continue/x", "file=" + path, "bytes=3000000", "header=Expect:100-continue")
    names = [n.lower() for n, _ in r["headers"]]
    ok(r["status"] == 200 and r["ms"] < 900 + SLACK_MS and server.seen("/continue/x")[0].body == body and
       "x-not-this" not in names, "100 Continue, of which no header stays", r)
    r = one("PUT", u + "/early/x", "file=" + path, "bytes=3000000", "header=Expect:100-continue")
    ok(r["status"] == 403 and r["body"] == "no" and r["tries"] == 1, "a no before the body came", r)


def test_retries(server):
    u = server.url
    for codes, tries in (("500,200", 2), ("503,503,200", 3), ("502,200", 2), ("504,200", 2), ("408,200", 2)):
        r = one("GET", u + "/seq/%s/retry" % codes, "base=1")
        is_((r["status"], r["tries"], r["body"]), (200, tries, "status 200"), codes + " then it is there")
    r = one("GET", u + "/seq/503/always", "base=1")
    is_((r["status"], r["tries"], r["body"]), (503, 3, "status 503"), "after three tries the last reply stands")
    r = one("GET", u + "/seq/501/always", "base=1")
    is_((r["status"], r["tries"]), (501, 1), "501 is final")
    r = one("GET", u + "/seq/500/five", "base=1", "attempts=5")
    is_(r["tries"], 5, "attempts of the request")
    is_([x.header("x-try") for x in server.seen("/seq/500/five")], list("12345"), "prepare comes before each try")
    for n in (1, 2, 4):
        r = one("GET", u + "/seq/500/env%d" % n, "base=1", env={"AWS_MAX_ATTEMPTS": str(n)})
        is_(r["tries"], n, "AWS_MAX_ATTEMPTS=%d" % n)
    p = subprocess.run([DRIVE, "GET", u + "/ok/x"], env=clean_env(AWS_MAX_ATTEMPTS="many"), capture_output=True)
    ok(p.returncode == 78 and b"AWS_MAX_ATTEMPTS" in p.stderr, "AWS_MAX_ATTEMPTS=many is 78", p.stderr)
    r = one("GET", u + "/seq/403,403,200/judge", "judge=ATONCE")
    ok(r["status"] == 200 and r["tries"] == 3 and r["ms"] < SLACK_MS, "a judge that wants it at once", r)
    r = one("GET", u + "/seq/403/judge", "judge=ATONCE", "attempts=4")
    is_((r["status"], r["tries"]), (403, 4), "at once counts as a try")
    r = one("GET", u + "/seq/503/judge", "judge=DONE")
    is_((r["status"], r["tries"]), (503, 1), "the judge has the word")


def test_failures(server):
    u = server.url
    r = one("GET", u + "/reset/1/x", "base=1")
    is_((r["status"], r["tries"], r["error"]), (200, 2, ""), "a reset, then it is there")
    r = one("GET", u + "/reset/9/x", "base=1")
    ok(r["status"] == 0 and r["tries"] == 3 and r["error"], "resets to the end leave a text", r)
    r = one("GET", u + "/cut/1/x", "base=1", "take=1", "restart=1")
    is_((r["status"], r["tries"], r["taken"], r["restarts"]), (200, 2, "first half,second half", 1),
        "a body shorter than Content-Length begins anew")
    r = one("GET", u + "/cut/1/memory", "base=1")
    is_((r["status"], r["tries"], r["body"]), (200, 2, "first half,second half"), "into reply_body as well")
    r = one("GET", u + "/cut/1/last", "base=1", "take=1")
    ok(r["status"] == 0 and r["tries"] == 1 and r["taken"] == "first half,",
       "without restart a try of which bytes were taken is the last", r)
    r = one("GET", u + "/cut/9/x", "base=1")
    ok(r["status"] == 0 and r["tries"] == 3 and r["body"] == "" and r["error"], "a cut body is no reply", r)
    r = one("GET", u + "/cuterror/x", "base=1", "attempts=2")
    ok(r["status"] == 0 and r["tries"] == 2, "nor is a cut error", r)
    r = one("GET", u + "/chunked/0/x")
    is_((r["status"], r["body"], [h[0] for h in r["headers"]]), (200, "hello world", ["Transfer-Encoding", "X-Before"]),
        "chunks, and their trailer is no header")
    r = one("GET", u + "/chunked/1/cut", "base=1")
    is_((r["status"], r["tries"], r["body"]), (200, 2, "hello world"), "chunks without an end are a cut body")
    r = one("GET", u + "/garbage/x", "base=1", "attempts=2")
    ok(r["status"] == 0 and r["tries"] == 2 and r["error"], "what is no HTTP", r)
    r = one("GET", u + "/headers/400", "base=1", "attempts=2")
    ok(r["status"] == 0 and r["error"], "400 KB of headers", r["error"])
    r = one("GET", "http://127.0.0.1:1/", "base=1")
    ok(r["status"] == 0 and r["tries"] == 3 and r["error"], "nobody listens", r)
    r = one("GET", "ftp://127.0.0.1/", "base=1")
    ok(r["status"] == 0 and r["error"], "http and https alone", r)
    for code in (301, 302, 307):
        r = one("PUT", u + "/redirect/%d" % code, "body=x")
        is_((r["status"], r["tries"], r["body"]), (code, 1, "gone"), "%d is an answer" % code)
    is_(server.seen("/ok/redirected"), [], "and never followed")


def test_sizes(server):
    u = server.url
    r = one("GET", u + "/long/1000", "max=1000")
    is_((r["status"], len(r["body"])), (200, 1000), "a reply as long as it may be")
    r = one("GET", u + "/long/1001", "max=1000")
    ok(r["status"] == 0 and r["tries"] == 1 and "longer than 1000" in r["error"], "one byte more fails at once", r)
    r = one("GET", u + "/longerror/1001", "max=1000")
    ok(r["status"] == 0 and "longer than 1000" in r["error"], "so does an error's", r)
    r = one("GET", u + "/long/100000", "take=1", "refuse=50000")
    ok(r["status"] == 0 and r["tries"] == 1 and r["error"], "take says no: that is final", r["error"])


def test_deadlines(server):
    u = server.url
    r = one("GET", u + "/trickle/x", "total=400", "attempts=1")
    ok(r["status"] == 0 and 380 <= r["ms"] < 400 + SLACK_MS, "a trickle ends with the total deadline", r)
    r = one("GET", u + "/silent/x", "total=200", "base=1")
    ok(r["status"] == 0 and r["tries"] == 3 and r["ms"] < 700 + SLACK_MS, "no reply at all: three tries", r)


def test_stall(server):
    u = server.url
    r = one("GET", u + "/stall/x", "stall=1", "attempts=1")
    ok(r["status"] == 0 and 900 <= r["ms"] < 8000 and r["error"], "a stall in the body", r)
    r = one("PUT", u + "/silent/put", "body=x", "stall=1", "attempts=1")
    ok(r["status"] == 0 and 900 <= r["ms"] < 4000 + SLACK_MS, "a stall before the reply", r)


def test_delays(server):
    u = server.url
    one("GET", u + "/seq/500/delays", "base=100", "attempts=5")
    gaps = gaps_ms(server, "/seq/500/delays")
    ok(len(gaps) == 4 and all(g <= 100 * 2 ** i + SLACK_MS for i, g in enumerate(gaps)),
       "no delay is above base times 2 for each try", gaps)
    args = []
    for i in range(30):
        args += [",", "GET", u + "/seq/500/jitter%d" % i, "base=400", "attempts=2"]
    drive(*args[1:])
    gaps = [g for i in range(30) for g in gaps_ms(server, "/seq/500/jitter%d" % i)]
    ok(len(gaps) == 30 and max(gaps) <= 400 + SLACK_MS and max(gaps) - min(gaps) > 100 and
       60 < sum(gaps) / 30 < 340 + SLACK_MS, "full jitter: thirty first delays lie apart", sorted(gaps))
    got = drive("GET", u + "/after/300", "base=1", ",", "GET", u + "/after/60000", "base=1",
                ",", "GET", u + "/after/soon", "base=1", ",", "GET", u + "/after/0", "base=1",
                ",", "GET", u + "/seq/429,200/x")
    ok(sorted((r["status"], r["tries"]) for r in got) == [(200, 2)] * 5, "x-amz-retry-after", got)
    g = gaps_ms(server, "/after/300")
    ok(g and 295 <= g[0] < 300 + SLACK_MS, "is waited for", g)
    g = gaps_ms(server, "/after/60000")
    ok(g and 4995 <= g[0] < 5000 + SLACK_MS, "but no longer than 5 s", g)
    g = gaps_ms(server, "/after/soon") + gaps_ms(server, "/after/0")
    ok(len(g) == 2 and max(g) < SLACK_MS, "and only when it is a number above the delay", g)
    g = gaps_ms(server, "/seq/429,200/x")
    ok(g and g[0] < 1000 + SLACK_MS, "throttled: below 1 s at first", g)


def test_tokens(server):
    u = server.url
    got = drive("-s", "GET", u + "/seq/500/bucket", "base=1", "repeat=20")
    is_([r["tries"] for r in got], [3] * 17 + [2, 1, 1], "500 tokens at 14 for a retry: 35 retries, then none")
    args = []
    for i in range(100):
        args += [",", "GET", u + "/seq/500,200/back%d" % i, "base=1"]
    got = drive("-s", *args[1:])
    is_([(r["status"], r["tries"]) for r in got], [(200, 2)] * 100, "a success gives them back")
    args = ["GET", u + "/seq/500/pair", "base=1", "repeat=19", ",", "GET", u + "/ok/pair", "repeat=19"]
    got = [r["tries"] for r in drive("-s", *args) if r["n"] == 0]
    is_(got, [3] * 18 + [2], "one that was not tried again gives 1")
    got = drive("-s", "GET", u + "/seq/400/throttled", "judge=THROTTLED", "attempts=2", ",",
                "GET", u + "/seq/500/after", "base=1", "repeat=19")
    is_([r["tries"] for r in got if r["n"] == 1], [3] * 17 + [2, 1], "a throttled retry costs 5")


def test_connections(server):
    u = server.url
    before = server.connections
    drive("-s", "GET", u + "/ok/keep", "repeat=5")
    is_(server.connections - before, 1, "connections are kept")
    before = server.connections
    drive("-s", "GET", u + "/ok/keep", "repeat=5", "fresh=1")
    is_(server.connections - before, 5, "unless a fresh one is wanted")
    before = server.connections
    drive("-s", "PUT", u + "/ok/keep", "repeat=5", "body=x", "header=If-None-Match:*")
    is_(server.connections - before, 5, "a conditional write has a fresh one")
    got = drive("-s", "GET", u + "/ok/first", ",", "GET", u + "/closesecond/get")
    is_([(r["status"], r["tries"]) for r in got], [(200, 1), (200, 1)], "a kept connection that died is no failure")
    got = drive("-s", "GET", u + "/ok/first", ",", "PUT", u + "/closesecond/again", "body=the body")
    is_([r["status"] for r in got] + [x.body for x in server.seen("/closesecond/again")], [200, 200] + [b"the body"] * 2,
        "with a body that goes out again")
    drive("-s", "GET", u + "/ok/first", ",", "PUT", u + "/closesecond/put", "body=x", "header=If-Match:a")
    is_(len(server.seen("/closesecond/put")), 1, "and a conditional write is never sent twice in one try")
    start = time.monotonic()
    args = []
    for i in range(20):
        args += [",", "GET", u + "/slow/300/%d" % i]
    got = drive(*args[1:])
    ok(len(got) == 20 and all(r["status"] == 200 for r in got) and time.monotonic() - start < 2.5,
       "twenty at once take as long as one", time.monotonic() - start)
    got = drive("GET", u + "/slow/400/w", "within=50")
    ok(got and got[0]["status"] == 200 and got[0]["waits"] >= 3, "http_next_within comes back in between", got)


def test_nested(server):
    u = server.url
    args = []
    for i in range(5):
        args += [",", "GET", u + "/seq/500,200/nested%d" % i, "base=1", "nested=%s/seq/503,200/in%d" % (u, i)]
    got = drive(*args[1:])
    is_(sorted((r["status"], r["tries"], r["nested"]) for r in got), [(200, 2, 400)] * 5,
        "prepare may run a request of its own, with its own retries")
    r = one("GET", u + "/ok/outer", "nested=http://127.0.0.1:1/")
    is_((r["status"], r["nested"]), (200, 0), "and that may fail")


def test_proxy(server):
    u = server.url
    proxy = Server()
    r = one("GET", u + "/ok/proxied", env={"http_proxy": proxy.url})
    is_((r["status"], r["body"], len(proxy.log)), (200, "by proxy", 1), "http_proxy is heeded")
    r = one("GET", u + "/ok/direct", "direct=1", env={"http_proxy": proxy.url})
    is_((r["status"], r["body"], len(proxy.log)), (200, "hello", 1), "but not for what must go directly")
    r = one("GET", u + "/ok/no_proxy", env={"http_proxy": proxy.url, "no_proxy": "127.0.0.1"})
    is_((r["status"], r["body"], len(proxy.log)), (200, "hello", 1), "nor where no_proxy says so")


def test_tls(server):
    if not shutil.which("openssl"):
        ok(True, "TLS # SKIP no openssl here")
        return
    cert, key = os.path.join(FOLDER, "cert.pem"), os.path.join(FOLDER, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert,
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    tls = Server(context)
    r = one("GET", tls.url + "/ok/x")
    ok(r["status"] == 0 and r["tries"] == 1 and r["error"] and not tls.log, "an unknown certificate is refused at once", r)
    r = one("GET", tls.url + "/ok/x", env={"AWS_CA_BUNDLE": cert})
    is_((r["status"], r["body"]), (200, "hello"), "AWS_CA_BUNDLE makes it known")
    r = one("GET", tls.url + "/ok/x", env={"SSL_CERT_FILE": cert})
    is_((r["status"], r["body"]), (200, "hello"), "so does SSL_CERT_FILE")
    r = one("GET", "https://localhost:%d/ok/x" % tls.port, env={"AWS_CA_BUNDLE": cert})
    ok(r["status"] == 0, "the name must be the certificate's", r)
    p = subprocess.run([DRIVE, "GET", tls.url], env=clean_env(AWS_CA_BUNDLE=cert + ".none"), capture_output=True)
    ok(p.returncode == 78 and b"AWS_CA_BUNDLE" in p.stderr, "a bundle that is not there is 78", p.stderr)


TESTS = (test_stall, test_deadlines, test_delays, test_tls, test_plain, test_request, test_upload, test_retries, test_failures,
         test_sizes, test_tokens, test_connections, test_nested, test_proxy)


def run(test):
    """Each with a server of its own, so that they can wait for their deadlines side by side."""
    here.cases = []
    test(Server())
    return here.cases


with concurrent.futures.ThreadPoolExecutor(len(TESTS)) as pool:
    found = [case for cases in pool.map(run, TESTS) for case in cases]
for n, (good, name, notes) in enumerate(found, 1):
    print("%sok %d - %s" % ("" if good else "not ", n, name))
    for note in () if good else notes:
        print("# %.2000s" % (note,))
print("1..%d" % len(found))
sys.exit(not all(case[0] for case in found))
