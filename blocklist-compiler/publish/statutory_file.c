#include "publish/statutory_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/err.h"
#include "publish/envfile.h"
#include "statutory/statutory.h"

void statutory_file_init(struct statutory_file *file, const uint8_t key[STATUTORY_KEY_LEN])
{
    *file = (struct statutory_file){
        .meta = {.magic = STATUTORY_MAGIC, .version = STATUTORY_VERSION, .byte_order = STATUTORY_BYTE_ORDER}};
    hash_keys_make(key, &file->keys);
    memcpy(file->meta.key_check, file->keys.check, sizeof file->meta.key_check);
}

void statutory_file_done(struct statutory_file *file)
{
    bytes_done(&file->entries);
    bytes_done(&file->feeds);
    bytes_done(&file->samples);
}

void statutory_file_add(struct statutory_file *file, const struct name_key *host, unsigned scope)
{
    uint8_t hash[HASH_LEN];
    struct statutory_entry entry = {.scope = (uint8_t)scope};
    hash_make(file->keys.entries, host->bytes, host->len, hash);
    memcpy(entry.hash, hash, sizeof entry.hash);
    file->meta.labels[host->labels / 64] |= UINT64_C(1) << (host->labels % 64);
    bytes_add(&file->entries, &entry, sizeof entry);
    bytes_add(&file->samples, host, sizeof *host);
}

void statutory_file_add_feed(struct statutory_file *file, const struct statutory_feed_record *feed)
{
    bytes_add(&file->feeds, feed, sizeof *feed);
    file->meta.feed_count++;
}

static int by_hash(const void *a, const void *b)
{
    return memcmp(a, b, STATUTORY_HASH_LEN);
}

/* Sorts, and puts the scopes of one host together. Returns how many entries are left. */
static size_t merge(struct statutory_entry *entries, size_t count)
{
    size_t kept = 0;
    if (count > 0)
        qsort(entries, count, sizeof *entries, by_hash);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && by_hash(&entries[kept - 1], &entries[i]) == 0)
            entries[kept - 1].scope |= entries[i].scope;
        else
            entries[kept++] = entries[i];
    }
    return kept;
}

static void meta_finish(struct statutory_file *file, uint64_t generation, int64_t built_s)
{
    struct statutory_meta *meta = &file->meta;
    void *entries = file->entries.data;
    size_t count = merge(entries, file->entries.len / sizeof(struct statutory_entry));
    file->entries.len = count * sizeof(struct statutory_entry);
    meta->generation = generation;
    meta->built_s = built_s;
    meta->entry_count = (uint32_t)count;
    meta->entries_xxh3 = XXH3_64bits(file->entries.data, file->entries.len);
    meta->feeds_xxh3 = XXH3_64bits(file->feeds.data, file->feeds.len);
    meta->meta_xxh3 = XXH3_64bits(meta, offsetof(struct statutory_meta, meta_xxh3));
}

static int check(const struct statutory_file *file, const char *path, char *why, size_t why_cap)
{
    struct statutory *list;
    const void *bytes = file->samples.data;
    const struct name_key *hosts = bytes;
    int err = statutory_open(path, &list, why, why_cap);
    if (err < 0)
        return err;
    if (statutory_count(list) != file->meta.entry_count || statutory_feed_count(list) != file->meta.feed_count ||
        statutory_generation(list) != file->meta.generation)
        err = ERR_DAMAGED;
    for (size_t i = 0; i < file->samples.len / sizeof *hosts && err == 0; i++) {
        struct name_key below = hosts[i];
        if (statutory_find(list, &hosts[i]) > 0)
            continue;
        /* one that is listed for those below it alone */
        memcpy(below.bytes + below.len, "\0x", 2);
        below.len = (uint16_t)(below.len + 2);
        below.labels++;
        if (below.len > NAME_KEY_MAX || statutory_find(list, &below) == 0)
            err = ERR_DAMAGED;
    }
    statutory_close(list);
    if (err < 0)
        snprintf(why, why_cap, "the statutory list was not what it must be when it was read back");
    return err;
}

int statutory_file_write(struct statutory_file *file, const char *path, uint64_t generation, int64_t built_s, char *why,
                         size_t why_cap)
{
    int err = 0;
    if (!bytes_ok(&file->entries) || !bytes_ok(&file->feeds) || !bytes_ok(&file->samples))
        err = ERR_NOMEM;
    else if (file->samples.len / sizeof(struct name_key) > STATUTORY_ENTRIES_MAX ||
             file->meta.feed_count > STATUTORY_FEEDS_MAX)
        err = ERR_LIMIT;
    if (err == 0) {
        meta_finish(file, generation, built_s);
        const struct envfile_value values[] = {{"meta", &file->meta, sizeof file->meta},
                                               {"entries", file->entries.data, file->entries.len},
                                               {"feeds", file->feeds.data, file->feeds.len}};
        err = envfile_write_values(path, STATUTORY_FILE_MODE, values, sizeof values / sizeof values[0]);
    }
    if (err < 0) {
        snprintf(why, why_cap, "the statutory list could not be written: %s", err_str(err));
        return err;
    }
    return check(file, path, why, why_cap);
}
