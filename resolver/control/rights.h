/*
 * Who may decide what on the spot: rights of roles, with their limits. Without any, everybody may do everything, which is
 * for who reaches the control socket at all.
 *
 * Threads: pure.
 */
#ifndef CONTROL_RIGHTS_H
#define CONTROL_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "decision/decision.h"

/* X(enum suffix, name in the configuration) */
#define RIGHTS_DEED_LIST(X)                                                                                            \
    X(ALLOW, "allow")                                                                                                  \
    X(BLOCK, "block")                                                                                                  \
    X(GRANT, "grant")                                                                                                  \
    X(SUSPEND, "suspend")                                                                                              \
    X(RESUME, "resume")   /* end a pause before its time */                                                            \
    X(APPROVE, "approve") /* of what somebody else proposed */

enum rights_deed {
#define X(suffix, name) RIGHTS_##suffix,
    RIGHTS_DEED_LIST(X)
#undef X
};

const char *rights_deed_name(enum rights_deed deed);
/* What it takes to make a decision of this kind. */
enum rights_deed rights_deed_of(enum decision_kind kind);

struct right {
    const char *role;
    unsigned may;              /* bit of each deed */
    int64_t longest_s;         /* 0: as long as anybody may */
    const char *const *groups; /* for these only; none: for everyone and anyone */
    size_t group_count;
    uint64_t categories; /* what may be opened */
    bool approval;       /* of somebody else is needed besides */
};

/* The configuration's part in decisions. */
struct decide_opts {
    int64_t allow_s;                                 /* how long an exception lasts when nobody says so, */
    int64_t allow_max_s, grant_max_s, suspend_max_s; /* ... and at most */
    int64_t review_after_s;                          /* what has no review date of its own is due then */
    uint64_t grant_never;                            /* categories */
    const struct right *rights;
    size_t right_count;
};

/* Whether who asks has the role. */
typedef bool (*rights_role)(const void *ctx, const char *role);

struct rights_asked {
    enum rights_deed deed;
    enum decision_scope scope;
    const char *whom;
    int64_t lasts_s; /* INT64_MAX: for good */
    uint64_t opens;  /* categories */
};

enum rights_answer { RIGHTS_NO, RIGHTS_WITH_APPROVAL, RIGHTS_YES };

/* RIGHTS_NO: why gets what would have to be otherwise, without a full stop. */
enum rights_answer rights_check(const struct decide_opts *opts, rights_role has_role, const void *ctx,
                                const struct rights_asked *asked, struct text *why);

#endif
