/*
 * IP addresses, endpoints and prefixes.
 *
 * An address is always 16 bytes in network order; an IPv4 address is stored IPv4-mapped (::ffff:a.b.c.d, RFC 4291
 * 2.5.5.2), so tables and the query log have one form. Texts print IPv4 as a.b.c.d and IPv6 as RFC 5952 does.
 *
 * Memory: allocates nothing. Threads: pure; any thread.
 */
#ifndef BASE_IPADDR_H
#define BASE_IPADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "belisha/err.h"

struct ipaddr {
    uint8_t bytes[16];
};

struct endpoint {
    struct ipaddr addr;
    uint16_t port;  /* host order */
    uint32_t scope; /* interface index of a link-local IPv6 address, else 0 */
};

struct prefix {
    struct ipaddr addr; /* bits behind `bits` are zero */
    uint8_t bits;       /* of the 128-bit form: an IPv4 /24 is 120 */
};

#define IPADDR_TEXT_MAX   46 /* with the closing zero */
#define ENDPOINT_TEXT_MAX 70 /* "[addr%scope]:port" with the closing zero */

bool ipaddr_is_v4(const struct ipaddr *a);
/* fe80::/10: means nothing without an interface. */
bool ipaddr_is_link_local(const struct ipaddr *a);
bool ipaddr_equal(const struct ipaddr *a, const struct ipaddr *b);
struct ipaddr ipaddr_from_v4(const uint8_t v4[4]);
struct ipaddr ipaddr_from_v6(const uint8_t v6[16]);
/* The four bytes of an IPv4 address; call only when ipaddr_is_v4(). */
const uint8_t *ipaddr_v4(const struct ipaddr *a);

/* "192.0.2.1", "2001:db8::1". ERR_MALFORMED otherwise (names, ports, scopes and spaces are refused). */
ERR_CHECKED int ipaddr_from_text(const char *text, struct ipaddr *out);
/* Returns out. */
char *ipaddr_to_text(const struct ipaddr *a, char out[IPADDR_TEXT_MAX]);

/*
 * "addr", "addr:port", "addr@port" (as unbound writes it), "[v6]:port", "v6@port", "fe80::1%eth0@53".
 * default_port applies where none is given. ERR_MALFORMED, also for a link-local IPv6 address without an interface that is
 * there, and for an interface with any other address.
 */
ERR_CHECKED int endpoint_from_text(const char *text, uint16_t default_port, struct endpoint *out);
char *endpoint_to_text(const struct endpoint *e, char out[ENDPOINT_TEXT_MAX]);
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);

/* Returns the length to give to bind/connect/sendto. An IPv4 endpoint becomes a sockaddr_in. */
socklen_t endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *out);
/* ERR_UNSUPPORTED for other families than AF_INET and AF_INET6. */
ERR_CHECKED int endpoint_from_sockaddr(const struct sockaddr *sa, struct endpoint *out);

/* "10.0.0.0/8", "2001:db8::/32", a bare address = a host prefix. ERR_MALFORMED also when host bits are set. */
ERR_CHECKED int prefix_from_text(const char *text, struct prefix *out);
bool prefix_contains(const struct prefix *p, const struct ipaddr *a);

#endif
