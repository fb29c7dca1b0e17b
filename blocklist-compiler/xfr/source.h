/*
 * Where a zone is transferred from, as a recipe writes it:
 *
 *     dns://192.0.2.1/rpz.example
 *     dns://192.0.2.1:5300,[2001:db8::1]:5300,2001:db8::2/rpz.example
 *
 * Primaries are addresses, asked in this order. They have no names, since looking these up would need the very resolver
 * that the list is for.
 *
 * Memory: none. Threads: pure.
 */
#ifndef XFR_SOURCE_H
#define XFR_SOURCE_H

#include <stddef.h>

#include "base/ipaddr.h"
#include "dns/name.h"

#define SOURCE_PRIMARIES_MAX 8
#define SOURCE_SCHEME        "dns://"

struct source {
    struct endpoint primaries[SOURCE_PRIMARIES_MAX];
    size_t primary_count;
    uint8_t zone[NAME_MAX_LEN]; /* wire, lower case; never the root */
};

/* ERR_MALFORMED; ERR_LIMIT for more than SOURCE_PRIMARIES_MAX. */
ERR_CHECKED int source_parse(const char *text, struct source *out);

#endif
