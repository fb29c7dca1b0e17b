#include "delivery/outbox_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/outfile.h"

#define STATE_MAX   ((size_t)1 << 20)
#define MESSAGE_MAX (2 * MESSAGE_BYTES_MAX)

static void path_of(const struct outbox_store *store, const char *id, const char *suffix, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/%s%s", store->folder, id, suffix);
}

/* ---- one item ---- */

static int write_whole(const char *path, const struct text *text)
{
    return text_ok(text) ? outfile_save(path, text->bytes, text->len, 0600) : ERR_NOMEM;
}

int outbox_store_state(const struct outbox_store *store, const struct outbox_item *item)
{
    char path[PATH_MAX];
    struct text text = {.max = STATE_MAX};
    outbox_item_write(item, &text);
    path_of(store, item->id, ".state", path);
    int err = write_whole(path, &text);
    text_done(&text);
    return err;
}

int outbox_store_message(const struct outbox_store *store, const struct message *message, uint64_t room,
                         uint64_t *out_bytes)
{
    char path[PATH_MAX];
    struct text text = {.max = MESSAGE_MAX};
    message_write(message, &text);
    path_of(store, message->id, ".msg", path);
    int err = text_ok(&text) && text.len > room ? ERR_LIMIT : write_whole(path, &text);
    if (err == 0)
        *out_bytes = text.len;
    text_done(&text);
    return err;
}

int outbox_store_read(const struct outbox_store *store, const char *id, struct message_read *out)
{
    char path[PATH_MAX];
    char *bytes;
    size_t len;
    path_of(store, id, ".msg", path);
    int err = file_read_path(path, MESSAGE_MAX, &bytes, &len);
    if (err < 0)
        return err;
    err = message_parse(bytes, len, out);
    free(bytes);
    return err;
}

/* The state goes first: without it the message does not exist. */
void outbox_store_drop(const struct outbox_store *store, const char *id)
{
    char path[PATH_MAX];
    path_of(store, id, ".state", path);
    unlink(path);
    path_of(store, id, ".msg", path);
    unlink(path);
}

/* ---- all that is there ---- */

/* An item that can't be read is kept for who wants to see it, and is out of the way. */
static void set_aside(const struct outbox_store *store, const char *id)
{
    char from[PATH_MAX], to[PATH_MAX];
    path_of(store, id, ".state", from);
    path_of(store, id, ".damaged", to);
    rename(from, to);
}

static int item_load(const struct outbox_store *store, struct outbox_item *item)
{
    char path[PATH_MAX];
    struct stat st;
    char *bytes;
    size_t len;
    path_of(store, item->id, ".msg", path);
    if (stat(path, &st) < 0)
        return ERR_MALFORMED;
    item->bytes = (uint64_t)st.st_size;
    path_of(store, item->id, ".state", path);
    int err = file_read_path(path, STATE_MAX, &bytes, &len);
    if (err < 0)
        return err;
    err = outbox_item_parse(bytes, len, item);
    free(bytes);
    return err;
}

static int load_one(const struct outbox_store *store, const char *id, outbox_store_take take, void *ctx)
{
    struct outbox_item *item = calloc(1, sizeof *item);
    if (item == NULL)
        return ERR_NOMEM;
    memcpy(item->id, id, strlen(id) + 1); /* message_id_is_good() has said that it fits */
    int err = item_load(store, item);
    bool damaged = err == ERR_MALFORMED || err == ERR_LIMIT;
    if (err == 0)
        err = take(ctx, item);
    if (err == 0)
        return 0;
    outbox_item_free(item);
    if (damaged)
        set_aside(store, id);
    return damaged ? 0 : err;
}

/* The id in front of the suffix; false: the name is of another kind. */
static bool id_of(const char *name, const char *suffix, char out[MESSAGE_ID_MAX])
{
    size_t len = strlen(name), suffix_len = strlen(suffix);
    if (len <= suffix_len || len - suffix_len >= MESSAGE_ID_MAX || strcmp(name + len - suffix_len, suffix) != 0)
        return false;
    memcpy(out, name, len - suffix_len);
    out[len - suffix_len] = '\0';
    return message_id_is_good(out);
}

static bool has(const struct outbox_store *store, const char *id, const char *suffix)
{
    char path[PATH_MAX];
    path_of(store, id, suffix, path);
    return access(path, F_OK) == 0;
}

/* What a kill has left: a half written file, and a message whose state was never written, which does not exist. */
static void sweep(const struct outbox_store *store, const char *name)
{
    char id[MESSAGE_ID_MAX];
    size_t len = strlen(name);
    bool half = len > 4 && strcmp(name + len - 4, ".tmp") == 0;
    bool alone = id_of(name, ".msg", id) && !has(store, id, ".state") && !has(store, id, ".damaged");
    if (half || alone)
        unlinkat(store->fd, name, 0);
}

int outbox_store_load(const struct outbox_store *store, outbox_store_take take, void *ctx)
{
    char id[MESSAGE_ID_MAX];
    int err = 0;
    const struct dirent *entry;
    DIR *dir = opendir(store->folder);
    if (dir == NULL)
        return err_from_errno(errno);
    while (err == 0 && (entry = readdir(dir)) != NULL) {
        sweep(store, entry->d_name);
        if (id_of(entry->d_name, ".state", id))
            err = load_one(store, id, take, ctx);
    }
    closedir(dir);
    return err;
}

int outbox_store_open(struct outbox_store *store, const char *folder)
{
    store->fd = -1;
    if ((size_t)snprintf(store->folder, sizeof store->folder, "%s", folder) >= sizeof store->folder)
        return ERR_LIMIT;
    if (mkdir(store->folder, 0750) < 0 && errno != EEXIST)
        return err_from_errno(errno);
    store->fd = open(store->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return store->fd < 0 || flock(store->fd, LOCK_EX | LOCK_NB) < 0 ? err_from_errno(errno) : 0;
}

void outbox_store_close(struct outbox_store *store)
{
    if (store->fd >= 0)
        close(store->fd);
    store->fd = -1;
}
