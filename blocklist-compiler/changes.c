#include "blocklist-compiler/changes.h"

#include <stdlib.h>
#include <string.h>

#include "dns/key.h"
#include "dns/name.h"

struct row {
    uint32_t rank; /* 0: not popular */
    uint8_t key_len;
    uint8_t key[NAME_KEY_MAX];
};

/* The samples of one category and direction: an even choice of all that was noted, so far as none is popular. */
struct sampling {
    uint64_t seen; /* names that are not popular */
    unsigned count;
    struct row rows[REPORT_CHANGES_MAX];
};

struct changes {
    const struct popular *popular;
    uint64_t random;
    struct sampling added[CATEGORY_MAX], removed[CATEGORY_MAX];
    struct report_changes report[CATEGORY_MAX];
};

int changes_new(const struct popular *popular, struct changes **out)
{
    struct changes *changes = calloc(1, sizeof *changes);
    if (changes == NULL)
        return ERR_NOMEM;
    changes->popular = popular;
    changes->random = UINT64_C(0x9e3779b97f4a7c15); /* one run is like another: reports can be compared */
    *out = changes;
    return 0;
}

void changes_free(struct changes *changes)
{
    free(changes);
}

/* xorshift64 */
static uint64_t next_random(struct changes *changes)
{
    changes->random ^= changes->random << 13;
    changes->random ^= changes->random >> 7;
    changes->random ^= changes->random << 17;
    return changes->random;
}

/* The row that gives way to a name of this rank: one that is not popular, else the least popular. NULL: none does. */
static struct row *weakest(struct sampling *s, uint32_t rank)
{
    struct row *found = NULL;
    for (unsigned i = 0; i < s->count; i++) {
        struct row *row = &s->rows[i];
        if (row->rank == 0)
            return row;
        if (row->rank > rank && (found == NULL || row->rank > found->rank))
            found = row;
    }
    return found;
}

static struct row *choose(struct changes *changes, struct sampling *s, uint32_t rank)
{
    if (rank == 0)
        s->seen++;
    if (s->count < REPORT_CHANGES_MAX)
        return &s->rows[s->count++];
    if (rank != 0)
        return weakest(s, rank);
    uint64_t at = next_random(changes) % s->seen;
    return at < REPORT_CHANGES_MAX && s->rows[at].rank == 0 ? &s->rows[at] : NULL;
}

static void note(struct changes *changes, struct sampling lists[CATEGORY_MAX], uint64_t categories,
                 const struct name_key *key, uint32_t rank)
{
    for (; categories != 0; categories &= categories - 1) {
        struct row *row = choose(changes, &lists[__builtin_ctzll(categories)], rank);
        if (row == NULL)
            continue;
        row->rank = rank;
        row->key_len = (uint8_t)key->len;
        memcpy(row->key, key->bytes, key->len);
    }
}

void changes_note(struct changes *changes, const uint8_t *key, size_t key_len, uint64_t now, uint64_t then)
{
    struct name_key copy = {.len = (uint16_t)key_len};
    if (now == then || key_len == 0 || key_len > NAME_KEY_MAX)
        return;
    memcpy(copy.bytes, key, key_len);
    const struct popular_name *popular =
        changes->popular == NULL ? NULL : popular_find(changes->popular, &copy, true, false);
    uint32_t rank = popular == NULL ? 0 : popular->rank;
    note(changes, changes->added, now & ~then, &copy, rank);
    note(changes, changes->removed, then & ~now, &copy, rank);
}

/* Popular ones by rank, then the others by key. */
static int order(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank == 0 ? 1 : y->rank == 0 ? -1 : x->rank < y->rank ? -1 : 1;
    size_t len = x->key_len < y->key_len ? x->key_len : y->key_len;
    int cmp = memcmp(x->key, y->key, len);
    return cmp != 0 ? cmp : (int)x->key_len - (int)y->key_len;
}

static unsigned write_rows(struct sampling *s, struct report_change out[REPORT_CHANGES_MAX])
{
    unsigned count = 0;
    qsort(s->rows, s->count, sizeof *s->rows, order);
    for (unsigned i = 0; i < s->count; i++) {
        uint8_t name[NAME_MAX_LEN];
        char text[NAME_TEXT_MAX];
        if (name_key_to_name(s->rows[i].key, s->rows[i].key_len, name) < 0)
            continue;
        out[count].rank = s->rows[i].rank;
        snprintf(out[count].name, sizeof out[count].name, "%.*s", (int)sizeof out[count].name - 1,
                 name_to_text(name, text));
        count++;
    }
    return count;
}

const struct report_changes *changes_report(struct changes *changes)
{
    for (size_t i = 0; i < CATEGORY_MAX; i++) {
        changes->report[i].added_count = write_rows(&changes->added[i], changes->report[i].added);
        changes->report[i].removed_count = write_rows(&changes->removed[i], changes->report[i].removed);
    }
    return changes->report;
}
