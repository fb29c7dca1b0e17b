/*
 * A session: somebody is at an address, or at a device, from one time to another, and somebody who may say so has said it.
 * A NAS says it by RADIUS, a logon script or a captive portal by the local API.
 *
 * It is named by its source, who said it (`origin`) and what they call it (`id`); its number is ours, given once.
 *
 * Each change is a line of a file (session/session_journal.h), a checksum and a JSON object: docs/formats/sessions.md.
 *
 *     0123456789abcdef {"v":1,"op":"session","number":17,"source":"radius","origin":"wifi/10.0.0.5",...}
 *
 * Memory:  one block from session_new(), with all its texts; freed with its last holder.
 * Threads: what is in a session that others hold never changes; holders are counted in one thread.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "base/text.h"
#include "belisha/err.h"

#define SESSION_ADDRESSES_MAX 4
#define SESSION_USER_MAX      129 /* these with the closing zero */
#define SESSION_HOST_MAX      64
#define SESSION_ORIGIN_MAX    384
#define SESSION_ID_MAX        512
#define SESSION_LINE_MAX      4096

enum session_source {
    SESSION_RADIUS,
    SESSION_LOGON,
};
#define SESSION_SOURCES 2

enum session_end {
    SESSION_LASTS,
    SESSION_STOPPED,    /* its origin said so */
    SESSION_SUPERSEDED, /* a later one of the same source has its address or its device */
    SESSION_CLEARED,    /* its NAS started anew */
    SESSION_EXPIRED,    /* nothing was heard of it for too long */
};
#define SESSION_ENDS 5

struct session {
    uint64_t number; /* from 1; 0: not in the book yet */
    enum session_source source;
    enum session_end end;
    int64_t from_s, heard_s, until_s; /* wall time: its begin, the last news of it, its end if there are no more */
    int64_t ended_s;                  /* 0 while it lasts */
    bool has_mac;
    uint8_t mac[6];
    unsigned address_count;
    struct ipaddr addresses[SESSION_ADDRESSES_MAX];
    const char *user;   /* UTF-8, as it was said; "": nobody is known */
    const char *host;   /* "": not said */
    const char *origin; /* "wifi/10.0.0.5", "token/portal" */
    const char *id;
    unsigned holders;
};

/* A copy with one holder. NULL: no memory. */
struct session *session_new(const struct session *from);
void session_release(struct session *session); /* NULL is nothing */

/* "radius", "logon"; "stopped"... */
const char *session_source_name(enum session_source source);
const char *session_end_name(enum session_end end);

/* ---- lines ---- */

enum session_op {
    SESSION_OP_BEGIN,   /* the next number to be given; a file that was written anew begins so */
    SESSION_OP_SESSION, /* a session as it is from here on */
    SESSION_OP_CLEAR,   /* all sessions of an origin, of which nothing was heard since, are over */
};

struct session_line {
    enum session_op op;
    uint64_t next;          /* BEGIN */
    struct session session; /* SESSION; of CLEAR: source, origin, ended_s. Its texts: see texts */
    struct {
        char user[SESSION_USER_MAX], host[SESSION_HOST_MAX], origin[SESSION_ORIGIN_MAX], id[SESSION_ID_MAX];
    } texts; /* where those of a line that was read are kept */
};

/* Adds the line with its end. */
void session_line_write(const struct session_line *line, struct text *out);

/* len: without the end. ERR_DAMAGED: the checksum is wrong; ERR_MALFORMED; ERR_FORMAT_VERSION. */
ERR_CHECKED int session_line_parse(const char *text, size_t len, struct session_line *out);

#endif
