#include "operator/log_export.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/category.h"
#include "base/err.h"
#include "base/text.h"
#include "base/verdict.h"
#include "dns/name.h"
#include "operator/log_fields.h"

#define HASH_LEN 32

/* ---- manifest ---- */

static void member_text(struct text *out, const char *key, const char *value)
{
    text_printf(out, ",\"%s\":", key);
    text_add_json(out, value);
}

static void filter_write(const struct log_options *o, struct text *out)
{
    const struct qlog_filter *f = &o->filter;
    char time[LOG_TIME_MAX];
    char name[NAME_TEXT_MAX];
    char address[IPADDR_TEXT_MAX];
    text_printf(out, "{\"limit\":%" PRIu64, o->limit);
    if (f->from_ns != 0)
        member_text(out, "from", log_time_to_text(f->from_ns, time));
    if (f->to_ns != 0)
        member_text(out, "to", log_time_to_text(f->to_ns, time));
    if (f->client != NULL) {
        bool v4 = ipaddr_is_v4(&f->client->addr) && f->client->bits >= 96;
        text_printf(out, ",\"client\":\"%s/%u\"", ipaddr_to_text(&f->client->addr, address),
                    v4 ? f->client->bits - 96u : f->client->bits);
    }
    if (f->name != NULL) {
        member_text(out, "name", name_to_text(f->name, name));
        text_printf(out, ",\"below\":%s", f->name_below ? "true" : "false");
    }
    if (f->group != NULL)
        member_text(out, "group", f->group);
    if (o->user != NULL)
        member_text(out, "user", o->user);
    if (o->device != NULL)
        member_text(out, "device", o->device);
    for (unsigned id = 0, first = 1; id < CATEGORY_MAX; id++) {
        if ((f->categories & CATEGORY_BIT(id)) == 0)
            continue;
        text_printf(out, "%s\"%s\"", first ? ",\"categories\":[" : ",", category_name(id));
        first = 0;
    }
    text_printf(out, "%s", f->categories == 0 ? "" : "]");
    if (f->action >= 0)
        member_text(out, "verdict", verdict_action_name((unsigned)f->action));
    text_printf(out, ",\"blocked\":%s", f->blocked_only ? "true" : "false");
    if (f->code != NULL)
        member_text(out, "code", f->code);
    text_add(out, "}", 1);
}

static void manifest_write(const struct log_export *export, const struct log_export_result *result,
                           const uint8_t hash[HASH_LEN], struct text *out)
{
    const struct qlog_scan_stats *s = &result->stats;
    char time[LOG_TIME_MAX];
    char hex[2 * HASH_LEN + 1];
    text_printf(out, "{\"manifest\":{\"program\":\"belisha " BELISHA_VERSION "\",\"format\":\"%s\"",
                grid_format_name(export->options->format));
    member_text(out, "made", log_time_to_text(export->now_ns, time));
    text_printf(out, ",\"filter\":");
    filter_write(export->options, out);
    text_printf(out, ",\"rows\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"damaged_blocks\":%" PRIu64, s->rows, s->lost,
                s->damaged_blocks);
    text_printf(out, ",\"segments\":%" PRIu64 ",\"segments_skipped\":%" PRIu64, s->segments, s->skipped);
    text_printf(out, ",\"first_generation\":%" PRIu64 ",\"last_generation\":%" PRIu64, s->first_generation,
                s->last_generation);
    member_text(out, "blake2b_256", sodium_bin2hex(hex, sizeof hex, hash, HASH_LEN));
    text_add(out, "}}\n", 3);
}

/* ---- the whole ---- */

struct output {
    FILE *file;
    struct grid *grid;
    crypto_generichash_state hash;
};

static int bytes_put(void *ctx, const void *bytes, size_t len)
{
    struct output *out = ctx;
    crypto_generichash_update(&out->hash, bytes, len);
    return fwrite(bytes, 1, len, out->file) == len ? 0 : err_from_errno(errno);
}

static int grid_make(const struct log_export *export, struct output *out)
{
    static struct grid_column columns[LOG_FIELDS];
    for (size_t i = 0; i < LOG_FIELDS; i++)
        columns[i] = log_fields[i].column;
    return grid_open(&(struct grid_opts){.format = export->options->format,
                                         .columns = columns,
                                         .column_count = LOG_FIELDS,
                                         .name = "queries",
                                         .bom = export->options->bom,
                                         .folder = export->folder,
                                         .write = bytes_put,
                                         .ctx = out},
                     &out->grid);
}

static int rows_put(const struct log_export *export, struct qlog_scan *scan, struct output *out,
                    struct log_export_result *result)
{
    const struct log_options *o = export->options;
    struct log_cells cells = {.used = 0};
    struct qlog_row row;
    int code = 0;
    while (code == 0 && (o->limit == 0 || result->stats.rows < o->limit)) {
        code = qlog_scan_next(scan, &row);
        if (code <= 0)
            break;
        log_names_put(export->names, &row);
        log_cells_get(&row, &cells);
        code = grid_add(out->grid, cells.at);
        result->written++;
        qlog_scan_stats(scan, &result->stats);
    }
    qlog_scan_stats(scan, &result->stats);
    return code;
}

static int file_make(const char *path, FILE **out)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file == NULL) {
        int code = -errno;
        if (fd >= 0)
            close(fd);
        return code;
    }
    *out = file;
    return 0;
}

static int sidecar_write(const char *path, const struct text *manifest)
{
    char *sidecar;
    FILE *file = NULL;
    if (asprintf(&sidecar, "%s.manifest.json", path) < 0)
        return ERR_NOMEM;
    int code = file_make(sidecar, &file);
    free(sidecar);
    if (code < 0)
        return code;
    bool whole = fwrite(manifest->bytes, 1, manifest->len, file) == manifest->len;
    return fclose(file) == 0 && whole ? 0 : ERR_IO;
}

/* CSV on standard output goes without: a line that is no row would break its readers. */
static int manifest_put(const struct log_export *export, const struct log_export_result *result, struct output *out)
{
    uint8_t hash[HASH_LEN];
    struct text manifest = {0};
    int code = 0;
    crypto_generichash_final(&out->hash, hash, sizeof hash);
    manifest_write(export, result, hash, &manifest);
    if (!text_ok(&manifest))
        code = ERR_NOMEM;
    else if (export->options->format == GRID_NDJSON)
        code = fwrite(manifest.bytes, 1, manifest.len, out->file) == manifest.len ? 0 : ERR_IO;
    else if (export->options->output != NULL)
        code = sidecar_write(export->options->output, &manifest);
    text_done(&manifest);
    return code;
}

static int export_write(const struct log_export *export, struct qlog_scan *scan, FILE *file,
                        struct log_export_result *result)
{
    struct output out = {.file = file};
    crypto_generichash_init(&out.hash, NULL, 0, HASH_LEN);
    int code = grid_make(export, &out);
    if (code == 0)
        code = rows_put(export, scan, &out, result);
    if (code >= 0)
        code = grid_finish(out.grid);
    if (code == 0)
        code = manifest_put(export, result, &out);
    grid_close(out.grid);
    return code < 0 ? code : fflush(file) == 0 ? 0 : ERR_IO;
}

int log_export_run(const struct log_export *export, struct log_export_result *out)
{
    struct qlog_scan *scan;
    struct log_export_result result = {0};
    FILE *file = export->out;
    if (sodium_init() < 0)
        return ERR_IO;
    int code = qlog_scan_open(export->dir, &export->options->filter, &scan);
    if (code < 0)
        return code;
    if (export->options->output != NULL)
        code = file_make(export->options->output, &file);
    if (code == 0) {
        code = export_write(export, scan, file, &result);
        if (export->options->output != NULL && fclose(file) != 0 && code == 0)
            code = ERR_IO;
    }
    qlog_scan_close(scan);
    if (code == 0)
        *out = result;
    return code;
}
