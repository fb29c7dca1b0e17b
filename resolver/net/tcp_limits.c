#include "net/tcp_limits.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

struct entry {
    struct ipaddr client;
    size_t count; /* 0: empty */
};

struct tcp_limits {
    pthread_mutex_t lock;
    size_t total;
    size_t total_max;
    size_t per_client_max;
    uint64_t secret;
    size_t mask;
    struct entry entries[]; /* open addressing, linear probing; at most half full */
};

int tcp_limits_new(size_t total_max, size_t per_client_max, struct tcp_limits **out)
{
    struct random_pool random = {0};
    size_t slots = 16;
    while (slots < 2 * total_max)
        slots *= 2;
    struct tcp_limits *limits = calloc(1, sizeof *limits + slots * sizeof limits->entries[0]);
    if (limits == NULL)
        return ERR_NOMEM;
    pthread_mutex_init(&limits->lock, NULL);
    limits->total_max = total_max;
    limits->per_client_max = per_client_max;
    limits->mask = slots - 1;
    random_bytes(&random, &limits->secret, sizeof limits->secret);
    *out = limits;
    return 0;
}

void tcp_limits_free(struct tcp_limits *limits)
{
    if (limits == NULL)
        return;
    pthread_mutex_destroy(&limits->lock);
    free(limits);
}

static size_t home_of(const struct tcp_limits *limits, const struct ipaddr *client)
{
    uint64_t halves[2];
    memcpy(halves, client->bytes, sizeof halves);
    uint64_t hash = (halves[0] ^ limits->secret) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 32 ^ halves[1]) * UINT64_C(0xd6e8feb86659fd93);
    return (size_t)(hash ^ hash >> 32) & limits->mask;
}

/* The client's entry, or the empty one where it would be. */
static size_t find(const struct tcp_limits *limits, const struct ipaddr *client)
{
    size_t at = home_of(limits, client);
    while (limits->entries[at].count > 0 && !ipaddr_equal(&limits->entries[at].client, client))
        at = (at + 1) & limits->mask;
    return at;
}

/* Empties an entry and moves back what had to go past it. */
static void remove_entry(struct tcp_limits *limits, size_t hole)
{
    for (size_t at = (hole + 1) & limits->mask; limits->entries[at].count > 0; at = (at + 1) & limits->mask) {
        size_t home = home_of(limits, &limits->entries[at].client);
        if (((at - home) & limits->mask) < ((at - hole) & limits->mask))
            continue; /* its home lies behind the hole */
        limits->entries[hole] = limits->entries[at];
        hole = at;
    }
    limits->entries[hole].count = 0;
}

bool tcp_limits_take(struct tcp_limits *limits, const struct ipaddr *client)
{
    pthread_mutex_lock(&limits->lock);
    struct entry *entry = &limits->entries[find(limits, client)];
    bool granted = limits->total < limits->total_max && entry->count < limits->per_client_max;
    if (granted) {
        entry->client = *client;
        entry->count++;
        limits->total++;
    }
    pthread_mutex_unlock(&limits->lock);
    return granted;
}

void tcp_limits_release(struct tcp_limits *limits, const struct ipaddr *client)
{
    pthread_mutex_lock(&limits->lock);
    size_t at = find(limits, client);
    assert(limits->entries[at].count > 0);
    if (limits->entries[at].count == 1)
        remove_entry(limits, at);
    else
        limits->entries[at].count--;
    limits->total--;
    pthread_mutex_unlock(&limits->lock);
}

size_t tcp_limits_total(struct tcp_limits *limits)
{
    pthread_mutex_lock(&limits->lock);
    size_t total = limits->total;
    pthread_mutex_unlock(&limits->lock);
    return total;
}
