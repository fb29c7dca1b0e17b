/*
 * The docket of the running belishad: opened once, told what is wrong with it, made into a table whenever something was
 * decided or the groups have changed.
 *
 * Threads: the manager's.
 */
#ifndef SERVICE_RULINGS_H
#define SERVICE_RULINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "decision/docket.h"
#include "policy/policy.h"
#include "service/snapshot.h"

/* Numbers that stand for users and devices as long as they are known (identity/roster.h); 0: it can have none. */
struct rulings_numbers {
    uint32_t (*user)(void *ctx, const char *name); /* NULL: nobody numbers them, so nothing is decided about them */
    uint32_t (*device)(void *ctx, const char *name);
    void *ctx;
};

struct rulings {
    struct docket *docket; /* NULL: none, for err */
    int err;
    uint32_t version; /* of the last table */
    int64_t made_s;   /* the time that it was made for */
    struct rulings_numbers numbers;
};

/*
 * Makes folder and file when they are not there. Where nothing can be recorded belishad goes on without, and says so. But a
 * docket that is there and can't be read ends it: the blocks in it would be open without a word. Negative then.
 */
ERR_CHECKED int rulings_open(struct rulings *rulings, const struct config *config, int64_t now_s);
void rulings_close(struct rulings *rulings);

/* What is in force, for the groups of this policy; also renews the copy for everyone. ERR_NOMEM. */
ERR_CHECKED int rulings_orders(struct rulings *rulings, const struct config *config, const struct policy *policy,
                               int64_t now_s, struct orders **out);

/*
 * Whether orders were made for a time that has not come yet, as by a clock that was set right later: what they took for
 * over may hold, and is not in them.
 */
bool rulings_are_ahead(const struct rulings *rulings, int64_t now_s);

#endif
