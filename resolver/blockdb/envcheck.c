#include "blockdb/envcheck.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_HEADER_LEN 16
#define PAGE_LEAF       0x02
#define PAGE_META       0x08
#define PAGE_SIZE_MIN   512
#define PAGE_SIZE_MAX   65536

#define META_MAGIC   0xBEEFC0DEu
#define META_VERSION 1

#define NODE_HEADER_LEN 8
#define NODE_BIG_DATA   0x01

struct page_header {
    uint64_t number;
    uint16_t pad, flags;
    uint16_t lower, upper; /* end of the node table, start of the nodes */
};

struct tree {
    uint32_t pad; /* of the first tree: page size */
    uint16_t flags, depth;
    uint64_t branch_pages, leaf_pages, overflow_pages;
    uint64_t entries, root;
};

struct meta {
    uint32_t magic, version;
    uint64_t address, map_size;
    struct tree trees[2]; /* free pages, main */
    uint64_t last_page, txn_id;
};

struct node {
    uint16_t size_low, size_high;
    uint16_t flags, key_len;
};

static int read_exactly(int fd, void *buf, size_t len, uint64_t offset)
{
    ssize_t n = pread(fd, buf, len, (off_t)offset);
    if (n < 0)
        return ERR_IO;
    return (size_t)n == len ? 0 : ERR_DAMAGED;
}

static int meta_read(int fd, uint64_t offset, struct meta *out)
{
    struct {
        struct page_header page;
        uint8_t body[sizeof(struct meta)];
    } raw;
    struct meta meta;

    int err = read_exactly(fd, &raw, PAGE_HEADER_LEN + sizeof(meta), offset);
    if (err < 0)
        return err;
    memcpy(&meta, raw.body, sizeof(meta));
    if (raw.page.flags != PAGE_META || meta.magic != META_MAGIC || meta.version != META_VERSION)
        return ERR_DAMAGED;
    *out = meta;
    return 0;
}

static bool page_size_is_sane(uint32_t size)
{
    return size >= PAGE_SIZE_MIN && size <= PAGE_SIZE_MAX && (size & (size - 1)) == 0;
}

static bool node_is_sane(const uint8_t *page, size_t page_size, size_t at, uint64_t last_page)
{
    struct node node;
    uint64_t data_page;

    if (at % 2 != 0 || at > page_size - NODE_HEADER_LEN)
        return false;
    memcpy(&node, page + at, sizeof(node));
    if (node.flags != NODE_BIG_DATA || at + NODE_HEADER_LEN + node.key_len + sizeof(data_page) > page_size)
        return false;
    memcpy(&data_page, page + at + NODE_HEADER_LEN + node.key_len, sizeof(data_page));
    uint64_t data_len = node.size_low | (uint64_t)node.size_high << 16;
    return data_page > 1 && data_page <= last_page &&
           PAGE_HEADER_LEN + data_len <= (last_page + 1 - data_page) * page_size;
}

static bool leaf_is_sane(const uint8_t *page, size_t page_size, uint64_t number, uint64_t last_page)
{
    struct page_header header;
    memcpy(&header, page, sizeof(header));
    if (header.number != number || header.flags != PAGE_LEAF || header.lower <= PAGE_HEADER_LEN ||
        header.lower > header.upper || header.upper > page_size || header.lower % 2 != 0)
        return false;
    for (size_t i = PAGE_HEADER_LEN; i < header.lower; i += sizeof(uint16_t)) {
        uint16_t at;
        memcpy(&at, page + i, sizeof(at));
        if (at < header.upper || !node_is_sane(page, page_size, at, last_page))
            return false;
    }
    return true;
}

static int leaf_check(int fd, size_t page_size, uint64_t number, uint64_t last_page)
{
    uint8_t *page = malloc(page_size);
    if (!page)
        return ERR_NOMEM;
    int err = read_exactly(fd, page, page_size, number * page_size);
    if (err == 0 && !leaf_is_sane(page, page_size, number, last_page))
        err = ERR_DAMAGED;
    free(page);
    return err;
}

int envcheck_file(int fd, size_t *out_size)
{
    static_assert(sizeof(struct page_header) == PAGE_HEADER_LEN && sizeof(struct meta) == 136, "layout of LMDB 0.9");
    struct stat st;
    struct meta metas[2];

    if (fstat(fd, &st) < 0)
        return ERR_IO;
    if (!S_ISREG(st.st_mode))
        return ERR_DAMAGED;
    int err = meta_read(fd, 0, &metas[0]);
    if (err < 0)
        return err;
    uint32_t page_size = metas[0].trees[0].pad;
    if (!page_size_is_sane(page_size))
        return ERR_DAMAGED;
    err = meta_read(fd, page_size, &metas[1]);
    if (err < 0)
        return err;

    /* LMDB takes the meta page of the later transaction, the first one when they are equal. */
    const struct meta *meta = &metas[metas[0].txn_id < metas[1].txn_id];
    const struct tree *tree = &meta->trees[1];
    if (metas[1].trees[0].pad != page_size || meta->last_page >= (uint64_t)st.st_size / page_size || tree->flags != 0 ||
        tree->depth != 1 || tree->root <= 1 || tree->root > meta->last_page)
        return ERR_DAMAGED;
    err = leaf_check(fd, page_size, tree->root, meta->last_page);
    if (err < 0)
        return err;
    *out_size = (size_t)st.st_size;
    return 0;
}
