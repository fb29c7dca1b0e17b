#include "sheaf/run.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "sheaf/writer.h"

#define KEYS_START  (1U << 16)
#define SLOTS_START 64 /* a power of two; at most half of them are used */

void run_init(struct run *run)
{
    memset(run, 0, sizeof *run);
    clauses_init(&run->clauses);
}

void run_done(struct run *run)
{
    free(run->keys);
    free(run->records);
    free(run->kinds);
    free(run->slots);
    clauses_done(&run->clauses);
    run_init(run);
}

/* ---- kinds ---- */

static uint32_t *slot_find(const struct run *run, const struct sheaf_kind *kind)
{
    uint32_t mask = run->slot_count - 1;
    for (uint32_t at = (uint32_t)XXH3_64bits(kind, sizeof *kind) & mask;; at = (at + 1) & mask) {
        uint32_t *slot = &run->slots[at];
        if (*slot == 0 || memcmp(&run->kinds[*slot - 1], kind, sizeof *kind) == 0)
            return slot;
    }
}

static int grow_kinds(struct run *run)
{
    if (run->kind_count == SHEAF_KINDS_MAX)
        return ERR_LIMIT;
    if (run->kind_count < run->kind_cap)
        return 0;
    uint32_t cap = run->kind_cap == 0 ? SLOTS_START / 2 : run->kind_cap * 2;
    struct sheaf_kind *kinds = reallocarray(run->kinds, cap, sizeof *kinds);
    if (kinds == NULL)
        return ERR_NOMEM;
    run->kinds = kinds;
    run->kind_cap = cap;
    uint32_t *slots = calloc(cap * 2u, sizeof *slots);
    if (slots == NULL)
        return ERR_NOMEM;
    free(run->slots);
    run->slots = slots;
    run->slot_count = cap * 2;
    for (uint32_t i = 0; i < run->kind_count; i++)
        *slot_find(run, &run->kinds[i]) = i + 1;
    return 0;
}

static int find_kind(struct run *run, const struct sheaf_kind *kind, uint32_t *out)
{
    /* Rules of one kind follow each other, so the newest is nearly always the one. */
    if (run->kind_count > 0 && memcmp(&run->kinds[run->kind_count - 1], kind, sizeof *kind) == 0) {
        *out = run->kind_count - 1;
        return 0;
    }
    int err = grow_kinds(run);
    if (err < 0)
        return err;
    uint32_t *slot = slot_find(run, kind);
    if (*slot == 0) {
        run->kinds[run->kind_count] = *kind;
        *slot = ++run->kind_count;
    }
    *out = *slot - 1;
    return 0;
}

static int kind_of(struct run *run, const struct feed_rule *rule, uint32_t *out)
{
    struct sheaf_kind kind = {.categories = rule->categories};
    kind.what = (uint8_t)((rule->scope & FEED_SELF ? SHEAF_SELF : 0) | (rule->scope & FEED_BELOW ? SHEAF_BELOW : 0) |
                          (rule->action == FEED_ALLOW ? SHEAF_ALLOW : 0) | (rule->important ? SHEAF_IMPORTANT : 0));
    if (rule->clause != NULL) {
        kind.what |= SHEAF_CLAUSE;
        int err = clauses_intern(&run->clauses, &rule->clause->head, rule->clause->parts, &kind.clause);
        if (err == ERR_LIMIT)
            return 1;
        if (err == 0 && rule->address != NULL)
            err = clauses_add_address(&run->clauses, rule->address, rule->use, kind.clause);
        if (err < 0)
            return err;
    }
    return find_kind(run, &kind, out);
}

/* ---- rules ---- */

/* Growing by a half: realloc moves pages instead of copying them, and what is not written takes no memory. */
static int make_room(struct run *run, size_t key_len)
{
    size_t needed = run->keys_len + 1 + key_len + SORT_KEY_SLACK;
    if (needed > UINT32_MAX)
        return ERR_LIMIT;
    if (needed > run->keys_cap) {
        size_t cap = run->keys_cap + run->keys_cap / 2 + KEYS_START;
        uint8_t *keys = realloc(run->keys, cap);
        if (keys == NULL)
            return ERR_NOMEM;
        run->keys = keys;
        run->keys_cap = cap;
    }
    if (run->count == run->cap) {
        size_t cap = run->cap + run->cap / 2 + KEYS_START / sizeof *run->records;
        struct record *records = reallocarray(run->records, cap, sizeof *records);
        if (records == NULL)
            return ERR_NOMEM;
        run->records = records;
        run->cap = cap;
    }
    return 0;
}

int run_add(void *ctx, const struct feed_rule *rule)
{
    struct run *run = ctx;
    uint32_t kind;
    size_t key_len = rule->name == NULL ? 0 : rule->name->key.len;
    int err = make_room(run, key_len);
    if (err == 0)
        err = kind_of(run, rule, &kind);
    if (err != 0)
        return err;
    run->records[run->count++] = (struct record){.key = (uint32_t)run->keys_len, .value = kind};
    run->keys[run->keys_len] = (uint8_t)key_len;
    if (key_len > 0)
        memcpy(run->keys + run->keys_len + 1, rule->name->key.bytes, key_len);
    run->keys_len += 1 + key_len;
    return 0;
}

/* ---- writing ---- */

static int compare_kinds(const void *a, const void *b, void *kinds)
{
    const struct sheaf_kind *all = kinds;
    return sheaf_kind_compare(&all[*(const uint32_t *)a], &all[*(const uint32_t *)b]);
}

/* Puts the kinds in their order. *out_numbers: from old to new ones; the caller frees it. */
static int order_kinds(struct run *run, uint32_t **out_numbers)
{
    uint32_t *order = calloc(run->kind_count + 1u, sizeof *order);
    uint32_t *numbers = calloc(run->kind_count + 1u, sizeof *numbers);
    struct sheaf_kind *kinds = calloc(run->kind_count + 1u, sizeof *kinds);
    bool ok = order != NULL && numbers != NULL && kinds != NULL;
    for (uint32_t i = 0; ok && i < run->kind_count; i++)
        order[i] = i;
    if (ok && run->kind_count > 0)
        qsort_r(order, run->kind_count, sizeof *order, compare_kinds, run->kinds);
    for (uint32_t i = 0; ok && i < run->kind_count; i++) {
        kinds[i] = run->kinds[order[i]];
        numbers[order[i]] = i;
    }
    free(order);
    if (!ok) {
        free(numbers);
        free(kinds);
        return ERR_NOMEM;
    }
    free(run->kinds);
    run->kinds = kinds;
    *out_numbers = numbers;
    return 0;
}

static int compare_values(const void *a, const void *b)
{
    const struct record *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

/* How many records from `first` on have its key. */
static size_t same_keys(const struct run *run, size_t first)
{
    const uint8_t *key = run->keys + run->records[first].key;
    size_t count = 1;
    while (first + count < run->count && memcmp(run->keys + run->records[first + count].key, key, 1u + key[0]) == 0)
        count++;
    return count;
}

static void write_rules(const struct run *run, struct writer *writer)
{
    for (size_t i = 0; i < run->count;) {
        if (i + 16 < run->count)
            __builtin_prefetch(run->keys + run->records[i + 16].key);
        const uint8_t *key = run->keys + run->records[i].key;
        size_t end = i + same_keys(run, i);
        if (end - i > 1)
            qsort(run->records + i, end - i, sizeof *run->records, compare_values);
        while (i < end) {
            uint32_t kind = run->records[i].value;
            uint64_t repeat = 0;
            for (; i < end && run->records[i].value == kind; i++)
                repeat++;
            writer_add(writer, 0, key + 1, key[0], kind, repeat);
        }
    }
}

int run_write(struct run *run, const struct sheaf_id *id, const struct feed_stats *stats, int fd)
{
    struct writer writer;
    uint32_t *numbers = NULL;
    struct writer_rest rest = {.id = *id, .clauses = &run->clauses, .stats = stats};
    int err = writer_init(&writer, fd, 1, run->kind_count);
    if (err == 0)
        err = order_kinds(run, &numbers);
    if (err == 0) {
        for (size_t i = 0; i < run->count; i++)
            run->records[i].value = numbers[run->records[i].value];
        if (run->count > 0)
            sort_records(run->records, run->count, run->keys, 1);
        write_rules(run, &writer);
        rest.kinds = run->kinds;
        err = writer_finish(&writer, &rest);
    }
    free(numbers);
    writer_done(&writer);
    return err;
}
