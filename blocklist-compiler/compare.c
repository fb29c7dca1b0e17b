#include "blocklist-compiler/compare.h"

#include <string.h>

static uint64_t listed(const struct blockdb_rules *self, const struct blockdb_rules *below)
{
    return self->block | self->important_block | below->block | below->important_block;
}

/* The side in hand of the walk: a key and its categories, or nothing more. */
struct side {
    const uint8_t *key;
    size_t key_len;
    uint64_t categories;
    bool more;
};

struct walk {
    const struct trie *trie;
    const struct clauses *clauses;
    uint64_t position;
    const struct blockdb *before;
    struct blockdb_walk *entries; /* NULL: no generation before */
    struct changes *changes;      /* NULL: no samples */
    struct side now, then;
};

static bool is_blocking(enum blockdb_clause_kind kind)
{
    return kind != BLOCKDB_CLAUSE_ALLOW && kind != BLOCKDB_CLAUSE_NO_REWRITE;
}

static uint64_t listed_now(const struct walk *w, const struct trie_value *value)
{
    uint64_t categories = listed(&value->self, &value->below);
    for (size_t i = 0; i < value->clause_count; i++) {
        struct blockdb_clause_record head;
        const uint8_t *parts;
        clauses_get(w->clauses, value->clauses[i], &head, &parts);
        categories |= is_blocking((enum blockdb_clause_kind)head.kind) ? head.categories : 0;
    }
    return categories;
}

static uint64_t listed_then(const struct walk *w, const struct blockdb_value *value)
{
    uint64_t categories = listed(&value->self, &value->below);
    for (size_t i = 0; i < value->clause_count; i++) {
        struct blockdb_clause clause;
        if (blockdb_clause(w->before, value->clauses[i], &clause) == 0 && is_blocking(clause.kind))
            categories |= clause.categories;
    }
    return categories;
}

static void next_now(struct walk *w)
{
    struct trie_entry entry;
    struct trie_value value;
    w->now.more = trie_next(w->trie, &w->position, &entry) == 1;
    if (!w->now.more)
        return;
    trie_value(w->trie, entry.value, &value);
    w->now = (struct side){entry.key, entry.key_len, listed_now(w, &value), true};
}

static int next_then(struct walk *w)
{
    struct blockdb_entry entry;
    struct blockdb_value value;
    w->then.more = false;
    if (w->entries == NULL)
        return 0;
    int got = blockdb_walk_next(w->entries, &entry);
    if (got <= 0)
        return got;
    int err = blockdb_value(w->before, entry.value, &value);
    if (err < 0)
        return ERR_DAMAGED;
    w->then = (struct side){entry.key, entry.key_len, listed_then(w, &value), true};
    return 0;
}

static int order(const struct side *a, const struct side *b)
{
    if (!a->more || !b->more)
        return a->more ? -1 : 1;
    size_t len = a->key_len < b->key_len ? a->key_len : b->key_len;
    int cmp = memcmp(a->key, b->key, len);
    return cmp != 0 ? cmp : (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

static void count_categories(struct report *out, uint64_t now, uint64_t then)
{
    for (uint64_t rest = now | then; rest != 0; rest &= rest - 1) {
        unsigned id = (unsigned)__builtin_ctzll(rest);
        struct report_count *count = &out->categories[id];
        bool is = (now >> id & 1) != 0, was = (then >> id & 1) != 0;
        count->names += is;
        count->added += is && !was;
        count->removed += was && !is;
    }
}

static int walk_both(struct walk *w, struct report *out)
{
    next_now(w);
    int err = next_then(w);
    while (err == 0 && (w->now.more || w->then.more)) {
        int cmp = order(&w->now, &w->then);
        bool is = cmp <= 0, was = cmp >= 0;
        out->all.names += is;
        out->all.added += is && !was;
        out->all.removed += was && !is;
        const struct side *side = is ? &w->now : &w->then;
        uint64_t now_in = is ? w->now.categories : 0, then_in = was ? w->then.categories : 0;
        count_categories(out, now_in, then_in);
        if (w->changes != NULL && now_in != then_in)
            changes_note(w->changes, side->key, side->key_len, now_in, then_in);
        if (is)
            next_now(w);
        if (was)
            err = next_then(w);
    }
    return err;
}

int compare_lists(const struct trie *now, const struct clauses *clauses, const struct blockdb *before,
                  struct changes *changes, struct report *out)
{
    struct walk w = {.trie = now, .clauses = clauses, .before = before, .changes = changes};
    int err = before == NULL ? 0 : blockdb_walk_begin(before, &w.entries);
    if (err == 0)
        err = walk_both(&w, out);
    blockdb_walk_end(w.entries);
    return err;
}
