#include "qlog/merged.h"

#include <string.h>

#include "qlog/proof.h"
#include "qlog/origin.h"

/* Walks the rows and the gaps of a segment, block by block. */
struct walk {
    struct segment *segment;
    struct block block;
    struct proof *proof;
    uint32_t next_block;
    uint32_t row, gap; /* the next of the open block */
    bool is_open;
};

static int block_next(struct walk *w)
{
    const uint8_t *bytes;
    size_t len;
    if (w->next_block == w->segment->footer.block_count)
        return ERR_DAMAGED;
    int code = segment_read_block(w->segment, w->next_block++, &bytes, &len);
    if (code == 0)
        code = block_open(&w->block, bytes, len);
    if (code == 0)
        code = block_read(&w->block, BLOCK_ALL);
    if (code < 0)
        return code;
    const struct proof_source source = proof_of_block(&w->block);
    proof_set_source(w->proof, &source);
    w->row = w->gap = 0;
    w->is_open = true;
    return 0;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Adds what a block of an origin had: so many rows and gaps, wherever they lie now. */
static int block_add(struct walk *w, uint32_t rows, uint32_t gaps)
{
    int code = 0;
    while (code == 0 && (rows > 0 || gaps > 0)) {
        if (!w->is_open || (w->row == w->block.header.rows && w->gap == w->block.header.gaps)) {
            code = block_next(w);
            continue;
        }
        uint32_t some_rows = least(rows, w->block.header.rows - w->row);
        uint32_t some_gaps = least(gaps, w->block.header.gaps - w->gap);
        if (some_rows == 0 && some_gaps == 0)
            return ERR_DAMAGED; /* what is left of the block belongs to the next one */
        code = proof_add_rows(w->proof, w->row, some_rows);
        if (code == 0)
            code = proof_add_gaps(w->proof, w->block.gaps + w->gap, some_gaps);
        w->row += some_rows;
        w->gap += some_gaps;
        rows -= some_rows;
        gaps -= some_gaps;
    }
    if (code == 0)
        proof_end_block(w->proof);
    return code;
}

static bool is_zero(const uint8_t hash[QLOG_HASH_LEN])
{
    static const uint8_t zero[QLOG_HASH_LEN];
    return memcmp(hash, zero, sizeof zero) == 0;
}

/* Of version 2, the hashes that were signed are in the stem. */
static bool origin_is_itself(const struct origin *origin)
{
    struct segment_proof proof;
    if (origin->head.version == 1)
        return true;
    if (origin->head.stem_len < sizeof origin->footer + sizeof proof)
        return false;
    memcpy(&proof, origin->stem + sizeof origin->footer, sizeof proof);
    return memcmp(proof.rows, origin->head.rows, sizeof proof.rows) == 0 &&
           memcmp(proof.who, origin->head.who, sizeof proof.who) == 0;
}

static int origin_compare(struct walk *w, const struct origin *origin, struct merged_result *result)
{
    struct proof_value value;
    uint32_t rows;
    uint32_t gaps;
    int code = 0;
    for (uint32_t i = 0; code == 0 && i < origin->head.block_count; i++) {
        origin_block(origin, i, &rows, &gaps);
        code = block_add(w, rows, gaps);
    }
    if (code < 0)
        return code;
    proof_end(w->proof, &value);
    bool same = origin_is_itself(origin) && memcmp(value.rows, origin->head.rows, sizeof value.rows) == 0;
    bool unknown = !value.who_is_known || is_zero(origin->head.who);
    result->origins++;
    result->other_rows += !same;
    result->who_unknown += unknown;
    result->other_who += !unknown && memcmp(value.who, origin->head.who, sizeof value.who) != 0;
    return 0;
}

static bool is_at_end(const struct walk *w)
{
    return w->next_block == w->segment->footer.block_count &&
           (!w->is_open || (w->row == w->block.header.rows && w->gap == w->block.header.gaps));
}

int merged_compare(struct segment *segment, struct keyring *keys, struct merged_result *out)
{
    struct merged_result result = {0};
    struct walk walk = {.segment = segment, .block = {.keys = keys}};
    struct origins origins;
    struct origin origin;
    int code = proof_new(&walk.proof);
    origins_begin(&origins, segment);
    while (code == 0 && origins_next(&origins, &origin))
        code = origin_compare(&walk, &origin, &result);
    if (code == 0 && (origins.damaged || !is_at_end(&walk)))
        code = ERR_DAMAGED;
    block_done(&walk.block);
    proof_free(walk.proof);
    if (code == 0)
        *out = result;
    return code;
}
