#include "net/radius_server.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "net/clock.h"
#include "net/udp_socket.h"
#include "radius/account.h"
#include "session/accounting.h"

static_assert(UDP_SLOT_BYTES >= RADIUS_LEN_MAX, "a packet fits into its slot");

struct door {
    uv_poll_t poll;
    struct radius_server *server;
    struct udp_socket socket;
};

/* What was refused for one cause since it was last said. */
struct complaint {
    int64_t said_ms; /* 0: never */
    uint64_t count;
};

struct radius_server {
    uv_loop_t *loop;
    struct radius_server_opts opts;
    struct udp_batch *batch;
    struct udp_queue *queue;
    struct radius_heard *heard;
    struct complaint complaints[RADIUS_CAUSE_COUNT];
    struct radius_tally tally;
    size_t waiting;
    bool closing;
    size_t door_count;
    struct door doors[RADIUS_LISTEN_MAX];
};

/* An answer that waits until what it acknowledges is kept. */
struct answer {
    struct commit_waiter waiter; /* first */
    struct door *door;
    struct udp_route route;
    size_t len;
    uint8_t bytes[];
};

/* ---- refusing ---- */

static void refuse(struct radius_server *server, enum radius_cause cause, const struct udp_route *route)
{
    struct complaint *complaint = &server->complaints[cause];
    int64_t now_ms = (int64_t)uv_now(server->loop);
    char text[IPADDR_TEXT_MAX];
    server->tally.refused[cause]++;
    complaint->count++;
    if (complaint->said_ms != 0 && now_ms - complaint->said_ms < RADIUS_COMPLAIN_MS)
        return;
    log_warning("accounting refused: %s address=%s count=%llu", radius_cause_text(cause),
                ipaddr_to_text(&route->client.addr, text), (unsigned long long)complaint->count);
    complaint->said_ms = now_ms;
    complaint->count = 0;
}

/* ---- answering ---- */

static void send_now(struct radius_server *server, const struct answer *answer)
{
    const struct udp_socket *socket = &answer->door->socket;
    if (udp_queue_add(server->queue, socket, &answer->route, answer->bytes, answer->len) &&
        udp_queue_send(server->queue, socket) == 0)
        server->tally.answered++;
}

static void on_kept(struct commit_waiter *waiter, int err)
{
    struct answer *answer = (struct answer *)waiter;
    struct radius_server *server = answer->door->server;
    server->waiting--;
    if (err < 0 && !server->closing)
        refuse(server, RADIUS_CAUSE_NOT_STORED, &answer->route);
    else if (err == 0 && !server->closing)
        send_now(server, answer);
    free(answer);
}

static void answer_when_kept(struct door *door, const struct udp_route *route, const struct radius_packet *packet,
                             const struct radius_nas *nas)
{
    struct radius_server *server = door->server;
    uint8_t bytes[RADIUS_LEN_MAX];
    int len = server->waiting >= RADIUS_WAITING_MAX ? ERR_LIMIT
                                                    : radius_packet_answer(packet, nas->secret, bytes, sizeof bytes);
    struct answer *answer = len < 0 ? NULL : malloc(sizeof *answer + (size_t)len);
    if (answer == NULL) {
        refuse(server, RADIUS_CAUSE_BUSY, route);
        return;
    }
    *answer = (struct answer){.waiter = {.done = on_kept}, .door = door, .route = *route, .len = (size_t)len};
    memcpy(answer->bytes, bytes, (size_t)len);
    server->waiting++;
    commit_wait(server->opts.commit, &answer->waiter);
}

/* ---- requests ---- */

static enum radius_kind kind_of(enum radius_event event)
{
    switch (event) {
    case RADIUS_START:
        return RADIUS_KIND_START;
    case RADIUS_INTERIM:
        return RADIUS_KIND_INTERIM;
    case RADIUS_STOP:
        return RADIUS_KIND_STOP;
    case RADIUS_ON:
    case RADIUS_OFF:
        return RADIUS_KIND_ON_OFF;
    case RADIUS_OTHER:
        break;
    }
    return RADIUS_KIND_OTHER;
}

static enum radius_cause cause_of(enum radius_proof proof)
{
    switch (proof) {
    case RADIUS_NO_MESSAGE_AUTHENTICATOR:
        return RADIUS_CAUSE_NO_MESSAGE_AUTHENTICATOR;
    case RADIUS_WRONG_MESSAGE_AUTHENTICATOR:
        return RADIUS_CAUSE_MESSAGE_AUTHENTICATOR;
    case RADIUS_WRONG_AUTHENTICATOR:
    case RADIUS_PROVED:
        break;
    }
    return RADIUS_CAUSE_AUTHENTICATOR;
}

/* Who asks whether we are there may have no answer to wait for, but a disk that is full is better known at once. */
static bool take_account(struct door *door, const struct udp_route *route, const struct radius_packet *packet,
                         const struct radius_nas *nas, int64_t now_s)
{
    struct radius_server *server = door->server;
    const struct accounting_from from = {
        .name = nas->name, .address = route->client.addr, .lifetime_s = nas->lifetime_s};
    struct radius_account account;
    if (packet->code == RADIUS_STATUS_SERVER) {
        server->tally.taken[RADIUS_KIND_STATUS]++;
        return true;
    }
    if (radius_account_read(packet, now_s, &account) < 0) {
        refuse(server, RADIUS_CAUSE_MALFORMED, route);
        return false;
    }
    server->tally.taken[kind_of(account.event)]++;
    if (accounting_take(server->opts.book, &from, &account, now_s) < 0) {
        refuse(server, RADIUS_CAUSE_FULL, route);
        return false;
    }
    return true;
}

static void take_packet(struct door *door, const struct udp_route *route, const struct radius_packet *packet)
{
    struct radius_server *server = door->server;
    const struct radius_nas *nas = radius_nas_find(server->opts.nas, &route->client.addr);
    int64_t now_s = clock_now().wall_ns / 1000000000;
    enum radius_proof proof = RADIUS_WRONG_AUTHENTICATOR;
    if (packet->code != RADIUS_ACCOUNTING_REQUEST && packet->code != RADIUS_STATUS_SERVER) {
        refuse(server, RADIUS_CAUSE_WRONG_CODE, route);
        return;
    }
    if (radius_packet_prove(packet, nas->secret, nas->message_authenticator, &proof) < 0 || proof != RADIUS_PROVED) {
        refuse(server, cause_of(proof), route);
        return;
    }
    server->heard[nas->index].requests++;
    server->heard[nas->index].last_s = now_s;
    if (take_account(door, route, packet, nas, now_s))
        answer_when_kept(door, route, packet, nas);
}

static void take_datagram(struct door *door, size_t i)
{
    struct radius_server *server = door->server;
    struct udp_route route;
    struct radius_packet packet;
    size_t len = 0;
    const uint8_t *bytes = udp_batch_request(server->batch, i, &len);
    udp_batch_route(server->batch, &door->socket, i, &route);
    if (radius_nas_find(server->opts.nas, &route.client.addr) == NULL)
        refuse(server, RADIUS_CAUSE_UNKNOWN_NAS, &route); /* whatever it says is not looked at */
    else if (bytes == NULL || radius_packet_parse(bytes, len, &packet) < 0)
        refuse(server, RADIUS_CAUSE_MALFORMED, &route);
    else
        take_packet(door, &route, &packet);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct door *door = poll->data;
    struct radius_server *server = door->server;
    (void)events;
    if (status < 0) /* libuv has stopped watching a socket with an error, which the receive reads and so clears */
        uv_poll_start(&door->poll, UV_READABLE, on_readable);
    size_t count = udp_batch_receive(server->batch, &door->socket);
    for (size_t i = 0; i < count; i++)
        take_datagram(door, i);
    if (count > 0)
        commit_start(server->opts.commit);
}

/* ---- listening ---- */

static int door_open(struct radius_server *server, const struct endpoint *at)
{
    struct door *door = &server->doors[server->door_count];
    int err = udp_socket_open(at, false, &door->socket);
    if (err < 0)
        return err;
    err = uv_poll_init(server->loop, &door->poll, door->socket.fd);
    if (err < 0) {
        udp_socket_close(&door->socket);
        return err;
    }
    server->door_count++;
    door->server = server;
    door->poll.data = door;
    return uv_poll_start(&door->poll, UV_READABLE, on_readable);
}

/* What was heard of those that are in both tables goes on. */
int radius_server_set_nas(struct radius_server *server, const struct radius_nas_table *nas)
{
    size_t count = radius_nas_count(nas);
    size_t before = server->heard == NULL ? 0 : radius_nas_count(server->opts.nas);
    struct radius_heard *heard = calloc(count + 1, sizeof *heard);
    if (heard == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const char *name = radius_nas_at(nas, i)->name;
        for (size_t k = 0; k < before; k++)
            if (strcmp(server->heard[k].name, name) == 0)
                heard[i] = server->heard[k];
        heard[i].name = name;
    }
    free(server->heard);
    server->heard = heard;
    server->opts.nas = nas;
    return 0;
}

int radius_server_listen(uv_loop_t *loop, const struct radius_server_opts *opts, struct radius_server **out,
                         struct endpoint *out_failed)
{
    assert(opts->listen_count <= RADIUS_LISTEN_MAX);
    struct radius_server *server = calloc(1, sizeof *server);
    *out = NULL;
    if (server == NULL)
        return ERR_NOMEM;
    server->loop = loop;
    server->opts = *opts;
    server->opts.listen = NULL; /* the caller's, for the time of this call */
    int err = radius_server_set_nas(server, opts->nas);
    if (err == 0)
        err = udp_batch_new(&server->batch);
    if (err == 0)
        err = udp_queue_new(&server->queue);
    if (err < 0) {
        radius_server_free(server);
        return err;
    }
    *out = server; /* also on failure: handles that are open belong to the loop */
    for (size_t i = 0; i < opts->listen_count && err == 0; i++) {
        *out_failed = opts->listen[i];
        err = door_open(server, &opts->listen[i]);
    }
    return err;
}

struct endpoint radius_server_bound(const struct radius_server *server, size_t index)
{
    assert(index < server->door_count);
    return server->doors[index].socket.bound;
}

const struct radius_tally *radius_server_tally(const struct radius_server *server)
{
    return &server->tally;
}

const struct radius_heard *radius_server_heard(const struct radius_server *server, size_t *out_count)
{
    *out_count = radius_nas_count(server->opts.nas);
    return server->heard;
}

/* ---- the end ---- */

void radius_server_close(struct radius_server *server)
{
    if (server == NULL || server->closing)
        return;
    server->closing = true;
    for (size_t i = 0; i < server->door_count; i++)
        uv_close((uv_handle_t *)&server->doors[i].poll, NULL);
}

void radius_server_free(struct radius_server *server)
{
    if (server == NULL)
        return;
    assert(server->waiting == 0);
    for (size_t i = 0; i < server->door_count; i++)
        udp_socket_close(&server->doors[i].socket);
    udp_batch_free(server->batch);
    udp_queue_free(server->queue);
    free(server->heard);
    free(server);
}
