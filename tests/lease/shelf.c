#include "lease/shelf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t shelf_read(struct shelf *shelf, struct reading *r, enum reading_format format, const char *text, size_t len,
                  size_t piece)
{
    size_t from = 0, to = 0;
    reading_begin(r, format);
    while (to < len) {
        to = len - to < piece ? len : to + piece;
        /* in memory of its own, so that a byte read too far is noticed */
        char *bytes = malloc(to - from + 1);
        memcpy(bytes, text + from, to - from);
        char *exact = realloc(bytes, to - from > 0 ? to - from : 1);
        from += reading_take(r, exact, to - from, shelf_put, shelf);
        free(exact);
    }
    return len - from;
}

const char *shelf_line(const struct lease *lease)
{
    static char line[200];
    char address[IPADDR_TEXT_MAX], mac[18] = "-";
    const uint8_t *m = lease->mac;
    ipaddr_to_text(&lease->address, address);
    if (lease->has_mac)
        snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
    if (lease->active)
        snprintf(line, sizeof line, "%s %s %s %" PRId64 "..%" PRId64, address, mac,
                 lease->host[0] == '\0' ? "-" : lease->host, lease->renewed_s, lease->until_s);
    else
        snprintf(line, sizeof line, "%s free", address);
    return line;
}
