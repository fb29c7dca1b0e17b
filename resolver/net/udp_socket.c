#include "net/udp_socket.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/address.h"

#define SOCKET_BUFFER_BYTES (4 << 20) /* a burst of a whole school fits: some 5,000 packets as the kernel counts */

/*
 * Slots of exactly 4,096 bytes would put the first line of each into the same set of the processor's cache, and 64 of
 * them would push each other out.
 */
#define SLOT_STRIDE (UDP_SLOT_BYTES + 5 * 64)

#define CONTROL_BYTES CMSG_SPACE(sizeof(struct in6_pktinfo))

union peer {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

union control {
    struct cmsghdr header; /* aligns the bytes */
    uint8_t bytes[CONTROL_BYTES];
};

struct udp_batch {
    struct mmsghdr in[UDP_BATCH];
    struct mmsghdr out[UDP_BATCH];
    struct iovec in_iov[UDP_BATCH];
    struct iovec out_iov[UDP_BATCH];
    union peer peer[UDP_BATCH];
    union control control[UDP_BATCH];
    size_t in_count;
    size_t out_count;
    size_t stale;  /* the first so many headers of `in` must be prepared anew */
    bool wildcard; /* what they were prepared for */
    uint8_t *requests;
    uint8_t *answers;
};

struct udp_queue {
    struct mmsghdr out[UDP_BATCH];
    struct iovec iov[UDP_BATCH];
    union peer peer[UDP_BATCH];
    union control control[UDP_BATCH];
    size_t count;
    size_t bytes_used;
    uint8_t bytes[UDP_QUEUE_BYTES];
};

/* ---- opening ---- */

static int set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value) < 0 ? -errno : 0;
}

static void set_buffers(int fd)
{
    /* FORCE needs a capability; without it the kernel's own limit applies, which is worth no failure. */
    if (set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER_BYTES) < 0)
        (void)set_option(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER_BYTES);
    if (set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER_BYTES) < 0)
        (void)set_option(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER_BYTES);
}

/*
 * IP_PMTUDISC_PROBE: answers carry "don't fragment" and are small enough for any path (RFC 9715, 3.1); path MTU messages,
 * which anyone can forge, are not believed. The kernel also spares itself an id for each packet.
 */
static int set_options(int fd, bool v4, bool wildcard, bool share)
{
    int err = share ? set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) : 0;
    if (err == 0)
        err = v4 ? set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
                 : set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
    if (err == 0 && !v4)
        err = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (err == 0 && wildcard)
        err = v4 ? set_option(fd, IPPROTO_IP, IP_PKTINFO, 1) : set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    set_buffers(fd);
    return err;
}

static int bind_to(int fd, const struct endpoint *at, struct endpoint *out_bound)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    int err = address_bind(fd, at);
    if (err < 0)
        return err;
    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        return -errno;
    return endpoint_from_sockaddr((struct sockaddr *)&address, out_bound);
}

int udp_socket_open(const struct endpoint *at, bool share, struct udp_socket *out)
{
    bool v4 = ipaddr_is_v4(&at->addr);
    struct udp_socket s = {.wildcard = address_is_wildcard(&at->addr)};
    s.fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s.fd < 0)
        return -errno;
    int err = set_options(s.fd, v4, s.wildcard, share);
    if (err == 0)
        err = bind_to(s.fd, at, &s.bound);
    if (err < 0) {
        close(s.fd);
        return err;
    }
    *out = s;
    return 0;
}

void udp_socket_close(struct udp_socket *socket)
{
    if (socket->fd >= 0)
        close(socket->fd);
    socket->fd = -1;
}

/* ---- control data ---- */

/* Reads the address that was asked, and makes the same control data fit for the answer. */
static void take_pktinfo(const struct msghdr *msg, struct udp_route *out)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(msg);
    if (c == NULL)
        return;
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo *info = (struct in_pktinfo *)(void *)CMSG_DATA(c);
        out->local.addr = ipaddr_from_v4((const uint8_t *)&info->ipi_spec_dst);
        out->interface = (uint32_t)info->ipi_ifindex;
        info->ipi_ifindex = 0; /* routing decides where the answer leaves, not where the request came in */
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo *info = (struct in6_pktinfo *)(void *)CMSG_DATA(c);
        out->local.addr = ipaddr_from_v6((const uint8_t *)&info->ipi6_addr);
        out->interface = info->ipi6_ifindex;
        if (IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
            out->local.scope = info->ipi6_ifindex;
        else
            info->ipi6_ifindex = 0;
    }
}

static size_t write_pktinfo(const struct udp_route *route, union control *out)
{
    struct cmsghdr *c = &out->header;
    memset(out, 0, sizeof *out);
    if (ipaddr_is_v4(&route->local.addr)) {
        struct in_pktinfo *info = (struct in_pktinfo *)(void *)CMSG_DATA(c);
        c->cmsg_level = IPPROTO_IP;
        c->cmsg_type = IP_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof *info);
        memcpy(&info->ipi_spec_dst, ipaddr_v4(&route->local.addr), 4);
        return CMSG_SPACE(sizeof *info);
    }
    struct in6_pktinfo *info = (struct in6_pktinfo *)(void *)CMSG_DATA(c);
    c->cmsg_level = IPPROTO_IPV6;
    c->cmsg_type = IPV6_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof *info);
    memcpy(&info->ipi6_addr, route->local.addr.bytes, 16);
    info->ipi6_ifindex = route->local.scope;
    return CMSG_SPACE(sizeof *info);
}

/* Sends all; a message that the kernel refuses is skipped. Returns how many were. */
static size_t send_all(int fd, struct mmsghdr *messages, size_t count)
{
    size_t refused = 0;
    for (size_t done = 0; done < count;) {
        int sent = sendmmsg(fd, messages + done, (unsigned)(count - done), MSG_DONTWAIT);
        if (sent > 0) {
            done += (size_t)sent;
        } else if (errno != EINTR) {
            refused++;
            done++;
        }
    }
    return refused;
}

/* ---- batches ---- */

int udp_batch_new(struct udp_batch **out)
{
    struct udp_batch *b = calloc(1, sizeof *b);
    if (b == NULL)
        return ERR_NOMEM;
    b->requests = aligned_alloc(64, (size_t)UDP_BATCH * SLOT_STRIDE);
    b->answers = aligned_alloc(64, (size_t)UDP_BATCH * SLOT_STRIDE);
    if (b->requests == NULL || b->answers == NULL) {
        udp_batch_free(b);
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < UDP_BATCH; i++) {
        b->in_iov[i] = (struct iovec){.iov_base = b->requests + i * SLOT_STRIDE, .iov_len = UDP_SLOT_BYTES};
        b->in[i].msg_hdr = (struct msghdr){.msg_name = &b->peer[i], .msg_iov = &b->in_iov[i], .msg_iovlen = 1};
        b->out[i].msg_hdr = (struct msghdr){.msg_iov = &b->out_iov[i], .msg_iovlen = 1};
    }
    b->stale = UDP_BATCH;
    *out = b;
    return 0;
}

void udp_batch_free(struct udp_batch *batch)
{
    if (batch == NULL)
        return;
    free(batch->requests);
    free(batch->answers);
    free(batch);
}

/* The kernel overwrites the lengths of the headers that it fills, and of no others. */
static void prepare_headers(struct udp_batch *batch, bool wildcard)
{
    size_t count = batch->wildcard == wildcard ? batch->stale : UDP_BATCH;
    for (size_t i = 0; i < count; i++) {
        struct msghdr *header = &batch->in[i].msg_hdr;
        header->msg_namelen = sizeof batch->peer[i];
        header->msg_control = wildcard ? &batch->control[i] : NULL;
        header->msg_controllen = wildcard ? CONTROL_BYTES : 0;
    }
    batch->wildcard = wildcard;
}

size_t udp_batch_receive(struct udp_batch *batch, const struct udp_socket *socket)
{
    prepare_headers(batch, socket->wildcard);
    int count = recvmmsg(socket->fd, batch->in, UDP_BATCH, MSG_DONTWAIT, NULL);
    batch->in_count = count > 0 ? (size_t)count : 0;
    batch->stale = batch->in_count;
    batch->out_count = 0;
    return batch->in_count;
}

const uint8_t *udp_batch_request(const struct udp_batch *batch, size_t i, size_t *out_len)
{
    assert(i < batch->in_count);
    if (batch->in[i].msg_hdr.msg_flags & MSG_TRUNC)
        return NULL;
    *out_len = batch->in[i].msg_len;
    return batch->in_iov[i].iov_base;
}

void udp_batch_route(const struct udp_batch *batch, const struct udp_socket *socket, size_t i, struct udp_route *out)
{
    out->local = socket->bound;
    out->interface = 0;
    if (endpoint_from_sockaddr(&batch->peer[i].any, &out->client) < 0)
        out->client = (struct endpoint){0};
    if (socket->wildcard)
        take_pktinfo(&batch->in[i].msg_hdr, out);
}

uint8_t *udp_batch_room(const struct udp_batch *batch, size_t i)
{
    return batch->answers + i * SLOT_STRIDE;
}

void udp_batch_answer(struct udp_batch *batch, size_t i, size_t len)
{
    assert(batch->out_count < UDP_BATCH && len <= UDP_SLOT_BYTES);
    size_t at = batch->out_count++;
    const struct msghdr *in = &batch->in[i].msg_hdr;
    struct msghdr *out = &batch->out[at].msg_hdr;
    batch->out_iov[at] = (struct iovec){.iov_base = udp_batch_room(batch, i), .iov_len = len};
    out->msg_name = in->msg_name;
    out->msg_namelen = in->msg_namelen;
    out->msg_control = in->msg_controllen == 0 ? NULL : in->msg_control;
    out->msg_controllen = in->msg_controllen;
}

size_t udp_batch_send(struct udp_batch *batch, const struct udp_socket *socket)
{
    size_t refused = send_all(socket->fd, batch->out, batch->out_count);
    batch->out_count = 0;
    return refused;
}

/* ---- queues ---- */

int udp_queue_new(struct udp_queue **out)
{
    struct udp_queue *q = calloc(1, sizeof *q);
    if (q == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < UDP_BATCH; i++)
        q->out[i].msg_hdr = (struct msghdr){.msg_name = &q->peer[i], .msg_iov = &q->iov[i], .msg_iovlen = 1};
    *out = q;
    return 0;
}

void udp_queue_free(struct udp_queue *queue)
{
    free(queue);
}

bool udp_queue_add(struct udp_queue *queue, const struct udp_socket *socket, const struct udp_route *route,
                   const uint8_t *msg, size_t len)
{
    struct sockaddr_storage client;
    if (queue->count == UDP_BATCH || len > UDP_SLOT_BYTES || queue->bytes_used + len > UDP_QUEUE_BYTES)
        return false;
    size_t at = queue->count++;
    struct msghdr *header = &queue->out[at].msg_hdr;
    uint8_t *to = queue->bytes + queue->bytes_used;
    memcpy(to, msg, len);
    queue->bytes_used += len;
    queue->iov[at] = (struct iovec){.iov_base = to, .iov_len = len};
    header->msg_namelen = endpoint_to_sockaddr(&route->client, &client);
    memcpy(&queue->peer[at], &client, header->msg_namelen);
    header->msg_control = socket->wildcard ? &queue->control[at] : NULL;
    header->msg_controllen = socket->wildcard ? write_pktinfo(route, &queue->control[at]) : 0;
    return true;
}

bool udp_queue_is_empty(const struct udp_queue *queue)
{
    return queue->count == 0;
}

size_t udp_queue_send(struct udp_queue *queue, const struct udp_socket *socket)
{
    size_t refused = send_all(socket->fd, queue->out, queue->count);
    queue->count = 0;
    queue->bytes_used = 0;
    return refused;
}
