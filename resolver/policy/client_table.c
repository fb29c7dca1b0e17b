#include "policy/client_table.h"

#include <stdlib.h>
#include <string.h>

/* A 128-bit address as a number. */
__extension__ typedef unsigned __int128 address;

/* A network as an interval: first and last address. Any two either nest or are apart. */
struct network {
    address first, last;
    uint8_t bits;
    bool is_access;
    uint16_t group; /* POLICY_GROUP_DEFAULT for access networks */
};

/* From `first` up to the next interval's. */
struct interval {
    address first;
    uint16_t group;
};

struct client_table {
    uint32_t *v4_first; /* sorted; [0] is 0 */
    uint16_t *v4_group;
    size_t v4_count;
    struct interval *v6; /* sorted; [0].first is 0 */
    size_t v6_count;
};

#define V4_BITS 96 /* a network of at least so many bits below ::ffff:0:0 is IPv4 */

static address address_of(const struct ipaddr *a)
{
    address value = 0;
    for (size_t i = 0; i < sizeof a->bytes; i++)
        value = value << 8 | a->bytes[i];
    return value;
}

static struct network network_of(const struct prefix *p)
{
    struct network n = {.first = address_of(&p->addr), .bits = p->bits, .group = POLICY_GROUP_DEFAULT};
    n.last = p->bits == 0 ? ~(address)0 : n.first | ((((address)1 << (127 - (p->bits - 1))) - 1));
    return n;
}

static bool is_v4(const struct prefix *p)
{
    return p->bits >= V4_BITS && ipaddr_is_v4(&p->addr);
}

/* Outer networks before inner ones. */
static int compare_networks(const void *a, const void *b)
{
    const struct network *left = a;
    const struct network *right = b;
    if (left->first != right->first)
        return left->first < right->first ? -1 : 1;
    if (left->bits != right->bits)
        return left->bits < right->bits ? -1 : 1;
    return 0;
}

static size_t collect(const struct policy_opts *opts, bool v4, struct network *out)
{
    size_t count = 0;
    for (size_t i = 0; i < opts->access_count; i++) {
        if (is_v4(&opts->access[i]) != v4)
            continue;
        out[count] = network_of(&opts->access[i]);
        out[count++].is_access = true;
    }
    for (size_t g = 0; g < opts->group_count; g++) {
        for (size_t i = 0; i < opts->groups[g].network_count; i++) {
            if (is_v4(&opts->groups[g].networks[i]) != v4)
                continue;
            out[count] = network_of(&opts->groups[g].networks[i]);
            out[count++].group = (uint16_t)g;
        }
    }
    qsort(out, count, sizeof *out, compare_networks);
    return count;
}

/* ---- cutting ---- */

struct cutter {
    struct interval *out;
    size_t count;
    struct open_network {
        address last;
        bool allowed;
        uint16_t group;
    } open[130]; /* the whole space, and one network of each length from 0 to 128 */
    size_t depth;
};

static void cut(struct cutter *c, address first)
{
    const struct open_network *top = &c->open[c->depth - 1];
    uint16_t group = top->allowed ? top->group : POLICY_GROUP_DENIED;
    if (c->count > 0 && c->out[c->count - 1].first == first)
        c->count--;
    if (c->count > 0 && c->out[c->count - 1].group == group)
        return;
    c->out[c->count++] = (struct interval){.first = first, .group = group};
}

static void close_before(struct cutter *c, address first)
{
    while (c->depth > 1 && c->open[c->depth - 1].last < first) {
        address next = c->open[--c->depth].last + 1;
        cut(c, next);
    }
}

static void open_network(struct cutter *c, const struct network *n)
{
    struct open_network opened = c->open[c->depth - 1];
    bool same = c->depth > 1 && opened.last == n->last; /* nested, and they end together: one place is enough */
    opened.last = n->last;
    opened.allowed |= n->is_access;
    if (!n->is_access)
        opened.group = n->group;
    if (!same)
        c->depth++;
    c->open[c->depth - 1] = opened;
    cut(c, n->first);
}

/* networks is sorted. out has room for twice as many and one more. Returns how many intervals there are. */
static size_t cut_all(const struct network networks[], size_t count, struct interval *out)
{
    struct cutter c = {.out = out, .depth = 1};
    c.open[0] = (struct open_network){.last = ~(address)0, .group = POLICY_GROUP_DEFAULT};
    cut(&c, 0);
    for (size_t i = 0; i < count; i++) {
        close_before(&c, networks[i].first);
        open_network(&c, &networks[i]);
    }
    while (c.depth > 1) {
        address last = c.open[--c.depth].last;
        if (last != ~(address)0)
            cut(&c, last + 1);
    }
    return c.count;
}

/* ---- the table ---- */

/* Keeps the IPv4 part of the intervals as plain 32-bit numbers. */
static int keep_v4(struct client_table *table, const struct interval intervals[], size_t count)
{
    const address base = (address)0xffff << 32;
    table->v4_first = calloc(count, sizeof *table->v4_first);
    table->v4_group = calloc(count, sizeof *table->v4_group);
    if (table->v4_first == NULL || table->v4_group == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < count && intervals[i].first <= (base | UINT32_MAX); i++) {
        if (intervals[i].first <= base)
            table->v4_count = 0;
        table->v4_first[table->v4_count] = intervals[i].first <= base ? 0 : (uint32_t)intervals[i].first;
        table->v4_group[table->v4_count++] = intervals[i].group;
    }
    return 0;
}

static int fill(struct client_table *table, const struct policy_opts *opts, struct network *networks,
                struct interval *intervals)
{
    size_t count = cut_all(networks, collect(opts, true, networks), intervals);
    int rc = keep_v4(table, intervals, count);
    if (rc < 0)
        return rc;
    count = cut_all(networks, collect(opts, false, networks), intervals);
    table->v6 = malloc(count * sizeof *intervals);
    if (table->v6 == NULL)
        return ERR_NOMEM;
    memcpy(table->v6, intervals, count * sizeof *intervals);
    table->v6_count = count;
    return 0;
}

int client_table_new(const struct policy_opts *opts, struct client_table **out)
{
    size_t network_count = opts->access_count;
    for (size_t g = 0; g < opts->group_count; g++)
        network_count += opts->groups[g].network_count;
    struct client_table *table = calloc(1, sizeof *table);
    struct network *networks = calloc(network_count + 1, sizeof *networks);
    struct interval *intervals = calloc(network_count * 2 + 1, sizeof *intervals);
    int rc = ERR_NOMEM;
    if (table != NULL && networks != NULL && intervals != NULL)
        rc = fill(table, opts, networks, intervals);
    free(networks);
    free(intervals);
    if (rc < 0) {
        client_table_free(table);
        return rc;
    }
    *out = table;
    return 0;
}

void client_table_free(struct client_table *table)
{
    if (table == NULL)
        return;
    free(table->v4_first);
    free(table->v4_group);
    free(table->v6);
    free(table);
}

/* The last element that is not above the address; written so that the compiler needs no branch for the comparison. */
static size_t find_v4(const struct client_table *table, uint32_t value)
{
    const uint32_t *base = table->v4_first;
    size_t count = table->v4_count;
    while (count > 1) {
        size_t half = count / 2;
        base = base[half] <= value ? base + half : base;
        count -= half;
    }
    return (size_t)(base - table->v4_first);
}

static size_t find_v6(const struct client_table *table, address value)
{
    const struct interval *base = table->v6;
    size_t count = table->v6_count;
    while (count > 1) {
        size_t half = count / 2;
        base = base[half].first <= value ? base + half : base;
        count -= half;
    }
    return (size_t)(base - table->v6);
}

uint16_t client_table_find(const struct client_table *table, const struct ipaddr *client)
{
    if (!ipaddr_is_v4(client))
        return table->v6[find_v6(table, address_of(client))].group;
    uint32_t value;
    memcpy(&value, ipaddr_v4(client), sizeof value);
    return table->v4_group[find_v4(table, __builtin_bswap32(value))];
}

bool client_table_is_one(const struct client_table *table, const struct prefix *network)
{
    struct network n = network_of(network);
    if (is_v4(network))
        return find_v4(table, (uint32_t)n.first) == find_v4(table, (uint32_t)n.last);
    return find_v6(table, n.first) == find_v6(table, n.last);
}
