#include "service/probe.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/random.h"

#define HEADER_LEN 12

/* "id.server. CH TXT" (RFC 4892): nearly every server refuses it, which is an answer too. */
static const uint8_t question[] = {0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 'i',
                                   'd',  0x06, 's',  'e',  'r',  'v',  'e',  'r',  0x00, 0x00, 0x10, 0x00, 0x03};

/* ---- sockets ---- */

static int open_bound(const struct endpoint *at, int type)
{
    struct sockaddr_storage address;
    socklen_t len = endpoint_to_sockaddr(at, &address);
    int fd = socket(address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (bind(fd, (struct sockaddr *)&address, len) < 0) {
        int err = -errno;
        close(fd);
        return err;
    }
    return fd;
}

static int port_of(int fd, uint16_t *out)
{
    struct sockaddr_storage address;
    struct endpoint at;
    socklen_t len = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        return -errno;
    int err = endpoint_from_sockaddr((struct sockaddr *)&address, &at);
    if (err == 0)
        *out = at.port;
    return err;
}

int probe_silent_port(const struct ipaddr *addr, uint16_t *out)
{
    struct endpoint at = {.addr = *addr};
    int room = 1; /* the least there is: nobody reads what comes */
    int fd = open_bound(&at, SOCK_DGRAM);
    if (fd < 0)
        return fd;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    int err = port_of(fd, out);
    if (err < 0) {
        close(fd);
        return err;
    }
    return fd;
}

int probe_free_port(const struct ipaddr *addr, uint16_t *out)
{
    int err = -EADDRINUSE;
    for (int i = 0; err == -EADDRINUSE && i < 16; i++) {
        struct endpoint at = {.addr = *addr};
        int udp = probe_silent_port(addr, &at.port);
        if (udp < 0)
            return udp;
        int tcp = open_bound(&at, SOCK_STREAM);
        err = tcp < 0 ? tcp : 0;
        if (tcp >= 0)
            close(tcp);
        close(udp);
        if (err == 0)
            *out = at.port;
    }
    return err;
}

/* ---- asking ---- */

int probe_open(struct probe *probe, const struct endpoint *at)
{
    struct sockaddr_storage address;
    socklen_t len = endpoint_to_sockaddr(at, &address);
    int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (struct sockaddr *)&address, len) < 0) {
        int err = -errno;
        close(fd);
        return err;
    }
    *probe = (struct probe){.fd = fd};
    return 0;
}

void probe_close(struct probe *probe)
{
    close(probe->fd);
    probe->fd = -1;
}

void probe_ask(struct probe *probe)
{
    uint8_t msg[sizeof question];
    struct random_pool random = {0};
    random_bytes(&random, &probe->id, sizeof probe->id);
    memcpy(msg, question, sizeof msg);
    memcpy(msg, &probe->id, sizeof probe->id);
    (void)!send(probe->fd, msg, sizeof msg, MSG_NOSIGNAL); /* a closed port shows as no answer */
}

bool probe_answered(struct probe *probe)
{
    uint8_t msg[512];
    bool answered = false;
    ssize_t len;
    do {
        len = recv(probe->fd, msg, sizeof msg, 0);
        if (len >= HEADER_LEN && memcmp(msg, &probe->id, sizeof probe->id) == 0 && (msg[2] & 0x80) != 0)
            answered = true;
    } while (len >= 0 || errno == EINTR);
    return answered;
}
