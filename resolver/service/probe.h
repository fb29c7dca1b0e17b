/*
 * Whether a DNS server of this machine answers: one small question at a time, about the server itself, so that it asks
 * nobody else.
 *
 * Threads: one. Sockets never wait.
 */
#ifndef SERVICE_PROBE_H
#define SERVICE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "belisha/err.h"

struct probe {
    int fd;
    uint16_t id; /* of the question that is out */
};

/* Negative errno. */
ERR_CHECKED int probe_open(struct probe *probe, const struct endpoint *at);
void probe_close(struct probe *probe);

/* Sends a question; its answer is looked for at the next probe_answered(). */
void probe_ask(struct probe *probe);
bool probe_answered(struct probe *probe);

/*
 * A port of this address that nobody has, over UDP and TCP. It is not held: somebody else may take it meanwhile.
 * Negative errno.
 */
ERR_CHECKED int probe_free_port(const struct ipaddr *addr, uint16_t *out);

/* A UDP socket of this address on which nobody answers and nobody is refused. Returns the file, or negative errno. */
ERR_CHECKED int probe_silent_port(const struct ipaddr *addr, uint16_t *out);

#endif
