#include "upstream/spelling.h"

#define CASE_BIT 0x20

/* A label's length is at most 63, below every letter: it is never taken for one. */
static uint8_t spelt(const struct spelling *spelling, size_t at, uint8_t byte)
{
    bool letter = byte >= 'a' && byte <= 'z';
    bool capital = spelling->capital[at / 8] >> at % 8 & 1;
    return letter && capital ? byte ^ CASE_BIT : byte;
}

void spelling_draw(struct spelling *spelling, size_t len, struct random_pool *random)
{
    *spelling = (struct spelling){{0}};
    random_bytes(random, spelling->capital, (len + 7) / 8);
}

void spelling_write(const struct spelling *spelling, const uint8_t *name, size_t len, uint8_t *out)
{
    for (size_t i = 0; i < len; i++)
        out[i] = spelt(spelling, i, name[i]);
}

bool spelling_equal(const struct spelling *spelling, const uint8_t *name, size_t len, const uint8_t *got)
{
    for (size_t i = 0; i < len; i++)
        if (got[i] != spelt(spelling, i, name[i]))
            return false;
    return true;
}
