#include "identity/join.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/mac.h"
#include "identity/map16.h"

#define NO_CLAIM    UINT32_MAX
#define FETCH_AHEAD 8
#define NOT_ASKED   (UINT32_MAX - 1) /* of a person */

/* What is known of an address, each as the index of the claim that says it. */
struct seat {
    uint32_t link;     /* which card it belongs to */
    uint32_t station;  /* ... which is this one */
    uint32_t named;    /* by which name the school knows it */
    uint32_t occupant; /* the user */
    uint32_t host;     /* of a lease without a card: what the device calls itself */
};

/* ... and of a card. */
struct station {
    uint32_t named, occupant, host;
    uint32_t device; /* its number, once numbered */
    bool numbered;
};

/* A name that a loan or the configuration gives to a device. */
struct title {
    uint32_t occupant;
    uint32_t claimants; /* cards that call themselves so */
    bool fixed;         /* the configuration says which card or address has it */
};

struct join {
    struct claims *claims;
    const struct presence_opts *opts;
    int64_t now_s, next_s;
    struct map16 addresses, macs, names;
    struct seat *seats;
    struct station *stations;
    struct title *titles;
};

void join_mac_key(const uint8_t mac[6], uint8_t out[16])
{
    memset(out, 0, 10);
    memcpy(out + 10, mac, 6);
}

/* Names are compared without case, by a hash of 128 bits that nobody outside can foresee. */
static void name_key(const struct join *join, const char *name, uint8_t out[16])
{
    char folded[CLAIM_HOST_MAX + 1];
    size_t len = strnlen(name, CLAIM_HOST_MAX);
    for (size_t i = 0; i < len; i++)
        folded[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 0x20) : name[i];
    XXH128_hash_t hash = XXH3_128bits_withSeed(folded, len, join->opts->seed);
    memcpy(out, &hash, 16);
}

static uint32_t title_of(const struct join *join, const char *name)
{
    uint8_t key[16];
    if (name[0] == '\0')
        return MAP16_NONE;
    name_key(join, name, key);
    return map16_find(&join->names, key);
}

/* ---- which claim says it ---- */

/* The later one; of two of the same second always the same. */
static bool is_later(const struct claim_view *a, const struct claim_view *b)
{
    if (a->from_s != b->from_s)
        return a->from_s > b->from_s;
    return a->source != b->source ? a->source < b->source : strcmp(a->key, b->key) < 0;
}

static void take_later(const struct join *join, uint32_t *at, uint32_t index)
{
    struct claim_view claim = claims_at(join->claims, index);
    if (*at != NO_CLAIM) {
        struct claim_view other = claims_at(join->claims, *at);
        if (!is_later(&claim, &other))
            return;
    }
    *at = index;
}

/* The user with the better evidence. */
static void take_better(const struct join *join, uint32_t *at, uint32_t index)
{
    if (index == NO_CLAIM)
        return;
    struct claim_view claim = claims_at(join->claims, index);
    if (*at != NO_CLAIM) {
        struct claim_view other = claims_at(join->claims, *at);
        if (other.source < claim.source || (other.source == claim.source && !is_later(&claim, &other)))
            return;
    }
    *at = index;
}

/* ---- reading the claims ---- */

static void note_boundary(struct join *join, int64_t at_s)
{
    if (at_s > join->now_s && at_s < join->next_s)
        join->next_s = at_s;
}

static bool holds(struct join *join, const struct claim_view *claim)
{
    note_boundary(join, claim->from_s);
    note_boundary(join, claim->until_s);
    return claim->from_s <= join->now_s && join->now_s < claim->until_s;
}

/* What the device says of itself, as told by a source that only passes it on. */
static bool is_hearsay(enum claim_source source)
{
    return source == CLAIM_LEASE || source == CLAIM_RADIUS || source == CLAIM_FORWARDER || source == CLAIM_LOGON;
}

static struct station *station_of(struct join *join, const uint8_t mac[6])
{
    uint8_t key[16];
    join_mac_key(mac, key);
    return &join->stations[map16_add(&join->macs, key)];
}

static void read_device(struct join *join, const struct claim_view *claim, uint32_t index)
{
    struct seat *seat = claim->has_address ? &join->seats[map16_add(&join->addresses, claim->address.bytes)] : NULL;
    struct station *station = claim->has_mac ? station_of(join, claim->mac) : NULL;
    if (seat != NULL && station != NULL) {
        take_later(join, &seat->link, index);
        if (seat->link == index)
            seat->station = (uint32_t)(station - join->stations);
    }
    if (claim->host[0] == '\0')
        return;
    if (is_hearsay(claim->source)) {
        if (station != NULL)
            take_later(join, &station->host, index);
        else if (seat != NULL && claim->source == CLAIM_LEASE)
            take_later(join, &seat->host, index);
        return;
    }
    if (station != NULL)
        take_later(join, &station->named, index);
    else if (seat != NULL)
        take_later(join, &seat->named, index);
    uint8_t key[16];
    name_key(join, claim->host, key);
    struct title *title = &join->titles[map16_add(&join->names, key)];
    title->fixed = title->fixed || (claim->source == CLAIM_STATIC && (station != NULL || seat != NULL));
}

/* The card that an address belongs to now; false: nobody knows. */
static bool card_of(const struct join *join, const struct seat *seat, uint8_t out[6])
{
    if (seat->link == NO_CLAIM)
        return false;
    memcpy(out, join->macs.keys[seat->station] + 10, 6);
    return true;
}

static void read_user(struct join *join, const struct claim_view *claim, uint32_t index)
{
    uint8_t card[6];
    if (claim->has_mac)
        take_better(join, &station_of(join, claim->mac)->occupant, index);
    if (claim->has_address) {
        struct seat *seat = &join->seats[map16_add(&join->addresses, claim->address.bytes)];
        bool moved = claim->has_mac && card_of(join, seat, card) && memcmp(card, claim->mac, 6) != 0;
        if (!moved)
            take_better(join, &seat->occupant, index);
    }
    uint32_t title =
        is_hearsay(claim->source) || claim->has_address || claim->has_mac ? MAP16_NONE : title_of(join, claim->host);
    if (title != MAP16_NONE)
        take_better(join, &join->titles[title].occupant, index);
}

static void count_claimants(struct join *join)
{
    for (size_t i = 0; i < join->macs.count; i++) {
        const struct station *station = &join->stations[i];
        if (station->host == NO_CLAIM)
            continue;
        uint32_t title = title_of(join, claims_at(join->claims, station->host).host);
        if (title != MAP16_NONE)
            join->titles[title].claimants++;
    }
}

/* Memory is slow: what will be asked for is fetched while others are looked at. */
static void fetch_ahead(const struct join *join, size_t i, size_t count)
{
    uint8_t key[16];
    claims_fetch(join->claims, i + 2 * FETCH_AHEAD);
    if (i + FETCH_AHEAD >= count)
        return;
    struct claim_view claim = claims_at(join->claims, i + FETCH_AHEAD);
    if (claim.has_address)
        map16_fetch(&join->addresses, claim.address.bytes);
    if (claim.has_mac) {
        join_mac_key(claim.mac, key);
        map16_fetch(&join->macs, key);
    }
}

static void read_claims(struct join *join)
{
    size_t count = claims_count(join->claims);
    for (size_t i = 0; i < count; i++) {
        fetch_ahead(join, i, count);
        struct claim_view claim = claims_at(join->claims, i);
        if (holds(join, &claim))
            read_device(join, &claim, (uint32_t)i);
    }
    for (size_t i = 0; i < count; i++) {
        fetch_ahead(join, i, count);
        struct claim_view claim = claims_at(join->claims, i);
        if (claim.user[0] != '\0' && claim.from_s <= join->now_s && join->now_s < claim.until_s)
            read_user(join, &claim, (uint32_t)i);
    }
    count_claimants(join);
}

int join_new(struct claims *claims, const struct presence_opts *opts, int64_t now_s, struct join **out)
{
    size_t count = claims_count(claims);
    struct join *join = calloc(1, sizeof *join);
    if (join == NULL)
        return ERR_NOMEM;
    *join = (struct join){.claims = claims, .opts = opts, .now_s = now_s, .next_s = INT64_MAX};
    join->seats = malloc((count + 1) * sizeof *join->seats);
    join->stations = calloc(count + 1, sizeof *join->stations);
    join->titles = calloc(count + 1, sizeof *join->titles);
    int err = join->seats == NULL || join->stations == NULL || join->titles == NULL ? ERR_NOMEM : 0;
    if (err == 0)
        err = map16_init(&join->addresses, count, opts->seed);
    if (err == 0)
        err = map16_init(&join->macs, count, opts->seed);
    if (err == 0)
        err = map16_init(&join->names, count, opts->seed);
    if (err < 0) {
        join_free(join);
        return err;
    }
    memset(join->seats, 0xff, (count + 1) * sizeof *join->seats); /* NO_CLAIM everywhere */
    for (size_t i = 0; i <= count; i++) {
        join->stations[i] = (struct station){.named = NO_CLAIM, .occupant = NO_CLAIM, .host = NO_CLAIM};
        join->titles[i].occupant = NO_CLAIM;
    }
    read_claims(join);
    *out = join;
    return 0;
}

void join_free(struct join *join)
{
    if (join == NULL)
        return;
    map16_done(&join->addresses);
    map16_done(&join->macs);
    map16_done(&join->names);
    free(join->seats);
    free(join->stations);
    free(join->titles);
    free(join);
}

size_t join_address_count(const struct join *join)
{
    return join->addresses.count;
}

size_t join_mac_count(const struct join *join)
{
    return join->macs.count;
}

const uint8_t *join_address_key(const struct join *join, size_t index)
{
    return join->addresses.keys[index];
}

const uint8_t *join_mac_key_at(const struct join *join, size_t index)
{
    return join->macs.keys[index];
}

int64_t join_next_s(const struct join *join)
{
    return join->next_s;
}

/* ---- what follows from them ---- */

/* The title a device has by what it says of itself alone. */
static uint32_t believed_title(const struct join *join, const char *host)
{
    uint32_t title = join->opts->believe_host_names ? title_of(join, host) : MAP16_NONE;
    if (title == MAP16_NONE || join->titles[title].fixed || join->titles[title].claimants != 1)
        return MAP16_NONE;
    return title;
}

/* What was found of the claim's names, if that holds still; else all zero, to be filled. */
static struct claim_numbers *numbers_of(const struct join *join, uint32_t index)
{
    struct claim_numbers *numbers = claims_numbers(join->claims, index);
    if (numbers->epoch != join->opts->epoch)
        *numbers = (struct claim_numbers){.epoch = join->opts->epoch, .person = NOT_ASKED};
    return numbers;
}

/* Names that have no number yet are asked about each time. */
static uint32_t device_of_claim(struct join *join, uint32_t index)
{
    struct claim_numbers *numbers = numbers_of(join, index);
    if (numbers->device == 0)
        numbers->device = join->opts->device(join->opts->ctx, claims_at(join->claims, index).host);
    return numbers->device;
}

static uint32_t number_mac(struct join *join, struct station *station, const uint8_t mac[6])
{
    const struct presence_opts *o = join->opts;
    char text[MAC_TEXT_MAX];
    uint32_t device = o->device(o->ctx, mac_to_text(mac, text));
    if (device != 0 && station->host != NO_CLAIM && o->called != NULL)
        o->called(o->ctx, device, claims_at(join->claims, station->host).host);
    return device;
}

/* by: the claim with which a number by the card is kept. */
static uint32_t number_station(struct join *join, struct station *station, const uint8_t mac[6], uint32_t by)
{
    const struct presence_opts *o = join->opts;
    if (station->numbered)
        return station->device;
    const char *host = station->host == NO_CLAIM ? "" : claims_at(join->claims, station->host).host;
    struct claim_numbers *numbers = station->named == NO_CLAIM && by != NO_CLAIM ? numbers_of(join, by) : NULL;
    if (station->named != NO_CLAIM)
        station->device = device_of_claim(join, station->named);
    else if (believed_title(join, host) != MAP16_NONE)
        station->device = o->device(o->ctx, host);
    else if (numbers != NULL && numbers->device != 0)
        station->device = numbers->device;
    else {
        station->device = number_mac(join, station, mac);
        if (numbers != NULL)
            numbers->device = station->device;
    }
    station->numbered = true;
    return station->device;
}

/* A lease that names no card is a device by what it calls itself, and marked as such. */
static uint32_t number_host(struct join *join, const char *host)
{
    char name[CLAIM_HOST_MAX + 16];
    snprintf(name, sizeof name, "%s (by DHCP)", host);
    return join->opts->device(join->opts->ctx, name);
}

/* The user behind a card: his session, a loan of the card, or of the device that it is. */
static uint32_t occupant_of(const struct join *join, const struct station *station)
{
    uint32_t best = station->occupant;
    const char *host = station->host == NO_CLAIM ? "" : claims_at(join->claims, station->host).host;
    uint32_t title = station->named != NO_CLAIM ? title_of(join, claims_at(join->claims, station->named).host)
                                                : believed_title(join, host);
    if (title != MAP16_NONE)
        take_better(join, &best, join->titles[title].occupant);
    return best;
}

static uint8_t grade_of(enum claim_source source)
{
    switch (source) {
    case CLAIM_RADIUS:
        return PRESENCE_USER;
    case CLAIM_LOGON:
        return PRESENCE_LOGON;
    case CLAIM_LOAN:
    case CLAIM_STATIC:
        return PRESENCE_LOAN;
    case CLAIM_LEASE:
    case CLAIM_FORWARDER:
        break;
    }
    return PRESENCE_DEVICE;
}

/* bound_s: he is there no longer than that. */
static void set_user(const struct join *join, uint32_t occupant, int64_t bound_s, struct join_result *out)
{
    const struct presence_opts *o = join->opts;
    out->person = PRESENCE_NOBODY;
    out->grade = out->device == 0 ? PRESENCE_ADDRESS : PRESENCE_DEVICE;
    if (occupant == NO_CLAIM)
        return;
    struct claim_view claim = claims_at(join->claims, occupant);
    struct claim_numbers *numbers = numbers_of(join, occupant);
    if (numbers->user == 0)
        numbers->user = o->user(o->ctx, claim.user);
    if (numbers->person == NOT_ASKED)
        numbers->person = o->person(o->ctx, claim.user);
    out->user = numbers->user;
    out->person = numbers->person;
    out->user_until_s = claim.until_s < bound_s ? claim.until_s : bound_s;
    if (out->user != 0)
        out->grade = grade_of(claim.source);
}

static bool is_shared(const struct presence_opts *opts, const struct ipaddr *address)
{
    for (size_t i = 0; i < opts->shared_count; i++)
        if (prefix_contains(&opts->shared[i], address))
            return true;
    return false;
}

/* The device by the name that the school gave the address, or by its card, or by what it calls itself. */
static void set_device(struct join *join, const struct seat *seat, struct station *station, struct join_result *out)
{
    uint32_t by = seat->named != NO_CLAIM ? seat->named : station != NULL ? seat->link : seat->host;
    if (by == NO_CLAIM)
        return;
    struct claim_view claim = claims_at(join->claims, by);
    out->device_until_s = claim.until_s;
    if (seat->named != NO_CLAIM)
        out->device = device_of_claim(join, by);
    else if (station != NULL)
        out->device = number_station(join, station, claim.mac, by);
    else
        out->device = number_host(join, claim.host);
}

const uint8_t *join_address(struct join *join, size_t index, struct join_result *out)
{
    const struct seat *seat = &join->seats[index];
    struct ipaddr address;
    uint32_t occupant = seat->occupant;
    int64_t bound_s = INT64_MAX;
    memcpy(address.bytes, join->addresses.keys[index], sizeof address.bytes);
    *out = (struct join_result){.device = 0};
    out->has_card = card_of(join, seat, out->card);
    struct station *station = out->has_card ? &join->stations[seat->station] : NULL;
    set_device(join, seat, station, out);
    if (station != NULL) {
        uint32_t before = occupant;
        take_better(join, &occupant, occupant_of(join, station));
        if (occupant != before) /* known by the card alone: for as long as the address is the card's */
            bound_s = claims_at(join->claims, seat->link).until_s;
    }
    if (seat->named != NO_CLAIM) {
        uint32_t title = title_of(join, claims_at(join->claims, seat->named).host), before = occupant;
        if (title != MAP16_NONE)
            take_better(join, &occupant, join->titles[title].occupant);
        if (occupant != before)
            bound_s = INT64_MAX;
    }
    if (is_shared(join->opts, &address))
        occupant = NO_CLAIM;
    set_user(join, occupant, bound_s, out);
    return join->addresses.keys[index];
}

const uint8_t *join_mac(struct join *join, size_t index, struct join_result *out)
{
    const uint8_t *key = join->macs.keys[index];
    struct station *station = &join->stations[index];
    *out = (struct join_result){.device_until_s = INT64_MAX};
    out->device = number_station(join, station, key + 10, NO_CLAIM);
    set_user(join, occupant_of(join, station), INT64_MAX, out);
    return key;
}
