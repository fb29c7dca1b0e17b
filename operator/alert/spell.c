#include "alert/spell.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define BUCKETS   8192u
#define SECOND_NS INT64_C(1000000000)

/* ---- the table ---- */

/* Of what alert_person_equal() compares. */
static uint32_t bucket_of(size_t rule, const struct alert_person *p)
{
    struct {
        uint64_t rule;
        uint32_t kind, number;
        uint8_t client[16];
    } key;
    memset(&key, 0, sizeof key);
    key.rule = rule;
    key.kind = p->user != 0 ? 1 : p->device != 0 ? 2 : 3;
    key.number = p->user != 0 ? p->user : p->device;
    if (key.kind == 3)
        memcpy(key.client, p->client.bytes, sizeof key.client);
    return (uint32_t)XXH3_64bits(&key, sizeof key) & (BUCKETS - 1);
}

int spells_init(struct spells *spells)
{
    *spells = (struct spells){.buckets = calloc(BUCKETS, sizeof *spells->buckets)};
    return spells->buckets == NULL ? ERR_NOMEM : 0;
}

void spells_done(struct spells *spells)
{
    for (size_t i = 0; i < spells->count; i++)
        free(spells->items[i].hits);
    free(spells->items);
    free(spells->buckets);
    *spells = (struct spells){.items = NULL};
}

static void link_in(struct spells *spells, size_t i)
{
    uint32_t *bucket = &spells->buckets[bucket_of(spells->items[i].rule, &spells->items[i].person)];
    spells->items[i].next = *bucket;
    *bucket = (uint32_t)i + 1;
}

static void relink(struct spells *spells)
{
    memset(spells->buckets, 0, BUCKETS * sizeof *spells->buckets);
    for (size_t i = 0; i < spells->count; i++)
        link_in(spells, i);
}

static struct spell *find(const struct spells *spells, size_t rule, const struct alert_person *person)
{
    for (uint32_t i = spells->buckets[bucket_of(rule, person)]; i != 0; i = spells->items[i - 1].next) {
        struct spell *spell = &spells->items[i - 1];
        if (spell->rule == rule && alert_person_equal(&spell->person, person))
            return spell;
    }
    return NULL;
}

/* The tenth that was quiet for longest goes at once, so that a full table is not sorted for each row. */
static int by_last(const void *a, const void *b)
{
    const struct spell *left = a, *right = b;
    return (left->last_ns > right->last_ns) - (left->last_ns < right->last_ns);
}

static void make_room(struct spells *spells)
{
    size_t gone = spells->count / 10;
    qsort(spells->items, spells->count, sizeof *spells->items, by_last);
    for (size_t i = 0; i < gone; i++)
        free(spells->items[i].hits);
    spells->count -= gone;
    memmove(spells->items, spells->items + gone, spells->count * sizeof *spells->items);
    relink(spells);
}

int spells_add(struct spells *spells, const struct spell *spell)
{
    if (spells->count == SPELLS_MAX)
        make_room(spells);
    if (spells->count == spells->cap) {
        size_t cap = spells->cap == 0 ? 64 : 2 * spells->cap;
        struct spell *items = realloc(spells->items, cap * sizeof *items);
        if (items == NULL)
            return ERR_NOMEM;
        spells->items = items;
        spells->cap = cap;
    }
    spells->items[spells->count] = *spell;
    link_in(spells, spells->count++);
    return 0;
}

/* ---- a question ---- */

static bool is_over(const struct spell *spell, const struct config_alert_rule *rule, int64_t time_ns)
{
    int64_t wait_s = spell->told_ns != 0 ? rule->again_s : rule->within_s;
    if (spell->told_ns != 0 && time_ns - spell->told_ns > SPELL_DAY_S * SECOND_NS)
        return true;
    return time_ns - spell->last_ns > wait_s * SECOND_NS;
}

static bool is_known(const struct spell *spell, int64_t time_ns, uint32_t name)
{
    for (unsigned i = 0; i < spell->hit_count; i++) {
        int64_t apart = time_ns - spell->hits[i].time_ns;
        if (spell->hits[i].name == name && apart < SPELL_SAME_S * SECOND_NS && apart > -SPELL_SAME_S * SECOND_NS)
            return true;
    }
    return false;
}

static void drop_old(struct spell *spell, int64_t before_ns)
{
    unsigned old = 0;
    while (old < spell->hit_count && spell->hits[old].time_ns < before_ns)
        old++;
    if (old == 0 && spell->hit_count == SPELL_HITS)
        old = 1;
    spell->hit_count -= old;
    memmove(spell->hits, spell->hits + old, spell->hit_count * sizeof *spell->hits);
}

static unsigned name_count(const struct spell *spell)
{
    unsigned count = 0;
    for (unsigned i = 0; i < spell->hit_count; i++) {
        unsigned k = 0;
        while (k < i && spell->hits[k].name != spell->hits[i].name)
            k++;
        count += k == i;
    }
    return count;
}

/* Whether the threshold is reached with this one. */
static int count_hit(struct spell *spell, const struct config_alert_rule *rule, int64_t time_ns, uint32_t name)
{
    if (spell->hits == NULL && (spell->hits = calloc(SPELL_HITS, sizeof *spell->hits)) == NULL)
        return ERR_NOMEM;
    if (is_known(spell, time_ns, name))
        return 0;
    drop_old(spell, time_ns - rule->within_s * SECOND_NS);
    unsigned at = spell->hit_count++;
    for (; at > 0 && spell->hits[at - 1].time_ns > time_ns; at--)
        spell->hits[at] = spell->hits[at - 1];
    spell->hits[at] = (struct spell_hit){.time_ns = time_ns, .name = name};
    return spell->hit_count >= rule->questions && name_count(spell) >= rule->names;
}

static int find_or_begin(struct spells *spells, size_t index, const struct alert_person *person, int64_t time_ns,
                         struct spell **out)
{
    *out = find(spells, index, person);
    if (*out != NULL)
        return 0;
    int err = spells_add(spells, &(struct spell){.rule = index, .person = *person, .last_ns = time_ns});
    *out = err < 0 ? NULL : find(spells, index, person);
    return err;
}

int spells_see(struct spells *spells, size_t index, const struct config_alert_rule *rule,
               const struct alert_person *person, int64_t time_ns, uint32_t name, unsigned *out_questions)
{
    struct spell *spell;
    int err = find_or_begin(spells, index, person, time_ns, &spell);
    if (err < 0)
        return err;
    if (is_over(spell, rule, time_ns)) {
        spell->told_ns = 0;
        spell->hit_count = 0;
    }
    spell->last_ns = time_ns > spell->last_ns ? time_ns : spell->last_ns;
    if (spell->told_ns != 0)
        return 0;
    int reached = count_hit(spell, rule, time_ns, name);
    if (reached != 1)
        return reached;
    *out_questions = spell->hit_count;
    spell->told_ns = time_ns;
    free(spell->hits);
    spell->hits = NULL;
    spell->hit_count = 0;
    return 1;
}

void spells_prune(struct spells *spells, const struct config_alert_rule rules[], int64_t now_ns)
{
    size_t kept = 0;
    for (size_t i = 0; i < spells->count; i++) {
        struct spell *spell = &spells->items[i];
        if (is_over(spell, &rules[spell->rule], now_ns - SPELL_SLACK_S * SECOND_NS))
            free(spell->hits);
        else
            spells->items[kept++] = *spell;
    }
    if (kept == spells->count)
        return;
    spells->count = kept;
    relink(spells);
}
