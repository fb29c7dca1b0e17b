#include "publish/verify.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blockdb/blockdb.h"
#include "dns/name.h"
#include "publish/entries.h"

#define LOOKUP_EVERY 16 /* a bucket has 24 entries at least, so every bucket is looked up in */
#define BATCH        32
#define QUEUE        64 /* batches that may wait for their turn */

/* Names to look up together. */
struct batch {
    struct name_key keys[BATCH];
    uint32_t values[BATCH]; /* of their entries */
    size_t count;
};

struct verifier {
    const struct blockdb *db;
    const struct verify_expected *expected;
    char *why; /* NULL: nobody wants to know */
};

/* Batches on their way from the thread that walks the entries to the one that looks them up. */
struct queue {
    struct verifier *verifier;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t filled, checked; /* batches so far */
    bool over;              /* no more will be filled */
    int err;                /* what a look-up found wrong */
    char why[PUBLISH_WHY_MAX];
    struct batch batches[QUEUE];
};

__attribute__((format(printf, 2, 3))) static int fail(struct verifier *v, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (v->why)
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

static int batch_check(struct verifier *v, struct batch *batch)
{
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

/* Checks the batches of the queue until there will be no more, in a thread of its own. */
static void *queue_check(void *ctx)
{
    struct queue *q = ctx;
    struct verifier v = *q->verifier;
    v.why = q->why;
    (void)pthread_mutex_lock(&q->mutex);
    while (q->checked < q->filled || !q->over) {
        if (q->checked == q->filled) {
            (void)pthread_cond_wait(&q->changed, &q->mutex);
            continue;
        }
        struct batch *batch = &q->batches[q->checked % QUEUE];
        (void)pthread_mutex_unlock(&q->mutex);
        int err = q->err < 0 ? 0 : batch_check(&v, batch);
        (void)pthread_mutex_lock(&q->mutex);
        if (err < 0)
            q->err = err;
        batch->count = 0;
        q->checked++;
        (void)pthread_cond_signal(&q->changed);
    }
    (void)pthread_mutex_unlock(&q->mutex);
    return NULL;
}

/* Hands the batch at hand over. Returns the next one to fill, when there is room for it. */
static struct batch *queue_next(struct queue *q)
{
    (void)pthread_mutex_lock(&q->mutex);
    q->filled++;
    (void)pthread_cond_signal(&q->changed);
    while (q->filled - q->checked == QUEUE)
        (void)pthread_cond_wait(&q->changed, &q->mutex);
    (void)pthread_mutex_unlock(&q->mutex);
    return &q->batches[q->filled % QUEUE];
}

static int walk_entries(struct verifier *v, struct blockdb_walk *walk, struct queue *q)
{
    struct blockdb_entry entry;
    struct batch *batch = &q->batches[0];
    uint64_t count = 0, hash = 0;
    int more;
    while ((more = blockdb_walk_next(walk, &entry)) > 0) {
        hash = entries_hash(hash, entry.key, entry.key_len, entry.value);
        if (count++ % LOOKUP_EVERY == 0)
            batch_add(batch, &entry);
        if (batch->count == BATCH)
            batch = queue_next(q);
    }
    (void)queue_next(q);
    if (more < 0 || count != v->expected->name_count || hash != v->expected->hash)
        return fail(v, "the entries of the new list are not those that were written");
    return 0;
}

static void queue_end(struct queue *q)
{
    (void)pthread_mutex_lock(&q->mutex);
    q->over = true;
    (void)pthread_cond_signal(&q->changed);
    (void)pthread_mutex_unlock(&q->mutex);
}

static int entries_check(struct verifier *v)
{
    struct blockdb_walk *walk;
    pthread_t thread;
    struct queue *q = calloc(1, sizeof(*q));
    if (!q)
        return ERR_NOMEM;
    q->verifier = v;
    (void)pthread_mutex_init(&q->mutex, NULL);
    (void)pthread_cond_init(&q->changed, NULL);
    int err = blockdb_walk_begin(v->db, &walk);
    if (err == 0 && pthread_create(&thread, NULL, queue_check, q) != 0) {
        blockdb_walk_end(walk);
        err = ERR_NOMEM;
    }
    if (err == 0) {
        err = walk_entries(v, walk, q);
        blockdb_walk_end(walk);
        queue_end(q);
        (void)pthread_join(thread, NULL);
        if (err == 0 && q->err < 0)
            err = fail(v, "%s", q->why);
    }
    (void)pthread_cond_destroy(&q->changed);
    (void)pthread_mutex_destroy(&q->mutex);
    free(q);
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
    int err = entries_check(v);
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
