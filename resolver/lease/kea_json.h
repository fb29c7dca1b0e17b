/*
 * Kea's control socket: the commands lease4-get-page and lease6-get-page of its lease_cmds hook, and what comes back.
 *
 *     {"command": "lease4-get-page", "arguments": {"from": "start", "limit": 1000}}
 *     {"result": 0, "text": "...", "arguments": {"leases": [{"ip-address": "10.20.0.10", "hw-address": "22:e8:...",
 *      "hostname": "laptop-7", "cltt": 1795914235, "valid-lft": 3600, "state": 0, ...}], "count": 1}}
 *
 * Each command has a connection of its own, which Kea closes behind its answer. Result 3 says that there are no (more)
 * leases, 2 that the hook is not loaded.
 *
 * Memory: what json_loads of libjansson needs, freed before the return. Threads: pure.
 */
#ifndef LEASE_KEA_JSON_H
#define LEASE_KEA_JSON_H

#include "belisha/err.h"
#include "lease/lease.h"

#define KEA_PAGE_LEASES 1000
#define KEA_COMMAND_MAX 160
#define KEA_ANSWER_MAX  ((size_t)4 << 20) /* bytes: a lease has a few hundred, and may have a user context */

/* Writes the command for the page behind an address, NULL for the first; returns its length. */
size_t kea_page_command(int family, const struct ipaddr *after, char out[KEA_COMMAND_MAX]);

struct kea_page {
    size_t count;   /* leases of any kind in it; 0: there are no more */
    size_t refused; /* ... which could not be read */
    struct ipaddr last;
    char text[200]; /* what Kea says of itself when it refuses */
};

/*
 * ERR_MALFORMED: no such answer; ERR_UNSUPPORTED: Kea does not know the command; ERR_INVAL: it refuses, text says why.
 * *out is then not filled but for text.
 */
ERR_CHECKED int kea_page_read(const char *bytes, size_t len, lease_sink sink, void *ctx, struct kea_page *out);

#endif
