#include "operator/log_export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/err.h"
#include "base/text.h"

#define TABLE "queries"

struct running {
    const struct log_export *export;
    struct parcel *parcel;
    struct log_rows *rows;
    struct grid *grid;
    struct qlog_scan_stats stats;
    struct log_tail tail;
    struct signing_key key;
    bool has_key;
    int key_err;
    uint8_t person_key[LOG_ROWS_KEY_LEN];
};

/* ---- set-up ---- */

/* Without it an export is made all the same, and says so. It is not for an export to draw the log's key. */
static void key_open(struct running *run)
{
    bool made;
    const char *path = run->export->key_path;
    if (path == NULL || parcel_is_stream(run->parcel)) {
        run->key_err = ERR_NOENT;
        return;
    }
    run->key_err = access(path, R_OK) < 0 ? err_from_errno(errno) : signing_key_open(path, &run->key, &made);
    run->has_key = run->key_err == 0;
}

static int rows_open(struct running *run)
{
    const struct log_export *e = run->export;
    bool hides = e->options->without_identities;
    randombytes_buf(run->person_key, sizeof run->person_key); /* of this export alone, and forgotten with it */
    return log_rows_new(&(struct log_rows_opts){.names = e->names,
                                                .person_key = hides ? run->person_key : NULL,
                                                .unveil = e->unveil,
                                                .ctx = e->ctx,
                                                .limit = e->options->limit},
                        &run->rows);
}

/* An SQLite file is built where the export will be; one for a stream, where temporary files are. */
static const char *work_folder(const struct log_export *e, char room[4096])
{
    const char *slash = e->options->output == NULL ? NULL : strrchr(e->options->output, '/');
    const char *temporary = getenv("TMPDIR");
    if (e->options->output == NULL)
        return temporary != NULL ? temporary : "/tmp";
    if (slash == NULL || slash - e->options->output >= 4096)
        return ".";
    memcpy(room, e->options->output, (size_t)(slash - e->options->output));
    room[slash - e->options->output] = '\0';
    return room[0] == '\0' ? "/" : room;
}

static int grid_make(struct running *run)
{
    const struct log_options *o = run->export->options;
    char room[4096], name[64];
    size_t count;
    const struct grid_column *columns = log_rows_columns(run->rows, &count);
    snprintf(name, sizeof name, TABLE ".%s", grid_format_name(o->format));
    int code = parcel_file(run->parcel, name, o->format == GRID_PARQUET);
    if (code < 0)
        return code;
    return grid_open(&(struct grid_opts){.format = o->format,
                                         .columns = columns,
                                         .column_count = count,
                                         .name = TABLE,
                                         .bom = o->bom,
                                         .folder = work_folder(run->export, room),
                                         .write = parcel_write,
                                         .ctx = run->parcel},
                     &run->grid);
}

/* ---- rows ---- */

static int rows_put(struct running *run)
{
    const struct log_export *e = run->export;
    const struct blocks_opts opts = {.filter = e->options->filter, .parts = BLOCK_ALL};
    struct blocks *blocks = NULL;
    struct blocks_reader *reader = NULL;
    const struct block_view *view;
    int code = blocks_open(e->dir, &opts, &blocks);
    if (code == 0)
        code = blocks_reader_new(blocks, &reader);
    while (code == 0 && (code = blocks_next(reader, &view)) == 1)
        code = log_rows_put(run->rows, view, run->grid);
    if (code >= 0)
        blocks_stats(blocks, &run->stats);
    blocks_reader_free(reader);
    blocks_close(blocks);
    return code < 0 ? code : 0;
}

/* ---- what is said about them ---- */

static void manifest_make(struct running *run, enum log_manifest_of of, struct text *out)
{
    const struct log_export *e = run->export;
    const struct log_manifest manifest = {.options = e->options,
                                          .kind = e->kind,
                                          .made_ns = e->now_ns,
                                          .time_zone = e->time_zone,
                                          .asked_by = &e->asked_by,
                                          .approved_by = e->approved_by,
                                          .encrypted = e->password != NULL,
                                          .key = run->has_key ? &run->key : NULL,
                                          .sum = log_rows_sum(run->rows),
                                          .stats = &run->stats,
                                          .tail = &run->tail};
    log_manifest_write(&manifest, of, run->parcel, out);
}

static int note_number(struct grid *grid, const char *key, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    return grid_note(grid, key, text);
}

/* The end of the rows' own file. */
static int rows_finish(struct running *run)
{
    const struct log_options *o = run->export->options;
    struct text manifest = {.max = (size_t)64 << 20};
    manifest_make(run, LOG_MANIFEST_OF_ROWS, &manifest);
    int code = text_ok(&manifest) ? grid_note(run->grid, "manifest", manifest.bytes) : ERR_NOMEM;
    if (code == 0)
        code = grid_note(run->grid, "program", "belisha " BELISHA_VERSION);
    if (code == 0)
        code = note_number(run->grid, "rows", log_rows_sum(run->rows)->rows);
    if (code == 0)
        code = note_number(run->grid, "lost", log_rows_sum(run->rows)->lost);
    if (code == 0)
        code = grid_finish(run->grid);
    if (code == 0 && o->format == GRID_NDJSON) {
        manifest.len = 0;
        manifest_make(run, LOG_MANIFEST_OF_LINE, &manifest);
        code = text_ok(&manifest) ? parcel_write(run->parcel, manifest.bytes, manifest.len) : ERR_NOMEM;
    }
    text_done(&manifest);
    return code;
}

static int seal(struct running *run)
{
    const struct log_export *e = run->export;
    struct text manifest = {.max = (size_t)64 << 20};
    if (parcel_is_stream(run->parcel))
        return 0;
    int code = e->more == NULL ? 0 : e->more(e->ctx, run->parcel, log_rows_sum(run->rows));
    if (code == 0) {
        manifest_make(run, LOG_MANIFEST_OF_FILES, &manifest);
        code = parcel_seal(run->parcel, &manifest, run->has_key ? &run->key : NULL);
    }
    text_done(&manifest);
    return code;
}

static int export_write(struct running *run)
{
    int code = log_tail_read(run->export->dir, &run->tail);
    if (code == 0)
        code = rows_open(run);
    if (code == 0)
        code = grid_make(run);
    if (code == 0)
        code = rows_put(run);
    if (code == 0)
        code = rows_finish(run);
    return code < 0 ? code : seal(run);
}

static int export_end(struct running *run, int code, struct log_export_result *out)
{
    struct imprint whole = {.bytes = 0};
    if (code < 0)
        parcel_abort(run->parcel);
    else
        code = parcel_commit(run->parcel, &whole);
    if (code < 0)
        return code;
    *out = (struct log_export_result){.stats = run->stats, .is_signed = run->has_key, .sign_err = run->key_err};
    out->stats.rows = log_rows_sum(run->rows)->rows;
    out->stats.lost = log_rows_sum(run->rows)->lost;
    memcpy(out->sha256, whole.sha256, IMPRINT_LEN);
    memcpy(out->blake2b, whole.blake2b, IMPRINT_LEN);
    return 0;
}

int log_export_run(const struct log_export *export, struct log_export_result *out)
{
    struct running run = {.export = export};
    const struct parcel_opts opts = {.path = export->options->output,
                                     .stream = export->out,
                                     .password = export->password,
                                     .now_s = export->now_ns / 1000000000};
    int code = parcel_open(&opts, &run.parcel);
    if (code < 0)
        return code;
    key_open(&run);
    code = export_end(&run, export_write(&run), out);
    grid_close(run.grid);
    log_rows_free(run.rows);
    signing_key_done(&run.key);
    sodium_memzero(run.person_key, sizeof run.person_key);
    return code;
}
