#include "episode/asker.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of a dictionary's key. */
struct key {
    uint8_t kind;
    uint8_t zero[3];
    uint32_t number; /* user, device or group */
    uint8_t client[16];
};

enum episode_who_kind asker_kind(const struct asker_said *said)
{
    static const struct ipaddr none;
    if (said->user != 0 && said->grade >= QLOG_GRADE_USER && said->grade <= QLOG_GRADE_LOAN)
        return EPISODE_USER;
    if (said->device != 0 && said->grade >= QLOG_GRADE_USER && said->grade <= QLOG_GRADE_DEVICE)
        return EPISODE_DEVICE;
    return ipaddr_equal(said->client, &none) ? EPISODE_NOBODY : EPISODE_ADDRESS;
}

int64_t askers_group(struct askers *askers, const char *name)
{
    return dict_put(&askers->groups, name, strlen(name) + 1);
}

const char *askers_group_name(const struct askers *askers, uint32_t number)
{
    size_t len;
    return number < askers->groups.count ? (const char *)dict_at(&askers->groups, number, &len) : "";
}

int askers_help(struct askers *askers, uint32_t group, int64_t time_ns)
{
    if (group >= askers->help_cap) {
        uint32_t cap = group + 64;
        int64_t *help_ns = realloc(askers->help_ns, cap * sizeof *help_ns);
        if (help_ns == NULL)
            return ERR_NOMEM;
        memset(help_ns + askers->help_cap, 0, (cap - askers->help_cap) * sizeof *help_ns);
        askers->help_ns = help_ns;
        askers->help_cap = cap;
    }
    askers->help_ns[group] = time_ns;
    return 0;
}

int64_t askers_help_ns(const struct askers *askers, uint32_t group)
{
    return group < askers->help_cap ? askers->help_ns[group] : 0;
}

static int room_make(struct askers *askers)
{
    if (askers->keys.count < askers->cap)
        return 0;
    uint32_t cap = askers->cap * 2 + 256;
    struct asker *items = realloc(askers->items, cap * sizeof *items);
    if (items == NULL)
        return ERR_NOMEM;
    askers->items = items;
    askers->cap = cap;
    return 0;
}

static struct asker asker_of(const struct asker_said *said, enum episode_who_kind kind, struct key *key)
{
    struct asker asker = {.kind = (uint8_t)kind};
    *key = (struct key){.kind = (uint8_t)kind};
    switch (kind) {
    case EPISODE_USER:
        asker.user = key->number = said->user;
        break;
    case EPISODE_DEVICE:
        asker.device = key->number = said->device;
        break;
    case EPISODE_ADDRESS:
        asker.client = *said->client;
        memcpy(key->client, said->client->bytes, sizeof key->client);
        break;
    case EPISODE_NOBODY:
        asker.group = key->number = said->group;
        break;
    }
    return asker;
}

int64_t askers_put(struct askers *askers, const struct asker_said *said)
{
    struct key key;
    struct asker asker = asker_of(said, asker_kind(said), &key);
    int64_t number = dict_find(&askers->keys, &key, sizeof key);
    if (number >= 0)
        return number;
    if (asker.kind != EPISODE_NOBODY && askers->keys.count >= (askers->max == 0 ? ASKERS_MAX : askers->max)) {
        asker = asker_of(said, EPISODE_NOBODY, &key);
        number = dict_find(&askers->keys, &key, sizeof key);
        if (number >= 0)
            return number;
    }
    if (room_make(askers) < 0)
        return ERR_NOMEM;
    number = dict_put(&askers->keys, &key, sizeof key);
    if (number >= 0)
        askers->items[number] = asker;
    return number;
}

void askers_done(struct askers *askers)
{
    dict_done(&askers->keys);
    dict_done(&askers->groups);
    free(askers->items);
    free(askers->help_ns);
    *askers = (struct askers){0};
}
