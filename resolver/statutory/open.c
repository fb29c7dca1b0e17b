/* From a file to a list: what is not exactly as the format says is refused. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <lmdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "blockdb/envcheck.h"
#include "statutory/internal.h"

#define START_BITS_MAX 20

static const char *const value_names[STATUTORY_VALUE_COUNT] = {"meta", "entries", "feeds"};

/* Where the reason of a failure goes. */
struct why {
    char *text;
    size_t cap;
};

__attribute__((format(printf, 3, 4))) static int fail(const struct why *why, int err, const char *format, ...)
{
    va_list args;
    if (why->text != NULL && why->cap > 0) {
        va_start(args, format);
        (void)vsnprintf(why->text, why->cap, format, args);
        va_end(args);
    }
    return err;
}

static int err_from_errno(int code)
{
    return code == EACCES || code == EPERM || code == ENOENT || code == ENOMEM ? -code : ERR_IO;
}

/* ---- what the values must be ---- */

static int meta_check(const struct statutory_value *value, const struct hash_keys *keys, const struct why *why,
                      struct statutory_meta *out)
{
    struct statutory_meta meta;
    if (value->len < sizeof meta)
        return fail(why, ERR_DAMAGED, "it is not a statutory list: no meta record");
    memcpy(&meta, value->bytes, sizeof meta);
    if (meta.magic != STATUTORY_MAGIC || meta.byte_order != STATUTORY_BYTE_ORDER)
        return fail(why, ERR_DAMAGED, "it is not a statutory list, or of a machine with another byte order");
    if (meta.version != STATUTORY_VERSION)
        return fail(why, ERR_FORMAT_VERSION, "its format is version %u, this program reads version %u", meta.version,
                    STATUTORY_VERSION);
    if (XXH3_64bits(&meta, offsetof(struct statutory_meta, meta_xxh3)) != meta.meta_xxh3)
        return fail(why, ERR_DAMAGED, "the checksum of its meta record is wrong");
    if (memcmp(meta.key_check, keys->check, sizeof meta.key_check) != 0)
        return fail(why, ERR_DAMAGED, "the key beside it is not the one it was made with");
    if (meta.generation == 0 || meta.entry_count > STATUTORY_ENTRIES_MAX || meta.feed_count > STATUTORY_FEEDS_MAX)
        return fail(why, ERR_DAMAGED, "its counts can't be true");
    *out = meta;
    return 0;
}

/* A copy of count records of the value. */
static int copy_records(const struct statutory_value *value, const char *name, size_t count, size_t size, uint64_t xxh3,
                        const struct why *why, void **out)
{
    if (value->len < count * size || XXH3_64bits(value->bytes, count * size) != xxh3)
        return fail(why, ERR_DAMAGED, "its %s are cut, or their checksum is wrong", name);
    void *copy = calloc(count + 1, size);
    if (copy == NULL)
        return fail(why, ERR_NOMEM, "no memory");
    memcpy(copy, value->bytes, count * size);
    *out = copy;
    return 0;
}

static int entries_check(const struct statutory *list, const struct why *why)
{
    for (size_t i = 0; i < list->meta.entry_count; i++) {
        const struct statutory_entry *entry = &list->entries[i];
        if (entry->scope == 0 || entry->scope > (STATUTORY_SELF | STATUTORY_BELOW))
            return fail(why, ERR_DAMAGED, "entry %zu says nothing", i);
        if (i > 0 && memcmp(list->entries[i - 1].hash, entry->hash, STATUTORY_HASH_LEN) >= 0)
            return fail(why, ERR_DAMAGED, "entry %zu is out of order", i);
    }
    return 0;
}

static int feeds_check(const struct statutory *list, const struct why *why)
{
    for (size_t i = 0; i < list->meta.feed_count; i++) {
        const struct statutory_feed_record *feed = &list->feeds[i];
        if (memchr(feed->name, 0, sizeof feed->name) == NULL || memchr(feed->body, 0, sizeof feed->body) == NULL ||
            memchr(feed->membership, 0, sizeof feed->membership) == NULL ||
            memchr(feed->licence, 0, sizeof feed->licence) == NULL)
            return fail(why, ERR_DAMAGED, "the texts of feed %zu are cut", i);
    }
    return 0;
}

static int starts_make(struct statutory *list, const struct why *why)
{
    while (list->start_bits < START_BITS_MAX && (1u << list->start_bits) < list->meta.entry_count)
        list->start_bits++;
    uint32_t groups = 1u << list->start_bits;
    list->starts = calloc(groups + 1u, sizeof *list->starts);
    if (list->starts == NULL)
        return fail(why, ERR_NOMEM, "no memory");
    for (size_t i = 0; i < list->meta.entry_count; i++)
        list->starts[statutory_group(list->entries[i].hash, list->start_bits) + 1]++;
    for (uint32_t i = 0; i < groups; i++)
        list->starts[i + 1] += list->starts[i];
    return 0;
}

int statutory_from_values(const struct statutory_value values[STATUTORY_VALUE_COUNT],
                          const uint8_t key[STATUTORY_KEY_LEN], struct statutory **out, char *why_text, size_t why_cap)
{
    const struct why why = {why_text, why_cap};
    void *entries = NULL, *feeds = NULL;
    struct statutory *list = calloc(1, sizeof *list);
    if (list == NULL)
        return fail(&why, ERR_NOMEM, "no memory");
    hash_keys_make(key, &list->keys);
    int err = meta_check(&values[STATUTORY_META], &list->keys, &why, &list->meta);
    if (err == 0)
        err = copy_records(&values[STATUTORY_ENTRIES], "entries", list->meta.entry_count, sizeof *list->entries,
                           list->meta.entries_xxh3, &why, &entries);
    if (err == 0)
        err = copy_records(&values[STATUTORY_FEEDS], "feeds", list->meta.feed_count, sizeof *list->feeds,
                           list->meta.feeds_xxh3, &why, &feeds);
    list->entries = entries;
    list->feeds = feeds;
    if (err == 0)
        err = entries_check(list, &why);
    if (err == 0)
        err = feeds_check(list, &why);
    if (err == 0)
        err = starts_make(list, &why);
    if (err < 0) {
        statutory_close(list);
        return err;
    }
    *out = list;
    return 0;
}

/* ---- files ---- */

static int key_read(const char *path, const struct why *why, uint8_t out[STATUTORY_KEY_LEN])
{
    uint8_t bytes[STATUTORY_KEY_LEN + 1];
    char folder[4096], key_path[4096 + 8];
    if (snprintf(folder, sizeof folder, "%s", path) >= (int)sizeof folder)
        return fail(why, ERR_INVAL, "its path is too long");
    (void)snprintf(key_path, sizeof key_path, "%s/%s", dirname(folder), STATUTORY_KEY_FILE);
    int fd = open(key_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail(why, err_from_errno(errno), "cannot open its key: %s", strerror(errno));
    ssize_t len = read(fd, bytes, sizeof bytes);
    close(fd);
    if (len != STATUTORY_KEY_LEN)
        return fail(why, ERR_DAMAGED, "its key is not %d bytes long", STATUTORY_KEY_LEN);
    memcpy(out, bytes, STATUTORY_KEY_LEN);
    return 0;
}

static int env_open(const char *path, const struct why *why, MDB_env **out)
{
    size_t size;
    MDB_env *env = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail(why, err_from_errno(errno), "cannot open it: %s", strerror(errno));
    int err = envcheck_file(fd, &size);
    close(fd);
    if (err < 0)
        return fail(why, err, "it is cut or not an LMDB file");
    int code = mdb_env_create(&env);
    if (code == 0)
        code = mdb_env_set_mapsize(env, size);
    if (code == 0)
        code = mdb_env_open(env, path, MDB_RDONLY | MDB_NOLOCK | MDB_NOSUBDIR | MDB_NOTLS, 0);
    if (code != 0) {
        mdb_env_close(env);
        return fail(why, code > 0 ? err_from_errno(code) : ERR_DAMAGED, "LMDB refused the file: %s",
                    mdb_strerror(code));
    }
    *out = env;
    return 0;
}

/* All is copied while the file is open, so that nothing of it needs to stay. */
static int list_read(MDB_env *env, const uint8_t key[STATUTORY_KEY_LEN], const struct why *why, struct statutory **out)
{
    struct statutory_value values[STATUTORY_VALUE_COUNT];
    MDB_txn *txn;
    MDB_dbi dbi;
    int code = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
    if (code != 0)
        return fail(why, ERR_DAMAGED, "LMDB refused the file: %s", mdb_strerror(code));
    code = mdb_dbi_open(txn, NULL, 0, &dbi);
    for (unsigned i = 0; code == 0 && i < STATUTORY_VALUE_COUNT; i++) {
        MDB_val name = {strlen(value_names[i]), (void *)(uintptr_t)value_names[i]};
        MDB_val value;
        code = mdb_get(txn, dbi, &name, &value);
        if (code == 0)
            values[i] = (struct statutory_value){value.mv_data, value.mv_size};
    }
    int err = code != 0 ? fail(why, ERR_DAMAGED, "it is not a statutory list: values are missing")
                        : statutory_from_values(values, key, out, why->text, why->cap);
    mdb_txn_abort(txn);
    return err;
}

int statutory_open(const char *path, struct statutory **out, char *why_text, size_t why_cap)
{
    const struct why why = {why_text, why_cap};
    uint8_t key[STATUTORY_KEY_LEN];
    MDB_env *env = NULL;
    char *real = realpath(path, NULL);
    if (real == NULL)
        return fail(&why, err_from_errno(errno), "cannot open it: %s", strerror(errno));
    int err = key_read(real, &why, key);
    if (err == 0)
        err = env_open(real, &why, &env);
    free(real);
    if (err < 0)
        return err;
    err = list_read(env, key, &why, out);
    mdb_env_close(env);
    return err;
}
