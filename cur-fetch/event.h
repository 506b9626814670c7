/*
 * Events: which objects they say were created.
 *
 * Read are S3 notifications, event structure 2 (S3 user guide, "Event message
 * structure"; keys are form-urlencoded there), the test event of a new
 * notification, and EventBridge's "Object Created" (S3 user guide, "EventBridge
 * event message structure"; keys are taken as they are).  What SNS or SQS wrap
 * around them is not unwrapped here.
 */
#ifndef EVENT_H
#define EVENT_H

#include "buf.h"

struct event {
	char *bucket;        /* of an object that was created; else NULL */
	char *key;           /* decoded */
	const char *skip;    /* else why there is nothing to fetch: a static text */
};

/* Owns its events. */
struct events {
	struct event *all;
	size_t n;
};

/* True for JSON that is an event or wants to be one, rather than a manifest. */
bool event_is(struct span bytes);
/* NULL, or why the bytes are no event; es needs events_free either way. */
const char *events_parse(struct events *es, struct span bytes);
void events_free(struct events *es);

#endif
