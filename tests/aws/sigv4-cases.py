#!/usr/bin/env python3
"""Computes what the signing cases in DIR should give, from AWS's description of Signature Version 4 and hashlib alone.

sigv4-cases.py DIR          compares with the header-*.txt there; prints each case that differs; exits 1 if one does
sigv4-cases.py --write DIR  writes them

It shares nothing with lib/sign.  Paths are taken as they stand in request.txt.
"""
import hashlib
import hmac
import json
import os
import sys


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def canonical_query(query):
    """Each name with its '=', by name and then value."""
    pairs = [pair.partition(b'=')[::2] for pair in query.split(b'&') if pair]
    return b'&'.join(name + b'=' + value for name, value in sorted(pairs))


def headers_of(lines, context, body_hash):
    """Name to values, those added that a signer adds."""
    added = [('x-amz-date', context['timestamp'].replace('-', '').replace(':', ''))]
    if 'token' in context['credentials'] and not context.get('omit_session_token'):
        added.append(('x-amz-security-token', context['credentials']['token']))
    if context.get('sign_body'):
        added.append(('x-amz-content-sha256', body_hash))
    headers = {}
    for name, value in [line.decode().split(':', 1) for line in lines] + added:
        headers.setdefault(name.lower(), []).append(' '.join(value.split()))
    return headers


def compute(folder):
    context = json.load(open(os.path.join(folder, 'context.json')))
    head, _, body = open(os.path.join(folder, 'request.txt'), 'rb').read().partition(b'\n\n')
    first, *lines = head.rstrip(b'\n').split(b'\n')
    method, target, _ = first.split(b' ')
    path, _, query = target.partition(b'?')
    body_hash = context.get('signed_body_value', sha256(body))
    headers = headers_of(lines, context, body_hash)
    unsigned = ('user-agent', 'expect', 'connection')
    names = sorted(name for name in headers if name not in unsigned)
    canonical = b'\n'.join([method, path, canonical_query(query)] +
                           [('%s:%s' % (name, ','.join(headers[name]))).encode() for name in names] +
                           [b'', ';'.join(names).encode(), body_hash.encode()])
    date = headers['x-amz-date'][0]
    scope = [date[:8], context['region'], context['service'], 'aws4_request']
    string = '\n'.join(['AWS4-HMAC-SHA256', date, '/'.join(scope), sha256(canonical)])
    key = ('AWS4' + context['credentials']['secret_access_key']).encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), 'sha256')
    return {'header-canonical-request.txt': canonical, 'header-string-to-sign.txt': string.encode(),
            'header-signature.txt': hmac.digest(key, string.encode(), 'sha256').hex().encode()}


def differs(folder, name, content):
    try:
        return open(os.path.join(folder, name), 'rb').read() != content
    except FileNotFoundError:
        return True


def main(arguments):
    write = arguments[:1] == ['--write']
    top = arguments[-1]
    bad = 0
    for case in sorted(os.listdir(top)):
        for name, content in compute(os.path.join(top, case)).items():
            if write:
                open(os.path.join(top, case, name), 'wb').write(content)
            elif differs(os.path.join(top, case), name, content):
                print('%s: %s differs' % (case, name))
                bad = 1
    return bad


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
