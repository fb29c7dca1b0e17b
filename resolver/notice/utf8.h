/* Text from outside: is it UTF-8, and cleaning it for keeping. Threads: pure; any thread. */
#ifndef NOTICE_UTF8_H
#define NOTICE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Well-formed UTF-8 (RFC 3629: shortest form, no surrogates, at most U+10FFFF). */
bool utf8_is_valid(const char *text, size_t len);

/*
 * Cleans len bytes of valid UTF-8 in place and zero-terminates them: text must have room for len + 1 bytes. Control
 * characters, C1 controls and direction overrides become spaces, CR LF becomes LF (a space when one_line), white space
 * at both ends goes. The text never grows.
 */
void utf8_clean(char *text, size_t len, bool one_line);

#endif
