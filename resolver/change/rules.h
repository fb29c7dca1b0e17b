/*
 * What a change of the policy needs before it may be in force, as the configuration says.
 *
 * Memory: the configuration's. Threads: pure data.
 */
#ifndef CHANGE_RULES_H
#define CHANGE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RULES_APPROVALS_MAX 16 /* in one list */

/* Indices of roles (roles.h); one may stand several times: then several people of that role. */
struct rules_approvals {
    uint8_t roles[RULES_APPROVALS_MAX];
    size_t count;
};

struct rules_rule {
    uint64_t opens; /* categories; UINT64_MAX: whatever is opened */
    struct rules_approvals approvals;
};

struct rules {
    bool controlled; /* only what was proposed, approved and activated is in force */
    struct rules_approvals approvals;
    const struct rules_rule *rules;
    size_t rule_count;
    bool assessment_required;
    int64_t review_max_s;
};

#endif
