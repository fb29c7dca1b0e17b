/* Reads dnstap messages back: a second opinion on the product's own writing, from the format's description alone. */
#ifndef TESTS_DNSTAP_DECODE_H
#define TESTS_DNSTAP_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct piece {
    const uint8_t *at; /* NULL: it is not there */
    size_t len;
};

struct told_policy {
    bool there;
    struct piece type, rule, value;
    uint64_t action, match;
};

/* Numbers are 0 where the field is not there. */
struct told {
    struct piece identity, version;
    uint64_t kind;
    uint64_t type, family, protocol;
    struct piece query_address, response_address;
    uint64_t query_port, response_port;
    uint64_t query_s, query_ns, response_s, response_ns;
    struct piece query, response, zone;
    struct told_policy policy;
    uint64_t http;
};

/* false: it is not well-formed, or has a field that the format does not know. */
bool told_read(const uint8_t *bytes, size_t len, struct told *out);

#endif
