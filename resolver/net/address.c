#include "net/address.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

bool address_is_wildcard(const struct ipaddr *address)
{
    static const uint8_t zero[16];
    return memcmp(address->bytes, zero, 16) == 0 || (ipaddr_is_v4(address) && memcmp(ipaddr_v4(address), zero, 4) == 0);
}

static int bind_plainly(int fd, const struct endpoint *at)
{
    struct sockaddr_storage address;
    socklen_t len = endpoint_to_sockaddr(at, &address);
    return bind(fd, (struct sockaddr *)&address, len) < 0 ? -errno : 0;
}

int address_bind(int fd, const struct endpoint *at)
{
    int on = 1;
    int failed = ipaddr_is_v4(&at->addr) ? setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof on)
                                         : setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof on);
    return failed < 0 ? -errno : bind_plainly(fd, at);
}

bool address_is_here(const struct endpoint *at)
{
    struct endpoint any_port = *at;
    any_port.port = 0;
    int fd = socket(ipaddr_is_v4(&at->addr) ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return true;
    int err = bind_plainly(fd, &any_port);
    close(fd);
    return err != -EADDRNOTAVAIL;
}
