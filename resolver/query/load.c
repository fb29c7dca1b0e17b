#include "query/load.h"

#include <assert.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

int load_init(struct load *load, size_t clients_max, uint64_t seed)
{
    size_t rows = 16;
    while (rows < clients_max * 2)
        rows *= 2;
    load->rows = calloc(rows, sizeof *load->rows);
    if (load->rows == NULL)
        return ERR_NOMEM;
    load->mask = rows - 1;
    load->seed = seed;
    return 0;
}

void load_done(struct load *load)
{
    free(load->rows);
    load->rows = NULL;
}

static size_t home_of(const struct load *load, const struct ipaddr *client)
{
    return XXH3_64bits_withSeed(client->bytes, sizeof client->bytes, load->seed) & load->mask;
}

/* The client's row, or the empty one where it would go. */
static size_t row_find(const struct load *load, const struct ipaddr *client)
{
    size_t i = home_of(load, client);
    while (load->rows[i].count != 0 && !ipaddr_equal(&load->rows[i].client, client))
        i = (i + 1) & load->mask;
    return i;
}

uint32_t load_of(const struct load *load, const struct ipaddr *client)
{
    return load->rows[row_find(load, client)].count;
}

void load_add(struct load *load, const struct ipaddr *client)
{
    struct load_row *row = &load->rows[row_find(load, client)];
    row->client = *client;
    row->count++;
}

/* Closes the hole at i: rows behind it that it would cut off from their home move up. */
static void row_remove(struct load *load, size_t i)
{
    size_t hole = i;
    for (;;) {
        i = (i + 1) & load->mask;
        if (load->rows[i].count == 0)
            break;
        size_t home = home_of(load, &load->rows[i].client);
        if (((i - home) & load->mask) >= ((i - hole) & load->mask)) {
            load->rows[hole] = load->rows[i];
            hole = i;
        }
    }
    load->rows[hole].count = 0;
}

void load_sub(struct load *load, const struct ipaddr *client)
{
    size_t i = row_find(load, client);
    assert(load->rows[i].count > 0);
    if (load->rows[i].count == 1)
        row_remove(load, i);
    else
        load->rows[i].count--;
}
