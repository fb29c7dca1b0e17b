/*
 * What logon scripts and captive portals say, as changes of the book: requests and answers in JSON.
 *
 *     on    {"user": "anna", "address": "10.20.0.7", "mac": "aa:bb:cc:dd:ee:ff", "host": "pc17", "ttl": "8h"}
 *     off   {"address": "10.20.0.7"}  or  {"mac": ...}; "user", where given, must be who is there
 *     list  (nothing)
 *
 * Without address and mac, the address that the request comes from is meant. A ttl is a number of seconds or a duration such
 * as "45m" or "8h"; a longer one than may be is cut, and the answer says until when it holds. Whoever speaks sees and ends
 * sessions of its own only.
 *
 * Threads: as the book's.
 */
#ifndef SESSION_LOGON_H
#define SESSION_LOGON_H

#include "session/session_book.h"
#include "session/token.h"

#define LOGON_BODY_MAX 2048
#define LOGON_LIST_MAX 1000 /* sessions in one answer */

enum logon_op {
    LOGON_ON,
    LOGON_OFF,
    LOGON_LIST,
};

/* What was asked for, and what was refused. X(name in figures, suffix) */
#define LOGON_COUNTS(X)                                                                                                \
    X("on", ON)                                                                                                        \
    X("off", OFF)                                                                                                      \
    X("list", LIST)                                                                                                    \
    X("unauthorized", UNAUTHORIZED)                                                                                    \
    X("forbidden", FORBIDDEN)                                                                                          \
    X("bad_request", BAD_REQUEST)                                                                                      \
    X("too_many", TOO_MANY)                                                                                            \
    X("unavailable", UNAVAILABLE)

enum logon_count {
#define X(name, suffix) LOGON_COUNT_##suffix,
    LOGON_COUNTS(X)
#undef X
        LOGON_COUNT_COUNT
};

struct logon_tally {
    uint64_t count[LOGON_COUNT_COUNT];
};

const char *logon_count_name(enum logon_count count);

struct logon_limits {
    int64_t ttl_s, ttl_max_s; /* when nothing is said, and at most */
};

struct logon_call {
    enum logon_op op;
    const struct speaker *speaker;
    const struct ipaddr *peer; /* NULL: it comes from this machine, and means no address by itself */
    const char *body;
    size_t body_len;
    int64_t now_s; /* wall time */
    /* Which device has an address now. So a logon does not stick to the next device there. NULL: nobody knows. */
    bool (*card)(void *ctx, const struct ipaddr *address, uint8_t out[6]);
    void *ctx;
};

struct logon_answer {
    unsigned status;  /* as HTTP has it */
    struct text body; /* JSON; the caller's to end */
};

/* Always gives an answer; one of 200 or 201 may be sent only when the book's changes are kept. */
void logon_take(struct session_book *book, const struct logon_limits *limits, const struct logon_call *call,
                struct logon_answer *out);

/* An answer that tells an error: {"error": "forbidden", "message": "..."}. */
void logon_refuse(struct logon_answer *out, unsigned status, const char *error, const char *message);

#endif
