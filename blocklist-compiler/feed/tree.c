#include "feed/tree.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES_MAX 65536
#define BLOCK_LEN   65536U

struct tree {
    struct archive *archive;
    struct archive_entry *entry;
    bool disk;
    unsigned entry_count;
    uint64_t bytes, bytes_max; /* that entries say they have, or have */
    uint8_t *data;             /* contents of the entry in hand */
    size_t cap;
};

/* libarchive's codes: a file cut short and one of another kind both come as ARCHIVE_FATAL, told apart by errno. */
static int err_from_archive(struct archive *archive)
{
    switch (archive_errno(archive)) {
    case ENOENT:
    case ENOTDIR:
        return ERR_NOENT;
    case EACCES:
    case EPERM:
        return ERR_ACCESS;
    case ENOMEM:
        return ERR_NOMEM;
    case EIO:
        return ERR_IO;
    default:
        return ERR_MALFORMED;
    }
}

static int open_archive(struct tree *tree, const struct tree_source *source)
{
    int rc;
    tree->archive = archive_read_new();
    if (tree->archive == NULL)
        return ERR_NOMEM;
    archive_read_support_format_tar(tree->archive);
    if (source->raw) {
        archive_read_support_format_zip(tree->archive);
        archive_read_support_format_raw(tree->archive);
    }
    archive_read_support_filter_gzip(tree->archive);
    archive_read_support_filter_xz(tree->archive);
    archive_read_support_filter_zstd(tree->archive);
    if (source->path != NULL)
        rc = archive_read_open_filename(tree->archive, source->path, BLOCK_LEN);
    else
        rc = archive_read_open_memory(tree->archive, source->archive.at, source->archive.len);
    return rc == ARCHIVE_OK ? 0 : err_from_archive(tree->archive);
}

static int open_folder(struct tree *tree, const char *path)
{
    tree->disk = true;
    tree->archive = archive_read_disk_new();
    if (tree->archive == NULL)
        return ERR_NOMEM;
    archive_read_disk_set_symlink_physical(tree->archive);
    return archive_read_disk_open(tree->archive, path) == ARCHIVE_OK ? 0 : err_from_archive(tree->archive);
}

int tree_open(const struct tree_source *source, struct tree **out)
{
    struct stat st;
    bool folder = source->path != NULL && stat(source->path, &st) == 0 && S_ISDIR(st.st_mode);
    struct tree *tree = calloc(1, sizeof *tree);
    if (tree == NULL)
        return ERR_NOMEM;
    tree->bytes_max = source->bytes_max;
    tree->entry = archive_entry_new();
    int err = tree->entry == NULL ? ERR_NOMEM : 0;
    if (err == 0)
        err = folder ? open_folder(tree, source->path) : open_archive(tree, source);
    if (err < 0) {
        tree_close(tree);
        return err;
    }
    *out = tree;
    return 0;
}

void tree_close(struct tree *tree)
{
    if (tree == NULL)
        return;
    archive_read_free(tree->archive);
    archive_entry_free(tree->entry);
    free(tree->data);
    free(tree);
}

/* What an entry says that it has: to step over it, libarchive unpacks it, however long that takes. */
static bool has_room(struct tree *tree)
{
    int64_t size = archive_entry_size(tree->entry);
    if (tree->disk || tree->bytes_max == 0 || size <= 0)
        return true;
    tree->bytes += (uint64_t)size;
    return tree->bytes <= tree->bytes_max;
}

int tree_next(struct tree *tree, struct tree_entry *out)
{
    int rc = archive_read_next_header2(tree->archive, tree->entry);
    if (rc == ARCHIVE_EOF)
        return 0;
    if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
        return err_from_archive(tree->archive);
    if (++tree->entry_count > ENTRIES_MAX || !has_room(tree))
        return ERR_LIMIT;
    if (tree->disk && archive_read_disk_can_descend(tree->archive))
        archive_read_disk_descend(tree->archive);
    const char *path = archive_entry_pathname(tree->entry);
    const char *link = archive_entry_symlink(tree->entry);
    out->path = path == NULL ? "" : path;
    out->link = link != NULL ? link : archive_entry_hardlink(tree->entry);
    out->file = out->link == NULL && archive_entry_filetype(tree->entry) == AE_IFREG;
    return 1;
}

static int grow(struct tree *tree, size_t need)
{
    size_t cap = tree->cap == 0 ? BLOCK_LEN : tree->cap;
    while (cap < need)
        cap *= 2;
    if (cap == tree->cap)
        return 0;
    uint8_t *data = realloc(tree->data, cap);
    if (data == NULL)
        return ERR_NOMEM;
    tree->data = data;
    tree->cap = cap;
    return 0;
}

int tree_read(struct tree *tree, struct span *out)
{
    size_t len = 0;
    for (;;) {
        int err = grow(tree, len + BLOCK_LEN);
        if (err < 0)
            return err;
        la_ssize_t got = archive_read_data(tree->archive, tree->data + len, tree->cap - len);
        if (got < 0)
            return err_from_archive(tree->archive);
        if (got == 0)
            break;
        len += (size_t)got;
        if (tree->disk)
            tree->bytes += (size_t)got;
        if (tree->bytes_max != 0 && (tree->bytes > tree->bytes_max || len > tree->bytes_max))
            return ERR_LIMIT;
    }
    *out = (struct span){tree->data, len};
    return 0;
}
