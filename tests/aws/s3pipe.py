"""Pipes over S3, for tests: deliveries in buckets, runs whose every word is searched for secrets, stores as they stand."""
import json
import os
import shutil
import sys
import tempfile

sys.path.append(os.path.dirname(os.path.abspath(__file__)))
import lib  # noqa: E402
import servers  # noqa: E402

SECRETS = {'secret of a key': servers.KEY.secret, 'secret of a session': servers.SESSION.secret,
           'token': servers.SESSION.token, 'signature': 'Signature='}
leaks, said = [], 0


def search(*texts):
    """Notes what must not be said; nobody's output has it."""
    global said
    for text in texts:
        said += len(text)
        leaks.extend('%s: …%s' % (what, text[-200:]) for what, secret in SECRETS.items() if secret in text)


def run(stages, env, **how):
    """A pipe; what it says is searched."""
    result = lib.pipe(*stages, env=env, **how)
    search(result.err, result.out.decode(errors='replace'))
    return result


def stages(source, store, fetch=(), dedupe=(), sink=()):
    return (['cur-fetch', '--all', *fetch, source], ['cur-parse'], ['cur-dedupe', '--state', store, *dedupe],
            ['cur-sink-s3', *sink, store])


def deliver(folder, version, rows, bucket='billing', prefix='finops', **how):
    """lib.deliver, for a bucket and prefix: the folder is the bucket, less the prefix, which its keys have."""
    lib.deliver(folder, version, rows, **how)
    for path in servers.files_below(folder):
        if path.endswith('-Manifest.json'):
            with open(os.path.join(folder, path)) as f:
                manifest = json.load(f)
            manifest['bucket'] = bucket
            manifest['reportKeys'] = [prefix + key[len('finops'):] for key in manifest['reportKeys']]
            with open(os.path.join(folder, path), 'w') as f:
                json.dump(manifest, f)
    return folder


def upload(s3, folder, bucket, prefix='finops'):
    """A delivery in place of what stood there; manifests last, as AWS does it."""
    inside = os.path.join(folder, 'finops')
    paths = sorted(servers.files_below(inside), key=lambda path: path.endswith('-Manifest.json'))
    for path in paths:
        with open(os.path.join(inside, path), 'rb') as f:
            s3.put(bucket, prefix + '/' + path, f.read())
    keep = {prefix + '/' + path for path in paths}
    for key in s3.list(bucket, prefix + '/'):
        if key not in keep:
            s3.delete(bucket, key)


class Store:
    """A store in S3, looked at without the gate."""

    def __init__(self, world, bucket, prefix=''):
        self.s3, self.bucket, self.prefix = world.s3, bucket, prefix
        self.uri = 's3://%s%s' % (bucket, prefix and '/' + prefix)
        self.below = prefix and prefix + '/'

    def here(self):
        """A copy on disk, until the next one is asked for."""
        self.copy = tempfile.TemporaryDirectory(dir=os.environ['TMPDIR'] + '/..')
        self.s3.download(self.bucket, self.below, self.copy.name)
        return self.copy.name

    def fill(self, folder):
        """With what stands in a folder."""
        self.s3.upload(folder, self.bucket, self.below)

    def uploads(self):
        return [key for key in self.s3.uploads(self.bucket) if key.startswith(self.below)]

    def problems(self, *allowed, garbage=False):
        """Why it holds, whole, none of the multisets of items; and what it has besides."""
        folder = self.here()
        why = lib.wrong(folder, *allowed)
        found = [why] if why else []
        if not garbage:
            found += ['garbage: ' + path for path in lib.garbage(folder)]
            found += ['an upload goes on: ' + key for key in self.uploads()]
        return found


def contents(folder):
    """Every file's bytes, by its path."""
    found = {}
    for path in servers.files_below(folder):
        with open(os.path.join(folder, path), 'rb') as f:
            found[path] = f.read()
    return found


def difference(have, want):
    """In words, of contents."""
    return ['missing: ' + path for path in sorted(want.keys() - have.keys())] + \
        ['too much: ' + path for path in sorted(have.keys() - want.keys())] + \
        ['other bytes: ' + path for path in sorted(want.keys() & have.keys()) if have[path] != want[path]]
