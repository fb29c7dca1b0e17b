#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "subject.h"
#include "tool.h"

#define PATH_LEN 256

/* Calls visit for the name and each parent, as the lengths of their keys, until one is listed. */
static bool any_listed(const void *data, const struct name_key *key,
                       bool (*visit)(const void *data, const uint8_t *key, size_t len))
{
    for (size_t len = 1; len <= key->len; len++)
        if ((len == key->len || key->bytes[len] == 0) && visit(data, key->bytes, len))
            return true;
    return false;
}

struct sorted_array {
    uint8_t *bytes;
    uint32_t *starts; /* count + 1 of them */
    size_t count;
};

static bool array_has(const void *data, const uint8_t *key, size_t len)
{
    const struct sorted_array *array = data;
    size_t from = 0;
    size_t to = array->count;
    while (from < to) {
        size_t middle = (from + to) / 2;
        size_t start = array->starts[middle];
        size_t other_len = array->starts[middle + 1] - start;
        int order = memcmp(key, array->bytes + start, len < other_len ? len : other_len);
        if (order == 0 && len == other_len)
            return true;
        if (order < 0 || (order == 0 && len < other_len))
            to = middle;
        else
            from = middle + 1;
    }
    return false;
}

static void array_look_up(const void *data, const struct name_key *const keys[], size_t count, bool out_listed[])
{
    for (size_t i = 0; i < count; i++)
        out_listed[i] = any_listed(data, keys[i], array_has);
}

static void array_done(struct subject *subject)
{
    struct sorted_array *array = subject->data;
    free(array->bytes);
    free(array->starts);
    free(array);
}

struct subject naive_sorted_array(const struct blockdb *names)
{
    struct blockdb_walk *walk;
    struct blockdb_entry entry;
    size_t len = 0;
    size_t cap = blockdb_name_count(names) * BLOCKDB_KEY_MAX;
    struct sorted_array *array = calloc(1, sizeof(*array));
    double start = wall_s();
    must(array ? 0 : ERR_NOMEM, "array");
    /* Memory that is never touched costs nothing, so there is room for the longest names. */
    array->bytes = malloc(cap < UINT32_MAX ? cap + 1 : UINT32_MAX);
    array->starts = calloc(blockdb_name_count(names) + 1, sizeof(array->starts[0]));
    must(array->bytes && array->starts ? 0 : ERR_NOMEM, "array");
    must(blockdb_walk_begin(names, &walk), "walk");
    while (blockdb_walk_next(walk, &entry) > 0) {
        memcpy(array->bytes + len, entry.key, entry.key_len);
        len += entry.key_len;
        array->starts[++array->count] = (uint32_t)len;
    }
    blockdb_walk_end(walk);
    return (struct subject){
        .name = "sorted array",
        .data = array,
        .look_up = array_look_up,
        .done = array_done,
        .build_s = wall_s() - start,
        .bytes = len + array->count * sizeof(array->starts[0]),
    };
}

struct ordered_map {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    char path[PATH_LEN];
};

static void lmdb_must(int code, const char *what)
{
    if (code == 0)
        return;
    (void)fprintf(stderr, "bench: %s: %s\n", what, mdb_strerror(code));
    exit(1);
}

static bool map_has(const void *data, const uint8_t *key, size_t len)
{
    const struct ordered_map *map = data;
    MDB_val found;
    MDB_val wanted = {len, (void *)(uintptr_t)key};
    return mdb_get(map->txn, map->dbi, &wanted, &found) == 0;
}

static void map_look_up(const void *data, const struct name_key *const keys[], size_t count, bool out_listed[])
{
    for (size_t i = 0; i < count; i++)
        out_listed[i] = any_listed(data, keys[i], map_has);
}

static void map_done(struct subject *subject)
{
    struct ordered_map *map = subject->data;
    mdb_txn_abort(map->txn);
    mdb_env_close(map->env);
    (void)unlink(map->path);
    free(map);
}

static void map_fill(struct ordered_map *map, const struct blockdb *names)
{
    struct blockdb_walk *walk;
    struct blockdb_entry entry;
    uint8_t value = 0;
    must(blockdb_walk_begin(names, &walk), "walk");
    while (blockdb_walk_next(walk, &entry) > 0) {
        MDB_val key = {entry.key_len, (void *)(uintptr_t)entry.key};
        MDB_val data = {sizeof(value), &value};
        lmdb_must(mdb_put(map->txn, map->dbi, &key, &data, MDB_APPEND), "mdb_put");
    }
    blockdb_walk_end(walk);
}

struct subject naive_lmdb(const struct blockdb *names, const char *folder)
{
    struct ordered_map *map = calloc(1, sizeof(*map));
    struct stat st;
    double start = wall_s();
    must(map ? 0 : ERR_NOMEM, "LMDB");
    (void)snprintf(map->path, sizeof(map->path), "%.200s/naive.mdb", folder);
    lmdb_must(mdb_env_create(&map->env), "mdb_env_create");
    lmdb_must(mdb_env_set_mapsize(map->env, (size_t)8 << 30), "mdb_env_set_mapsize");
    lmdb_must(mdb_env_open(map->env, map->path, MDB_NOSUBDIR | MDB_NOLOCK, 0600), "mdb_env_open");
    lmdb_must(mdb_txn_begin(map->env, NULL, 0, &map->txn), "mdb_txn_begin");
    lmdb_must(mdb_dbi_open(map->txn, NULL, 0, &map->dbi), "mdb_dbi_open");
    map_fill(map, names);
    lmdb_must(mdb_txn_commit(map->txn), "mdb_txn_commit");
    lmdb_must(mdb_txn_begin(map->env, NULL, MDB_RDONLY, &map->txn), "mdb_txn_begin");
    must(stat(map->path, &st) < 0 ? ERR_IO : 0, map->path);
    return (struct subject){
        .name = "LMDB, a get per label",
        .data = map,
        .path = map->path,
        .look_up = map_look_up,
        .done = map_done,
        .build_s = wall_s() - start,
        .bytes = (uint64_t)st.st_size,
    };
}
