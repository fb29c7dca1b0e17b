#include "net/watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"

/* What tells one file from another. A published generation never changes, so neither does this. */
struct identity {
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec mtime;
};

struct watch {
    uv_timer_t timer;
    uv_work_t work;
    uv_loop_t *loop;
    const struct watch_kind *kind;
    char *path;
    watch_opened opened;
    void *ctx;
    struct identity seen; /* the last file that was tried, usable or not; all zero: none */
    uint64_t in_force;    /* number of the last generation given out; 0: none */
    int64_t in_force_built_s;
    bool missing_logged;
    bool working;
    bool closing;
    /* of the work in progress */
    char *file; /* path with its links resolved */
    void *list;
    int err;
    char why[256];
};

static bool identity_equal(const struct identity *a, const struct identity *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->mtime.tv_sec == b->mtime.tv_sec &&
           a->mtime.tv_nsec == b->mtime.tv_nsec;
}

int watch_new(uv_loop_t *loop, const struct watch_kind *kind, const char *path, watch_opened opened, void *ctx,
              struct watch **out)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return ERR_NOMEM;
    watch->loop = loop;
    watch->kind = kind;
    watch->opened = opened;
    watch->ctx = ctx;
    watch->path = strdup(path);
    if (watch->path == NULL) {
        free(watch);
        return ERR_NOMEM;
    }
    uv_timer_init(loop, &watch->timer);
    watch->timer.data = watch;
    watch->work.data = watch;
    *out = watch;
    return 0;
}

/*
 * Whether there is a file that was not tried yet; then watch->file is its path. The link may move at any time, so it is
 * resolved once, and that file is looked at and opened.
 */
static bool find_new(struct watch *watch)
{
    struct stat st;
    char *file = realpath(watch->path, NULL);
    if (file == NULL || stat(file, &st) < 0) {
        free(file);
        if (!watch->missing_logged && watch->kind->is_expected(watch->path))
            log_warning("no %s, %s path=%s", watch->kind->name,
                        watch->in_force == 0 ? "every question is answered SERVFAIL until there is one"
                                             : "the one in force stays",
                        watch->path);
        watch->missing_logged = true;
        watch->seen = (struct identity){0};
        return false;
    }
    struct identity found = {.dev = st.st_dev, .ino = st.st_ino, .size = st.st_size, .mtime = st.st_mtim};
    watch->missing_logged = false;
    if (identity_equal(&found, &watch->seen)) {
        free(file);
        return false;
    }
    watch->seen = found;
    watch->file = file;
    return true;
}

static void open_file(struct watch *watch)
{
    watch->list = NULL;
    watch->why[0] = '\0';
    watch->err = watch->kind->open(watch->file, &watch->list, watch->why, sizeof watch->why);
}

/* The generation that open_file() opened, or NULL when it can't be used or is in force already. */
static void *take_opened(struct watch *watch)
{
    const struct watch_kind *kind = watch->kind;
    void *list = watch->err < 0 ? NULL : watch->list;
    if (list == NULL)
        log_error("%s refused, %s: %s path=%s", kind->name,
                  watch->in_force == 0 ? "there is none in force" : "the one in force stays", watch->why, watch->file);
    free(watch->file);
    watch->file = NULL;
    watch->list = NULL;
    if (list == NULL)
        return NULL;
    if (kind->generation(list) == watch->in_force) {
        /* Cached answers carry the number, so another list under the same one can't be told from it. */
        if (kind->built_s(list) != watch->in_force_built_s)
            log_error("%s refused: another one with this number is in force, publish it again "
                      "generation=%llu",
                      kind->name, (unsigned long long)watch->in_force);
        kind->close(list);
        return NULL;
    }
    watch->in_force = kind->generation(list);
    watch->in_force_built_s = kind->built_s(list);
    return list;
}

void *watch_open_now(struct watch *watch)
{
    if (!find_new(watch))
        return NULL;
    open_file(watch);
    return take_opened(watch);
}

static void on_closed(uv_handle_t *handle)
{
    struct watch *watch = handle->data;
    free(watch->path);
    free(watch);
}

static void on_work(uv_work_t *work)
{
    open_file(work->data);
}

static void on_worked(uv_work_t *work, int status)
{
    struct watch *watch = work->data;
    (void)status;
    watch->working = false;
    void *list = take_opened(watch);
    if (watch->closing) {
        watch->kind->close(list);
        uv_close((uv_handle_t *)&watch->timer, on_closed);
        return;
    }
    if (list != NULL)
        watch->opened(watch->ctx, list);
}

void watch_check(struct watch *watch)
{
    if (watch->working || watch->closing || !find_new(watch))
        return;
    watch->working = uv_queue_work(watch->loop, &watch->work, on_work, on_worked) == 0;
    if (!watch->working) {
        free(watch->file);
        watch->file = NULL;
        watch->seen = (struct identity){0};
    }
}

static void on_timer(uv_timer_t *timer)
{
    watch_check(timer->data);
}

void watch_start(struct watch *watch)
{
    uv_timer_start(&watch->timer, on_timer, WATCH_MS, WATCH_MS);
}

int watch_set_path(struct watch *watch, const char *path)
{
    if (strcmp(path, watch->path) == 0)
        return 0;
    char *copy = strdup(path);
    if (copy == NULL)
        return ERR_NOMEM;
    free(watch->path);
    watch->path = copy;
    watch->missing_logged = false;
    return 0;
}

void watch_close(struct watch *watch)
{
    if (watch == NULL || watch->closing)
        return;
    watch->closing = true;
    uv_timer_stop(&watch->timer);
    if (!watch->working)
        uv_close((uv_handle_t *)&watch->timer, on_closed);
}
