/* Replies of S3 and STS: any bytes either are read or have a reason, and paths stay balanced. */
#include "xml.h"

#include <stdlib.h>
#include <string.h>

static const char *
each(void *arg, const char *path, struct span text)
{
	size_t *n = arg;

	if (*path == '\0' || strlen(path) > XML_TEXT_BYTES + XML_DEPTH || text.n > XML_TEXT_BYTES)
		abort();
	if (text.p != NULL && text.p[text.n] != '\0')
		abort();
	(*n)++;
	return NULL;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct span bytes = {(const char *)data, size};
	struct buf text = {0};
	size_t n = 0;

	if (xml_read(bytes, each, &n) == NULL && n == 0)
		abort();
	xml_find(bytes, "Error/Code", &text);
	buf_free(&text);
	return 0;
}
