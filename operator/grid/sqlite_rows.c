/* SQLite: one table of rows with its indexes, and a table `manifest` of keys and values. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/err.h"
#include "grid/sink.h"

#define COPY_BYTES ((size_t)1 << 20)

struct sqlite_rows {
    struct grid grid;
    int fd; /* of the file without a name */
    sqlite3 *db;
    sqlite3_stmt *insert, *note;
};

static int err_from_sqlite(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
        return 0;
    case SQLITE_NOMEM:
        return ERR_NOMEM;
    case SQLITE_FULL:
        return ERR_NOSPACE;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return ERR_ACCESS;
    default:
        return ERR_IO;
    }
}

static int run(struct sqlite_rows *rows, const char *sql)
{
    return err_from_sqlite(sqlite3_exec(rows->db, sql, NULL, NULL, NULL));
}

/* A file that nobody else can open, and that is gone with this process: it has its name only until SQLite has opened it. */
static int file_make(struct sqlite_rows *rows)
{
    const char *folder = rows->grid.opts.folder;
    char *path;
    if (asprintf(&path, "%s/.belisha-XXXXXX", folder == NULL ? "." : folder) < 0)
        return ERR_NOMEM;
    rows->fd = mkostemp(path, O_CLOEXEC); /* mode 0600 */
    int code = rows->fd < 0 ? err_from_errno(errno) : 0;
    if (code == 0)
        code = err_from_sqlite(sqlite3_open_v2(path, &rows->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
    /* The first look at the file, so that it is open. There is no journal: who fails throws the file away. */
    if (code == 0)
        code = run(rows, "PRAGMA page_size=8192; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; "
                         "PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-32768; PRAGMA temp_store=FILE; "
                         "CREATE TABLE manifest(key TEXT NOT NULL, value TEXT)");
    if (rows->fd >= 0)
        unlink(path);
    free(path);
    return code;
}

static int statements_make(struct sqlite_rows *rows)
{
    const struct grid_opts *o = &rows->grid.opts;
    struct text create = {0}, insert = {0};
    text_printf(&create, "CREATE TABLE %s(", o->name);
    text_printf(&insert, "INSERT INTO %s VALUES(", o->name);
    for (size_t i = 0; i < o->column_count; i++) {
        const struct grid_column *column = &o->columns[i];
        text_printf(&create, "%s\"%s\" %s", i == 0 ? "" : ", ", column->name,
                    column->type == GRID_NUMBER ? "INTEGER" : "TEXT");
        text_printf(&insert, "%s?", i == 0 ? "" : ",");
    }
    text_printf(&create, ")");
    text_printf(&insert, ")");
    int code = text_ok(&create) && text_ok(&insert) ? run(rows, create.bytes) : ERR_NOMEM;
    if (code == 0)
        code = err_from_sqlite(sqlite3_prepare_v2(rows->db, insert.bytes, -1, &rows->insert, NULL));
    if (code == 0)
        code = err_from_sqlite(sqlite3_prepare_v2(rows->db, "INSERT INTO manifest VALUES(?,?)", -1, &rows->note, NULL));
    text_done(&create);
    text_done(&insert);
    return code < 0 ? code : run(rows, "BEGIN");
}

/* What it sorts for an index goes where its file is, which the caller chose; such files have no name either. */
static int folder_set(const struct sqlite_rows *rows)
{
    if (rows->grid.opts.folder == NULL || sqlite3_temp_directory != NULL)
        return 0;
    sqlite3_temp_directory = sqlite3_mprintf("%s", rows->grid.opts.folder);
    return sqlite3_temp_directory == NULL ? ERR_NOMEM : 0;
}

static int sqlite_open(struct grid *grid)
{
    struct sqlite_rows *rows = (struct sqlite_rows *)grid;
    rows->fd = -1;
    int code = err_from_sqlite(sqlite3_initialize());
    if (code == 0)
        code = folder_set(rows);
    if (code == 0)
        code = file_make(rows);
    return code < 0 ? code : statements_make(rows);
}

static int cell_bind(sqlite3_stmt *insert, int at, enum grid_type type, const struct grid_cell *cell)
{
    char time[GRID_TIME_MAX];
    if (!cell->there)
        return sqlite3_bind_null(insert, at);
    if (type == GRID_NUMBER)
        return sqlite3_bind_int64(insert, at, cell->number);
    if (type == GRID_TEXT)
        return sqlite3_bind_text(insert, at, cell->text, (int)cell->len, SQLITE_STATIC);
    return sqlite3_bind_text(insert, at, time, (int)grid_time_to_text(cell->number, time), SQLITE_TRANSIENT);
}

static int sqlite_add(struct grid *grid, const struct grid_cell *cells)
{
    struct sqlite_rows *rows = (struct sqlite_rows *)grid;
    for (size_t i = 0; i < grid->opts.column_count; i++) {
        int rc = cell_bind(rows->insert, (int)i + 1, grid->opts.columns[i].type, &cells[i]);
        if (rc != SQLITE_OK)
            return err_from_sqlite(rc);
    }
    int rc = sqlite3_step(rows->insert);
    sqlite3_reset(rows->insert);
    return err_from_sqlite(rc);
}

static int sqlite_note(struct grid *grid, const char *key, const char *value)
{
    struct sqlite_rows *rows = (struct sqlite_rows *)grid;
    int rc = sqlite3_bind_text(rows->note, 1, key, -1, SQLITE_TRANSIENT);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(rows->note, 2, value, -1, SQLITE_TRANSIENT);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(rows->note);
    sqlite3_reset(rows->note);
    return err_from_sqlite(rc);
}

/* Indexes are made when all rows are there: one sort each, instead of a look-up for every row. */
static int indexes_make(struct sqlite_rows *rows)
{
    const struct grid_opts *o = &rows->grid.opts;
    int code = 0;
    for (size_t i = 0; i < o->column_count && code == 0; i++) {
        struct text sql = {0};
        if (!o->columns[i].indexed)
            continue;
        text_printf(&sql, "CREATE INDEX %s_%s ON %s(\"%s\")", o->name, o->columns[i].name, o->name, o->columns[i].name);
        code = text_ok(&sql) ? run(rows, sql.bytes) : ERR_NOMEM;
        text_done(&sql);
    }
    return code;
}

static int copy_out(struct sqlite_rows *rows)
{
    char *piece = malloc(COPY_BYTES);
    int code = piece == NULL ? ERR_NOMEM : 0;
    for (off_t at = 0; code == 0;) {
        ssize_t got = pread(rows->fd, piece, COPY_BYTES, at);
        if (got == 0)
            break;
        code = got < 0 ? err_from_errno(errno) : rows->grid.opts.write(rows->grid.opts.ctx, piece, (size_t)got);
        at += got;
    }
    free(piece);
    return code;
}

static void db_close(struct sqlite_rows *rows)
{
    sqlite3_finalize(rows->insert);
    sqlite3_finalize(rows->note);
    sqlite3_close(rows->db);
    rows->insert = rows->note = NULL;
    rows->db = NULL;
}

static int sqlite_finish(struct grid *grid)
{
    struct sqlite_rows *rows = (struct sqlite_rows *)grid;
    int code = indexes_make(rows);
    if (code == 0)
        code = run(rows, "COMMIT");
    db_close(rows);
    return code < 0 ? code : copy_out(rows);
}

static void sqlite_close(struct grid *grid)
{
    struct sqlite_rows *rows = (struct sqlite_rows *)grid;
    db_close(rows);
    if (rows->fd >= 0)
        close(rows->fd);
}

const struct grid_format_ops grid_sqlite = {.name = "sqlite",
                                            .size = sizeof(struct sqlite_rows),
                                            .open = sqlite_open,
                                            .add = sqlite_add,
                                            .note = sqlite_note,
                                            .finish = sqlite_finish,
                                            .close = sqlite_close};
