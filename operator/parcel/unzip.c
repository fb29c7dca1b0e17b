#include "parcel/unzip.h"

#include <fcntl.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/err.h"

#define BLOCK_LEN 65536

static int err_of(struct archive *archive)
{
    return archive_errno(archive) == ENOMEM ? ERR_NOMEM : ERR_DAMAGED;
}

static int file_read_all(struct archive *archive, const struct unzip_opts *opts)
{
    const void *block;
    size_t len;
    la_int64_t at;
    int rc;
    while ((rc = archive_read_data_block(archive, &block, &len, &at)) == ARCHIVE_OK) {
        int code = len == 0 ? 0 : opts->bytes(opts->ctx, block, len);
        if (code < 0)
            return code;
    }
    return rc == ARCHIVE_EOF ? 0 : err_of(archive);
}

static int files_read(struct archive *archive, const struct unzip_opts *opts)
{
    struct archive_entry *entry;
    int rc, code = 0;
    while (code == 0 && (rc = archive_read_next_header(archive, &entry)) == ARCHIVE_OK) {
        const char *name = archive_entry_pathname(entry);
        if (archive_entry_filetype(entry) != AE_IFREG || name == NULL)
            return ERR_DAMAGED;
        code = opts->file(opts->ctx, name);
        if (code == 0)
            code = file_read_all(archive, opts);
    }
    return code < 0 ? code : rc == ARCHIVE_EOF ? 0 : err_of(archive);
}

int unzip_run(const struct unzip_opts *opts)
{
    int fd = open(opts->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_from_errno(errno);
    struct archive *archive = archive_read_new();
    int code = archive == NULL ? ERR_NOMEM : 0;
    if (code == 0 && (archive_read_support_format_zip_seekable(archive) != ARCHIVE_OK ||
                      (opts->password != NULL && archive_read_add_passphrase(archive, opts->password) != ARCHIVE_OK)))
        code = ERR_NOMEM;
    if (code == 0)
        code = archive_read_open_fd(archive, fd, BLOCK_LEN) == ARCHIVE_OK ? files_read(archive, opts) : err_of(archive);
    archive_read_free(archive);
    close(fd);
    return code;
}
