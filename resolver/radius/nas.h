/*
 * Who may send accounting: network access servers (NAS: access points, controllers, switches) and proxies before them, each
 * known by the address it sends from and a secret of its own.
 *
 * Memory:  the table owns copies of all it was given, and wipes the secrets when it goes.
 * Threads: immutable once made.
 */
#ifndef RADIUS_NAS_H
#define RADIUS_NAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "base/secret.h"
#include "belisha/err.h"

#define RADIUS_NAS_COUNT_MAX 4096 /* networks, over all entries */

struct radius_nas_opts {
    const char *name;              /* in status, log and the keys of sessions; short */
    const struct prefix *networks; /* it sends from */
    size_t network_count;
    const char *secret_file;    /* base/secret.h */
    bool message_authenticator; /* every packet must have one */
    int64_t lifetime_s;         /* a session of which nothing is heard for so long is over */
};

struct radius_nas {
    size_t index; /* in the order of the options */
    char *name;
    char *secret;
    bool message_authenticator;
    int64_t lifetime_s;
};

struct radius_nas_table;

/*
 * Reads the secrets. why (SECRET_WHY_MAX bytes) gets a sentence on failure. The errors of
 * secret_read(); ERR_LIMIT, ERR_NOMEM.
 */
ERR_CHECKED int radius_nas_table_new(const struct radius_nas_opts opts[], size_t count, struct radius_nas_table **out,
                                     char why[SECRET_WHY_MAX]);
void radius_nas_table_free(struct radius_nas_table *table);

/* That of the longest network with the address in it; NULL: a stranger. */
const struct radius_nas *radius_nas_find(const struct radius_nas_table *table, const struct ipaddr *from);

size_t radius_nas_count(const struct radius_nas_table *table);
const struct radius_nas *radius_nas_at(const struct radius_nas_table *table, size_t index);

#endif
