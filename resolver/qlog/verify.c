#include "qlog/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "qlog/chain.h"
#include "qlog/journals.h"
#include "qlog/merged.h"
#include "qlog/origin.h"
#include "qlog/removed.h"
#include "qlog/segment_list.h"
#include "qlog/signer.h"

#define LOOKS_MAX 5 /* at a folder that changes meanwhile */

struct verifier {
    const struct verify_opts *opts;
    int dir_fd;
    const char *file;
    struct signing_public beside; /* the last key that was found beside the segments */
    uint8_t signer[SIGNING_ID_LEN];
    bool have_prev;              /* a segment before this one was read */
    uint8_t prev[QLOG_HASH_LEN]; /* its chain */
    struct block block;
    struct keyring keys;
    struct text removed;
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
static void chain_verify(struct verifier *v, const struct segment *segment, const uint8_t last[QLOG_HASH_LEN])
{
    uint8_t hash[QLOG_HASH_LEN];
    const size_t stem_len = segment_stem_len(segment);
    segment_hash(last, QLOG_HASH_LEN, segment->footer_bytes, stem_len, hash);
    if (memcmp(hash, segment->trailer.chain, sizeof hash) != 0)
        fault_note(v, "the footer does not belong to the blocks");
    if (segment->header.version == 1)
        return;
    segment_hash(segment->footer_bytes + stem_len, segment->footer_len - stem_len, NULL, 0, hash);
    if (memcmp(hash, segment->proof.rest, sizeof hash) != 0)
        fault_note(v, "the footer is not as it was written");
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

/* Keys in turn. That of a merged segment is as old as the merging, and not looked at. */
static void signer_note(struct verifier *v, uint64_t sequence, const uint8_t id[SIGNING_ID_LEN])
{
    struct verify_result *r = &v->result;
    bool first = r->signers[0].from == 0;
    uint64_t known = r->key_changes < VERIFY_SIGNERS_MAX ? r->key_changes : VERIFY_SIGNERS_MAX - 1;
    if (!first && memcmp(v->signer, id, SIGNING_ID_LEN) == 0)
        return;
    for (uint64_t i = 0; !first && i < known; i++)
        if (memcmp(r->signers[i].id, id, SIGNING_ID_LEN) == 0)
            fault_note(v, "a key that was given up signs again: what lies between may be another's");
    r->key_changes += !first;
    if (r->key_changes < VERIFY_SIGNERS_MAX) {
        r->signers[r->key_changes].from = sequence;
        memcpy(r->signers[r->key_changes].id, id, SIGNING_ID_LEN);
    }
    memcpy(v->signer, id, SIGNING_ID_LEN);
}

/* What a trailer says of who signed a segment. */
struct signature {
    uint64_t sequence;
    uint32_t flags;
    const uint8_t *key_id, *chain, *bytes;
};

static void signature_verify(struct verifier *v, const struct signature *signature)
{
    struct segment_pledge pledge;
    if ((signature->flags & SEGMENT_SIGNED) == 0) {
        if (v->opts->key_count > 0 || v->result.signed_segments > 0)
            fault_note(v, "the segment is not signed");
        return;
    }
    const struct signing_public *key =
        v->opts->key_count > 0 ? key_given(v, signature->key_id) : key_beside(v, signature->key_id);
    segment_pledge(signature->sequence, signature->flags, signature->chain, &pledge);
    if (key == NULL) {
        fault_note(v, "the key that it is signed with is not known");
    } else if (!signing_public_verify(key, &pledge, sizeof pledge, signature->bytes)) {
        fault_note(v, "the signature is not right");
    } else {
        v->result.signed_segments++;
        memcpy(v->result.last_key, key->id, SIGNING_ID_LEN);
        if ((signature->flags & SEGMENT_MERGED) == 0)
            signer_note(v, signature->sequence, key->id);
    }
}

static void trailer_verify(struct verifier *v, const struct segment *segment)
{
    const struct segment_trailer *t = &segment->trailer;
    signature_verify(v, &(struct signature){segment->header.sequence, t->flags, t->key_id, t->chain, t->signature});
}

/* What is kept of a segment that was merged: its chain value, signed as it was then, and that it followed the one before. */
static void origin_verify(struct verifier *v, const struct origin *origin, const uint8_t prev[QLOG_HASH_LEN])
{
    const struct segment_origin *h = &origin->head;
    uint8_t chain[QLOG_HASH_LEN];
    segment_hash(h->last, sizeof h->last, origin->stem, h->stem_len, chain);
    if (memcmp(chain, h->chain, sizeof chain) != 0)
        fault_note(v, "what is kept of a merged segment does not belong together");
    if (memcmp(h->prev, prev, QLOG_HASH_LEN) != 0)
        fault_note(v, "a merged segment does not follow the one before it");
    if (origin->rows != origin->footer.rows)
        fault_note(v, "what is kept of a merged segment counts other rows");
    signature_verify(v, &(struct signature){h->sequence, h->flags, h->key_id, h->chain, h->signature});
}

static void origins_verify(struct verifier *v, const struct segment *segment, const struct segment_file *file)
{
    struct origins origins;
    struct origin origin;
    uint8_t prev[QLOG_HASH_LEN];
    uint64_t expected = file->first_sequence;
    uint64_t rows = 0;
    memcpy(prev, segment->header.prev, sizeof prev);
    origins_begin(&origins, segment);
    while (origins_next(&origins, &origin)) {
        if (origin.head.sequence != expected++)
            fault_note(v, "a merged segment is missing");
        origin_verify(v, &origin, prev);
        memcpy(prev, origin.head.chain, sizeof prev);
        rows += origin.footer.rows;
        v->result.merged++;
    }
    if (origins.damaged || expected != file->sequence + 1)
        fault_note(v, "what is kept of the merged segments is damaged");
    if (rows != segment->footer.rows)
        fault_note(v, "it has not as many rows as the segments it was merged from");
}

/* Whether its rows are those that were signed before they were merged. */
static void rows_verify(struct verifier *v, struct segment *segment)
{
    struct merged_result result;
    int code = merged_compare(segment, &v->keys, &result);
    if (code < 0 || result.other_rows > 0)
        fault_note(v, "its rows are not those of the segments it was merged from");
    else if (result.other_who > 0)
        fault_note(v, "who asked is not as in the segments it was merged from");
    if (code == 0)
        v->result.who_unknown += result.who_unknown;
}

static void segment_verify(struct verifier *v, struct segment *segment, const struct segment_file *file)
{
    const uint8_t *prev = segment->header.prev;
    uint64_t faults = v->result.faults;
    if (segment->footer_damaged) {
        fault_note(v, "the footer is damaged");
        return;
    }
    if (v->have_prev && memcmp(prev, v->prev, QLOG_HASH_LEN) != 0)
        fault_note(v, "the segment does not follow the one before it");
    if (segment_is_merged(segment) != (file->first_sequence != file->sequence))
        fault_note(v, "the file has another segment's name");
    for (uint32_t i = 0; i < segment->footer.block_count; i++) {
        (void)block_verify(v, segment, i, prev);
        prev = segment->blocks[i].hash;
    }
    chain_verify(v, segment, prev);
    if (segment_is_merged(segment))
        origins_verify(v, segment, file);
    if (segment_is_merged(segment) && faults == v->result.faults)
        rows_verify(v, segment);
    trailer_verify(v, segment);
    v->have_prev = segment_chain_end(segment, v->prev) == 0;
}

static void removed_note(struct verify_result *r, const struct segment_footer *footer)
{
    bool first = r->removed++ == 0;
    r->removed_rows += footer->rows;
    if (first || footer->first_ns < r->removed_from_ns)
        r->removed_from_ns = footer->first_ns;
    if (first || footer->last_ns > r->removed_to_ns)
        r->removed_to_ns = footer->last_ns;
}

/* Whether the chain can be followed over the numbers that are missing before this one. */
static bool hole_verify(struct verifier *v, uint64_t end)
{
    struct origin origin;
    for (uint64_t sequence = v->result.last_sequence + 1; sequence < end; sequence++) {
        if (!removed_find(&v->removed, sequence, &origin))
            return false;
        origin_verify(v, &origin, v->have_prev ? v->prev : origin.head.prev);
        memcpy(v->prev, origin.head.chain, sizeof v->prev);
        v->have_prev = true;
        removed_note(&v->result, &origin.footer);
    }
    return true;
}

/* Returns false when the file is gone: it was merged, or removed, since it was listed. */
static bool file_verify(struct verifier *v, const struct segment_file *file)
{
    struct segment *segment;
    v->file = file->file;
    int code = segment_open(v->dir_fd, file->file, &segment);
    if (code == ERR_NOENT)
        return false;
    if (v->result.segments > 0 && file->first_sequence != v->result.last_sequence + 1 &&
        !hole_verify(v, file->first_sequence)) {
        fault_note(v, "a segment before this one is missing");
        v->have_prev = false;
    }
    if (v->result.segments++ == 0)
        v->result.first_sequence = file->first_sequence;
    v->result.last_sequence = file->sequence;
    if (code < 0) {
        fault_note(v, err_str(code));
        v->have_prev = false;
        return true;
    }
    if (segment->header.sequence != file->sequence)
        fault_note(v, "the file has another segment's name");
    v->have_prev = v->have_prev && !segment->footer_damaged;
    segment_verify(v, segment, file);
    segment_close(segment);
    return true;
}

/* The last segment that was closed is noted apart: it must not be cut off. When there is none at all, retention may have been there. */
static void end_verify(struct verifier *v, const struct chain *noted)
{
    v->file = CHAIN_FILE;
    v->result.noted_sequence = noted->sequence;
    if (v->result.segments == 0 || v->result.last_sequence > noted->sequence)
        return;
    if (!hole_verify(v, noted->sequence + 1))
        fault_note(v, "the newest segments, up to the number in this file, are missing");
    else if (v->have_prev && memcmp(v->prev, noted->hash, sizeof v->prev) != 0)
        fault_note(v, "the chain ends with another value than this file has");
}

/* Opened before the segments are listed, so that no row is counted twice. */
static int journals_count(struct verifier *v, struct journals *journals, const struct segment_list *list)
{
    const struct journal_item *item;
    const char *node;
    struct segment *newest;
    int code = 0;
    if (list->count > 0 && segment_open(v->dir_fd, list->files[list->count - 1].file, &newest) == 0) {
        code = journals_skip(journals, newest);
        segment_close(newest);
    }
    for (; code == 0 && (item = journals_head(journals, &node)) != NULL; journals_pass(journals))
        v->result.journal_rows += item->kind == JOURNAL_ROW;
    v->file = "journals";
    for (uint64_t i = 0; code == 0 && i < journals->damaged; i++)
        fault_note(v, "bytes of a journal are damaged, or were never written to the disk");
    return code;
}

/* 1: the folder has changed meanwhile. */
static int folder_verify(struct verifier *v)
{
    struct segment_list list = {0};
    struct journals journals = {.dir_fd = v->dir_fd};
    struct chain noted;
    bool same = true;
    v->result = (struct verify_result){0};
    v->have_prev = false;
    v->removed.len = 0;
    chain_noted(v->dir_fd, &noted); /* before the segments are listed, which may become more */
    int code = journals_find(&journals, false);
    if (code == 0)
        code = segment_list(v->dir_fd, &list);
    if (code == 0)
        code = removed_load(v->dir_fd, &v->removed);
    for (size_t i = 0; code == 0 && same && i < list.count; i++)
        same = file_verify(v, &list.files[i]);
    if (v->have_prev)
        memcpy(v->result.chain, v->prev, sizeof v->prev);
    if (code == 0 && same)
        end_verify(v, &noted);
    if (code == 0 && same)
        code = journals_count(v, &journals, &list);
    segment_list_done(&list);
    journals_done(&journals);
    return code < 0 ? code : !same;
}

int verify_log(int dir_fd, const struct verify_opts *opts, struct verify_result *out)
{
    struct verifier *v = calloc(1, sizeof *v);
    if (v == NULL)
        return ERR_NOMEM;
    v->opts = opts;
    v->dir_fd = dir_fd;
    keyring_init(&v->keys, dir_fd);
    int code = 1;
    for (int look = 0; code == 1 && look < LOOKS_MAX; look++)
        code = folder_verify(v);
    if (code >= 0)
        *out = v->result;
    block_done(&v->block);
    keyring_done(&v->keys);
    text_done(&v->removed);
    free(v);
    return code == 1 ? ERR_BUSY : code;
}
