"""AWS Signature Version 4 in headers, from AWS's own description, for both ends: the gate checks, the harness signs.

Source: S3 API Reference, "Authenticating Requests: Using the Authorization Header (AWS Signature Version 4)", and the
list of error responses there.  It is written from those pages and shares nothing with lib/sign.

Where AWS reads a request in two ways, both must agree: a path or query that is not encoded as AWS's UriEncode writes it
is refused, because the server signs what it decoded and the client what it sent.
"""
import base64
import collections
import datetime
import email.utils
import hashlib
import hmac
import re
import zlib

UNRESERVED = frozenset(b'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~')
SKEW_S = 15 * 60
EMPTY = hashlib.sha256(b'').hexdigest()

Key = collections.namedtuple('Key', 'id secret token')


class Refused(Exception):
    """A request that AWS would not take: the answer it gives."""

    def __init__(self, status, code, message, **more):
        super().__init__('%d %s: %s' % (status, code, message))
        self.status, self.code, self.message, self.more = status, code, message, more


def encode(raw, slash=False):
    """UriEncode: every byte but the unreserved ones as %XX, and '/' where `slash` does not keep it."""
    return ''.join(chr(c) if c in UNRESERVED or (slash and c == 0x2f) else '%%%02X' % c for c in raw)


def decode(text):
    """The bytes that %XX stand for; a '%' that starts none stands for itself."""
    return re.sub(rb'%([0-9A-Fa-f]{2})', lambda m: bytes([int(m[1], 16)]), text.encode('latin-1'))


def parse_key(text):
    """ID:SECRET or ID:SECRET:TOKEN."""
    parts = text.split(':', 2)
    if len(parts) < 2 or not all(parts):
        raise ValueError('keys are ID:SECRET or ID:SECRET:TOKEN')
    return Key(parts[0], parts[1], parts[2] if len(parts) > 2 else None)


def canonical_query(query):
    """Pairs sorted by encoded name, then by encoded value; a name alone has an empty value."""
    pairs = [pair.partition('=') for pair in query.split('&')] if query else []
    return '&'.join('%s=%s' % pair for pair in sorted((name, value) for name, _, value in pairs))


def canonical_path(path, service):
    """S3's as it stands on the wire; elsewhere normalised, and encoded a second time."""
    if service == 's3':
        return path
    pieces = []
    for piece in path.split('/'):
        if piece == '..':
            del pieces[-1:]
        elif piece not in ('', '.'):
            pieces.append(encode(piece.encode('latin-1')))
    return '/' + '/'.join(pieces) + ('/' if pieces and path.endswith('/') else '')


def canonical_headers(headers, signed):
    """headers: (name, value) in the order of the wire.  Values trimmed, runs of spaces made one, repeated names joined."""
    lines = []
    for name in signed:
        values = [re.sub(' +', ' ', value.strip(' \t')) for n, value in headers if n.lower() == name]
        lines.append('%s:%s\n' % (name, ','.join(values)))
    return ''.join(lines)


def canonical_request(method, path, query, headers, signed, payload, service='s3'):
    return '\n'.join((method, canonical_path(path, service), canonical_query(query), canonical_headers(headers, signed),
                      ';'.join(signed), payload))


def string_to_sign(date, scope, canonical):
    return '\n'.join(('AWS4-HMAC-SHA256', date, scope, hashlib.sha256(canonical.encode('latin-1')).hexdigest()))


def signature(secret, scope, text):
    key = ('AWS4' + secret).encode()
    for piece in scope.split('/'):
        key = hmac.new(key, piece.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode('latin-1'), hashlib.sha256).hexdigest()


def amz_date(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime('%Y%m%dT%H%M%SZ')


def seconds_of(date):
    """Of 20240117T053012Z; None if it is no such date."""
    if not re.fullmatch(r'\d{8}T\d{6}Z', date):
        return None
    try:
        when = datetime.datetime.strptime(date, '%Y%m%dT%H%M%SZ')
    except ValueError:
        return None
    return when.replace(tzinfo=datetime.timezone.utc).timestamp()


def sign(key, method, path, query, headers, body, region, now, service='s3'):
    """The headers with those of the signature added: host, content-* and x-amz-* are signed."""
    headers = [h for h in headers if h[0].lower() not in ('authorization', 'x-amz-date', 'x-amz-security-token')]
    if not any(n.lower() == 'x-amz-content-sha256' for n, _ in headers):
        headers.append(('x-amz-content-sha256', hashlib.sha256(body).hexdigest()))
    payload = [v for n, v in headers if n.lower() == 'x-amz-content-sha256'][0]
    date = amz_date(now)
    headers.append(('x-amz-date', date))
    if key.token:
        headers.append(('x-amz-security-token', key.token))
    signed = sorted({n.lower() for n, _ in headers
                     if n.lower() in ('host', 'content-type', 'content-md5') or n.lower().startswith('x-amz-')})
    scope = '%s/%s/%s/aws4_request' % (date[:8], region, service)
    text = string_to_sign(date, scope, canonical_request(method, path, query, headers, signed, payload, service))
    headers.append(('Authorization', 'AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s' % (
        key.id, scope, ';'.join(signed), signature(key.secret, scope, text))))
    return headers


class Request:
    """What is there to check: the request line as it came, headers in their order, the body's bytes."""

    def __init__(self, method, path, query, headers, body):
        self.method, self.path, self.query, self.headers, self.body = method, path, query, headers, body

    def all(self, name):
        return [value for n, value in self.headers if n.lower() == name]

    def one(self, name):
        """The value, or None; one that is there twice is refused."""
        values = self.all(name)
        if len(values) > 1:
            raise Refused(400, 'InvalidArgument', 'There is more than one header %s' % name)
        return values[0] if values else None

    def query_has(self, name):
        return any(pair.partition('=')[0].lower() == name for pair in self.query.split('&'))


def scope_of(request):
    """What the Authorization header says: (id, date, region, service), signed headers, signature."""
    text = request.one('authorization')
    if text is None:
        if request.query_has('x-amz-signature'):
            raise Refused(403, 'AccessDenied', 'Signed URLs are not taken here')
        raise Refused(403, 'AccessDenied', 'Access Denied')
    algorithm, _, rest = text.partition(' ')
    if algorithm != 'AWS4-HMAC-SHA256':
        raise Refused(400, 'InvalidRequest', 'The authorization mechanism you have provided is not supported.')
    fields = [field.strip(' ').partition('=') for field in rest.split(',')]
    if [name for name, _, _ in fields] != ['Credential', 'SignedHeaders', 'Signature']:
        raise malformed('the authorization header requires three components: Credential, SignedHeaders, and Signature.')
    credential, names, given = (value for _, _, value in fields)
    pieces = credential.split('/')
    if len(pieces) != 5 or pieces[4] != 'aws4_request' or not all(pieces):
        raise malformed('the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".')
    return pieces[:4], names.split(';'), given


def malformed(why, **more):
    return Refused(400, 'AuthorizationHeaderMalformed', 'The authorization header is malformed; ' + why, **more)


def check_encoding(request):
    if encode(decode(request.path), slash=True) != request.path or not request.path.startswith('/'):
        raise mismatch('the path is not encoded as it is signed')
    for pair in request.query.split('&') if request.query else ():
        if any(encode(decode(side)) != side for side in pair.split('=', 1)):
            raise mismatch('the query is not encoded as it is signed')


def mismatch(why='', **more):
    text = 'The request signature we calculated does not match the signature you provided. Check your key and signing method.'
    return Refused(403, 'SignatureDoesNotMatch', text + (' (%s)' % why if why else ''), **more)


def check_signed_headers(request, signed):
    if signed != sorted(set(signed)) or any(name != name.lower() for name in signed):
        raise malformed('SignedHeaders are not sorted, lower-case and each named once.')
    if 'host' not in signed:
        raise malformed('the host header is not signed.')
    missing = [name for name in signed if not request.all(name)]
    if missing:
        raise mismatch('signed but not sent: %s' % ', '.join(missing))
    there = {n.lower() for n, _ in request.headers}
    bare = sorted(n for n in there if (n.startswith('x-amz-') or n in ('content-type', 'content-md5')) and n not in signed)
    if bare:
        raise Refused(403, 'AccessDenied', 'There were headers present in the request which were not signed',
                      HeadersNotSigned=', '.join(bare))


def check_date(request, scope_date, now):
    date = request.one('x-amz-date')
    seconds = seconds_of(date) if date else None
    if seconds is None:
        raise Refused(403, 'AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header')
    if not date.startswith(scope_date) or len(scope_date) != 8:
        raise malformed('Invalid credential date "%s". This date is not the same as X-Amz-Date: "%s".' % (scope_date, date[:8]))
    if abs(seconds - now) > SKEW_S:
        raise skewed(date, now)
    return date


def skewed(date, now):
    return Refused(403, 'RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.',
                   RequestTime=date or '', ServerTime=datetime.datetime.fromtimestamp(now, datetime.timezone.utc).strftime(
                       '%Y-%m-%dT%H:%M:%SZ'), MaxAllowedSkewMilliseconds=str(SKEW_S * 1000))


def check_key(request, keys, id):
    key = keys.get(id)
    if key is None:
        raise Refused(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.',
                      AWSAccessKeyId=id)
    if request.one('x-amz-security-token') != key.token:
        raise Refused(400, 'InvalidToken', 'The provided token is malformed or otherwise invalid.')
    return key


def check_payload(request, service, unsigned):
    """The hash that is signed; the body must have it."""
    said = request.one('x-amz-content-sha256')
    have = hashlib.sha256(request.body).hexdigest()
    if said is None and service != 's3':
        return have
    if said is None:
        raise Refused(400, 'InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
    if said == 'UNSIGNED-PAYLOAD':
        if not unsigned:
            raise Refused(400, 'InvalidRequest', 'UNSIGNED-PAYLOAD is for TLS, and this connection is plain')
        return said
    if said.startswith('STREAMING-'):
        raise Refused(501, 'NotImplemented', 'Bodies in chunks are not taken here')
    if not re.fullmatch('[0-9a-f]{64}', said):
        raise Refused(400, 'InvalidArgument', 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a valid sha256 value.')
    if said != have:
        raise Refused(400, 'XAmzContentSHA256Mismatch',
                      "The provided 'x-amz-content-sha256' header does not match what was computed.",
                      ClientComputedContentSHA256=said, S3ComputedContentSHA256=have)
    return said


CHECKSUMS = {
    'x-amz-checksum-crc32': lambda body: zlib.crc32(body).to_bytes(4, 'big'),
    'x-amz-checksum-sha1': lambda body: hashlib.sha1(body).digest(),
    'x-amz-checksum-sha256': lambda body: hashlib.sha256(body).digest(),
    'content-md5': lambda body: hashlib.md5(body).digest(),
}


def check_checksums(request):
    """Of the body; at CompleteMultipartUpload they are the object's, which the upstream knows."""
    if request.query_has('uploadid') and request.method == 'POST':
        return
    for name, digest in CHECKSUMS.items():
        said = request.one(name)
        if said is not None and said != base64.b64encode(digest(request.body)).decode():
            raise Refused(400, 'BadDigest', 'The %s you specified did not match what we received.' % name)


def check(request, keys, region, services, now, unsigned=False):
    """Raises Refused, or returns the service.  keys by id; region may be a function of the region that was signed for."""
    (id, scope_date, signed_region, service), signed, given = scope_of(request)
    if service not in services:
        raise malformed('incorrect service "%s". This endpoint belongs to "%s".' % (service, services[0]))
    if signed_region != region:
        raise malformed("the region '%s' is wrong; expecting '%s'" % (signed_region, region), Region=region)
    date = check_date(request, scope_date, now)
    key = check_key(request, keys, id)
    check_encoding(request)
    check_signed_headers(request, signed)
    payload = check_payload(request, service, unsigned)
    scope = '%s/%s/%s/aws4_request' % (scope_date, signed_region, service)
    canonical = canonical_request(request.method, request.path, request.query, request.headers, signed, payload, service)
    text = string_to_sign(date, scope, canonical)
    if not hmac.compare_digest(signature(key.secret, scope, text), given):
        raise mismatch(AWSAccessKeyId=id, StringToSign=text, SignatureProvided=given, CanonicalRequest=canonical)
    check_checksums(request)
    return service


def http_date(seconds):
    return email.utils.formatdate(seconds, usegmt=True)
