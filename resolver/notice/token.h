/*
 * Marks that a form was made by us, for this client, not long ago.
 *
 * A page of another site can make a browser post to us, but it can't read our pages, so it can't know the token (cross-
 * site request forgery). 32 hexadecimal digits: 8 of the minute it was made in, 24 of a keyed hash (BLAKE2b) of minute
 * and client address. Nothing is kept between making and checking.
 *
 * Threads: pure; any thread.
 */
#ifndef NOTICE_TOKEN_H
#define NOTICE_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ipaddr.h"

#define TOKEN_KEY_LEN  32
#define TOKEN_TEXT_MAX 33          /* with the closing zero */
#define TOKEN_AGE_S    (24 * 3600) /* a page may stay open over a school day */

/* Returns out. now_s: wall time. */
char *token_make(const uint8_t key[TOKEN_KEY_LEN], const struct ipaddr *client, int64_t now_s,
                 char out[TOKEN_TEXT_MAX]);
bool token_is_valid(const uint8_t key[TOKEN_KEY_LEN], const struct ipaddr *client, int64_t now_s, const char *text);

#endif
