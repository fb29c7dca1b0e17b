#include "fetch/packed.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_LEN    65536U
#define SWELL_FACTOR 200
#define SWELL_FREE   (UINT64_C(16) << 20)

bool packed_is(const char *path)
{
    static const struct {
        size_t len;
        const char *bytes;
    } marks[] = {{3, "\x1f\x8b\x08"},
                 {6, "\xfd"
                     "7zXZ\0"},
                 {4, "\x28\xb5\x2f\xfd"}};
    char head[6];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, head, sizeof head);
    if (fd >= 0)
        close(fd);
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (got >= (ssize_t)marks[i].len && memcmp(head, marks[i].bytes, marks[i].len) == 0)
            return true;
    }
    return false;
}

static int write_all(int out, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t done = write(out, bytes, len);
        if (done < 0 && errno != EINTR)
            return errno == ENOSPC || errno == EDQUOT ? ERR_NOSPACE : ERR_IO;
        bytes += done < 0 ? 0 : done;
        len -= done < 0 ? 0 : (size_t)done;
    }
    return 0;
}

/* libarchive hands out bytes by place, so that holes need no room; a raw file has none. */
static int copy(struct archive *archive, int out, uint64_t bytes_max)
{
    uint64_t bytes = 0;
    const void *block;
    size_t len;
    la_int64_t at;
    for (;;) {
        int rc = archive_read_data_block(archive, &block, &len, &at);
        if (rc == ARCHIVE_EOF)
            return 0;
        if (rc != ARCHIVE_OK)
            return archive_errno(archive) == ENOMEM ? ERR_NOMEM : ERR_MALFORMED;
        bytes += len;
        uint64_t packed = (uint64_t)archive_filter_bytes(archive, -1);
        if (bytes > bytes_max || (bytes > SWELL_FREE && bytes / SWELL_FACTOR > packed))
            return ERR_LIMIT;
        int err = write_all(out, block, len);
        if (err < 0)
            return err;
    }
}

int packed_unpack(int in, int out, uint64_t bytes_max)
{
    struct archive_entry *entry;
    struct archive *archive = archive_read_new();
    if (archive == NULL)
        return ERR_NOMEM;
    archive_read_support_format_raw(archive);
    archive_read_support_format_empty(archive);
    archive_read_support_filter_gzip(archive);
    archive_read_support_filter_xz(archive);
    archive_read_support_filter_zstd(archive);
    int err = 0;
    if (archive_read_open_fd(archive, in, BLOCK_LEN) != ARCHIVE_OK)
        err = ERR_MALFORMED;
    int rc = err < 0 ? ARCHIVE_EOF : archive_read_next_header(archive, &entry);
    if (err == 0 && rc == ARCHIVE_OK)
        err = copy(archive, out, bytes_max);
    else if (err == 0 && rc != ARCHIVE_EOF)
        err = ERR_MALFORMED;
    archive_read_free(archive);
    return err;
}
