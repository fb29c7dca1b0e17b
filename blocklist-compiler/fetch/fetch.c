#include "fetch/fetch.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fetch/body.h"

static void fail(struct fetch_copy *copy, int err, const char *why)
{
    copy->err = err;
    snprintf(copy->why, sizeof copy->why, "%s", why);
}

static void take_last(const struct fetch_opts *opts, const struct fetch_request *request, struct fetch_copy *copy)
{
    copy->candidate = false;
    copy->path[0] = '\0';
    if (!copy->has_last)
        return;
    copy->entry = copy->last;
    if (store_path(opts->dir, request->name, "feed", copy->path) < 0)
        copy->path[0] = '\0';
}

/* The bytes that came become the candidate, when they can be a list at all. */
static void take_candidate(const struct fetch_opts *opts, const struct fetch_request *request, const char *content_type,
                           struct fetch_copy *copy)
{
    int err = store_path(opts->dir, request->name, "new", copy->path);
    if (err == 0)
        err = body_check(copy->path, content_type, copy->why);
    if (err < 0) {
        store_discard(opts->dir, request->name);
        copy->err = err;
        take_last(opts, request, copy);
        return;
    }
    copy->candidate = true;
    snprintf(copy->entry.source, sizeof copy->entry.source, "%s", request->source);
    copy->entry.fetched_s = opts->now_s;
}

/* The last good copy is still what the other side has. */
static void take_current(const struct fetch_opts *opts, const struct fetch_request *request, struct fetch_copy *copy)
{
    copy->last.fetched_s = opts->now_s;
    take_last(opts, request, copy);
    if (store_note(opts->dir, request->name, &copy->last) < 0)
        fail(copy, ERR_IO, "could not note that the copy is current");
}

static void get_https(const struct fetch_opts *opts, const struct fetch_request *request, struct fetch_copy *copy)
{
    char path[STORE_PATH_MAX];
    struct download_reply reply;
    struct download_opts limits = opts->download;
    /* The validators of another address say nothing about this one. */
    bool known = copy->has_last && strcmp(copy->last.source, request->source) == 0;
    limits.bytes_max = request->bytes_max;
    limits.total_ms = request->total_ms;
    int err = store_path(opts->dir, request->name, "new", path);
    if (err == 0)
        err = download(request->source, path, known ? copy->last.etag : "", known ? copy->last.last_modified : "",
                       &limits, &request->access, &reply, copy->why);
    if (err < 0) {
        copy->err = err;
        take_last(opts, request, copy);
        return;
    }
    if (reply.unchanged) {
        store_discard(opts->dir, request->name);
        take_current(opts, request, copy);
        return;
    }
    copy->entry.bytes = reply.bytes;
    memcpy(copy->entry.etag, reply.etag, sizeof reply.etag);
    memcpy(copy->entry.last_modified, reply.last_modified, sizeof reply.last_modified);
    take_candidate(opts, request, reply.content_type, copy);
}

static void get_zone(const struct fetch_opts *opts, const struct fetch_request *request, struct fetch_copy *copy)
{
    char path[STORE_PATH_MAX], last[STORE_PATH_MAX];
    struct zone_reply reply;
    struct download_opts limits = opts->download;
    /* Changes to another zone, or of other primaries, are none to this copy. */
    bool known = copy->has_last && strcmp(copy->last.source, request->source) == 0;
    limits.bytes_max = request->bytes_max;
    limits.total_ms = request->total_ms;
    int err = store_path(opts->dir, request->name, "new", path);
    if (err == 0)
        err = store_path(opts->dir, request->name, "feed", last);
    if (err == 0)
        err = primaries_fetch(request->source, path, known ? last : NULL, &limits, &request->primaries, &reply,
                              copy->why);
    if (err < 0) {
        copy->err = err;
        take_last(opts, request, copy);
        return;
    }
    if (reply.unchanged) {
        take_current(opts, request, copy);
        return;
    }
    copy->entry.bytes = reply.bytes;
    take_candidate(opts, request, "", copy);
}

/* Copies up to bytes_max bytes; the copy is this program's own, so nobody can cut it while it is read. */
static int copy_file(const char *from, const char *to, uint64_t bytes_max, uint64_t *out_bytes)
{
    int err = 0;
    uint64_t bytes = 0;
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return errno == ENOENT ? ERR_NOENT : errno == EACCES ? ERR_ACCESS : ERR_IO;
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (out < 0)
        err = errno == EACCES ? ERR_ACCESS : ERR_IO;
    while (err == 0) {
        char block[1 << 16];
        ssize_t got = read(in, block, sizeof block);
        if (got == 0)
            break;
        bytes += got < 0 ? 0 : (uint64_t)got;
        if (got < 0 || write(out, block, (size_t)got) != got)
            err = errno == ENOSPC || errno == EDQUOT ? ERR_NOSPACE : ERR_IO;
        else if (bytes > bytes_max)
            err = ERR_LIMIT;
    }
    if (out >= 0)
        close(out);
    close(in);
    if (err < 0)
        unlink(to);
    else
        *out_bytes = bytes;
    return err;
}

static void get_copied(const struct fetch_opts *opts, const struct fetch_request *request, const char *path,
                       int64_t mtime_ns, struct fetch_copy *copy)
{
    char to[STORE_PATH_MAX];
    if (copy->has_last && copy->last.file_mtime_ns == mtime_ns && strcmp(copy->last.source, request->source) == 0) {
        take_last(opts, request, copy);
        return;
    }
    int err = store_path(opts->dir, request->name, "new", to);
    if (err == 0)
        err = copy_file(path, to, request->bytes_max, &copy->entry.bytes);
    if (err < 0) {
        fail(copy, err, err == ERR_LIMIT ? "more bytes than allowed" : "could not be copied");
        take_last(opts, request, copy);
        return;
    }
    copy->entry.file_mtime_ns = mtime_ns;
    take_candidate(opts, request, NULL, copy);
}

static void get_file(const struct fetch_opts *opts, const struct fetch_request *request, const char *path,
                     struct fetch_copy *copy)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        fail(copy, errno == ENOENT ? ERR_NOENT : ERR_ACCESS, strerror(errno));
        take_last(opts, request, copy);
        return;
    }
    int64_t mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    copy->entry.fetched_s = st.st_mtim.tv_sec;
    if (opts->dir != NULL && !S_ISDIR(st.st_mode)) {
        get_copied(opts, request, path, mtime_ns, copy);
        return;
    }
    if (snprintf(copy->path, sizeof copy->path, "%s", path) >= (int)sizeof copy->path) {
        copy->path[0] = '\0';
        fail(copy, ERR_LIMIT, "the path is too long");
    }
}

void fetch_get(const struct fetch_opts *opts, const struct fetch_request *request, struct fetch_copy *out)
{
    memset(out, 0, sizeof *out);
    out->has_last = opts->dir != NULL && store_read(opts->dir, request->name, &out->last) == 0;
    bool zone = strncmp(request->source, SOURCE_SCHEME, strlen(SOURCE_SCHEME)) == 0;
    if (!zone && strncmp(request->source, "https:", 6) != 0) {
        const char *path = request->source;
        path += strncmp(path, "file:", 5) == 0 ? 5 : 0;
        path += strncmp(path, "///", 3) == 0 ? 2 : 0; /* file:///path */
        get_file(opts, request, path, out);
        return;
    }
    if (opts->dir == NULL || opts->files_only) {
        fail(out, ERR_UNSUPPORTED, "only the feeds of a recipe are downloaded");
        return;
    }
    bool fresh = out->has_last && strcmp(out->last.source, request->source) == 0 &&
                 out->last.fetched_s <= opts->now_s && opts->now_s - out->last.fetched_s < request->every_s;
    if (fresh)
        take_last(opts, request, out);
    else if (zone)
        get_zone(opts, request, out);
    else
        get_https(opts, request, out);
}

int fetch_keep(const struct fetch_opts *opts, const struct fetch_request *request, struct fetch_copy *copy,
               uint64_t names)
{
    if (!copy->candidate)
        return 0;
    copy->entry.names = names;
    int err = store_keep(opts->dir, request->name, &copy->entry);
    if (err < 0)
        return err;
    copy->last = copy->entry;
    copy->has_last = true;
    take_last(opts, request, copy);
    return 0;
}

void fetch_discard(const struct fetch_opts *opts, const struct fetch_request *request, struct fetch_copy *copy, int err,
                   const char *why)
{
    if (copy->candidate)
        store_discard(opts->dir, request->name);
    fail(copy, err, why);
    take_last(opts, request, copy);
}
