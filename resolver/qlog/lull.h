/*
 * When rows are put into segments: not while they come in a rush.
 *
 * A row in a journal is safe and is found by every reader, so what the keeper does with it can wait; the processor that it
 * needs is what a worker under full load is short of. So in a rush the keeper leaves rows where they are, and takes them
 * in the lull that follows, or as soon as so many wait that disk and memory are at stake.
 *
 * Memory: the caller's. Threads: one, the keeper's. Times are monotonic ms.
 */
#ifndef QLOG_LULL_H
#define QLOG_LULL_H

#include <stdbool.h>
#include <stdint.h>

/* Rows a second, of all workers, that are a rush. What the keeper does with fewer is hardly a hundredth of a core. */
#define LULL_RUSH_ROWS_S 50000

#define LULL_WINDOW_MS 20 /* rows are counted over at least so long */

struct lull {
    uint64_t rows; /* written when the window began */
    int64_t began_ms;
    bool rush; /* in the window before */
};

/*
 * Whether rows should wait. rows: written since the log was opened; waiting_bytes: of journals, not looked at yet;
 * waiting_max: how many may be.
 */
bool lull_is_awaited(struct lull *lull, uint64_t rows, uint64_t waiting_bytes, uint64_t waiting_max, int64_t now_ms);

#endif
