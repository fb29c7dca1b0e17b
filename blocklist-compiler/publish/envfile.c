#include "publish/envfile.h"

#include <errno.h>
#include <lmdb.h>
#include <string.h>
#include <unistd.h>

#define FILE_MODE   0644
#define SPARE_PAGES 64 /* meta pages, the leaf, one page header per value */

static const char *const REGION_KEYS[BLOCKDB_REGION_COUNT] = {
#define X(suffix, key) key,
    BLOCKDB_REGION_LIST(X)
#undef X
};

static int err_from_lmdb(int code)
{
    switch (code) {
    case 0:
        return 0;
    case ENOMEM:
        return ERR_NOMEM;
    case ENOSPC:
    case EDQUOT:
    case MDB_MAP_FULL:
        return ERR_NOSPACE;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERR_ACCESS;
    default:
        return ERR_IO;
    }
}

static size_t padded(size_t len)
{
    return len > BLOCKDB_REGION_MIN ? len : BLOCKDB_REGION_MIN;
}

/* LMDB's reserved memory is not cleared, so all of it is written. */
static int value_put(MDB_txn *txn, MDB_dbi dbi, const struct envfile_value *from)
{
    MDB_val key = {strlen(from->name), (void *)(uintptr_t)from->name};
    MDB_val value = {padded(from->len), NULL};
    int code = mdb_put(txn, dbi, &key, &value, MDB_RESERVE);
    if (code != 0)
        return code;
    if (from->len > 0)
        memcpy(value.mv_data, from->data, from->len);
    memset((uint8_t *)value.mv_data + from->len, 0, padded(from->len) - from->len);
    return 0;
}

static int values_put(MDB_env *env, const struct envfile_value values[], size_t count)
{
    MDB_txn *txn;
    MDB_dbi dbi;
    int code = mdb_txn_begin(env, NULL, 0, &txn);
    if (code != 0)
        return code;
    code = mdb_dbi_open(txn, NULL, 0, &dbi);
    for (size_t i = 0; code == 0 && i < count; i++)
        code = value_put(txn, dbi, &values[i]);
    if (code != 0) {
        mdb_txn_abort(txn);
        return code;
    }
    return mdb_txn_commit(txn);
}

static size_t map_size(const struct envfile_value values[], size_t count)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t pages = SPARE_PAGES;
    for (size_t i = 0; i < count; i++)
        pages += padded(values[i].len) / page + 2;
    return pages * page;
}

/* The folder's own lock keeps other writers out, so LMDB needs no lock file. */
int envfile_write_values(const char *path, unsigned mode, const struct envfile_value values[], size_t count)
{
    MDB_env *env;
    int code = mdb_env_create(&env);
    if (code != 0)
        return err_from_lmdb(code);
    code = mdb_env_set_mapsize(env, map_size(values, count));
    if (code == 0)
        code = mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK, mode);
    if (code == 0)
        code = values_put(env, values, count);
    if (code == 0)
        code = mdb_env_sync(env, 1);
    mdb_env_close(env);
    return err_from_lmdb(code);
}

int envfile_write(const char *path, const struct blockdb_meta *meta, const struct bytes regions[BLOCKDB_REGION_COUNT])
{
    struct envfile_value values[BLOCKDB_REGION_COUNT];
    for (unsigned id = 0; id < BLOCKDB_REGION_COUNT; id++)
        values[id] = (struct envfile_value){REGION_KEYS[id], regions[id].data, regions[id].len};
    values[BLOCKDB_REGION_META].data = meta;
    values[BLOCKDB_REGION_META].len = sizeof(*meta);
    return envfile_write_values(path, FILE_MODE, values, BLOCKDB_REGION_COUNT);
}
