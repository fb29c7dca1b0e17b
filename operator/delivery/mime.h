/*
 * A message as a mail (RFC 5322, MIME): text, HTML alternative, attached files.
 *
 * Nothing that a message says can become a header of its own: controls are blanks in headers, what is not ASCII is encoded
 * (RFC 2047, RFC 2231). Every line is at most 998 bytes and ends with CRLF; no line begins with a bare dot's meaning, which is
 * the sender's business (RFC 5321, 4.5.2).
 *
 * Threads: pure; any thread.
 */
#ifndef DELIVERY_MIME_H
#define DELIVERY_MIME_H

#include "delivery/message.h"

struct mime_envelope {
    const char *from;      /* address */
    const char *from_name; /* NULL: none */
    const char *to;        /* address */
};

/* Adds the mail. out->failed when memory or its bound is reached. */
void mime_write(const struct message *message, const struct mime_envelope *envelope, struct text *out);

/* Adds one header's value: ASCII as it is, without controls, else encoded words; folded. used: bytes on the line so far. */
void mime_write_words(const char *value, size_t used, struct text *out);
/* Adds text as quoted-printable (RFC 2045, 6.7), LF as CRLF. */
void mime_write_quoted(const char *value, struct text *out);
/* Adds bytes as base64 in lines of 76 (RFC 2045, 6.8). */
void mime_write_base64(const char *bytes, size_t len, struct text *out);
/* Adds "Sun, 29 Nov 2026 04:10:00 +0000". */
void mime_write_date(int64_t time_s, struct text *out);

#endif
