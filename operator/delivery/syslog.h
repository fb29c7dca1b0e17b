/*
 * Messages for a syslog receiver (RFC 5424): their bytes, and the way there.
 *
 *     <105>1 2026-11-29T04:10:00.000Z dns belisha 812 alert [belisha@32473 alert="17" rule="self-harm"] BOM text
 *
 * Over UDP one a datagram (RFC 5426), cut to SYSLOG_DATAGRAM_MAX; over TCP and TLS counted by octets (RFC 6587, 3.4.1;
 * RFC 5425). Syslog has no answer: over TCP and TLS what was written before the connection broke may be lost, and who wants to
 * be sure sends it again (a receiver can tell by `id`). The socket of this machine (/dev/log) gets the older form that its
 * owners read, with the fields behind the text.
 *
 * 32473 is the number that RFC 5612 gives to examples: Belisha has none of its own.
 *
 * Threads: syslog_write() pure; a link belongs to one thread.
 */
#ifndef DELIVERY_SYSLOG_H
#define DELIVERY_SYSLOG_H

#include "delivery/deliver.h"

#define SYSLOG_DATAGRAM_MAX 2048
#define SYSLOG_FACILITY_MAX 23

/* One entry. */
struct syslog_entry {
    unsigned severity; /* 0..7 */
    int64_t time_ns;   /* wall clock */
    const char *kind;  /* MSGID */
    const char *text;  /* UTF-8; ends of line become blanks */
    const char *id;    /* a field of its own; NULL: none */
    const struct message_field *fields;
    size_t field_count;
};

/* Adds it without framing. */
void syslog_write(const struct syslog_opts *opts, const struct syslog_entry *entry, struct text *out);
/* The same in the form of /dev/log. */
void syslog_write_local(const struct syslog_opts *opts, const struct syslog_entry *entry, struct text *out);

/* ---- a connection, for who has many ---- */

struct syslog_link;

/* ERR_NETWORK: it can't be reached, or its certificate is none that we believe; ERR_NOMEM. why as of deliver(). */
ERR_CHECKED int syslog_open(const struct syslog_opts *opts, struct syslog_link **out, char why[DELIVER_WHY_MAX]);
/* Handed to the kernel, or to TLS. After an error the link is only good for closing. ERR_NETWORK, ERR_TIMEOUT, ERR_NOMEM. */
ERR_CHECKED int syslog_send(struct syslog_link *link, const struct syslog_entry *entry, char why[DELIVER_WHY_MAX]);
/* Whether the other end has closed, as far as is known without waiting. */
bool syslog_is_open(struct syslog_link *link);
/* Over TCP it waits until the other end has read all, or the timeout. ERR_NETWORK: the connection broke before. NULL: 0. */
ERR_CHECKED int syslog_close(struct syslog_link *link, char why[DELIVER_WHY_MAX]);

/* All three for one message. */
enum outcome syslog_deliver(const struct syslog_opts *opts, const struct message *message, char why[DELIVER_WHY_MAX]);

#endif
