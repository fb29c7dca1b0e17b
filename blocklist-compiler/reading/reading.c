#include "reading/reading.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNPACKED_FACTOR 20 /* how much more an archive's files may be than the archive */

int reading_load(const char *path, uint64_t bytes_max, uint8_t **out, size_t *out_len)
{
    struct stat st;
    int err = 0;
    size_t len = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        err = fd < 0 && errno == ENOENT ? ERR_NOENT : fd < 0 && errno == EACCES ? ERR_ACCESS : ERR_IO;
    else if ((uint64_t)st.st_size > bytes_max)
        err = ERR_LIMIT;
    uint8_t *data = err < 0 ? NULL : malloc((size_t)st.st_size + 1);
    if (err == 0 && data == NULL)
        err = ERR_NOMEM;
    while (err == 0 && len < (size_t)st.st_size) {
        ssize_t got = read(fd, data + len, (size_t)st.st_size - len);
        if (got < 0)
            err = ERR_IO;
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    if (fd >= 0)
        close(fd);
    if (err < 0) {
        free(data);
        return err;
    }
    *out = data;
    *out_len = len;
    return 0;
}

static int parse_text(const struct reading *reading, const struct feed_format *format, struct intake *in)
{
    uint8_t *data = NULL;
    size_t len = 0;
    if (reading->text != NULL)
        return format->parse(in, *reading->text);
    int err = reading_load(reading->path, (uint64_t)reading->feed->limits.bytes, &data, &len);
    if (err == 0)
        err = format->parse(in, (struct span){data, len});
    free(data);
    return err;
}

static int parse_tree(const struct reading *reading, const struct feed_format *format, struct intake *in)
{
    return reading->text != NULL ? format->parse_archive(in, *reading->text) : format->parse_tree(in, reading->path);
}

/* Hosts that any of their pages lists whole: by a decision, or because they are the vendor's own tests. */
static const char **whole_hosts(const struct recipe_feed *feed)
{
    const char **hosts = calloc(feed->widen_count + feed->test_host_count + 1, sizeof *hosts);
    for (size_t i = 0; hosts != NULL && i < feed->widen_count; i++)
        hosts[i] = feed->widen[i].host;
    for (size_t i = 0; hosts != NULL && i < feed->test_host_count; i++)
        hosts[feed->widen_count + i] = feed->test_hosts[i];
    return hosts;
}

uint64_t reading_categories(const struct recipe_feed *feed)
{
    uint64_t categories = feed->categories;
    for (size_t i = 0; i < feed->folder_count; i++)
        categories |= feed->folders[i].categories;
    return categories != 0 ? categories : ut1_categories();
}

int reading_run(const struct reading *reading, struct feed_stats *stats)
{
    const struct recipe_feed *feed = reading->feed;
    const struct feed_format *format = feed_format_at(feed->format);
    struct intake in;
    struct feed_folder *folders = calloc(feed->folder_count + 1, sizeof *folders);
    const char **hosts = whole_hosts(feed);
    if (folders == NULL || hosts == NULL) {
        free(folders);
        free(hosts);
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < feed->folder_count; i++)
        folders[i] = (struct feed_folder){feed->folders[i].folder, feed->folders[i].categories};
    struct intake_opts opts = {
        .categories = feed->categories,
        .subdomains = feed->subdomains,
        .single_labels = feed->single_labels,
        .public_suffixes = feed->public_suffixes,
        .lines_max = (uint64_t)feed->limits.lines,
        .bytes_max = (uint64_t)feed->limits.bytes * UNPACKED_FACTOR,
        .folders = feed->folder_count == 0 ? NULL : folders,
        .folder_count = feed->folder_count,
        .zone = feed->zone,
        .popular = reading->popular,
        .whole_hosts = hosts,
        .whole_host_count = feed->widen_count + feed->test_host_count,
    };
    intake_init(&in, &opts, reading->guard, feed->name, stats, reading->sink, reading->ctx);
    in.refused = reading->refused;
    int err = format->parse_tree != NULL ? parse_tree(reading, format, &in) : parse_text(reading, format, &in);
    free(folders);
    free(hosts);
    return err;
}
