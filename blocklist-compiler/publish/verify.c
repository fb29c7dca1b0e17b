#include "publish/verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "blockdb/blockdb.h"
#include "dns/name.h"

#define LOOKUP_EVERY 16 /* a bucket has 24 entries at least, so every bucket is looked up in */
#define BATCH        32

/* Names to look up together. */
struct batch {
    struct name_key keys[BATCH];
    uint32_t values[BATCH]; /* of their entries */
    size_t count;
};

struct verifier {
    const struct blockdb *db;
    const struct verify_expected *expected;
    struct batch batch;
    XXH3_state_t *hash;
    char *why;
};

__attribute__((format(printf, 2, 3))) static int fail(struct verifier *v, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(v->why, PUBLISH_WHY_MAX, format, args);
    va_end(args);
    return ERR_DAMAGED;
}

static void key_text(const struct name_key *key, char out[NAME_TEXT_MAX])
{
    uint8_t name[NAME_MAX_LEN];
    (void)snprintf(out, NAME_TEXT_MAX, "?");
    if (name_key_to_name(key->bytes, key->len, name) > 0)
        (void)name_to_text(name, out);
}

static bool match_is_right(const struct verifier *v, uint32_t value, const struct blockdb_match *match)
{
    struct blockdb_value meaning;
    const struct blockdb_hit *last = match->hit_count > 0 ? &match->hits[match->hit_count - 1] : NULL;
    if (blockdb_value(v->db, value, &meaning) < 0)
        return false;
    uint64_t masks =
        meaning.self.block | meaning.self.allow | meaning.self.important_block | meaning.self.important_allow;
    return masks == 0 || (last && last->exact && last->value == value);
}

static int batch_check(struct verifier *v)
{
    struct batch *batch = &v->batch;
    const struct name_key *keys[BATCH];
    struct blockdb_match matches[BATCH];
    struct blockdb_match alone;

    for (size_t i = 0; i < batch->count; i++)
        keys[i] = &batch->keys[i];
    blockdb_lookup_batch(v->db, keys, batch->count, matches);
    for (size_t i = 0; i < batch->count; i++) {
        char text[NAME_TEXT_MAX];
        blockdb_lookup(v->db, keys[i], &alone);
        if (match_is_right(v, batch->values[i], &matches[i]) && match_is_right(v, batch->values[i], &alone))
            continue;
        key_text(keys[i], text);
        return fail(v, "%s is in the new list, but a look-up does not find it", text);
    }
    batch->count = 0;
    return 0;
}

static void hash_entry(struct verifier *v, const struct blockdb_entry *entry)
{
    uint8_t key_len = (uint8_t)entry->key_len;
    (void)XXH3_64bits_update(v->hash, &key_len, sizeof(key_len));
    (void)XXH3_64bits_update(v->hash, entry->key, entry->key_len);
    (void)XXH3_64bits_update(v->hash, &entry->value, sizeof(entry->value));
}

static void batch_add(struct batch *batch, const struct blockdb_entry *entry)
{
    struct name_key *key = &batch->keys[batch->count];
    key->len = (uint16_t)entry->key_len;
    key->whole = true;
    key->labels = 1;
    memcpy(key->bytes, entry->key, entry->key_len);
    for (size_t i = 0; i < entry->key_len; i++)
        key->labels = (uint8_t)(key->labels + (entry->key[i] == 0));
    batch->values[batch->count++] = entry->value;
}

static int walk_entries(struct verifier *v, struct blockdb_walk *walk)
{
    struct blockdb_entry entry;
    uint64_t count = 0;
    int more;
    while ((more = blockdb_walk_next(walk, &entry)) > 0) {
        hash_entry(v, &entry);
        if (count++ % LOOKUP_EVERY == 0)
            batch_add(&v->batch, &entry);
        int err = v->batch.count == BATCH ? batch_check(v) : 0;
        if (err < 0)
            return err;
    }
    if (more < 0 || count != v->expected->name_count || XXH3_64bits_digest(v->hash) != v->expected->xxh3)
        return fail(v, "the entries of the new list are not those that were written");
    return batch_check(v);
}

static int entries_check(struct verifier *v)
{
    struct blockdb_walk *walk;
    int err = blockdb_walk_begin(v->db, &walk);
    if (err < 0)
        return err;
    err = walk_entries(v, walk);
    blockdb_walk_end(walk);
    return err;
}

static int samples_check(struct verifier *v)
{
    const struct publish_checks *checks = v->expected->checks;
    for (size_t i = 0; i < checks->sample_count; i++) {
        struct name_key key;
        struct blockdb_match match;
        char text[NAME_TEXT_MAX];
        name_key_make(checks->samples[i].name, &key);
        blockdb_lookup(v->db, &key, &match);
        uint64_t missing = checks->samples[i].categories & ~match.listed;
        if (missing == 0)
            continue;
        key_text(&key, text);
        return fail(v, "%s lacks the categories %#" PRIx64 " that a feed gives it", text, missing);
    }
    return 0;
}

static int protected_check(struct verifier *v)
{
    const struct publish_checks *checks = v->expected->checks;
    for (size_t i = 0; i < checks->protected_count; i++) {
        struct name_key key;
        struct blockdb_match match;
        char text[NAME_TEXT_MAX];
        name_key_make(checks->protected_names[i], &key);
        blockdb_lookup(v->db, &key, &match);
        if (match.categories == 0)
            continue;
        key_text(&key, text);
        return fail(v, "%s must stay reachable, but the new list blocks it", text);
    }
    return 0;
}

static int all_check(struct verifier *v)
{
    if (blockdb_generation(v->db) != v->expected->generation || blockdb_name_count(v->db) != v->expected->name_count)
        return fail(v, "the new file is not the generation that was written");
    v->hash = XXH3_createState();
    if (!v->hash)
        return ERR_NOMEM;
    (void)XXH3_64bits_reset(v->hash);
    int err = entries_check(v);
    (void)XXH3_freeState(v->hash);
    if (err == 0)
        err = samples_check(v);
    if (err == 0)
        err = protected_check(v);
    return err;
}

int verify_file(const char *path, const struct verify_expected *expected, char *why)
{
    struct blockdb *db;
    int err = blockdb_open(path, &db, why, PUBLISH_WHY_MAX);
    if (err < 0)
        return err;
    struct verifier v = {.db = db, .expected = expected, .why = why};
    err = all_check(&v);
    blockdb_close(db);
    return err;
}
