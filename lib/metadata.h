/*
 * What the place we run in gives out: keys of containers (ECS, EKS), keys and the region of EC2 instances.
 *
 * These services are on the machine or next to it, so they are asked without a proxy, briefly and at most twice or
 * thrice.  Of the instance metadata service version 2 alone is used: without a session token there is nothing.
 * Sources: AWS SDKs and Tools Reference Guide, "Container credential provider" and "IMDS credential provider";
 * EC2 User Guide, "Use the Instance Metadata Service".
 */
#ifndef METADATA_H
#define METADATA_H

#include "http.h"
#include "secret.h"

/* AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI, with AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE or _TOKEN. */
enum secret_end metadata_container(struct http *h, struct secret *k, struct secret_why *why);
/* NULL, or why no keys are asked from there: not https, and no host that is known to be near. */
const char *metadata_allowed(const char *url);

/* `endpoint` is the URL of the service, NULL for the usual one.  AWS_EC2_METADATA_DISABLED=true: SECRET_NONE. */
enum secret_end metadata_instance(struct http *h, const char *endpoint, struct secret *k, struct secret_why *why);
/* To be freed by the caller; NULL with a reason. */
char *metadata_region(struct http *h, const char *endpoint, struct buf *why);

#endif
