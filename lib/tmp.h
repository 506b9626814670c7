/* Files in $TMPDIR (/tmp) that have no name, so that nothing is left of them whatever happens. */
#ifndef TMP_H
#define TMP_H

/* $TMPDIR, or /tmp; borrowed. */
const char *tmp_folder(void);
/* Opens one for reading and writing; the caller closes it.  When there can be none the program ends with 73. */
int tmp_open(void);

#endif
