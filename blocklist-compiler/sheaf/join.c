#include "sheaf/join.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sheaf/merge.h"

#define UNMAPPED UINT32_MAX

/* A rule of one source for the key at hand. */
struct item {
    uint32_t kind; /* of the new sheaf */
    enum join_use use;
    uint64_t repeat;
};

struct join {
    const struct join_source *sources;
    size_t count;
    uint32_t **kinds; /* by source: from its kinds to those of the new sheaf */
    struct sheaf_kind *all;
    uint32_t all_count;
    struct clauses clauses;
    struct writer writer;
    struct sheaf_key cuts[WRITER_PARTS_MAX];
};

/* One range of keys, in a thread of its own. */
struct joiner {
    struct join *join;
    unsigned part;
    const struct sheaf_key *from, *until;
    struct sheaf_cursor *cursors; /* by source */
    struct merge merge;
    struct item *items;
    size_t item_count, item_cap;
    int err;
    uint8_t apart[WRITER_APART];
};

/* ---- kinds ---- */

/* The kind with its clause as the new sheaf has it. */
static int translate(struct join *join, const struct join_source *source, uint32_t number, struct sheaf_kind *out)
{
    struct blockdb_clause_record head;
    const uint8_t *parts;
    *out = source->sheaf->kinds[number];
    out->count = 0;
    if ((out->what & SHEAF_CLAUSE) == 0)
        return 0;
    clauses_get(&source->sheaf->clauses, out->clause, &head, &parts);
    if (source->use == JOIN_TAKE)
        return ERR_UNSUPPORTED;
    return clauses_intern(&join->clauses, &head, parts, &out->clause);
}

static int compare_kinds(const void *a, const void *b)
{
    return sheaf_kind_compare(a, b);
}

/* Fills join->all with the translated kinds of all sources, ascending and each one once. */
static int collect_kinds(struct join *join)
{
    size_t total = 0, kept = 0;
    for (size_t i = 0; i < join->count; i++)
        total += join->sources[i].sheaf->kind_count;
    join->all = calloc(total + 1, sizeof *join->all);
    if (join->all == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < join->count; i++) {
        const struct sheaf *sheaf = join->sources[i].sheaf;
        for (uint32_t kind = 0; kind < sheaf->kind_count; kind++) {
            int err = sheaf->kinds[kind].count == 0 ? 0 : translate(join, &join->sources[i], kind, &join->all[kept]);
            if (err < 0)
                return err;
            kept += sheaf->kinds[kind].count > 0;
        }
    }
    qsort(join->all, kept, sizeof *join->all, compare_kinds);
    for (size_t i = 0; i < kept; i++)
        if (join->all_count == 0 || compare_kinds(&join->all[join->all_count - 1], &join->all[i]) != 0)
            join->all[join->all_count++] = join->all[i];
    return join->all_count > SHEAF_KINDS_MAX ? ERR_LIMIT : 0;
}

static int map_kinds(struct join *join, size_t source)
{
    const struct sheaf *sheaf = join->sources[source].sheaf;
    uint32_t *map = calloc(sheaf->kind_count + 1u, sizeof *map);
    join->kinds[source] = map;
    for (uint32_t i = 0; map != NULL && i < sheaf->kind_count; i++) {
        struct sheaf_kind kind;
        map[i] = UNMAPPED;
        if (sheaf->kinds[i].count == 0)
            continue;
        int err = translate(join, &join->sources[source], i, &kind);
        if (err < 0)
            return err;
        const struct sheaf_kind *found = bsearch(&kind, join->all, join->all_count, sizeof kind, compare_kinds);
        map[i] = (uint32_t)(found - join->all);
    }
    return map == NULL ? ERR_NOMEM : 0;
}

static int add_addresses(struct join *join, const struct clauses *from)
{
    for (size_t at = 0; at < from->addresses.len; at += sizeof(struct blockdb_address_record)) {
        struct blockdb_address_record record;
        struct blockdb_clause_record head;
        const uint8_t *parts;
        memcpy(&record, from->addresses.data + at, sizeof record);
        clauses_get(from, record.clause, &head, &parts);
        int err = clauses_intern(&join->clauses, &head, parts, &record.clause);
        if (err < 0)
            return err;
        bytes_add(&join->clauses.addresses, &record, sizeof record);
    }
    return bytes_ok(&join->clauses.addresses) ? 0 : ERR_NOMEM;
}

/* The clauses of the sources that count, in their order: that in which one reader of all would have met them. */
static int add_clauses(struct join *join, const struct join_source *source)
{
    int err = 0;
    for (uint32_t id = 0; id < source->sheaf->clauses.count && err == 0; id++) {
        struct blockdb_clause_record head;
        const uint8_t *parts;
        uint16_t number;
        clauses_get(&source->sheaf->clauses, (uint16_t)id, &head, &parts);
        err = clauses_intern(&join->clauses, &head, parts, &number);
    }
    return err < 0 ? err : add_addresses(join, &source->sheaf->clauses);
}

static int prepare(struct join *join)
{
    int err = 0;
    join->kinds = calloc(join->count + 1, sizeof(uint32_t *));
    if (join->kinds == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < join->count && err == 0; i++)
        if (join->sources[i].use == JOIN_ADD)
            err = add_clauses(join, &join->sources[i]);
    if (err == 0)
        err = collect_kinds(join);
    for (size_t i = 0; i < join->count && err == 0; i++)
        err = map_kinds(join, i);
    return err;
}

/* ---- rules ---- */

static int add_item(struct joiner *j, const struct sheaf_cursor *top)
{
    size_t source = (size_t)(top - j->cursors);
    uint32_t kind = j->join->kinds[source][top->kind];
    if (kind == UNMAPPED)
        return ERR_DAMAGED;
    if (j->item_count == j->item_cap) {
        size_t cap = j->item_cap * 2 + 16;
        struct item *items = reallocarray(j->items, cap, sizeof *items);
        if (items == NULL)
            return ERR_NOMEM;
        j->items = items;
        j->item_cap = cap;
    }
    j->items[j->item_count++] = (struct item){kind, j->join->sources[source].use, top->repeat};
    return 0;
}

static int compare_items(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    return (x->kind > y->kind) - (x->kind < y->kind);
}

/* Writes what is left of the items of one kind, from `first` on; returns where the next kind starts. */
static size_t write_kind(struct joiner *j, const struct sheaf_key *key, size_t first)
{
    uint32_t kind = j->items[first].kind;
    uint64_t added = 0, taken = 0;
    size_t i = first;
    for (; i < j->item_count && j->items[i].kind == kind; i++)
        *(j->items[i].use == JOIN_ADD ? &added : &taken) += j->items[i].repeat;
    if (taken > added)
        j->err = ERR_DAMAGED;
    else if (taken < added)
        writer_add(&j->join->writer, j->part, key->bytes, key->len, kind, added - taken);
    return i;
}

/* Whether the rule at hand has the key, too, that `last`, which has moved on since, gave before it. */
static bool is_same_key(const struct sheaf_cursor *top, const struct sheaf_cursor *last, uint64_t head,
                        const struct sheaf_key *key)
{
    if (top == last)
        return top->again;
    return top->head == head && sheaf_key_compare(top->key, top->key_len, key->bytes, key->len) == 0;
}

/* All rules of the next key, that of top. */
static void join_key(struct joiner *j, const struct sheaf_cursor *top)
{
    const struct sheaf_cursor *last;
    struct sheaf_key key;
    uint64_t head = top->head;
    key.len = top->key_len;
    memcpy(key.bytes, top->key, top->key_len);
    j->item_count = 0;
    do {
        j->err = add_item(j, top);
        if (j->err == 0)
            j->err = merge_next(&j->merge);
        last = top;
        top = merge_top(&j->merge);
    } while (j->err == 0 && top != NULL && is_same_key(top, last, head, &key));
    if (j->item_count > 1)
        qsort(j->items, j->item_count, sizeof *j->items, compare_items);
    for (size_t i = 0; i < j->item_count && j->err == 0;)
        i = write_kind(j, &key, i);
}

static void *join_range(void *ctx)
{
    struct joiner *j = ctx;
    struct join *join = j->join;
    j->cursors = calloc(join->count + 1, sizeof *j->cursors);
    j->err = j->cursors == NULL ? ERR_NOMEM : 0;
    if (j->err < 0)
        return NULL;
    for (size_t i = 0; i < join->count; i++)
        sheaf_cursor_init(&j->cursors[i], join->sources[i].sheaf, j->from, j->until);
    j->err = merge_init(&j->merge, j->cursors, join->count);
    for (const struct sheaf_cursor *top = merge_top(&j->merge); j->err == 0 && top != NULL; top = merge_top(&j->merge))
        join_key(j, top);
    merge_done(&j->merge);
    free(j->cursors);
    free(j->items);
    return NULL;
}

static int join_ranges(struct join *join, unsigned parts)
{
    struct joiner joiners[WRITER_PARTS_MAX] = {{0}};
    pthread_t threads[WRITER_PARTS_MAX];
    unsigned started = 0;
    int err = 0;
    for (unsigned i = 0; i < parts; i++)
        joiners[i] = (struct joiner){.join = join,
                                     .part = i,
                                     .from = i == 0 ? NULL : &join->cuts[i - 1],
                                     .until = i + 1 == parts ? NULL : &join->cuts[i]};
    while (started + 1 < parts && pthread_create(&threads[started], NULL, join_range, &joiners[started]) == 0)
        started++;
    for (unsigned i = started; i < parts; i++)
        (void)join_range(&joiners[i]);
    while (started > 0)
        (void)pthread_join(threads[--started], NULL);
    for (unsigned i = 0; i < parts && err == 0; i++)
        err = joiners[i].err;
    return err;
}

static int cut(struct join *join, unsigned threads)
{
    const struct sheaf **sheaves = calloc(join->count + 1, sizeof(struct sheaf *));
    if (sheaves == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < join->count; i++)
        sheaves[i] = join->sources[i].sheaf;
    int parts = merge_cut(sheaves, join->count, threads, join->cuts);
    free(sheaves);
    return parts;
}

int join_write(const struct join_source *sources, size_t count, const struct join_opts *opts, int fd)
{
    struct join join = {.sources = sources, .count = count};
    clauses_init(&join.clauses);
    int err = prepare(&join);
    int parts = err < 0 ? err : cut(&join, opts->threads > WRITER_PARTS_MAX ? WRITER_PARTS_MAX : opts->threads);
    if (parts > 0)
        err = writer_init(&join.writer, fd, (unsigned)parts, join.all_count);
    else
        err = parts;
    if (err == 0)
        err = join_ranges(&join, (unsigned)parts);
    if (err == 0) {
        struct writer_rest rest = {opts->id, join.all, &join.clauses, opts->stats};
        err = writer_finish(&join.writer, &rest);
    }
    writer_done(&join.writer);
    clauses_done(&join.clauses);
    for (size_t i = 0; join.kinds != NULL && i < count; i++)
        free(join.kinds[i]);
    free(join.kinds);
    free(join.all);
    return err;
}
