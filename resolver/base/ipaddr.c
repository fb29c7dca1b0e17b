#include "base/ipaddr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool ipaddr_is_v4(const struct ipaddr *a)
{
    return memcmp(a->bytes, mapped, sizeof mapped) == 0;
}

bool ipaddr_equal(const struct ipaddr *a, const struct ipaddr *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool ipaddr_is_link_local(const struct ipaddr *a)
{
    return a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

struct ipaddr ipaddr_from_v4(const uint8_t v4[4])
{
    struct ipaddr a;
    memcpy(a.bytes, mapped, sizeof mapped);
    memcpy(a.bytes + 12, v4, 4);
    return a;
}

struct ipaddr ipaddr_from_v6(const uint8_t v6[16])
{
    struct ipaddr a;
    memcpy(a.bytes, v6, 16);
    return a;
}

const uint8_t *ipaddr_v4(const struct ipaddr *a)
{
    return a->bytes + 12;
}

int ipaddr_from_text(const char *text, struct ipaddr *out)
{
    uint8_t v4[4];
    uint8_t v6[16];
    if (inet_pton(AF_INET, text, v4) == 1) {
        *out = ipaddr_from_v4(v4);
        return 0;
    }
    if (inet_pton(AF_INET6, text, v6) == 1) {
        *out = ipaddr_from_v6(v6);
        return 0;
    }
    return ERR_MALFORMED;
}

char *ipaddr_to_text(const struct ipaddr *a, char out[IPADDR_TEXT_MAX])
{
    if (ipaddr_is_v4(a))
        inet_ntop(AF_INET, a->bytes + 12, out, IPADDR_TEXT_MAX);
    else
        inet_ntop(AF_INET6, a->bytes, out, IPADDR_TEXT_MAX);
    return out;
}

static int port_from_text(const char *text, uint16_t *out)
{
    char *end;
    if (*text < '0' || *text > '9')
        return ERR_MALFORMED;
    unsigned long port = strtoul(text, &end, 10);
    if (*end != '\0' || port == 0 || port > UINT16_MAX)
        return ERR_MALFORMED;
    *out = (uint16_t)port;
    return 0;
}

/* Takes "%eth0" or "%2" off the end of host. */
static int scope_cut(char *host, uint32_t *out)
{
    char *end;
    char *percent = strchr(host, '%');
    *out = 0;
    if (percent == NULL)
        return 0;
    *percent = '\0';
    *out = if_nametoindex(percent + 1);
    if (*out != 0)
        return 0;
    unsigned long index = strtoul(percent + 1, &end, 10);
    *out = (uint32_t)index;
    return percent[1] < '0' || percent[1] > '9' || *end != '\0' || index == 0 || index > INT32_MAX ? ERR_MALFORMED : 0;
}

/* Splits text in place into host and port text; *port_text is NULL where there is none. */
static int host_split(char *text, char **host, char **port_text)
{
    *port_text = NULL;
    *host = text;
    if (*text == '[') {
        char *close = strchr(text, ']');
        if (close == NULL)
            return ERR_MALFORMED;
        *close = '\0';
        *host = text + 1;
        if (close[1] != '\0' && close[1] != ':' && close[1] != '@')
            return ERR_MALFORMED;
        if (close[1] != '\0')
            *port_text = close + 2;
        return 0;
    }
    char *at = strchr(text, '@');
    char *colon = strchr(text, ':');
    if (at == NULL && colon != NULL && strchr(colon + 1, ':') == NULL)
        at = colon; /* a single colon is a port, several are IPv6 */
    if (at != NULL) {
        *at = '\0';
        *port_text = at + 1;
    }
    return 0;
}

int endpoint_from_text(const char *text, uint16_t default_port, struct endpoint *out)
{
    char copy[ENDPOINT_TEXT_MAX + IF_NAMESIZE];
    struct endpoint e = {.port = default_port};
    char *host;
    char *port_text;
    if (strlen(text) >= sizeof copy)
        return ERR_MALFORMED;
    strcpy(copy, text);
    if (host_split(copy, &host, &port_text) < 0)
        return ERR_MALFORMED;
    if (port_text != NULL && port_from_text(port_text, &e.port) < 0)
        return ERR_MALFORMED;
    if (scope_cut(host, &e.scope) < 0 || ipaddr_from_text(host, &e.addr) < 0)
        return ERR_MALFORMED;
    if (ipaddr_is_link_local(&e.addr) != (e.scope != 0))
        return ERR_MALFORMED;
    *out = e;
    return 0;
}

char *endpoint_to_text(const struct endpoint *e, char out[ENDPOINT_TEXT_MAX])
{
    char addr[IPADDR_TEXT_MAX];
    ipaddr_to_text(&e->addr, addr);
    if (ipaddr_is_v4(&e->addr))
        snprintf(out, ENDPOINT_TEXT_MAX, "%s:%u", addr, e->port);
    else if (e->scope != 0)
        snprintf(out, ENDPOINT_TEXT_MAX, "[%s%%%u]:%u", addr, e->scope, e->port);
    else
        snprintf(out, ENDPOINT_TEXT_MAX, "[%s]:%u", addr, e->port);
    return out;
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && a->scope == b->scope && ipaddr_equal(&a->addr, &b->addr);
}

socklen_t endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *out)
{
    if (ipaddr_is_v4(&e->addr)) {
        struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(e->port)};
        memcpy(&sin.sin_addr, ipaddr_v4(&e->addr), 4);
        memcpy(out, &sin, sizeof sin);
        return sizeof sin;
    }
    struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_port = htons(e->port), .sin6_scope_id = e->scope};
    memcpy(&sin6.sin6_addr, e->addr.bytes, 16);
    memcpy(out, &sin6, sizeof sin6);
    return sizeof sin6;
}

int endpoint_from_sockaddr(const struct sockaddr *sa, struct endpoint *out)
{
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in sin;
        memcpy(&sin, sa, sizeof sin);
        out->addr = ipaddr_from_v4((const uint8_t *)&sin.sin_addr);
        out->port = ntohs(sin.sin_port);
        out->scope = 0;
        return 0;
    }
    if (sa->sa_family == AF_INET6) {
        struct sockaddr_in6 sin6;
        memcpy(&sin6, sa, sizeof sin6);
        out->addr = ipaddr_from_v6((const uint8_t *)&sin6.sin6_addr);
        out->port = ntohs(sin6.sin6_port);
        out->scope = sin6.sin6_scope_id;
        return 0;
    }
    return ERR_UNSUPPORTED;
}

int prefix_from_text(const char *text, struct prefix *out)
{
    char copy[IPADDR_TEXT_MAX + 4];
    struct prefix p;
    unsigned long bits = 128;
    if (strlen(text) >= sizeof copy)
        return ERR_MALFORMED;
    strcpy(copy, text);
    char *slash = strchr(copy, '/');
    if (slash != NULL)
        *slash = '\0';
    if (ipaddr_from_text(copy, &p.addr) < 0)
        return ERR_MALFORMED;
    if (slash != NULL) {
        char *end;
        unsigned long base = ipaddr_is_v4(&p.addr) && strchr(copy, ':') == NULL ? 96 : 0;
        if (slash[1] < '0' || slash[1] > '9')
            return ERR_MALFORMED;
        bits = strtoul(slash + 1, &end, 10);
        if (*end != '\0' || bits > 128 - base)
            return ERR_MALFORMED;
        bits += base;
    }
    p.bits = (uint8_t)bits;
    for (unsigned bit = p.bits; bit < 128; bit++)
        if (p.addr.bytes[bit / 8] & (0x80u >> bit % 8))
            return ERR_MALFORMED;
    *out = p;
    return 0;
}

bool prefix_contains(const struct prefix *p, const struct ipaddr *a)
{
    unsigned whole = p->bits / 8;
    unsigned rest = p->bits % 8;
    if (memcmp(p->addr.bytes, a->bytes, whole) != 0)
        return false;
    if (rest == 0)
        return true;
    uint8_t mask = (uint8_t)(0xff00u >> rest);
    return (a->bytes[whole] & mask) == p->addr.bytes[whole];
}
