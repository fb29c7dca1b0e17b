#include "qlog/lull.h"

bool lull_is_awaited(struct lull *lull, uint64_t rows, uint64_t waiting_bytes, uint64_t waiting_max, int64_t now_ms)
{
    int64_t passed_ms = now_ms - lull->began_ms;
    if (passed_ms >= LULL_WINDOW_MS) {
        lull->rush = (rows - lull->rows) / (uint64_t)passed_ms >= LULL_RUSH_ROWS_S / 1000;
        lull->rows = rows;
        lull->began_ms = now_ms;
    }
    return lull->rush && waiting_bytes < waiting_max;
}
