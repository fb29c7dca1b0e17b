/*
 * Other people's words on a terminal or in a line of a file: nothing of them steers the one or ends the other.
 *
 * Threads: one for each file.
 */
#ifndef BASE_PLAIN_H
#define BASE_PLAIN_H

#include <stdio.h>

/* Control characters (also those of 0x80 to 0x9f) become blanks, what is no UTF-8 "?". NULL is nothing. */
void plain_print(const char *text, FILE *to);

#endif
