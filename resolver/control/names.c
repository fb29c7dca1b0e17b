#include "control/names.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_GROUPS, KIND_FEEDS, KIND_UPSTREAMS, KIND_COUNT };

/* The names of one policy version or one generation, by index. */
struct set {
    uint64_t key;
    size_t count;
    const char **names; /* entries belong to the pool */
};

struct names {
    pthread_mutex_t lock;
    struct set sets[KIND_COUNT][NAMES_SETS_MAX]; /* newest first */
    char **pool;
    size_t pool_count;
};

int names_new(struct names **out)
{
    struct names *names = calloc(1, sizeof *names);
    if (names == NULL)
        return ERR_NOMEM;
    pthread_mutex_init(&names->lock, NULL);
    *out = names;
    return 0;
}

void names_free(struct names *names)
{
    if (names == NULL)
        return;
    for (size_t kind = 0; kind < KIND_COUNT; kind++)
        for (size_t i = 0; i < NAMES_SETS_MAX; i++)
            free(names->sets[kind][i].names);
    for (size_t i = 0; i < names->pool_count; i++)
        free(names->pool[i]);
    free(names->pool);
    pthread_mutex_destroy(&names->lock);
    free(names);
}

/* The pool's copy of a name; NULL when there is no memory for one. */
static const char *intern(struct names *names, const char *name)
{
    for (size_t i = 0; i < names->pool_count; i++)
        if (strcmp(names->pool[i], name) == 0)
            return names->pool[i];
    char **pool = realloc(names->pool, (names->pool_count + 1) * sizeof *pool);
    if (pool == NULL)
        return NULL;
    names->pool = pool;
    pool[names->pool_count] = strdup(name);
    return pool[names->pool_count] == NULL ? NULL : pool[names->pool_count++];
}

/* Puts a set in front, in place of one of the same key or else of the oldest. Takes set->names over. */
static void put(struct names *names, enum kind kind, struct set set)
{
    struct set *sets = names->sets[kind];
    size_t at = 0;
    while (at < NAMES_SETS_MAX - 1 && !(sets[at].names != NULL && sets[at].key == set.key))
        at++;
    free(sets[at].names);
    memmove(sets + 1, sets, at * sizeof *sets);
    sets[0] = set;
}

static bool set_init(struct set *set, uint64_t key, size_t count)
{
    *set = (struct set){.key = key, .count = count, .names = calloc(count + 1, sizeof set->names[0])};
    return set->names != NULL;
}

void names_put_policy(struct names *names, const struct policy_opts *policy)
{
    struct set set;
    if (!set_init(&set, policy->version, policy->group_count))
        return;
    pthread_mutex_lock(&names->lock);
    for (size_t i = 0; i < set.count; i++)
        set.names[i] = intern(names, policy->groups[i].name);
    put(names, KIND_GROUPS, set);
    pthread_mutex_unlock(&names->lock);
}

void names_put_generation(struct names *names, const struct blockdb *db)
{
    struct set set;
    if (!set_init(&set, blockdb_generation(db), blockdb_feed_count(db)))
        return;
    pthread_mutex_lock(&names->lock);
    for (size_t i = 0; i < set.count; i++)
        set.names[i] = intern(names, blockdb_feed(db, i)->name);
    put(names, KIND_FEEDS, set);
    pthread_mutex_unlock(&names->lock);
}

void names_put_upstreams(struct names *names, const struct query_opts *query)
{
    struct set set;
    if (!set_init(&set, 0, query->server_count))
        return;
    pthread_mutex_lock(&names->lock);
    for (size_t i = 0; i < set.count; i++)
        set.names[i] = query->servers[i].name == NULL ? NULL : intern(names, query->servers[i].name);
    put(names, KIND_UPSTREAMS, set);
    pthread_mutex_unlock(&names->lock);
}

static const char *get(struct names *names, enum kind kind, uint64_t key, size_t index)
{
    const char *name = NULL;
    pthread_mutex_lock(&names->lock);
    for (size_t i = 0; i < NAMES_SETS_MAX; i++) {
        const struct set *set = &names->sets[kind][i];
        if (set->names == NULL || set->key != key)
            continue;
        name = index < set->count ? set->names[index] : NULL;
        break;
    }
    pthread_mutex_unlock(&names->lock);
    return name;
}

const char *names_group(void *names, uint32_t policy_version, uint16_t group)
{
    if (group == POLICY_GROUP_DENIED)
        return "-";
    if (group == POLICY_GROUP_DEFAULT)
        return "default";
    return get(names, KIND_GROUPS, policy_version, group);
}

const char *names_feed(void *names, uint64_t generation, uint16_t feed)
{
    return get(names, KIND_FEEDS, generation, feed);
}

const char *names_upstream(void *names, uint16_t upstream)
{
    return get(names, KIND_UPSTREAMS, 0, upstream);
}

/* ---- what will be asked for ---- */

size_t names_keys_max(const struct policy_opts *policy, const struct query_opts *query, const struct blockdb *db)
{
    return policy->group_count + 2 + query->server_count + (db == NULL ? 0 : blockdb_feed_count(db));
}

size_t names_keys(const struct policy_opts *policy, const struct query_opts *query, const struct blockdb *db,
                  struct texts_key *out)
{
    size_t count = 0;
    for (size_t i = 0; i < policy->group_count; i++)
        out[count++] = (struct texts_key){TEXTS_GROUP, policy->version, (uint16_t)i};
    out[count++] = (struct texts_key){TEXTS_GROUP, policy->version, POLICY_GROUP_DEFAULT};
    out[count++] = (struct texts_key){TEXTS_GROUP, policy->version, POLICY_GROUP_DENIED};
    for (size_t i = 0; i < query->server_count; i++)
        out[count++] = (struct texts_key){TEXTS_UPSTREAM, 0, (uint16_t)i};
    for (size_t i = 0; db != NULL && i < blockdb_feed_count(db); i++)
        out[count++] = (struct texts_key){TEXTS_FEED, blockdb_generation(db), (uint16_t)i};
    return count;
}
