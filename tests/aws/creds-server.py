#!/usr/bin/env python3
"""STS, a container's endpoint and the instance metadata service on one port of loopback, for tests/creds.t.

creds-server.py DIR [ADDRESS PORT]: writes its port to DIR/port and a line for each request to DIR/log; DIR/rules, read anew for each
request, has lines NAME=VALUE: `lifetime` of keys in seconds, `sts`, `container`, `session` and `role` the status to
answer with instead of 200, `code` what STS calls it, `times` how often before all is well, `auth` the Authorization
that the container's endpoint wants, `hang` seconds of sleep before an answer.
"""
import datetime
import http.server
import json
import os
import sys
import time
import urllib.parse

import sigv4

XML = '<%(action)sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">\n  <%(action)sResult>\n' \
      '    <AssumedRoleUser><Arn>%(arn)s</Arn></AssumedRoleUser>\n    <Credentials>\n' \
      '      <AccessKeyId>%(id)s</AccessKeyId>\n      <SecretAccessKey>%(secret)s</SecretAccessKey>\n' \
      '      <SessionToken>%(token)s</SessionToken>\n      <Expiration>%(expires)s</Expiration>\n' \
      '    </Credentials>\n  </%(action)sResult>\n</%(action)sResponse>\n'
ERROR = '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">\n  <Error>\n    <Type>Sender</Type>\n' \
        '    <Code>%s</Code>\n    <Message>not %s</Message>\n  </Error>\n  <RequestId>req-1</RequestId>\n</ErrorResponse>\n'
folder = sys.argv[1]
keys = {'AKID': sigv4.Key('AKID', 'secret/+=', None), 'AKID2': sigv4.Key('AKID2', 'secret2', 'tkn2')}
counts = {}


def rules():
    try:
        return dict(line.rstrip('\n').split('=', 1) for line in open(os.path.join(folder, 'rules')))
    except FileNotFoundError:
        return {}


def log(text):
    with open(os.path.join(folder, 'log'), 'a') as file:
        file.write(text + '\n')


def expires():
    when = time.time() + int(rules().get('lifetime', 3600))
    return datetime.datetime.fromtimestamp(when, datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def new_keys(kind):
    """Numbered, so that a test sees which they are; known to STS from then on."""
    counts[kind] = counts.get(kind, 0) + 1
    key = sigv4.Key('%s%d' % (kind, counts[kind]), 'secret-of-%s' % kind, 'tkn/%d==' % counts[kind])
    keys[key.id] = key
    return key


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def answer(self, status, body=''):
        self.send_response(status)
        self.send_header('Content-Length', str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def wrong(self, name):
        """Whether a rule says that this answer is to be another one; it has been given then."""
        said = rules()
        status = int(said.get(name, 200))
        rule = repr(said)
        counts[rule] = counts.get(rule, 0) + 1
        if status == 200 or counts[rule] > int(said.get('times', counts[rule])):
            return False
        self.answer(status, ERROR % (said.get('code', 'AccessDenied'), 'today') if name == 'sts' else 'no')
        return True

    def handle_one(self):
        time.sleep(float(rules().get('hang', 0)))
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        path = self.path.partition('?')[0]
        if path == '/latest/api/token':
            self.session()
        elif path.startswith('/latest/'):
            self.instance(path)
        elif path.startswith('/creds'):
            self.container()
        else:
            self.sts(body)

    do_GET = do_POST = do_PUT = handle_one

    def session(self):
        log('%s token ttl=%s' % (self.command, self.headers.get('X-aws-ec2-metadata-token-ttl-seconds')))
        if self.command != 'PUT':
            self.answer(405)
        elif not self.wrong('session'):
            self.answer(200, 'SESSION==')

    def instance(self, path):
        log('%s %s' % (self.command, path))
        if rules().get('session') is None and self.headers.get('X-aws-ec2-metadata-token') != 'SESSION==':
            self.answer(401)
        elif path == '/latest/meta-data/placement/region':
            self.answer(200, 'ap-south-1')
        elif path == '/latest/meta-data/iam/security-credentials/':
            if not self.wrong('role'):
                self.answer(200, 'cost@role\n')
        elif path == '/latest/meta-data/iam/security-credentials/cost%40role':
            self.keys('IMDS', Code=rules().get('code', 'Success'), Type='AWS-HMAC')
        else:
            self.answer(404)

    def container(self):
        log('%s %s auth=%s accept=%s' % (self.command, self.path, self.headers.get('Authorization'),
                                         self.headers.get('Accept')))
        if self.headers.get('Authorization') != rules().get('auth'):
            self.answer(401)
        elif not self.wrong('container'):
            self.keys('BOX')

    def keys(self, kind, **more):
        key = new_keys(kind)
        self.answer(200, json.dumps(dict(more, AccessKeyId=key.id, SecretAccessKey=key.secret, Token=key.token,
                                         Expiration=expires())))

    def sts(self, body):
        fields = dict(urllib.parse.parse_qsl(body.decode(), strict_parsing=True))
        action = fields.pop('Action')
        caller = self.caller(action, body)
        if caller is None:
            return
        name = fields.pop('RoleSessionName', '')
        fields['RoleSessionName'] = 'ours' if name.startswith('cur-tools-') else name
        log('%s by %s: %s' % (action, caller, ' '.join('%s=%s' % pair for pair in sorted(fields.items()))))
        if self.command != 'POST' or fields.get('Version') != '2011-06-15':
            self.answer(400)
        elif not self.wrong('sts'):
            key = new_keys('STS')
            self.answer(200, XML % {'action': action, 'arn': fields['RoleArn'], 'id': key.id, 'secret': key.secret,
                                    'token': key.token, 'expires': expires()})

    def caller(self, action, body):
        """Who signed it; None when that is wrong, and answered."""
        if action == 'AssumeRoleWithWebIdentity':
            return 'signature' if 'Authorization' in self.headers else 'nobody'
        path, _, query = self.path.partition('?')
        request = sigv4.Request(self.command, path, query, list(self.headers.items()), body)
        try:
            now = sigv4.seconds_of(self.headers.get('X-Amz-Date', '')) or 0
            sigv4.check(request, keys, rules().get('region', 'eu-central-1'), ['sts'], now)
        except sigv4.Refused as refused:
            log('refused: %s' % refused)
            self.answer(refused.status, ERROR % (refused.code, 'signed'))
            return None
        return sigv4.scope_of(request)[0][0]


address = (sys.argv[2], int(sys.argv[3])) if len(sys.argv) > 2 else ('127.0.0.1', 0)
server = http.server.ThreadingHTTPServer(address, Handler)
server.daemon_threads = True
with open(os.path.join(folder, 'port.new'), 'w') as file:
    file.write(str(server.server_port))
os.rename(os.path.join(folder, 'port.new'), os.path.join(folder, 'port'))
server.serve_forever()
