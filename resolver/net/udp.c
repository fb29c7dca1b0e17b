#include "net/udp.h"

#include <assert.h>
#include <stdlib.h>

#include "net/clock.h"
#include "net/udp_socket.h"
#include "qlog/record.h"

#define BUSY_PACKETS (UDP_BATCH / 4) /* a batch of so many ... */
#define BUSY_BATCHES 4               /* ... so often in a row: the socket leaves epoll */
#define CALM_READS   50              /* empty reads until it goes back */

static_assert(UDP_BATCH <= QUERY_BATCH_MAX, "a batch goes to the engine in one call");

struct udp_listener {
    uv_poll_t poll;
    uv_idle_t idle;
    struct udp *udp;
    struct udp_socket socket;
    struct udp_queue *queue; /* delayed answers */
    unsigned busy_batches;
    unsigned empty_reads;
};

struct udp {
    struct query_engine *const *engine;
    struct metrics *metrics;
    struct udp_batch *batch; /* of whichever listener is being served */
    struct query_item items[UDP_BATCH];
    uint8_t slots[UDP_BATCH]; /* of items: their place in batch */
    size_t listener_count;
    struct udp_listener listeners[];
};

static void count_refused(struct udp *udp, size_t refused)
{
    if (refused > 0)
        metrics_add(udp->metrics, METRIC_UDP_SEND_ERRORS, refused);
}

/* Fills items from the batch; returns how many. */
static size_t take_requests(struct udp_listener *l, size_t received)
{
    struct udp *udp = l->udp;
    size_t count = 0;
    for (size_t i = 0; i < received; i++) {
        struct query_item *item = &udp->items[count];
        struct udp_route route;
        item->msg = udp_batch_request(udp->batch, i, &item->msg_len);
        if (item->msg == NULL) {
            metrics_add(udp->metrics, METRIC_DROPPED, 1);
            continue;
        }
        udp_batch_route(udp->batch, &l->socket, i, &route);
        item->source = (struct query_source){
            .client = route.client,
            .local = route.local,
            .interface = route.interface,
            .transport = QLOG_UDP,
            .token = (uint64_t)(l - udp->listeners),
        };
        item->out = udp_batch_room(udp->batch, i);
        item->out_cap = UDP_SLOT_BYTES;
        item->out_len = 0;
        item->step = QUERY_DROP;
        udp->slots[count++] = (uint8_t)i;
    }
    return count;
}

/* One batch from the socket to its answers. Returns the packets received. */
static size_t serve_batch(struct udp_listener *l)
{
    struct udp *udp = l->udp;
    size_t received = udp_batch_receive(udp->batch, &l->socket);
    if (received == 0)
        return 0;
    size_t count = take_requests(l, received);
    size_t answered = 0;
    struct query_time now = clock_now();
    query_batch(*udp->engine, udp->items, count, now);
    for (size_t i = 0; i < count; i++) {
        if (udp->items[i].step != QUERY_ANSWER)
            continue;
        udp_batch_answer(udp->batch, udp->slots[i], udp->items[i].out_len);
        answered++;
    }
    if (answered == 0)
        return received;
    count_refused(udp, udp_batch_send(udp->batch, &l->socket));
    histogram_add(&udp->metrics->at_once, clock_since_ns(now), answered);
    return received;
}

static void on_readable(uv_poll_t *poll, int status, int events);

static void on_idle(uv_idle_t *idle)
{
    struct udp_listener *l = idle->data;
    if (serve_batch(l) > 0) {
        l->empty_reads = 0;
        return;
    }
    if (++l->empty_reads <= CALM_READS)
        return;
    l->empty_reads = 0;
    uv_idle_stop(&l->idle);
    uv_poll_start(&l->poll, UV_READABLE, on_readable);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct udp_listener *l = poll->data;
    (void)events;
    if (status < 0) /* libuv has stopped watching a socket with an error, which the receive reads and so clears */
        uv_poll_start(&l->poll, UV_READABLE, on_readable);
    l->busy_batches = serve_batch(l) >= BUSY_PACKETS ? l->busy_batches + 1 : 0;
    if (l->busy_batches < BUSY_BATCHES)
        return;
    l->busy_batches = 0;
    uv_poll_stop(&l->poll);
    uv_idle_start(&l->idle, on_idle);
}

static int listener_open(uv_loop_t *loop, struct udp *udp, const struct endpoint *at)
{
    struct udp_listener *l = &udp->listeners[udp->listener_count];
    int err = udp_socket_open(at, true, &l->socket);
    if (err < 0)
        return err;
    err = udp_queue_new(&l->queue);
    if (err == 0)
        err = uv_poll_init(loop, &l->poll, l->socket.fd);
    if (err < 0) {
        udp_queue_free(l->queue);
        udp_socket_close(&l->socket);
        return err;
    }
    udp->listener_count++;
    uv_idle_init(loop, &l->idle);
    l->udp = udp;
    l->poll.data = l;
    l->idle.data = l;
    return uv_poll_start(&l->poll, UV_READABLE, on_readable);
}

int udp_listen(uv_loop_t *loop, const struct endpoint *listen, size_t listen_count, struct query_engine *const *engine,
               struct metrics *metrics, struct udp **out)
{
    struct udp *udp = calloc(1, sizeof *udp + listen_count * sizeof udp->listeners[0]);
    *out = udp; /* also on failure: handles that are open belong to the loop and go by udp_close() */
    if (udp == NULL)
        return ERR_NOMEM;
    udp->engine = engine;
    udp->metrics = metrics;
    int err = udp_batch_new(&udp->batch);
    for (size_t i = 0; i < listen_count && err == 0; i++)
        err = listener_open(loop, udp, &listen[i]);
    return err;
}

struct endpoint udp_bound(const struct udp *udp, size_t index)
{
    assert(index < udp->listener_count);
    return udp->listeners[index].socket.bound;
}

void udp_answer(struct udp *udp, const struct query_source *to, const uint8_t *msg, size_t len)
{
    if (to->token >= udp->listener_count)
        return;
    struct udp_listener *l = &udp->listeners[to->token];
    struct udp_route route = {.client = to->client, .local = to->local, .interface = to->interface};
    if (udp_queue_add(l->queue, &l->socket, &route, msg, len))
        return;
    count_refused(udp, udp_queue_send(l->queue, &l->socket));
    if (!udp_queue_add(l->queue, &l->socket, &route, msg, len))
        count_refused(udp, 1);
}

void udp_flush(struct udp *udp)
{
    for (size_t i = 0; i < udp->listener_count; i++) {
        struct udp_listener *l = &udp->listeners[i];
        if (!udp_queue_is_empty(l->queue))
            count_refused(udp, udp_queue_send(l->queue, &l->socket));
    }
}

void udp_close(struct udp *udp)
{
    for (size_t i = 0; udp != NULL && i < udp->listener_count; i++) {
        uv_close((uv_handle_t *)&udp->listeners[i].poll, NULL);
        uv_close((uv_handle_t *)&udp->listeners[i].idle, NULL);
    }
}

void udp_free(struct udp *udp)
{
    if (udp == NULL)
        return;
    for (size_t i = 0; i < udp->listener_count; i++) {
        udp_socket_close(&udp->listeners[i].socket);
        udp_queue_free(udp->listeners[i].queue);
    }
    udp_batch_free(udp->batch);
    free(udp);
}
