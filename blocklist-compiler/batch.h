/*
 * The accepted rules of one feed, packed, until the feed has been judged as a whole: a cut or swollen copy is found out
 * only at its end, and then none of its rules may have reached the list.
 *
 *     record  | key length u8 | labels u8 | what u8 | mask u8 | clause u16 | key |     in chunks of 1 MiB
 *
 * Memory: owned by the struct; drained chunks are freed at once. Threads: one at a time.
 */
#ifndef COMPILER_BATCH_H
#define COMPILER_BATCH_H

#include <stdint.h>

#include "belisha/err.h"
#include "dns/key.h"
#include "feed/intake.h"
#include "publish/clauses.h"

#define BATCH_MASKS_MAX 256 /* different category masks in one feed */

struct batch_chunk;

struct batch {
    struct batch_chunk *first, *last;
    uint64_t count;
    uint64_t masks[BATCH_MASKS_MAX];
    unsigned mask_count;
    struct clauses clauses;
};

struct batch_rule {
    struct name_key key;
    uint64_t categories;
    enum feed_action action;
    enum feed_scope scope;
    bool important;
    bool has_clause;
    uint16_t clause; /* id in batch.clauses; action and scope say nothing then */
};

void batch_init(struct batch *batch);
void batch_done(struct batch *batch);

/* A feed_sink; ctx is the batch. ERR_NOMEM, ERR_LIMIT (BATCH_MASKS_MAX). */
int batch_add(void *ctx, const struct feed_rule *rule);

/* Calls on_rule for every rule in order and empties the batch. Returns 0, or what on_rule returned when negative. */
typedef int (*batch_visit)(void *ctx, const struct batch_rule *rule);
ERR_CHECKED int batch_drain(struct batch *batch, batch_visit on_rule, void *ctx);

/* Every category that a rule of it gives. */
uint64_t batch_categories(const struct batch *batch);

#endif
