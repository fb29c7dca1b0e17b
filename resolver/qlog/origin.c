#include "qlog/origin.h"

#include <string.h>

#define COUNTS_LEN (2 * sizeof(uint32_t)) /* of a block */

void origins_begin(struct origins *o, const struct segment *segment)
{
    *o = (struct origins){0};
    o->damaged = !segment_section(segment, SEGMENT_ORIGINS, &o->bytes, &o->len) || o->len == 0;
}

void origins_of_bytes(struct origins *o, const uint8_t *bytes, size_t len)
{
    *o = (struct origins){.bytes = bytes, .len = len, .damaged = len == 0};
}

void origin_block(const struct origin *origin, uint32_t i, uint32_t *out_rows, uint32_t *out_gaps)
{
    const uint8_t *at = origin->counts + i * COUNTS_LEN;
    memcpy(out_rows, at, sizeof *out_rows);
    memcpy(out_gaps, at + sizeof *out_rows, sizeof *out_gaps);
}

static bool origin_parse(const struct origins *o, struct origin *out)
{
    size_t room = o->len - o->pos;
    const uint8_t *at = o->bytes + o->pos;
    if (room < sizeof out->head)
        return false;
    memcpy(&out->head, at, sizeof out->head);
    room -= sizeof out->head;
    const struct segment_origin *h = &out->head;
    if (h->stem_len < sizeof out->footer || h->stem_len % 8 != 0 || h->stem_len > room ||
        h->block_count > (room - h->stem_len) / COUNTS_LEN)
        return false;
    out->stem = at + sizeof out->head;
    out->counts = out->stem + h->stem_len;
    memcpy(&out->footer, out->stem, sizeof out->footer);
    return out->footer.block_count == h->block_count;
}

bool origins_next(struct origins *o, struct origin *out)
{
    if (o->damaged || o->pos == o->len)
        return false;
    if (!origin_parse(o, out)) {
        o->damaged = true;
        return false;
    }
    out->rows = out->gaps = 0;
    for (uint32_t i = 0; i < out->head.block_count; i++) {
        uint32_t rows;
        uint32_t gaps;
        origin_block(out, i, &rows, &gaps);
        out->rows += rows;
        out->gaps += gaps;
        o->damaged |= rows > BLOCK_ROWS_MAX || gaps > BLOCK_ROWS_MAX;
    }
    o->pos += sizeof out->head + out->head.stem_len + out->head.block_count * COUNTS_LEN;
    return !o->damaged;
}

void origin_write(const struct segment *s, const uint8_t *rows, const uint8_t *who, struct text *out)
{
    const uint32_t block_count = s->footer.block_count;
    struct segment_origin head = {.sequence = s->header.sequence,
                                  .version = s->header.version,
                                  .flags = s->trailer.flags,
                                  .stem_len = (uint32_t)segment_stem_len(s),
                                  .block_count = block_count};
    const uint8_t *last = block_count == 0 ? s->header.prev : s->blocks[block_count - 1].hash;
    memcpy(head.key_id, s->trailer.key_id, sizeof head.key_id);
    memcpy(head.signature, s->trailer.signature, sizeof head.signature);
    memcpy(head.prev, s->header.prev, sizeof head.prev);
    memcpy(head.last, last, sizeof head.last);
    memcpy(head.chain, s->trailer.chain, sizeof head.chain);
    memcpy(head.rows, rows, sizeof head.rows);
    memcpy(head.who, who, sizeof head.who);
    text_add(out, (const char *)&head, sizeof head);
    text_add(out, (const char *)s->footer_bytes, head.stem_len);
    for (uint32_t i = 0; i < block_count; i++) {
        text_add(out, (const char *)&s->blocks[i].rows, sizeof s->blocks[i].rows);
        text_add(out, (const char *)&s->blocks[i].gaps, sizeof s->blocks[i].gaps);
    }
}
