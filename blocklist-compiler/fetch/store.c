#include "fetch/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

int store_path(const char *dir, const char *name, const char *kind, char out[STORE_PATH_MAX])
{
    int len = snprintf(out, STORE_PATH_MAX, "%s/%s.%s", dir, name, kind);
    return len < 0 || len >= STORE_PATH_MAX ? ERR_LIMIT : 0;
}

static void read_text(const json_t *object, const char *key, char *out, size_t cap)
{
    const char *text = json_string_value(json_object_get(object, key));
    snprintf(out, cap, "%s", text == NULL ? "" : text);
}

static int64_t read_number(const json_t *object, const char *key)
{
    return (int64_t)json_integer_value(json_object_get(object, key));
}

/* False when there are no facts that can be read. */
static bool read_facts(const char *path, struct store_entry *out)
{
    json_t *object = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    if (object == NULL)
        return false;
    read_text(object, "source", out->source, sizeof out->source);
    read_text(object, "etag", out->etag, sizeof out->etag);
    read_text(object, "last_modified", out->last_modified, sizeof out->last_modified);
    out->fetched_s = read_number(object, "fetched_s");
    out->file_mtime_ns = read_number(object, "file_mtime_ns");
    out->bytes = (uint64_t)read_number(object, "bytes");
    out->names = (uint64_t)read_number(object, "names");
    json_decref(object);
    return true;
}

int store_read(const char *dir, const char *name, struct store_entry *out)
{
    char copy[STORE_PATH_MAX], facts[STORE_PATH_MAX];
    struct stat st;
    int err = store_path(dir, name, "feed", copy);
    if (err == 0)
        err = store_path(dir, name, "json", facts);
    if (err < 0)
        return err;
    if (stat(copy, &st) < 0)
        return err_from_errno(errno);
    if (!read_facts(facts, out) || out->bytes != (uint64_t)st.st_size)
        *out = (struct store_entry){.fetched_s = st.st_mtim.tv_sec, .bytes = (uint64_t)st.st_size};
    return 0;
}

static int sync_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_from_errno(errno);
    int err = fsync(fd) < 0 ? err_from_errno(errno) : 0;
    close(fd);
    return err;
}

int store_note(const char *dir, const char *name, const struct store_entry *entry)
{
    char path[STORE_PATH_MAX], made[STORE_PATH_MAX];
    int err = store_path(dir, name, "json", path);
    if (err == 0)
        err = store_path(dir, name, "json-new", made);
    if (err < 0)
        return err;
    json_t *object = json_pack("{ss ss ss sI sI sI sI}", "source", entry->source, "etag", entry->etag, "last_modified",
                               entry->last_modified, "fetched_s", (json_int_t)entry->fetched_s, "file_mtime_ns",
                               (json_int_t)entry->file_mtime_ns, "bytes", (json_int_t)entry->bytes, "names",
                               (json_int_t)entry->names);
    if (object == NULL)
        return ERR_NOMEM;
    err = json_dump_file(object, made, JSON_INDENT(2)) < 0 ? err_from_errno(errno) : 0;
    json_decref(object);
    if (err == 0)
        err = sync_file(made);
    if (err == 0 && rename(made, path) < 0)
        err = err_from_errno(errno);
    return err;
}

int store_keep(const char *dir, const char *name, const struct store_entry *entry)
{
    char candidate[STORE_PATH_MAX], good[STORE_PATH_MAX];
    int err = store_path(dir, name, "new", candidate);
    if (err == 0)
        err = store_path(dir, name, "feed", good);
    if (err == 0)
        err = sync_file(candidate);
    if (err < 0)
        return err;
    if (rename(candidate, good) < 0)
        return err_from_errno(errno);
    return store_note(dir, name, entry);
}

void store_discard(const char *dir, const char *name)
{
    char path[STORE_PATH_MAX];
    if (store_path(dir, name, "new", path) == 0)
        unlink(path);
}

/* The names of good files end in their kind; no kind ends so. */
static bool is_left_over(const char *name)
{
    static const char *const ends[] = {".new", "-new"};
    size_t len = strlen(name);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (len > 4 && strcmp(name + len - 4, ends[i]) == 0)
            return true;
    }
    return false;
}

void store_sweep(const char *dir)
{
    DIR *folder = opendir(dir);
    if (folder == NULL)
        return;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (is_left_over(entry->d_name))
            unlinkat(dirfd(folder), entry->d_name, 0);
    }
    closedir(folder);
}
