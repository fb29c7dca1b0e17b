#include <stdlib.h>

#include "feed/popular.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever a ranking holds: what was taken is found again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct popular *popular = NULL;
    if (popular_new(1000, &popular) < 0)
        return 0;
    if (popular_read(popular, (struct span){data, size}) < 0 && popular_count(popular) == 0) {
        popular_free(popular);
        return 0;
    }
    for (size_t i = 0; i < popular_count(popular); i++) {
        const struct popular_name *name = popular_at(popular, i);
        if (name->rank == 0 || name->text[0] == '\0')
            abort();
    }
    popular_free(popular);
    return 0;
}
