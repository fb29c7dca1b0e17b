#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"

int outfile_open(struct outfile *out, const char *path, mode_t mode)
{
    struct stat st;
    bool plain = stat(path, &st) < 0 || S_ISREG(st.st_mode);
    if (snprintf(out->path, sizeof out->path, "%s", path) >= (int)sizeof out->path)
        return ERR_LIMIT;
    out->beside[0] = '\0';
    if (plain)
        snprintf(out->beside, sizeof out->beside, "%s.%ld.tmp", path, (long)getpid());
    int fd = plain ? open(out->beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
                   : open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return err_from_errno(errno);
    out->file = fdopen(fd, "w");
    if (out->file != NULL)
        return 0;
    close(fd);
    if (plain)
        unlink(out->beside);
    return ERR_IO;
}

/* Closes the stream; all of it is on disk then. */
static int finish(struct outfile *out)
{
    int err = fflush(out->file) != 0 || ferror(out->file) ? err_from_errno(errno) : 0;
    if (err == 0 && out->beside[0] != '\0' && fsync(fileno(out->file)) < 0)
        err = err_from_errno(errno);
    if (fclose(out->file) != 0 && err == 0)
        err = err_from_errno(errno);
    out->file = NULL;
    return err;
}

int outfile_commit(struct outfile *out)
{
    int err = out->file == NULL ? 0 : finish(out);
    if (out->beside[0] == '\0')
        return err;
    if (err == 0 && rename(out->beside, out->path) < 0)
        err = err_from_errno(errno);
    if (err == 0)
        return file_sync_folder_of(out->path);
    unlink(out->beside);
    return err;
}

int outfile_commit_as(struct outfile *out, const char *path)
{
    int err = out->file == NULL ? 0 : finish(out);
    if (err == 0 && link(out->beside, path) < 0)
        err = err_from_errno(errno);
    if (err == ERR_EXIST)
        return err;
    unlink(out->beside);
    return err < 0 ? err : file_sync_folder_of(path);
}

void outfile_abort(struct outfile *out)
{
    if (out->file != NULL)
        fclose(out->file);
    out->file = NULL;
    if (out->beside[0] != '\0')
        unlink(out->beside);
}

int outfile_save(const char *path, const void *bytes, size_t len, mode_t mode)
{
    struct outfile file;
    int err = outfile_open(&file, path, mode);
    if (err < 0)
        return err;
    if (fwrite(bytes, 1, len, file.file) != len) {
        err = err_from_errno(errno);
        outfile_abort(&file);
        return err;
    }
    return outfile_commit(&file);
}
