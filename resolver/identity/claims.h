/*
 * All claims that are known: what leases, sessions, logons, loans and configuration say now, and loans of tomorrow.
 *
 * A claim is found again by its source, origin and key: a later one with the same three takes its place. Those that ended
 * go with claims_expire().
 *
 * Bounds: as many claims as claims_new() was told; texts as claim.h says. What does not fit is refused, and counted.
 *
 * Memory:  a claim takes about 120 bytes and its texts.
 * Threads: one, the manager's.
 */
#ifndef IDENTITY_CLAIMS_H
#define IDENTITY_CLAIMS_H

#include <stddef.h>

#include "belisha/err.h"
#include "identity/claim.h"

#define CLAIMS_MAX 400000 /* 50,000 devices with a lease for IPv4 and IPv6, a session, a loan, and as much again */

struct claims;

/* max: how many; seed: a number that nobody outside knows. ERR_NOMEM. */
ERR_CHECKED int claims_new(size_t max, uint64_t seed, struct claims **out);
void claims_free(struct claims *claims);

/* Called at the end of every change that claims_changed() counts. NULL: nobody. */
typedef void (*claims_listener)(void *ctx);
void claims_listen(struct claims *claims, claims_listener listener, void *ctx);

/*
 * Copies, and cleans user and host. ERR_INVAL: no key, or nothing that it is about, or it ends before it begins; ERR_LIMIT,
 * ERR_NOMEM: nothing changed.
 */
ERR_CHECKED int claims_put(struct claims *claims, const struct claim *claim);

/* It holds no longer from at_s on. false: it is not known, or had ended already. */
bool claims_end(struct claims *claims, enum claim_source source, uint16_t origin, const char *key, int64_t at_s);

/*
 * All that a source's origin says now: those of it that are not among them are gone. What can't be kept (as with
 * claims_put) is left out, the others count; the return is then the last error, else 0.
 */
ERR_CHECKED int claims_replace(struct claims *claims, enum claim_source source, uint16_t origin,
                               const struct claim array[], size_t count);

/* Takes away those that ended at now_s or before. Is no change. */
void claims_expire(struct claims *claims, int64_t now_s);

/* Counts up with every change. */
uint64_t claims_changed(const struct claims *claims);
size_t claims_count(const struct claims *claims);
uint64_t claims_refused(const struct claims *claims); /* by ERR_LIMIT or ERR_NOMEM, ever */

/* A claim as it is kept. Good until the next change. */
struct claim_view {
    enum claim_source source;
    uint16_t origin;
    bool has_address, has_mac;
    struct ipaddr address;
    uint8_t mac[6];
    const char *user, *host; /* cleaned; "": none */
    const char *key;         /* as it came */
    int64_t from_s, until_s; /* until: INT64_MAX when it has no end */
};

/* What names of a claim were found to be, kept with it for the next time. All zero with a new or changed claim. */
struct claim_numbers {
    uint64_t epoch; /* which of the roster, the policy and the configuration they are of */
    uint32_t user, device, person;
};

/* index: below claims_count(). */
struct claim_numbers *claims_numbers(struct claims *claims, size_t index);

/* Brings a claim near that claims_at() will soon be asked for; any index. */
void claims_fetch(const struct claims *claims, size_t index);

/* index: below claims_count(). In no order. */
struct claim_view claims_at(const struct claims *claims, size_t index);

#endif
