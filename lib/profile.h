/*
 * The shared config and credentials files of the AWS tools, and the profiles in them.
 *
 * In the config file a profile is [default] or [profile NAME], in the credentials
 * file [NAME]; what the latter says of a profile goes before what the former says.
 * Lines are read as the aws CLI reads them (Python's configparser): name = value or
 * name: value, the last of equal names counts, names in any case, # and ; begin a
 * comment at the start of a line only, and an indented line goes on with the value
 * above it.  Below a name without value it is a setting of its own, "s3.endpoint_url".
 * Source: AWS SDKs and Tools Reference Guide, "Using shared config and credentials
 * files to globally configure AWS SDKs and tools".
 */
#ifndef PROFILE_H
#define PROFILE_H

#include "buf.h"

#define PROFILE_FILE_BYTES ((size_t)1 << 20)

enum profile_file { PROFILE_CONFIG, PROFILE_CREDENTIALS };

struct profiles;

struct profiles *profiles_new(void);
/* Adds the settings of a file.  NULL, or why it is none of these files; then *line says where. */
const char *profiles_parse(struct profiles *p, enum profile_file file, struct span text, size_t *line);
/*
 * Adds AWS_CONFIG_FILE (~/.aws/config) and AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials).  A file that cannot be
 * opened is as good as none.  One that is wrong ends the program with 78.
 */
void profiles_read(struct profiles *p);
/* For messages: the paths, each with what is wrong with it. */
const char *profiles_places(struct profiles *p);
/* Wipes and frees. */
void profiles_free(struct profiles *p);

/* Answers are borrowed for the life of p. */
bool profile_exists(const struct profiles *p, const char *profile);
/* A setting, or NULL; an empty one is none. */
const char *profile_get(const struct profiles *p, const char *profile, const char *name);
/* The same from one of the files alone. */
const char *profile_get_from(const struct profiles *p, enum profile_file file, const char *profile, const char *name);
/* A setting of [services SECTION] in the config file: "s3.endpoint_url". */
const char *profile_service(const struct profiles *p, const char *section, const char *name);

#endif
