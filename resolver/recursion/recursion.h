/*
 * Full recursion: an unbound of our own, which belishad writes the configuration of, starts, watches and ends.
 *
 *     clients ──▶ belishad (policy, cache, log) ──▶ 127.0.0.1:port unbound (recursion, DNSSEC) ──▶ the root and its zones
 *
 * Here is what needs no process to be known: its configuration (unbound_conf.h), what it says (unbound_line.h) and how
 * often it is started anew (backoff.h). service/recursor.h runs it. docs/decisions has why it is a process of its own.
 *
 * Threads: pure data.
 */
#ifndef RECURSION_RECURSION_H
#define RECURSION_RECURSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/ipaddr.h"

/* The owner of a struct recursion_opts is also the one of all that it points to. */
struct recursion_opts {
    bool used;                      /* a list of upstream servers names it */
    const char *program;            /* path of unbound; unbound-checkconf lies beside it */
    const char *dir;                /* its folder: configuration and trust anchor */
    const char *root_hints;         /* file; NULL: those built into the program */
    const char *trust_anchor;       /* file of the root's keys to begin with; used with validate */
    bool validate;                  /* DNSSEC */
    const uint8_t *const *insecure; /* zones whose signatures are not looked at, wire, lower case */
    size_t insecure_count;
    const struct ipaddr *outgoing; /* addresses it asks from; none: the system's choice */
    size_t outgoing_count;
    bool ipv4, ipv6;       /* families it asks over; at least one */
    uint64_t memory_bytes; /* for what it learns */
    unsigned threads;      /* 1.. */
    unsigned streams;      /* TCP connections that belishad may open to it, 1.. */
};

enum recursion_state {
    RECURSION_UNUSED,
    RECURSION_STARTING, /* questions wait */
    RECURSION_RUNNING,
    RECURSION_DOWN, /* it could not be started, or ends again and again: questions fail at once */
};

struct recursion_status {
    enum recursion_state state;
    pid_t pid;         /* 0: none runs */
    uint16_t port;     /* of loopback; 0: none answers */
    uint64_t restarts; /* since belishad was started, those for a new configuration left out */
};

/* "unused", "starting", "running", "down". */
const char *recursion_state_text(enum recursion_state state);

#endif
