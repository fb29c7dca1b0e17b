/*
 * What one unbound of ours is started with, and its folder:
 *
 *     recursion/unbound.conf          of the last start
 *               trust-anchor.key      the root's keys as unbound follows them (RFC 5011)
 *               trust-anchor.seed     what they began with; when recursion.trust_anchor says something else, they begin anew
 *
 * Threads: one.
 */
#ifndef SERVICE_UNBOUND_SETUP_H
#define SERVICE_UNBOUND_SETUP_H

#include <stdbool.h>

#include "base/ipaddr.h"
#include "base/text.h"
#include "belisha/err.h"
#include "recursion/recursion.h"

struct unbound_setup {
    char *program;
    char *dir;
    char *trust_anchor;     /* NULL: nothing is validated */
    struct ipaddr loopback; /* where it can listen */
    struct text body;       /* of its configuration, without where it listens */
    char *conf;             /* path of the file */
};

/* Copies what it needs. ERR_NOMEM. */
ERR_CHECKED int unbound_setup_new(const struct recursion_opts *opts, struct unbound_setup **out);
void unbound_setup_free(struct unbound_setup *setup);

bool unbound_setup_equal(const struct unbound_setup *a, const struct unbound_setup *b);

/* Makes the folder and its files. Negative: why gets the reason, one line. */
ERR_CHECKED int unbound_setup_write(const struct unbound_setup *setup, const struct endpoint *at, struct text *why);

/*
 * Whether it could be started: the program is there, and unbound-checkconf agrees with the configuration. Writes only to
 * a folder of its own, below /tmp. ERR_CONFIG: why gets the reason, whole lines. ERR_NOMEM.
 */
ERR_CHECKED int unbound_setup_check(const struct recursion_opts *opts, struct text *why);

#endif
