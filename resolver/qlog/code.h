/*
 * The short code on the notice page that finds the log record.
 *
 * 8 characters of Crockford's base 32 in two groups, e.g. "7K3M-9QPX": 20 bits of the minute (UTC minutes since 1970,
 * modulo 2^20: about two years) and 20 bits of a hash of client address and name. The page needs no access to the log
 * to make it; a reader looks through the minutes around it for records with the same hash. It is no secret and names
 * nobody.
 */
#ifndef QLOG_CODE_H
#define QLOG_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "belisha/err.h"

#define QLOG_CODE_TEXT_MAX 10 /* "XXXX-XXXX" and the closing zero */

/* name: wire, lower case. Returns out. */
char *qlog_code_make(const struct ipaddr *client, const uint8_t *name, int64_t time_s, char out[QLOG_CODE_TEXT_MAX]);

struct qlog_code {
    uint32_t minute; /* modulo 2^20 */
    uint32_t hash;   /* 20 bits */
};

/* Any case, hyphen optional; O reads as 0, I and L as 1. ERR_MALFORMED. */
ERR_CHECKED int qlog_code_parse(const char *text, struct qlog_code *out);

/* Whether a record of this client, name and time belongs to the code: same hash, at most 15 minutes before it. */
bool qlog_code_matches(const struct qlog_code *code, const struct ipaddr *client, const uint8_t *name, int64_t time_s);

#endif
