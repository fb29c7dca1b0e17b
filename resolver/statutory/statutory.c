#include "statutory/statutory.h"

#include <stdlib.h>
#include <string.h>

#include "statutory/internal.h"

uint64_t statutory_generation(const struct statutory *list)
{
    return list->meta.generation;
}

int64_t statutory_built_s(const struct statutory *list)
{
    return list->meta.built_s;
}

size_t statutory_count(const struct statutory *list)
{
    return list->meta.entry_count;
}

size_t statutory_feed_count(const struct statutory *list)
{
    return list->meta.feed_count;
}

const struct statutory_feed_record *statutory_feed(const struct statutory *list, size_t index)
{
    return index < list->meta.feed_count ? &list->feeds[index] : NULL;
}

/* The scope of the entry with this hash; 0: there is none. Hashes are spread evenly: a start leads to about one entry. */
static unsigned scope_of(const struct statutory *list, const uint8_t hash[HASH_LEN])
{
    uint32_t group = statutory_group(hash, list->start_bits);
    for (uint32_t i = list->starts[group]; i < list->starts[group + 1]; i++)
        if (memcmp(list->entries[i].hash, hash, STATUTORY_HASH_LEN) == 0)
            return list->entries[i].scope;
    return 0;
}

static bool has_depth(const struct statutory *list, unsigned labels)
{
    return (list->meta.labels[labels / 64] >> (labels % 64) & 1) != 0;
}

/* Where the label of key that begins at `at` ends. */
static size_t next_label(const struct name_key *key, size_t at)
{
    const uint8_t *end = at < key->len ? memchr(key->bytes + at, 0, key->len - at) : NULL;
    return end == NULL ? key->len : (size_t)(end - key->bytes);
}

unsigned statutory_find(const struct statutory *list, const struct name_key *key)
{
    size_t len = 0; /* of the start of key that has `labels` labels */
    for (unsigned labels = 1; labels <= key->labels && labels <= STATUTORY_LABELS_MAX; labels++) {
        uint8_t hash[HASH_LEN];
        len = next_label(key, labels == 1 ? 0 : len + 1);
        if (!has_depth(list, labels))
            continue;
        bool self = labels == key->labels && key->whole;
        hash_make(list->keys.entries, key->bytes, len, hash);
        if ((scope_of(list, hash) & (self ? STATUTORY_SELF : STATUTORY_BELOW)) != 0)
            return labels;
    }
    return 0;
}

size_t statutory_opaque_name(const struct statutory *list, const struct name_key *key, unsigned labels,
                             uint8_t out[NAME_MAX_LEN])
{
    size_t len = 0;
    for (unsigned i = 1; i <= labels; i++)
        len = next_label(key, i == 1 ? 0 : len + 1);
    return hash_opaque_name(&list->keys, key->bytes, len, out);
}

void statutory_close(struct statutory *list)
{
    if (list == NULL)
        return;
    free(list->entries);
    free(list->feeds);
    free(list->starts);
    free(list);
}
