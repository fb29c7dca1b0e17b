/*
 * What a walk over the log's blocks (qlog/blocks.h) is made of: which block is next (blocks.c), what of it is wanted
 * (blocks_reader.c).
 *
 * First the segments, block by block, then the rows that are still in journals (qlog/journals.h), gathered in blocks that
 * are never written.
 */
#ifndef QLOG_BLOCKS_WALK_H
#define QLOG_BLOCKS_WALK_H

#include <pthread.h>

#include "qlog/blocks.h"
#include "qlog/filter.h"
#include "qlog/hints.h"
#include "qlog/journals.h"
#include "qlog/keyring.h"
#include "qlog/segment_list.h"
#include "qlog/texts.h"

/* An open segment, and how many readers hold it. */
struct blocks_file {
    struct segment *segment;
    unsigned users;
};

struct blocks {
    int dir_fd;
    struct filter filter;
    unsigned parts;        /* that were asked for */
    unsigned filter_parts; /* that the filter looks at */
    struct hints_query hints;
    bool segments_only;

    pthread_mutex_t lock; /* over all that follows */
    struct segment_list list;
    size_t next_file;
    uint64_t last_sequence;  /* of the segments known */
    uint64_t after_sequence; /* those up to here were given out, or not asked for */
    int64_t after_ns;        /* after a refresh: rows of a new segment up to here were given out already */
    int64_t newest_ns;       /* newest row given out */
    struct blocks_file *file;
    struct segment_start start; /* of it, from next_block on: to be passed over */
    uint32_t next_block;
    uint64_t next_number;
    struct journals journals;
    struct block_builder builder; /* gathers rows of journals */
    struct texts words;           /* of these */
    struct qlog_scan_stats stats;
};

/* What a reader is to look at. */
struct blocks_claim {
    uint64_t number;
    struct blocks_file *file; /* NULL: block was filled with rows of journals */
    uint32_t index;
    struct segment_start start; /* of the block: to be passed over */
    int64_t after_ns;
    char node[QLOG_NODE_MAX];
};

/* The next block. For rows of journals they are put into block. 1; 0: the end; negative enum err. */
ERR_CHECKED int blocks_claim(struct blocks *blocks, struct block *block, struct blocks_claim *out);
void blocks_file_leave(struct blocks *blocks, struct blocks_file *file);

/* The next block, be there anything wanted in it or not. 1: *out is it; 0: the end; 2: nothing is wanted of number
 * *out_number; negative: stop. */
ERR_CHECKED int blocks_step(struct blocks_reader *reader, const struct block_view **out, uint64_t *out_number);

#endif
