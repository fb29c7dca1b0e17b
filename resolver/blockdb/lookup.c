#include <string.h>

#include "belisha/category.h"
#include "belisha/verdict.h"
#include "blockdb/bucket.h"
#include "blockdb/clause.h"
#include "blockdb/index.h"
#include "blockdb/lanes.h"
#include "dns/rr.h"

#define BATCH_MAX      32 /* walks under way at once */
#define CACHE_LINE     64
#define PREFETCH_LINES 6 /* covers nearly all buckets */

/* A name's sums over all hits; masks only ever gain bits, so the order of the hits does not matter. */
struct search {
    const struct blockdb *db;
    const struct name_key *key;
    struct blockdb_rules sum;
    struct blockdb_match *out;
    struct clause_hits *clauses;
};

static const struct blockdb_value_record *value_find(const struct blockdb *db, uint32_t id)
{
    const void *records = db->regions[BLOCKDB_REGION_VALUES].bytes;
    return id < db->meta.value_count ? (const struct blockdb_value_record *)records + id : NULL;
}

static const struct blockdb_rules *rules_for(const struct blockdb_value_record *value, bool exact)
{
    return exact ? &value->self : &value->below;
}

static uint8_t count_labels(const uint8_t *key, size_t len)
{
    uint8_t labels = 1;
    for (size_t i = 0; i < len; i++)
        labels = (uint8_t)(labels + (key[i] == 0));
    return labels;
}

/* The first len bytes of the key are a listed name. */
static void search_add(struct search *s, uint32_t len, uint32_t value_id)
{
    const struct blockdb_value_record *value = value_find(s->db, value_id);
    if (!value)
        return;
    bool exact = len == s->key->len && s->key->whole;
    const struct blockdb_rules *rules = rules_for(value, exact);
    if (value->clauses_count > 0)
        clause_hits_add(s->db, value, count_labels(s->key->bytes, len), exact, s->clauses);
    if ((rules->block | rules->allow | rules->important_block | rules->important_allow) == 0)
        return;
    s->sum.block |= rules->block;
    s->sum.allow |= rules->allow;
    s->sum.important_block |= rules->important_block;
    s->sum.important_allow |= rules->important_allow;

    struct blockdb_match *out = s->out;
    if (out->hit_count == BLOCKDB_HITS_MAX)
        memmove(&out->hits[0], &out->hits[1], sizeof(out->hits[0]) * --out->hit_count);
    out->hits[out->hit_count++] = (struct blockdb_hit){
        .value = value_id,
        .labels = count_labels(s->key->bytes, len),
        .exact = exact,
    };
}

static bool is_boundary(const struct name_key *key, uint32_t len)
{
    return len == key->len || key->bytes[len] == 0;
}

/*
 * One entry, whose rest continues the first `*matched` bytes of the key. Returns false when it sorts behind the key: so
 * do all that follow.
 */
static bool search_entry(struct search *s, const struct bucket *bucket, uint32_t index,
                         const struct bucket_entry *entry, uint32_t *matched)
{
    const struct name_key *key = s->key;
    uint32_t left = key->len - *matched;
    uint32_t len = entry->rest_len < left ? entry->rest_len : left;
    uint32_t same = bytes_common(entry->rest, key->bytes + *matched, len);

    *matched += same;
    if (same == entry->rest_len) {
        if (is_boundary(key, *matched))
            search_add(s, *matched, bucket_value(bucket, bucket->ancestor_count + index));
        return true;
    }
    return same < left && entry->rest[same] < key->bytes[*matched];
}

/* The chain is made of starts of the first entry, of which the key has the first `same` bytes. */
static void search_ancestors(struct search *s, const struct bucket *bucket, uint32_t same)
{
    for (uint32_t i = 0; i < bucket->ancestor_count && bucket->ancestor_lens[i] <= same; i++)
        if (is_boundary(s->key, bucket->ancestor_lens[i]))
            search_add(s, bucket->ancestor_lens[i], bucket_value(bucket, i));
}

/*
 * Every listed ancestor of the key is an ancestor of its predecessor too (all keys between an ancestor and the key start
 * with the ancestor), so it is either in this bucket or in the chain that the bucket starts with.
 *
 * An entry that shares more with the one before than the key does still differs from the key where that one did: it is
 * passed over without a look at its text. One that shares less sorts behind the key.
 */
static void search_bucket(struct search *s, uint32_t offset)
{
    struct bucket bucket;
    struct bucket_entry entry;
    if (!bucket_open(&s->db->regions[BLOCKDB_REGION_ENTRIES], offset, &bucket) || bucket.shared[0] != 0 ||
        !bucket_entry(&bucket, 0, 0, &entry))
        return;
    uint32_t len = entry.rest_len < s->key->len ? entry.rest_len : s->key->len;
    search_ancestors(s, &bucket, bytes_common(entry.rest, s->key->bytes, len));

    uint32_t matched = 0;
    uint32_t text = 0;
    uint32_t index = 0;
    while (search_entry(s, &bucket, index, &entry, &matched)) {
        uint32_t next = index + 1 + bytes_above(bucket.shared + index + 1, bucket.count - index - 1, (uint8_t)matched);
        if (next == bucket.count || bucket.shared[next] < matched)
            return;
        text += bytes_sum(bucket.rest_lens + index, next - index);
        index = next;
        if (!bucket_entry(&bucket, index, text, &entry))
            return;
    }
}

/* Not inlined: few names come here. */
__attribute__((noinline)) static void search_clauses(struct search *s, uint16_t type)
{
    clause_hits_float(s->db->clauses, s->key, s->clauses);
    if (s->clauses->count == 0)
        return;
    clause_judge(s->db->clauses, s->key, type, s->clauses, &s->sum, s->out);
    blockdb_match_sum(&s->sum, s->out);
    clause_choose(s->db->clauses, s->clauses, s->out);
}

static void search_run(const struct blockdb *db, const struct name_key *key, uint16_t type, uint32_t offset,
                       struct blockdb_match *out)
{
    struct clause_hits clauses;
    struct search s = {.db = db, .key = key, .out = out, .clauses = &clauses};
    clauses.count = 0;
    *out = (struct blockdb_match){0};
    search_bucket(&s, offset);
    blockdb_match_sum(&s.sum, out);
    if (db->clauses)
        search_clauses(&s, type);
}

void blockdb_lookup_type(const struct blockdb *db, const struct name_key *key, uint16_t type, struct blockdb_match *out)
{
    const struct region *index = &db->regions[BLOCKDB_REGION_INDEX];
    struct index_walk walk;
    if (index_begin(db, key, &walk))
        while (index_step(index, &walk))
            continue;
    search_run(db, key, type, walk.before, out);
}

void blockdb_lookup(const struct blockdb *db, const struct name_key *key, struct blockdb_match *out)
{
    blockdb_lookup_type(db, key, DNS_TYPE_A, out);
}

static void prefetch_bucket(const struct region *entries, uint32_t offset)
{
    for (unsigned line = 0; line < PREFETCH_LINES; line++)
        __builtin_prefetch(entries->bytes + offset + line * CACHE_LINE);
}

/* Walks all names through the index, one node each in turn, so that the misses of one hide behind the steps of others. */
static void batch_walk(const struct blockdb *db, const struct name_key *const keys[], size_t count,
                       struct index_walk walks[])
{
    const struct region *index = &db->regions[BLOCKDB_REGION_INDEX];
    uint8_t active[BATCH_MAX];
    size_t active_count = 0;

    for (size_t i = 0; i < count; i++)
        if (index_begin(db, keys[i], &walks[i]))
            active[active_count++] = (uint8_t)i;
    while (active_count > 0) {
        size_t kept = 0;
        for (size_t i = 0; i < active_count; i++) {
            struct index_walk *walk = &walks[active[i]];
            if (!index_step(index, walk)) {
                prefetch_bucket(&db->regions[BLOCKDB_REGION_ENTRIES], walk->before);
                continue;
            }
            index_prefetch(index, walk);
            active[kept++] = active[i];
        }
        active_count = kept;
    }
}

void blockdb_lookup_batch(const struct blockdb *db, const struct name_key *const keys[], size_t count,
                          struct blockdb_match out[])
{
    struct index_walk walks[BATCH_MAX];
    for (size_t done = 0; done < count; done += BATCH_MAX) {
        size_t some = count - done < BATCH_MAX ? count - done : BATCH_MAX;
        batch_walk(db, keys + done, some, walks);
        for (size_t i = 0; i < some; i++)
            search_run(db, keys[done + i], DNS_TYPE_A, walks[i].before, &out[done + i]);
    }
}

int blockdb_value(const struct blockdb *db, uint32_t id, struct blockdb_value *out)
{
    const struct blockdb_value_record *record = value_find(db, id);
    if (!record)
        return ERR_NOENT;
    const void *feedsets = db->regions[BLOCKDB_REGION_FEEDSETS].bytes;
    out->self = record->self;
    out->below = record->below;
    out->feeds = (const uint16_t *)feedsets + record->feeds_first;
    out->feed_count = record->feeds_count;
    return 0;
}

static uint16_t feed_with(const struct blockdb *db, const struct blockdb_value *value, uint64_t bit)
{
    for (size_t i = 0; i < value->feed_count; i++)
        if (db->feeds[value->feeds[i]].categories & bit)
            return value->feeds[i];
    return VERDICT_NO_FEED;
}

uint16_t blockdb_match_feed(const struct blockdb *db, const struct blockdb_match *match, unsigned category,
                            uint8_t *out_labels)
{
    uint64_t bit = category < CATEGORY_MAX ? CATEGORY_BIT(category) : 0;
    struct blockdb_clause clause;
    if (match->clause_count > 0 && blockdb_clause(db, match->clauses[0], &clause) == 0 && (clause.categories & bit)) {
        *out_labels = match->clause_labels;
        return clause.feed;
    }
    for (size_t i = match->hit_count; i-- > 0;) {
        const struct blockdb_hit *hit = &match->hits[i];
        struct blockdb_value value;
        if (blockdb_value(db, hit->value, &value) < 0)
            continue;
        const struct blockdb_rules *rules = hit->exact ? &value.self : &value.below;
        if (((rules->block | rules->important_block) & bit) == 0)
            continue;
        *out_labels = hit->labels;
        return feed_with(db, &value, bit);
    }
    return VERDICT_NO_FEED;
}
