/*
 * Stands in for the engine (resolver/query) in tests of the network side: answers what its requests say.
 *
 * The byte behind a request's header chooses:
 *     'A'  answered at once with the request's own bytes, QR set
 *     'B'  answered at once with as many bytes as the next two say (big endian), the first 12 those of the request
 *     'P'  pending until double_answer_pending()
 *     'F'  pending, and answered through engine_double.answer before query_batch() returns
 *     'D'  dropped
 *
 * Everything is one global: a test program has one engine.
 */
#ifndef ENGINE_DOUBLE_H
#define ENGINE_DOUBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "query/query.h"

#define DOUBLE_PENDING_MAX 512
#define DOUBLE_EVENTS_MAX  512
#define DOUBLE_MSG_BYTES   2048

struct double_pending {
    struct query_source source;
    uint8_t msg[DOUBLE_MSG_BYTES];
    size_t len;
};

/* What came from the upstream side. */
struct double_event {
    bool failed; /* query_slot_failed; else query_reply */
    uint32_t slot;
    uint16_t server;
    uint8_t msg[DOUBLE_MSG_BYTES]; /* the first of them */
    size_t len;
};

typedef void (*double_answer_fn)(const struct query_source *to, const uint8_t *msg, size_t len);

struct engine_double {
    double_answer_fn answer; /* for 'F' */
    size_t requests;
    struct query_source last;
    size_t pending_count;
    struct double_pending pending[DOUBLE_PENDING_MAX];
    size_t event_count;
    struct double_event events[DOUBLE_EVENTS_MAX];
};

extern struct engine_double engine_double;

/* What front ends take as the engine. */
extern struct query_engine *engine_double_handle;

void double_reset(void);

/* 12 header bytes with this id, then text. Returns the length. */
size_t double_request(uint16_t id, const char *text, uint8_t out[DOUBLE_MSG_BYTES]);

/* Gives each pending request back to answer(), the last first. */
void double_answer_pending(void (*answer)(const struct query_source *to, const uint8_t *msg, size_t len));

#endif
