#include "dice.h"

#include <math.h>
#include <stdlib.h>

uint64_t dice_mix(uint64_t a, uint64_t b)
{
    uint64_t x = a + 0x9e3779b97f4a7c15u * (b + 1); /* splitmix64 */
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

void dice_init(struct dice *dice, uint64_t seed)
{
    for (size_t i = 0; i < 4; i++)
        dice->state[i] = dice_mix(seed, i);
}

static uint64_t turn(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

uint64_t dice_next(struct dice *dice)
{
    uint64_t *s = dice->state;
    uint64_t out = turn(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = turn(s[3], 45);
    return out;
}

uint32_t dice_below(struct dice *dice, uint32_t bound)
{
    return (uint32_t)((dice_next(dice) >> 32) * bound >> 32);
}

double dice_unit(struct dice *dice)
{
    return (double)(dice_next(dice) >> 11) / 9007199254740992.0;
}

bool dice_chance(struct dice *dice, double chance)
{
    return dice_unit(dice) < chance;
}

double dice_wait(struct dice *dice, double mean)
{
    return -log1p(-dice_unit(dice)) * mean;
}

uint32_t dice_count(struct dice *dice, double mean)
{
    double left = exp(-mean);
    double product = dice_unit(dice);
    uint32_t count = 0;
    while (product > left && count < 1000) {
        product *= dice_unit(dice);
        count++;
    }
    return count;
}

/* ---- urns ---- */

static void urn_fill(struct dice_urn *urn, uint32_t *small, uint32_t *large)
{
    uint32_t smalls = 0;
    uint32_t larges = 0;
    for (uint32_t i = 0; i < urn->count; i++)
        if (urn->stay[i] < 1)
            small[smalls++] = i;
        else
            large[larges++] = i;
    while (smalls > 0 && larges > 0) {
        uint32_t poor = small[--smalls];
        uint32_t rich = large[larges - 1];
        urn->other[poor] = rich;
        urn->stay[rich] -= 1 - urn->stay[poor];
        if (urn->stay[rich] < 1) {
            larges--;
            small[smalls++] = rich;
        }
    }
    while (larges > 0)
        urn->stay[large[--larges]] = 1;
    while (smalls > 0)
        urn->stay[small[--smalls]] = 1;
}

bool dice_urn_make(struct dice_urn *urn, const double *weights, uint32_t count)
{
    double sum = 0;
    uint32_t *small = calloc(count + 1u, sizeof *small);
    uint32_t *large = calloc(count + 1u, sizeof *large);
    *urn = (struct dice_urn){
        .other = calloc(count + 1u, sizeof *urn->other), .stay = calloc(count + 1u, sizeof *urn->stay), .count = count};
    bool whole = small != NULL && large != NULL && urn->other != NULL && urn->stay != NULL;
    for (uint32_t i = 0; i < count; i++)
        sum += weights[i];
    for (uint32_t i = 0; whole && i < count; i++)
        urn->stay[i] = weights[i] * count / sum;
    if (whole)
        urn_fill(urn, small, large);
    free(small);
    free(large);
    return whole;
}

uint32_t dice_draw(struct dice *dice, const struct dice_urn *urn)
{
    uint32_t i = dice_below(dice, urn->count);
    return dice_unit(dice) < urn->stay[i] ? i : urn->other[i];
}

void dice_urn_done(struct dice_urn *urn)
{
    free(urn->other);
    free(urn->stay);
    *urn = (struct dice_urn){0};
}
