#include "dnstap/tap.h"

#include <stdlib.h>

#include "dnstap/ring.h"

struct tap {
    struct ring ring;
    tap_submit submit;
    void *ctx;
    unsigned types;
    size_t head_len;
    uint8_t head[DNSTAP_HEAD_MAX];
};

int tap_new(const struct tap_opts *opts, size_t ring_bytes, tap_submit submit, void *ctx, struct tap **out)
{
    struct tap *tap = calloc(1, sizeof *tap);
    if (tap == NULL || ring_init(&tap->ring, ring_bytes) < 0) {
        free(tap);
        return ERR_NOMEM;
    }
    tap->submit = submit;
    tap->ctx = ctx;
    tap->types = opts->types;
    tap->head_len = dnstap_head_write(opts->identity, opts->version, tap->head);
    *out = tap;
    return 0;
}

void tap_free(struct tap *tap)
{
    if (tap == NULL)
        return;
    ring_done(&tap->ring);
    free(tap);
}

bool tap_wants(const struct tap *tap, enum dnstap_type type)
{
    return tap->types >> type & 1;
}

bool tap_put(struct tap *tap, const struct dnstap_event *event)
{
    size_t len = dnstap_event_size(event, tap->head_len);
    uint8_t *frame = ring_take(&tap->ring, len);
    if (frame == NULL)
        return false;
    dnstap_event_write(event, tap->head, tap->head_len, frame);
    if (tap->submit(tap->ctx, frame, len))
        return true;
    ring_give_back(frame);
    return false;
}

void tap_give_back(uint8_t *frame)
{
    ring_give_back(frame);
}
