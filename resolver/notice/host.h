/* The Host header of a request (RFC 9110, 7.2): which name a browser came for. Threads: pure; any thread. */
#ifndef NOTICE_HOST_H
#define NOTICE_HOST_H

#include <stdbool.h>

#include "belisha/err.h"
#include "dns/name.h"

struct host {
    bool is_address;            /* an IP address: no name was looked up */
    uint8_t name[NAME_MAX_LEN]; /* wire, lower case; of an address: the root */
    char text[NAME_TEXT_MAX];   /* as the page shows it, without port */
};

/* "name", "name.", "name:port", "192.0.2.1:80", "[2001:db8::1]:80". header may be NULL. ERR_MALFORMED. */
ERR_CHECKED int host_parse(const char *header, struct host *out);

#endif
