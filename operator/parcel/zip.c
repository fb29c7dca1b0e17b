#include "parcel/zip.h"

#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

struct zip {
    struct archive *archive;
    zip_write_fn write;
    void *ctx;
    int err; /* what write said; then nothing more is written */
    bool finished;
};

static int fail(const struct zip *zip)
{
    return zip->err < 0 ? zip->err : archive_errno(zip->archive) == ENOMEM ? ERR_NOMEM : ERR_IO;
}

/* The library hears of no error, as it would not give back all its memory then: the calls below look at err. */
static la_ssize_t write_out(struct archive *archive, void *ctx, const void *bytes, size_t len)
{
    struct zip *zip = ctx;
    (void)archive;
    if (zip->err == 0)
        zip->err = zip->write(zip->ctx, bytes, len);
    return (la_ssize_t)len;
}

int zip_open(const char *password, zip_write_fn write, void *ctx, struct zip **out)
{
    struct zip *zip = calloc(1, sizeof *zip);
    if (zip == NULL)
        return ERR_NOMEM;
    *zip = (struct zip){.archive = archive_write_new(), .write = write, .ctx = ctx};
    struct archive *a = zip->archive;
    int code = a == NULL ? ERR_NOMEM : 0;
    if (code == 0 && (archive_write_set_format_zip(a) != ARCHIVE_OK ||
                      archive_write_set_options(a, "zip:encryption=aes256,zip:compression-level=3") != ARCHIVE_OK ||
                      archive_write_set_passphrase(a, password) != ARCHIVE_OK))
        code = ERR_UNSUPPORTED;
    /* A zip is no tape: it ends where it ends. */
    if (code == 0 && (archive_write_set_bytes_per_block(a, 65536) != ARCHIVE_OK ||
                      archive_write_set_bytes_in_last_block(a, 1) != ARCHIVE_OK ||
                      archive_write_open2(a, zip, NULL, write_out, NULL, NULL) != ARCHIVE_OK))
        code = fail(zip);
    if (code < 0)
        zip_close(zip);
    else
        *out = zip;
    return code;
}

int zip_file(struct zip *zip, const char *name, int64_t time_s, bool stored)
{
    struct archive_entry *entry = archive_entry_new();
    if (entry == NULL)
        return ERR_NOMEM;
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    archive_entry_set_mtime(entry, (time_t)time_s, 0);
    int rc = stored ? archive_write_zip_set_compression_store(zip->archive)
                    : archive_write_zip_set_compression_deflate(zip->archive);
    if (rc == ARCHIVE_OK)
        rc = archive_write_header(zip->archive, entry);
    archive_entry_free(entry);
    return rc == ARCHIVE_OK ? zip->err : fail(zip);
}

int zip_put(struct zip *zip, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        la_ssize_t put = archive_write_data(zip->archive, at, len);
        if (put <= 0)
            return fail(zip);
        at += put;
        len -= (size_t)put;
    }
    return zip->err;
}

int zip_finish(struct zip *zip)
{
    int code = archive_write_close(zip->archive) == ARCHIVE_OK ? zip->err : fail(zip);
    zip->finished = true;
    return code;
}

void zip_close(struct zip *zip)
{
    if (zip == NULL)
        return;
    if (!zip->finished && zip->err == 0)
        zip->err = ERR_END; /* freeing it would write the end */
    archive_write_free(zip->archive);
    free(zip);
}
