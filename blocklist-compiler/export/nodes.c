#include "export/export.h"

#include <string.h>

#include "belisha/verdict.h"

#define DEPTH_MAX (NAME_MAX_LABELS + 1)

/* A listed name above the one in hand, or that itself. */
struct level {
    size_t key_len;
    uint8_t labels;
    uint32_t value;
    struct outcome below;
};

struct walk {
    struct export *e;
    struct level levels[DEPTH_MAX];
    size_t depth;
    size_t written[DEPTH_MAX]; /* key lengths of the names above that the format was told of */
    size_t written_count;
    uint8_t key[BLOCKDB_KEY_MAX]; /* of the name before */
    size_t key_len;
};

static bool is_above(const struct walk *w, size_t len, const struct blockdb_entry *entry)
{
    return len < entry->key_len && len <= w->key_len && entry->key[len] == 0 && memcmp(w->key, entry->key, len) == 0;
}

/* Leaves on the stacks what lies above the entry. */
static void go_to(struct walk *w, const struct blockdb_entry *entry)
{
    while (w->depth > 0 && !is_above(w, w->levels[w->depth - 1].key_len, entry))
        w->depth--;
    while (w->written_count > 0 && !is_above(w, w->written[w->written_count - 1], entry))
        w->written_count--;
    memcpy(w->key, entry->key, entry->key_len);
    w->key_len = entry->key_len;
}

/* What the levels say about a name: the last of them itself, or one below it. */
static void decide(const struct walk *w, bool exact, struct outcome *out)
{
    struct blockdb_hit hits[DEPTH_MAX];
    struct blockdb_match match;
    for (size_t i = 0; i < w->depth; i++)
        hits[i] = (struct blockdb_hit){w->levels[i].value, w->levels[i].labels, exact && i + 1 == w->depth};
    blockdb_view_name(w->e->opts.db, &w->e->opts.view, hits, w->depth, &match);
    outcome_make(w->e->opts.db, &match, out);
}

static bool set_text(struct export_node *node, const uint8_t *key, size_t key_len)
{
    uint8_t name[NAME_MAX_LEN];
    int len = name_key_to_name(key, key_len, name);
    if (len < 0)
        return false;
    name_to_text(name, node->text);
    node->wire_len = (unsigned)len;
    node->escaped = strchr(node->text, '\\') != NULL;
    return true;
}

/*
 * Where a zone has a name, no wildcard from above it reaches the names below it (RFC 4592, 3.3.1). So every name that
 * comes to lie between a wildcard and a node says what the wildcard said.
 */
static int fill_between(struct walk *w, const struct outcome *around)
{
    size_t from = w->written_count > 0 ? w->written[w->written_count - 1] : 0;
    for (size_t at = from + 1; at < w->key_len; at++) {
        struct export_node node = {.self = *around, .below = *around, .around = *around};
        if (w->key[at] != 0)
            continue;
        if (!set_text(&node, w->key, at))
            return ERR_DAMAGED;
        w->e->opts.format->node(w->e, &node);
        w->written[w->written_count++] = at;
    }
    return 0;
}

static int tell(struct walk *w, const struct outcome *around, const struct outcome *self, const struct outcome *below)
{
    const struct export_format *format = w->e->opts.format;
    struct export_node node = {.self = *self, .below = *below, .around = *around};
    bool new = !outcome_equal(self, around) || !outcome_equal(below, around);
    if (!new && !(format->all && self->kind != OUTCOME_NONE))
        return 0;
    if (!set_text(&node, w->key, w->key_len))
        return ERR_DAMAGED;
    int err = format->between && around->kind != OUTCOME_NONE ? fill_between(w, around) : 0;
    if (err < 0)
        return err;
    format->node(w->e, &node);
    w->written[w->written_count++] = w->key_len;
    return 0;
}

/* ---- what no format can say ---- */

static enum loss loss_of(const struct blockdb_clause *clause)
{
    if (clause->kind == BLOCKDB_CLAUSE_ALLOW || clause->kind == BLOCKDB_CLAUSE_NO_REWRITE)
        return LOSS_CONDITION;
    return clause->pattern_len > 0 ? LOSS_PATTERN : clause->type_count > 0 ? LOSS_TYPE : LOSS_NAMES;
}

static void lose_clause(struct export *e, uint16_t id, const char *text)
{
    struct blockdb_clause clause;
    char pattern[LOSS_TEXT_MAX];
    if (blockdb_clause(e->opts.db, id, &clause) < 0 || !blockdb_view_has(&e->opts.view, &clause) ||
        clause.type_count + clause.pattern_len + clause.names_len == 0)
        return;
    if (text == NULL) {
        snprintf(pattern, sizeof pattern, "/%.*s/", (int)clause.pattern_len, clause.pattern);
        text = pattern;
    }
    export_lose(e, loss_of(&clause), text);
}

static void lose_rules(struct walk *w, const struct blockdb_value *value)
{
    struct export *e = w->e;
    struct export_node node;
    bool shared = e->opts.view.feed != VERDICT_NO_FEED && value->feed_count > 1;
    if ((value->clause_count == 0 && !shared) || e->to != NULL || !set_text(&node, w->key, w->key_len))
        return;
    for (size_t i = 0; i < value->clause_count; i++)
        lose_clause(e, value->clauses[i], node.text);
    for (size_t i = 0; shared && i < value->feed_count; i++)
        if (value->feeds[i] == e->opts.view.feed)
            export_lose(e, LOSS_SHARED, node.text);
}

static void lose_floating(struct export *e)
{
    struct blockdb_clause clause;
    for (unsigned id = 0; id < BLOCKDB_CLAUSE_MAX && blockdb_clause(e->opts.db, (uint16_t)id, &clause) == 0; id++)
        if (clause.flags & BLOCKDB_CLAUSE_FLOATING)
            lose_clause(e, (uint16_t)id, NULL);
}

/* ---- names, then addresses ---- */

static uint8_t count_labels(const struct blockdb_entry *entry)
{
    uint8_t labels = 1;
    for (size_t i = 0; i < entry->key_len; i++)
        labels = (uint8_t)(labels + (entry->key[i] == 0));
    return labels;
}

static int entry_walk(struct walk *w, const struct blockdb_entry *entry)
{
    static const struct outcome nothing = {.kind = OUTCOME_NONE};
    struct blockdb_value value;
    struct outcome around, self, below;
    if (blockdb_value(w->e->opts.db, entry->value, &value) < 0)
        return ERR_DAMAGED;
    go_to(w, entry);
    if (w->depth == DEPTH_MAX || w->written_count == DEPTH_MAX)
        return ERR_DAMAGED;
    around = w->depth > 0 ? w->levels[w->depth - 1].below : nothing;
    struct level *level = &w->levels[w->depth++];
    *level = (struct level){.key_len = entry->key_len, .labels = count_labels(entry), .value = entry->value};
    decide(w, true, &self);
    decide(w, false, &below);
    level->below = below;
    lose_rules(w, &value);
    return tell(w, &around, &self, &below);
}

static int names_walk(struct export *e)
{
    struct walk w = {.e = e};
    struct blockdb_walk *entries;
    struct blockdb_entry entry;
    int err = blockdb_walk_begin(e->opts.db, &entries);
    if (err < 0)
        return err;
    while ((err = blockdb_walk_next(entries, &entry)) > 0)
        if ((err = entry_walk(&w, &entry)) < 0)
            break;
    blockdb_walk_end(entries);
    return err;
}

static bool same_prefix(const struct blockdb_address *a, const struct blockdb_address *b)
{
    return a->use == b->use && a->bits == b->bits && memcmp(a->addr, b->addr, 16) == 0;
}

static void address_decide(const struct export *e, const struct blockdb_address *address, struct outcome *out)
{
    struct blockdb_match match;
    blockdb_view_address(e->opts.db, &e->opts.view, address, &match);
    outcome_make(e->opts.db, &match, out);
}

static void address_walk(struct export *e, const struct blockdb_address *address)
{
    struct outcome outcome, around = {.kind = OUTCOME_NONE};
    struct blockdb_address shorter = *address;
    address_decide(e, address, &outcome);
    if (shorter.bits-- > 0)
        address_decide(e, &shorter, &around);
    if (!outcome_equal(&outcome, &around))
        e->opts.format->address(e, address, &outcome);
}

static void addresses_walk(struct export *e)
{
    struct blockdb_address address, last = {0};
    for (size_t i = 0; blockdb_address(e->opts.db, i, &address) == 0; i++) {
        lose_clause(e, address.clause, "an address");
        if (last.addr == NULL || !same_prefix(&address, &last))
            address_walk(e, &address);
        last = address;
    }
}

int nodes_walk(struct export *e)
{
    lose_floating(e);
    int err = names_walk(e);
    if (err == 0)
        addresses_walk(e);
    return err;
}
