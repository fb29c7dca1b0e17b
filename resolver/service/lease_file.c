#include "service/lease_file.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct lease_file {
    uv_fs_event_t event;
    uv_timer_t timer;
    uv_work_t work;
    uv_loop_t *loop;
    struct tail tail;
    char *path;
    char *folder;
    lease_file_looked looked;
    void *ctx;
    void (*closed)(void *ctx);
    unsigned handles; /* not yet closed */
    int news;
    bool watching; /* the folder */
    bool working;
    bool again; /* something happened while we looked */
    bool closing;
};

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

int lease_file_new(uv_loop_t *loop, enum reading_format format, const char *path, struct book *book,
                   lease_file_looked looked, void *ctx, struct lease_file **out)
{
    struct lease_file *file = calloc(1, sizeof *file);
    if (file == NULL)
        return ERR_NOMEM;
    file->loop = loop;
    file->looked = looked;
    file->ctx = ctx;
    file->path = strdup(path);
    file->folder = folder_of(path);
    if (file->path == NULL || file->folder == NULL) {
        free(file->path);
        free(file->folder);
        free(file);
        return ERR_NOMEM;
    }
    tail_init(&file->tail, format, file->path, book);
    uv_fs_event_init(loop, &file->event);
    uv_timer_init(loop, &file->timer);
    file->handles = 2;
    file->event.data = file;
    file->timer.data = file;
    file->work.data = file;
    *out = file;
    return 0;
}

void lease_file_look_now(struct lease_file *file)
{
    file->news = tail_look(&file->tail, true, time(NULL));
    file->looked(file->ctx, &file->tail, file->news);
}

bool lease_file_is_busy(const struct lease_file *file)
{
    return file->working;
}

/* ---- looks ---- */

static void look(struct lease_file *file);

static void on_timer(uv_timer_t *timer)
{
    look(timer->data);
}

static void on_event(uv_fs_event_t *event, const char *name, int events, int status)
{
    struct lease_file *file = event->data;
    (void)name;
    (void)events;
    if (status < 0) {
        uv_fs_event_stop(event);
        file->watching = false;
    }
    look(file);
}

/* The folder may be made later, or be replaced: then watching has ended, and is begun anew with the next look. */
static void watch_folder(struct lease_file *file)
{
    if (!file->watching)
        file->watching = uv_fs_event_start(&file->event, on_event, file->folder, 0) == 0;
}

static void on_work(uv_work_t *work)
{
    struct lease_file *file = work->data;
    file->news = tail_look(&file->tail, false, time(NULL));
}

static void on_closed(uv_handle_t *handle)
{
    struct lease_file *file = handle->data;
    if (--file->handles > 0)
        return;
    void (*closed)(void *) = file->closed;
    void *ctx = file->ctx;
    free(file->path);
    free(file->folder);
    free(file);
    closed(ctx);
}

static void close_handles(struct lease_file *file)
{
    uv_close((uv_handle_t *)&file->event, on_closed);
    uv_close((uv_handle_t *)&file->timer, on_closed);
}

static void on_worked(uv_work_t *work, int status)
{
    struct lease_file *file = work->data;
    (void)status;
    file->working = false;
    if (file->news == ERR_NOENT) { /* perhaps the folder went: what was watched is another one then */
        uv_fs_event_stop(&file->event);
        file->watching = false;
    }
    if (file->closing) {
        close_handles(file);
        return;
    }
    file->looked(file->ctx, &file->tail, file->news);
    if (file->closing)
        return;
    if (file->again)
        look(file);
    else
        uv_timer_start(&file->timer, on_timer, file->news == TAIL_SOON ? TAIL_SOON_MS : LEASE_FILE_LOOK_MS, 0);
}

static void look(struct lease_file *file)
{
    if (file->closing)
        return;
    file->again = file->working;
    if (file->working)
        return;
    watch_folder(file);
    uv_timer_stop(&file->timer);
    file->working = uv_queue_work(file->loop, &file->work, on_work, on_worked) == 0;
    if (!file->working)
        uv_timer_start(&file->timer, on_timer, LEASE_FILE_LOOK_MS, 0);
}

void lease_file_start(struct lease_file *file)
{
    look(file);
}

void lease_file_close(struct lease_file *file, void (*closed)(void *ctx))
{
    file->closing = true;
    file->closed = closed;
    uv_fs_event_stop(&file->event);
    uv_timer_stop(&file->timer);
    if (!file->working)
        close_handles(file);
}
