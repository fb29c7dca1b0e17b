#include "qlog/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "qlog/segment.h"
#include "qlog/signer.h"

struct verifier {
    const struct verify_opts *opts;
    int dir_fd;
    const char *file;
    struct signing_public beside; /* the last key that was found beside the segments */
    bool have_prev;               /* a segment before this one was read */
    uint8_t prev[QLOG_HASH_LEN];  /* its chain */
    struct block block;
    struct verify_result result;
};

static void fault_note(struct verifier *v, const char *what)
{
    v->result.faults++;
    if (v->opts->fault != NULL)
        v->opts->fault(v->opts->ctx, v->file, what);
}

/* Returns whether the next block may be compared with this one. */
static bool block_verify(struct verifier *v, struct segment *segment, uint32_t i, const uint8_t prev[QLOG_HASH_LEN])
{
    const uint8_t *bytes;
    size_t len;
    uint8_t hash[QLOG_HASH_LEN];
    int code = segment_read_block(segment, i, &bytes, &len);
    if (code < 0) {
        fault_note(v, err_str(code));
        return false;
    }
    segment_hash(bytes, len, NULL, 0, hash);
    code = block_open(&v->block, bytes, len);
    if (code == 0)
        code = block_read(&v->block, BLOCK_WHO_TABLE | BLOCK_TEXTS | BLOCK_GAPS);
    if (code < 0 || memcmp(hash, segment->blocks[i].hash, sizeof hash) != 0) {
        fault_note(v, "a block is not as it was written");
        return false;
    }
    if (memcmp(v->block.header.prev, prev, QLOG_HASH_LEN) != 0)
        fault_note(v, "a block does not follow the one before it");
    v->result.blocks++;
    v->result.rows += v->block.header.rows;
    for (uint32_t g = 0; g < v->block.header.gaps; g++)
        v->result.lost += v->block.gaps[g].lost;
    return true;
}

/* The chain value once more, from the last block's hash and the footer's bytes. */
static int chain_compute(const struct segment *segment, const uint8_t last[QLOG_HASH_LEN], uint8_t out[QLOG_HASH_LEN])
{
    struct text bytes = {.max = BLOCK_LEN_MAX};
    const struct segment_footer *f = &segment->footer;
    text_add(&bytes, (const char *)f, sizeof *f);
    text_add(&bytes, (const char *)segment->blocks, f->block_count * sizeof *segment->blocks);
    text_add(&bytes, (const char *)segment->journals, f->journal_count * sizeof *segment->journals);
    bool whole = text_ok(&bytes);
    if (whole)
        segment_hash(last, QLOG_HASH_LEN, bytes.bytes, bytes.len, out);
    text_done(&bytes);
    return whole ? 0 : ERR_NOMEM;
}

static const struct signing_public *key_given(const struct verifier *v, const uint8_t id[SIGNING_ID_LEN])
{
    for (size_t i = 0; i < v->opts->key_count; i++)
        if (memcmp(v->opts->keys[i].id, id, SIGNING_ID_LEN) == 0)
            return &v->opts->keys[i];
    return NULL;
}

static const struct signing_public *key_beside(struct verifier *v, const uint8_t id[SIGNING_ID_LEN])
{
    char file[SIGNER_FILE_MAX];
    if (memcmp(v->beside.id, id, SIGNING_ID_LEN) == 0)
        return &v->beside;
    int err = signing_public_load(v->dir_fd, signer_file(id, file), &v->beside);
    return err == 0 && memcmp(v->beside.id, id, SIGNING_ID_LEN) == 0 ? &v->beside : NULL;
}

static void signature_verify(struct verifier *v, const struct segment *segment)
{
    const struct segment_trailer *t = &segment->trailer;
    struct segment_pledge pledge;
    if ((t->flags & SEGMENT_SIGNED) == 0) {
        if (v->opts->key_count > 0 || v->result.signed_segments > 0)
            fault_note(v, "the segment is not signed");
        return;
    }
    const struct signing_public *key = v->opts->key_count > 0 ? key_given(v, t->key_id) : key_beside(v, t->key_id);
    segment_pledge(segment->header.sequence, t->chain, &pledge);
    if (key == NULL) {
        fault_note(v, "the key that it is signed with is not known");
    } else if (!signing_public_verify(key, &pledge, sizeof pledge, t->signature)) {
        fault_note(v, "the signature is not right");
    } else {
        v->result.signed_segments++;
        memcpy(v->result.last_key, key->id, SIGNING_ID_LEN);
    }
}

static void segment_verify(struct verifier *v, struct segment *segment)
{
    uint8_t chain[QLOG_HASH_LEN];
    const uint8_t *prev = segment->header.prev;
    if (segment->footer_damaged) {
        fault_note(v, "the footer is damaged");
        return;
    }
    if (v->have_prev && memcmp(prev, v->prev, QLOG_HASH_LEN) != 0)
        fault_note(v, "the segment does not follow the one before it");
    for (uint32_t i = 0; i < segment->footer.block_count; i++) {
        (void)block_verify(v, segment, i, prev);
        prev = segment->blocks[i].hash;
    }
    if (chain_compute(segment, prev, chain) < 0 || memcmp(chain, segment->trailer.chain, sizeof chain) != 0)
        fault_note(v, "the footer does not belong to the blocks");
    signature_verify(v, segment);
    memcpy(v->prev, segment->trailer.chain, QLOG_HASH_LEN);
    v->have_prev = true;
}

static void file_verify(struct verifier *v, const struct segment_file *file)
{
    struct segment *segment;
    v->file = file->file;
    if (v->result.segments > 0 && file->sequence != v->result.last_sequence + 1) {
        fault_note(v, "a segment before this one is missing");
        v->have_prev = false;
    }
    if (v->result.segments++ == 0)
        v->result.first_sequence = file->sequence;
    v->result.last_sequence = file->sequence;
    int code = segment_open(v->dir_fd, file->file, &segment);
    if (code < 0) {
        fault_note(v, err_str(code));
        v->have_prev = false;
        return;
    }
    if (segment->header.sequence != file->sequence)
        fault_note(v, "the file has another segment's name");
    v->have_prev = v->have_prev && !segment->footer_damaged;
    segment_verify(v, segment);
    segment_close(segment);
}

int verify_log(int dir_fd, const struct verify_opts *opts, struct verify_result *out)
{
    struct verifier *v = calloc(1, sizeof *v);
    struct segment_list list;
    int code = v == NULL ? ERR_NOMEM : segment_list(dir_fd, &list);
    if (code < 0) {
        free(v);
        return code;
    }
    v->opts = opts;
    v->dir_fd = dir_fd;
    for (size_t i = 0; i < list.count; i++)
        file_verify(v, &list.files[i]);
    segment_list_done(&list);
    *out = v->result;
    block_done(&v->block);
    free(v);
    return 0;
}
