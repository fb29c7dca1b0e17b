#include "identity/claims.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "identity/clean.h"

#define BUCKETS_MIN ((size_t)1024)

/* One claim. Its texts follow it: user, host and key, each with its closing zero. */
struct held {
    struct held *next; /* of the same bucket */
    uint32_t index;    /* in all */
    uint32_t round;    /* of claims_replace() that last had it */
    int64_t from_s, until_s;
    struct claim_numbers numbers;
    struct ipaddr address;
    uint8_t mac[6];
    uint8_t source;
    bool has_address, has_mac;
    uint16_t origin;
    uint8_t user_len, host_len, key_len;
    char texts[];
};

struct claims {
    struct held **all;
    size_t count, cap, max;
    struct held **buckets;
    size_t bucket_count; /* a power of two */
    uint64_t seed;
    uint64_t changed, refused;
    uint32_t round;
    claims_listener listener;
    void *listener_ctx;
};

const char *claim_source_name(enum claim_source source)
{
    static const char *const names[CLAIM_SOURCES] = {
        [CLAIM_RADIUS] = "RADIUS",        [CLAIM_LOGON] = "logon", [CLAIM_LOAN] = "loan register",
        [CLAIM_STATIC] = "configuration", [CLAIM_LEASE] = "DHCP",  [CLAIM_FORWARDER] = "forwarder"};
    return names[source];
}

int claims_new(size_t max, uint64_t seed, struct claims **out)
{
    struct claims *claims = calloc(1, sizeof *claims);
    if (claims == NULL)
        return ERR_NOMEM;
    *claims = (struct claims){.max = max, .seed = seed, .bucket_count = BUCKETS_MIN};
    claims->buckets = calloc(claims->bucket_count, sizeof(struct held *));
    if (claims->buckets == NULL) {
        free(claims);
        return ERR_NOMEM;
    }
    *out = claims;
    return 0;
}

void claims_free(struct claims *claims)
{
    if (claims == NULL)
        return;
    for (size_t i = 0; i < claims->count; i++)
        free(claims->all[i]);
    free(claims->all);
    free(claims->buckets);
    free(claims);
}

void claims_listen(struct claims *claims, claims_listener listener, void *ctx)
{
    claims->listener = listener;
    claims->listener_ctx = ctx;
}

static void note_change(struct claims *claims)
{
    claims->changed++;
    if (claims->listener != NULL)
        claims->listener(claims->listener_ctx);
}

/* ---- the map ---- */

static const char *key_of(const struct held *held)
{
    return held->texts + held->user_len + 1 + held->host_len + 1;
}

static struct held **bucket_of(const struct claims *claims, unsigned source, uint16_t origin, const char *key,
                               size_t key_len)
{
    uint64_t hash = XXH3_64bits_withSeed(key, key_len, claims->seed ^ ((uint64_t)origin << 8 | source));
    return &claims->buckets[hash & (claims->bucket_count - 1)];
}

static struct held **bucket_of_held(const struct claims *claims, const struct held *held)
{
    return bucket_of(claims, held->source, held->origin, key_of(held), held->key_len);
}

/* Where the pointer to it is; it is NULL when there is none. */
static struct held **find(const struct claims *claims, unsigned source, uint16_t origin, const char *key)
{
    size_t len = strnlen(key, CLAIM_KEY_MAX + 1);
    struct held **at = bucket_of(claims, source, origin, key, len);
    while (*at != NULL && ((*at)->source != source || (*at)->origin != origin || (*at)->key_len != len ||
                           memcmp(key_of(*at), key, len) != 0))
        at = &(*at)->next;
    return at;
}

/* Longer chains are all that it costs when there is no memory for more buckets. */
static void widen(struct claims *claims)
{
    size_t count = claims->bucket_count * 2;
    struct held **buckets = calloc(count, sizeof(struct held *));
    if (buckets == NULL)
        return;
    free(claims->buckets);
    claims->buckets = buckets;
    claims->bucket_count = count;
    for (size_t i = 0; i < claims->count; i++) {
        struct held **at = bucket_of_held(claims, claims->all[i]);
        claims->all[i]->next = *at;
        *at = claims->all[i];
    }
}

static int make_room(struct claims *claims)
{
    if (claims->count >= claims->max)
        return ERR_LIMIT;
    if (claims->count >= claims->bucket_count)
        widen(claims);
    if (claims->count < claims->cap)
        return 0;
    size_t cap = claims->cap == 0 ? 256 : claims->cap * 2;
    struct held **all = reallocarray(claims->all, cap, sizeof(struct held *));
    if (all == NULL)
        return ERR_NOMEM;
    claims->all = all;
    claims->cap = cap;
    return 0;
}

/* at: the pointer to it in its chain. */
static void drop(struct claims *claims, struct held **at)
{
    struct held *held = *at;
    struct held *last = claims->all[--claims->count];
    *at = held->next;
    claims->all[held->index] = last;
    last->index = held->index;
    free(held);
}

static void drop_index(struct claims *claims, size_t index)
{
    struct held *held = claims->all[index];
    struct held **at = bucket_of_held(claims, held);
    while (*at != held)
        at = &(*at)->next;
    drop(claims, at);
}

/* ---- change ---- */

static struct held *held_new(const struct claim *claim)
{
    char user[CLAIM_USER_MAX + 1], host[CLAIM_HOST_MAX + 1];
    size_t user_len = clean_name(claim->user, strnlen(claim->user, CLAIM_USER_MAX), user, sizeof user);
    size_t host_len = clean_name(claim->host, strnlen(claim->host, CLAIM_HOST_MAX), host, sizeof host);
    size_t key_len = strnlen(claim->key, CLAIM_KEY_MAX);
    struct held *held = malloc(sizeof *held + user_len + host_len + key_len + 3);
    if (held == NULL)
        return NULL;
    *held = (struct held){
        .from_s = claim->from_s,
        .until_s = claim->until_s == 0 ? INT64_MAX : claim->until_s,
        .source = (uint8_t)claim->source,
        .has_address = claim->has_address,
        .has_mac = claim->has_mac,
        .origin = claim->origin,
        .user_len = (uint8_t)user_len,
        .host_len = (uint8_t)host_len,
        .key_len = (uint8_t)key_len,
    };
    if (claim->has_address)
        held->address = claim->address;
    if (claim->has_mac)
        memcpy(held->mac, claim->mac, sizeof held->mac);
    memcpy(held->texts, user, user_len + 1);
    memcpy(held->texts + user_len + 1, host, host_len + 1);
    memcpy(held->texts + user_len + 1 + host_len + 1, claim->key, key_len);
    held->texts[user_len + 1 + host_len + 1 + key_len] = '\0';
    return held;
}

static bool says_the_same(const struct held *a, const struct held *b)
{
    return a->from_s == b->from_s && a->until_s == b->until_s && a->has_address == b->has_address &&
           a->has_mac == b->has_mac && ipaddr_equal(&a->address, &b->address) &&
           memcmp(a->mac, b->mac, sizeof a->mac) == 0 && a->user_len == b->user_len && a->host_len == b->host_len &&
           memcmp(a->texts, b->texts, (size_t)a->user_len + a->host_len + 2) == 0;
}

static bool is_usable(const struct claim *claim)
{
    return claim->key[0] != '\0' && (unsigned)claim->source < CLAIM_SOURCES &&
           (claim->has_address || claim->has_mac || claim->host[0] != '\0') &&
           (claim->until_s == 0 || claim->from_s < claim->until_s);
}

/* Negative, or whether anything is different now. */
static int put(struct claims *claims, const struct claim *claim)
{
    if (!is_usable(claim))
        return ERR_INVAL;
    struct held **at = find(claims, claim->source, claim->origin, claim->key);
    struct held *old = *at;
    int err = old == NULL ? make_room(claims) : 0;
    struct held *held = err < 0 ? NULL : held_new(claim);
    if (held == NULL) {
        claims->refused++;
        return err < 0 ? err : ERR_NOMEM;
    }
    held->round = claims->round;
    if (old != NULL && says_the_same(old, held)) {
        old->round = claims->round;
        free(held);
        return 0;
    }
    if (old != NULL) {
        held->index = old->index;
        held->next = old->next;
        *at = held;
        free(old);
    } else { /* make_room() may have moved the chains */
        at = bucket_of_held(claims, held);
        held->index = (uint32_t)claims->count++;
        held->next = *at;
        *at = held;
    }
    claims->all[held->index] = held;
    return 1;
}

int claims_put(struct claims *claims, const struct claim *claim)
{
    int done = put(claims, claim);
    if (done > 0)
        note_change(claims);
    return done < 0 ? done : 0;
}

bool claims_end(struct claims *claims, enum claim_source source, uint16_t origin, const char *key, int64_t at_s)
{
    struct held **at = find(claims, source, origin, key);
    if (*at == NULL || (*at)->until_s <= at_s)
        return false;
    if ((*at)->from_s >= at_s)
        drop(claims, at);
    else
        (*at)->until_s = at_s;
    note_change(claims);
    return true;
}

int claims_replace(struct claims *claims, enum claim_source source, uint16_t origin, const struct claim array[],
                   size_t count)
{
    int err = 0;
    bool changed = false;
    claims->round++;
    for (size_t i = 0; i < count; i++) {
        struct claim claim = array[i];
        claim.source = source;
        claim.origin = origin;
        int done = put(claims, &claim);
        changed = changed || done > 0;
        err = done < 0 ? done : err;
    }
    for (size_t i = claims->count; i-- > 0;) {
        const struct held *held = claims->all[i];
        if (held->source != source || held->origin != origin || held->round == claims->round)
            continue;
        drop_index(claims, i);
        changed = true;
    }
    if (changed)
        note_change(claims);
    return err;
}

void claims_expire(struct claims *claims, int64_t now_s)
{
    for (size_t i = claims->count; i-- > 0;)
        if (claims->all[i]->until_s <= now_s)
            drop_index(claims, i);
}

/* ---- looking ---- */

uint64_t claims_changed(const struct claims *claims)
{
    return claims->changed;
}

size_t claims_count(const struct claims *claims)
{
    return claims->count;
}

uint64_t claims_refused(const struct claims *claims)
{
    return claims->refused;
}

struct claim_numbers *claims_numbers(struct claims *claims, size_t index)
{
    return &claims->all[index]->numbers;
}

void claims_fetch(const struct claims *claims, size_t index)
{
    if (index >= claims->count)
        return;
    __builtin_prefetch(claims->all[index]);
    __builtin_prefetch((const char *)claims->all[index] + 64);
}

struct claim_view claims_at(const struct claims *claims, size_t index)
{
    const struct held *held = claims->all[index];
    struct claim_view view = {
        .source = (enum claim_source)held->source,
        .origin = held->origin,
        .has_address = held->has_address,
        .has_mac = held->has_mac,
        .address = held->address,
        .user = held->texts,
        .host = held->texts + held->user_len + 1,
        .key = key_of(held),
        .from_s = held->from_s,
        .until_s = held->until_s,
    };
    memcpy(view.mac, held->mac, sizeof view.mac);
    return view;
}
