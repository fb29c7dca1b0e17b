/*
 * Brings dnstap messages to a reader that listens on a Unix socket (fstrm_capture and its like), as Frame Streams.
 *
 *     worker ── tap_put() ──▶ queue of its own ──▶ thread of this output ──▶ socket
 *
 * The thread connects, and connects again every second while there is no reader; messages are thrown away meanwhile. A
 * reader that is too slow lets the queues run full, which costs messages, never a worker's time.
 *
 * Threads: made and freed by the manager, when no worker runs. Each tap belongs to one worker.
 */
#ifndef NET_TAP_OUTPUT_H
#define NET_TAP_OUTPUT_H

#include <stddef.h>

#include "belisha/err.h"
#include "dnstap/tap.h"

struct tap_output;

/* path: of the socket; copied. ERR_NOMEM, ERR_LIMIT: the path is too long for a socket. */
ERR_CHECKED int tap_output_new(const char *path, const struct tap_opts *opts, size_t tap_count,
                               struct tap_output **out);
/* Ends within some seconds, also when the reader does not read. NULL is nothing. */
void tap_output_free(struct tap_output *output);

/* One for each worker. NULL output: NULL. */
struct tap *tap_output_tap(const struct tap_output *output, size_t index);

#endif
