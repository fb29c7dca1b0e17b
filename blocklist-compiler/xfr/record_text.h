/*
 * One record of a message as a line of a master file, in the one form in which zones are kept: absolute names, lower
 * case (RFC 4034, 6.2), TTL in seconds, class, type, data on one line. The words and the escapes are those of ldns.
 *
 * Memory: *out is the caller's to free. Threads: pure.
 */
#ifndef XFR_RECORD_TEXT_H
#define XFR_RECORD_TEXT_H

#include "dns/msg.h"

/* rr: of a walk over msg. *out has no end of line. ERR_MALFORMED: its data are not those of its type. ERR_NOMEM. */
ERR_CHECKED int record_text(const uint8_t *msg, size_t len, const struct msg_rr *rr, char **out, size_t *out_len);

#endif
