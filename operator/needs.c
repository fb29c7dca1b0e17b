#include "operator/needs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SECOND_NS INT64_C(1000000000)
#define SLOTS     (2 * NEEDS_NAMES_MAX)
#define SEEN_MAX  ((size_t)1 << 20) /* pairs of a name and a visit, and of a name and a client */

struct visit {
    struct ipaddr client;
    int64_t from_ns, to_ns;
    uint32_t client_number;
};

struct needs {
    uint8_t site[NAME_MAX_LEN];
    struct visit *visits; /* first one for each question, then joined and sorted by client and time */
    size_t visit_count, visit_cap;
    size_t client_count;
    struct need *names;
    size_t name_count;
    uint32_t *slots; /* open addressing: 1 + index in names */
    uint64_t *seen;  /* the same: pairs, never 0 */
    size_t seen_cap, seen_count;
};

int needs_new(const uint8_t *site, struct needs **out)
{
    struct needs *needs = calloc(1, sizeof *needs);
    if (needs == NULL)
        return ERR_NOMEM;
    memcpy(needs->site, site, name_len(site));
    needs->names = calloc(NEEDS_NAMES_MAX, sizeof *needs->names);
    needs->slots = calloc(SLOTS, sizeof *needs->slots);
    needs->seen_cap = 1024;
    needs->seen = calloc(needs->seen_cap, sizeof *needs->seen);
    if (needs->names == NULL || needs->slots == NULL || needs->seen == NULL) {
        needs_free(needs);
        return ERR_NOMEM;
    }
    *out = needs;
    return 0;
}

void needs_free(struct needs *needs)
{
    if (needs == NULL)
        return;
    free(needs->visits);
    free(needs->names);
    free(needs->slots);
    free(needs->seen);
    free(needs);
}

static bool is_said(const struct needs_asked *asked)
{
    static const struct ipaddr none;
    return !ipaddr_equal(&asked->client, &none);
}

/* ---- visits ---- */

/* Twice as many as are kept: then the older half goes. */
static int compare_times(const void *a, const void *b)
{
    const struct visit *x = a;
    const struct visit *y = b;
    return (x->to_ns < y->to_ns) - (x->to_ns > y->to_ns);
}

static int make_room(struct needs *needs)
{
    assert(needs->visits != NULL || needs->visit_cap == 0);
    if (needs->visit_count < needs->visit_cap)
        return 0;
    if (needs->visit_cap == 2 * NEEDS_VISITS_MAX) {
        qsort(needs->visits, needs->visit_count, sizeof *needs->visits, compare_times);
        needs->visit_count = NEEDS_VISITS_MAX;
        return 0;
    }
    size_t cap = needs->visit_cap == 0 ? 64 : needs->visit_cap * 2;
    struct visit *visits = reallocarray(needs->visits, cap, sizeof *visits);
    if (visits == NULL)
        return ERR_NOMEM;
    needs->visits = visits;
    needs->visit_cap = cap;
    return 0;
}

int needs_visit(struct needs *needs, const struct needs_asked *asked)
{
    if (!is_said(asked) || !name_is_at_or_below(asked->name, needs->site))
        return 0;
    int64_t from_ns = asked->time_ns - NEEDS_BEFORE_S * SECOND_NS;
    int64_t to_ns = asked->time_ns + NEEDS_AFTER_S * SECOND_NS;
    /* A page asks for its site several times: that is one visit. */
    struct visit *last = needs->visit_count == 0 ? NULL : &needs->visits[needs->visit_count - 1];
    if (last != NULL && ipaddr_equal(&last->client, &asked->client) && from_ns <= last->to_ns &&
        to_ns >= last->from_ns) {
        last->from_ns = from_ns < last->from_ns ? from_ns : last->from_ns;
        last->to_ns = to_ns > last->to_ns ? to_ns : last->to_ns;
        return 0;
    }
    int err = make_room(needs);
    if (err < 0)
        return err;
    needs->visits[needs->visit_count++] = (struct visit){.client = asked->client, .from_ns = from_ns, .to_ns = to_ns};
    return 0;
}

static int compare_visits(const void *a, const void *b)
{
    const struct visit *x = a;
    const struct visit *y = b;
    int order = memcmp(x->client.bytes, y->client.bytes, sizeof x->client.bytes);
    return order != 0 ? order : (x->from_ns > y->from_ns) - (x->from_ns < y->from_ns);
}

void needs_meet(struct needs *needs)
{
    size_t kept = 0;
    if (needs->visit_count == 0)
        return;
    qsort(needs->visits, needs->visit_count, sizeof *needs->visits, compare_visits);
    for (size_t i = 0; i < needs->visit_count; i++) {
        struct visit *last = kept == 0 ? NULL : &needs->visits[kept - 1];
        const struct visit *next = &needs->visits[i];
        bool same = last != NULL && ipaddr_equal(&last->client, &next->client);
        if (same && next->from_ns <= last->to_ns) {
            last->to_ns = next->to_ns > last->to_ns ? next->to_ns : last->to_ns;
            continue;
        }
        needs->visits[kept] = *next;
        needs->client_count += !same;
        needs->visits[kept++].client_number = (uint32_t)needs->client_count;
    }
    needs->visit_count = kept;
}

/* The visit in which it was asked; NULL: none. */
static const struct visit *visit_of(const struct needs *needs, const struct needs_asked *asked)
{
    const struct visit wanted = {.client = asked->client, .from_ns = asked->time_ns};
    size_t low = 0, high = needs->visit_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_visits(&needs->visits[middle], &wanted) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    const struct visit *visit = low == 0 ? NULL : &needs->visits[low - 1];
    return visit != NULL && ipaddr_equal(&visit->client, &asked->client) && asked->time_ns <= visit->to_ns ? visit
                                                                                                           : NULL;
}

/* ---- names ---- */

/* The name's entry; NULL: it has none, and gets none. */
static struct need *need_of(struct needs *needs, const uint8_t *name, bool make)
{
    size_t len = name_len(name);
    size_t at = (size_t)XXH3_64bits(name, len) % SLOTS;
    for (; needs->slots[at] != 0; at = (at + 1) % SLOTS)
        if (name_equal(needs->names[needs->slots[at] - 1].name, name))
            return &needs->names[needs->slots[at] - 1];
    if (!make || needs->name_count == NEEDS_NAMES_MAX)
        return NULL;
    struct need *need = &needs->names[needs->name_count++];
    memcpy(need->name, name, len);
    needs->slots[at] = (uint32_t)needs->name_count;
    return need;
}

static uint64_t *place_of(uint64_t *seen, size_t cap, uint64_t pair)
{
    size_t at = (size_t)(pair * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (cap - 1);
    while (seen[at] != 0 && seen[at] != pair)
        at = (at + 1) & (cap - 1);
    return &seen[at];
}

static int grow(struct needs *needs)
{
    uint64_t *wider = calloc(needs->seen_cap * 2, sizeof *wider);
    if (wider == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < needs->seen_cap; i++)
        if (needs->seen[i] != 0)
            *place_of(wider, needs->seen_cap * 2, needs->seen[i]) = needs->seen[i];
    free(needs->seen);
    needs->seen = wider;
    needs->seen_cap *= 2;
    return 0;
}

/* Counts a pair the first time that it comes. Past the bound it is taken to have come: a need is rather told too small. */
static int count_once(struct needs *needs, uint64_t pair, uint32_t *counter)
{
    uint64_t *place = place_of(needs->seen, needs->seen_cap, pair);
    if (*place == pair || needs->seen_count == SEEN_MAX)
        return 0;
    *place = pair;
    needs->seen_count++;
    (*counter)++;
    return needs->seen_count * 2 > needs->seen_cap ? grow(needs) : 0;
}

int needs_look(struct needs *needs, const struct needs_asked *asked)
{
    if (!is_said(asked) || name_is_at_or_below(asked->name, needs->site))
        return 0;
    const struct visit *visit = visit_of(needs, asked);
    struct need *need = visit == NULL ? NULL : need_of(needs, asked->name, true);
    if (need == NULL)
        return 0;
    need->in++;
    if (asked->kept) {
        need->kept = true;
        need->category = asked->category;
    }
    uint64_t number = (uint64_t)(need - needs->names + 1) << 32;
    int err = count_once(needs, number | (uint64_t)(visit - needs->visits), &need->visits);
    return err < 0 ? err : count_once(needs, number | UINT64_C(1) << 31 | visit->client_number, &need->clients);
}

void needs_weigh(struct needs *needs, const struct needs_asked *asked)
{
    struct need *need = is_said(asked) ? need_of(needs, asked->name, false) : NULL;
    if (need != NULL && visit_of(needs, asked) == NULL)
        need->out++;
}

/* ---- what came of it ---- */

size_t needs_visits(const struct needs *needs)
{
    return needs->visit_count;
}

size_t needs_clients(const struct needs *needs)
{
    return needs->client_count;
}

static int compare_needs(const void *a, const void *b)
{
    const struct need *x = a;
    const struct need *y = b;
    if (x->visits != y->visits)
        return x->visits < y->visits ? 1 : -1;
    if (x->out != y->out)
        return x->out > y->out ? 1 : -1;
    return memcmp(x->name, y->name, sizeof x->name);
}

const struct need *needs_list(struct needs *needs, size_t *out_count)
{
    qsort(needs->names, needs->name_count, sizeof *needs->names, compare_needs);
    *out_count = needs->name_count;
    return needs->names;
}

bool need_is_needed(const struct need *need, size_t visits)
{
    return (uint64_t)need->visits * 4 >= visits && need->in >= need->out;
}
