#include "identity/presence.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "identity/join.h"
#include "identity/map16.h"

#define LINE        64
#define FETCH_AHEAD 8

/* One address or card. */
struct place {
    uint8_t key[16];
    uint32_t device, user, person;
    uint8_t grade; /* while the user is there; 0: a free place */
    bool has_card;
    uint8_t card[6];
    int64_t device_until_s, user_until_s;
} __attribute__((aligned(LINE)));

static_assert(sizeof(struct place) == LINE, "a look-up reads one line");

struct places {
    struct place *at;
    size_t mask;
};

struct presence {
    struct places addresses, macs;
    uint32_t *filled; /* places of addresses that are used */
    size_t count;
    size_t by_grade[PRESENCE_GRADES];
    int64_t next_s;
    uint64_t seed;
};

/* ---- making ---- */

static int places_init(struct places *places, size_t count)
{
    size_t slots = 16;
    while (slots < count + count / 2)
        slots *= 2;
    places->mask = slots - 1;
    places->at = aligned_alloc(LINE, slots * sizeof *places->at);
    if (places->at == NULL)
        return ERR_NOMEM;
    memset(places->at, 0, slots * sizeof *places->at);
    return 0;
}

/* The key's place, or the free one where it would go. */
static size_t place_of(const struct places *places, const uint8_t key[16], uint64_t seed)
{
    size_t i = map16_hash(key, seed) & places->mask;
    while (places->at[i].grade != 0 && memcmp(places->at[i].key, key, 16) != 0)
        i = (i + 1) & places->mask;
    return i;
}

static void fetch(const struct places *places, const uint8_t key[16], uint64_t seed)
{
    __builtin_prefetch(&places->at[map16_hash(key, seed) & places->mask], 1);
}

static size_t fill(struct places *places, const uint8_t key[16], uint64_t seed, const struct join_result *found)
{
    size_t i = place_of(places, key, seed);
    struct place *place = &places->at[i];
    memcpy(place->key, key, 16);
    place->device = found->device;
    place->user = found->user;
    place->person = found->person;
    place->grade = found->grade;
    place->has_card = found->has_card;
    memcpy(place->card, found->card, sizeof place->card);
    place->device_until_s = found->device_until_s;
    place->user_until_s = found->user_until_s;
    return i;
}

static void take_address(struct presence *table, const uint8_t key[16], const struct join_result *found)
{
    size_t i = fill(&table->addresses, key, table->seed, found);
    table->filled[table->count++] = (uint32_t)i;
    table->by_grade[found->grade]++;
}

static int take_all(struct presence *table, struct join *join)
{
    struct join_result found;
    size_t addresses = join_address_count(join), macs = join_mac_count(join);
    table->filled = malloc((addresses + 1) * sizeof *table->filled);
    if (table->filled == NULL || places_init(&table->addresses, addresses) < 0 || places_init(&table->macs, macs) < 0)
        return ERR_NOMEM;
    for (size_t i = 0; i < addresses; i++) {
        if (i + FETCH_AHEAD < addresses)
            fetch(&table->addresses, join_address_key(join, i + FETCH_AHEAD), table->seed);
        const uint8_t *key = join_address(join, i, &found);
        if (found.grade != PRESENCE_ADDRESS || found.person != PRESENCE_NOBODY)
            take_address(table, key, &found);
    }
    for (size_t i = 0; i < macs; i++) {
        if (i + FETCH_AHEAD < macs)
            fetch(&table->macs, join_mac_key_at(join, i + FETCH_AHEAD), table->seed);
        const uint8_t *key = join_mac(join, i, &found);
        if (found.grade != PRESENCE_ADDRESS || found.person != PRESENCE_NOBODY)
            fill(&table->macs, key, table->seed, &found);
    }
    return 0;
}

int presence_new(struct claims *claims, const struct presence_opts *opts, int64_t now_s, struct presence **out)
{
    struct join *join = NULL;
    struct presence *table = calloc(1, sizeof *table);
    if (table == NULL)
        return ERR_NOMEM;
    table->seed = opts->seed;
    int err = join_new(claims, opts, now_s, &join);
    if (err == 0) {
        table->next_s = join_next_s(join);
        err = take_all(table, join);
    }
    join_free(join);
    if (err < 0) {
        presence_free(table);
        return err;
    }
    *out = table;
    return 0;
}

void presence_free(struct presence *table)
{
    if (table == NULL)
        return;
    free(table->addresses.at);
    free(table->macs.at);
    free(table->filled);
    free(table);
}

/* ---- asking ---- */

static bool read_place(const struct place *place, int64_t now_s, struct presence_who *out)
{
    *out = PRESENCE_UNKNOWN;
    if (place->grade == 0)
        return false;
    bool device = now_s < place->device_until_s;
    bool user = now_s < place->user_until_s;
    if (device) {
        out->device = place->device;
        out->grade = place->device == 0 ? PRESENCE_ADDRESS : PRESENCE_DEVICE;
        out->until_s = place->device_until_s;
    }
    if (user) {
        out->user = place->user;
        out->person = place->person;
        if (place->user != 0)
            out->grade = place->grade;
        if (place->user_until_s < out->until_s)
            out->until_s = place->user_until_s;
    }
    return out->grade != PRESENCE_ADDRESS || out->person != PRESENCE_NOBODY;
}

bool presence_find(const struct presence *table, const struct ipaddr *address, int64_t now_s, struct presence_who *out)
{
    return read_place(&table->addresses.at[place_of(&table->addresses, address->bytes, table->seed)], now_s, out);
}

bool presence_find_mac(const struct presence *table, const uint8_t mac[6], int64_t now_s, struct presence_who *out)
{
    uint8_t key[16];
    join_mac_key(mac, key);
    return read_place(&table->macs.at[place_of(&table->macs, key, table->seed)], now_s, out);
}

bool presence_find_card(const struct presence *table, const struct ipaddr *address, int64_t now_s, uint8_t out[6])
{
    const struct place *place = &table->addresses.at[place_of(&table->addresses, address->bytes, table->seed)];
    if (place->grade == 0 || !place->has_card || now_s >= place->device_until_s)
        return false;
    memcpy(out, place->card, sizeof place->card);
    return true;
}

void presence_fetch(const struct presence *table, const struct ipaddr *address)
{
    __builtin_prefetch(&table->addresses.at[map16_hash(address->bytes, table->seed) & table->addresses.mask]);
}

int64_t presence_next_s(const struct presence *table)
{
    return table->next_s;
}

size_t presence_count(const struct presence *table)
{
    return table->count;
}

size_t presence_count_grade(const struct presence *table, enum presence_grade grade)
{
    return table->by_grade[grade];
}

struct ipaddr presence_at(const struct presence *table, size_t index, int64_t now_s, struct presence_who *out)
{
    const struct place *place = &table->addresses.at[table->filled[index]];
    struct ipaddr address;
    memcpy(address.bytes, place->key, sizeof address.bytes);
    read_place(place, now_s, out);
    return address;
}
