/* Any bytes as a time zone file, and as a rule: what is accepted has an offset at every time, and changes go forward. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/time_zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(struct time_zone *zone)
{
    static const int64_t starts[] = {-5000000000, -1, 0, 1790000000, 2200000000, 32503680000};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        int64_t at = starts[i];
        for (int n = 0; n < 8 && at != INT64_MAX && at < 99999999999; n++) {
            int64_t next = time_zone_next_s(zone, at);
            int32_t offset = time_zone_offset_s(zone, at);
            if (next <= at || offset < -700000 || offset > 700000)
                abort();
            at = next;
        }
    }
    time_zone_free(zone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct time_zone *zone;
    char rule[256];
    if (time_zone_parse(data, size, &zone) == 0)
        walk(zone);
    if (size < sizeof rule) {
        memcpy(rule, data, size);
        rule[size] = '\0';
        if (time_zone_from_rule(rule, &zone) == 0)
            walk(zone);
    }
    return 0;
}
