#include "blocklist-compiler/unpack.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "fetch/body.h"
#include "fetch/packed.h"

static int unpack_to(struct reader *reader, const char *from, const char *to, uint64_t bytes_max,
                     char why[SANDBOX_WHY_MAX])
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    int err = in < 0 || out < 0 ? (errno == ENOSPC ? ERR_NOSPACE : ERR_IO) : 0;
    if (err == 0)
        err = reader_unpack(reader, in, out, bytes_max, why);
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return err;
}

static int replace(const char *path, const char *made, struct fetch_copy *copy)
{
    struct stat st;
    if (stat(made, &st) < 0 || rename(made, path) < 0)
        return ERR_IO;
    copy->entry.bytes = (uint64_t)st.st_size;
    return 0;
}

void unpack_copy(struct reader *reader, const struct fetch_opts *opts, const struct fetch_request *request,
                 struct fetch_copy *copy)
{
    char made[STORE_PATH_MAX], why[SANDBOX_WHY_MAX] = "", sentence[DOWNLOAD_WHY_MAX] = "";
    if (!copy->candidate || !packed_is(copy->path))
        return;
    int err = store_path(opts->dir, request->name, "unpacked-new", made);
    if (err == 0)
        err = unpack_to(reader, copy->path, made, request->bytes_max, why);
    if (err < 0)
        snprintf(sentence, sizeof sentence, "could not be unpacked: %s",
                 why[0] != '\0'     ? why
                 : err == ERR_LIMIT ? "more bytes than allowed"
                                    : err_str(err));
    if (err == 0)
        err = body_check(made, "", sentence);
    if (err == 0)
        err = replace(copy->path, made, copy);
    if (err == 0)
        return;
    unlink(made);
    fetch_discard(opts, request, copy, err, sentence[0] != '\0' ? sentence : err_str(err));
}
