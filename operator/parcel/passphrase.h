/*
 * The password of a zip: made here, read from a file, or typed twice. It is never an argument of a program, and never
 * written anywhere.
 *
 * Threads: one.
 */
#ifndef PARCEL_PASSPHRASE_H
#define PARCEL_PASSPHRASE_H

#include <stddef.h>

#include "belisha/err.h"

#define PASSPHRASE_MIN 12  /* characters */
#define PASSPHRASE_MAX 128 /* bytes, with the closing zero: what every unzipper takes */

/* Draws one. No letter in it looks like another letter or digit. */
void passphrase_make(char out[PASSPHRASE_MAX]);

/* NULL; or why it will not do, a sentence without a full stop. */
const char *passphrase_wrong(const char *text);

/* From a file that not everybody may read. NULL; or what is wrong, a sentence that is good until the next call. */
const char *passphrase_read(const char *path, char out[PASSPHRASE_MAX]);

/* Typed twice at this process's terminal, unseen. NULL; or what is wrong. */
const char *passphrase_ask(char out[PASSPHRASE_MAX]);
/* Typed once, for reading what is there already. */
const char *passphrase_ask_once(char out[PASSPHRASE_MAX]);

/* Says it at this process's terminal, and nowhere else. NULL; or what is wrong: nobody has seen it then. */
const char *passphrase_tell(const char *text);

void passphrase_wipe(char text[PASSPHRASE_MAX]);

#endif
