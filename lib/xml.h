/*
 * Reads the replies of S3 and STS: the text of every element, by the element's path.
 *
 * On expat.  Names in paths stand as the document has them, attributes and
 * namespaces are left out: "ListBucketResult/Contents/Key".  A document type, and
 * with it every entity but XML's own five, is refused; so is what no reply of
 * these services is: deeper than XML_DEPTH, a text or path above XML_TEXT_BYTES,
 * a document above XML_BYTES.
 */
#ifndef XML_H
#define XML_H

#include "buf.h"

#define XML_BYTES ((size_t)16 << 20)
#define XML_TEXT_BYTES ((size_t)64 << 10)
#define XML_DEPTH 16

/*
 * Called at the end of each element.  One without children has its text, as it
 * stands (newlines become \n, as XML has it); one with children has {NULL, 0}, so
 * the end of ".../Contents" says that this entry is complete.  Both are borrowed
 * for the call.  NULL to go on, or why the document is not right: that ends it.
 */
typedef const char *xml_each(void *arg, const char *path, struct span text);

/* NULL, or why these bytes are no such document; static, or each's own. */
const char *xml_read(struct span bytes, xml_each *each, void *arg);

/* Adds the text of the first element of that path.  False when there is none, or when the document cannot be read. */
bool xml_find(struct span bytes, const char *path, struct buf *text);

#endif
