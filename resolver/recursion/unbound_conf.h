/*
 * The configuration of our unbound (unbound.conf(5)).
 *
 * It has two parts: where it listens, which is drawn anew for each start, and the rest, which changes only with
 * belisha.yaml: two equal texts are one configuration. Only options of unbound 1.17 (Debian 12) are used.
 *
 * Errors:  those of text. Threads: pure.
 */
#ifndef RECURSION_UNBOUND_CONF_H
#define RECURSION_UNBOUND_CONF_H

#include "base/text.h"
#include "recursion/recursion.h"

/* What unbound keeps of the root's keys (RFC 5011), in opts->dir. */
#define UNBOUND_CONF_ANCHOR "trust-anchor.key"

/* Whether a path can stand in the file: quotes and control bytes have no escape there. */
bool unbound_conf_takes(const char *path);

/* Paths in opts are such that unbound_conf_takes() them. */
void unbound_conf_write(const struct recursion_opts *opts, struct text *out);

/* at: of loopback. */
void unbound_conf_write_listen(const struct endpoint *at, struct text *out);

#endif
