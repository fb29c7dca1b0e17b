#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void refill(struct random_pool *pool)
{
    size_t have = 0;
    while (have < sizeof pool->bytes) {
        ssize_t got = getrandom(pool->bytes + have, sizeof pool->bytes - have, 0);
        if (got < 0 && errno != EINTR)
            abort();
        if (got > 0)
            have += (size_t)got;
    }
    pool->left = sizeof pool->bytes;
}

void random_bytes(struct random_pool *pool, void *out, size_t len)
{
    uint8_t *to = out;
    while (len > 0) {
        if (pool->left == 0)
            refill(pool);
        size_t take = len < pool->left ? len : pool->left;
        uint8_t *from = pool->bytes + sizeof pool->bytes - pool->left;
        memcpy(to, from, take);
        memset(from, 0, take);
        pool->left -= take;
        to += take;
        len -= take;
    }
}

uint32_t random_u32(struct random_pool *pool)
{
    uint32_t value;
    random_bytes(pool, &value, sizeof value);
    return value;
}

uint32_t random_below(struct random_pool *pool, uint32_t bound)
{
    /* Values above the last whole multiple of bound would make the low results more likely: drawn again. */
    uint32_t limit = UINT32_MAX - UINT32_MAX % bound;
    uint32_t value;
    do {
        value = random_u32(pool);
    } while (value >= limit);
    return value % bound;
}
