/*
 * A message to people or to their systems: said once, delivered by any route (delivery/route.h).
 *
 * Its id is its own for ever: the same message sent again has the same Message-ID and the same idempotency key, so that who
 * gets it twice can tell.
 *
 * Memory:  a struct message points into its maker's memory. Threads: pure; any thread.
 */
#ifndef DELIVERY_MESSAGE_H
#define DELIVERY_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "belisha/err.h"

#define MESSAGE_ID_MAX     96 /* bytes of an id, with the closing zero */
#define MESSAGE_FIELDS_MAX 32
#define MESSAGE_FILES_MAX  16
#define MESSAGE_FILE_MAX   120                 /* bytes of a file's name, with the closing zero */
#define MESSAGE_TIME_MAX   INT64_C(9000000000) /* the year 2255: its nanoseconds fit into 64 bits */
#define MESSAGE_BYTES_MAX  ((size_t)20 << 20)  /* of text, html and all attachments together */

/* A file that goes with it. */
struct message_file {
    const char *name; /* "sheet.html"; no folder in it */
    const char *type; /* "text/html; charset=utf-8" */
    const char *bytes;
    size_t len;
};

/* What a program that gets it may read: in a webhook's JSON, and as structured data of syslog. */
struct message_field {
    const char *name; /* letters, digits and _ */
    const char *value;
};

/* As syslog counts (RFC 5424, 6.2.1). */
enum message_severity { MESSAGE_CRITICAL = 2, MESSAGE_ERROR = 3, MESSAGE_WARNING = 4, MESSAGE_NOTICE = 5 };

struct message {
    const char *id;      /* letters, digits, "-", "_" and ".", not "." at its beginning */
    int64_t time_s;      /* when it was written: Date; 0 to MESSAGE_TIME_MAX */
    const char *kind;    /* "alert", "report": a short word of small letters; MSGID of syslog */
    const char *subject; /* one line of UTF-8 */
    const char *text;    /* UTF-8, lines with LF */
    const char *html;    /* a whole document that says the same; NULL: none */
    enum message_severity severity;
    const struct message_file *files;
    size_t file_count;
    const struct message_field *fields;
    size_t field_count;
};

/* Whether it is of the form above and within the bounds. ERR_INVAL, ERR_LIMIT. */
ERR_CHECKED int message_check(const struct message *message);
bool message_id_is_good(const char *id);

/* Adds it as one JSON object, for a file. out->failed when memory or its bound is reached. */
void message_write(const struct message *message, struct text *out);

/* A message as it was read; its texts belong to the struct. */
struct message_read {
    struct message message;
    struct message_file files[MESSAGE_FILES_MAX];
    struct message_field fields[MESSAGE_FIELDS_MAX];
    void *tree;                          /* the parsed JSON */
    char *file_bytes[MESSAGE_FILES_MAX]; /* decoded */
};

/* ERR_MALFORMED, ERR_NOMEM, and what message_check() says. */
ERR_CHECKED int message_parse(const char *bytes, size_t len, struct message_read *out);
void message_read_done(struct message_read *read);

#endif
