/*
 * DNS messages out of a byte stream: two bytes of length, then the message (RFC 1035, 4.2.2; RFC 7766, 8).
 *
 *     stream_feed(bytes)        lends the bytes that just arrived
 *     stream_next() == 1        one message, until
 *     stream_next() == 0        nothing whole is left; the beginning of a message has been kept
 *
 * A message that lies whole in the lent bytes is given out where it is, without a copy. One who stops before the 0 calls
 * stream_hold(), which copies the rest, so that the lent bytes may go.
 *
 * Memory:  nothing while no message is half-read; at most MSG_MAX_LEN + 2 bytes for one, and what stream_hold() keeps.
 * Threads: one. Knows no socket.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define STREAM_PREFIX_LEN 2

/* Begins as {0}. */
struct stream {
    const uint8_t *input; /* lent or held, not yet read */
    size_t input_len;
    uint8_t *held; /* owns input after stream_hold() */
    uint8_t *part; /* prefix and beginning of one message */
    size_t part_len;
    size_t part_cap;
    bool part_given; /* the message in part was given out: it goes with the next call */
};

void stream_done(struct stream *stream);

/* Only when stream_next() has returned 0 since the last call. The bytes stay the caller's. */
void stream_feed(struct stream *stream, const uint8_t *bytes, size_t len);

/* 1: *out and *out_len (0..65,535) are a message, valid until the next call; 0: no more; ERR_NOMEM. */
ERR_CHECKED int stream_next(struct stream *stream, const uint8_t **out, size_t *out_len);

/* Copies what is lent and not yet read. ERR_NOMEM. */
ERR_CHECKED int stream_hold(struct stream *stream);

/* Whether a message has begun and not ended. */
bool stream_is_partial(const struct stream *stream);

/* Writes the length that stands before a message of len bytes. */
void stream_prefix(uint16_t len, uint8_t out[STREAM_PREFIX_LEN]);

#endif
