/*
 * A statutory list of any bytes: it is refused, or look-ups in it end. The input is the length of meta's value and of the
 * entries (u16 each), then meta, entries and feeds; where the checksums could be right they are made right, so that what is
 * behind them is reached.
 */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "dns/name.h"
#include "statutory/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t key[STATUTORY_KEY_LEN];

static void mend(struct statutory_meta *meta, const struct statutory_value *entries,
                 const struct statutory_value *feeds)
{
    struct hash_keys keys;
    hash_keys_make(key, &keys);
    memcpy(meta->key_check, keys.check, sizeof meta->key_check);
    meta->magic = STATUTORY_MAGIC;
    meta->version = STATUTORY_VERSION;
    meta->byte_order = STATUTORY_BYTE_ORDER;
    if (meta->entry_count * sizeof(struct statutory_entry) <= entries->len)
        meta->entries_xxh3 = XXH3_64bits(entries->bytes, meta->entry_count * sizeof(struct statutory_entry));
    if (meta->feed_count * sizeof(struct statutory_feed_record) <= feeds->len)
        meta->feeds_xxh3 = XXH3_64bits(feeds->bytes, meta->feed_count * sizeof(struct statutory_feed_record));
    meta->meta_xxh3 = XXH3_64bits(meta, offsetof(struct statutory_meta, meta_xxh3));
}

static void look_up(const struct statutory *list)
{
    static const char *const names[] = {".", "a", "bad.example", "www.bad.example", "a.b.c.d.e.f.g.h.example"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint8_t name[NAME_MAX_LEN], opaque[NAME_MAX_LEN];
        struct name_key name_key;
        if (name_from_text(names[i], strlen(names[i]), name) < 0)
            abort();
        name_key_make(name, &name_key);
        unsigned labels = statutory_find(list, &name_key);
        if (labels > name_key.labels)
            abort();
        size_t len = statutory_opaque_name(list, &name_key, labels, opaque);
        if (name_check(opaque, len) != (int)len)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct statutory_meta meta = {0};
    uint16_t lens[2];
    struct statutory *list;
    if (size < sizeof lens)
        return 0;
    memcpy(lens, data, sizeof lens);
    data += sizeof lens;
    size -= sizeof lens;
    size_t meta_len = lens[0] < size ? lens[0] : size;
    size_t entries_len = lens[1] < size - meta_len ? lens[1] : size - meta_len;
    struct statutory_value values[STATUTORY_VALUE_COUNT] = {
        {data, meta_len},
        {data + meta_len, entries_len},
        {data + meta_len + entries_len, size - meta_len - entries_len}};
    if (meta_len >= sizeof meta) {
        memcpy(&meta, data, sizeof meta);
        mend(&meta, &values[STATUTORY_ENTRIES], &values[STATUTORY_FEEDS]);
        values[STATUTORY_META] = (struct statutory_value){(const uint8_t *)&meta, sizeof meta};
    }
    if (statutory_from_values(values, key, &list, NULL, 0) < 0)
        return 0;
    look_up(list);
    statutory_close(list);
    return 0;
}
