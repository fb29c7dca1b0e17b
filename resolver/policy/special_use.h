/*
 * Names that never leave the site: special-use names (IANA registry, RFC 6761), locally served reverse zones (RFC 6303,
 * RFC 7793), and the canary names by which a network tells browsers and devices that it filters.
 *
 * Threads: pure; constant tables.
 */
#ifndef POLICY_SPECIAL_USE_H
#define POLICY_SPECIAL_USE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/policy.h"

enum special_use_kind {
    SPECIAL_USE_RESERVED,      /* special-use names and reverse zones */
    SPECIAL_USE_FIREFOX,       /* Firefox asks it before it turns DNS over HTTPS on */
    SPECIAL_USE_PRIVATE_RELAY, /* Apple devices ask these before iCloud Private Relay */
};

struct special_use {
    const char *name;          /* text; covers what is below it too */
    enum policy_special apex;  /* the answer for the name itself: NXDOMAIN or NODATA */
    enum policy_special below; /* ... and below it */
    enum special_use_kind kind;
    const char *why; /* where it is written down */
};

/* The i-th, or NULL past the end. */
const struct special_use *special_use_at(size_t i);

/* Whether it is, or is below, a name by which a device asks whether it may go round us. Slow: for few names. */
bool special_use_is_canary(const uint8_t *name);

#endif
