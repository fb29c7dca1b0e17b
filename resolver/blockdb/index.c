#include "blockdb/index.h"

#include <assert.h>
#include <string.h>

#include "blockdb/lanes.h"

#define NODE_HEADER_LEN 3

/* BLOCKDB_NODE_FULL as the number of children that it stands for. */
#define FULL_SHIFT 5
static_assert(BLOCKDB_NODE_FULL << FULL_SHIFT == 256, "a full node has 256 children");

struct node {
    uint32_t prefix_len, child_count;
    uint32_t before_len, ref_len; /* bytes of one; ref_len is 0 when there are none */
    const uint8_t *prefix, *bytes, *befores, *refs;
};

/* A number of 1 to 4 bytes. Reads four, which the region's tail allows. */
static inline uint32_t number_read(const uint8_t *at, uint32_t len)
{
    uint32_t value;
    memcpy(&value, at, sizeof(value));
    uint32_t unused_bits = 32 - 8 * len;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return value & (UINT32_MAX >> unused_bits);
#else
    return value >> unused_bits;
#endif
}

/* This runs eight times a look-up, so it has no branch but the check of its end. */
static inline bool node_read(const struct region *index, uint32_t at, struct node *out)
{
    const uint8_t *node = index->bytes + at;
    size_t end = index->len - BLOCKDB_TAIL;
    if (at + (size_t)NODE_HEADER_LEN > end)
        return false;
    uint32_t shape = node[1];
    out->prefix_len = node[0];
    out->child_count = node[2] | (shape & BLOCKDB_NODE_FULL) << FULL_SHIFT;
    out->before_len = 1 + (shape & BLOCKDB_NODE_WIDTH);
    out->ref_len = shape & BLOCKDB_NODE_REFS ? BLOCKDB_REF_LEN : 0;
    out->prefix = node + NODE_HEADER_LEN;
    out->bytes = out->prefix + out->prefix_len;
    out->befores = out->bytes + out->child_count;
    out->refs = out->befores + out->child_count * out->before_len;
    return (size_t)(out->refs - index->bytes) + out->child_count * out->ref_len <= end;
}

static inline uint32_t node_before(const struct node *node, const struct index_walk *walk, uint32_t child)
{
    return walk->before + number_read(node->befores + child * node->before_len, node->before_len);
}

/* The bucket in front of the child's separators; that of the node's end behind the last child. */
static inline uint32_t node_before_or_end(const struct node *node, const struct index_walk *walk, uint32_t child)
{
    return child < node->child_count ? node_before(node, walk, child) : walk->end;
}

static bool finish(struct index_walk *walk, uint32_t bucket)
{
    walk->before = bucket;
    return false;
}

/* The slot of a label, or the free one where it belongs. The table is never full. */
static struct index_start *start_find(struct index_start *starts, uint64_t label)
{
    size_t at = (size_t)(label * UINT64_C(0x9e3779b97f4a7c15) >> 40) & (INDEX_STARTS - 1);
    while (starts[at].label != 0 && starts[at].label != label)
        at = (at + 1) & (INDEX_STARTS - 1);
    return &starts[at];
}

/* Nodes inside of top-level labels that may be visited: a real list has some thousand, a hostile one could repeat them. */
#define VISITS_MAX 16384

struct starts_writer {
    const struct region *index;
    struct index_start *starts;
    uint32_t visits, used;
};

/* walk: at a node; label, len: the bytes above it. */
static void starts_visit(struct starts_writer *w, const struct index_walk *walk, uint64_t label, uint32_t len)
{
    struct node node;
    if (w->visits++ >= VISITS_MAX || !node_read(w->index, walk->node, &node) || node.ref_len == 0 ||
        len + node.prefix_len > INDEX_START_BYTES)
        return;
    for (uint32_t i = 0; i < node.prefix_len; i++) {
        if (node.prefix[i] == 0)
            return;
        label |= (uint64_t)node.prefix[i] << (8 * len++);
    }
    for (uint32_t i = 0; i < node.child_count; i++) {
        struct index_walk below = *walk;
        below.node = number_read(node.refs + i * BLOCKDB_REF_LEN, BLOCKDB_REF_LEN);
        below.before = node_before(&node, walk, i);
        below.end = node_before_or_end(&node, walk, i + 1);
        if (below.node == 0)
            continue;
        if (node.bytes[i] != 0 && len < INDEX_START_BYTES)
            starts_visit(w, &below, label | (uint64_t)node.bytes[i] << (8 * len), len + 1);
        else if (node.bytes[i] == 0 && len > 0 && w->used++ < INDEX_STARTS / 2)
            *start_find(w->starts, label) = (struct index_start){label, below.node, below.before, below.end};
    }
}

static bool walk_from_root(const struct region *index, struct index_walk *out)
{
    out->before = 0;
    out->node = BLOCKDB_INDEX_ROOT;
    if (index->len <= BLOCKDB_INDEX_ROOT + BLOCKDB_TAIL)
        return false;
    memcpy(&out->end, index->bytes, sizeof(out->end));
    return true;
}

void index_starts_fill(const struct region *index, struct index_start *starts)
{
    struct starts_writer writer = {.index = index, .starts = starts};
    struct index_walk walk;
    if (walk_from_root(index, &walk))
        starts_visit(&writer, &walk, 0, 0);
}

/* The first zero among eight bytes; 8 when there is none. */
static uint32_t zero_find(uint64_t bytes)
{
    uint64_t zeros = (bytes - UINT64_C(0x0101010101010101)) & ~bytes & UINT64_C(0x8080808080808080);
    return zeros != 0 ? (uint32_t)__builtin_ctzll(zeros) / 8 : 8;
}

bool index_begin(const struct blockdb *db, const struct name_key *key, struct index_walk *out)
{
    uint64_t first = lanes_load8(key->bytes);
    uint32_t len = zero_find(first);
    out->key = key->bytes;
    out->key_len = key->len;
    out->pos = 0;
    if (len <= INDEX_START_BYTES && len < key->len && len > 0) {
        const struct index_start *start = start_find(db->starts, first & ((UINT64_C(1) << (8 * len)) - 1));
        if (start->label != 0) {
            out->pos = len + 1;
            out->node = start->node;
            out->before = start->before;
            out->end = start->end;
            return true;
        }
    }
    return walk_from_root(&db->regions[BLOCKDB_REGION_INDEX], out);
}

static int prefix_order(const struct node *node, const struct index_walk *walk)
{
    uint32_t left = walk->key_len - walk->pos;
    uint32_t len = node->prefix_len < left ? node->prefix_len : left;
    const uint8_t *key = walk->key + walk->pos;
    for (uint32_t i = 0; i < len; i++)
        if (key[i] != node->prefix[i])
            return key[i] < node->prefix[i] ? -1 : 1;
    return left < node->prefix_len ? -1 : 0;
}

/* <0: the key sorts before everything that starts with the prefix; >0 behind it; 0: it starts with the prefix. */
static int prefix_compare(const struct node *node, const struct index_walk *walk)
{
    /* Most prefixes are short and equal. */
    if (node->prefix_len < 8 && walk->pos + node->prefix_len <= walk->key_len) {
        uint64_t mask = (UINT64_C(1) << (8 * node->prefix_len)) - 1;
        if (((lanes_load8(node->prefix) ^ lanes_load8(walk->key + walk->pos)) & mask) == 0)
            return 0;
    }
    return prefix_order(node, walk);
}

bool index_step(const struct region *index, struct index_walk *walk)
{
    struct node node;
    if (!node_read(index, walk->node, &node))
        return finish(walk, INDEX_NOWHERE);
    if (node.prefix_len > 0) {
        int order = prefix_compare(&node, walk);
        if (order != 0)
            return finish(walk, order < 0 ? walk->before : walk->end);
        walk->pos += node.prefix_len;
    }
    if (walk->pos == walk->key_len)
        return finish(walk, node_before_or_end(&node, walk, 0));

    uint8_t byte = walk->key[walk->pos];
    uint32_t up_to = bytes_up_to(node.bytes, node.child_count, byte);
    uint32_t after = node_before_or_end(&node, walk, up_to);
    if (up_to == 0 || node.bytes[up_to - 1] != byte || node.ref_len == 0)
        return finish(walk, after);
    uint32_t ref = number_read(node.refs + (up_to - 1) * BLOCKDB_REF_LEN, BLOCKDB_REF_LEN);
    if (ref == 0)
        return finish(walk, after);
    walk->before = node_before(&node, walk, up_to - 1);
    walk->end = after;
    walk->node = ref;
    walk->pos++;
    return true;
}
