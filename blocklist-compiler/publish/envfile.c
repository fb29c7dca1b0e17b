#include "publish/envfile.h"

#include <errno.h>
#include <lmdb.h>
#include <string.h>
#include <unistd.h>

#define FILE_MODE   0644
#define SPARE_PAGES 64 /* meta pages, the leaf, one page header per region */

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
static int region_put(MDB_txn *txn, MDB_dbi dbi, const char *name, const void *data, size_t len)
{
    MDB_val key = {strlen(name), (void *)(uintptr_t)name};
    MDB_val value = {padded(len), NULL};
    int code = mdb_put(txn, dbi, &key, &value, MDB_RESERVE);
    if (code != 0)
        return code;
    if (len > 0)
        memcpy(value.mv_data, data, len);
    memset((uint8_t *)value.mv_data + len, 0, padded(len) - len);
    return 0;
}

static int regions_put(MDB_env *env, const struct blockdb_meta *meta, const struct bytes regions[BLOCKDB_REGION_COUNT])
{
    MDB_txn *txn;
    MDB_dbi dbi;
    int code = mdb_txn_begin(env, NULL, 0, &txn);
    if (code != 0)
        return code;
    code = mdb_dbi_open(txn, NULL, 0, &dbi);
    for (unsigned id = 0; code == 0 && id < BLOCKDB_REGION_COUNT; id++)
        code = id == BLOCKDB_REGION_META ? region_put(txn, dbi, REGION_KEYS[id], meta, sizeof(*meta))
                                         : region_put(txn, dbi, REGION_KEYS[id], regions[id].data, regions[id].len);
    if (code != 0) {
        mdb_txn_abort(txn);
        return code;
    }
    return mdb_txn_commit(txn);
}

static size_t map_size(const struct bytes regions[BLOCKDB_REGION_COUNT])
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t pages = SPARE_PAGES;
    for (unsigned id = 0; id < BLOCKDB_REGION_COUNT; id++)
        pages += padded(regions[id].len) / page + 2;
    return pages * page;
}

/* The folder's own lock keeps other writers out, so LMDB needs no lock file. */
int envfile_write(const char *path, const struct blockdb_meta *meta, const struct bytes regions[BLOCKDB_REGION_COUNT])
{
    MDB_env *env;
    int code = mdb_env_create(&env);
    if (code != 0)
        return err_from_lmdb(code);
    code = mdb_env_set_mapsize(env, map_size(regions));
    if (code == 0)
        code = mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK, FILE_MODE);
    if (code == 0)
        code = regions_put(env, meta, regions);
    if (code == 0)
        code = mdb_env_sync(env, 1);
    mdb_env_close(env);
    return err_from_lmdb(code);
}
