#include "identity/sightings.h"

static uint64_t pack(const uint8_t mac[6])
{
    uint64_t bits = 0;
    for (size_t i = 0; i < 6; i++)
        bits = bits << 8 | mac[i];
    return bits;
}

void sightings_add(struct sightings *sightings, const uint8_t mac[6])
{
    uint64_t bits = pack(mac), none = 0;
    uint64_t hash = bits * UINT64_C(0x9e3779b97f4a7c15);
    _Atomic uint64_t *place = &sightings->places[(hash >> 48) & (SIGHTINGS_PLACES - 1)];
    if (atomic_load_explicit(place, memory_order_relaxed) == 0) /* mostly it is there already */
        (void)atomic_compare_exchange_strong_explicit(place, &none, bits, memory_order_relaxed, memory_order_relaxed);
}

bool sightings_take(struct sightings *sightings, size_t *from, uint8_t out[6])
{
    for (; *from < SIGHTINGS_PLACES; ++*from) {
        uint64_t bits = atomic_load_explicit(&sightings->places[*from], memory_order_relaxed);
        if (bits == 0)
            continue;
        atomic_store_explicit(&sightings->places[*from], 0, memory_order_relaxed);
        for (size_t i = 0; i < 6; i++)
            out[i] = (uint8_t)(bits >> (40 - 8 * i));
        ++*from;
        return true;
    }
    return false;
}
