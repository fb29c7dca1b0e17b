#include "radius/nas.h"

#include <stdlib.h>
#include <string.h>

struct network {
    struct prefix prefix;
    size_t nas;
};

struct radius_nas_table {
    struct radius_nas *list;
    size_t count;
    struct network *networks; /* longest first */
    size_t network_count;
};

static int by_length(const void *a, const void *b)
{
    const struct network *x = a, *y = b;
    return (int)y->prefix.bits - (int)x->prefix.bits;
}

static int fill(struct radius_nas_table *table, const struct radius_nas_opts *opts, char why[SECRET_WHY_MAX])
{
    struct radius_nas *nas = &table->list[table->count];
    struct secret secret;
    int err = secret_read(opts->secret_file, &secret, why);
    if (err < 0)
        return err;
    *nas = (struct radius_nas){.index = table->count,
                               .name = strdup(opts->name),
                               .secret = strdup(secret.text),
                               .message_authenticator = opts->message_authenticator,
                               .lifetime_s = opts->lifetime_s};
    secret_wipe(&secret);
    for (size_t i = 0; i < opts->network_count; i++)
        table->networks[table->network_count++] = (struct network){opts->networks[i], table->count};
    table->count++;
    return nas->name == NULL || nas->secret == NULL ? ERR_NOMEM : 0;
}

int radius_nas_table_new(const struct radius_nas_opts opts[], size_t count, struct radius_nas_table **out,
                         char why[SECRET_WHY_MAX])
{
    size_t networks = 0;
    for (size_t i = 0; i < count; i++)
        networks += opts[i].network_count;
    struct radius_nas_table *table = calloc(1, sizeof *table);
    why[0] = '\0';
    if (table == NULL || networks > RADIUS_NAS_COUNT_MAX) {
        free(table);
        return table == NULL ? ERR_NOMEM : ERR_LIMIT;
    }
    table->list = calloc(count + 1, sizeof *table->list);
    table->networks = calloc(networks + 1, sizeof *table->networks);
    int err = table->list == NULL || table->networks == NULL ? ERR_NOMEM : 0;
    for (size_t i = 0; i < count && err == 0; i++)
        err = fill(table, &opts[i], why);
    if (err < 0) {
        radius_nas_table_free(table);
        return err;
    }
    qsort(table->networks, table->network_count, sizeof *table->networks, by_length);
    *out = table;
    return 0;
}

void radius_nas_table_free(struct radius_nas_table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->count; i++) {
        free(table->list[i].name);
        if (table->list[i].secret != NULL)
            explicit_bzero(table->list[i].secret, strlen(table->list[i].secret));
        free(table->list[i].secret);
    }
    free(table->list);
    free(table->networks);
    free(table);
}

const struct radius_nas *radius_nas_find(const struct radius_nas_table *table, const struct ipaddr *from)
{
    for (size_t i = 0; i < table->network_count; i++)
        if (prefix_contains(&table->networks[i].prefix, from))
            return &table->list[table->networks[i].nas];
    return NULL;
}

size_t radius_nas_count(const struct radius_nas_table *table)
{
    return table->count;
}

const struct radius_nas *radius_nas_at(const struct radius_nas_table *table, size_t index)
{
    return &table->list[index];
}
