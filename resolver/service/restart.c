#include "service/restart.h"

#include <stddef.h>
#include <string.h>

#include "base/log.h"

static bool same_addresses(const struct endpoint a[], size_t a_count, const struct endpoint b[], size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++)
        if (!endpoint_equal(&a[i], &b[i]))
            return false;
    return true;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_log(const struct config *a, const struct config *b)
{
    const struct qlog_opts *x = &a->log;
    const struct qlog_opts *y = &b->log;
    return a->log_enabled == b->log_enabled && strcmp(x->dir, y->dir) == 0 && strcmp(x->node, y->node) == 0 &&
           x->journal_bytes == y->journal_bytes && x->segment_bytes == y->segment_bytes &&
           x->segment_s == y->segment_s && x->retention_s == y->retention_s &&
           x->retention_bytes == y->retention_bytes && x->retention_free == y->retention_free &&
           x->compact_every_ms == y->compact_every_ms && x->fsync_ms == y->fsync_ms &&
           x->backlog_bytes == y->backlog_bytes && same_text(x->memory_dir, y->memory_dir);
}

static bool same_tap(const struct config *a, const struct config *b)
{
    if (a->tap_socket == NULL || b->tap_socket == NULL)
        return a->tap_socket == b->tap_socket;
    return strcmp(a->tap_socket, b->tap_socket) == 0 && strcmp(a->tap.identity, b->tap.identity) == 0 &&
           strcmp(a->tap.version, b->tap.version) == 0 && a->tap.types == b->tap.types;
}

static bool same_socket(const struct config_api *a, const struct config_api *b)
{
    if (a->socket == NULL || b->socket == NULL)
        return a->socket == b->socket;
    return strcmp(a->socket, b->socket) == 0 && a->socket_mode == b->socket_mode;
}

void restart_warn(const struct config *old, const struct config *new)
{
    const struct {
        const char *option;
        bool same;
    } options[] = {
        {"listen", same_addresses(old->listen, old->listen_count, new->listen, new->listen_count)},
        {"tls.dot", same_addresses(old->tls.dot, old->tls.dot_count, new->tls.dot, new->tls.dot_count)},
        {"tls.doh", same_addresses(old->tls.doh, old->tls.doh_count, new->tls.doh, new->tls.doh_count)},
        {"workers", old->workers == new->workers},
        {"cache", old->cache.bytes == new->cache.bytes && old->cache.shards == new->cache.shards},
        {"log", same_log(old, new)},
        {"dnstap", same_tap(old, new)},
        {"limits.tcp_clients", old->limits.tcp_clients == new->limits.tcp_clients},
        {"limits.tcp_per_client", old->limits.tcp_per_client == new->limits.tcp_per_client},
        {"metrics.listen", same_addresses(old->metrics.listen, old->metrics.listen_count, new->metrics.listen,
                                          new->metrics.listen_count)},
        {"identity.radius.listen",
         same_addresses(old->radius.listen, old->radius.listen_count, new->radius.listen, new->radius.listen_count)},
        {"identity.api.listen",
         same_addresses(old->api.listen, old->api.listen_count, new->api.listen, new->api.listen_count)},
        {"identity.api.socket", same_socket(&old->api, &new->api)},
        {"control.socket", strcmp(old->control_socket, new->control_socket) == 0},
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (!options[i].same)
            log_warning("changed, but needs a restart option=%s", options[i].option);
}
