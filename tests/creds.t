#!/bin/sh
# Keys and regions as the aws CLI finds them, through build/unit/creds.t and a server that plays STS, a container's
# endpoint and the instance metadata service.
# shellcheck disable=SC2154 # tap.sh sets tmp
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
need python3

python3 "$here/aws/creds-server.py" "$tmp" 2>"$tmp/server.err" &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$tmp"' EXIT
tries=0
while [ ! -s "$tmp/port" ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
[ -s "$tmp/port" ] || { ok 1 "the server starts"; done_testing; exit 1; }
url=http://127.0.0.1:$(cat "$tmp/port")
mkdir -p "$tmp/home/.aws"
config=$tmp/home/.aws/config credentials=$tmp/home/.aws/credentials

# run "NAME=VALUE …" WORD…: what creds.t prints and its status, in $out; its messages, in $err; requests are in $tmp/log.
# No settings but these, and those that keep it from asking anybody else than our server.
run() {
	settings=$1
	shift
	: >"$tmp/log"
	# shellcheck disable=SC2086
	out=$(env -i PATH="$PATH" HOME="$tmp/home" ASAN_OPTIONS="${ASAN_OPTIONS-}" AWS_EC2_METADATA_DISABLED=true \
		AWS_ENDPOINT_URL_STS="$url" AWS_REGION=eu-central-1 $settings "$BUILD/unit/creds.t" "$@" 2>"$tmp/err" |
		tr '\n' ' '; cat "$tmp/err.status" 2>/dev/null)
	err=$(cat "$tmp/err")
	! grep -q 'secret/\|secret2\|secret-of\|tkn' "$tmp/err" || ok 1 "a secret is told: $err"
}
rules() {
	: >"$tmp/rules"
	for rule; do echo "$rule" >>"$tmp/rules"; done
}
calls() { grep -c . "$tmp/log"; }
no_files() { rm -f "$config" "$credentials"; }

env_keys="AWS_ACCESS_KEY_ID=AKID AWS_SECRET_ACCESS_KEY=secret/+="

# The environment
run "$env_keys" keys
is "$out" "AKID secret/+= - " "keys in the environment"
run "$env_keys AWS_SESSION_TOKEN=tkn" keys
is "$out" "AKID secret/+= tkn " "with a token"
run "AWS_ACCESS_KEY_ID=AKID" keys
is "$out$err" "creds: no credentials: environment: the secret access key is missing" "half of them"
run "$env_keys AWS_PROFILE=nobody" setting=region
like "$out$err" "creds: no profile nobody in $config (No such file or directory), $credentials (No such*" "a profile that is not there"

# The files
cat >"$credentials" <<END
[default]
aws_access_key_id = AKID
aws_secret_access_key = secret/+=
[other]
aws_access_key_id = AKID2
aws_secret_access_key = secret2
aws_session_token = tkn2
[half]
aws_access_key_id = AKID2
END
cat >"$config" <<END
[default]
region = us-west-2
aws_access_key_id = left-out
[profile other]
region = us-east-2
ca_bundle = /etc/other.pem
services = mine
endpoint_url = http://profile/
[services mine]
s3 =
  endpoint_url = http://s3/
[profile inconfig]
aws_access_key_id = AKID2
aws_secret_access_key = secret2
[profile half]
aws_secret_access_key = of-another-pair
[profile sso]
sso_session = corp
sso_account_id = 111122223333
[profile login]
login_session = arn:aws:iam::111122223333:user/x
END
run "" keys
is "$out" "AKID secret/+= - " "the default profile"
run "AWS_PROFILE=other" keys
is "$out" "AKID2 secret2 tkn2 " "AWS_PROFILE"
run "AWS_DEFAULT_PROFILE=inconfig" keys
is "$out" "AKID2 secret2 - " "keys in the config file"
run "$env_keys AWS_PROFILE=other" keys
is "$out" "AKID secret/+= - " "keys in the environment go before AWS_PROFILE"
run "$env_keys" --profile other keys
is "$out" "AKID2 secret2 tkn2 " "--profile goes before them"
run "AWS_PROFILE=half" keys
is "$out$err" "creds: no credentials: profile: profile half: the secret access key is missing" "a pair is of one file"
run "AWS_PROFILE=sso" keys
like "$err" "*profile sso: keys of its sso_session come through credential_process = aws configure export-credentials*" "SSO"
run "AWS_PROFILE=login" keys
like "$err" "*profile login: keys of its login_session come through*" "a login session"
run "AWS_CONFIG_FILE=$tmp/none AWS_SHARED_CREDENTIALS_FILE=~/.aws/credentials" keys region
is "$out" "AKID secret/+= - eu-central-1 " "files named by the environment"

# Region and settings
run "AWS_REGION=a AWS_DEFAULT_REGION=b" --region c region
is "$out" "c " "--region"
run "AWS_REGION=a AWS_DEFAULT_REGION=b" region
is "$out" "a " "AWS_REGION"
run "AWS_REGION= AWS_DEFAULT_REGION=b" region
is "$out" "b " "AWS_DEFAULT_REGION"
run "AWS_REGION=" --profile other region setting=ca_bundle setting=nothing endpoint=s3 endpoint=sns
is "$out" "us-east-2 /etc/other.pem - http://s3/ http://profile/ " "settings of the profile"
run "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true" --profile other endpoint=s3
is "$out" "- " "endpoints left out"
run "AWS_REGION=x.example.com/" region
like "$err" "*letters, digits and '-' alone" "a region that is none"
run "AWS_REGION= AWS_PROFILE=inconfig" region
like "$err" "*no region: neither --region nor AWS_REGION nor AWS_DEFAULT_REGION; no region of profile inconfig in*" "no region"
run "AWS_REGION= AWS_PROFILE=inconfig AWS_EC2_METADATA_DISABLED= AWS_EC2_METADATA_SERVICE_ENDPOINT=$url" region
is "$out" "ap-south-1 " "the region of the instance"
printf '[default]\nregion\n' >"$config"
run "" keys
is "$err" "creds: $config: line 2: neither [section] nor name = value" "a file that is wrong"

# credential_process
cat >"$tmp/tool" <<'END'
#!/bin/sh
[ -z "$(cat)" ] || exit 9
echo "to stderr" >&2
printf '{"Version":1,"AccessKeyId":"AKID","SecretAccessKey":"secret/+=","SessionToken":"%s","Expiration":"%s"}\n' "$1" "$2"
END
chmod +x "$tmp/tool"
no_files
cat >"$config" <<END
[default]
credential_process = "$tmp/tool" 'a|b' 2099-01-01T00:00:00Z
aws_access_key_id = AKID2
aws_secret_access_key = secret2
[profile fails]
credential_process = sh -c 'echo secret2; exit 3'
[profile open]
credential_process = tool 'open
[profile junk]
credential_process = echo secret2
END
run "" keys
is "$out$err" "AKID secret/+= a|b to stderr" "credential_process"
run "AWS_PROFILE=fails" keys
is "$out$err" "creds: no credentials: profile: profile fails: credential_process: it exited 3" "one that fails"
run "AWS_PROFILE=open" keys
like "$err" "*credential_process: a quote or backslash in it is left open" "an open quote"
run "AWS_PROFILE=junk" keys
like "$err" "*credential_process: the reply is no JSON object" "one that prints something else"

# Roles
cat >"$credentials" <<END
[base]
aws_access_key_id = AKID
aws_secret_access_key = secret/+=
[self]
aws_access_key_id = AKID2
aws_secret_access_key = secret2
aws_session_token = tkn2
END
cat >"$config" <<END
[profile role]
role_arn = arn:aws:iam::1:role/a
source_profile = base
external_id = x&y=z
role_session_name = me@here
duration_seconds = 900
[profile chain]
role_arn = arn:aws:iam::1:role/b
source_profile = role
[profile self]
role_arn = arn:aws:iam::1:role/c
source_profile = self
[profile fromself]
role_arn = arn:aws:iam::1:role/d
source_profile = self
[profile one]
role_arn = arn:aws:iam::1:role/e
source_profile = two
[profile two]
role_arn = arn:aws:iam::1:role/f
source_profile = one
[profile loop]
role_arn = arn:aws:iam::1:role/g
source_profile = loop
[profile lost]
role_arn = arn:aws:iam::1:role/h
source_profile = nobody
[profile empty]
[profile ofempty]
role_arn = arn:aws:iam::1:role/h
source_profile = empty
[profile mfa]
role_arn = arn:aws:iam::1:role/h
source_profile = base
mfa_serial = arn:aws:iam::1:mfa/x
[profile bare]
role_arn = arn:aws:iam::1:role/h
[profile both]
role_arn = arn:aws:iam::1:role/h
source_profile = base
credential_source = Environment
[profile env]
role_arn = arn:aws:iam::1:role/i
credential_source = Environment
[profile box]
role_arn = arn:aws:iam::1:role/i
credential_source = EcsContainer
[profile instance]
role_arn = arn:aws:iam::1:role/i
credential_source = Ec2InstanceMetadata
[profile odd]
role_arn = arn:aws:iam::1:role/i
credential_source = Elsewhere
[profile ofprocess]
role_arn = arn:aws:iam::1:role/j
source_profile = process
[profile process]
credential_process = $tmp/tool '' 2099-01-01T00:00:00Z
[profile web]
role_arn = arn:aws:iam::1:role/k
web_identity_token_file = $tmp/identity
[profile ofweb]
role_arn = arn:aws:iam::1:role/l
source_profile = web
END
id() { echo "$out" | cut -d' ' -f1 | tr -d '0-9'; }
run "AWS_PROFILE=role" keys
is "$(id)" STS "a role"
is "$(cat "$tmp/log")" "AssumeRole by AKID: DurationSeconds=900 ExternalId=x&y=z RoleArn=arn:aws:iam::1:role/a RoleSessionName=me@here Version=2011-06-15" "as the profile has it"
run "AWS_PROFILE=chain" keys
like "$(cat "$tmp/log")" "AssumeRole by AKID: *role/a *
AssumeRole by STS*: RoleArn=arn:aws:iam::1:role/b RoleSessionName=ours *" "a chain of roles"
run "AWS_PROFILE=self" keys
like "$(cat "$tmp/log")" "AssumeRole by AKID2: RoleArn=*role/c *" "a profile that is its own source"
run "AWS_PROFILE=fromself" keys
like "$(cat "$tmp/log")" "AssumeRole by AKID2: RoleArn=*role/d *" "keys go before a role in a source"
is "$(calls)" 1 "which is not assumed"
for circle in one loop; do
	run "AWS_PROFILE=$circle" keys
	like "$err" "*profiles go round in a circle" "a circle: $circle"
done
run "AWS_PROFILE=lost" keys
like "$err" "*profile lost: source_profile nobody: there is no such profile in *" "a source that is not there"
run "AWS_PROFILE=ofempty $env_keys" --profile ofempty keys
like "$err" "*source_profile empty: it has no keys" "a source without keys, whatever is in the environment"
run "AWS_PROFILE=mfa" keys
like "$err" "*profile mfa: mfa_serial: *" "a code that nobody asks for"
run "AWS_PROFILE=bare" keys
like "$err" "*profile bare: role_arn without source_profile or credential_source" "a role without a source"
run "AWS_PROFILE=both" keys
like "$err" "*profile both: both source_profile and credential_source" "a role with two"
run "AWS_PROFILE=env $env_keys" --profile env keys
like "$(cat "$tmp/log")" "AssumeRole by AKID: RoleArn=*role/i *" "credential_source Environment"
run "" --profile env keys
like "$err" "*credential_source Environment: no AWS_ACCESS_KEY_ID" "which has none"
run "AWS_CONTAINER_CREDENTIALS_FULL_URI=$url/creds" --profile box keys
like "$(cat "$tmp/log")" "GET /creds *
AssumeRole by BOX*: RoleArn=*role/i *" "credential_source EcsContainer"
run "AWS_EC2_METADATA_DISABLED=false AWS_EC2_METADATA_SERVICE_ENDPOINT=$url/" --profile instance keys
like "$(tail -n 1 "$tmp/log")" "AssumeRole by IMDS*: RoleArn=*role/i *" "credential_source Ec2InstanceMetadata"
run "" --profile odd keys
like "$err" "*credential_source Elsewhere: it is neither *" "one that is none"
run "" --profile ofprocess keys
like "$(cat "$tmp/log")" "AssumeRole by AKID: RoleArn=*role/j *" "a source with a credential_process"
rules sts=403
run "AWS_PROFILE=role" keys
is "$err" "creds: no credentials: profile: profile role: source_profile base: sts AssumeRole: AccessDenied: not today (HTTP 403, request ID req-1)" "a role that is denied"
is "$(calls)" 1 "is asked for once"
rules sts=400 code=Throttling times=1
run "AWS_PROFILE=role" keys
is "$(id) $(calls)" "STS 2" "a throttled call is made again"
rules
run "AWS_PROFILE=role AWS_REGION=us-east-1" keys
like "$err" "*sts AssumeRole: AuthorizationHeaderMalformed: *" "the signature is for the region"
run "AWS_PROFILE=role AWS_ENDPOINT_URL_STS= AWS_ENDPOINT_URL=$url" keys
is "$(id)" STS "AWS_ENDPOINT_URL"
run "AWS_PROFILE=role AWS_ENDPOINT_URL_STS=ftp://x" keys
like "$err" "*the endpoint of STS, ftp://x: it begins neither *" "an endpoint that is none"

# Web identities
echo a.b-c_d/tkn= >"$tmp/identity"
run "AWS_PROFILE=web" keys
is "$(id) $(cat "$tmp/log")" "STS AssumeRoleWithWebIdentity by nobody: RoleArn=arn:aws:iam::1:role/k RoleSessionName=ours Version=2011-06-15 WebIdentityToken=a.b-c_d/tkn=" "a web identity of the profile"
run "AWS_PROFILE=ofweb" keys
like "$(cat "$tmp/log")" "AssumeRoleWithWebIdentity *
AssumeRole by STS*: RoleArn=arn:aws:iam::1:role/l *" "as the source of a role"
no_files
run "AWS_WEB_IDENTITY_TOKEN_FILE=$tmp/identity AWS_ROLE_ARN=arn:aws:iam::1:role/m AWS_ROLE_SESSION_NAME=pod" keys
like "$(cat "$tmp/log")" "AssumeRoleWithWebIdentity by nobody: RoleArn=arn:aws:iam::1:role/m RoleSessionName=pod *" "of the environment"
run "AWS_WEB_IDENTITY_TOKEN_FILE=$tmp/identity" keys
like "$err" "*without AWS_ROLE_ARN or role_arn" "without a role"
run "AWS_WEB_IDENTITY_TOKEN_FILE=$tmp/nothing AWS_ROLE_ARN=arn:x" keys
like "$err" "*profile: $tmp/nothing: No such file or directory" "without its file"
run "$env_keys AWS_WEB_IDENTITY_TOKEN_FILE=$tmp/identity AWS_ROLE_ARN=arn:x" keys
is "$(id) $(calls)" "AKID 0" "keys in the environment go before it"

# Containers
box="AWS_CONTAINER_CREDENTIALS_FULL_URI=$url/creds?id=1"
run "$box" keys
is "$(id) $(cat "$tmp/log")" "BOX GET /creds?id=1 auth=None accept=application/json" "a container's endpoint"
rules "auth=Basic x/y="
run "$box AWS_CONTAINER_AUTHORIZATION_TOKEN=wrong" keys
like "$err" "*container: $url/creds?id=1: HTTP 401" "a wrong authorization"
echo "Basic x/y=" >"$tmp/auth"
run "$box AWS_CONTAINER_AUTHORIZATION_TOKEN=wrong AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=$tmp/auth" keys
is "$(id)" BOX "the authorization of a file"
run "$box AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=$tmp/nothing" keys
like "$err" "*container: $tmp/nothing: No such file or directory" "a file that is not there"
printf 'a\nb\n' >"$tmp/auth"
run "$box AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=$tmp/auth" keys
like "$err" "*has more than one line" "one of two lines"
is "$(calls)" 0 "is not sent"
rules container=500 times=2
run "$box" keys
is "$(id) $(calls)" "BOX 3" "500 is asked again"
rules container=404
run "$box http_proxy=http://127.0.0.1:1" keys
like "$err" "*container: $url/creds?id=1: HTTP 404" "404 is not, and no proxy is"
rules
for bad in http://example.com/x "http://127.0.0.1@example.com/" ftp://127.0.0.1/; do
	run "AWS_CONTAINER_CREDENTIALS_FULL_URI=$bad" keys
	like "$err" "*container: AWS_CONTAINER_CREDENTIALS_FULL_URI: *" "nobody asks $bad"
done
run "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=@example.com/" keys
like "$err" "*AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with '/'" "a relative URI that is none"

# Instances
imds="AWS_EC2_METADATA_DISABLED=false AWS_EC2_METADATA_SERVICE_ENDPOINT=$url"
run "$imds http_proxy=http://127.0.0.1:1" keys
is "$(id) $(cat "$tmp/log")" "IMDS PUT token ttl=21600
GET /latest/meta-data/iam/security-credentials/
GET /latest/meta-data/iam/security-credentials/cost%40role" "the instance metadata service, version 2"
rules session=404
run "$imds" keys
like "$err" "*instance metadata: $url/latest/api/token: HTTP 404" "without a session"
is "$(cat "$tmp/log")" "PUT token ttl=21600" "version 1 is not tried"
rules role=404
run "$imds" keys
like "$err" "*security-credentials/: HTTP 404" "without a role"
rules code=AssumeRoleUnauthorizedAccess
run "$imds" keys
like "$err" "*instance metadata: AssumeRoleUnauthorizedAccess" "a role that cannot be assumed"
rules hang=3
began=$(date +%s)
run "$imds" keys
like "$err" "*instance metadata: $url/latest/api/token: *" "a service that hangs"
ok $(($(date +%s) - began > 4)) "is given up soon"
rules
run "" keys
is "$err" "creds: no credentials: environment: no AWS_ACCESS_KEY_ID; profile: no AWS_WEB_IDENTITY_TOKEN_FILE, no keys of profile default in $config (No such file or directory), $credentials (No such file or directory); container: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI; instance metadata: AWS_EC2_METADATA_DISABLED" "every place is named"

# The addresses that nobody has to name, in a network of our own.
mkdir "$tmp/near"
cat >"$tmp/near.sh" <<'END'
ip link set lo up && ip addr add 169.254.170.2/32 dev lo && ip addr add 169.254.169.254/32 dev lo || exit 99
python3 "$here/aws/creds-server.py" "$tmp/near" 0.0.0.0 80 &
server=$!
tries=0
while [ ! -s "$tmp/near/port" ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
export AWS_REGION=x
AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/creds/x AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/ "$creds" keys
"$creds" keys
kill $server
END
out=$(env -i PATH="$PATH" HOME="$tmp/home" ASAN_OPTIONS="${ASAN_OPTIONS-}" here="$here" tmp="$tmp" \
	creds="$BUILD/unit/creds.t" unshare -rn sh "$tmp/near.sh" 2>"$tmp/err" | tr '\n' ' ')
if [ -s "$tmp/near/port" ]; then
	is "$out" "BOX1 secret-of-BOX tkn/1== IMDS1 secret-of-IMDS tkn/1== " "the usual addresses of containers and instances"
	like "$(cat "$tmp/near/log")" "GET /creds/x *" "a relative URI goes before a full one"
else
	skip "the usual addresses of containers and instances" "no network of our own here"
fi

# New keys before the old ones expire
step() { echo "$out" | tr ' ' '\n' | sed -n 's/^BOX//p' | awk 'NR == 1 { first = $1 } { printf "%s%d", sep, $1 - first; sep = " " }'; }
run "$box" keys keys after=3200 keys after=150 keys keys
is "$(step)" "0 0 0 1 1" "keys are renewed five minutes before"
run "$box" keys expired keys keys
is "$(step)" "0 1 1" "and when a service says that they are expired"
rules container=500 times=1000000
run "$box" keys
like "$err" "*container: $url/creds?id=1: HTTP 500" "no keys at all"
rules lifetime=100
run "$box" keys keys after=61 keys
is "$(step)" "0 0 1" "short-lived keys are not asked for all the time"
no_files
cat >"$tmp/once" <<END
#!/bin/sh
[ ! -e "$tmp/used" ] || exit 1
: >"$tmp/used"
exec "$tmp/tool" once "\$(date -u -d '+3600 sec' +%Y-%m-%dT%H:%M:%SZ)"
END
chmod +x "$tmp/once"
printf '[default]\ncredential_process = %s\n' "$tmp/once" >"$config"
run "" keys after=3400 keys keys after=100 keys
is "$out" "AKID secret/+= once AKID secret/+= once AKID secret/+= once AKID secret/+= once " "old keys are good while there are no new ones"
is "$(grep -c 'could not be renewed yet: profile: profile default: credential_process: it exited 1' "$tmp/err")" 2 "which is said once a minute"
rm -f "$tmp/used"
run "" keys after=3400 keys after=300 keys
is "$out" "AKID secret/+= once AKID secret/+= once " "until they expire"
like "$err" "*no credentials: profile: profile default: credential_process: it exited 1" "then it ends"
rm -f "$tmp/used"
run "" keys expired keys
is "$out" "AKID secret/+= once " "or when a service says so"
done_testing
