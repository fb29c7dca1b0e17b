#include "parcel/parcel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/err.h"
#include "base/outfile.h"
#include "parcel/zip.h"

#define MODE 0600

struct parcel {
    struct parcel_opts opts;
    struct zip *zip;        /* NULL: loose files, or a stream */
    struct outfile *places; /* the zip; or each loose file */
    size_t place_count;
    struct parcel_file *files;
    size_t file_count;
    bool in_file;
    struct imprint whole; /* of the zip or the first file */
};

static int put_out(FILE *to, const void *bytes, size_t len)
{
    return fwrite(bytes, 1, len, to) == len ? 0 : errno == 0 ? ERR_IO : err_from_errno(errno);
}

static FILE *place_of(const struct parcel *parcel)
{
    return parcel->opts.path == NULL ? parcel->opts.stream : parcel->places[parcel->place_count - 1].file;
}

static int zip_out(void *ctx, const void *bytes, size_t len)
{
    struct parcel *parcel = ctx;
    imprint_add(&parcel->whole, bytes, len);
    return put_out(place_of(parcel), bytes, len);
}

/* A file that will be at path. */
static int place_make(struct parcel *parcel, const char *path)
{
    struct outfile *places = realloc(parcel->places, (parcel->place_count + 1) * sizeof *places);
    if (places == NULL)
        return ERR_NOMEM;
    parcel->places = places;
    if (access(path, F_OK) == 0)
        return ERR_EXIST;
    int code = outfile_open(&places[parcel->place_count], path, MODE);
    if (code == 0)
        parcel->place_count++;
    return code;
}

int parcel_open(const struct parcel_opts *opts, struct parcel **out)
{
    struct parcel *parcel = sodium_init() < 0 ? NULL : calloc(1, sizeof *parcel);
    if (parcel == NULL)
        return ERR_NOMEM;
    parcel->opts = *opts;
    int code = opts->path != NULL && access(opts->path, F_OK) == 0 ? ERR_EXIST : imprint_begin(&parcel->whole);
    if (code == 0 && opts->path != NULL && opts->password != NULL)
        code = place_make(parcel, opts->path);
    if (code == 0 && opts->password != NULL)
        code = zip_open(opts->password, zip_out, parcel, &parcel->zip);
    parcel->opts.password = NULL; /* it is libarchive's now */
    if (code < 0)
        parcel_abort(parcel);
    else
        *out = parcel;
    return code;
}

bool parcel_is_stream(const struct parcel *parcel)
{
    return parcel->opts.path == NULL && parcel->zip == NULL;
}

static void file_end(struct parcel *parcel)
{
    if (parcel->in_file)
        imprint_end(&parcel->files[parcel->file_count - 1].imprint);
    parcel->in_file = false;
}

/* Where the bytes of a new file go. */
static int file_place(struct parcel *parcel, const char *name, bool stored)
{
    char path[OUTFILE_PATH_MAX];
    if (parcel->zip != NULL)
        return zip_file(parcel->zip, name, parcel->opts.now_s, stored);
    if (parcel->opts.path == NULL)
        return 0;
    bool first = parcel->place_count == 0;
    if (snprintf(path, sizeof path, "%s%s%s", parcel->opts.path, first ? "" : ".", first ? "" : name) >=
        (int)sizeof path)
        return ERR_LIMIT;
    return place_make(parcel, path);
}

static const char *name_in(const struct parcel *parcel, const char *name, char out[PARCEL_NAME_MAX])
{
    const char *slash = parcel->opts.path == NULL ? NULL : strrchr(parcel->opts.path, '/');
    const char *base = slash == NULL ? parcel->opts.path : slash + 1;
    if (parcel->zip != NULL || base == NULL)
        return name;
    int len = snprintf(out, PARCEL_NAME_MAX, "%s%s%s", base, parcel->file_count == 0 ? "" : ".",
                       parcel->file_count == 0 ? "" : name);
    return len < PARCEL_NAME_MAX ? out : NULL;
}

int parcel_file(struct parcel *parcel, const char *name, bool stored)
{
    char room[PARCEL_NAME_MAX];
    file_end(parcel);
    const char *own = name_in(parcel, name, room);
    if (parcel->file_count == PARCEL_FILES_MAX || own == NULL || strlen(own) >= PARCEL_NAME_MAX)
        return ERR_LIMIT;
    struct parcel_file *files = realloc(parcel->files, (parcel->file_count + 1) * sizeof *files);
    if (files == NULL)
        return ERR_NOMEM;
    parcel->files = files;
    struct parcel_file *file = &files[parcel->file_count];
    int code = imprint_begin(&file->imprint);
    if (code == 0)
        code = file_place(parcel, name, stored);
    if (code < 0) {
        imprint_drop(&file->imprint);
        return code;
    }
    strcpy(file->name, own);
    parcel->file_count++;
    parcel->in_file = true;
    return 0;
}

int parcel_write(void *ctx, const void *bytes, size_t len)
{
    struct parcel *parcel = ctx;
    imprint_add(&parcel->files[parcel->file_count - 1].imprint, bytes, len);
    if (parcel->zip != NULL)
        return zip_put(parcel->zip, bytes, len);
    if (parcel->opts.path == NULL && parcel->file_count > 1)
        return 0;
    return put_out(place_of(parcel), bytes, len);
}

int parcel_put(struct parcel *parcel, const char *name, const void *bytes, size_t len)
{
    int code = parcel_file(parcel, name, false);
    return code < 0 ? code : parcel_write(parcel, bytes, len);
}

/* ---- the manifest ---- */

const struct parcel_file *parcel_files(struct parcel *parcel, size_t *out_count)
{
    file_end(parcel);
    *out_count = parcel->file_count;
    return parcel->files;
}

void parcel_files_write(struct parcel *parcel, struct text *out)
{
    size_t count;
    const struct parcel_file *files = parcel_files(parcel, &count);
    text_add(out, "[", 1);
    for (size_t i = 0; i < count; i++) {
        char blake2b[IMPRINT_TEXT_MAX], sha256[IMPRINT_TEXT_MAX];
        text_printf(out, "%s{\"name\":", i == 0 ? "" : ",");
        text_add_json(out, files[i].name);
        text_printf(out, ",\"bytes\":%llu,\"blake2b_256\":\"%s\",\"sha256\":\"%s\"}",
                    (unsigned long long)files[i].imprint.bytes, imprint_to_text(files[i].imprint.blake2b, blake2b),
                    imprint_to_text(files[i].imprint.sha256, sha256));
    }
    text_add(out, "]", 1);
}

void parcel_so_far(const struct parcel *parcel, uint8_t out_blake2b[IMPRINT_LEN])
{
    imprint_so_far(&parcel->files[parcel->file_count - 1].imprint, out_blake2b);
}

int parcel_seal(struct parcel *parcel, const struct text *manifest, const struct signing_key *key)
{
    uint8_t signature[SIGNING_SIGNATURE_LEN];
    struct text pem = {0};
    if (!text_ok(manifest))
        return ERR_NOMEM;
    int code = parcel_put(parcel, PARCEL_MANIFEST, manifest->bytes, manifest->len);
    if (code < 0 || key == NULL)
        return code;
    signing_key_sign(key, manifest->bytes, manifest->len, signature);
    code = parcel_put(parcel, PARCEL_SIGNATURE, signature, sizeof signature);
    signing_public_write(&key->public, &pem);
    if (code == 0)
        code = text_ok(&pem) ? parcel_put(parcel, PARCEL_KEY, pem.bytes, pem.len) : ERR_NOMEM;
    text_done(&pem);
    return code;
}

/* ---- the end ---- */

/* The last ones first: where the first file is, all of them are. */
static int places_commit(struct parcel *parcel)
{
    int code = 0;
    for (size_t i = parcel->place_count; i-- > 0;) {
        struct outfile *place = &parcel->places[i];
        if (code < 0)
            outfile_abort(place);
        else if (place->beside[0] == '\0')
            code = outfile_commit(place);
        else
            code = outfile_commit_as(place, place->path);
        if (code == ERR_EXIST)
            outfile_abort(place);
    }
    parcel->place_count = 0;
    return code;
}

int parcel_commit(struct parcel *parcel, struct imprint *whole)
{
    file_end(parcel);
    int code = parcel->zip == NULL ? 0 : zip_finish(parcel->zip);
    if (code == 0 && parcel->opts.path == NULL && fflush(parcel->opts.stream) != 0)
        code = err_from_errno(errno);
    if (code == 0)
        code = places_commit(parcel);
    imprint_end(&parcel->whole);
    if (code == 0 && whole != NULL)
        *whole = parcel->zip == NULL && parcel->file_count > 0 ? parcel->files[0].imprint : parcel->whole;
    parcel_abort(parcel);
    return code;
}

void parcel_abort(struct parcel *parcel)
{
    if (parcel == NULL)
        return;
    zip_close(parcel->zip);
    imprint_drop(&parcel->whole);
    if (parcel->in_file)
        imprint_drop(&parcel->files[parcel->file_count - 1].imprint);
    for (size_t i = 0; i < parcel->place_count; i++)
        outfile_abort(&parcel->places[i]);
    free(parcel->places);
    free(parcel->files);
    free(parcel);
}
