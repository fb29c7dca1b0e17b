/* A file of sites seen, as found on disk: refused, or it can be asked, added to, saved and read again. */
#include <stdlib.h>

#include "episode/seen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t name[] = "\x07"
                                  "example\x03"
                                  "com";
    const struct site site = {.kind = SITE_PLAIN, .domain = name};
    struct seen *seen;
    if (seen_parse(data, size, &seen) < 0)
        return 0;
    size_t count = seen_count(seen);
    int before = seen_day(seen, &site);
    if (seen_add(seen, &site, 7) < 0)
        abort();
    if (seen_count(seen) != count + (before < 0) || seen_day(seen, &site) > 7)
        abort();
    seen_free(seen);
    return 0;
}
