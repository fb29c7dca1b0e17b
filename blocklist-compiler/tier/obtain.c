#include "tier/obtain.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "fetch/body.h"
#include "tier/files.h"

void obtained_done(struct obtained *obtained)
{
    if (obtained->fd >= 0)
        close(obtained->fd);
    obtained->fd = -1;
}

static int copy_bytes(int from, int to, uint64_t bytes_max)
{
    uint64_t bytes = 0;
    char block[1 << 16];
    ssize_t got;
    while ((got = read(from, block, sizeof block)) > 0) {
        bytes += (uint64_t)got;
        if (bytes > bytes_max)
            return ERR_LIMIT;
        if (write(to, block, (size_t)got) != got)
            return files_err(errno);
    }
    return got < 0 ? files_err(errno) : 0;
}

static int obtain_file(const struct recipe_feed *feed, struct obtained *o, char why[DOWNLOAD_WHY_MAX])
{
    struct stat st;
    int from = open(feed->source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int err = from < 0 || fstat(from, &st) < 0 ? files_err(errno) : 0;
    if (err == 0 && !S_ISREG(st.st_mode))
        err = ERR_IO;
    if (err == 0)
        err = copy_bytes(from, o->fd, (uint64_t)feed->limits.bytes);
    if (err == 0)
        o->copy.fetched_s = st.st_mtim.tv_sec;
    else
        (void)snprintf(why, DOWNLOAD_WHY_MAX, "could not be copied: %s",
                       err == ERR_LIMIT ? "more bytes than allowed" : err_str(err));
    if (from >= 0)
        close(from);
    return err;
}

static int obtain_https(const struct recipe_feed *feed, const struct store_entry *last, const struct obtain_opts *opts,
                        struct obtained *o, char why[DOWNLOAD_WHY_MAX])
{
    struct download_opts limits = opts->download;
    struct download_access access = opts->access(&feed->access);
    struct download_reply reply;
    /* The validators of another address say nothing about this one. */
    bool known = last != NULL && strcmp(last->source, feed->source) == 0;
    limits.bytes_max = (uint64_t)feed->limits.bytes;
    limits.total_ms = feed->limits.time_ms;
    int err = download(feed->source, o->path, known ? last->etag : "", known ? last->last_modified : "", &limits,
                       &access, &reply, why);
    if (err == 0 && !reply.unchanged)
        err = body_check(o->path, reply.content_type, why);
    if (err < 0)
        return err;
    o->unchanged = reply.unchanged;
    memcpy(o->copy.etag, reply.etag, sizeof reply.etag);
    memcpy(o->copy.last_modified, reply.last_modified, sizeof reply.last_modified);
    return 0;
}

int obtain(const struct recipe_feed *feed, const struct store_entry *last, const struct obtain_opts *opts,
           struct obtained *out, char why[DOWNLOAD_WHY_MAX])
{
    struct obtained o = {.fd = memfd_create("statutory", MFD_CLOEXEC), .copy = {.fetched_s = opts->now_s}};
    if (o.fd < 0) {
        (void)snprintf(why, DOWNLOAD_WHY_MAX, "no memory for it: %s", strerror(errno));
        return files_err(errno);
    }
    (void)snprintf(o.path, sizeof o.path, "/proc/self/fd/%d", o.fd);
    (void)snprintf(o.copy.source, sizeof o.copy.source, "%s", feed->source);
    int err =
        strncmp(feed->source, "https:", 6) == 0 ? obtain_https(feed, last, opts, &o, why) : obtain_file(feed, &o, why);
    if (err < 0)
        obtained_done(&o);
    else
        *out = o;
    return err;
}
