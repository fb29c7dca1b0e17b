#include <assert.h>
#include <string.h>

#include "belisha/category.h"
#include "belisha/verdict.h"
#include "blockdb/bucket.h"
#include "blockdb/check.h"
#include "blockdb/clause.h"
#include "blockdb/index.h"
#include "blockdb/lanes.h"
#include "dns/rr.h"

#define TEXT_AHEAD 16 /* bytes of a text that are asked for ahead of time */

/*
 * The search for one name in its bucket, in two steps, so that the cache misses of a batch overlap: begin finds out which
 * entries to compare and asks for their texts, end compares them.
 */
struct search {
    const struct blockdb *db;
    const struct name_key *key;
    uint32_t offset;     /* of the bucket */
    uint32_t same;       /* bytes of the bucket's prefix that the key starts with */
    uint64_t alike;      /* bit n: entry n has the length and the check byte of the key or of one of its parents */
    const uint8_t *text; /* of the first one of those */
    /* Over all hits; masks only ever gain bits, so the order of the hits does not matter. */
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

/* Where the label at pos ends: the next zero byte of the key, or its end. */
static inline uint32_t label_end(const struct name_key *key, uint32_t pos)
{
    for (; pos < key->len; pos += 8) {
        uint64_t label = bytes_before_zero(bytes_load8(key->bytes + pos));
        if (label != UINT64_MAX) {
            pos += (uint32_t)__builtin_ctzll(~label) / 8;
            return pos < key->len ? pos : key->len;
        }
    }
    return key->len;
}

/* Labels of the first len bytes, which end at a boundary. */
static uint8_t count_labels(const struct name_key *key, uint32_t len)
{
    uint8_t labels = 1;
    if (len == key->len)
        return key->labels;
    for (uint32_t end = label_end(key, 0); end < len; end = label_end(key, end + 1))
        labels++;
    return labels;
}

/* The first len bytes of the key are a listed name. */
static inline void search_add(struct search *s, uint32_t len, uint32_t value_id)
{
    const struct blockdb_value_record *value = value_find(s->db, value_id);
    if (!value)
        return;
    bool exact = len == s->key->len && s->key->whole;
    const struct blockdb_rules *rules = rules_for(value, exact);
    if (value->clauses_count > 0)
        clause_hits_add(s->db, value, count_labels(s->key, len), exact, s->clauses);
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
        .labels = count_labels(s->key, len),
        .exact = exact,
    };
}

static bool is_boundary(const struct name_key *key, uint32_t len)
{
    return len == key->len || key->bytes[len] == 0;
}

/* The last bytes of the first len bytes of a key, as check.h wants them; len > 0. */
static inline uint64_t ending_of(const struct name_key *key, uint32_t len)
{
    return len >= CHECK_LEN ? bytes_load8(key->bytes + len - CHECK_LEN)
                            : bytes_load8(key->bytes) << 8 * (CHECK_LEN - len);
}

/* Those of the entries that may be the first len bytes of the key. All keys of the bucket are longer than its prefix. */
static inline uint64_t alike_at(const struct bucket *bucket, const struct name_key *key, uint32_t len)
{
    return row_find(bucket->lens, (uint8_t)(len - bucket->prefix_len - 1), bucket->checks,
                    check_of(ending_of(key, len)));
}

__attribute__((noinline)) static uint64_t alike_find_long(const struct bucket *bucket, const struct name_key *key)
{
    uint64_t alike = 0;
    uint32_t end = bucket->prefix_len;
    do {
        end = label_end(key, end + 1);
        alike |= alike_at(bucket, key, end);
    } while (end < key->len);
    return alike & ((UINT64_C(1) << bucket->count) - 1);
}

/* Entries that may be the key or one of its parents. */
static inline uint64_t alike_find(const struct bucket *bucket, const struct name_key *key)
{
    uint64_t alike = 0;
    if (key->len >= 64)
        return alike_find_long(bucket, key);
    uint64_t last = UINT64_C(1) << key->len;
    uint64_t ends = (bytes_zero64(key->bytes) & (last - 1)) | last;
    for (ends &= ~UINT64_C(1) << bucket->prefix_len; ends != 0; ends &= ends - 1)
        alike |= alike_at(bucket, key, (uint32_t)__builtin_ctzll(ends));
    return alike & ((UINT64_C(1) << bucket->count) - 1);
}

/*
 * Every listed ancestor of the key is an ancestor of its predecessor too (all keys between an ancestor and the key start
 * with the ancestor), so it is either in the predecessor's bucket or in the chain that the bucket starts with.
 */
static inline void search_begin(struct search *s, uint32_t offset)
{
    const struct name_key *key = s->key;
    struct bucket bucket;
    s->offset = offset;
    s->alike = 0;
    if (!bucket_open(&s->db->regions[BLOCKDB_REGION_ENTRIES], offset, &bucket))
        return;
    s->same = bytes_common(bucket.prefix, key->bytes, bucket.prefix_len < key->len ? bucket.prefix_len : key->len);
    if (s->same == bucket.prefix_len && s->same < key->len)
        s->alike = alike_find(&bucket, key);
    if (s->alike == 0)
        return;
    uint32_t first = (uint32_t)__builtin_ctzll(s->alike);
    s->text = bucket_text(&bucket, first);
    __builtin_prefetch(s->text);
    __builtin_prefetch(s->text + TEXT_AHEAD);
    __builtin_prefetch(bucket.values + first);
}

/* The chain is made of starts of the first entry. Not inlined: few buckets have one. */
__attribute__((noinline)) static void search_ancestors(struct search *s)
{
    const struct name_key *key = s->key;
    struct bucket bucket;
    if (!bucket_open(&s->db->regions[BLOCKDB_REGION_ENTRIES], s->offset, &bucket))
        return;
    const uint8_t *text = bucket_text(&bucket, 0);
    uint32_t same = s->same;
    if (!text)
        return;
    if (same == bucket.prefix_len) {
        uint32_t left = key->len - same;
        same += bytes_common(text, key->bytes + same, bucket.lens[0] < left ? bucket.lens[0] : left);
    }
    for (uint32_t i = 0; i < bucket.ancestor_count && bucket.ancestor_lens[i] <= same; i++)
        if (is_boundary(key, bucket.ancestor_lens[i]))
            search_add(s, bucket.ancestor_lens[i], bucket_value(&bucket, bucket.count + i));
}

static inline void search_end(struct search *s)
{
    struct bucket bucket;
    if (!bucket_open(&s->db->regions[BLOCKDB_REGION_ENTRIES], s->offset, &bucket))
        return;
    if (bucket.ancestor_count > 0)
        search_ancestors(s);
    const uint8_t *rest = s->key->bytes + bucket.prefix_len;
    const uint8_t *text = s->text;
    for (uint64_t alike = s->alike; alike != 0;) {
        uint32_t index = (uint32_t)__builtin_ctzll(alike);
        uint32_t len = bucket.lens[index];
        if (text && bytes_common(text, rest, len) == len)
            search_add(s, bucket.prefix_len + len + 1, bucket_value(&bucket, index));
        alike &= alike - 1;
        if (alike != 0)
            text = bucket_text(&bucket, (uint32_t)__builtin_ctzll(alike));
    }
}

/* Not inlined: few names come here. */
__attribute__((noinline)) static void search_clauses(struct search *s, uint16_t type)
{
    clause_hits_float(s->db->clauses, s->clauses);
    if (s->clauses->count == 0 && s->clauses->given_up == 0)
        return;
    clause_judge(s->db->clauses, type, s->clauses, &s->sum, s->out);
    blockdb_match_sum(&s->sum, s->out);
    clause_choose(s->db->clauses, s->clauses, s->out);
}

/* gcc makes a string instruction of a plain assignment, which takes a tenth of a look-up. */
static inline void match_clear(struct blockdb_match *out)
{
    static_assert(sizeof(*out) % LANES == 0, "whole lanes are cleared");
#pragma GCC unroll 16
    for (size_t i = 0; i < sizeof(*out); i += LANES)
        lanes_clear((uint8_t *)out + i);
}

static inline void search_finish(struct search *s, uint16_t type, struct blockdb_match *out)
{
    struct clause_hits clauses;
    clause_hits_init(&clauses, s->key);
    match_clear(out);
    s->sum = (struct blockdb_rules){0};
    s->out = out;
    s->clauses = &clauses;
    search_end(s);
    blockdb_match_sum(&s->sum, out);
    if (s->db->clauses)
        search_clauses(s, type);
}

void blockdb_lookup_type(const struct blockdb *db, const struct name_key *key, uint16_t type, struct blockdb_match *out)
{
    struct search search;
    search.db = db;
    search.key = key;
    search_begin(&search, index_find(db, key));
    search_finish(&search, type, out);
}

void blockdb_lookup(const struct blockdb *db, const struct name_key *key, struct blockdb_match *out)
{
    blockdb_lookup_type(db, key, DNS_TYPE_A, out);
}

void blockdb_lookup_batch(const struct blockdb *db, const struct name_key *const keys[], size_t count,
                          struct blockdb_match out[])
{
    uint32_t buckets[INDEX_BATCH_MAX];
    struct search searches[INDEX_BATCH_MAX];
    for (size_t done = 0; done < count; done += INDEX_BATCH_MAX) {
        size_t some = count - done < INDEX_BATCH_MAX ? count - done : INDEX_BATCH_MAX;
        index_find_batch(db, keys + done, some, buckets);
        for (size_t i = 0; i < some; i++) {
            searches[i].db = db;
            searches[i].key = keys[done + i];
            search_begin(&searches[i], buckets[i]);
        }
        for (size_t i = 0; i < some; i++)
            search_finish(&searches[i], DNS_TYPE_A, &out[done + i]);
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
    const void *clausesets = db->regions[BLOCKDB_REGION_CLAUSE_SETS].bytes;
    out->clauses = record->clauses_count > 0 ? (const uint16_t *)clausesets + record->clauses_first : NULL;
    out->clause_count = record->clauses_count;
    return 0;
}

/* A feed of one category surely gave it; one of many may have listed the name for another of them. */
static uint16_t feed_with(const struct blockdb *db, const struct blockdb_value *value, uint64_t bit)
{
    uint16_t best = VERDICT_NO_FEED;
    for (size_t i = 0; i < value->feed_count; i++) {
        uint64_t categories = db->feeds[value->feeds[i]].categories;
        if ((categories & bit) && (best == VERDICT_NO_FEED ||
                                   __builtin_popcountll(categories) < __builtin_popcountll(db->feeds[best].categories)))
            best = value->feeds[i];
    }
    return best;
}

/* What the clause that answers says of the feed; one that TCP satisfies does not stand for what others still block. */
static bool clause_names_feed(const struct blockdb *db, const struct blockdb_match *match, uint64_t bit, uint16_t *out)
{
    struct blockdb_clause clause;
    if (match->clause_count == 0 || blockdb_clause(db, match->clauses[0], &clause) < 0 || !(clause.categories & bit) ||
        (clause.kind == BLOCKDB_CLAUSE_TCP && !(match->tcp_only & bit)))
        return false;
    *out = clause.feed;
    return true;
}

static uint16_t blocker_feed(const struct blockdb *db, const struct blockdb_match *match, uint64_t bit)
{
    struct blockdb_clause clause;
    for (size_t i = 0; i < match->blocker_count; i++)
        if (blockdb_clause(db, match->blockers[i], &clause) == 0 && (clause.categories & bit))
            return clause.feed;
    return VERDICT_NO_FEED;
}

uint16_t blockdb_match_feed(const struct blockdb *db, const struct blockdb_match *match, unsigned category,
                            uint8_t *out_labels)
{
    uint64_t bit = category < CATEGORY_MAX ? CATEGORY_BIT(category) : 0;
    uint16_t feed;
    *out_labels = match->clause_labels;
    if (clause_names_feed(db, match, bit, &feed))
        return feed;
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
    *out_labels = 0;
    return blocker_feed(db, match, bit);
}
