#include "blockdb/clause.h"

#include <stdlib.h>
#include <string.h>

#include "base/pattern.h"
#include "belisha/verdict.h"

#define HASH_BITS 16   /* of three bytes: nearly no two literals share a hash */
#define HEADS     4096 /* a power of two */
#define LISTS     2    /* uses of addresses */
#define BITS_MAX  129

struct clause {
    struct blockdb_clause_record head;
    const uint8_t *types, *literal, *names, *data;
    struct pattern *pattern; /* NULL: any name */
    uint16_t next;           /* id + 1 of the next floating clause of the same head; 0: none */
};

/* The addresses of one use and one prefix length: count records from first on. */
struct address_run {
    uint32_t first, count;
    uint8_t bits, use;
};

struct clause_table {
    uint32_t count;
    bool floating;                         /* some have a literal that heads leads to */
    uint64_t begun[(1 << HASH_BITS) / 64]; /* bit n: the first bytes of such a literal have the hash n */
    struct clause *clauses;
    uint16_t heads[HEADS];  /* id + 1 of the first floating clause by the hash of its literal's first bytes */
    uint16_t blind;         /* the same of those without such a literal: each is tried on every name */
    bool blind_starts[256]; /* ... that begins with one of these bytes */
    struct address_run runs[LISTS * BITS_MAX];
    uint32_t run_count;
};

/* ---- opening ---- */

/* Three bytes, the first one lowest, as a number. */
static uint32_t three_of(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;
}

static uint32_t hash_of(uint32_t three)
{
    return three * 0x9e3779b1u >> (32 - HASH_BITS);
}

static bool names_are_whole(const uint8_t *at, size_t len)
{
    while (len > 0) {
        size_t whole = 1u + at[0];
        if (at[0] == 0 || whole > len)
            return false;
        at += whole;
        len -= whole;
    }
    return true;
}

static int parts_find(const struct region *parts, struct clause *c)
{
    const struct blockdb_clause_record *h = &c->head;
    size_t len = 2 * (size_t)h->type_count + h->pattern_len + h->literal_len + h->names_len + h->data_len;
    if (h->parts > parts->len || len > parts->len - h->parts || h->kind >= BLOCKDB_CLAUSE_KIND_COUNT)
        return ERR_DAMAGED;
    c->types = parts->bytes + h->parts;
    const uint8_t *pattern = c->types + 2 * (size_t)h->type_count;
    c->literal = pattern + h->pattern_len;
    c->names = c->literal + h->literal_len;
    c->data = c->names + h->names_len;
    if (!names_are_whole(c->names, h->names_len) || (h->kind == BLOCKDB_CLAUSE_RECORD && h->data_len < 6))
        return ERR_DAMAGED;
    if (h->pattern_len == 0)
        return h->flags & BLOCKDB_CLAUSE_FLOATING ? ERR_DAMAGED : 0;
    int err = pattern_new((const char *)pattern, h->pattern_len, &c->pattern);
    return err == ERR_NOMEM || err == 0 ? err : ERR_DAMAGED;
}

static void float_add(struct clause_table *t, uint16_t id)
{
    struct clause *c = &t->clauses[id];
    bool blind = c->head.literal_len < BLOCKDB_CLAUSE_LITERAL;
    uint32_t hash = blind ? 0 : hash_of(three_of(c->literal));
    uint16_t *head = blind ? &t->blind : &t->heads[hash % HEADS];
    c->next = *head;
    *head = (uint16_t)(id + 1);
    t->floating |= !blind;
    if (!blind)
        t->begun[hash / 64] |= UINT64_C(1) << hash % 64;
    for (unsigned byte = 0; byte < 256 && blind; byte++)
        t->blind_starts[byte] |= pattern_may_begin(c->pattern, (uint8_t)byte);
}

static int clauses_read(const struct blockdb *db, struct clause_table *t)
{
    const uint8_t *records = db->regions[BLOCKDB_REGION_CLAUSES].bytes;
    for (uint32_t id = 0; id < t->count; id++) {
        struct clause *c = &t->clauses[id];
        memcpy(&c->head, records + id * sizeof(c->head), sizeof(c->head));
        int err = c->head.feed >= db->meta.feed_count ? ERR_DAMAGED
                                                      : parts_find(&db->regions[BLOCKDB_REGION_CLAUSE_PARTS], c);
        if (err < 0)
            return err;
        if (c->head.flags & BLOCKDB_CLAUSE_FLOATING)
            float_add(t, (uint16_t)id);
    }
    return 0;
}

static const struct blockdb_address_record *address_at(const struct blockdb *db, size_t index)
{
    const void *records = db->regions[BLOCKDB_REGION_ADDRESSES].bytes;
    return (const struct blockdb_address_record *)records + index;
}

/* Cuts the records into runs of one use and length; their order is believed only as far as a search goes astray. */
static int addresses_read(const struct blockdb *db, struct clause_table *t)
{
    size_t count = db->regions[BLOCKDB_REGION_ADDRESSES].len / sizeof(struct blockdb_address_record);
    for (size_t i = 0; i < count; i++) {
        const struct blockdb_address_record *r = address_at(db, i);
        struct address_run *run = t->run_count > 0 ? &t->runs[t->run_count - 1] : NULL;
        if (r->bits > 128 || r->use >= LISTS || r->clause >= t->count)
            return ERR_DAMAGED;
        if (run && run->bits == r->bits && run->use == r->use) {
            run->count++;
            continue;
        }
        if (t->run_count == LISTS * BITS_MAX)
            return ERR_DAMAGED;
        t->runs[t->run_count++] = (struct address_run){(uint32_t)i, 1, r->bits, r->use};
    }
    return 0;
}

static int sets_check(const struct blockdb *db, const struct clause_table *t)
{
    const void *value_bytes = db->regions[BLOCKDB_REGION_VALUES].bytes;
    const struct blockdb_value_record *values = value_bytes;
    const void *set_bytes = db->regions[BLOCKDB_REGION_CLAUSE_SETS].bytes;
    const uint16_t *sets = set_bytes;
    size_t len = db->regions[BLOCKDB_REGION_CLAUSE_SETS].len / sizeof(*sets);
    for (size_t i = 0; i < db->meta.value_count; i++)
        if (values[i].clauses_first > len || values[i].clauses_count > len - values[i].clauses_first)
            return ERR_DAMAGED;
    for (size_t i = 0; i < len; i++)
        if (sets[i] >= t->count)
            return ERR_DAMAGED;
    return 0;
}

static int table_read(const struct blockdb *db, struct clause_table *t, const char **out_why)
{
    size_t len = db->regions[BLOCKDB_REGION_CLAUSES].len;
    *out_why = "the table of clauses has the wrong size";
    if (len % sizeof(struct blockdb_clause_record) != 0 ||
        len / sizeof(struct blockdb_clause_record) > BLOCKDB_CLAUSE_MAX ||
        db->regions[BLOCKDB_REGION_ADDRESSES].len % sizeof(struct blockdb_address_record) != 0)
        return ERR_DAMAGED;
    t->count = (uint32_t)(len / sizeof(struct blockdb_clause_record));
    t->clauses = calloc(t->count + 1u, sizeof(*t->clauses));
    *out_why = "no memory for the clauses";
    if (!t->clauses)
        return ERR_NOMEM;
    *out_why = "a clause is damaged";
    int err = clauses_read(db, t);
    if (err < 0)
        return err;
    *out_why = "a value or an address points outside of the clauses";
    err = sets_check(db, t);
    return err < 0 ? err : addresses_read(db, t);
}

int clause_table_new(const struct blockdb *db, struct clause_table **out, const char **out_why)
{
    struct clause_table *t = calloc(1, sizeof(*t));
    *out_why = "no memory for the clauses";
    int err = t ? table_read(db, t, out_why) : ERR_NOMEM;
    if (err < 0 || t->count == 0) {
        clause_table_free(t);
        t = NULL;
    }
    if (err == 0)
        *out = t;
    return err;
}

void clause_table_free(struct clause_table *table)
{
    if (!table)
        return;
    for (uint32_t i = 0; table->clauses && i < table->count; i++)
        pattern_free(table->clauses[i].pattern);
    free(table->clauses);
    free(table);
}

/* ---- what may hold ---- */

/* The name in text: its labels from the left. Returns its length. */
static size_t key_text(const struct name_key *key, char out[NAME_KEY_MAX])
{
    size_t end = key->len;
    size_t len = 0;
    for (size_t at = key->len; at-- > 0;) {
        if (at > 0 && key->bytes[at - 1] != 0)
            continue;
        memcpy(out + len, key->bytes + at, end - at);
        len += end - at;
        if (at == 0)
            break;
        out[len++] = '.';
        end = at - 1;
    }
    return len;
}

static bool names_have(const struct clause *c, const struct name_key *key)
{
    const uint8_t *end = c->names + c->head.names_len;
    for (const uint8_t *at = c->names; at < end; at += 1u + at[0])
        if (at[0] <= key->len && memcmp(at + 1, key->bytes, at[0]) == 0 &&
            (at[0] == key->len || key->bytes[at[0]] == 0))
            return true;
    return false;
}

/* Whether it is about the name or address at all, whatever its pattern and types say. */
static bool in_reach(const struct clause *c, const struct name_key *key, bool exact)
{
    unsigned scope = exact ? BLOCKDB_CLAUSE_SELF : BLOCKDB_CLAUSE_BELOW;
    return (c->head.flags & (scope | BLOCKDB_CLAUSE_FLOATING)) && !(key && names_have(c, key));
}

enum fit { FIT_NO, FIT_YES, FIT_UNKNOWN };

static enum fit pattern_fit(const struct clause *c, struct clause_hits *hits)
{
    if (!c->pattern || !hits->key)
        return FIT_YES;
    if (!hits->key->whole)
        return FIT_NO;
    if (hits->tries == CLAUSE_TRIES_MAX || hits->exhausted == CLAUSE_EXHAUSTED_MAX)
        return FIT_UNKNOWN;
    hits->tries++;
    if (hits->text_len == 0)
        hits->text_len = key_text(hits->key, hits->text);
    unsigned before = hits->exhausted;
    bool matches = pattern_matches_or_counts(c->pattern, hits->text, hits->text_len, &hits->exhausted);
    return matches ? FIT_YES : hits->exhausted > before ? FIT_UNKNOWN : FIT_NO;
}

static bool is_blocking(enum blockdb_clause_kind kind)
{
    return kind != BLOCKDB_CLAUSE_ALLOW && kind != BLOCKDB_CLAUSE_NO_REWRITE;
}

/* Patterns are tried at once: one literal may lead to many of them, and those that don't match take no place. */
static void hit_add(const struct clause_table *t, struct clause_hits *hits, uint16_t id, uint8_t labels, bool exact)
{
    const struct clause *c = &t->clauses[id];
    enum fit fit = in_reach(c, hits->key, exact) ? pattern_fit(c, hits) : FIT_NO;
    if (fit == FIT_NO)
        return;
    if (fit == FIT_YES && hits->count < CLAUSE_HITS_MAX) {
        hits->at[hits->count++] = (struct clause_hit){id, labels, exact};
        return;
    }
    hits->given_up++;
    if (is_blocking((enum blockdb_clause_kind)c->head.kind))
        hits->unsure |= c->head.categories;
}

void clause_hits_add(const struct blockdb *db, const struct blockdb_value_record *value, uint8_t labels, bool exact,
                     struct clause_hits *hits)
{
    const void *sets = db->regions[BLOCKDB_REGION_CLAUSE_SETS].bytes;
    for (uint32_t i = 0; i < value->clauses_count; i++)
        hit_add(db->clauses, hits, ((const uint16_t *)sets)[value->clauses_first + i], labels, exact);
}

/* The literal has no dot, so it stands in the key as it does in the name. Where it stands first, it counts. */
static void float_try(const struct clause_table *t, uint32_t at, uint16_t id, struct clause_hits *hits)
{
    const struct clause *c = &t->clauses[id];
    const struct name_key *key = hits->key;
    size_t len = c->head.literal_len;
    if (len > key->len - at || memcmp(key->bytes + at, c->literal, len) != 0)
        return;
    if (memmem(key->bytes, at + len, c->literal, len) == key->bytes + at)
        hit_add(t, hits, id, 0, true);
}

/* What the name begins with: the first byte of its last label. */
static uint8_t first_byte(const struct name_key *key)
{
    size_t at = key->len;
    while (at > 0 && key->bytes[at - 1] != 0)
        at--;
    return at < key->len ? key->bytes[at] : 0;
}

static void literals_try(const struct clause_table *table, struct clause_hits *hits)
{
    const struct name_key *key = hits->key;
    uint32_t three = three_of(key->bytes) << 8;
    for (uint32_t at = 0; at + BLOCKDB_CLAUSE_LITERAL <= key->len; at++) {
        three = three >> 8 | (uint32_t)key->bytes[at + 2] << 16;
        uint32_t hash = hash_of(three);
        if ((table->begun[hash / 64] >> hash % 64 & 1) == 0)
            continue;
        for (uint16_t id = table->heads[hash % HEADS]; id != 0; id = table->clauses[id - 1].next)
            float_try(table, at, (uint16_t)(id - 1), hits);
    }
}

void clause_hits_float(const struct clause_table *table, struct clause_hits *hits)
{
    if (table->blind_starts[first_byte(hits->key)])
        for (uint16_t id = table->blind; id != 0; id = table->clauses[id - 1].next)
            hit_add(table, hits, (uint16_t)(id - 1), 0, true);
    if (table->floating)
        literals_try(table, hits);
}

/* ---- what holds ---- */

static bool type_fits(const struct clause *c, uint16_t type)
{
    bool named = false;
    for (unsigned i = 0; i < c->head.type_count; i++) {
        uint16_t one;
        memcpy(&one, c->types + 2 * (size_t)i, sizeof(one));
        named |= one == type;
    }
    return named != ((c->head.flags & BLOCKDB_CLAUSE_OTHER) != 0);
}

static bool holds(const struct clause_table *t, const struct name_key *key, uint16_t type, const struct clause_hit *hit,
                  struct blockdb_match *out)
{
    const struct clause *c = &t->clauses[hit->id];
    if (!in_reach(c, key, hit->exact))
        return false;
    if (c->head.type_count == 0)
        return true;
    out->typed = true;
    return type_fits(c, type);
}

/* Whether another hit of the same zone hangs on a more specific name. */
static bool is_outdone(const struct clause_table *t, const struct clause_hits *hits, const struct clause_hit *hit)
{
    const struct blockdb_clause_record *head = &t->clauses[hit->id].head;
    for (uint32_t i = 0; i < hits->count && (head->flags & BLOCKDB_CLAUSE_ZONE); i++) {
        const struct blockdb_clause_record *other = &t->clauses[hits->at[i].id].head;
        if ((other->flags & BLOCKDB_CLAUSE_ZONE) && other->feed == head->feed && hits->at[i].labels > hit->labels)
            return true;
    }
    return false;
}

static bool is_rewrite(const struct clause *c)
{
    return !(c->head.flags & BLOCKDB_CLAUSE_ZONE) &&
           (c->head.kind == BLOCKDB_CLAUSE_RECORD || c->head.kind == BLOCKDB_CLAUSE_NXDOMAIN ||
            c->head.kind == BLOCKDB_CLAUSE_NODATA || c->head.kind == BLOCKDB_CLAUSE_REFUSED);
}

/* Whether a rule of the same feed takes this answer away. */
static bool is_taken_away(const struct clause_table *t, const struct clause_hits *hits, const struct clause_hit *hit)
{
    const struct clause *c = &t->clauses[hit->id];
    for (uint32_t i = 0; i < hits->count && is_rewrite(c); i++) {
        const struct clause *by = &t->clauses[hits->at[i].id];
        if (by->head.kind == BLOCKDB_CLAUSE_NO_REWRITE && by->head.feed == c->head.feed &&
            (by->head.data_len == 0 ||
             (by->head.data_len == c->head.data_len && memcmp(by->data, c->data, c->head.data_len) == 0)))
            return true;
    }
    return false;
}

/* Categories that an exception of a zone reaches: zones that stand before it have decided already (first zone wins). */
static uint64_t reach_of(const struct clause_table *t, const struct clause_hits *hits,
                         const struct blockdb_clause_record *head)
{
    uint64_t decided = 0;
    if (head->kind != BLOCKDB_CLAUSE_ALLOW || !(head->flags & BLOCKDB_CLAUSE_ZONE))
        return head->categories;
    for (uint32_t i = 0; i < hits->count; i++) {
        const struct blockdb_clause_record *other = &t->clauses[hits->at[i].id].head;
        if ((other->flags & BLOCKDB_CLAUSE_ZONE) && other->feed < head->feed &&
            is_blocking((enum blockdb_clause_kind)other->kind))
            decided |= other->categories;
    }
    return head->categories & ~decided;
}

static void rule_add(const struct blockdb_clause_record *head, uint64_t categories, struct blockdb_rules *sum)
{
    bool important = head->flags & BLOCKDB_CLAUSE_IMPORTANT;
    if (head->kind == BLOCKDB_CLAUSE_ALLOW)
        *(important ? &sum->important_allow : &sum->allow) |= categories;
    else if (is_blocking((enum blockdb_clause_kind)head->kind))
        *(important ? &sum->important_block : &sum->block) |= categories;
}

/* Leaves those that hold and that nothing of their own feed overrules. */
static void hits_settle(const struct clause_table *t, uint16_t type, struct clause_hits *hits,
                        struct blockdb_match *out)
{
    struct clause_hits held;
    uint32_t kept = 0;
    clause_hits_init(&held, hits->key);
    for (uint32_t i = 0; i < hits->count; i++)
        if (holds(t, hits->key, type, &hits->at[i], out))
            held.at[held.count++] = hits->at[i];
    for (uint32_t i = 0; i < held.count; i++)
        if (!is_outdone(t, &held, &held.at[i]) && !is_taken_away(t, &held, &held.at[i]))
            hits->at[kept++] = held.at[i];
    hits->count = kept;
}

void clause_judge(const struct clause_table *table, uint16_t type, struct clause_hits *hits, struct blockdb_rules *sum,
                  struct blockdb_match *out)
{
    sum->block |= hits->unsure;
    out->given_up = (uint8_t)(hits->given_up < UINT8_MAX ? hits->given_up : UINT8_MAX);
    struct blockdb_rules lasting = *sum; /* without those that TCP satisfies */
    hits_settle(table, type, hits, out);
    for (uint32_t i = 0; i < hits->count; i++) {
        const struct blockdb_clause_record *head = &table->clauses[hits->at[i].id].head;
        uint64_t categories = reach_of(table, hits, head);
        rule_add(head, categories, sum);
        if (head->kind != BLOCKDB_CLAUSE_TCP)
            rule_add(head, categories, &lasting);
    }
    out->tcp_only = blockdb_rules_left(sum) & ~blockdb_rules_left(&lasting);
}

/* ---- which one decides ---- */

static int rank(enum blockdb_clause_kind kind)
{
    switch (kind) {
    case BLOCKDB_CLAUSE_NXDOMAIN:
    case BLOCKDB_CLAUSE_NODATA:
    case BLOCKDB_CLAUSE_REFUSED:
    case BLOCKDB_CLAUSE_DROP:
    case BLOCKDB_CLAUSE_TCP:
        return 3; /* a keyword goes before records, as in AdGuard's syntax */
    case BLOCKDB_CLAUSE_RECORD:
        return 2;
    case BLOCKDB_CLAUSE_BLOCK:
        return 1;
    case BLOCKDB_CLAUSE_ALLOW:
    case BLOCKDB_CLAUSE_NO_REWRITE:
    case BLOCKDB_CLAUSE_KIND_COUNT:
        break;
    }
    return 0;
}

/* An answer of its own goes before the notice page, then the feed that stands first, then the more specific name. */
static bool goes_before(const struct clause_table *t, const struct clause_hit *a, const struct clause_hit *b)
{
    const struct blockdb_clause_record *x = &t->clauses[a->id].head;
    const struct blockdb_clause_record *y = &t->clauses[b->id].head;
    int x_rank = rank((enum blockdb_clause_kind)x->kind);
    int y_rank = rank((enum blockdb_clause_kind)y->kind);
    if ((x_rank > 1) != (y_rank > 1))
        return x_rank > 1;
    if (x->feed != y->feed)
        return x->feed < y->feed;
    if (x_rank != y_rank)
        return x_rank > y_rank;
    return a->labels > b->labels;
}

static void note_blockers(const struct clause_table *table, const struct clause_hits *hits, struct blockdb_match *out)
{
    uint64_t noted = 0;
    for (uint32_t i = 0; i < hits->count && out->blocker_count < BLOCKDB_BLOCKERS_MAX; i++) {
        const struct blockdb_clause_record *head = &table->clauses[hits->at[i].id].head;
        uint64_t blocks = head->categories & (head->kind == BLOCKDB_CLAUSE_TCP ? out->tcp_only : out->categories);
        if (!is_blocking((enum blockdb_clause_kind)head->kind))
            continue;
        if ((blocks & ~noted) == 0)
            continue;
        noted |= blocks;
        out->blockers[out->blocker_count++] = hits->at[i].id;
    }
}

void clause_choose(const struct clause_table *table, const struct clause_hits *hits, struct blockdb_match *out)
{
    const struct clause_hit *best = NULL;
    note_blockers(table, hits, out);
    for (uint32_t i = 0; i < hits->count; i++) {
        const struct blockdb_clause_record *head = &table->clauses[hits->at[i].id].head;
        if (rank((enum blockdb_clause_kind)head->kind) > 0 && (head->categories & out->categories) != 0 &&
            (!best || goes_before(table, &hits->at[i], best)))
            best = &hits->at[i];
    }
    if (!best)
        return;
    const struct blockdb_clause_record *chosen = &table->clauses[best->id].head;
    out->clause_labels = best->labels;
    out->clauses[out->clause_count++] = best->id;
    for (uint32_t i = 0; chosen->kind == BLOCKDB_CLAUSE_RECORD && i < hits->count; i++) {
        const struct blockdb_clause_record *head = &table->clauses[hits->at[i].id].head;
        if (&hits->at[i] != best && head->kind == BLOCKDB_CLAUSE_RECORD && head->feed == chosen->feed &&
            hits->at[i].labels == best->labels && out->clause_count < BLOCKDB_CLAUSES_MAX)
            out->clauses[out->clause_count++] = hits->at[i].id;
    }
}

int blockdb_clause(const struct blockdb *db, uint16_t id, struct blockdb_clause *out)
{
    if (!db->clauses || id >= db->clauses->count)
        return ERR_NOENT;
    const struct clause *c = &db->clauses->clauses[id];
    *out = (struct blockdb_clause){.kind = (enum blockdb_clause_kind)c->head.kind,
                                   .flags = c->head.flags,
                                   .feed = c->head.feed,
                                   .categories = c->head.categories,
                                   .type_count = c->head.type_count,
                                   .pattern_len = c->head.pattern_len,
                                   .names_len = c->head.names_len,
                                   .pattern = (const char *)c->types + 2 * (size_t)c->head.type_count};
    if (c->head.kind == BLOCKDB_CLAUSE_RECORD) {
        out->type = (uint16_t)(c->data[0] << 8 | c->data[1]);
        out->ttl_s = (uint32_t)c->data[2] << 24 | (uint32_t)c->data[3] << 16 | (uint32_t)c->data[4] << 8 | c->data[5];
        out->rdata = c->data + 6;
        out->rdata_len = (uint16_t)(c->head.data_len - 6);
    }
    return 0;
}

/* ---- addresses ---- */

static void address_mask(const uint8_t addr[16], unsigned bits, uint8_t out[16])
{
    memset(out, 0, 16);
    memcpy(out, addr, bits / 8);
    if (bits % 8 != 0)
        out[bits / 8] = (uint8_t)(addr[bits / 8] & (0xff00u >> (bits % 8)));
}

static void run_search(const struct blockdb *db, const struct address_run *run, const uint8_t addr[16],
                       struct clause_hits *hits)
{
    uint8_t wanted[16];
    uint32_t low = run->first, high = run->first + run->count;
    address_mask(addr, run->bits, wanted);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (memcmp(address_at(db, middle)->addr, wanted, 16) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < run->first + run->count && memcmp(address_at(db, low)->addr, wanted, 16) == 0; low++)
        hit_add(db->clauses, hits, address_at(db, low)->clause, run->bits, true);
}

int blockdb_address(const struct blockdb *db, size_t index, struct blockdb_address *out)
{
    if (index >= db->regions[BLOCKDB_REGION_ADDRESSES].len / sizeof(struct blockdb_address_record))
        return ERR_NOENT;
    const struct blockdb_address_record *record = address_at(db, index);
    *out = (struct blockdb_address){record->addr, record->bits, (enum blockdb_address_use)record->use, record->clause};
    return 0;
}

bool blockdb_lists_addresses(const struct blockdb *db, enum blockdb_address_use use)
{
    for (uint32_t i = 0; db->clauses && i < db->clauses->run_count; i++)
        if (db->clauses->runs[i].use == use)
            return true;
    return false;
}

void clause_hits_address(const struct blockdb *db, enum blockdb_address_use use, const uint8_t addr[16], unsigned bits,
                         struct clause_hits *hits)
{
    for (uint32_t i = 0; db->clauses && i < db->clauses->run_count; i++)
        if (db->clauses->runs[i].use == use && db->clauses->runs[i].bits <= bits)
            run_search(db, &db->clauses->runs[i], addr, hits);
}

void blockdb_lookup_address(const struct blockdb *db, enum blockdb_address_use use, const uint8_t addr[16],
                            struct blockdb_match *out)
{
    struct clause_hits hits;
    struct blockdb_rules sum = {0};
    clause_hits_init(&hits, NULL);
    *out = (struct blockdb_match){0};
    clause_hits_address(db, use, addr, BITS_MAX - 1, &hits);
    if (hits.count == 0 && hits.given_up == 0)
        return;
    clause_judge(db->clauses, 0, &hits, &sum, out);
    blockdb_match_sum(&sum, out);
    clause_choose(db->clauses, &hits, out);
}
