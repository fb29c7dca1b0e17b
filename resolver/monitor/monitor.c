#include "monitor/monitor.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/health.h"
#include "control/scrape.h"
#include "net/address.h"

#define BACKLOG   64
#define SWEEPS    10 /* how often in a connection's life its age is looked at */
#define TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct connection {
    int fd; /* -1: this place is free */
    int64_t since_ms;
};

/* One address that is listened on. */
struct door {
    uv_poll_t poll;
    uv_timer_t timer;
    struct monitor *monitor;
    struct MHD_Daemon *daemon;
    struct endpoint bound;
    size_t open_count;
    struct connection connections[MONITOR_CONNECTIONS_MAX];
};

struct monitor {
    uv_loop_t *loop;
    struct monitor_opts opts;
    struct text figures;
    int64_t gathered_ms; /* 0: never */
    int handles;         /* that the loop still knows */
    size_t door_count;
    struct door *doors[MONITOR_LISTEN_MAX];
};

/* ---- what is told ---- */

struct page {
    const char *path, *type;
    unsigned (*write)(struct monitor *monitor, struct text *out); /* returns the status */
};

static unsigned write_figures(struct monitor *monitor, struct text *out)
{
    int64_t now_ms = (int64_t)uv_now(monitor->loop);
    if (monitor->gathered_ms == 0 || now_ms - monitor->gathered_ms >= monitor->opts.fresh_ms) {
        struct command_env env;
        monitor->opts.env(monitor->opts.ctx, &env);
        text_done(&monitor->figures);
        scrape_write(&env, &monitor->figures);
        monitor->gathered_ms = now_ms;
    }
    if (!text_ok(&monitor->figures))
        return MHD_HTTP_INTERNAL_SERVER_ERROR;
    text_add(out, monitor->figures.bytes, monitor->figures.len);
    return MHD_HTTP_OK;
}

static unsigned write_health(struct monitor *monitor, struct text *out)
{
    struct command_env env;
    monitor->opts.env(monitor->opts.ctx, &env);
    return health_write_ready(&env, out) ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
}

static unsigned write_live(struct monitor *monitor, struct text *out)
{
    struct command_env env;
    monitor->opts.env(monitor->opts.ctx, &env);
    return health_write_live(&env, out) ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
}

static unsigned write_not_found(struct monitor *monitor, struct text *out)
{
    (void)monitor;
    text_printf(out, "there are /metrics, /health and /live\n");
    return MHD_HTTP_NOT_FOUND;
}

static unsigned write_not_allowed(struct monitor *monitor, struct text *out)
{
    (void)monitor;
    text_printf(out, "only GET and HEAD\n");
    return MHD_HTTP_METHOD_NOT_ALLOWED;
}

static const struct page *page_for(const char *method, const char *path)
{
    static const struct page pages[] = {
        {"/metrics", TEXT_TYPE, write_figures},
        {"/health", "application/json", write_health},
        {"/live", "application/json", write_live},
    };
    static const struct page not_found = {NULL, "text/plain; charset=utf-8", write_not_found};
    static const struct page not_allowed = {NULL, "text/plain; charset=utf-8", write_not_allowed};
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return &not_allowed;
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (strcmp(pages[i].path, path) == 0)
            return &pages[i];
    return &not_found;
}

/* ---- requests ---- */

static enum MHD_Result send_page(struct MHD_Connection *connection, const struct page *page, unsigned status,
                                 struct text *body)
{
    struct MHD_Response *response =
        text_ok(body) ? MHD_create_response_from_buffer(body->len, body->bytes, MHD_RESPMEM_MUST_FREE) : NULL;
    if (response == NULL) {
        text_done(body);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, page->type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* The answer is given when the headers are there: a body is not waited for. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *piece, size_t *piece_len, void **request_ctx)
{
    const struct door *door = ctx;
    const struct page *page = page_for(method, path);
    struct text body = {0};
    (void)version;
    (void)piece;
    (void)piece_len;
    (void)request_ctx;
    unsigned status = page->write(door->monitor, &body);
    return send_page(connection, page, status, &body);
}

/* ---- connections ---- */

static enum MHD_Result on_accept(void *ctx, const struct sockaddr *address, socklen_t len)
{
    const struct monitor_opts *opts = &((const struct door *)ctx)->monitor->opts;
    struct endpoint client;
    (void)len;
    if (endpoint_from_sockaddr(address, &client) < 0)
        return MHD_NO;
    for (size_t i = 0; i < opts->access_count; i++)
        if (prefix_contains(&opts->access[i], &client.addr))
            return MHD_YES;
    return MHD_NO;
}

static void connection_begin(struct door *door, struct MHD_Connection *connection, void **out_place)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    for (size_t i = 0; info != NULL && i < MONITOR_CONNECTIONS_MAX; i++) {
        struct connection *place = &door->connections[i];
        if (place->fd >= 0)
            continue;
        *place = (struct connection){.fd = info->connect_fd, .since_ms = (int64_t)uv_now(door->monitor->loop)};
        *out_place = place;
        door->open_count++;
        return;
    }
}

static void on_connection(void *ctx, struct MHD_Connection *connection, void **socket_ctx,
                          enum MHD_ConnectionNotificationCode what)
{
    struct door *door = ctx;
    struct connection *place = *socket_ctx;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        connection_begin(door, connection, socket_ctx);
    } else if (place != NULL) {
        place->fd = -1;
        door->open_count--;
    }
}

/* libmicrohttpd knows idle connections only, and one byte now and then is not idle. It sees the end that this makes. */
static void cut_off_old(struct door *door)
{
    int64_t now_ms = (int64_t)uv_now(door->monitor->loop);
    for (size_t i = 0; i < MONITOR_CONNECTIONS_MAX; i++)
        if (door->connections[i].fd >= 0 && now_ms - door->connections[i].since_ms >= door->monitor->opts.life_ms)
            shutdown(door->connections[i].fd, SHUT_RDWR);
}

/* ---- the loop ---- */

static void on_timer(uv_timer_t *timer);

static void run(struct door *door)
{
    MHD_UNSIGNED_LONG_LONG wanted_ms;
    size_t before;
    cut_off_old(door); /* each time: who drips fast enough would keep the timer from ever firing */
    do {               /* a connection that ended makes room for one that waits: that is seen in the next run */
        before = door->open_count;
        MHD_run(door->daemon);
    } while (door->open_count < before);
    uint64_t ms = door->open_count == 0 ? 0 : (uint64_t)door->monitor->opts.life_ms / SWEEPS;
    bool wanted = MHD_get_timeout(door->daemon, &wanted_ms) == MHD_YES;
    if (wanted && (ms == 0 || wanted_ms < ms))
        ms = wanted_ms;
    if (wanted || ms > 0)
        uv_timer_start(&door->timer, on_timer, ms, 0);
    else
        uv_timer_stop(&door->timer);
}

static void on_timer(uv_timer_t *timer)
{
    run(timer->data);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    run(poll->data);
}

/* ---- listening ---- */

static int socket_listen(const struct endpoint *at)
{
    int on = 1;
    bool v4 = ipaddr_is_v4(&at->addr);
    int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!v4)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    int err = address_bind(fd, at);
    if (err == 0 && listen(fd, BACKLOG) < 0)
        err = -errno;
    if (err < 0) {
        close(fd);
        return err;
    }
    return fd;
}

static int find_bound(int fd, struct endpoint *out)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        return -errno;
    return endpoint_from_sockaddr((struct sockaddr *)&address, out);
}

/* Takes fd over when it returns a daemon. */
static struct MHD_Daemon *start_daemon(struct door *door, int fd)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL, 0, on_accept, door, on_request, door, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)MONITOR_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MONITOR_HEADERS_MAX,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION, on_connection, door, MHD_OPTION_END);
}

/* Lets the loop know the daemon. */
static int door_watch(struct door *door)
{
    struct monitor *monitor = door->monitor;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(door->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL)
        return ERR_NOMEM;
    int err = uv_poll_init(monitor->loop, &door->poll, info->epoll_fd);
    if (err < 0)
        return err;
    uv_timer_init(monitor->loop, &door->timer);
    door->poll.data = door;
    door->timer.data = door;
    monitor->handles += 2;
    monitor->doors[monitor->door_count++] = door;
    return uv_poll_start(&door->poll, UV_READABLE, on_readable);
}

/* The socket is ours again when no daemon came of it, unless libmicrohttpd closed it: it does so for some of the reasons. */
static void close_if_open(int fd, const struct stat *socket)
{
    struct stat now;
    if (fstat(fd, &now) == 0 && now.st_dev == socket->st_dev && now.st_ino == socket->st_ino)
        close(fd);
}

static int door_open(struct monitor *monitor, const struct endpoint *at)
{
    struct door *door = calloc(1, sizeof *door);
    if (door == NULL)
        return ERR_NOMEM;
    int fd = socket_listen(at);
    if (fd < 0) {
        free(door);
        return fd;
    }
    door->monitor = monitor;
    for (size_t i = 0; i < MONITOR_CONNECTIONS_MAX; i++)
        door->connections[i].fd = -1;
    struct stat socket = {.st_ino = 0};
    int err = fstat(fd, &socket) < 0 ? -errno : find_bound(fd, &door->bound);
    door->daemon = err < 0 ? NULL : start_daemon(door, fd);
    if (door->daemon == NULL) {
        close_if_open(fd, &socket);
        free(door);
        return err < 0 ? err : ERR_NOMEM;
    }
    size_t watched = monitor->door_count;
    err = door_watch(door);
    if (err < 0 && monitor->door_count == watched) {
        MHD_stop_daemon(door->daemon);
        free(door);
    }
    return err;
}

int monitor_listen(uv_loop_t *loop, const struct monitor_opts *opts, struct monitor **out, struct endpoint *out_failed)
{
    assert(opts->listen_count <= MONITOR_LISTEN_MAX && opts->life_ms >= SWEEPS);
    struct monitor *monitor = calloc(1, sizeof *monitor);
    if (monitor == NULL)
        return ERR_NOMEM;
    monitor->loop = loop;
    monitor->opts = *opts;
    monitor->opts.listen = NULL; /* the caller's, for the time of this call */
    for (size_t i = 0; i < opts->listen_count; i++) {
        int err = door_open(monitor, &opts->listen[i]);
        if (err < 0) {
            *out_failed = opts->listen[i];
            monitor_close(monitor);
            return err;
        }
    }
    *out = monitor;
    return 0;
}

void monitor_set_access(struct monitor *monitor, const struct prefix *access, size_t access_count)
{
    monitor->opts.access = access;
    monitor->opts.access_count = access_count;
}

struct endpoint monitor_bound(const struct monitor *monitor, size_t index)
{
    assert(index < monitor->door_count);
    return monitor->doors[index]->bound;
}

/* ---- the end ---- */

static void monitor_free(struct monitor *monitor)
{
    for (size_t i = 0; i < monitor->door_count; i++)
        free(monitor->doors[i]);
    text_done(&monitor->figures);
    free(monitor);
}

static void on_closed(uv_handle_t *handle)
{
    const struct door *door = handle->data;
    if (--door->monitor->handles == 0)
        monitor_free(door->monitor);
}

void monitor_close(struct monitor *monitor)
{
    if (monitor == NULL)
        return;
    for (size_t i = 0; i < monitor->door_count; i++) {
        uv_close((uv_handle_t *)&monitor->doors[i]->poll, on_closed); /* before its descriptor goes */
        uv_close((uv_handle_t *)&monitor->doors[i]->timer, on_closed);
        MHD_stop_daemon(monitor->doors[i]->daemon);
    }
    if (monitor->handles == 0)
        monitor_free(monitor);
}
