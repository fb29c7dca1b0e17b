#include "operator/tally.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "qlog/dict.h"

/* The items of one kind, by the number that a dictionary gives their keys. */
struct table {
    struct dict keys;
    void *items;
    size_t cap;
};

static_assert(offsetof(struct tally_name, cell) == 0 && offsetof(struct tally_person, cell) == 0,
              "first_of() reads them");

struct tally {
    struct table cells, names, people;
    struct dict pairs;       /* name, client */
    struct dict sum_names;   /* change, name */
    struct dict sum_clients; /* change, client */
    struct tally_sum sums[TALLY_CHANGE_COUNT];
    bool full;
};

struct cell_key {
    const char *level_before, *level_after;
    uint32_t change;
    uint16_t group_before, group_after;
};

struct client_key {
    uint8_t address[16];
    uint32_t user;
    uint32_t of; /* the cell, name or change */
};

struct name_key_bytes {
    uint32_t of; /* the cell or change */
    uint8_t name[NAME_MAX_LEN];
};

int tally_new(struct tally **out)
{
    struct tally *tally = calloc(1, sizeof *tally);
    if (tally == NULL)
        return ERR_NOMEM;
    *out = tally;
    return 0;
}

void tally_free(struct tally *tally)
{
    if (tally == NULL)
        return;
    struct table *tables[] = {&tally->cells, &tally->names, &tally->people};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        dict_done(&tables[i]->keys);
        free(tables[i]->items);
    }
    dict_done(&tally->pairs);
    dict_done(&tally->sum_names);
    dict_done(&tally->sum_clients);
    free(tally);
}

/* ---- counting ---- */

/*
 * The number of a key: *out_new tells that it was added. -1: there is no room for another one. ERR_NOMEM is below that.
 */
static int64_t put(struct tally *tally, struct dict *keys, uint32_t max, const void *key, size_t len, bool *out_new)
{
    uint32_t before = keys->count;
    *out_new = false;
    if (before >= max) {
        int64_t known = dict_find(keys, key, len);
        tally->full = tally->full || known < 0;
        return known < 0 ? -1 : known;
    }
    int64_t number = dict_put(keys, key, len);
    *out_new = number >= 0 && keys->count > before;
    return number < 0 ? ERR_NOMEM : number;
}

/* The item of a key; a new one is all zero. NULL: *out_err says whether there is no room, or no memory. */
static void *item(struct tally *tally, struct table *table, uint32_t max, const void *key, size_t len, size_t size,
                  int *out_err)
{
    bool added;
    int64_t number = put(tally, &table->keys, max, key, len, &added);
    *out_err = number == ERR_NOMEM ? ERR_NOMEM : 0;
    if (number < 0)
        return NULL;
    if (added && (size_t)number >= table->cap) {
        size_t cap = table->cap == 0 ? 64 : table->cap * 2;
        void *items = realloc(table->items, cap * size);
        if (items == NULL) {
            *out_err = ERR_NOMEM;
            return NULL;
        }
        table->items = items;
        table->cap = cap;
    }
    void *found = (uint8_t *)table->items + (size_t)number * size;
    if (added)
        memset(found, 0, size);
    return found;
}

static bool is_known(const struct tally_client *client)
{
    static const struct ipaddr none;
    return client->user != 0 || !ipaddr_equal(&client->address, &none);
}

/* Somebody is one client wherever he is. */
static struct client_key client_key(const struct tally_client *client, uint32_t of)
{
    struct client_key key = {.user = client->user, .of = of};
    if (client->user == 0)
        memcpy(key.address, client->address.bytes, sizeof key.address);
    return key;
}

/* Counts the client once for each `of`. */
static int add_once(struct tally *tally, struct dict *keys, uint32_t of, const struct tally_client *client,
                    uint32_t *count)
{
    const struct client_key key = client_key(client, of);
    bool added;
    if (!is_known(client))
        return 0;
    int64_t number = put(tally, keys, TALLY_PAIRS_MAX, &key, sizeof key, &added);
    *count += added;
    return number == ERR_NOMEM ? ERR_NOMEM : 0;
}

static int add_person(struct tally *tally, struct tally_cell *cell, uint32_t number, const struct tally_client *client)
{
    const struct client_key key = client_key(client, number);
    int err;
    if (!is_known(client))
        return 0;
    struct tally_person *person =
        item(tally, &tally->people, TALLY_NAMES_MAX, &key, sizeof key, sizeof(struct tally_person), &err);
    if (person == NULL)
        return err;
    if (person->questions++ == 0) {
        person->cell = number;
        person->client = *client;
        cell->clients++;
    }
    return 0;
}

static int add_name(struct tally *tally, struct tally_cell *cell, uint32_t cell_number,
                    const struct tally_client *client, const uint8_t *name, const struct verdict *before,
                    const struct verdict *after)
{
    struct name_key_bytes key = {.of = cell_number};
    size_t len = name_len(name);
    int err;
    memcpy(key.name, name, len);
    struct tally_name *found =
        item(tally, &tally->names, TALLY_NAMES_MAX, &key, sizeof key.of + len, sizeof(struct tally_name), &err);
    if (found == NULL)
        return err;
    if (found->questions++ == 0) {
        found->cell = cell_number;
        found->before = *before;
        found->after = *after;
        cell->names++;
    }
    uint32_t number = (uint32_t)(found - (struct tally_name *)tally->names.items);
    return add_once(tally, &tally->pairs, number, client, &found->clients);
}

static int add_sum(struct tally *tally, enum tally_change change, const struct tally_client *client,
                   const uint8_t *name)
{
    struct tally_sum *sum = &tally->sums[change];
    struct name_key_bytes key = {.of = change};
    size_t len = name_len(name);
    bool added;
    memcpy(key.name, name, len);
    int64_t number = put(tally, &tally->sum_names, TALLY_NAMES_MAX, &key, sizeof key.of + len, &added);
    sum->questions++;
    sum->names += added;
    if (number == ERR_NOMEM)
        return ERR_NOMEM;
    return add_once(tally, &tally->sum_clients, change, client, &sum->clients);
}

int tally_add(struct tally *tally, const struct tally_cell *cell, const struct tally_client *client,
              const uint8_t *name, const struct verdict *before, const struct verdict *after)
{
    const struct cell_key key = {.level_before = cell->level_before,
                                 .level_after = cell->level_after,
                                 .change = cell->change,
                                 .group_before = cell->group_before,
                                 .group_after = cell->group_after};
    int err;
    struct tally_cell *found =
        item(tally, &tally->cells, TALLY_CELLS_MAX, &key, sizeof key, sizeof(struct tally_cell), &err);
    if (err == 0)
        err = add_sum(tally, cell->change, client, name);
    if (found == NULL || err < 0)
        return err;
    if (found->questions++ == 0) {
        found->change = cell->change;
        found->group_before = cell->group_before;
        found->group_after = cell->group_after;
        found->level_before = cell->level_before;
        found->level_after = cell->level_after;
    }
    uint32_t number = (uint32_t)(found - (struct tally_cell *)tally->cells.items);
    err = add_person(tally, found, number, client);
    return err < 0 ? err : add_name(tally, found, number, client, name, before, after);
}

/* ---- in order ---- */

struct placed_cell {
    struct tally_cell cell;
    uint32_t number; /* before */
};

static int by_count(uint64_t a, uint64_t b)
{
    return a < b ? 1 : a > b ? -1 : 0;
}

static int compare_cells(const void *a, const void *b)
{
    const struct placed_cell *x = a, *y = b;
    if (x->cell.change != y->cell.change)
        return x->cell.change < y->cell.change ? -1 : 1;
    int order = by_count(x->cell.questions, y->cell.questions);
    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

static int compare_names(const void *a, const void *b)
{
    const struct tally_name *x = a, *y = b;
    if (x->cell != y->cell)
        return x->cell < y->cell ? -1 : 1;
    int order = by_count(x->questions, y->questions);
    size_t x_len = name_len(x->name), y_len = name_len(y->name);
    if (order == 0)
        order = memcmp(x->name, y->name, x_len < y_len ? x_len : y_len);
    return order;
}

static int compare_people(const void *a, const void *b)
{
    const struct tally_person *x = a, *y = b;
    if (x->cell != y->cell)
        return x->cell < y->cell ? -1 : 1;
    int order = by_count(x->questions, y->questions);
    if (order == 0)
        order = (x->client.user > y->client.user) - (x->client.user < y->client.user);
    return order != 0 ? order : memcmp(x->client.address.bytes, y->client.address.bytes, sizeof x->client.address);
}

static int sort_cells(struct tally *tally)
{
    size_t count = tally->cells.keys.count;
    struct tally_cell *cells = tally->cells.items;
    struct tally_name *names = tally->names.items;
    struct tally_person *people = tally->people.items;
    struct placed_cell *placed = calloc(count, sizeof *placed);
    uint32_t *place = calloc(count, sizeof *place);
    if (placed == NULL || place == NULL) {
        free(placed);
        free(place);
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < count; i++)
        placed[i] = (struct placed_cell){.cell = cells[i], .number = (uint32_t)i};
    qsort(placed, count, sizeof *placed, compare_cells);
    for (size_t i = 0; i < count; i++) {
        cells[i] = placed[i].cell;
        place[placed[i].number] = (uint32_t)i;
    }
    for (size_t i = 0; i < tally->names.keys.count; i++)
        names[i].cell = place[names[i].cell];
    for (size_t i = 0; i < tally->people.keys.count; i++)
        people[i].cell = place[people[i].cell];
    free(placed);
    free(place);
    return 0;
}

int tally_sort(struct tally *tally)
{
    struct tally_name *names = tally->names.items;
    if (tally->cells.keys.count == 0)
        return 0;
    int err = sort_cells(tally);
    if (err < 0)
        return err;
    for (uint32_t i = 0; i < tally->names.keys.count; i++) {
        size_t len;
        names[i].name = dict_at(&tally->names.keys, i, &len) + sizeof(uint32_t);
    }
    if (tally->names.keys.count > 0)
        qsort(names, tally->names.keys.count, sizeof *names, compare_names);
    if (tally->people.keys.count > 0)
        qsort(tally->people.items, tally->people.keys.count, sizeof(struct tally_person), compare_people);
    return 0;
}

/* ---- reading ---- */

const struct tally_cell *tally_cells(const struct tally *tally, size_t *out_count)
{
    *out_count = tally->cells.keys.count;
    return tally->cells.items;
}

/* Both kinds of items begin with their cell, and are in order of it. The first whose cell is not below this one. */
static size_t first_of(const struct table *table, size_t size, size_t cell)
{
    size_t low = 0, high = table->keys.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint32_t found;
        memcpy(&found, (const uint8_t *)table->items + middle * size, sizeof found);
        if (found < cell)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct tally_name *tally_names(const struct tally *tally, size_t cell, size_t *out_count)
{
    size_t first = first_of(&tally->names, sizeof(struct tally_name), cell);
    *out_count = first_of(&tally->names, sizeof(struct tally_name), cell + 1) - first;
    return (const struct tally_name *)tally->names.items + first;
}

const struct tally_person *tally_people(const struct tally *tally, size_t cell, size_t *out_count)
{
    size_t first = first_of(&tally->people, sizeof(struct tally_person), cell);
    *out_count = first_of(&tally->people, sizeof(struct tally_person), cell + 1) - first;
    return (const struct tally_person *)tally->people.items + first;
}

struct tally_sum tally_sum(const struct tally *tally, enum tally_change change)
{
    return tally->sums[change];
}

bool tally_is_full(const struct tally *tally)
{
    return tally->full;
}
