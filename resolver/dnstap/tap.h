/*
 * What one worker tells by dnstap: messages are encoded into a ring of the worker's own and handed to whoever brings them
 * to a reader (net/tap_output). When the reader is slow, the ring or the way there is full and the message is lost:
 * nobody waits.
 *
 * Memory:  the ring is allocated once.
 * Threads: the worker's; tap_give_back() may be called by another one.
 */
#ifndef DNSTAP_TAP_H
#define DNSTAP_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "dnstap/event.h"

#define TAP_RING_BYTES (4u << 20) /* of each worker: some 15,000 messages */

struct tap;

struct tap_opts {
    const char *identity; /* text, may be empty */
    const char *version;
    unsigned types; /* bit: enum dnstap_type */
};

/* Takes the frame over, which ends in tap_give_back(). false: it does not; the frame is not touched any more. */
typedef bool (*tap_submit)(void *ctx, uint8_t *frame, size_t len);

/* ERR_NOMEM. */
ERR_CHECKED int tap_new(const struct tap_opts *opts, size_t ring_bytes, tap_submit submit, void *ctx, struct tap **out);
/* All frames must have been given back. NULL is nothing. */
void tap_free(struct tap *tap);

bool tap_wants(const struct tap *tap, enum dnstap_type type);
/* false: the message is lost. */
bool tap_put(struct tap *tap, const struct dnstap_event *event);

void tap_give_back(uint8_t *frame);

#endif
