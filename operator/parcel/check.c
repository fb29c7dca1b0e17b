#include "parcel/check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/err.h"
#include "base/file.h"
#include "parcel/manifest.h"
#include "parcel/unzip.h"

#define PIECE ((size_t)1 << 20)

/* A file that is there. */
struct found {
    char name[PARCEL_NAME_MAX];
    struct imprint imprint;
};

struct check {
    const struct check_opts *opts;
    struct check_result *result;
    struct found *found;
    size_t found_count;
    struct text manifest, signature, key; /* of the three files that the manifest does not name */
    struct text *kept;                    /* the one of them that is read now; NULL: another file */
};

static void fault(struct check *check, const char *file, const char *what)
{
    check->result->faults++;
    if (check->opts->fault != NULL)
        check->opts->fault(check->opts->ctx, file, what);
}

/* ---- what is there ---- */

static struct text *kept_of(struct check *check, const char *name)
{
    return strcmp(name, PARCEL_MANIFEST) == 0    ? &check->manifest
           : strcmp(name, PARCEL_SIGNATURE) == 0 ? &check->signature
           : strcmp(name, PARCEL_KEY) == 0       ? &check->key
                                                 : NULL;
}

static int found_add(struct check *check, const char *name)
{
    if (check->found_count == 2 * PARCEL_FILES_MAX || strlen(name) >= PARCEL_NAME_MAX)
        return ERR_DAMAGED;
    struct found *found = realloc(check->found, (check->found_count + 1) * sizeof *found);
    if (found == NULL)
        return ERR_NOMEM;
    check->found = found;
    strcpy(found[check->found_count].name, name);
    found[check->found_count++].imprint = (struct imprint){.running = NULL};
    return 0;
}

/* The file read last is over. */
static void last_end(struct check *check)
{
    if (check->found_count > 0 && check->found[check->found_count - 1].imprint.running != NULL)
        imprint_end(&check->found[check->found_count - 1].imprint);
}

static int file_begin(void *ctx, const char *name)
{
    struct check *check = ctx;
    check->kept = kept_of(check, name);
    if (check->kept != NULL && check->kept->len > 0)
        fault(check, name, "is there twice");
    last_end(check);
    int code = found_add(check, name);
    return code < 0 ? code : imprint_begin(&check->found[check->found_count - 1].imprint);
}

static int file_bytes(void *ctx, const void *bytes, size_t len)
{
    struct check *check = ctx;
    imprint_add(&check->found[check->found_count - 1].imprint, bytes, len);
    if (check->kept != NULL)
        text_add(check->kept, bytes, len);
    return check->kept == NULL || text_ok(check->kept) ? 0 : ERR_DAMAGED;
}

static int file_hash(const char *path, struct imprint *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *piece = fd < 0 ? NULL : malloc(PIECE);
    ssize_t got = 0;
    int code = fd < 0 ? err_from_errno(errno) : piece == NULL ? ERR_NOMEM : imprint_begin(out);
    while (code == 0 && (got = read(fd, piece, PIECE)) > 0)
        imprint_add(out, piece, (size_t)got);
    if (code == 0 && got < 0)
        code = err_from_errno(errno);
    if (code == 0)
        imprint_end(out);
    else if (fd >= 0 && piece != NULL)
        imprint_drop(out);
    free(piece);
    if (fd >= 0)
        close(fd);
    return code;
}

static int zip_look(struct check *check)
{
    struct imprint whole;
    int code = file_hash(check->opts->path, &whole);
    if (code < 0)
        return code;
    memcpy(check->result->sha256, whole.sha256, IMPRINT_LEN);
    code = unzip_run(&(struct unzip_opts){.path = check->opts->path,
                                          .password = check->opts->password,
                                          .file = file_begin,
                                          .bytes = file_bytes,
                                          .ctx = check});
    last_end(check);
    return code;
}

/* ---- loose files ---- */

struct place {
    char folder[4096]; /* with its slash; "" is the current one */
    char base[PARCEL_NAME_MAX];
};

static int place_find(const char *path, struct place *out)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    const char *end = strstr(name, "." PARCEL_MANIFEST);
    int len = end == NULL ? (int)strlen(name) : (int)(end - name);
    if (snprintf(out->folder, sizeof out->folder, "%.*s", slash == NULL ? 0 : (int)(slash + 1 - path), path) >=
            (int)sizeof out->folder ||
        snprintf(out->base, sizeof out->base, "%.*s", len, name) >= (int)sizeof out->base)
        return ERR_LIMIT;
    return 0;
}

static int loose_path(const struct place *place, const char *suffix, char out[8192])
{
    return snprintf(out, 8192, "%s%s%s%s", place->folder, place->base, suffix[0] == '\0' ? "" : ".", suffix) < 8192
               ? 0
               : ERR_LIMIT;
}

static int loose_keep(const struct place *place, const char *suffix, struct text *out)
{
    char path[8192];
    char *bytes = NULL;
    size_t len = 0;
    int code = loose_path(place, suffix, path);
    if (code == 0)
        code = file_read_path(path, MANIFEST_MAX, &bytes, &len);
    if (code == 0)
        text_add(out, bytes, len);
    free(bytes);
    return code;
}

/* The files that the manifest names, as far as they are there. */
static int loose_hash(struct check *check, const struct place *place, const struct manifest *manifest)
{
    int code = 0;
    for (size_t i = 0; i < manifest->file_count && code == 0; i++) {
        const char *name = manifest->files[i].name;
        char path[8192];
        struct imprint imprint;
        if (snprintf(path, sizeof path, "%s%s", place->folder, name) >= (int)sizeof path)
            return ERR_LIMIT;
        code = file_hash(path, &imprint);
        if (code == ERR_NOENT) { /* told later */
            code = 0;
            continue;
        }
        if (code == 0)
            code = found_add(check, name);
        if (code == 0)
            check->found[check->found_count - 1].imprint = imprint;
        if (code == 0 && i == 0)
            memcpy(check->result->sha256, imprint.sha256, IMPRINT_LEN);
    }
    return code;
}

static int loose_look(struct check *check)
{
    struct place place;
    struct manifest manifest;
    int code = place_find(check->opts->path, &place);
    if (code == 0)
        code = loose_keep(&place, PARCEL_MANIFEST, &check->manifest);
    if (code < 0)
        return code;
    int signature = loose_keep(&place, PARCEL_SIGNATURE, &check->signature);
    int key = loose_keep(&place, PARCEL_KEY, &check->key);
    if ((signature < 0 && signature != ERR_NOENT) || (key < 0 && key != ERR_NOENT))
        return signature < 0 && signature != ERR_NOENT ? signature : key;
    if (manifest_parse(check->manifest.bytes, check->manifest.len, &manifest) < 0)
        return 0; /* told later */
    code = loose_hash(check, &place, &manifest);
    manifest_done(&manifest);
    return code;
}

/* ---- what should be there ---- */

static const struct found *found_find(const struct check *check, const char *name)
{
    for (size_t i = 0; i < check->found_count; i++)
        if (strcmp(check->found[i].name, name) == 0)
            return &check->found[i];
    return NULL;
}

static void file_compare(struct check *check, const struct manifest_file *file)
{
    const struct found *found = found_find(check, file->name);
    if (found == NULL) {
        fault(check, file->name, "is missing");
    } else if (found->imprint.bytes != file->bytes || memcmp(found->imprint.blake2b, file->blake2b, IMPRINT_LEN) != 0 ||
               memcmp(found->imprint.sha256, file->sha256, IMPRINT_LEN) != 0) {
        fault(check, file->name, "was changed: its hash is not that of the manifest");
    } else {
        check->result->files++;
        check->result->bytes += file->bytes;
    }
}

static void files_compare(struct check *check)
{
    struct manifest manifest;
    if (check->manifest.len == 0) {
        fault(check, PARCEL_MANIFEST, "is missing");
        return;
    }
    if (manifest_parse(check->manifest.bytes, check->manifest.len, &manifest) < 0) {
        fault(check, PARCEL_MANIFEST, "can't be read as a manifest");
        return;
    }
    for (size_t i = 0; i < manifest.file_count; i++)
        file_compare(check, &manifest.files[i]);
    for (size_t i = 0; i < check->found_count; i++) {
        const char *name = check->found[i].name;
        if (kept_of(check, name) == NULL && manifest_find(&manifest, name) == NULL)
            fault(check, name, "was added: the manifest does not name it");
        if (found_find(check, name) != &check->found[i])
            fault(check, name, "is there twice");
    }
    manifest_done(&manifest);
}

static bool signature_is_of(struct check *check, const struct signing_public *key)
{
    const struct text *m = &check->manifest;
    if (!signing_public_verify(key, m->bytes, m->len, (const uint8_t *)check->signature.bytes))
        return false;
    check->result->is_signed = true;
    memcpy(check->result->key, key->id, SIGNING_ID_LEN);
    return true;
}

static void signature_compare(struct check *check)
{
    const struct check_opts *o = check->opts;
    struct signing_public own;
    if (check->manifest.len == 0)
        return;
    if (check->signature.len == 0) {
        fault(check, PARCEL_MANIFEST, "is not signed: whoever changed a file could have changed it too");
        return;
    }
    if (check->signature.len != SIGNING_SIGNATURE_LEN) {
        fault(check, PARCEL_SIGNATURE, "is no signature");
        return;
    }
    for (size_t i = 0; i < o->key_count; i++)
        if (signature_is_of(check, &o->keys[i]))
            return;
    if (o->key_count > 0)
        fault(check, PARCEL_MANIFEST, "is not signed by a key that was given");
    else if (check->key.len == 0 || signing_public_parse(check->key.bytes, check->key.len, &own) < 0)
        fault(check, PARCEL_KEY, "is missing, or no key: give one with --key");
    else if (!signature_is_of(check, &own))
        fault(check, PARCEL_MANIFEST, "was changed: its signature is wrong");
}

bool check_is_zip(const char *path)
{
    char magic[4] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool zip = fd >= 0 && read(fd, magic, sizeof magic) == 4 && memcmp(magic, "PK\3\4", 4) == 0;
    if (fd >= 0)
        close(fd);
    return zip;
}

int parcel_check(const struct check_opts *opts, struct check_result *out)
{
    struct check_result result = {.files = 0};
    struct check check = {.opts = opts, .result = &result};
    check.manifest.max = MANIFEST_MAX;
    check.signature.max = check.key.max = SIGNING_PEM_MAX;
    int code = sodium_init() < 0 ? ERR_IO : check_is_zip(opts->path) ? zip_look(&check) : loose_look(&check);
    if (code == 0) {
        files_compare(&check);
        signature_compare(&check);
        *out = result;
    }
    text_done(&check.manifest);
    text_done(&check.signature);
    text_done(&check.key);
    free(check.found);
    return code;
}
