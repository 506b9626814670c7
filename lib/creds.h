/*
 * Where keys and the region come from: as the aws CLI finds them.
 *
 * Order for keys: AWS_ACCESS_KEY_ID and its kin; a role of the profile (role_arn with
 * source_profile or credential_source, external_id, …); a web identity token file,
 * named by the environment or the profile; keys of the profile (credentials file,
 * credential_process without a shell, config file); the container endpoint (relative or
 * full URI, with its list of allowed hosts and token file); IMDSv2.  The first that is
 * set up is the only one: if it gives no keys, nobody else is asked, but IMDSv2 may be
 * there and have none.  AWS_PROFILE names the profile; with --profile what the
 * environment says of keys and web identities is left out, as the CLI has it.  SSO and
 * login sessions come through credential_process.
 * Source: AWS SDKs and Tools Reference Guide, "Standardized credential providers".
 */
#ifndef CREDS_H
#define CREDS_H

#include "http.h"
#include "sign.h"

struct creds;

/* `profile` and `region` are what --profile and --region say, or NULL; borrowed.  http is used for STS, containers and IMDS. */
struct creds *creds_new(struct http *http, const char *profile, const char *region);
/*
 * Current keys; borrowed until the next call.  Refreshes them 5 minutes before they
 * expire (a failing refresh is told, forgiven until they really expire, and tried again
 * after a minute).  When nothing is found the program ends with 77 and a message that
 * names every place tried; 78 when what is set up is wrong, 69 when who should know
 * does not answer.
 */
const struct sign_keys *creds_keys(struct creds *c);
/* The next creds_keys fetches keys anew: the service said they are expired. */
void creds_expired(struct creds *c);
/* --region, AWS_REGION, AWS_DEFAULT_REGION, the profile, IMDS; none: 78, naming the places. */
const char *creds_region(struct creds *c);
/* A member of the profile ("endpoint_url", "ca_bundle", …), or NULL. */
const char *creds_setting(struct creds *c, const char *name);
/* endpoint_url of the profile for a service (services section of the config file included), or NULL. */
const char *creds_endpoint(struct creds *c, const char *service);
void creds_free(struct creds *c);

#endif
