#include "qlog/compact_run.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "qlog/block_merge.h"
#include "qlog/proof.h"
#include "qlog/hold.h"
#include "qlog/merged.h"
#include "qlog/origin.h"

#define LEVEL 16 /* of zstd; 19 saves another 0.1 %, and takes half as long again */

struct work {
    const struct compact_opts *opts;
    struct keyring keys;
    struct day_key *key; /* of the day, to seal with; NULL: nothing is sealed */
    struct segment_writer *writer;
    struct block_builder builder;
    struct block block; /* being copied */
    struct block_merge merge;
    struct proof *proof; /* of the segment being copied */
    struct text origins;
    struct segment_journal *journals;
    size_t journal_count;
};

/* ---- blocks ---- */

static int block_write(struct work *w)
{
    int code;
    if (w->opts->go_on != NULL && !w->opts->go_on(w->opts->ctx))
        return ERR_CANCELED;
    w->builder.key = w->builder.row_count > 0 ? w->key : NULL;
    code = segment_put_block(w->writer, &w->builder);
    if (code == 0)
        code = segment_sync(w->writer);
    return code < 0 ? code : block_merge_from(&w->merge, &w->block);
}

static int rows_copy(struct work *w)
{
    int code = block_merge_from(&w->merge, &w->block);
    for (uint32_t i = 0; code == 0 && i < w->block.header.rows; i++) {
        if (!block_merge_fits(&w->merge, &w->builder, i))
            code = block_write(w);
        if (code == 0)
            code = block_merge_row(&w->merge, &w->builder, i);
    }
    for (uint32_t i = 0; code == 0 && i < w->block.header.gaps; i++) {
        if (!block_merge_gap_fits(&w->builder, &w->block.gaps[i]))
            code = block_write(w);
        if (code == 0)
            code = block_add_gap(&w->builder, &w->block.gaps[i]);
    }
    return code;
}

static int block_proof(struct work *w)
{
    const struct proof_source source = proof_of_block(&w->block);
    proof_set_source(w->proof, &source);
    int code = proof_add_rows(w->proof, 0, w->block.header.rows);
    if (code == 0)
        code = proof_add_gaps(w->proof, w->block.gaps, w->block.header.gaps);
    if (code == 0)
        proof_end_block(w->proof);
    return code;
}

/* Whether the block is the one that the footer speaks of, and whole. */
static int block_get(struct work *w, struct segment *segment, uint32_t i, const uint8_t prev[QLOG_HASH_LEN])
{
    const uint8_t *bytes;
    size_t len;
    uint8_t hash[QLOG_HASH_LEN];
    int code = segment_read_block(segment, i, &bytes, &len);
    if (code < 0)
        return code;
    segment_hash(bytes, len, NULL, 0, hash);
    code = block_open(&w->block, bytes, len);
    if (code == 0 &&
        (memcmp(hash, segment->blocks[i].hash, sizeof hash) != 0 ||
         memcmp(w->block.header.prev, prev, QLOG_HASH_LEN) != 0 || w->block.header.rows != segment->blocks[i].rows ||
         w->block.header.gaps != segment->blocks[i].gaps))
        code = ERR_DAMAGED;
    if (code == 0 && w->block.is_closed)
        code = ERR_NOENT;
    return code < 0 ? code : block_read(&w->block, BLOCK_ALL);
}

/* ---- segments ---- */

static int journals_note(struct work *w, const struct segment *segment)
{
    struct segment_journal *journals =
        realloc(w->journals, (w->journal_count + segment->footer.journal_count + 1) * sizeof *journals);
    if (journals == NULL)
        return ERR_NOMEM;
    w->journals = journals;
    for (uint32_t i = 0; i < segment->footer.journal_count; i++) {
        const struct segment_journal *journal = &segment->journals[i];
        size_t at = 0;
        while (at < w->journal_count && journals[at].id != journal->id)
            at++;
        if (at == w->journal_count)
            journals[w->journal_count++] = *journal;
        else if (journal->absorbed > journals[at].absorbed)
            journals[at].absorbed = journal->absorbed;
    }
    return 0;
}

static int writer_want(struct work *w, const struct compact_run *run, const struct segment *first)
{
    const struct segment_opts opts = {.dir_fd = w->opts->dir_fd,
                                      .node = first->footer.node,
                                      .sequence = run->files[run->count - 1].sequence,
                                      .merged_from = run->files[0].sequence,
                                      .prev = first->header.prev,
                                      .key = w->opts->key};
    return w->writer != NULL ? 0 : segment_begin(&opts, &w->writer);
}

/* What the segment says of itself must be so, or merging it would hide that it is not. */
static int origin_note(struct work *w, const struct segment *segment, const uint8_t last[QLOG_HASH_LEN])
{
    uint8_t chain[QLOG_HASH_LEN];
    struct proof_value value;
    const struct segment_proof *proof = &segment->proof;
    proof_end(w->proof, &value);
    segment_hash(last, QLOG_HASH_LEN, segment->footer_bytes, segment_stem_len(segment), chain);
    if (memcmp(chain, segment->trailer.chain, sizeof chain) != 0)
        return ERR_DAMAGED;
    if (segment->header.version == 1) {
        origin_write(segment, value.rows, value.who, &w->origins);
        return text_ok(&w->origins) ? 0 : ERR_NOMEM;
    }
    if (memcmp(value.rows, proof->rows, sizeof value.rows) != 0 ||
        (value.who_is_known && memcmp(value.who, proof->who, sizeof value.who) != 0))
        return ERR_DAMAGED;
    origin_write(segment, proof->rows, proof->who, &w->origins);
    return text_ok(&w->origins) ? 0 : ERR_NOMEM;
}

static int segment_copy(struct work *w, const struct compact_run *run, struct segment *segment)
{
    const uint8_t *prev = segment->header.prev;
    int code = segment->footer_damaged || segment->header_damaged ? ERR_DAMAGED : writer_want(w, run, segment);
    for (uint32_t i = 0; code == 0 && i < segment->footer.block_count; i++) {
        code = block_get(w, segment, i, prev);
        if (code == 0)
            code = block_proof(w);
        if (code == 0)
            code = rows_copy(w);
        prev = segment->blocks[i].hash;
    }
    if (code == 0)
        code = origin_note(w, segment, prev);
    return code < 0 ? code : journals_note(w, segment);
}

static int segments_copy(struct work *w, struct compact_run *run)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < run->count; i++) {
        struct segment *segment;
        run->bad_sequence = run->files[i].sequence;
        code = segment_open(w->opts->dir_fd, run->files[i].file, &segment);
        if (code < 0)
            return code;
        code = segment_copy(w, run, segment);
        segment_close(segment);
    }
    run->bad_sequence = code < 0 ? run->bad_sequence : 0;
    return code;
}

/* ---- the whole ---- */

static int result_prove(struct work *w, uint64_t *out_bytes)
{
    struct segment *made;
    struct merged_result result = {0};
    int code = segment_reopen(w->writer, &made);
    if (code < 0)
        return code;
    *out_bytes = made->bytes;
    code = made->footer_damaged ? ERR_DAMAGED : merged_compare(made, &w->keys, &result);
    segment_close(made);
    return code == 0 && (result.other_rows > 0 || result.other_who > 0) ? ERR_DAMAGED : code;
}

/* Meanwhile the day may have been held, its key destroyed, or retention may have been there. */
static int run_is_wanted(const struct work *w, const struct compact_run *run)
{
    struct hold_list holds;
    int code = hold_list_load(w->opts->dir_fd, &holds);
    if (code < 0)
        return code;
    if (hold_list_covers(&holds, run->day, run->day))
        code = ERR_CANCELED;
    hold_list_done(&holds);
    for (size_t i = 0; code == 0 && i < run->count; i++)
        if (faccessat(w->opts->dir_fd, run->files[i].file, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
            code = ERR_NOENT;
    if (code == 0 && run->is_sealed && !day_key_is_whole(w->key, w->keys.dir_fd))
        code = ERR_NOENT;
    return code;
}

static int run_write(struct work *w, struct compact_run *run, uint64_t *out_bytes)
{
    uint8_t chain[QLOG_HASH_LEN];
    int code = segments_copy(w, run);
    if (code == 0)
        code = block_write(w);
    if (code == 0)
        code = segment_put_section(w->writer, SEGMENT_ORIGINS, w->origins.bytes, w->origins.len);
    if (code == 0)
        code = segment_complete(w->writer, w->journals, w->journal_count, chain);
    if (code == 0)
        code = result_prove(w, out_bytes);
    if (code == 0)
        code = run_is_wanted(w, run);
    return code < 0 ? code : segment_name(w->writer);
}

static void work_done(struct work *w)
{
    segment_abort(w->writer);
    block_builder_done(&w->builder);
    block_done(&w->block);
    block_merge_done(&w->merge);
    proof_free(w->proof);
    text_done(&w->origins);
    free(w->journals);
    day_key_close(w->key);
    keyring_done(&w->keys);
}

int compact_run_merge(const struct compact_opts *opts, struct compact_run *run, uint64_t *out_bytes)
{
    struct work w = {.opts = opts, .origins = {.max = (size_t)32 << 20}, .builder = {.packer = {.level = LEVEL}}};
    keyring_init(&w.keys, opts->dir_fd);
    w.block.keys = &w.keys;
    run->bad_sequence = 0;
    int code = proof_new(&w.proof);
    if (code == 0 && run->is_sealed)
        code = w.keys.dir_fd < 0 ? ERR_NOENT : day_key_open(w.keys.dir_fd, run->day, DAY_KEY_READ, &w.key);
    if (code == 0)
        code = run_write(&w, run, out_bytes);
    if (code != ERR_DAMAGED)
        run->bad_sequence = 0;
    work_done(&w);
    return code;
}
