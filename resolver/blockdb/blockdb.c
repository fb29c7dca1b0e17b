#include "blockdb/blockdb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/category.h"
#include "blockdb/clause.h"
#include "blockdb/envcheck.h"
#include "blockdb/index.h"

static const char *const REGION_KEYS[BLOCKDB_REGION_COUNT] = {
#define X(suffix, key) key,
    BLOCKDB_REGION_LIST(X)
#undef X
};

/* Where the reason of a failure goes. */
struct why {
    char *text;
    size_t cap;
};

__attribute__((format(printf, 3, 4))) static int fail(const struct why *why, int err, const char *format, ...)
{
    va_list args;
    if (why->text && why->cap > 0) {
        va_start(args, format);
        (void)vsnprintf(why->text, why->cap, format, args);
        va_end(args);
    }
    return err;
}

static int err_from_lmdb(int code)
{
    switch (code) {
    case ENOMEM:
        return ERR_NOMEM;
    case ENOENT:
        return ERR_NOENT;
    case EACCES:
    case EPERM:
        return ERR_ACCESS;
    default:
        return code > 0 ? ERR_IO : ERR_DAMAGED;
    }
}

static int err_from_errno(int code)
{
    return code == EACCES || code == EPERM || code == ENOENT || code == ENOMEM ? -code : ERR_IO;
}

static size_t record_len(const struct blockdb *db, enum blockdb_region region)
{
    if (region == BLOCKDB_REGION_VALUES)
        return db->meta.value_count * sizeof(struct blockdb_value_record);
    return db->meta.feed_count * sizeof(struct blockdb_feed_record);
}

static int values_check(const struct blockdb *db, const struct why *why)
{
    const void *bytes = db->regions[BLOCKDB_REGION_VALUES].bytes;
    const struct blockdb_value_record *values = bytes;
    const void *feedset_bytes = db->regions[BLOCKDB_REGION_FEEDSETS].bytes;
    const uint16_t *feedsets = feedset_bytes;
    size_t feedsets_len = db->regions[BLOCKDB_REGION_FEEDSETS].len / sizeof(*feedsets);

    if (db->regions[BLOCKDB_REGION_VALUES].len != record_len(db, BLOCKDB_REGION_VALUES))
        return fail(why, ERR_DAMAGED, "the value table has the wrong size");
    for (size_t i = 0; i < db->meta.value_count; i++)
        if (values[i].feeds_first > feedsets_len || values[i].feeds_count > feedsets_len - values[i].feeds_first)
            return fail(why, ERR_DAMAGED, "value %zu points outside of the feed sets", i);
    for (size_t i = 0; i < feedsets_len; i++)
        if (feedsets[i] >= db->meta.feed_count)
            return fail(why, ERR_DAMAGED, "a feed set names feed %u of %u", feedsets[i], db->meta.feed_count);
    return 0;
}

/* The text that starts at `at`, or NULL. The region ends with a zero (checked before). */
static const char *text_at(const struct region *texts, uint32_t at)
{
    return at < texts->len ? (const char *)texts->bytes + at : NULL;
}

static int feeds_read(struct blockdb *db, const struct why *why)
{
    const void *bytes = db->regions[BLOCKDB_REGION_FEEDS].bytes;
    const struct blockdb_feed_record *records = bytes;
    const struct region *texts = &db->regions[BLOCKDB_REGION_TEXTS];

    if (db->meta.feed_count > BLOCKDB_FEED_MAX ||
        db->regions[BLOCKDB_REGION_FEEDS].len != record_len(db, BLOCKDB_REGION_FEEDS))
        return fail(why, ERR_DAMAGED, "the feed table has the wrong size");
    if (texts->len > 0 && texts->bytes[texts->len - 1] != 0)
        return fail(why, ERR_DAMAGED, "the texts of the feed table are cut");
    db->feeds = calloc(db->meta.feed_count + 1u, sizeof(*db->feeds));
    if (!db->feeds)
        return fail(why, ERR_NOMEM, "no memory for the feed table");
    for (size_t i = 0; i < db->meta.feed_count; i++) {
        struct blockdb_feed *feed = &db->feeds[i];
        feed->name = text_at(texts, records[i].name);
        feed->licence = text_at(texts, records[i].licence);
        feed->source = text_at(texts, records[i].source);
        feed->categories = records[i].categories;
        feed->names = records[i].names;
        feed->fetched_s = records[i].fetched_s;
        if (!feed->name || !feed->licence || !feed->source)
            return fail(why, ERR_DAMAGED, "feed %zu points outside of the texts", i);
    }
    return 0;
}

/* Ids never change their meaning and new ones come at the end, so of two lists one must be the start of the other. */
static int categories_check(const struct blockdb *db, const struct why *why)
{
    const struct region *region = &db->regions[BLOCKDB_REGION_CATEGORIES];
    size_t at = 0;
    for (unsigned id = 0; id < CATEGORY_MAX && category_name(id) && at < region->len; id++) {
        char line[64];
        size_t len = (size_t)snprintf(line, sizeof(line), "%u %s\n", id, category_name(id));
        if (region->len - at < len || memcmp(region->bytes + at, line, len) != 0)
            return fail(why, ERR_FORMAT_VERSION, "category %u (%s) means something else in this list", id,
                        category_name(id));
        at += len;
    }
    return 0;
}

static int meta_check(const struct blockdb *db, const struct why *why)
{
    const struct blockdb_meta *meta = &db->meta;
    if (meta->generation == 0 || meta->value_count > BLOCKDB_VALUE_MAX || meta->bucket_count > meta->name_count ||
        (meta->bucket_count == 0 && meta->name_count != 0))
        return fail(why, ERR_DAMAGED, "the counts of the list contradict each other");
    if (db->regions[BLOCKDB_REGION_ENTRIES].len < BLOCKDB_TAIL)
        return fail(why, ERR_DAMAGED, "the entries are cut");
    if (db->regions[BLOCKDB_REGION_INDEX].len >= UINT32_MAX || db->regions[BLOCKDB_REGION_ENTRIES].len >= UINT32_MAX)
        return fail(why, ERR_DAMAGED, "the list is larger than its format allows");
    return 0;
}

static int tables_read(struct blockdb *db, const struct why *why)
{
    int err = meta_check(db, why);
    if (err == 0)
        err = categories_check(db, why);
    if (err == 0)
        err = values_check(db, why);
    if (err == 0)
        err = feeds_read(db, why);
    if (err < 0)
        return err;
    err = index_new(&db->regions[BLOCKDB_REGION_INDEX], &db->index);
    if (err < 0)
        return fail(why, err, err == ERR_NOMEM ? "no memory for the index" : "the index is cut or its parts overlap");
    const char *trouble;
    err = clause_table_new(db, &db->clauses, &trouble);
    return err < 0 ? fail(why, err, "%s", trouble) : 0;
}

int blockdb_from_regions(const struct blockdb_meta *meta, const struct region regions[BLOCKDB_REGION_COUNT],
                         struct blockdb **out, char *why, size_t why_cap)
{
    const struct why reason = {why, why_cap};
    struct blockdb *db = calloc(1, sizeof(*db));
    if (!db)
        return fail(&reason, ERR_NOMEM, "no memory");
    db->meta = *meta;
    memcpy(db->regions, regions, sizeof(db->regions));
    int err = tables_read(db, &reason);
    if (err < 0) {
        blockdb_close(db);
        return err;
    }
    *out = db;
    return 0;
}

/*
 * LMDB warns against opening a file twice in one process because closing one handle would drop the POSIX locks of the
 * other. Without a lock file there is nothing to drop, and tests and the compiler may open what the process has open.
 */
static int env_map(struct blockdb *db, const char *path, size_t size, const struct why *why)
{
    int code = mdb_env_create(&db->env);
    if (code == 0)
        code = mdb_env_set_mapsize(db->env, size);
    if (code == 0)
        code = mdb_env_open(db->env, path, MDB_RDONLY | MDB_NOLOCK | MDB_NOSUBDIR | MDB_NOTLS, 0);
    if (code == 0)
        code = mdb_txn_begin(db->env, NULL, MDB_RDONLY, &db->txn);
    return code == 0 ? 0 : fail(why, err_from_lmdb(code), "LMDB refused the file: %s", mdb_strerror(code));
}

/* envcheck_file() has seen that the value lies inside the file, on pages of its own. */
static int region_get(const struct blockdb *db, MDB_dbi dbi, enum blockdb_region id, struct region *out)
{
    MDB_val value;
    MDB_val key = {strlen(REGION_KEYS[id]), (void *)(uintptr_t)REGION_KEYS[id]};
    int code = mdb_get(db->txn, dbi, &key, &value);
    if (code != 0)
        return err_from_lmdb(code == MDB_NOTFOUND ? MDB_CORRUPTED : code);
    *out = (struct region){value.mv_data, value.mv_size};
    return 0;
}

static int meta_read(struct blockdb *db, MDB_dbi dbi, const struct why *why)
{
    struct region region;
    int err = region_get(db, dbi, BLOCKDB_REGION_META, &region);
    if (err < 0 || region.len < sizeof(db->meta))
        return fail(why, err < 0 ? err : ERR_DAMAGED, "it is not a generation: no meta record");
    memcpy(&db->meta, region.bytes, sizeof(db->meta));
    if (db->meta.magic != BLOCKDB_MAGIC || db->meta.byte_order != BLOCKDB_BYTE_ORDER)
        return fail(why, ERR_DAMAGED, "it is not a generation, or of a machine with another byte order");
    if (db->meta.version != BLOCKDB_VERSION)
        return fail(why, ERR_FORMAT_VERSION, "its format is version %u, this program reads version %u",
                    db->meta.version, BLOCKDB_VERSION);
    if (XXH3_64bits(&db->meta, offsetof(struct blockdb_meta, meta_xxh3)) != db->meta.meta_xxh3)
        return fail(why, ERR_DAMAGED, "the checksum of its meta record is wrong");
    return 0;
}

static int regions_read(struct blockdb *db, const struct why *why)
{
    MDB_dbi dbi;
    int code = mdb_dbi_open(db->txn, NULL, 0, &dbi);
    if (code != 0)
        return fail(why, err_from_lmdb(code), "LMDB refused the file: %s", mdb_strerror(code));
    int err = meta_read(db, dbi, why);
    for (unsigned id = BLOCKDB_REGION_META + 1; err == 0 && id < BLOCKDB_REGION_COUNT; id++) {
        struct region *region = &db->regions[id];
        err = region_get(db, dbi, id, region);
        if (err < 0 || region->len < db->meta.region_len[id])
            return fail(why, err < 0 ? err : ERR_DAMAGED, "its %s are missing or cut", REGION_KEYS[id]);
        region->len = db->meta.region_len[id];
        if (XXH3_64bits(region->bytes, region->len) != db->meta.region_xxh3[id])
            return fail(why, ERR_DAMAGED, "the checksum of its %s is wrong", REGION_KEYS[id]);
    }
    return err;
}

static int file_check(const char *path, size_t *out_size, const struct why *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail(why, err_from_errno(errno), "cannot open it: %s", strerror(errno));
    int err = envcheck_file(fd, out_size);
    close(fd);
    return err == 0 ? 0 : fail(why, err, "it is cut or not an LMDB file");
}

int blockdb_open(const char *path, struct blockdb **out, char *why, size_t why_cap)
{
    const struct why reason = {why, why_cap};
    size_t size;

    /* The link is followed once, so that the file that was checked is the file that is mapped. */
    char *real = realpath(path, NULL);
    if (!real)
        return fail(&reason, err_from_errno(errno), "cannot open it: %s", strerror(errno));
    struct blockdb *db = calloc(1, sizeof(*db));
    int err = db ? file_check(real, &size, &reason) : fail(&reason, ERR_NOMEM, "no memory");
    if (err == 0)
        err = env_map(db, real, size, &reason);
    if (err == 0)
        err = regions_read(db, &reason);
    if (err == 0)
        err = tables_read(db, &reason);
    free(real);
    if (err < 0) {
        blockdb_close(db);
        return err;
    }
    *out = db;
    return 0;
}

void blockdb_close(struct blockdb *db)
{
    if (!db)
        return;
    if (db->txn)
        mdb_txn_abort(db->txn);
    if (db->env)
        mdb_env_close(db->env);
    free(db->feeds);
    index_free(db->index);
    clause_table_free(db->clauses);
    free(db);
}

uint64_t blockdb_generation(const struct blockdb *db)
{
    return db->meta.generation;
}

int64_t blockdb_built_s(const struct blockdb *db)
{
    return db->meta.built_s;
}

uint64_t blockdb_name_count(const struct blockdb *db)
{
    return db->meta.name_count;
}

size_t blockdb_feed_count(const struct blockdb *db)
{
    return db->meta.feed_count;
}

const struct blockdb_feed *blockdb_feed(const struct blockdb *db, size_t index)
{
    return index < db->meta.feed_count ? &db->feeds[index] : NULL;
}
