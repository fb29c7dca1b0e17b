#include "notice/inbox.h"

#include <endian.h>
#include <errno.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct inbox {
    MDB_env *env;
    MDB_dbi dbi;
};

static int err_from_lmdb(int rc)
{
    switch (rc) {
    case MDB_SUCCESS:
        return 0;
    case MDB_MAP_FULL:
    case ENOSPC:
        return ERR_NOSPACE;
    case MDB_NOTFOUND:
    case ENOENT:
        return ERR_NOENT;
    case MDB_INVALID:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
        return ERR_DAMAGED;
    case MDB_VERSION_MISMATCH:
        return ERR_FORMAT_VERSION;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERR_ACCESS;
    case ENOMEM:
        return ERR_NOMEM;
    default:
        return ERR_IO;
    }
}

/* The handle of the unnamed table lives as long as the environment, if the transaction that opened it commits. */
static int inbox_open_table(struct inbox *inbox, unsigned flags)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(inbox->env, NULL, flags, &txn);
    if (rc != MDB_SUCCESS)
        return rc;
    rc = mdb_dbi_open(txn, NULL, 0, &inbox->dbi);
    if (rc != MDB_SUCCESS) {
        mdb_txn_abort(txn);
        return rc;
    }
    return mdb_txn_commit(txn);
}

static int inbox_open_env(const char *dir, uint64_t bytes, unsigned flags, struct inbox **out)
{
    struct inbox *inbox = calloc(1, sizeof *inbox);
    if (inbox == NULL)
        return ERR_NOMEM;
    int rc = mdb_env_create(&inbox->env);
    if (rc == MDB_SUCCESS && bytes > 0)
        rc = mdb_env_set_mapsize(inbox->env, bytes);
    if (rc == MDB_SUCCESS)
        rc = mdb_env_open(inbox->env, dir, flags, 0660);
    if (rc == MDB_SUCCESS)
        rc = inbox_open_table(inbox, flags & MDB_RDONLY);
    if (rc != MDB_SUCCESS) {
        inbox_close(inbox);
        return err_from_lmdb(rc);
    }
    /* A reader that was killed keeps its place, and with it old pages, until someone looks. */
    int dead;
    mdb_reader_check(inbox->env, &dead);
    *out = inbox;
    return 0;
}

int inbox_open(const char *dir, uint64_t bytes, struct inbox **out)
{
    if (mkdir(dir, 0750) < 0 && errno != EEXIST)
        return -errno;
    return inbox_open_env(dir, bytes, 0, out);
}

int inbox_open_readonly(const char *dir, struct inbox **out)
{
    return inbox_open_env(dir, 0, MDB_RDONLY, out);
}

void inbox_close(struct inbox *inbox)
{
    if (inbox == NULL)
        return;
    mdb_env_close(inbox->env);
    free(inbox);
}

static uint64_t id_from_key(const MDB_val *key)
{
    uint64_t id = 0;
    if (key->mv_size == sizeof id)
        memcpy(&id, key->mv_data, sizeof id);
    return be64toh(id);
}

static int last_id(MDB_txn *txn, MDB_dbi dbi, uint64_t *out)
{
    MDB_cursor *cursor;
    MDB_val key;
    MDB_val value;
    int rc = mdb_cursor_open(txn, dbi, &cursor);
    if (rc != MDB_SUCCESS)
        return rc;
    rc = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    mdb_cursor_close(cursor);
    *out = rc == MDB_SUCCESS ? id_from_key(&key) : 0;
    return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
}

static int put_in(struct inbox *inbox, MDB_txn *txn, struct report *report)
{
    MDB_stat stat;
    uint64_t last;
    int rc = mdb_stat(txn, inbox->dbi, &stat);
    if (rc == MDB_SUCCESS && stat.ms_entries >= INBOX_ENTRIES_MAX)
        return MDB_MAP_FULL;
    if (rc == MDB_SUCCESS)
        rc = last_id(txn, inbox->dbi, &last);
    if (rc != MDB_SUCCESS)
        return rc;
    report->id = last + 1;
    struct text json = {0};
    report_write(report, &json);
    uint64_t id = htobe64(report->id);
    MDB_val key = {sizeof id, &id};
    MDB_val value = {json.len, json.bytes};
    rc = text_ok(&json) ? mdb_put(txn, inbox->dbi, &key, &value, MDB_APPEND) : ENOMEM;
    text_done(&json);
    return rc;
}

int inbox_put(struct inbox *inbox, struct report *report)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(inbox->env, NULL, 0, &txn);
    if (rc != MDB_SUCCESS)
        return err_from_lmdb(rc);
    rc = put_in(inbox, txn, report);
    if (rc != MDB_SUCCESS) {
        mdb_txn_abort(txn);
        return err_from_lmdb(rc);
    }
    return err_from_lmdb(mdb_txn_commit(txn));
}

/* Another process may have made the map larger than ours: take its size, then it works. */
static int begin_read(struct inbox *inbox, MDB_txn **out)
{
    int rc = mdb_txn_begin(inbox->env, NULL, MDB_RDONLY, out);
    if (rc == MDB_MAP_RESIZED && mdb_env_set_mapsize(inbox->env, 0) == MDB_SUCCESS)
        rc = mdb_txn_begin(inbox->env, NULL, MDB_RDONLY, out);
    return rc;
}

int inbox_count(struct inbox *inbox, size_t *out)
{
    MDB_txn *txn;
    MDB_stat stat;
    int rc = begin_read(inbox, &txn);
    if (rc != MDB_SUCCESS)
        return err_from_lmdb(rc);
    rc = mdb_stat(txn, inbox->dbi, &stat);
    mdb_txn_abort(txn);
    if (rc == MDB_SUCCESS)
        *out = stat.ms_entries;
    return err_from_lmdb(rc);
}

static int walk_in(struct inbox *inbox, MDB_txn *txn, uint64_t from, inbox_visit visit, void *ctx)
{
    MDB_cursor *cursor;
    MDB_val value;
    uint64_t id = htobe64(from);
    MDB_val key = {sizeof id, &id};
    int result = 0;
    int rc = mdb_cursor_open(txn, inbox->dbi, &cursor);
    if (rc != MDB_SUCCESS)
        return err_from_lmdb(rc);
    rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (rc == MDB_SUCCESS && result == 0) {
        result = visit(ctx, id_from_key(&key), value.mv_data, value.mv_size);
        rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return result != 0 || rc == MDB_NOTFOUND ? result : err_from_lmdb(rc);
}

int inbox_walk(struct inbox *inbox, uint64_t from, inbox_visit visit, void *ctx)
{
    MDB_txn *txn;
    int rc = begin_read(inbox, &txn);
    if (rc != MDB_SUCCESS)
        return err_from_lmdb(rc);
    int result = walk_in(inbox, txn, from, visit, ctx);
    mdb_txn_abort(txn);
    return result;
}
