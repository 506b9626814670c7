"""The gate: AWS's own examples, signatures by botocore, requests with one thing wrong, every fault of the script."""
import base64
import concurrent.futures
import hashlib
import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'aws'))
import lib  # noqa: E402
import servers  # noqa: E402
import sigv4  # noqa: E402

try:
    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials
except ImportError:
    botocore = None

KEYS = ('a=b:c+d e', '/lead', 'x//y', '//', 'a/.././b', '..', './x', 'trail/', 'ü/日本', '%41%zz', 'q?a=b#c', "~!*'()[]@&,;$",
        'day=2024-01-02/1-of-1-3-HASH.ndjson.gz')

# S3 API Reference, "Authenticating Requests: Using the Authorization Header": Signature Calculation Examples.
EXAMPLE_KEY = sigv4.Key('AKIAIOSFODNN7EXAMPLE', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', None)
EXAMPLES = (
    ('GET', '/test.txt', '', (('Range', 'bytes=0-9'),), b'',
     'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41'),
    ('PUT', '/test%24file.text', '', (('Date', 'Fri, 24 May 2013 00:00:00 GMT'), ('x-amz-storage-class', 'REDUCED_REDUNDANCY')),
     b'Welcome to Amazon S3.', '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd'),
    ('GET', '/', 'lifecycle', (), b'', 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'),
    ('GET', '/', 'prefix=J&max-keys=2', (), b'', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'),
)


def examples():
    now = sigv4.seconds_of('20130524T000000Z')
    for method, path, query, more, body, want in EXAMPLES:
        headers = [('Host', 'examplebucket.s3.amazonaws.com'), *more, ('x-amz-date', '20130524T000000Z'),
                   ('x-amz-content-sha256', hashlib.sha256(body).hexdigest())]
        signed = sorted(name.lower() for name, _ in headers)
        headers.append(('Authorization', 'AWS4-HMAC-SHA256 Credential=%s/20130524/us-east-1/s3/aws4_request,'
                        'SignedHeaders=%s,Signature=%s' % (EXAMPLE_KEY.id, ';'.join(signed), want)))
        request = sigv4.Request(method, path, query, headers, body)
        lib.ok(refusal(request, now) is None, 'AWS\'s example %s %s?%s' % (method, path, query), refusal(request, now))
        request.path += 'x'
        lib.ok('SignatureDoesNotMatch' in str(refusal(request, now)), '… of another path: refused', refusal(request, now))


def refusal(request, now):
    try:
        sigv4.check(request, {EXAMPLE_KEY.id: EXAMPLE_KEY}, 'us-east-1', ['s3'], now)
    except sigv4.Refused as why:
        return why


class Connection:
    """A connection to the gate; what is sent is as given."""

    def __init__(self, gate, tls=None):
        self.gate = gate
        self.http = http.client.HTTPSConnection('127.0.0.1', gate.port, timeout=20, context=tls) if tls else \
            http.client.HTTPConnection('127.0.0.1', gate.port, timeout=20)
        self.host = '127.0.0.1:%d' % gate.port

    def ask(self, method, target, headers, body=b''):
        """Status, headers, body."""
        self.http.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            self.http.putheader(name, value)
        if (body or method in ('PUT', 'POST')) and not any(name.lower() == 'content-length' for name, _ in headers):
            self.http.putheader('Content-Length', str(len(body)))
        self.http.endheaders(body or None)
        reply = self.http.getresponse()
        return servers.Reply(reply.status, {n.lower(): v for n, v in reply.getheaders()}, reply.read())

    def signed(self, method, path, query='', headers=(), body=b'', key=servers.KEY, region=None, now=None):
        return sigv4.sign(key, method, path, query, [('Host', self.host), *headers], body, region or self.gate.region,
                          now or time.time())

    def close(self):
        self.http.close()


def ask(gate, method, path, query='', headers=(), body=b'', tls=None, **how):
    """One signed request on a connection of its own."""
    connection = Connection(gate, tls)
    try:
        return connection.ask(method, path + ('?' + query if query else ''),
                              connection.signed(method, path, query, headers, body, **how), body)
    finally:
        connection.close()


def code_of(reply):
    text = reply.body.decode(errors='replace')
    return text.partition('<Code>')[2].partition('</Code>')[0]


# Signatures

def by_botocore(world, bucket):
    """S3 as botocore signs it, all requests over one connection."""
    found = []
    connection = Connection(world.gate)
    for key in KEYS:
        path = '/%s/%s' % (bucket, sigv4.encode(key.encode(), slash=True))
        body = key.encode()
        for method, body, want in (('PUT', body, 200), ('GET', b'', 200), ('HEAD', b'', 200), ('DELETE', b'', 204)):
            reply = boto(connection, method, path, '', body)
            if reply.status != want or method == 'GET' and reply.body != key.encode():
                found.append('%s %s: %d %s' % (method, path, reply.status, reply.body[:200]))
    for query in ('list-type=2&prefix=odd%2F', 'prefix=a%20b%2Bc%3D&list-type=2&encoding-type=url&max-keys=2', 'uploads',
                  'uploads='):
        reply = boto(connection, 'GET', '/' + bucket, query)
        if reply.status != 200:
            found.append('GET ?%s: %d %s' % (query, reply.status, reply.body[:200]))
    reply = boto(connection, 'GET', '/' + bucket, 'list-type=2', key=servers.SESSION)
    if reply.status != 200:
        found.append('with a session token: %d %s' % (reply.status, reply.body[:200]))
    connection.close()
    lib.none(found + world.gate.refused(), 'what botocore signs is let through')


def boto(connection, method, path, query, body=b'', key=servers.KEY):
    url = 'http://%s%s%s' % (connection.host, path, '?' + query if query else '')
    request = botocore.awsrequest.AWSRequest(method=method, url=url, data=body, headers={'Host': connection.host})
    credentials = botocore.credentials.Credentials(key.id, key.secret, key.token)
    botocore.auth.S3SigV4Auth(credentials, 's3', connection.gate.region).add_auth(request)
    return connection.ask(method, path + ('?' + query if query else ''), list(request.headers.items()), body)


def replaced(headers, name, value):
    """With another value; None takes the header away."""
    kept = [(n, value if n.lower() == name and value is not None else v) for n, v in headers
            if n.lower() != name or value is not None]
    return kept if any(n.lower() == name for n, _ in headers) or value is None else kept + [(name, value)]


def edited(headers, old, new):
    """With another Authorization."""
    return [(n, v.replace(old, new) if n == 'Authorization' else v) for n, v in headers]


def tampered(world, bucket):
    """Each is a good request but for one thing."""
    gate, path, body = world.gate, '/%s/k%%3D1' % bucket, b'hello'
    connection = Connection(gate)
    other = '0' * 64

    def good(**how):
        return connection.signed('PUT', path, 'a=1&b=2', [('x-amz-meta-a', 'b'), ('Content-Type', 'text/plain')], body, **how)

    crc = [('x-amz-checksum-crc32', servers.crc32(b'other'))]
    md5 = [('Content-MD5', base64.b64encode(hashlib.md5(b'other').digest()).decode())]
    headers = good()
    q = 'a=1&b=2'
    cases = (
        ('as it is', path, q, headers, body, 200, ''),
        ('query in another order', path, 'b=2&a=1', headers, body, 200, ''),
        ('spaces around a value', path, q, replaced(headers, 'x-amz-meta-a', '  b '), body, 200, ''),
        ('another path', path + 'x', q, headers, body, 403, 'SignatureDoesNotMatch'),
        ('a path encoded otherwise', path.replace('%3D', '='), q, headers, body, 403, 'SignatureDoesNotMatch'),
        ('small hex digits', path.replace('%3D', '%3d'), q, headers, body, 403, 'SignatureDoesNotMatch'),
        ('a path signed as sent, but not encoded', '/%s/a=b' % bucket, '',
         connection.signed('PUT', '/%s/a=b' % bucket, '', (), body), body, 403, 'SignatureDoesNotMatch'),
        ('a query signed as sent, but not encoded', path, 'prefix=a/b',
         connection.signed('PUT', path, 'prefix=a/b', (), body), body, 403, 'SignatureDoesNotMatch'),
        ('another query', path, 'a=1&b=3', headers, body, 403, 'SignatureDoesNotMatch'),
        ('no query', path, '', headers, body, 403, 'SignatureDoesNotMatch'),
        ('another body', path, q, headers, b'hellO', 400, 'XAmzContentSHA256Mismatch'),
        ('another hash of the body', path, q, replaced(headers, 'x-amz-content-sha256', other), body, 400,
         'XAmzContentSHA256Mismatch'),
        ('no hash of the body', path, q, replaced(headers, 'x-amz-content-sha256', None), body, 403, 'SignatureDoesNotMatch'),
        ('no hash, and none signed', path, '', [h for h in unsigned_hash(connection, path, body)], body, 400, 'InvalidRequest'),
        ('UNSIGNED-PAYLOAD without TLS', path, '', connection.signed(
            'PUT', path, '', [('x-amz-content-sha256', 'UNSIGNED-PAYLOAD')], body), body, 400, 'InvalidRequest'),
        ('a body in chunks', path, '', connection.signed(
            'PUT', path, '', [('x-amz-content-sha256', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER')], body), body, 501, 'NotImplemented'),
        ('another value of a signed header', path, q, replaced(headers, 'x-amz-meta-a', 'c'), body, 403, 'SignatureDoesNotMatch'),
        ('another host', path, q, replaced(headers, 'host', 'localhost:%d' % gate.port), body, 403, 'SignatureDoesNotMatch'),
        ('an x-amz- header that is not signed', path, q, headers + [('x-amz-acl', 'public-read')], body, 403, 'AccessDenied'),
        ('a Content-MD5 that is not signed', path, q, headers + [('Content-MD5', 'XUFAKrxLKna5cZ2REBfFkg==')], body, 403,
         'AccessDenied'),
        ('another name for signed headers', path, q, edited(headers, 'host;', ''), body, 400, 'AuthorizationHeaderMalformed'),
        ('signed headers out of order', path, q, edited(headers, 'content-type;host', 'host;content-type'), body, 400,
         'AuthorizationHeaderMalformed'),
        ('another algorithm', path, q, edited(headers, 'AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA1'), body, 400, 'InvalidRequest'),
        ('another service', path, q, edited(headers, '/s3/', '/sns/'), body, 400, 'AuthorizationHeaderMalformed'),
        ('another region', path, q, good(region='us-west-1'), body, 400, 'AuthorizationHeaderMalformed'),
        ('another end of the scope', path, q, edited(headers, 'aws4_request', 'aws5_request'), body, 400,
         'AuthorizationHeaderMalformed'),
        ('no such key', path, q, good(key=sigv4.Key('AKIDNOBODY', servers.KEY.secret, None)), body, 403, 'InvalidAccessKeyId'),
        ('another secret', path, q, good(key=sigv4.Key(servers.KEY.id, 'x', None)), body, 403, 'SignatureDoesNotMatch'),
        ('another token', path, q, good(key=sigv4.Key(*servers.SESSION[:2], 'x')), body, 400, 'InvalidToken'),
        ('no token', path, q, good(key=sigv4.Key(*servers.SESSION[:2], None)), body, 400, 'InvalidToken'),
        ('a token for a key without', path, q, good(key=sigv4.Key(*servers.KEY[:2], 'x')), body, 400, 'InvalidToken'),
        ('no signature', path, q, replaced(headers, 'authorization', None), body, 403, 'AccessDenied'),
        ('two signatures', path, q, headers + headers[-1:], body, 400, 'InvalidArgument'),
        ('two dates', path, q, headers + [('x-amz-date', '20240101T000000Z')], body, 400, 'InvalidArgument'),
        ('no date', path, q, replaced(headers, 'x-amz-date', None), body, 403, 'AccessDenied'),
        ('16 minutes ago', path, q, good(now=time.time() - 960), body, 403, 'RequestTimeTooSkewed'),
        ('in 16 minutes', path, q, good(now=time.time() + 960), body, 403, 'RequestTimeTooSkewed'),
        ('14 minutes ago', path, q, good(now=time.time() - 840), body, 200, ''),
        ('the scope of another day', path, q, edited(headers, sigv4.amz_date(time.time())[:8] + '/', '20240101/'), body, 400,
         'AuthorizationHeaderMalformed'),
        ('a signed URL', path, 'X-Amz-Signature=' + other, [('Host', connection.host)], body, 403, 'AccessDenied'),
        ('another CRC-32', path, '', connection.signed('PUT', path, '', crc, body), body, 400, 'BadDigest'),
        ('another MD5', path, '', connection.signed('PUT', path, '', md5, body), body, 400, 'BadDigest'),
        ('a length in chunks', path, q, headers + [('Transfer-Encoding', 'chunked'), ('Content-Length', '0')], b'', 501,
         'NotImplemented'),
    )
    for name, at, query, sent, what, status, code in cases:
        gate.mark()
        reply = connection.ask('PUT', at + ('?' + query if query else ''), sent, what)
        seen = gate.log()
        lib.ok((reply.status, code_of(reply)) == (status, code) and len(seen) == 1 and seen[0]['status'] == status and
               seen[0].get('refused', '') == code and (seen[0].get('upstream') == 200) == (status == 200),
               'a request with %s: %d %s' % (name, status, code), reply, seen)
        if reply.headers.get('connection') == 'close':
            connection.close()
    connection.close()


def unsigned_hash(connection, path, body):
    """A signature that knows of no x-amz-content-sha256."""
    date = sigv4.amz_date(time.time())
    scope = '%s/%s/s3/aws4_request' % (date[:8], connection.gate.region)
    headers = [('Host', connection.host), ('x-amz-date', date)]
    names = ['host', 'x-amz-date']
    canonical = sigv4.canonical_request('PUT', path, '', headers, names, hashlib.sha256(body).hexdigest())
    signature = sigv4.signature(servers.KEY.secret, scope, sigv4.string_to_sign(date, scope, canonical))
    return headers + [('Authorization', 'AWS4-HMAC-SHA256 Credential=%s/%s,SignedHeaders=%s,Signature=%s' % (
        servers.KEY.id, scope, ';'.join(names), signature))]


def through_tls(world, bucket):
    if not shutil.which('openssl'):
        lib.skip('over TLS', 'no openssl here')
        return
    cert, key = make_certificate(world.folder)
    gate = servers.Gate(world.folder, world.server, '--tls', cert, key, name='tls')
    tls = ssl.create_default_context(cafile=cert)
    reply = ask(gate, 'PUT', '/%s/tls' % bucket, '', [('x-amz-content-sha256', 'UNSIGNED-PAYLOAD')], b'hi', tls)
    lib.ok(reply.status == 200 and world.s3.get(bucket, 'tls') == b'hi', 'over TLS, UNSIGNED-PAYLOAD is fine', reply)
    gate.stop()


def make_certificate(folder):
    cert, key = os.path.join(folder, 'cert.pem'), os.path.join(folder, 'key.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1',
                    '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert], check=True, capture_output=True)
    return cert, key


# Faults

def outcome(gate, method, path, *args, **how):
    """A reply, or what came instead of one."""
    try:
        return ask(gate, method, path, *args, **how)
    except (ConnectionResetError, http.client.HTTPException, socket.timeout) as why:
        return why


def is_refusal(status, code, **headers):
    def check(reply):
        return isinstance(reply, servers.Reply) and (reply.status, code_of(reply)) == (status, code) and \
            all(reply.headers.get(n.replace('_', '-')) == v for n, v in headers.items())
    return check


def breaks(kind):
    return lambda reply: isinstance(reply, kind)


def plain_answers(world, bucket):
    """What the gate answers by itself: the upstream has nothing of it, unless the rule says so."""
    gate = world.gate
    for do, status, code in (
            ('500', 500, 'InternalError'), ('503', 503, 'ServiceUnavailable'), ('503-slowdown', 503, 'SlowDown'),
            ('400-timeout', 400, 'RequestTimeout'), ('403', 403, 'AccessDenied'), ('404', 404, 'NoSuchKey'),
            ('no-such-bucket', 404, 'NoSuchBucket'), ('no-such-upload', 404, 'NoSuchUpload'),
            ('409', 409, 'ConditionalRequestConflict'), ('412', 412, 'PreconditionFailed'), ('bad-digest', 400, 'BadDigest'),
            ('expired-token', 400, 'ExpiredToken'), ('time-skewed', 403, 'RequestTimeTooSkewed'),
            ('200-error-body', 200, 'InternalError'), ('wrong-crc', 400, 'BadDigest'), ('reset', None, None)):
        gate.rules({'match': {'method': 'PUT'}, 'do': do})
        key = 'answer-' + do
        path = '/%s/%s' % (bucket, key)
        first = outcome(gate, 'PUT', path, body=b'1')
        right = breaks(ConnectionResetError) if do == 'reset' else is_refusal(status, code)
        absent = world.s3.get(bucket, key)
        second = outcome(gate, 'PUT', path, body=b'2')
        notes = gate.log()
        lib.ok(right(first) and absent is None and second.status == 200 and
               [(n['fault'], n['status']) for n in notes] == [(do, status), (None, 200)],
               '%s: once, and nothing is written' % do, first, absent, second, notes)
    gate.rules({'do': '500', 'did': True})
    reply = ask(gate, 'PUT', '/%s/did' % bucket, body=b'1')
    lib.ok(reply.status == 500 and world.s3.get(bucket, 'did') == b'1', '500 after it was done', reply)
    gate.rules({'do': 'reply', 'status': 418, 'headers': {'x-a': 'b'}, 'body': 'tea'})
    reply = ask(gate, 'GET', '/%s/did' % bucket)
    lib.ok((reply.status, reply.headers['x-a'], reply.body) == (418, 'b', b'tea'), 'reply: whatever is wanted', reply)
    gate.rules({'do': 'html-200'})
    reply = ask(gate, 'GET', '/%s/did' % bucket)
    lib.ok(reply.status == 200 and reply.headers['content-type'] == 'text/html' and b'<html>' in reply.body, 'html-200', reply)
    gate.rules({'do': 'lost-answer'})
    reply = outcome(gate, 'PUT', '/%s/lost' % bucket, body=b'1')
    lib.ok(isinstance(reply, ConnectionResetError) and world.s3.get(bucket, 'lost') == b'1', 'lost-answer: done, not told', reply)


def bodies(world, bucket):
    """What becomes of the body of a reply."""
    gate, path, whole = world.gate, '/%s/body' % bucket, bytes(range(256)) * 8
    world.s3.put(bucket, 'body', whole)
    ranged = [('Range', 'bytes=100-199')]

    def get(rule, headers=()):
        gate.rules(rule)
        began = time.monotonic()
        return outcome(gate, 'GET', path, '', headers), time.monotonic() - began

    reply, _ = get({'do': 'delay', 'ms': 1})
    lib.ok(reply.status == 200 and reply.body == whole, 'a body as it is', reply)
    reply, _ = get({'do': 'cut-body'})
    lib.ok(isinstance(reply, http.client.IncompleteRead) and len(reply.partial) == 1024, 'cut-body: half of it', reply)
    reply, _ = get({'do': 'cut-head'})
    lib.ok(isinstance(reply, http.client.HTTPException) or not reply.body, 'cut-head: not all headers', reply)
    reply, _ = get({'do': 'cut-body', 'how': 'reset'})
    lib.ok(isinstance(reply, ConnectionResetError), 'cut-body by a reset', reply)
    reply, _ = get({'do': 'trickle', 'pieces': 10, 'ms': 20})
    lib.ok(reply.body == whole and _ > 0.15, 'trickle: all of it, slowly', reply, _)
    reply, _ = get({'do': 'no-length'})
    lib.ok(reply.body == whole and 'content-length' not in reply.headers, 'no-length', reply)
    reply, _ = get({'do': 'flip'})
    lib.ok(len(reply.body) == 2048 and sum(a != b for a, b in zip(reply.body, whole)) == 1, 'flip: a byte', reply)
    reply, _ = get({'do': 'short'})
    lib.ok(reply.body == whole[:1024] and reply.headers['content-length'] == '1024', 'short: half, as if it were all', reply)
    reply, _ = get({'do': 'wrong-crc'})
    lib.ok(reply.body == whole and reply.headers['x-amz-checksum-crc32'] != servers.crc32(whole), 'wrong-crc of a body', reply)
    reply, _ = get({'do': 'ignore-range'}, ranged)
    lib.ok(reply.status == 200 and reply.body == whole, 'ignore-range', reply)
    reply, _ = get({'do': 'wrong-range'}, ranged)
    lib.ok(reply.status == 206 and reply.body == whole[101:201], 'wrong-range', reply)
    reply, _ = get({'match': {'headers': {'range': None}}, 'do': '500'}, ranged)
    lib.ok(reply.status == 206 and reply.body == whole[100:200], 'a rule for requests without a header', reply)
    reply, _ = get({'match': {'headers': {'range': 'bytes=1*'}}, 'do': '500'}, ranged)
    lib.ok(reply.status == 500, 'a rule for requests with a header', reply)
    for rule in ({'do': 'stall'}, {'do': 'stall-body'}):
        gate.rules(rule)
        lib.ok(stalls(gate, path), '%s: nothing more comes' % rule['do'])
    gate.rules({'do': 'stall', 'seconds': 0.2})
    reply = outcome(gate, 'GET', path)
    lib.ok(isinstance(reply, http.client.RemoteDisconnected), 'stall, for a while', reply)
    gate.rules({'do': 'close-after'})
    connection = Connection(gate)
    first = connection.ask('GET', path, connection.signed('GET', path))
    try:
        second = connection.ask('GET', path, connection.signed('GET', path))
    except (ConnectionResetError, http.client.RemoteDisconnected, BrokenPipeError) as why:
        second = why
    lib.ok(first.body == whole and isinstance(second, Exception), 'close-after: the connection is dead', first, second)
    connection.close()


def stalls(gate, path):
    connection = Connection(gate)
    connection.http.timeout = 0.3
    try:
        connection.ask('GET', path, connection.signed('GET', path))
    except socket.timeout:
        return True
    finally:
        connection.close()
    return False


def conditions(world, bucket):
    gate, path = world.gate, '/%s/doc' % bucket
    etag = world.s3.put(bucket, 'doc', b'1')
    for name, headers, want in (
            ('If-None-Match: *', [('If-None-Match', '*')], (412,)), ('another ETag', [('If-Match', '0' * 32)], (412,)),
            # Ceph will not have quotes.
            ('its ETag, quoted', [('If-Match', etag)], (200, 412) if world.server.verifies else (200,)),
            ('its ETag, without quotes', [('If-Match', etag.strip('"'))], (200,))):
        gate.rules()
        world.s3.put(bucket, 'doc', b'1')
        reply = ask(gate, 'PUT', path, '', headers, b'2')
        lib.ok(reply.status in want, 'PUT with %s: %s' % (name, ' or '.join(map(str, want))), reply)
        gate.rules({'match': {'kind': 'put-if'}, 'do': 'ignore-conditions'})
        reply = ask(gate, 'PUT', path, '', headers, b'3')
        lib.ok(reply.status == 200 and world.s3.get(bucket, 'doc') == b'3', '… with ignore-conditions: 200', reply)
    gate.rules()
    reply = ask(gate, 'PUT', '/%s/new-doc' % bucket, '', [('If-Match', '0' * 32)], b'1')
    lib.ok(reply.status in (404, 412) and world.s3.get(bucket, 'new-doc') is None, 'If-Match where there is nothing', reply)
    found = []
    for n in range(10):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            path = '/%s/race%d' % (bucket, n)
            tries = [pool.submit(ask, gate, 'PUT', path, '', [('If-None-Match', '*')], b'%d' % i) for i in range(4)]
        if sorted(t.result().status for t in tries) != [200, 412, 412, 412]:
            found.append([t.result().status for t in tries])
    lib.none(found, 'of four If-None-Match: * at once, one wins')


def clocks_and_regions(world, bucket):
    gate, path = world.gate, '/%s/doc' % bucket
    gate.rules({'do': 'clock', 'seconds': 7200})
    reply = ask(gate, 'GET', path)
    date = reply.headers['date']
    lib.ok(is_refusal(403, 'RequestTimeTooSkewed')(reply) and date == sigv4.http_date(time.time() + 7200)[:22] + date[22:],
           'clock: who goes by another one is refused, and told the time', reply)
    reply = ask(gate, 'GET', path, now=time.time() + 7200)
    lib.ok(reply.status == 200, 'clock: who goes by it is not', reply)
    for do, status, code in (('301-region', 301, 'PermanentRedirect'), ('307-region', 307, 'TemporaryRedirect'),
                             ('400-region', 400, 'AuthorizationHeaderMalformed')):
        gate.rules({'match': {'path': '/%s*' % bucket}, 'do': do, 'region': 'ap-south-1', 'endpoint': '127.0.0.1:9'})
        wrong, right = ask(gate, 'GET', path), ask(gate, 'GET', path, region='ap-south-1')
        head, elsewhere = ask(gate, 'HEAD', path), ask(gate, 'GET', '/other-' + bucket, 'list-type=2')
        lib.ok(is_refusal(status, code, x_amz_bucket_region='ap-south-1')(wrong) and right.status == 200 and
               head.status == status and head.headers['x-amz-bucket-region'] == 'ap-south-1' and elsewhere.status == 404,
               '%s: %d, and the region' % (do, status), wrong, right, head, elsewhere)
        lib.ok(do != '307-region' or wrong.headers['location'] == 'http://127.0.0.1:9%s?' % path, '%s: where to' % do, wrong)
        lib.ok(do != '400-region' or b'<Region>ap-south-1</Region>' in wrong.body, '%s: in the body too' % do, wrong)


def counts(world, bucket):
    gate, path = world.gate, '/%s/doc' % bucket

    def statuses(n, *rules):
        gate.rules(*rules)
        return [ask(gate, 'GET', path).status for _ in range(n)]

    lib.ok(statuses(3, {'do': '500'}) == [500, 200, 200], 'a rule is met once')
    lib.ok(statuses(5, {'do': '500', 'nth': 2, 'times': 2}) == [200, 500, 500, 200, 200], 'nth and times')
    lib.ok(statuses(3, {'do': '500', 'nth': 2, 'times': 0}) == [200, 500, 500], 'times 0: from then on')
    lib.ok(statuses(4, {'do': '500', 'nth': 2}, {'do': '404'}) == [404, 500, 200, 200], 'the first that is due; counts go on')
    lib.ok(statuses(2, {'match': {'path': '*/other'}, 'do': '500'}) == [200, 200], 'of another path: not met')
    gate.rules({'do': '404'})
    bad = ask(gate, 'GET', path, key=sigv4.Key(servers.KEY.id, 'x', None))
    lib.ok(bad.status == 403 and ask(gate, 'GET', path).status == 404, 'a request that is refused does not count', bad)
    gate.rules({'match': {'path': '/%s/a=ü *' % bucket, 'method': 'GET', 'query': 'x=%2F*', 'kind': 'get'}, 'do': '500'})
    target = '/%s/%s' % (bucket, sigv4.encode('a=ü 1'.encode()))
    lib.ok(ask(gate, 'GET', target, 'x=%2Fy').status == 500, 'all of a match: the path decoded, the query as it came')
    want = {('GET', '/b', 'list-type=2'): 'list', ('GET', '/b/', 'uploads='): 'list-uploads', ('PUT', '/b', ''): 'put-bucket',
            ('GET', '/b/k', ''): 'get', ('HEAD', '/b/k', ''): 'head', ('PUT', '/b/k', ''): 'put', ('DELETE', '/b/k', ''): 'delete',
            ('POST', '/b/k', 'uploads='): 'multipart-create', ('PUT', '/b/k', 'partNumber=1&uploadId=2'): 'multipart-part',
            ('POST', '/b/k', 'uploadId=2'): 'multipart-complete', ('DELETE', '/b/k', 'uploadId=2'): 'multipart-abort'}
    gate.rules({'do': '404', 'times': 0})
    for method, path, query in want:
        ask(gate, method, path, query)
    ask(gate, 'PUT', '/b/k', '', [('If-Match', 'x')])
    lib.ok([note['kind'] for note in gate.log()] == [*want.values(), 'put-if'], 'kinds', [n['kind'] for n in gate.log()])


def markers_and_signals(world, bucket):
    gate, path = world.gate, '/%s/held' % bucket
    here, go = os.path.join(world.folder, 'here'), os.path.join(world.folder, 'go')
    gate.rules({'match': {'method': 'PUT'}, 'do': 'hold', 'marker': here, 'until': go})
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        put = pool.submit(ask, gate, 'PUT', path, body=b'1')
        servers.wait_for(here)
        before = world.s3.get(bucket, 'held')
        open(go, 'w').close()
        lib.ok(put.result().status == 200 and before is None and world.s3.get(bucket, 'held') == b'1', 'hold', put.result())
    for did, want in ((False, None), (True, b'1')):
        victim = subprocess.Popen(['sleep', '60'])
        gate.rules({'do': 'kill-client', 'pid': victim.pid, 'did': did})
        key = 'killed-%s' % did
        reply = outcome(gate, 'PUT', '/%s/%s' % (bucket, key), body=b'1')
        lib.ok(isinstance(reply, Exception) and victim.wait(5) == -signal.SIGKILL and world.s3.get(bucket, key) == want,
               'kill-client %s it is done' % ('after' if did else 'before'), reply)


def early(world, bucket):
    """A reset before the body, and a body that is never sent whole."""
    gate, path = world.gate, '/%s/early' % bucket
    gate.rules({'do': 'reset', 'when': 'head'})
    connection = Connection(gate)
    headers = connection.signed('PUT', path, body=b'x' * 9) + [('Content-Length', '9')]
    connection.http.putrequest('PUT', path, skip_host=True, skip_accept_encoding=True)
    for header in headers:
        connection.http.putheader(*header)
    connection.http.endheaders()
    try:
        reply = connection.http.getresponse()
    except ConnectionError as why:
        reply = why
    lib.ok(isinstance(reply, ConnectionResetError), 'reset at the head', reply)
    connection.close()
    gate.rules()
    sock = socket.create_connection(('127.0.0.1', gate.port))
    text = 'PUT %s HTTP/1.1\r\n%s\r\n\r\n' % (path, '\r\n'.join('%s: %s' % h for h in headers))
    sock.sendall(text.encode() + b'xxxx')
    sock.close()
    end = time.monotonic() + 5
    while not gate.log() and time.monotonic() < end:
        time.sleep(0.01)
    lib.ok([note.get('cut') for note in gate.log()] == [True] and world.s3.get(bucket, 'early') is None,
           'a body that ends early goes no further', gate.log())
    sock = socket.create_connection(('127.0.0.1', gate.port), 5)
    body = b'x' * 9
    sock.sendall(text.replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n').encode())
    first = sock.recv(100)
    sock.sendall(body)
    lib.ok(first == b'HTTP/1.1 100 Continue\r\n\r\n' and sock.recv(100).startswith(b'HTTP/1.1 200 '), 'Expect: 100-continue', first)
    sock.close()


def multipart(world, bucket):
    """Parts, and the CRC-32 of the whole at its end, which is not that of the request's body."""
    gate, path = world.gate, '/%s/parts' % bucket
    gate.rules()
    world.s3.call('PUT', bucket, 'odd')
    reply = ask(gate, 'POST', path, 'uploads=')
    upload = sigv4.encode(reply.body.partition(b'<UploadId>')[2].partition(b'<')[0])
    parts = [b'a' * (5 << 20), b'b']
    etags = [ask(gate, 'PUT', path, 'partNumber=%d&uploadId=%s' % (n, upload), [('x-amz-checksum-crc32', servers.crc32(p))], p)
             .headers['etag'] for n, p in enumerate(parts, 1)]
    lib.ok(world.s3.uploads(bucket) == ['parts'], 'an upload that goes on is seen', world.s3.uploads(bucket))
    body = '<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">%s</CompleteMultipartUpload>' % ''.join(
        '<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>' % part for part in enumerate(etags, 1))
    gate.rules({'match': {'kind': 'multipart-complete'}, 'do': '200-error-body'})
    reply = ask(gate, 'POST', path, 'uploadId=' + upload, body=body.encode())
    lib.ok(reply.status == 200 and code_of(reply) == 'InternalError' and world.s3.get(bucket, 'parts') is None,
           '200-error-body at the end of an upload: not done', reply)
    reply = ask(gate, 'POST', path, 'uploadId=' + upload, body=body.encode())
    lib.ok(reply.status == 200 and world.s3.get(bucket, 'parts') == b''.join(parts) and not world.s3.uploads(bucket),
           'an upload in parts', reply)


def around(world, bucket):
    """The harness's own S3, straight to the server."""
    s3 = world.s3
    s3.empty(bucket)
    for key in KEYS:
        s3.put(bucket, key, key.encode())
    lib.ok(set(s3.list(bucket)) == set(KEYS), 'keys are listed as they are', sorted(s3.list(bucket)))
    lib.none([key for key in KEYS if s3.get(bucket, key) != key.encode()], '… and read as they are')
    lib.ok(set(s3.list(bucket, 'a')) == {key for key in KEYS if key.startswith('a')}, '… by prefix', s3.list(bucket, 'a'))
    lib.ok(set(s3.list(bucket, page=2)) == set(KEYS), '… by pages')
    through = servers.S3(world.gate.url, servers.KEY, world.gate.region)
    world.gate.rules()
    lib.ok(through.list(bucket) == s3.list(bucket) and not world.gate.refused(), 'the gate changes nothing of it',
           world.gate.refused())


def many(world, bucket):
    """Connections at once, kept or not."""
    world.gate.rules({'match': {'method': 'PUT'}, 'do': 'delay', 'ms': 30, 'times': 0})
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda n: ask(world.gate, 'PUT', '/%s/many%d' % (bucket, n), body=b'%d' % n).status, range(24)))
    most = servers.most_at_once(world.gate.log())
    lib.ok(done == [200] * 24 and 4 <= most <= 8, 'many at once, and how many is told: %d' % most, done)


def signed_anew(world, bucket):
    """--resign, for an upstream that checks signatures itself: another gate."""
    second = servers.Gate(world.folder, world.server, name='second', keys=[sigv4.Key('AKIDOTHER', 'another/secret', None)])
    plain, behind = second.url, ['--resign', 'AKIDOTHER:another/secret']
    for more, want in (([], 403), (behind, 200)):
        first = servers.Gate(world.folder, Upstream(plain), *more, name='first')
        body, path = b'hello', '/%s/%s' % (bucket, sigv4.encode('a=b:c+d e//ü'.encode(), slash=True))
        headers = [('Content-Type', 'text/plain'), ('x-amz-meta-a', 'b'), ('x-amz-checksum-crc32', servers.crc32(body))]
        reply = ask(first, 'PUT', path, '', headers, body, key=servers.SESSION)
        again = ask(first, 'GET', path, key=servers.SESSION)
        lib.ok((reply.status, again.status) == (want, want) and (want != 200 or again.body == body),
               'an upstream that checks signatures, %s --resign: %d' % ('with' if more else 'without', want), reply, again,
               second.refused())
        first.stop()
    second.stop()


class Upstream:
    verifies = False

    def __init__(self, url):
        self.url = url


def without_secrets(world):
    with open(world.gate.log_path) as f:
        text = f.read()
    with open(os.path.join(world.folder, 'gate.err')) as f:
        text += f.read()
    for name, secret in (('secret', servers.KEY.secret), ('secret', servers.SESSION.secret), ('token', servers.SESSION.token),
                         ('signature', ' Signature=')):
        lib.ok(secret not in text, 'no %s in the log' % name)


def ends_with_parent(world):
    words = [os.path.join(servers.HERE, 'gate'), '--upstream', world.server.url, '--keys', 'a:b']
    code = 'import subprocess, sys; p = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE); p.stdout.readline(); print(p.pid)'
    pid = int(subprocess.run([sys.executable, '-c', code, sys.executable, *words], capture_output=True, check=True).stdout)
    end = time.monotonic() + 5
    while time.monotonic() < end and alive(pid):
        time.sleep(0.05)
    lib.ok(not alive(pid), 'the gate ends with who started it')


def alive(pid):
    try:
        with open('/proc/%d/stat' % pid) as f:
            return f.read().rpartition(')')[2].split()[0] not in 'ZX'
    except (FileNotFoundError, ProcessLookupError):
        return False


def main():
    examples()
    why = servers.missing()
    if why:
        lib.skip('the gate in front of a server', why)
        lib.done()
    with lib.scratch() as tmp:
        world = servers.World(tmp)
        bucket = world.bucket('gate')
        if botocore:
            by_botocore(world, bucket)
        else:
            lib.skip('what botocore signs is let through', 'no botocore here')
        for part in (tampered, through_tls, plain_answers, bodies, conditions, clocks_and_regions, counts, markers_and_signals,
                     early, multipart, many, signed_anew, around):
            part(world, bucket)
        without_secrets(world)
        ends_with_parent(world)
        world.stop()
    lib.done()


if __name__ == '__main__':
    sys.exit(main())
