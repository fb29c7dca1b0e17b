/*
 * A form that was sent: its body as a report, or what is wrong with it.
 *
 * Threads: pure; any thread.
 */
#ifndef NOTICE_POSTING_H
#define NOTICE_POSTING_H

#include <stddef.h>

#include "notice/report.h"
#include "notice/token.h"

#define POSTING_BODY_MAX 8192 /* bytes; a longer body is not read */

enum posting_fault {
    POSTING_GOOD,
    POSTING_MALFORMED, /* not a form of ours */
    POSTING_TOO_LONG,  /* a text is longer than the form allows */
    POSTING_EMPTY,     /* nothing was written; the rest is filled in */
};

struct posting {
    struct report report; /* what the form says: kind, about, url, name, words */
    char token[TOKEN_TEXT_MAX];
};

enum posting_fault posting_parse(const char *body, size_t body_len, struct posting *out);

#endif
