#include "publish/index.h"

#include <stdlib.h>
#include <string.h>

/* A node: the separators from..to (excluded), which share their first `depth` bytes. */
struct node {
    uint32_t from, to;
    uint32_t depth; /* bytes that the nodes above use up */
    uint32_t at;    /* where it starts in the region */
};

/* What a node consists of, found from its separators. */
struct shape {
    uint32_t prefix_len, child_count, before_len;
    bool refs;
    size_t len;
};

struct index_writer {
    const struct separator *separators;
    uint32_t separator_count;
    const uint8_t *texts;
    struct node *nodes; /* breadth-first */
    uint32_t node_count, node_cap;
};

/* One child while going over a node's separators. */
struct child {
    uint32_t from, to;
    uint8_t byte;
    bool is_node; /* false: one separator that ends with the branch byte */
};

static const uint8_t *text_of(const struct index_writer *w, uint32_t separator)
{
    return w->texts + w->separators[separator].text;
}

/* Where the bucket in front of a separator starts. */
static uint32_t before(const struct index_writer *w, uint32_t separator)
{
    return separator == 0 ? 0 : w->separators[separator - 1].bucket;
}

/* Separators are sorted, so what the first and the last share is shared by all. */
static uint32_t prefix_len(const struct index_writer *w, const struct node *node)
{
    const struct separator *first = &w->separators[node->from];
    const struct separator *last = &w->separators[node->to - 1];
    uint32_t max = first->len < last->len ? first->len : last->len;
    uint32_t len = node->depth;
    while (len < max && text_of(w, node->from)[len] == text_of(w, node->to - 1)[len])
        len++;
    return len - node->depth;
}

/* The first separator behind the one that ends at the node itself, if there is one. */
static uint32_t children_from(const struct index_writer *w, const struct node *node, uint32_t branch)
{
    return node->from + (w->separators[node->from].len == branch);
}

/* The child whose separators start at from; branch: bytes in front of the branch byte. */
static bool child_next(const struct index_writer *w, const struct node *node, uint32_t branch, uint32_t from,
                       struct child *out)
{
    if (from >= node->to)
        return false;
    out->from = from;
    out->byte = text_of(w, from)[branch];
    uint32_t to = from + 1;
    while (to < node->to && text_of(w, to)[branch] == out->byte)
        to++;
    out->to = to;
    out->is_node = to - from > 1 || w->separators[from].len > branch + 1;
    return true;
}

static uint32_t number_len(uint32_t number)
{
    return number < 1u << 8 ? 1 : number < 1u << 16 ? 2 : number < 1u << 24 ? 3 : 4;
}

static int node_add(struct index_writer *w, const struct node *node)
{
    if (w->node_count == w->node_cap) {
        uint32_t cap = w->node_cap ? w->node_cap * 2 : 1024;
        struct node *nodes = realloc(w->nodes, cap * sizeof(*nodes));
        if (!nodes)
            return ERR_NOMEM;
        w->nodes = nodes;
        w->node_cap = cap;
    }
    w->nodes[w->node_count++] = *node;
    return 0;
}

/* Measures the node and, the first time, adds its children behind all nodes known so far. */
static int node_measure(struct index_writer *w, uint32_t number, bool add_children, struct shape *out)
{
    const struct node node = w->nodes[number];
    struct shape shape = {.prefix_len = prefix_len(w, &node)};
    uint32_t branch = node.depth + shape.prefix_len;
    uint32_t farthest = 0;
    struct child child = {.to = children_from(w, &node, branch)};

    while (child_next(w, &node, branch, child.to, &child)) {
        shape.child_count++;
        shape.refs |= child.is_node;
        farthest = before(w, child.from) - before(w, node.from);
        if (!add_children || !child.is_node)
            continue;
        int err = node_add(w, &(struct node){.from = child.from, .to = child.to, .depth = branch + 1});
        if (err < 0)
            return err;
    }
    shape.before_len = number_len(farthest);
    shape.len =
        3 + shape.prefix_len + (size_t)shape.child_count * (1 + shape.before_len + (shape.refs ? BLOCKDB_REF_LEN : 0));
    *out = shape;
    return 0;
}

static int nodes_place(struct index_writer *w)
{
    size_t at = BLOCKDB_INDEX_ROOT;
    int err = node_add(w, &(struct node){.from = 0, .to = w->separator_count, .depth = 0});
    for (uint32_t i = 0; err == 0 && i < w->node_count; i++) {
        struct shape shape;
        err = node_measure(w, i, true, &shape);
        w->nodes[i].at = (uint32_t)at;
        if (err == 0 && (at += shape.len) > BLOCKDB_INDEX_MAX - BLOCKDB_TAIL)
            err = ERR_LIMIT;
    }
    return err;
}

/* The low len bytes of number, in the order of the machine. */
static uint8_t *number_write(uint8_t *at, uint32_t number, uint32_t len)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(at, &number, len);
#else
    memcpy(at, (const uint8_t *)&number + sizeof(number) - len, len);
#endif
    return at + len;
}

/* next_node: the first of its children's nodes; moved behind the last of them. */
static int node_write(struct index_writer *w, uint32_t number, uint32_t *next_node, struct bytes *out)
{
    struct shape shape;
    const struct node node = w->nodes[number];
    int err = node_measure(w, number, false, &shape);
    uint8_t *at = err == 0 ? bytes_grow(out, shape.len) : NULL;
    if (!at)
        return err == 0 ? ERR_NOMEM : err;

    uint32_t branch = node.depth + shape.prefix_len;
    at[0] = (uint8_t)shape.prefix_len;
    at[1] = (uint8_t)((shape.before_len - 1) | (shape.refs ? BLOCKDB_NODE_REFS : 0) |
                      (shape.child_count == 256 ? BLOCKDB_NODE_FULL : 0));
    at[2] = (uint8_t)shape.child_count;
    memcpy(at + 3, text_of(w, node.from) + node.depth, shape.prefix_len);
    uint8_t *bytes = at + 3 + shape.prefix_len;
    uint8_t *befores = bytes + shape.child_count;
    uint8_t *refs = befores + (size_t)shape.child_count * shape.before_len;

    struct child child = {.to = children_from(w, &node, branch)};
    while (child_next(w, &node, branch, child.to, &child)) {
        *bytes++ = child.byte;
        befores = number_write(befores, before(w, child.from) - before(w, node.from), shape.before_len);
        if (shape.refs)
            refs = number_write(refs, child.is_node ? w->nodes[(*next_node)++].at : 0, BLOCKDB_REF_LEN);
    }
    return 0;
}

int index_write(const struct entries *entries, struct bytes *out)
{
    const void *separators = entries->separators.data;
    struct index_writer w = {
        .separators = separators,
        .separator_count = (uint32_t)(entries->separators.len / sizeof(struct separator)),
        .texts = entries->texts.data,
    };
    static const uint8_t TAIL[BLOCKDB_TAIL];
    uint32_t next_node = 1;

    bytes_add(out, &entries->last_bucket, sizeof(entries->last_bucket));
    int err = w.separator_count > 0 ? nodes_place(&w) : 0;
    for (uint32_t i = 0; err == 0 && i < w.node_count; i++)
        err = node_write(&w, i, &next_node, out);
    bytes_add(out, TAIL, sizeof(TAIL));
    free(w.nodes);
    return err < 0 ? err : bytes_ok(out) ? 0 : ERR_NOMEM;
}
