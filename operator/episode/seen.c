#include "episode/seen.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <sodium.h>

#include "base/err.h"
#include "base/file.h"
#include "base/outfile.h"
#include "base/random.h"

#define HEADER_LEN  40u
#define ENTRY_LEN   10u
#define CHECK_LEN   8u
#define FILE_MAX    (HEADER_LEN + (size_t)SEEN_MAX * ENTRY_LEN + CHECK_LEN)
#define VERSION     1u
#define SLOTS_FIRST 1024u

static const uint8_t magic[8] = {'B', 'L', 'S', 'H', 'S', 'E', 'E', 'N'};

struct entry {
    uint64_t hash; /* 0: free */
    uint16_t day;
};

struct seen {
    uint8_t key[crypto_shorthash_KEYBYTES];
    uint16_t since;
    struct entry *slots; /* open addressing */
    size_t slot_count, count;
};

_Static_assert(crypto_shorthash_KEYBYTES == 16 && crypto_shorthash_BYTES == 8, "as the file has them");

/* ---- the table ---- */

static struct seen *seen_alloc(size_t count)
{
    struct seen *seen = calloc(1, sizeof *seen);
    size_t slots = SLOTS_FIRST;
    while (slots / 2 < count)
        slots *= 2;
    if (seen == NULL)
        return NULL;
    seen->since = UINT16_MAX;
    seen->slot_count = slots;
    seen->slots = calloc(slots, sizeof *seen->slots);
    if (seen->slots == NULL) {
        free(seen);
        return NULL;
    }
    return seen;
}

int seen_new(struct seen **out)
{
    struct random_pool pool = {0};
    struct seen *seen = seen_alloc(0);
    if (seen == NULL)
        return ERR_NOMEM;
    random_bytes(&pool, seen->key, sizeof seen->key);
    *out = seen;
    return 0;
}

void seen_free(struct seen *seen)
{
    if (seen == NULL)
        return;
    free(seen->slots);
    free(seen);
}

static struct entry *entry_of(const struct seen *seen, uint64_t hash)
{
    for (size_t i = hash & (seen->slot_count - 1);; i = (i + 1) & (seen->slot_count - 1))
        if (seen->slots[i].hash == 0 || seen->slots[i].hash == hash)
            return &seen->slots[i];
}

static int slots_grow(struct seen *seen)
{
    struct seen wider = {.slot_count = seen->slot_count * 2};
    wider.slots = calloc(wider.slot_count, sizeof *wider.slots);
    if (wider.slots == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < seen->slot_count; i++)
        if (seen->slots[i].hash != 0)
            *entry_of(&wider, seen->slots[i].hash) = seen->slots[i];
    free(seen->slots);
    seen->slots = wider.slots;
    seen->slot_count = wider.slot_count;
    return 0;
}

static int hash_add(struct seen *seen, uint64_t hash, uint16_t day)
{
    struct entry *entry = entry_of(seen, hash);
    if (entry->hash != 0) {
        if (day < entry->day)
            entry->day = day;
        return 0;
    }
    if (seen->count >= SEEN_MAX)
        return 0;
    if (seen->count + 1 > seen->slot_count / 2) {
        if (slots_grow(seen) < 0)
            return ERR_NOMEM;
        entry = entry_of(seen, hash);
    }
    *entry = (struct entry){hash, day};
    seen->count++;
    return 0;
}

/* SipHash-2-4 of the service's name or the domain, each after a byte that tells which it is. Never 0. */
static uint64_t hash_of(const struct seen *seen, const struct site *site)
{
    uint8_t bytes[1 + NAME_MAX_LEN] = {site->service != NULL};
    size_t len = site->service != NULL ? strlen(site->service) : name_len(site->domain);
    uint64_t hash;
    if (len > NAME_MAX_LEN)
        len = NAME_MAX_LEN;
    memcpy(bytes + 1, site->service != NULL ? (const void *)site->service : site->domain, len);
    crypto_shorthash((unsigned char *)&hash, bytes, len + 1, seen->key);
    return hash == 0 ? 1 : hash;
}

int seen_add(struct seen *seen, const struct site *site, uint16_t day)
{
    return hash_add(seen, hash_of(seen, site), day);
}

int seen_day(const struct seen *seen, const struct site *site)
{
    const struct entry *entry = entry_of(seen, hash_of(seen, site));
    return entry->hash == 0 ? -1 : entry->day;
}

size_t seen_count(const struct seen *seen)
{
    return seen->count;
}

uint16_t seen_since(const struct seen *seen)
{
    return seen->since;
}

void seen_knows(struct seen *seen, uint16_t day)
{
    if (day < seen->since)
        seen->since = day;
}

/* ---- the file ---- */

static uint64_t get(const uint8_t *bytes, unsigned len)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < len; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

static void put(uint8_t *bytes, unsigned len, uint64_t value)
{
    for (unsigned i = 0; i < len; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

static int header_check(const uint8_t *bytes, size_t len)
{
    if (len < HEADER_LEN + CHECK_LEN || memcmp(bytes, magic, sizeof magic) != 0)
        return ERR_DAMAGED;
    if (get(bytes + 8, 4) != VERSION)
        return ERR_FORMAT_VERSION;
    uint64_t count = get(bytes + 32, 8);
    if (count > SEEN_MAX || len != HEADER_LEN + count * ENTRY_LEN + CHECK_LEN || get(bytes + 12, 4) > UINT16_MAX)
        return ERR_DAMAGED;
    return get(bytes + len - CHECK_LEN, 8) == XXH3_64bits(bytes, len - CHECK_LEN) ? 0 : ERR_DAMAGED;
}

int seen_parse(const uint8_t *bytes, size_t len, struct seen **out)
{
    int err = header_check(bytes, len);
    if (err < 0)
        return err;
    size_t count = (size_t)get(bytes + 32, 8);
    struct seen *seen = seen_alloc(count);
    if (seen == NULL)
        return ERR_NOMEM;
    seen->since = (uint16_t)get(bytes + 12, 4);
    memcpy(seen->key, bytes + 16, sizeof seen->key);
    uint64_t before = 0;
    for (size_t i = 0; i < count && err == 0; i++) {
        const uint8_t *at = bytes + HEADER_LEN + i * ENTRY_LEN;
        uint64_t hash = get(at, 8);
        err = hash <= before ? ERR_DAMAGED : hash_add(seen, hash, (uint16_t)get(at + 8, 2));
        before = hash;
    }
    if (err < 0) {
        seen_free(seen);
        return err;
    }
    *out = seen;
    return 0;
}

int seen_open(const char *path, struct seen **out)
{
    char *bytes;
    size_t len;
    int err = file_read_path(path, FILE_MAX, &bytes, &len);
    if (err < 0)
        return err;
    err = seen_parse((const uint8_t *)bytes, len, out);
    free(bytes);
    return err;
}

static int by_hash(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return x->hash < y->hash ? -1 : x->hash > y->hash;
}

/* In order, so that the file does not tell in which order sites were seen. */
static struct entry *entries_sorted(const struct seen *seen)
{
    struct entry *entries = calloc(seen->count + 1, sizeof *entries);
    size_t count = 0;
    for (size_t i = 0; entries != NULL && i < seen->slot_count; i++)
        if (seen->slots[i].hash != 0)
            entries[count++] = seen->slots[i];
    if (entries != NULL)
        qsort(entries, count, sizeof *entries, by_hash);
    return entries;
}

static uint8_t *bytes_make(const struct seen *seen, size_t *out_len)
{
    size_t len = HEADER_LEN + seen->count * ENTRY_LEN + CHECK_LEN;
    struct entry *entries = entries_sorted(seen);
    uint8_t *bytes = entries == NULL ? NULL : calloc(1, len);
    if (bytes != NULL) {
        memcpy(bytes, magic, sizeof magic);
        put(bytes + 8, 4, VERSION);
        put(bytes + 12, 4, seen->since);
        memcpy(bytes + 16, seen->key, sizeof seen->key);
        put(bytes + 32, 8, seen->count);
        for (size_t i = 0; i < seen->count; i++) {
            put(bytes + HEADER_LEN + i * ENTRY_LEN, 8, entries[i].hash);
            put(bytes + HEADER_LEN + i * ENTRY_LEN + 8, 2, entries[i].day);
        }
        put(bytes + len - CHECK_LEN, 8, XXH3_64bits(bytes, len - CHECK_LEN));
    }
    free(entries);
    *out_len = len;
    return bytes;
}

int seen_save(const struct seen *seen, const char *path)
{
    size_t len;
    uint8_t *bytes = bytes_make(seen, &len);
    int err = bytes == NULL ? ERR_NOMEM : outfile_save(path, bytes, len, 0640);
    free(bytes);
    return err;
}
