#include "blocklist-compiler/list.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sheaf/merge.h"

#define NO_CLAUSE UINT16_MAX /* a clause for which there was no room; ids are below BLOCKDB_CLAUSE_MAX */
#define NO_VALUE  UINT32_MAX /* not asked for yet */

static_assert(BLOCKDB_CLAUSE_MAX <= NO_CLAUSE, "an id is never NO_CLAUSE");

struct list {
    const struct list_opts *opts;
    const struct sheaf **sheaves; /* those that there are */
    uint16_t *feeds;              /* of each */
    uint16_t **clauses;           /* of each: from its clauses to those of the list */
    size_t count;
    struct sheaf_key cuts[TRIE_PARTS_MAX];
    unsigned part_count;
    struct trie *trie;
    pthread_mutex_t mutex; /* of the samples */
};

/* One range of keys, in a thread of its own. */
struct filler {
    struct list *list;
    unsigned part;
    struct sheaf_cursor *cursors; /* by sheaf */
    uint32_t **values;            /* by sheaf and kind: numbers in the trie */
    uint64_t *seen;               /* by sheaf: rules so far */
    uint64_t *every;              /* of them, every so manieth is a sample */
    int err;
    uint8_t apart[TRIE_APART];
};

/* ---- clauses ---- */

static int add_addresses(const struct clauses *from, const uint16_t *numbers, struct clauses *to)
{
    for (size_t at = 0; at < from->addresses.len; at += sizeof(struct blockdb_address_record)) {
        struct blockdb_address_record record;
        memcpy(&record, from->addresses.data + at, sizeof record);
        record.clause = numbers[record.clause];
        if (record.clause != NO_CLAUSE)
            bytes_add(&to->addresses, &record, sizeof record);
    }
    return bytes_ok(&to->addresses) ? 0 : ERR_NOMEM;
}

/* Gives the clauses of a sheaf their feed and their numbers in the list. */
static int add_clauses(const struct clauses *from, uint16_t feed, struct clauses *to, uint16_t *numbers)
{
    for (uint32_t id = 0; id < from->count; id++) {
        struct blockdb_clause_record head;
        const uint8_t *parts;
        clauses_get(from, (uint16_t)id, &head, &parts);
        head.feed = feed;
        int err = clauses_intern(to, &head, parts, &numbers[id]);
        if (err == ERR_LIMIT)
            numbers[id] = NO_CLAUSE;
        else if (err < 0)
            return err;
    }
    return add_addresses(from, numbers, to);
}

static uint64_t count_left(const struct sheaf *sheaf, const uint16_t *numbers)
{
    uint64_t left = 0;
    for (uint32_t i = 0; i < sheaf->kind_count; i++) {
        const struct sheaf_kind *kind = &sheaf->kinds[i];
        left += (kind->what & SHEAF_CLAUSE) != 0 && numbers[kind->clause] == NO_CLAUSE ? kind->count : 0;
    }
    return left;
}

static int prepare(struct list *list, struct clauses *clauses, uint64_t out_left[])
{
    const struct list_opts *opts = list->opts;
    list->sheaves = calloc(opts->count + 1, sizeof(struct sheaf *));
    list->feeds = calloc(opts->count + 1, sizeof *list->feeds);
    list->clauses = calloc(opts->count + 1, sizeof(uint16_t *));
    if (list->sheaves == NULL || list->feeds == NULL || list->clauses == NULL)
        return ERR_NOMEM;
    for (size_t feed = 0; feed < opts->count; feed++) {
        const struct sheaf *sheaf = opts->sheaves[feed];
        out_left[feed] = 0;
        if (sheaf == NULL)
            continue;
        uint16_t *numbers = calloc(sheaf->clauses.count + 1u, sizeof *numbers);
        list->sheaves[list->count] = sheaf;
        list->feeds[list->count] = (uint16_t)feed;
        list->clauses[list->count++] = numbers;
        int err = numbers == NULL ? ERR_NOMEM : add_clauses(&sheaf->clauses, (uint16_t)feed, clauses, numbers);
        if (err < 0)
            return err;
        out_left[feed] = count_left(sheaf, numbers);
    }
    return 0;
}

/* ---- rules ---- */

static void set_rules(struct blockdb_rules *rules, const struct sheaf_kind *kind)
{
    bool important = (kind->what & SHEAF_IMPORTANT) != 0;
    if ((kind->what & SHEAF_ALLOW) != 0)
        *(important ? &rules->important_allow : &rules->allow) = kind->categories;
    else
        *(important ? &rules->important_block : &rules->block) = kind->categories;
}

/* The number in the trie of what a kind says. */
static int value_of(struct filler *f, size_t sheaf, uint32_t number, uint32_t *out)
{
    const struct list *list = f->list;
    const struct sheaf_kind *kind = &list->sheaves[sheaf]->kinds[number];
    struct trie_item item = {.feed = list->feeds[sheaf]};
    if ((kind->what & SHEAF_CLAUSE) != 0) {
        item.has_clause = true;
        item.clause = list->clauses[sheaf][kind->clause];
        return trie_item_value(list->trie, f->part, &item, out);
    }
    if ((kind->what & SHEAF_SELF) != 0)
        set_rules(&item.self, kind);
    if ((kind->what & SHEAF_BELOW) != 0)
        set_rules(&item.below, kind);
    return trie_item_value(list->trie, f->part, &item, out);
}

static int add_sample(struct filler *f, const struct sheaf_cursor *rule, const struct sheaf_kind *kind)
{
    struct name_key key = {.len = rule->key_len};
    memcpy(key.bytes, rule->key, rule->key_len);
    (void)pthread_mutex_lock(&f->list->mutex);
    int err = samples_add(f->list->opts->samples, &key, (kind->what & SHEAF_SELF) == 0, kind->categories);
    (void)pthread_mutex_unlock(&f->list->mutex);
    return err;
}

static int add_rule(struct filler *f, const struct sheaf_cursor *rule)
{
    size_t sheaf = (size_t)(rule - f->cursors);
    const struct sheaf_kind *kind = &f->list->sheaves[sheaf]->kinds[rule->kind];
    uint32_t *value = &f->values[sheaf][rule->kind];
    bool has_clause = (kind->what & SHEAF_CLAUSE) != 0;
    int err = 0;
    if (has_clause && (rule->key_len == 0 || f->list->clauses[sheaf][kind->clause] == NO_CLAUSE))
        return 0;
    if (*value == NO_VALUE)
        err = value_of(f, sheaf, rule->kind, value);
    if (err == 0 && (kind->what & (SHEAF_CLAUSE | SHEAF_ALLOW)) == 0 && f->seen[sheaf]++ % f->every[sheaf] == 0)
        err = add_sample(f, rule, kind);
    return err < 0 ? err : trie_put(f->list->trie, f->part, rule->key, rule->key_len, *value, rule->repeat);
}

static int filler_init(struct filler *f)
{
    const struct list *list = f->list;
    f->cursors = calloc(list->count + 1, sizeof *f->cursors);
    f->values = calloc(list->count + 1, sizeof(uint32_t *));
    f->seen = calloc(list->count + 1, sizeof *f->seen);
    f->every = calloc(list->count + 1, sizeof *f->every);
    if (f->cursors == NULL || f->values == NULL || f->seen == NULL || f->every == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < list->count; i++) {
        const struct sheaf *sheaf = list->sheaves[i];
        sheaf_cursor_init(&f->cursors[i], sheaf, f->part == 0 ? NULL : &list->cuts[f->part - 1],
                          f->part + 1 == list->part_count ? NULL : &list->cuts[f->part]);
        f->every[i] = sheaf_rule_count(sheaf) / SAMPLES_PER_FEED + 1;
        f->values[i] = malloc((sheaf->kind_count + 1u) * sizeof(uint32_t));
        if (f->values[i] == NULL)
            return ERR_NOMEM;
        for (uint32_t kind = 0; kind < sheaf->kind_count; kind++)
            f->values[i][kind] = NO_VALUE;
    }
    return 0;
}

static void filler_done(struct filler *f)
{
    for (size_t i = 0; f->values != NULL && i < f->list->count; i++)
        free(f->values[i]);
    free(f->cursors);
    free(f->values);
    free(f->seen);
    free(f->every);
}

static void *fill(void *ctx)
{
    struct filler *f = ctx;
    struct merge merge = {0};
    f->err = filler_init(f);
    if (f->err == 0)
        f->err = merge_init(&merge, f->cursors, f->list->count);
    for (struct sheaf_cursor *top = merge_top(&merge); f->err == 0 && top != NULL; top = merge_top(&merge)) {
        f->err = add_rule(f, top);
        if (f->err == 0)
            f->err = merge_next(&merge);
    }
    merge_done(&merge);
    filler_done(f);
    return NULL;
}

static int fill_all(struct list *list)
{
    struct filler fillers[TRIE_PARTS_MAX] = {{0}};
    pthread_t threads[TRIE_PARTS_MAX];
    unsigned started = 0;
    int err = 0;
    for (unsigned i = 0; i < list->part_count; i++)
        fillers[i] = (struct filler){.list = list, .part = i};
    while (started + 1 < list->part_count && pthread_create(&threads[started], NULL, fill, &fillers[started]) == 0)
        started++;
    for (unsigned i = started; i < list->part_count; i++)
        (void)fill(&fillers[i]);
    while (started > 0)
        (void)pthread_join(threads[--started], NULL);
    for (unsigned i = 0; i < list->part_count && err == 0; i++)
        err = fillers[i].err;
    return err;
}

static void list_done(struct list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->clauses[i]);
    free(list->sheaves);
    free(list->feeds);
    free(list->clauses);
}

int list_make(const struct list_opts *opts, struct trie **out_trie, struct trie_stats *out_stats,
              struct clauses *clauses, uint64_t out_left[])
{
    struct list list = {.opts = opts, .mutex = PTHREAD_MUTEX_INITIALIZER};
    unsigned threads = opts->threads > TRIE_PARTS_MAX ? TRIE_PARTS_MAX : opts->threads;
    int err = prepare(&list, clauses, out_left);
    int parts = err < 0 ? err : merge_cut(list.sheaves, list.count, threads, list.cuts);
    err = parts < 0 ? parts : 0;
    if (err == 0) {
        list.part_count = (unsigned)parts;
        err = trie_new(&(struct trie_opts){.part_count = list.part_count}, &list.trie);
    }
    if (err == 0)
        err = fill_all(&list);
    if (err == 0)
        err = trie_build(list.trie, out_stats);
    list_done(&list);
    if (err < 0)
        trie_free(list.trie);
    else
        *out_trie = list.trie;
    return err;
}
