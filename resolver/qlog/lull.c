#include "qlog/lull.h"

bool lull_is_awaited(struct lull *lull, uint64_t rows, uint64_t waiting_bytes, uint64_t waiting_max, int64_t now_ms)
{
    int64_t passed_ms = now_ms - lull->asked_ms;
    uint64_t came = rows - lull->rows;
    bool rush = passed_ms > 0 && came / (uint64_t)passed_ms >= LULL_RUSH_ROWS_S / 1000;
    lull->rows = rows;
    lull->asked_ms = now_ms;
    return rush && waiting_bytes < waiting_max;
}
