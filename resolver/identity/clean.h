/*
 * Names that devices and strangers made up, fit to be kept, logged and shown.
 *
 * What is kept is UTF-8 without controls, and without the characters that hide themselves or turn the text around them
 * (U+200E, U+2028 to U+202E, U+2066 to U+2069, U+FEFF and their like). Bytes that are no UTF-8 become U+FFFD. Spaces at both
 * ends go, others become one. It still is a stranger's text: whoever shows it escapes it for where it is shown.
 *
 * Threads: pure.
 */
#ifndef IDENTITY_CLEAN_H
#define IDENTITY_CLEAN_H

#include <stddef.h>

/* At most cap - 1 bytes, cut between characters. text need not end with a zero and is not out. Returns the length. */
size_t clean_name(const char *text, size_t len, char *out, size_t cap);

#endif
