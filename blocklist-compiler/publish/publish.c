#include "publish/publish.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/err.h"
#include "publish/entries.h"
#include "publish/envfile.h"
#include "publish/folder.h"
#include "publish/index.h"
#include "publish/tables.h"
#include "publish/verify.h"

struct publish {
    struct publish_opts opts;
    struct folder folder;
    struct blockdb_meta meta;
    struct bytes regions[BLOCKDB_REGION_COUNT];
    uint64_t entries_hash;
    char tmp_path[PUBLISH_PATH_MAX];
    char path[PUBLISH_PATH_MAX];
};

static int paths_make(struct publish *p)
{
    char name[FOLDER_NAME_MAX];
    folder_name(p->meta.generation, name);
    int len = snprintf(p->path, sizeof(p->path), "%s/%s", p->opts.folder, name);
    folder_tmp_name(p->meta.generation, name);
    int tmp_len = snprintf(p->tmp_path, sizeof(p->tmp_path), "%s/%s", p->opts.folder, name);
    return len < (int)sizeof(p->path) && tmp_len < (int)sizeof(p->tmp_path) ? 0 : ERR_INVAL;
}

static int start(const struct publish_opts *opts, struct publish *p)
{
    if (opts->keep == 0)
        return ERR_INVAL;
    int err = folder_open(opts->folder, &p->folder);
    if (err < 0)
        return err;
    p->opts = *opts;
    p->meta.magic = BLOCKDB_MAGIC;
    p->meta.version = BLOCKDB_VERSION;
    p->meta.byte_order = BLOCKDB_BYTE_ORDER;
    p->meta.generation = p->folder.newest + 1;
    p->meta.built_s = opts->built_s;
    return paths_make(p);
}

static int say(char *why, int err, const char *what)
{
    if (err < 0 && why)
        (void)snprintf(why, PUBLISH_WHY_MAX, "%.400s: %s", what, err_str(err));
    return err;
}

int publish_begin(const struct publish_opts *opts, struct publish **out, char *why)
{
    struct publish *p = calloc(1, sizeof(*p));
    if (!p)
        return say(why, ERR_NOMEM, opts->folder);
    p->folder.fd = p->folder.lock_fd = -1;
    int err = start(opts, p);
    if (err < 0) {
        publish_abort(p);
        if (err == ERR_BUSY && why)
            (void)snprintf(why, PUBLISH_WHY_MAX, "%.400s: another compiler is at work there", opts->folder);
        return err == ERR_BUSY ? err : say(why, err, opts->folder);
    }
    *out = p;
    return 0;
}

int publish_put_feeds(struct publish *p, const struct publish_feed *feeds, size_t count)
{
    p->meta.feed_count = (uint32_t)count;
    return tables_write_feeds(feeds, count, &p->regions[BLOCKDB_REGION_FEEDS], &p->regions[BLOCKDB_REGION_TEXTS]);
}

int publish_put_trie(struct publish *p, const struct trie *trie)
{
    struct entries entries;
    uint32_t *numbers;
    struct bytes *values = &p->regions[BLOCKDB_REGION_VALUES];

    int err = tables_write_values(trie, values, &p->regions[BLOCKDB_REGION_FEEDSETS],
                                  &p->regions[BLOCKDB_REGION_CLAUSE_SETS], &numbers);
    if (err < 0)
        return err;
    err = entries_write(trie, numbers, &entries);
    free(numbers);
    if (err < 0)
        return err;
    err = index_write(&entries, &p->regions[BLOCKDB_REGION_INDEX]);
    p->meta.name_count = entries.name_count;
    p->meta.bucket_count = entries.bucket_count;
    p->meta.value_count = (uint32_t)(values->len / sizeof(struct blockdb_value_record));
    p->entries_hash = entries.hash;
    p->regions[BLOCKDB_REGION_ENTRIES] = entries.region;
    entries.region = (struct bytes){0};
    entries_done(&entries);
    return err;
}

static void region_take(struct publish *p, enum blockdb_region id, struct bytes *from)
{
    bytes_done(&p->regions[id]);
    p->regions[id] = *from;
    *from = (struct bytes){0};
}

int publish_put_clauses(struct publish *p, struct clauses *clauses)
{
    if (clauses->parts.len > UINT32_MAX || clauses->addresses.len > UINT32_MAX)
        return ERR_LIMIT;
    clauses_sort_addresses(clauses);
    region_take(p, BLOCKDB_REGION_CLAUSES, &clauses->records);
    region_take(p, BLOCKDB_REGION_CLAUSE_PARTS, &clauses->parts);
    region_take(p, BLOCKDB_REGION_ADDRESSES, &clauses->addresses);
    clauses_done(clauses);
    return 0;
}

static void meta_finish(struct publish *p)
{
    struct blockdb_meta *meta = &p->meta;
    meta->region_len[BLOCKDB_REGION_META] = sizeof(*meta);
    for (unsigned id = BLOCKDB_REGION_META + 1; id < BLOCKDB_REGION_COUNT; id++) {
        meta->region_len[id] = p->regions[id].len;
        meta->region_xxh3[id] = XXH3_64bits(p->regions[id].data, p->regions[id].len);
    }
    meta->meta_xxh3 = XXH3_64bits(meta, offsetof(struct blockdb_meta, meta_xxh3));
}

/* The buffers go before the file is read back, so that the list is in memory once. */
static int write_and_verify(struct publish *p, const struct publish_checks *checks, char *why)
{
    int err = tables_write_categories(&p->regions[BLOCKDB_REGION_CATEGORIES]);
    if (err < 0)
        return say(why, err, p->tmp_path);
    meta_finish(p);
    err = envfile_write(p->tmp_path, &p->meta, p->regions);
    for (unsigned id = 0; id < BLOCKDB_REGION_COUNT; id++)
        bytes_done(&p->regions[id]);
    if (err < 0)
        return say(why, err, p->tmp_path);

    struct verify_expected expected = {
        .generation = p->meta.generation,
        .name_count = p->meta.name_count,
        .hash = p->entries_hash,
        .checks = checks,
    };
    char reason[PUBLISH_WHY_MAX] = "";
    err = verify_file(p->tmp_path, &expected, reason);
    if (err < 0 && why)
        (void)snprintf(why, PUBLISH_WHY_MAX, "%s", reason[0] ? reason : err_str(err));
    return err;
}

static void result_fill(const struct publish *p, struct publish_result *out)
{
    struct stat st;
    *out = (struct publish_result){.generation = p->meta.generation, .name_count = p->meta.name_count};
    memcpy(out->path, p->path, sizeof(out->path));
    memcpy(out->region_bytes, p->meta.region_len, sizeof(out->region_bytes));
    if (stat(p->path, &st) == 0)
        out->file_bytes = (uint64_t)st.st_size;
}

int publish_commit(struct publish *p, const struct publish_checks *checks, struct publish_result *out, char *why)
{
    int err = write_and_verify(p, checks, why);
    if (err == 0)
        err = say(why, folder_publish(&p->folder, p->meta.generation), p->opts.folder);
    if (err == 0) {
        result_fill(p, out);
        out->removed = folder_prune(&p->folder, p->opts.keep);
    }
    publish_abort(p);
    return err;
}

/* After a commit there is no temporary file any more, and what is left to do is the same. */
void publish_abort(struct publish *p)
{
    if (!p)
        return;
    for (unsigned id = 0; id < BLOCKDB_REGION_COUNT; id++)
        bytes_done(&p->regions[id]);
    if (p->folder.lock_fd >= 0 && p->tmp_path[0])
        (void)unlink(p->tmp_path);
    folder_close(&p->folder);
    free(p);
}
