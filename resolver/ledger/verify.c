#include "ledger/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "base/file.h"
#include "ledger/ledger_files.h"
#include "ledger/head.h"

#define FILE_BYTES_MAX ((size_t)1 << 30)

struct walk {
    const struct verify_opts *opts;
    struct verify_report report;
    const char *file; /* name */
    unsigned line;
    uint64_t number; /* of the line before */
    bool begun;
    struct head head; /* number 0: none */
    bool head_met;
    struct {
        uint64_t last;
        uint8_t hash[ENTRY_HASH_LEN];
    } missing; /* what must have been removed before the first line; last 0: nothing */
    bool removal_told;
};

static void fault(struct walk *walk, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fault(struct walk *walk, const char *format, ...)
{
    char why[VERIFY_WHY_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    walk->report.faults++;
    if (walk->opts->fault != NULL)
        walk->opts->fault(walk->opts->ctx, walk->file, walk->line, why);
}

/* ---- one line ---- */

/* The entry by which lines before the first were removed. */
static void take_removal(struct walk *walk, const struct entry *entry)
{
    uint8_t hash[ENTRY_HASH_LEN];
    json_t *detail = json_loads(entry->detail == NULL ? "null" : entry->detail, 0, NULL);
    const char *hex = json_string_value(json_object_get(detail, "hash"));
    if ((uint64_t)json_integer_value(json_object_get(detail, "last")) == walk->missing.last && hex != NULL &&
        entry_hash_from_hex(hex, hash) == 0 && memcmp(hash, walk->missing.hash, sizeof hash) == 0)
        walk->removal_told = true;
    json_decref(detail);
}

static void check_first(struct walk *walk, const struct entry *entry)
{
    static const uint8_t zeros[ENTRY_HASH_LEN];
    if (entry->number > 1) {
        walk->missing.last = entry->number - 1;
        memcpy(walk->missing.hash, entry->before, sizeof entry->before);
    } else if (memcmp(entry->before, zeros, sizeof zeros) != 0) {
        fault(walk, "the first entry names a line before it");
    }
    walk->report.first = entry->number;
}

static void check_next(struct walk *walk, const struct entry *entry)
{
    if (memcmp(entry->before, walk->report.hash, sizeof entry->before) != 0)
        fault(walk,
              "entry %" PRIu64 " does not go on from the line before it: that one was changed, or lines between them "
              "are gone",
              entry->number);
    if (entry->number != walk->number + 1)
        fault(walk, "entry %" PRIu64 " follows entry %" PRIu64, entry->number, walk->number);
}

static void check_head(struct walk *walk)
{
    if (walk->number != walk->head.number || walk->head.number == 0)
        return;
    walk->head_met = true;
    if (memcmp(walk->report.hash, walk->head.hash, sizeof walk->head.hash) != 0)
        fault(walk, "entry %" PRIu64 " is not the line that the head tells of", walk->number);
}

static int take_line(struct walk *walk, const char *text, size_t len)
{
    struct entry_read read;
    int err = entry_parse(text, len - 1, &read);
    const struct verify_line line = {walk->file, walk->line, text, len, err < 0 ? NULL : &read};
    if (err == ERR_NOMEM)
        return err;
    if (err < 0)
        fault(walk, "this line is no entry: it is damaged");
    else if (!walk->begun)
        check_first(walk, &read.entry);
    else
        check_next(walk, &read.entry);
    walk->number = err < 0 ? walk->number + 1 : read.entry.number;
    walk->report.entries += err == 0;
    walk->begun = true;
    if (err == 0 && strcmp(read.entry.kind, "ledger.removed") == 0)
        take_removal(walk, &read.entry);
    if (walk->opts->visit != NULL)
        walk->opts->visit(walk->opts->ctx, &line);
    entry_hash(text, len, walk->report.hash);
    check_head(walk);
    if (err == 0)
        entry_read_done(&read);
    return 0;
}

/* ---- files ---- */

static int take_text(struct walk *walk, const char *bytes, size_t len, bool newest)
{
    int err = 0;
    walk->line = 0;
    while (len > 0 && err == 0) {
        const char *end = memchr(bytes, '\n', len);
        walk->line++;
        if (end == NULL && newest)
            walk->report.torn = true;
        else if (end == NULL)
            fault(walk, "the file ends within a line");
        if (end == NULL)
            return 0;
        err = take_line(walk, bytes, (size_t)(end + 1 - bytes));
        len -= (size_t)(end + 1 - bytes);
        bytes = end + 1;
    }
    return err;
}

/* first: of a full file; 0: the newest. */
static int take_file(struct walk *walk, uint64_t first, const struct stat *newest)
{
    char path[PATH_MAX], *bytes = NULL;
    struct stat st;
    size_t len = 0;
    int err = ledger_files_path(walk->opts->folder, first, path);
    FILE *file = err < 0 ? NULL : fopen(path, "re");
    if (file == NULL)
        return err < 0 ? err : errno == ENOENT || errno == EACCES ? -errno : ERR_IO;
    /* Killed while a file was put away: it is still the newest, under both names. */
    bool same =
        first != 0 && fstat(fileno(file), &st) == 0 && st.st_ino == newest->st_ino && st.st_dev == newest->st_dev;
    if (!same)
        err = file_read(fileno(file), FILE_BYTES_MAX, &bytes, &len);
    fclose(file);
    if (same || err < 0)
        return err;
    walk->file = strrchr(path, '/') + 1;
    walk->report.files++;
    err = take_text(walk, bytes, len, first == 0);
    free(bytes);
    return err;
}

static int take_files(struct walk *walk)
{
    char path[PATH_MAX];
    struct stat newest = {0};
    struct ledger_files files;
    int err = ledger_files_list(walk->opts->folder, &files);
    if (err < 0)
        return err;
    err = ledger_files_path(walk->opts->folder, 0, path);
    bool has_newest = err == 0 && stat(path, &newest) == 0;
    for (size_t i = 0; i < files.count && err == 0; i++)
        err = take_file(walk, files.firsts[i], &newest);
    if (err == 0 && (has_newest || files.count == 0))
        err = take_file(walk, 0, &newest);
    ledger_files_done(&files);
    return err;
}

/* ---- the whole ---- */

/* The key that must have signed the head; false: nobody knows one. */
static bool find_key(const struct walk *walk, struct signing_public *out)
{
    char path[PATH_MAX];
    if (walk->opts->public != NULL) {
        *out = *walk->opts->public;
        return true;
    }
    return snprintf(path, sizeof path, "%s/" LEDGER_PUBLIC, walk->opts->folder) < (int)sizeof path &&
           signing_public_load(AT_FDCWD, path, out) == 0;
}

static void check_signature(struct walk *walk)
{
    struct signing_public public;
    if (!find_key(walk, &public))
        return;
    walk->report.head_signed = head_is_by(&walk->head, &public);
    walk->report.signer = public;
    if (!walk->report.head_signed)
        fault(walk, "the head is not signed by the key of this ledger");
}

static void conclude(struct walk *walk, int head_err)
{
    walk->file = LEDGER_HEAD;
    walk->line = 1;
    if (head_err == ERR_DAMAGED)
        fault(walk, "this is no head: it is damaged");
    else if (head_err < 0 && head_err != ERR_NOENT)
        fault(walk, "the head can't be read");
    else if (head_err < 0)
        fault(walk, "the head is not there, so lines may be gone from the end");
    else if (walk->head.number > walk->number)
        fault(walk, "entries %" PRIu64 " to %" PRIu64 " are gone from the end", walk->number + 1, walk->head.number);
    else if (!walk->head_met)
        fault(walk, "entry %" PRIu64 ", which the head tells of, is not there", walk->head.number);
    else
        walk->report.head = true;
    if (head_err == 0)
        check_signature(walk);
    walk->file = LEDGER_FILE;
    if (walk->missing.last != 0 && !walk->removal_told)
        fault(walk, "the entries up to %" PRIu64 " are gone, and no entry says that they were removed",
              walk->missing.last);
    walk->report.last = walk->number;
}

int ledger_verify(const struct verify_opts *opts, struct verify_report *out)
{
    char path[PATH_MAX];
    struct walk walk = {.opts = opts};
    if (snprintf(path, sizeof path, "%s/" LEDGER_HEAD, opts->folder) >= (int)sizeof path)
        return ERR_LIMIT;
    int head_err = head_read(path, &walk.head); /* first: lines that come meanwhile are behind it */
    int err = take_files(&walk);
    if (err < 0)
        return err;
    if (walk.begun || head_err == 0)
        conclude(&walk, head_err);
    *out = walk.report;
    return 0;
}
