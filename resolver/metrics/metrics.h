/*
 * What one worker counts.
 *
 * Each worker owns one struct metrics and is the only one that writes it; readers add the workers' up. No counter tells
 * what was asked or who asked, and none tells a name of the statutory list from one that the school itself blocks:
 * `illegal` is counted as `local`, as it is shown (docs/decisions, "What a figure may tell").
 *
 * Threads: a worker adds with metrics_add() and its like; any thread may sum (relaxed atomics).
 */
#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/verdict.h"
#include "belisha/category.h"
#include "metrics/histogram.h"
#include "metrics/meter.h"

/* X(enum suffix, name, help) */
#define METRICS_LIST(X)                                                                                                \
    X(QUERIES_UDP, "belisha_queries_udp_total", "Questions received over UDP")                                         \
    X(QUERIES_TCP, "belisha_queries_tcp_total", "Questions received over TCP")                                         \
    X(QUERIES_DOT, "belisha_queries_dot_total", "Questions received over TLS")                                         \
    X(QUERIES_DOH, "belisha_queries_doh_total", "Questions received over HTTPS")                                       \
    X(SERVFAIL, "belisha_answers_servfail_total", "SERVFAIL because no upstream answered")                             \
    X(DROPPED, "belisha_queries_dropped_total", "Requests that got no answer")                                         \
    X(CACHE_HITS, "belisha_cache_hits_total", "Answers from the cache")                                                \
    X(CACHE_MISSES, "belisha_cache_misses_total", "Questions that needed an upstream")                                 \
    X(CACHE_STALE, "belisha_cache_stale_total", "Answers given after their TTL (RFC 8767)")                            \
    X(MERGED, "belisha_queries_merged_total", "Questions that waited for an identical one")                            \
    X(REBINDING, "belisha_rebinding_total", "Answers refused because a public name led to a private address")          \
    X(LIMIT_PENDING, "belisha_limit_pending_total", "Questions refused because too many were waiting")                 \
    X(PATTERNS_GIVEN_UP, "belisha_patterns_given_up_total", "Patterns of lists that were too dear to try on a name")   \
    X(LIMIT_RATE, "belisha_limit_rate_total", "Questions not answered because their client asked too many")            \
    X(DNSTAP, "belisha_dnstap_messages_total", "Messages for the dnstap reader, also those that it may not have")      \
    X(DNSTAP_LOST, "belisha_dnstap_lost_total", "... and those lost since its reader was too slow")                    \
    X(UDP_SEND_ERRORS, "belisha_udp_send_errors_total", "UDP answers the kernel would not send")                       \
    X(TCP_CONNECTIONS, "belisha_tcp_connections_total", "TCP connections accepted")                                    \
    X(TCP_REFUSED, "belisha_tcp_refused_total", "TCP connections closed because of a limit")

enum metric {
#define X(suffix, name, help) METRIC_##suffix,
    METRICS_LIST(X)
#undef X
        METRIC_COUNT
};

#define METRICS_ACTIONS VERDICT_ACTION_COUNT
#define METRICS_REASONS VERDICT_REASON_COUNT
#define METRICS_RCODES  24 /* up to BADCOOKIE */
#define METRICS_GRADES  6  /* enum qlog_grade */

struct metrics {
    _Alignas(64) uint64_t value[METRIC_COUNT];
    uint64_t rcode[METRICS_RCODES];
    uint64_t verdict[METRICS_ACTIONS][METRICS_REASONS];
    uint64_t blocked[CATEGORY_MAX]; /* by the category that decided */
    uint64_t grade[METRICS_GRADES]; /* how sure it was who asked; [0]: nobody is attributed */
    struct histogram at_once;       /* from reading a batch of questions to handing its answers on, for each of them */
    struct histogram waited;        /* from question to answer, where an upstream server was waited for */
    struct meter meters[METERS_MAX];
};

static inline void metrics_add(struct metrics *m, enum metric which, uint64_t n)
{
    __atomic_store_n(&m->value[which], m->value[which] + n, __ATOMIC_RELAXED);
}

static inline void metrics_bump(uint64_t *value)
{
    __atomic_store_n(&value[0], value[0] + 1, __ATOMIC_RELAXED);
}

/* An answer is given. rcode: 0 to METRICS_RCODES - 1. */
static inline void metrics_add_answer(struct metrics *m, const struct verdict *v, unsigned rcode)
{
    unsigned reason = v->reason;
    metrics_bump(&m->rcode[rcode]);
    if (verdict_is_block(v)) {
        unsigned category = v->category;
        if (category == CATEGORY_ILLEGAL) {
            reason = REASON_LOCAL_BLOCK;
            category = CATEGORY_LOCAL;
        }
        if (category < CATEGORY_MAX)
            metrics_bump(&m->blocked[category]);
    }
    metrics_bump(&m->verdict[v->action][reason]);
}

const char *metrics_name(enum metric which);
const char *metrics_help(enum metric which);

/*
 * Adds each of count workers' counters into *out, which is set to zero first; meters are left zero. Questions for help
 * services are among those that nothing concerned: whoever reads the figures by the second learns of none.
 */
void metrics_sum(const struct metrics *const workers[], size_t count, struct metrics *out);

/* Of a sum: answers with this action, for this reason, in all. */
uint64_t metrics_by_action(const struct metrics *sum, enum verdict_action action);
uint64_t metrics_by_reason(const struct metrics *sum, enum verdict_reason reason);
uint64_t metrics_answers(const struct metrics *sum);
/* ... that kept a client from a name. */
uint64_t metrics_blocked(const struct metrics *sum);

/* Adds the workers' meters of one server into *out, which is set to zero first: counts and times, no gauges. */
void metrics_sum_meter(const struct metrics *const workers[], size_t count, size_t meter, struct meter *out);

#endif
