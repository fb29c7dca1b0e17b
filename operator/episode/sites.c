#include "episode/sites.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/random.h"

#define SLOTS 262144u /* names remembered; the last one that came takes the place */

struct sites_name {
    uint64_t hash;       /* by a seed of this run: nobody can make a name pass for another one; 0: free */
    const char *service; /* NULL: none */
    uint32_t site;       /* 1 + its number; 0: it has none yet */
    uint8_t kind;        /* enum site_kind */
    uint8_t labels;      /* of the domain */
};

int sites_init(struct sites *sites, const struct site_finder *finder)
{
    struct random_pool pool = {0};
    *sites = (struct sites){.finder = finder, .max = SITES_MAX};
    random_bytes(&pool, &sites->seed, sizeof sites->seed);
    sites->names = calloc(SLOTS, sizeof *sites->names);
    return sites->names == NULL ? ERR_NOMEM : 0;
}

void sites_done(struct sites *sites)
{
    dict_done(&sites->keys);
    free(sites->names);
    *sites = (struct sites){0};
}

static void slot_fill(const struct sites *sites, const uint8_t *name, struct sites_name *slot)
{
    struct site site;
    site_find(sites->finder, name, &site);
    slot->kind = (uint8_t)site.kind;
    slot->service = site.service;
    slot->labels = (uint8_t)name_label_count(site.domain);
    slot->site = 0;
}

void sites_find(struct sites *sites, const uint8_t *name, size_t len, struct sites_found *out)
{
    uint64_t hash = XXH3_64bits_withSeed(name, len, sites->seed);
    struct sites_name *slot = &sites->names[hash % SLOTS];
    hash += hash == 0;
    if (slot->hash != hash) {
        slot_fill(sites, name, slot);
        slot->hash = hash;
    }
    *out = (struct sites_found){
        .kind = (enum site_kind)slot->kind, .name_hash = (uint32_t)XXH3_64bits(name, len), .slot = slot};
}

int64_t sites_number(struct sites *sites, const uint8_t *name, const struct sites_found *found)
{
    struct sites_name *slot = found->slot;
    uint8_t key[1 + NAME_MAX_LEN] = {slot->service != NULL ? SITE_SERVICE : slot->kind};
    if (slot->site != 0)
        return slot->site - 1;
    const uint8_t *domain = name_skip_labels(name, name_label_count(name) - slot->labels);
    const void *text = slot->service != NULL ? (const void *)slot->service : domain;
    size_t len = slot->service != NULL ? strlen(slot->service) + 1 : name_len(domain);
    if (len > NAME_MAX_LEN)
        len = NAME_MAX_LEN;
    memcpy(key + 1, text, len);
    int64_t number = dict_find(&sites->keys, key, len + 1);
    if (number < 0 && sites->keys.count >= sites->max)
        return SITES_NONE;
    if (number < 0)
        number = dict_put(&sites->keys, key, len + 1);
    if (number >= 0)
        slot->site = (uint32_t)number + 1;
    return number;
}

void sites_get(const struct sites *sites, uint32_t number, struct site *out)
{
    size_t len;
    const uint8_t *key = dict_at(&sites->keys, number, &len);
    *out = (struct site){.kind = (enum site_kind)key[0]};
    if (out->kind == SITE_SERVICE)
        out->service = (const char *)key + 1;
    else
        out->domain = key + 1;
}

const uint8_t *sites_key(const struct sites *sites, uint32_t number, size_t *out_len)
{
    return dict_at(&sites->keys, number, out_len);
}
