/*
 * Counters and their text form.
 *
 * Each worker owns one struct metrics and is the only one that writes it; readers add the workers' up. One list gives
 * names and help texts. Prometheus text: https://prometheus.io exposition format 0.0.4 (no label ever holds a name or a
 * client).
 *
 * Threads: a worker adds with metrics_add(); any thread may sum (relaxed atomics).
 */
#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include <stddef.h>
#include <stdint.h>

/* X(enum suffix, name, help) */
#define METRICS_LIST(X)                                                                                                \
    X(QUERIES_UDP, "belisha_queries_udp_total", "Questions received over UDP")                                         \
    X(QUERIES_TCP, "belisha_queries_tcp_total", "Questions received over TCP")                                         \
    X(QUERIES_DOT, "belisha_queries_dot_total", "Questions received over TLS")                                         \
    X(QUERIES_DOH, "belisha_queries_doh_total", "Questions received over HTTPS")                                       \
    X(ANSWERS, "belisha_answers_total", "Answers given")                                                               \
    X(BLOCKED, "belisha_answers_blocked_total", "Answers that kept a client from a name")                              \
    X(LOCAL, "belisha_answers_local_total", "Answers from local records and special-use rules")                        \
    X(REFUSED, "belisha_answers_refused_total", "Questions refused: client not allowed")                               \
    X(ERRORS, "belisha_answers_error_total", "Questions answered FORMERR, NOTIMP or BADVERS")                          \
    X(NOT_READY, "belisha_answers_not_ready_total", "SERVFAIL because no blocklist was loaded")                        \
    X(SERVFAIL, "belisha_answers_servfail_total", "SERVFAIL because no upstream answered")                             \
    X(DROPPED, "belisha_queries_dropped_total", "Requests that got no answer")                                         \
    X(CACHE_HITS, "belisha_cache_hits_total", "Answers from the cache")                                                \
    X(CACHE_MISSES, "belisha_cache_misses_total", "Questions that needed an upstream")                                 \
    X(CACHE_STALE, "belisha_cache_stale_total", "Answers given after their TTL (RFC 8767)")                            \
    X(MERGED, "belisha_queries_merged_total", "Questions that waited for an identical one")                            \
    X(ASKS, "belisha_upstream_questions_total", "Questions sent to upstream servers")                                  \
    X(ASKS_TCP, "belisha_upstream_questions_tcp_total", "... of these over TCP")                                       \
    X(ASK_TIMEOUTS, "belisha_upstream_timeouts_total", "Upstream questions without an answer in time")                 \
    X(REPLIES, "belisha_upstream_replies_total", "Upstream replies accepted")                                          \
    X(REPLIES_IGNORED, "belisha_upstream_replies_ignored_total", "Upstream packets that matched no question")          \
    X(REPLIES_MISSPELT, "belisha_upstream_replies_misspelt_total", "Upstream replies that had lost the spelling")      \
    X(REBINDING, "belisha_rebinding_total", "Answers refused because a public name led to a private address")          \
    X(LIMIT_PENDING, "belisha_limit_pending_total", "Questions refused because too many were waiting")                 \
    X(PATTERNS_GIVEN_UP, "belisha_patterns_given_up_total", "Patterns of lists that were too dear to try on a name")        \
    X(LIMIT_RATE, "belisha_limit_rate_total", "Questions not answered because their client asked too many")            \
    X(UDP_SEND_ERRORS, "belisha_udp_send_errors_total", "UDP answers the kernel would not send")                       \
    X(TCP_CONNECTIONS, "belisha_tcp_connections_total", "TCP connections accepted")                                    \
    X(TCP_REFUSED, "belisha_tcp_refused_total", "TCP connections closed because of a limit")

enum metric {
#define X(suffix, name, help) METRIC_##suffix,
    METRICS_LIST(X)
#undef X
        METRIC_COUNT
};

struct metrics {
    _Alignas(64) uint64_t value[METRIC_COUNT];
};

static inline void metrics_add(struct metrics *m, enum metric which, uint64_t n)
{
    __atomic_store_n(&m->value[which], m->value[which] + n, __ATOMIC_RELAXED);
}

const char *metrics_name(enum metric which);

/* Adds each of count workers' counters into *out (which is set to zero first). */
void metrics_sum(const struct metrics *const workers[], size_t count, struct metrics *out);

/* Writes the Prometheus text; returns its length without the closing zero, as snprintf does when cap is too small. */
size_t metrics_write_text(const struct metrics *m, char *out, size_t cap);

#endif
