/*
 * Silence as a signal: a device that is there and does not ask us asks somebody else, by an encrypted DNS, a VPN, or the
 * mobile network that it shares with others. Only who sees both the leases and the questions can tell.
 *
 *      known since      from                    alive            now
 *     ────┼──────────────┼────────────────────────┼───────────────┼───▶
 *         │              │◀────── after_s ───────▶│
 *         │              │◀─── asks in no more than `few` steps ─▶│
 *
 * `alive` is when the device last renewed its lease: somebody who sleeps or is switched off renews none, so it was awake at
 * the end of its silence. That is why devices with long leases are found out late: half a lease, plus after_s.
 *
 * It is a reason to look, and no proof: telephones renew leases in pockets, printers have nothing to ask.
 *
 * Bounds: SILENCE_MAX devices are kept; those that are silent longest.
 * Threads: one. silence_is_silent() is pure.
 */
#ifndef LEASE_SILENCE_H
#define LEASE_SILENCE_H

#include "belisha/err.h"
#include "identity/hearing.h"
#include "lease/lease.h"

#define SILENCE_MAX    5000
#define SILENCE_KEPT_S (24 * 3600) /* how long those that are over can be seen */

struct silence_opts {
    bool enabled;
    int64_t after_s;
    unsigned few;                  /* steps of HEARING_STEP_MIN */
    const struct prefix *networks; /* whose devices; none: all */
    size_t network_count;
    const struct prefix *except; /* ... but for these */
    size_t except_count;
};

/* What is known of a device that has a lease. */
struct sign {
    uint32_t device; /* number in the roster, not 0 */
    struct lease lease;
    int64_t first_s; /* when its lease was first seen */
    struct heard heard;
};

struct silent {
    uint32_t device;
    struct lease lease; /* the one that was renewed last */
    int64_t from_s;     /* it was silent at least since then */
    int64_t asked_s;    /* to the minute; 0: not since we listen */
    int64_t reported_s; /* when it was first found */
    int64_t over_s;     /* when it asked again, or its lease was over; 0: it is silent still */
    unsigned steps;     /* in which it asked nevertheless */
    bool evaded;        /* among the last it asked for was a way round us */
};

struct silence {
    struct silent *devices; /* by number */
    size_t count, cap;
    size_t now_count; /* those that are not over */
    int64_t looked_s; /* 0: never */
};

void silence_done(struct silence *silence);

/*
 * Judges one device. listening_s: since when we hear what is asked. watched: whether silence counts at a time, NULL: always.
 * out: as for one that is found now.
 */
bool silence_is_silent(const struct silence_opts *opts, const struct sign *sign, int64_t listening_s, int64_t now_s,
                       bool (*watched)(void *ctx, int64_t at_s), void *ctx, struct silent *out);

/*
 * Judges all, and brings silence up to date. signs are put in another order, and several of one device become one. ERR_NOMEM:
 * nothing has changed.
 */
ERR_CHECKED int silence_look(struct silence *silence, const struct silence_opts *opts, struct sign signs[],
                             size_t count, int64_t listening_s, int64_t now_s, bool (*watched)(void *ctx, int64_t at_s),
                             void *ctx);

#endif
