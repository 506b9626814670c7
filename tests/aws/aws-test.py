"""lib/aws, through aws-drive: calls to a real S3 server behind the gate, which checks every signature and makes faults,
and to hosts with AWS's names, which a proxy of our own leads to loopback.

python3 aws-test.py AWS-DRIVE FOLDER, prints TAP.
"""
import base64
import hashlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse
import zlib

import servers

DRIVE, FOLDER = sys.argv[1], sys.argv[2]
NO_WORLD = servers.missing()
KEYS = ("plain", "a=b:c+d e", "/lead", "//two", "x//y", "a/../b", "./c/.", "ü/日本", "%41%zz", "q?a=b#c", "~!*'()[]@&,;$",
        "day=2024-01-02/1-of-1-3-HASH.ndjson.gz")
cases = failures = 0


def ok(good, name, *notes):
    global cases, failures
    cases += 1
    print("%sok %d - %s" % ("" if good else "not ", cases, name), flush=True)
    if not good:
        failures += 1
        for note in notes:
            print("# %.3000s" % (note,), flush=True)
    return good


def is_(got, wanted, name):
    return ok(got == wanted, name, "got:    %r" % (got,), "wanted: %r" % (wanted,))


outputs = []       # all that the program ever said


def run(env, *args):
    p = subprocess.run([DRIVE, *args], env=env, capture_output=True, timeout=120)
    outputs.append(p.stdout + p.stderr)
    return p


def drive(env, *args):
    p = run(env, *args)
    if p.returncode != 0 or p.stderr:
        ok(False, "aws-drive %s" % " ".join(args)[:80], p.returncode, p.stderr.decode(errors="replace"))
    return [json.loads(line.decode(errors="replace")) for line in p.stdout.split(b"\n") if line]


def one(env, *args):
    got = drive(env, *args)
    return got[0] if got else dict.fromkeys(("ok", "status", "tries", "code", "message", "body", "taken", "url", "region"), "?")


def s3(operation, method, bucket, key="", *more):
    return ("s3", operation, method, bucket, key, *more)


def put(bucket, key, *more):
    return s3("PutObject", "PUT", bucket, key, *more)


def get(bucket, key, *more):
    return s3("GetObject", "GET", bucket, key, *more)


def dies(env, call, code, *parts):
    p = run(env, *call, "die=1")
    text = p.stderr.decode(errors="replace")
    ok(p.returncode == code and all(part in text for part in parts), "exit %d: %s" % (code, text.strip()[:100]),
       p.returncode, text, parts)


def test_objects(world, env, bucket):
    for key in KEYS:
        body = "the body of " + key
        r = one(env, *put(bucket, key, "body=" + body, "checksum=1"))
        got = one(env, *get(bucket, key))
        ok(r["ok"] and world.s3.get(bucket, key) == body.encode() and got["body"] == body and got["tries"] == 1 and
           r["crc32"] == servers.crc32(body.encode()) and r["hash"] == hashlib.sha256(body.encode()).hexdigest(),
           "put and get " + key, r, got)
    r = one(env, *s3("ListObjectsV2", "GET", bucket, "", "query=list-type:2", "query=prefix:a=b:c+d e", "query=encoding-type:url"))
    ok(r["ok"] and "<Key>a%3Db" in r["body"], "a list with an odd prefix", r)
    for key in KEYS:
        r = one(env, *s3("DeleteObject", "DELETE", bucket, key))
        ok(r["status"] == 204 and r["ok"] and world.s3.get(bucket, key) is None, "delete " + key, r)
    r = one(env, *s3("HeadObject", "HEAD", bucket, "none"))
    is_((r["ok"], r["status"], r["code"]), (False, 404, "NotFound"), "a HEAD of nothing has a code")
    r = one(env, *get(bucket, "none"))
    is_((r["ok"], r["status"], r["code"], r["tries"]), (False, 404, "NoSuchKey", 1), "a GET of nothing")
    is_(world.gate.refused(), [], "the gate refused nothing")


def test_files(world, env, bucket):
    body = os.urandom(3 << 20)
    path = os.path.join(FOLDER, "body")
    with open(path, "wb") as f:
        f.write(body)
    world.gate.rules({"match": {"method": "PUT"}, "do": "500"})
    r = one(env, *put(bucket, "file", "file=" + path, "from=1000", "bytes=2500000", "checksum=1", "base=1"))
    want = body[1000:2501000]
    ok(r["ok"] and r["tries"] == 2 and world.s3.get(bucket, "file") == want and r["crc32"] == servers.crc32(want) and
       r["hash"] == hashlib.sha256(want).hexdigest(), "a piece of a file, at the second try", r)
    is_([n["headers"].get("expect") for n in world.gate.log(method="PUT")], ["100-continue"] * 2, "waits for 100 Continue")
    r = one(env, *get(bucket, "file", "take=1", "header=Range:bytes=0-9", "base=1"))
    is_(r["status"], 206, "a range")
    r = one(env, *put(bucket, "file", "file=" + path, "from=3145700", "bytes=100", "checksum=1"))
    ok(not r["ok"] and r["status"] == 0 and "reading the body" in r["message"], "a file that is too short", r)
    world.gate.rules()
    r = one(dict(world.environment(key=servers.SESSION)), *put(bucket, "session", "body=x"))
    ok(r["ok"] and world.gate.log()[0]["headers"].get("x-amz-security-token") == "(there)", "keys of a session", r)
    args = []
    for i in range(20):
        args += [",", *put(bucket, "many/%d" % i, "body=%d" % i, "checksum=1")]
    got = drive(env, *args[1:])
    ok(len(got) == 20 and all(r["ok"] for r in got) and len(world.s3.list(bucket, "many/")) == 20, "twenty at once", got)
    is_(world.gate.refused(), [], "the gate refused nothing")


def test_faults(world, env, bucket):
    """A fault, what comes of it: ok, tries, code."""
    world.s3.put(bucket, "here", b"body of here")
    body = "body of here"
    for rule, wanted in (
            ({"do": "500"}, (True, 2, "")), ({"do": "503"}, (True, 2, "")), ({"do": "503-slowdown"}, (True, 2, "")),
            ({"do": "400-timeout"}, (True, 2, "")), ({"do": "reset"}, (True, 2, "")), ({"do": "cut-body"}, (True, 2, "")),
            ({"do": "cut-body", "how": "reset"}, (True, 2, "")), ({"do": "lost-answer"}, (True, 2, "")),
            ({"do": "expired-token"}, (True, 2, "")), ({"do": "time-skewed"}, (True, 2, "")),
            ({"do": "reply", "status": 502, "body": "<html>"}, (True, 2, "")),
            ({"do": "reply", "status": 504}, (True, 2, "")), ({"do": "trickle"}, (True, 1, "")),
            ({"do": "500", "times": 0}, (False, 3, "InternalError")),
            ({"do": "expired-token", "times": 0}, (False, 2, "ExpiredToken")),
            ({"do": "time-skewed", "times": 0}, (False, 2, "RequestTimeTooSkewed")),
            ({"do": "403"}, (False, 1, "AccessDenied")), ({"do": "412"}, (False, 1, "PreconditionFailed")),
            ({"do": "reply", "status": 404, "body": "<html>not found</html>"}, (False, 1, "NotFound")),
            ({"do": "reply", "status": 501}, (False, 1, "NotImplemented")),
            ({"do": "reply", "status": 307, "headers": {"Location": world.server.url + "/x"}}, (False, 1, "TemporaryRedirect")),
            ({"do": "reply", "status": 302, "headers": {"Location": world.server.url + "/x"}}, (False, 1, "Found"))):
        world.gate.rules(dict(rule, match={"method": "GET"}))
        r = one(env, *get(bucket, "here", "base=1", "take=1"))
        is_((r["ok"], r["tries"], r["code"], r["taken"] if r["ok"] else body), (*wanted, body), "GET, %s" % json.dumps(rule)[1:-1])
    for rule, wanted in (
            ({"do": "409"}, (True, 2, "")), ({"do": "bad-digest"}, (True, 2, "")), ({"do": "wrong-crc"}, (True, 2, "")),
            ({"do": "lost-answer"}, (True, 2, "")), ({"do": "500", "did": True}, (True, 2, ""))):
        world.gate.rules(dict(rule, match={"method": "PUT"}))
        r = one(env, *put(bucket, "put", "body=the body", "checksum=1", "base=1"))
        is_((r["ok"], r["tries"], r["code"], world.s3.get(bucket, "put")), (*wanted, b"the body"), "PUT, %s" % json.dumps(rule)[1:-1])
    world.gate.rules({"match": {"kind": "put-if"}, "do": "lost-answer"})
    r = one(env, *put(bucket, "once", "body=mine", "header=If-None-Match:*", "base=1"))
    is_((r["status"], r["tries"], r["code"]), (412, 2, "PreconditionFailed"), "a lost answer to a conditional write is seen in tries")
    world.gate.rules({"match": {"kind": "list"}, "do": "200-error-body"})
    r = one(env, *s3("ListObjectsV2", "GET", bucket, "", "query=list-type:2", "base=1"))
    is_((r["ok"], r["tries"], r["code"]), (True, 2, ""), "200 with an error in it is tried again")
    world.gate.rules({"match": {"kind": "list"}, "do": "200-error-body", "times": 0, "code": "AccessDenied"})
    r = one(env, *s3("ListObjectsV2", "GET", bucket, "", "query=list-type:2", "base=1"))
    is_((r["ok"], r["status"], r["tries"], r["code"]), (False, 200, 1, "AccessDenied"), "and is an error in the end")
    world.gate.rules({"match": {"kind": "list"}, "do": "html-200", "times": 0})
    r = one(env, *s3("ListObjectsV2", "GET", bucket, "", "query=list-type:2", "base=1"))
    is_((r["ok"], r["status"], r["tries"]), (False, 200, 3), "200 with a page for people is none either")
    for method, operation in (("PUT", "PutObject"), ("DELETE", "DeleteObject")):
        world.gate.rules({"match": {"method": method}, "do": "html-200"})
        r = one(env, *s3(operation, method, bucket, "login", "base=1"))
        is_((r["ok"], r["tries"], r["code"]), (True, 2, ""), "so it is for " + operation)
    world.gate.rules({"match": {"kind": "multipart-create"}, "do": "200-error-body", "code": "InternalError"})
    r = one(env, *s3("CreateMultipartUpload", "POST", bucket, "big", "query=uploads:", "base=1"))
    ok(r["ok"] and r["tries"] == 2 and "<UploadId>" in r["body"], "a POST without body", r)
    world.gate.rules({"match": {"method": "GET"}, "do": "503", "times": 0})
    r = one(dict(env, AWS_MAX_ATTEMPTS="5"), *get(bucket, "here", "base=1"))
    is_(r["tries"], 5, "AWS_MAX_ATTEMPTS")
    is_(world.gate.refused(), [], "the gate refused nothing")


def test_clock(world, env, bucket):
    for seconds in (-7200, 7200):
        world.gate.rules({"do": "clock", "seconds": seconds})
        got = drive(env, "-s", *get(bucket, "here"), "repeat=2", ",", *s3("HeadObject", "HEAD", bucket, "here"), ",",
                    *put(bucket, "clock", "body=x"))
        is_([(r["ok"], r["tries"]) for r in got], [(True, 2), (True, 1), (True, 1), (True, 1)],
            "a clock that is off by %d s is put right once" % seconds)
        r = one(env, *s3("HeadObject", "HEAD", bucket, "here"))
        is_((r["ok"], r["tries"]), (True, 2), "by a HEAD too, whose answer has no code")
    world.gate.rules()


def test_region(world, env, bucket):
    for do in ("301-region", "307-region", "400-region"):
        world.gate.rules({"match": {"path": "/" + bucket + "*"}, "do": do, "region": "us-west-2"})
        got = drive(env, "-s", *get(bucket, "here"), ",", *put(bucket, "region", "body=x"), ",",
                    *s3("HeadObject", "HEAD", bucket, "here"))
        is_([(r["ok"], r["tries"], r["region"]) for r in got], [(True, 2, "us-west-2"), (True, 1, "us-west-2"), (True, 1, "us-west-2")],
            do + ": signed for the other one from then on")
        ok(all(r["url"].startswith(world.gate.url + "/") for r in got), "at the same endpoint", got)
        args = []
        for i in range(10):
            args += [",", *s3("HeadObject", "HEAD", bucket, "here")]
        got = drive(env, *args[1:])
        ok(len(got) == 10 and all(r["ok"] and r["tries"] <= 2 for r in got), "%s: ten at once" % do, got)
    for region in ("eu-central-1", "cn-north-1", "evil.example.com", "", "x" * 40):
        body = "<Error><Code>PermanentRedirect</Code><Message>m</Message><Region>%s</Region></Error>" % region
        world.gate.rules({"do": "reply", "status": 301, "times": 0, "body": body, "headers": {"Location": world.server.url}})
        r = one(env, *get(bucket, "here"))
        is_((r["ok"], r["status"], r["tries"], r["code"]), (False, 301, 1, "PermanentRedirect"), "a region %r is not followed" % region)
    world.gate.rules()


def test_exits(world, env, bucket):
    dies(env, get(bucket, "no/such key"), 66, "aws-drive: s3 GetObject s3://%s/no/such key: NoSuchKey: " % bucket, "(HTTP 404, request ID ")
    dies(env, get("no-such-bucket-here", "k"), 78, "NoSuchBucket", "HTTP 404")
    dies(env, get(bucket, "a\x1b[31m\nb"), 66, "s3://%s/a?[31m?b: " % bucket)
    for rule, code, text in (({"do": "403"}, 77, "AccessDenied: Access Denied (HTTP 403, request ID "),
                             ({"do": "503-slowdown"}, 69, "SlowDown: Please reduce your request rate. (HTTP 503, 3 tries, request ID "),
                             ({"do": "expired-token"}, 77, "ExpiredToken"), ({"do": "time-skewed"}, 77, "RequestTimeTooSkewed"),
                             ({"do": "301-region", "region": "cn-north-1"}, 78, "PermanentRedirect"),
                             ({"do": "reply", "status": 400}, 78, "BadRequest (HTTP 400"),
                             ({"do": "reply", "status": 501}, 78, "NotImplemented"),
                             ({"do": "reply", "status": 599}, 69, "UnknownError (HTTP 599"),
                             ({"do": "409"}, 69, "ConditionalRequestConflict"), ({"do": "reset"}, 69, "(no reply, 3 tries)")):
        world.gate.rules(dict(rule, times=0))
        dies(env, get(bucket, "k", "base=1"), code, text)
    world.gate.rules()
    dies(dict(env, AWS_ENDPOINT_URL_S3="ftp://x"), get(bucket, "k"), 78, "AWS_ENDPOINT_URL_S3: ")
    dies(dict(env, AWS_ENDPOINT_URL_S3="http://127.0.0.1:1"), get(bucket, "k", "base=1"), 69, "no reply, 3 tries")
    dies(dict(env, AWS_REGION="evil.example.com/"), get(bucket, "k"), 78, "region evil.example.com/")


def test_endpoints(world, env, bucket):
    world.gate.rules()
    bare = {n: v for n, v in env.items() if n != "AWS_ENDPOINT_URL_S3"}
    none = "http://127.0.0.1:1"
    for name, e, more in (
            ("--endpoint-url", bare, ("-e", world.gate.url)),
            ("--endpoint-url with a '/'", bare, ("-e", world.gate.url + "/")),
            ("--endpoint-url before the environment", dict(bare, AWS_ENDPOINT_URL_S3=none), ("-e", world.gate.url)),
            ("AWS_ENDPOINT_URL", dict(bare, AWS_ENDPOINT_URL=world.gate.url), ()),
            ("AWS_ENDPOINT_URL_S3 before AWS_ENDPOINT_URL",
             dict(bare, AWS_ENDPOINT_URL=none, AWS_ENDPOINT_URL_S3=world.gate.url), ()),
            ("--endpoint-url, though those of the configuration are ignored",
             dict(bare, AWS_ENDPOINT_URL_S3=none, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true"), ("-e", world.gate.url)),
            ("a name in place of an address",
             dict(bare, AWS_ENDPOINT_URL_S3=world.gate.url.replace("127.0.0.1", "LOCALHOST")), ())):
        r = one(e, *more, *get(bucket, "here"))
        ok(r["ok"] and r["body"] == "body of here", name, r)
    config = os.path.join(FOLDER, "config")
    with open(config, "w") as f:
        f.write("[default]\nservices = here\nmax_attempts = 5\n[services here]\ns3 =\n  endpoint_url = %s\n"
                "[profile many]\nmax_attempts = many\n[profile bundle]\nca_bundle = /none\n" % world.gate.url)
    bare["AWS_CONFIG_FILE"] = config
    world.gate.rules({"do": "500", "times": 4})
    r = one(bare, *get(bucket, "here", "base=1"))
    is_((r["ok"], r["tries"]), (True, 5), "endpoint_url and max_attempts of the profile")
    world.gate.rules({"do": "500", "times": 4})
    r = one(dict(bare, AWS_MAX_ATTEMPTS="2"), *get(bucket, "here", "base=1"))
    is_((r["ok"], r["tries"]), (False, 2), "AWS_MAX_ATTEMPTS before that")
    world.gate.rules()
    dies(dict(bare, AWS_PROFILE="many"), get(bucket, "here"), 78, "max_attempts")
    dies(dict(bare, AWS_PROFILE="bundle"), get(bucket, "here"), 78, "ca_bundle: /none: No such file")
    is_(world.gate.refused(), [], "the gate refused nothing")


def test_urls():
    """Where a call would go; nobody is there."""
    env = dict(servers.plain_environment(), HOME=FOLDER, AWS_ACCESS_KEY_ID="AKID", AWS_SECRET_ACCESS_KEY="secret",
               AWS_EC2_METADATA_DISABLED="true", AWS_MAX_ATTEMPTS="1", https_proxy="http://127.0.0.1:1")
    for region, bucket, key, url in (
            ("eu-west-1", "lake", "a/b", "https://lake.s3.eu-west-1.amazonaws.com/a/b"),
            ("eu-west-1", "lake", "", "https://lake.s3.eu-west-1.amazonaws.com/"),
            ("eu-west-1", "", "", "https://s3.eu-west-1.amazonaws.com/"),
            ("eu-west-1", "lake", "/a//b=c", "https://lake.s3.eu-west-1.amazonaws.com//a//b%3Dc"),
            ("us-east-1", "my.lake", "k", "https://s3.us-east-1.amazonaws.com/my.lake/k"),
            ("us-east-1", "MyLake", "/k", "https://s3.us-east-1.amazonaws.com/MyLake//k"),
            ("us-east-1", "my.lake", "", "https://s3.us-east-1.amazonaws.com/my.lake"),
            ("cn-north-1", "lake", "k", "https://lake.s3.cn-north-1.amazonaws.com.cn/k"),
            ("us-gov-west-1", "lake", "k", "https://lake.s3.us-gov-west-1.amazonaws.com/k"),
            ("eusc-de-east-1", "lake", "k", "https://lake.s3.eusc-de-east-1.amazonaws.eu/k"),
            ("us-iso-east-1", "lake", "k", "https://lake.s3.us-iso-east-1.c2s.ic.gov/k")):
        is_(one(env, "-r", region, *get(bucket, key))["url"], url, url)
    r = one(env, "-r", "eu-west-1", "sts", "GetCallerIdentity", "POST", "", "", "body=Action=GetCallerIdentity")
    is_((r["url"], r["hash"]), ("https://sts.eu-west-1.amazonaws.com/", ""), "another service")
    r = one(dict(env, AWS_ENDPOINT_URL_S3="http://127.0.0.1:1", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true"), "-r", "eu-west-1",
            *get("lake", "k"))
    is_(r["url"], "https://lake.s3.eu-west-1.amazonaws.com/k", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
    r = one(dict(env, AWS_ENDPOINT_URL_S3="http://[::1]:9/base/"), "-r", "eu-west-1", *get("lake", "k"))
    is_(r["url"], "http://[::1]:9/base/lake/k", "an endpoint with brackets and a path")


class Hosts:
    """AWS's hosts: a proxy that leads every CONNECT to a TLS server of ours, which answers by host."""

    def __init__(self, cert, key, answer):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        self.answer, self.connects, self.requests = answer, [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            s, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def head(self, s):
        text = b""
        while not text.endswith(b"\r\n\r\n"):
            more = s.recv(1)
            if not more:
                return None
            text += more
        lines = text.decode().split("\r\n")
        return lines[0], {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:-2])}

    def serve(self, s):
        try:
            line, _ = self.head(s)
            self.connects.append(line.split(" ")[1])
            s.sendall(b"HTTP/1.1 200 OK\r\nX-Proxy: 1\r\n\r\n")
            s = self.context.wrap_socket(s, server_side=True)
            while True:
                got = self.head(s)
                if got is None:
                    break
                line, headers = got
                body = b""
                while len(body) < int(headers.get("content-length", 0)):
                    body += s.recv(65536)
                self.requests.append((headers["host"], line, headers, body))
                status, more, body = self.answer(headers["host"])
                s.sendall(("HTTP/1.1 %d X\r\nContent-Length: %d\r\n%s\r\n" % (status, len(body), more)).encode() + body)
        except (OSError, TypeError):
            pass
        finally:
            s.close()


def test_hosts():
    if not shutil.which("openssl"):
        ok(True, "hosts of AWS's # SKIP no openssl here")
        return
    cert, key = os.path.join(FOLDER, "aws.pem"), os.path.join(FOLDER, "aws.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert,
                    "-subj", "/CN=s3", "-addext", "subjectAltName=DNS:*.s3.us-east-1.amazonaws.com,"
                    "DNS:*.s3.eu-central-1.amazonaws.com,DNS:s3.us-east-1.amazonaws.com"], check=True, capture_output=True)

    def answer(host):
        if ".us-east-1." in host:
            return 307, "x-amz-bucket-region: eu-central-1\r\nLocation: https://evil.example.com/\r\n", b""
        return 200, "ETag: \"1\"\r\n", b"it is here"

    hosts = Hosts(cert, key, answer)
    env = dict(servers.plain_environment(), HOME=FOLDER, AWS_ACCESS_KEY_ID="AKID", AWS_SECRET_ACCESS_KEY="secret",
               AWS_EC2_METADATA_DISABLED="true", https_proxy=hosts.url, AWS_CA_BUNDLE=cert)
    got = drive(env, "-r", "us-east-1", "-s", *get("lake", "a=b"), ",", *put("lake", "k", "body=hello", "checksum=1"))
    is_([(r["ok"], r["tries"], r["region"]) for r in got], [(True, 2, "eu-central-1"), (True, 1, "eu-central-1")],
        "a bucket in another region: found there, and remembered")
    is_(sorted(set(hosts.connects)), ["lake.s3.eu-central-1.amazonaws.com:443", "lake.s3.us-east-1.amazonaws.com:443"],
        "no other host was ever asked")
    is_([(r[0], r[1]) for r in hosts.requests], [("lake.s3.us-east-1.amazonaws.com", "GET /a%3Db HTTP/1.1"),
                                                  ("lake.s3.eu-central-1.amazonaws.com", "GET /a%3Db HTTP/1.1"),
                                                  ("lake.s3.eu-central-1.amazonaws.com", "PUT /k HTTP/1.1")], "virtual-hosted style")
    ok("/eu-central-1/s3/aws4_request" in hosts.requests[-1][2]["authorization"], "signed for the other region")
    is_(hosts.requests[-1][2].get("x-amz-content-sha256"), "UNSIGNED-PAYLOAD", "over TLS the payload is not hashed")
    is_(hosts.requests[-1][2].get("x-amz-checksum-crc32"), base64.b64encode(zlib.crc32(b"hello").to_bytes(4, "big")).decode(),
        "but its CRC-32 is sent")
    before = len(hosts.requests)
    r = one(env, "-r", "us-east-1", *get("my.lake", "k", "attempts=1"))
    is_((r["status"], [x[0] for x in hosts.requests[before:]]), (307, ["s3.us-east-1.amazonaws.com"]), "a bucket with a dot in the path")


def main():
    test_urls()
    test_hosts()
    if NO_WORLD:
        ok(True, "calls to a server # SKIP " + NO_WORLD)
    else:
        world = servers.World(FOLDER)
        env = world.environment()
        bucket = world.bucket("aws")
        for test in (test_objects, test_files, test_faults, test_clock, test_region, test_exits, test_endpoints):
            test(world, env, bucket)
        world.stop()
    text = b"".join(outputs)
    secrets = [servers.KEY.secret, servers.SESSION.secret, servers.SESSION.token, "Signature=", "Credential="]
    is_([s for s in secrets if s.encode() in text], [], "no secret in any output")
    print("1..%d" % cases)
    sys.exit(failures > 0)


main()
