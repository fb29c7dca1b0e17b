/*
 * What came in at the accounting port, by kind, and what of it was refused, by cause.
 *
 * Threads: one, the manager's.
 */
#ifndef RADIUS_TALLY_H
#define RADIUS_TALLY_H

#include <stddef.h>
#include <stdint.h>

/* X(name in figures, its suffix, sentence for people) */
#define RADIUS_KINDS(X)                                                                                                \
    X("start", START)                                                                                                  \
    X("interim", INTERIM)                                                                                              \
    X("stop", STOP)                                                                                                    \
    X("on_off", ON_OFF)                                                                                                \
    X("other", OTHER)                                                                                                  \
    X("status", STATUS)

#define RADIUS_CAUSES(X)                                                                                               \
    X("unknown_nas", UNKNOWN_NAS, "an address that is no NAS's")                                                       \
    X("malformed", MALFORMED, "no RADIUS packet, or an accounting request that says nothing")                          \
    X("wrong_code", WRONG_CODE, "a request that is no accounting")                                                     \
    X("authenticator", AUTHENTICATOR, "a wrong secret")                                                                \
    X("message_authenticator", MESSAGE_AUTHENTICATOR, "a wrong Message-Authenticator")                                 \
    X("no_message_authenticator", NO_MESSAGE_AUTHENTICATOR, "no Message-Authenticator, which it should have")          \
    X("full", FULL, "more sessions than can be kept")                                                                  \
    X("not_stored", NOT_STORED, "sessions that could not be written to the disk")                                      \
    X("busy", BUSY, "too many requests at once")

enum radius_kind {
#define X(name, suffix) RADIUS_KIND_##suffix,
    RADIUS_KINDS(X)
#undef X
        RADIUS_KIND_COUNT
};

enum radius_cause {
#define X(name, suffix, sentence) RADIUS_CAUSE_##suffix,
    RADIUS_CAUSES(X)
#undef X
        RADIUS_CAUSE_COUNT
};

struct radius_tally {
    uint64_t taken[RADIUS_KIND_COUNT];
    uint64_t refused[RADIUS_CAUSE_COUNT];
    uint64_t answered;
};

/* One of the configuration, as it was heard. */
struct radius_heard {
    const char *name;
    uint64_t requests; /* that proved themselves */
    int64_t last_s;    /* wall time; 0: never, since the program's start */
};

const char *radius_kind_name(enum radius_kind kind);
const char *radius_cause_name(enum radius_cause cause);
const char *radius_cause_text(enum radius_cause cause);

#endif
