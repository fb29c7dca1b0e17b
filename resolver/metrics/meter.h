/*
 * What one worker counts about one upstream server, and how it finds the server at the moment.
 *
 * A server keeps its meter for as long as it is configured (query_server.meter), wherever it stands in the list.
 *
 * Threads: the worker writes; any thread may read (relaxed atomics).
 */
#ifndef METRICS_METER_H
#define METRICS_METER_H

#include <stddef.h>
#include <stdint.h>

#include "metrics/histogram.h"

/* Twice as many as there may be servers, so that a new one need not take the meter of one that is just leaving. */
#define METERS_MAX 128

/* X(enum suffix, name without belisha_upstream_ and _total, label, key in JSON, help of the family) */
#define METER_LIST(X)                                                                                                  \
    X(ASKED_UDP, "questions", "transport=\"udp\"", "questions_udp", "Questions sent")                                  \
    X(ASKED_TCP, "questions", "transport=\"tcp\"", "questions_tcp", "Questions sent")                                  \
    X(ASKED_TLS, "questions", "transport=\"tls\"", "questions_tls", "Questions sent")                                  \
    X(ANSWERS, "replies", "outcome=\"answer\"", "answers", "Replies that fitted a question")                           \
    X(SERVFAIL, "replies", "outcome=\"servfail\"", "servfail", "Replies that fitted a question")                       \
    X(REFUSED, "replies", "outcome=\"refused\"", "refused", "Replies that fitted a question")                          \
    X(ERRORS, "replies", "outcome=\"error\"", "errors", "Replies that fitted a question")                              \
    X(TRUNCATED, "replies", "outcome=\"truncated\"", "truncated", "Replies that fitted a question")                    \
    X(TIMEOUTS, "timeouts", "", "timeouts", "Questions without an answer in the server's usual time")                  \
    X(FAILURES, "failures", "", "failures", "Sockets and connections that failed")                                     \
    X(DISTRUSTED, "tls_failures", "", "tls_failures", "Connections whose other end did not prove who it is")           \
    X(UNMATCHED, "ignored", "why=\"unmatched\"", "unmatched", "Packets ignored, forged ones among them")               \
    X(COOKIE, "ignored", "why=\"cookie\"", "wrong_cookie", "Packets ignored, forged ones among them")                  \
    X(UNUSABLE, "ignored", "why=\"unusable\"", "unusable", "Packets ignored, forged ones among them")                  \
    X(MISSPELT, "ignored", "why=\"misspelt\"", "misspelt", "Packets ignored, forged ones among them")

enum meter_count {
#define X(suffix, name, label, key, help) METER_##suffix,
    METER_LIST(X)
#undef X
        METER_COUNTS
};

/* How the server is now. Times are monotonic ms. */
enum meter_gauge {
    METER_SRTT_MS,       /* smoothed round-trip time; means nothing before the first reply */
    METER_FAILED_IN_ROW, /* failures since the last reply */
    METER_REST_UNTIL_MS, /* it is not asked before, unless all rest */
    METER_REPLIED_MS,    /* the last reply; 0: none yet */
    METER_FAILED_MS,     /* the last failure; 0: none yet */
    METER_PORTS,         /* UDP sockets open */
    METER_LINKS,         /* connections open */
    METER_DISTRUST_MS,   /* when it last failed to prove who it is; 0: never, or it has proved it since */
    METER_GAUGES
};

struct meter {
    _Alignas(64) uint64_t count[METER_COUNTS];
    int64_t gauge[METER_GAUGES];
    struct histogram rtt;
};

static inline void meter_add(struct meter *m, enum meter_count which, uint64_t n)
{
    __atomic_store_n(&m->count[which], m->count[which] + n, __ATOMIC_RELAXED);
}

static inline void meter_set(struct meter *m, enum meter_gauge which, int64_t value)
{
    __atomic_store_n(&m->gauge[which], value, __ATOMIC_RELAXED);
}

static inline int64_t meter_get(const struct meter *m, enum meter_gauge which)
{
    return __atomic_load_n(&m->gauge[which], __ATOMIC_RELAXED);
}

#endif
