#include "blocklist-compiler/batch.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_LEN (1U << 20)
#define HEAD_LEN  6

enum { WHAT_SCOPE = 3, WHAT_ALLOW = 4, WHAT_IMPORTANT = 8, WHAT_CLAUSE = 16 };

struct batch_chunk {
    struct batch_chunk *next;
    size_t len;
    uint8_t bytes[CHUNK_LEN];
};

void batch_init(struct batch *batch)
{
    memset(batch, 0, sizeof *batch);
    clauses_init(&batch->clauses);
}

static void drop_first(struct batch *batch)
{
    struct batch_chunk *chunk = batch->first;
    batch->first = chunk->next;
    if (batch->first == NULL)
        batch->last = NULL;
    free(chunk);
}

void batch_done(struct batch *batch)
{
    while (batch->first != NULL)
        drop_first(batch);
    clauses_done(&batch->clauses);
    batch_init(batch);
}

static int find_mask(struct batch *batch, uint64_t mask)
{
    /* Rules with one mask follow each other, so the newest is nearly always the one. */
    for (unsigned i = batch->mask_count; i-- > 0;) {
        if (batch->masks[i] == mask)
            return (int)i;
    }
    if (batch->mask_count == BATCH_MASKS_MAX)
        return ERR_LIMIT;
    batch->masks[batch->mask_count] = mask;
    return (int)batch->mask_count++;
}

static struct batch_chunk *room_for(struct batch *batch, size_t len)
{
    if (batch->last != NULL && CHUNK_LEN - batch->last->len >= len)
        return batch->last;
    struct batch_chunk *chunk = malloc(sizeof *chunk);
    if (chunk == NULL)
        return NULL;
    chunk->next = NULL;
    chunk->len = 0;
    if (batch->last == NULL)
        batch->first = chunk;
    else
        batch->last->next = chunk;
    batch->last = chunk;
    return chunk;
}

int batch_add(void *ctx, const struct feed_rule *rule)
{
    static const struct name_key nowhere = {.whole = true};
    struct batch *batch = ctx;
    const struct name_key *key = rule->name != NULL ? &rule->name->key : &nowhere;
    uint16_t clause = 0;
    int err =
        rule->clause == NULL ? 0 : clauses_intern(&batch->clauses, &rule->clause->head, rule->clause->parts, &clause);
    if (err == 0 && rule->address != NULL)
        err = clauses_add_address(&batch->clauses, rule->address, rule->use, clause);
    if (err < 0)
        return err;
    int mask = find_mask(batch, rule->categories);
    if (mask < 0)
        return mask;
    struct batch_chunk *chunk = room_for(batch, HEAD_LEN + key->len);
    if (chunk == NULL)
        return ERR_NOMEM;
    uint8_t *at = chunk->bytes + chunk->len;
    at[0] = (uint8_t)key->len;
    at[1] = key->labels;
    at[2] = (uint8_t)(rule->scope | (rule->action == FEED_ALLOW ? WHAT_ALLOW : 0) |
                      (rule->important ? WHAT_IMPORTANT : 0) | (rule->clause != NULL ? WHAT_CLAUSE : 0));
    at[3] = (uint8_t)mask;
    memcpy(at + 4, &clause, sizeof clause);
    memcpy(at + HEAD_LEN, key->bytes, key->len);
    chunk->len += HEAD_LEN + key->len;
    batch->count++;
    return 0;
}

static const uint8_t *unpack(const struct batch *batch, const uint8_t *at, struct batch_rule *out)
{
    out->key.len = at[0];
    out->key.labels = at[1];
    out->key.whole = true;
    out->scope = (enum feed_scope)(at[2] & WHAT_SCOPE);
    out->action = (at[2] & WHAT_ALLOW) != 0 ? FEED_ALLOW : FEED_BLOCK;
    out->important = (at[2] & WHAT_IMPORTANT) != 0;
    out->has_clause = (at[2] & WHAT_CLAUSE) != 0;
    memcpy(&out->clause, at + 4, sizeof out->clause);
    out->categories = batch->masks[at[3]];
    memcpy(out->key.bytes, at + HEAD_LEN, at[0]);
    return at + HEAD_LEN + at[0];
}

int batch_drain(struct batch *batch, batch_visit on_rule, void *ctx)
{
    while (batch->first != NULL) {
        const uint8_t *at = batch->first->bytes;
        const uint8_t *end = at + batch->first->len;
        while (at < end) {
            struct batch_rule rule;
            at = unpack(batch, at, &rule);
            int err = on_rule(ctx, &rule);
            if (err < 0)
                return err;
        }
        drop_first(batch);
    }
    return 0;
}

uint64_t batch_categories(const struct batch *batch)
{
    uint64_t categories = 0;
    for (unsigned i = 0; i < batch->mask_count; i++)
        categories |= batch->masks[i];
    return categories;
}
