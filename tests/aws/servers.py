"""Servers for tests: an S3 server on loopback, the gate in front of it, and S3 as the tests themselves see it.

The server is moto_server, one for each test, or the one that CUR_TEST_S3 names (http://127.0.0.1:PORT, with
CUR_TEST_S3_KEYS=ID:SECRET), which checks signatures itself and stays.  What is started here is ended here, by its pid.
"""
import atexit
import base64
import collections
import contextlib
import ctypes
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(HERE)
import sigv4  # noqa: E402

REGION = 'eu-central-1'
# Keys that the gate knows; with '/', '+' and '=', which must survive.
KEY = sigv4.Key('AKIDGATEEXAMPLE00001', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', None)
SESSION = sigv4.Key('ASIDGATEEXAMPLE00002', 'aSecretOfASession/With+Signs0123456789xyz', 'IQoJb3JpZ2lu/X2VjEXAMPLE+TOKEN/' * 8 + '==')
START_S = 30
Object = collections.namedtuple('Object', 'bytes etag')
Reply = collections.namedtuple('Reply', 'status headers body')


def die_with_parent():
    """A server must not outlive a test that was killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Process:
    """A server of our own."""

    def __init__(self, words, log, **how):
        with open(log, 'ab') as err:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=err, preexec_fn=die_with_parent,
                                            env=plain_environment(), **how)
        self.log = log
        atexit.register(self.stop)

    def stop(self):
        atexit.unregister(self.stop)
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def why(self):
        with open(self.log, errors='replace') as f:
            return f.read()[-2000:]


def plain_environment():
    """Ours, without what makes AWS programs, or anybody, look elsewhere."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith('AWS_') and name.lower() not in ('http_proxy', 'https_proxy', 'all_proxy', 'no_proxy')}


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as s:
        return s.getsockname()[1]


def missing():
    """Why there is no server to be had; None if there is one."""
    if os.environ.get('CUR_TEST_S3') or shutil.which('moto_server'):
        return None
    return 'no moto_server here'


class Moto:
    verifies = False
    key = KEY

    def __init__(self, folder):
        for _ in range(3):
            port = free_port()
            self.process = Process(['moto_server', '-H', '127.0.0.1', '-p', str(port)], os.path.join(folder, 'moto.log'),
                                   stdout=subprocess.DEVNULL)
            if self.answers(port):
                break
            self.process.stop()
        else:
            raise RuntimeError('moto_server does not come up: ' + self.process.why())
        self.url = 'http://127.0.0.1:%d' % port

    def answers(self, port):
        end = time.monotonic() + START_S
        while time.monotonic() < end and self.process.process.poll() is None:
            try:
                connection = http.client.HTTPConnection('127.0.0.1', port, timeout=5)
                connection.request('GET', '/moto-api/')
                return connection.getresponse().status == 200
            except OSError:
                time.sleep(0.02)
            finally:
                connection.close()
        return False

    def stop(self):
        self.process.stop()


class Elsewhere:
    """A server that is there already."""
    verifies = True

    def __init__(self):
        self.url = os.environ['CUR_TEST_S3']
        self.key = sigv4.parse_key(os.environ['CUR_TEST_S3_KEYS'])

    def stop(self):
        pass


def server(folder):
    return Elsewhere() if os.environ.get('CUR_TEST_S3') else Moto(folder)


class Gate:
    """Rules go in, notes come out."""

    def __init__(self, folder, server, *options, name='gate', region=REGION, keys=(KEY, SESSION)):
        self.script, self.log_path = os.path.join(folder, name + '.script'), os.path.join(folder, name + '.log')
        self.rules()
        open(self.log_path, 'w').close()
        words = [os.path.join(HERE, 'gate'), '--upstream', server.url, '--script', self.script, '--log', self.log_path,
                 '--region', region, *options]
        for key in keys:
            words += ['--keys', ':'.join(filter(None, key))]
        if server.verifies:
            words += ['--resign', '%s:%s' % (server.key.id, server.key.secret)]
        self.process = Process([sys.executable, *words], os.path.join(folder, name + '.err'), stdout=subprocess.PIPE, text=True)
        line = self.process.process.stdout.readline()
        if not line:
            raise RuntimeError('the gate does not come up: ' + self.process.why())
        self.port, self.region = int(line), region
        self.url = 'http%s://127.0.0.1:%d' % ('s' * ('--tls' in options), self.port)
        self.offset = 0

    def rules(self, *rules):
        """From now on these, and all counts at nothing; the log is read from here."""
        text = ''.join(json.dumps(rule) + '\n' for rule in rules)
        with tempfile.NamedTemporaryFile('w', dir=os.path.dirname(self.script), delete=False) as f:
            f.write(text)
        os.rename(f.name, self.script)
        self.mark()

    def mark(self):
        self.offset = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0

    def log(self, **match):
        """The notes since the rules came or mark(): those in which these members have these values."""
        with open(self.log_path) as f:
            f.seek(self.offset)
            notes = [json.loads(line) for line in f]
        return [note for note in notes if all(note.get(name) == value for name, value in match.items())]

    def refused(self):
        return ['%s %s: %s' % (note['method'], note['target'], note['refused']) for note in self.log() if 'refused' in note]

    def stop(self):
        self.process.stop()
        self.process.process.stdout.close()


def most_at_once(notes):
    """How many of these requests were under way at one time."""
    return max([sum(other['time'] <= note['time'] < other['ended'] for other in notes) for note in notes], default=0)


def crc32(body):
    return base64.b64encode(zlib.crc32(body).to_bytes(4, 'big')).decode()


def wait_for(path, seconds=30):
    end = time.monotonic() + seconds
    while not os.path.exists(path):
        if time.monotonic() > end:
            raise TimeoutError(path)
        time.sleep(0.005)


class S3:
    """Requests as they are meant, with nothing between: to the server itself, or to a gate."""

    def __init__(self, url, key, region=REGION):
        self.url, self.key, self.region = urllib.parse.urlsplit(url), key, region

    def call(self, method, bucket, key=None, query='', headers=(), body=b'', **expected):
        """key is text or bytes.  status=N: anything else is an exception."""
        raw = key.encode(errors='surrogateescape') if isinstance(key, str) else key
        path = '/' + bucket + ('' if raw is None else '/' + sigv4.encode(raw, slash=True))
        for _ in range(3):
            reply = self.once(method, path, query, headers, body)
            # moto answers so when two are at work in one bucket.
            if reply.status != 500 or not reply.body.startswith(b'<!doctype html>'):
                break
        if expected and reply.status != expected['status']:
            raise RuntimeError('%s %s?%s: %d %s' % (method, path, query, reply.status, reply.body[:500]))
        return reply

    def once(self, method, path, query, headers, body):
        signed = sigv4.sign(self.key, method, path, query, [('Host', self.url.netloc), *headers], body, self.region, time.time())
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=60)
        try:
            connection.putrequest(method, path + ('?' + query if query else ''), skip_host=True, skip_accept_encoding=True)
            for name, value in signed:
                connection.putheader(name, value)
            if body or method in ('PUT', 'POST'):
                connection.putheader('Content-Length', str(len(body)))
            connection.endheaders(body or None)
            response = connection.getresponse()
            return Reply(response.status, {n.lower(): v for n, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def make_bucket(self, bucket):
        body = '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>%s' \
            '</LocationConstraint></CreateBucketConfiguration>' % self.region
        reply = self.call('PUT', bucket, body=body.encode())
        if reply.status != 200:
            self.call('PUT', bucket, status=200)
        return bucket

    def put(self, bucket, key, body):
        return self.call('PUT', bucket, key, body=body, status=200).headers['etag']

    def get(self, bucket, key):
        """The bytes; None if there is no such object."""
        reply = self.call('GET', bucket, key)
        if reply.status == 404:
            return None
        if reply.status != 200:
            raise RuntimeError('GET %s: %d %s' % (key, reply.status, reply.body[:500]))
        return reply.body

    def delete(self, bucket, key):
        self.call('DELETE', bucket, key, status=204)

    def pages(self, bucket, query, more):
        """Each page of a listing as a tree without namespaces."""
        token = ''
        while True:
            text = self.call('GET', bucket, query='&'.join(sorted([*query, *([token] if token else [])])), status=200).body
            page = ElementTree.fromstring(re.sub(rb' xmlns="[^"]*"', b'', text, 1))
            yield page
            if page.findtext('IsTruncated') != 'true':
                return
            token = '%s=%s' % (more[0], sigv4.encode(page.findtext(more[1]).encode()))

    def list(self, bucket, prefix='', page=1000):
        """key: Object, of all keys with the prefix.  Keys are text, odd bytes as surrogates."""
        query = ['encoding-type=url', 'list-type=2', 'max-keys=%d' % page, 'prefix=' + sigv4.encode(prefix.encode())]
        found = {}
        for part in self.pages(bucket, query, ('continuation-token', 'NextContinuationToken')):
            for entry in part.findall('Contents'):
                key = urllib.parse.unquote_plus(entry.findtext('Key'), errors='surrogateescape')
                found[key] = Object(int(entry.findtext('Size')), entry.findtext('ETag'))
        return found

    def uploads(self, bucket):
        """Keys of multipart uploads that are neither completed nor aborted."""
        text = self.call('GET', bucket, query='uploads=', status=200).body
        page = ElementTree.fromstring(re.sub(rb' xmlns="[^"]*"', b'', text, 1))
        return [entry.findtext('Key') for entry in page.findall('Upload')]

    def empty(self, bucket, prefix=''):
        for key in self.list(bucket, prefix):
            self.delete(bucket, key)

    def upload(self, folder, bucket, prefix=''):
        """Every file below the folder, as prefix and its path."""
        for path in sorted(files_below(folder)):
            with open(os.path.join(folder, path), 'rb') as f:
                self.put(bucket, prefix + path, f.read())

    def download(self, bucket, prefix, folder):
        """Every object below the prefix, as a file."""
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        for key in self.list(bucket, prefix):
            path = os.path.join(folder, key[len(prefix):].lstrip('/'))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'wb') as f:
                f.write(self.get(bucket, key))


def files_below(folder):
    return [os.path.relpath(os.path.join(at, f), folder) for at, _, names in os.walk(folder) for f in names]


class World:
    """A server, a gate, a way around it, and an environment that leads to the gate and nowhere else."""

    def __init__(self, folder, *options, **gate):
        self.folder = folder
        self.server = server(folder)
        self.gate = Gate(folder, self.server, *options, **gate)
        self.s3 = S3(self.server.url, self.server.key)
        self.run = '%d-%d' % (os.getpid(), time.time())
        self.made = []

    def bucket(self, name):
        """A new bucket, of a name that no other run has."""
        bucket = self.s3.make_bucket('cur-%s-%s' % (name, self.run))
        self.made.append(bucket)
        return bucket

    def environment(self, gate=None, key=KEY, **more):
        """More: variables by name; None takes one away."""
        nowhere = os.path.join(self.folder, 'nowhere')
        gate = gate or self.gate
        env = dict(plain_environment(), HOME=nowhere, AWS_CONFIG_FILE=nowhere + '/config',
                   AWS_SHARED_CREDENTIALS_FILE=nowhere + '/credentials', AWS_EC2_METADATA_DISABLED='true',
                   AWS_REGION=gate.region, AWS_ENDPOINT_URL_S3=gate.url)
        if key:
            env.update(AWS_ACCESS_KEY_ID=key.id, AWS_SECRET_ACCESS_KEY=key.secret)
            if key.token:
                env.update(AWS_SESSION_TOKEN=key.token)
        env.update(more)
        return {name: value for name, value in env.items() if value is not None}

    def stop(self):
        """A server of somebody else's keeps nothing of ours."""
        if self.server.verifies:
            for bucket in self.made:
                with contextlib.suppress(RuntimeError, OSError):
                    self.s3.empty(bucket)
                    self.s3.call('DELETE', bucket)
        self.gate.stop()
        self.server.stop()
