#include "blocklist-compiler/compare.h"

#include <string.h>

static uint64_t listed(const struct blockdb_rules *self, const struct blockdb_rules *below)
{
    return self->block | self->important_block | below->block | below->important_block;
}

/* One of the two lists, and the entry of it that is in hand: a key and its categories, or nothing more. */
struct side {
    const struct blockdb *db;
    struct blockdb_walk *entries; /* NULL: there is no such list */
    const uint8_t *key;
    size_t key_len;
    uint64_t categories;
    bool more;
};

static bool is_blocking(enum blockdb_clause_kind kind)
{
    return kind != BLOCKDB_CLAUSE_ALLOW && kind != BLOCKDB_CLAUSE_NO_REWRITE;
}

static uint64_t categories_of(const struct blockdb *db, const struct blockdb_value *value)
{
    uint64_t categories = listed(&value->self, &value->below);
    for (size_t i = 0; i < value->clause_count; i++) {
        struct blockdb_clause clause;
        if (blockdb_clause(db, value->clauses[i], &clause) == 0 && is_blocking(clause.kind))
            categories |= clause.categories;
    }
    return categories;
}

static int side_next(struct side *side)
{
    struct blockdb_entry entry;
    struct blockdb_value value;
    side->more = false;
    if (side->entries == NULL)
        return 0;
    int got = blockdb_walk_next(side->entries, &entry);
    if (got <= 0)
        return got;
    if (blockdb_value(side->db, entry.value, &value) < 0)
        return ERR_DAMAGED;
    side->key = entry.key;
    side->key_len = entry.key_len;
    side->categories = categories_of(side->db, &value);
    side->more = true;
    return 0;
}

static int side_begin(struct side *side, const struct blockdb *db)
{
    *side = (struct side){.db = db};
    int err = db == NULL ? 0 : blockdb_walk_begin(db, &side->entries);
    return err < 0 ? err : side_next(side);
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

/* Counts the entry that comes next in the order of keys, and goes on with what lies behind it. */
static int count_next(struct side *now, struct side *then, struct changes *changes, struct report *out)
{
    int cmp = order(now, then);
    bool is = cmp <= 0, was = cmp >= 0;
    out->all.names += is;
    out->all.added += is && !was;
    out->all.removed += was && !is;
    const struct side *side = is ? now : then;
    uint64_t now_in = is ? now->categories : 0, then_in = was ? then->categories : 0;
    count_categories(out, now_in, then_in);
    if (changes != NULL && now_in != then_in)
        changes_note(changes, side->key, side->key_len, now_in, then_in);
    int err = is ? side_next(now) : 0;
    return err == 0 && was ? side_next(then) : err;
}

int compare_lists(const struct blockdb *now, const struct blockdb *before, struct changes *changes, struct report *out)
{
    struct side is, was = {0};
    int err = side_begin(&is, now);
    if (err == 0)
        err = side_begin(&was, before);
    while (err == 0 && (is.more || was.more))
        err = count_next(&is, &was, changes, out);
    blockdb_walk_end(is.entries);
    blockdb_walk_end(was.entries);
    return err;
}
