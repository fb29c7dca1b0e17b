#include "sheaf/merge.h"

#include <stdlib.h>
#include <string.h>

static bool before(const struct sheaf_cursor *a, const struct sheaf_cursor *b)
{
    if (a->head != b->head)
        return a->head < b->head;
    int cmp = sheaf_key_compare(a->key, a->key_len, b->key, b->key_len);
    return cmp != 0 ? cmp < 0 : a < b;
}

static void sift_down(struct merge *merge, size_t at)
{
    struct sheaf_cursor *moved = merge->heap[at];
    for (size_t child = 2 * at + 1; child < merge->count; child = 2 * at + 1) {
        if (child + 1 < merge->count && before(merge->heap[child + 1], merge->heap[child]))
            child++;
        if (!before(merge->heap[child], moved))
            break;
        merge->heap[at] = merge->heap[child];
        at = child;
    }
    merge->heap[at] = moved;
}

int merge_init(struct merge *merge, struct sheaf_cursor *cursors, size_t count)
{
    merge->count = 0;
    merge->heap = calloc(count + 1, sizeof(struct sheaf_cursor *));
    if (merge->heap == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        int got = sheaf_cursor_next(&cursors[i]);
        if (got < 0)
            return got;
        if (got > 0)
            merge->heap[merge->count++] = &cursors[i];
    }
    for (size_t i = merge->count / 2; i-- > 0;)
        sift_down(merge, i);
    return 0;
}

void merge_done(struct merge *merge)
{
    free(merge->heap);
    merge->heap = NULL;
    merge->count = 0;
}

int merge_next(struct merge *merge)
{
    int got = sheaf_cursor_next(merge->heap[0]);
    if (got < 0)
        return got;
    if (got == 0)
        merge->heap[0] = merge->heap[--merge->count];
    if (merge->count > 1)
        sift_down(merge, 0);
    return 0;
}

static int compare_keys(const void *a, const void *b)
{
    const struct sheaf_key *x = a, *y = b;
    return sheaf_key_compare(x->bytes, x->len, y->bytes, y->len);
}

/* Every block has about as many rules as any other, so their first keys divide all. */
static int block_keys(const struct sheaf *const sheaves[], size_t count, struct sheaf_key *out)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        for (uint32_t block = 0; block < sheaves[i]->block_count; block++) {
            int err = sheaf_block_key(sheaves[i], block, &out[at++]);
            if (err < 0)
                return err;
        }
    }
    qsort(out, at, sizeof *out, compare_keys);
    return 0;
}

int merge_cut(const struct sheaf *const sheaves[], size_t count, unsigned parts, struct sheaf_key out_cuts[])
{
    size_t blocks = 0;
    unsigned cuts = 0;
    for (size_t i = 0; i < count; i++)
        blocks += sheaves[i]->block_count;
    struct sheaf_key *keys = calloc(blocks + 1, sizeof *keys);
    if (keys == NULL)
        return ERR_NOMEM;
    int err = block_keys(sheaves, count, keys);
    for (unsigned part = 1; err == 0 && part < parts && blocks > 0; part++) {
        const struct sheaf_key *key = &keys[blocks * part / parts];
        if (key->len > 0 && (cuts == 0 || compare_keys(&out_cuts[cuts - 1], key) < 0))
            out_cuts[cuts++] = *key;
    }
    free(keys);
    return err < 0 ? err : (int)cuts + 1;
}
