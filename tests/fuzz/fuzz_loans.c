/* The loan register: whatever is in it, what comes out of it is sound. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "identity/loans.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t to_utc(void *ctx, const struct loans_moment *m)
{
    (void)ctx;
    if (m->month < 1 || m->month > 12 || m->day < 1 || m->day > 32 || m->hour > 23 || m->minute > 59 || m->second > 59)
        abort();
    return ((((int64_t)m->year * 372 + m->month * 31 + m->day) * 24 + m->hour) * 60 + m->minute) * 60 + m->second;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct loans loans;
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    if (loans_parse(text, size, to_utc, NULL, &loans) == 0)
        for (size_t i = 0; i < loans.count; i++) {
            const struct claim *loan = &loans.claims[i];
            if (loan->user[0] == '\0' || (!loan->has_mac && loan->host[0] == '\0') || loan->key[0] == '\0' ||
                (loan->until_s != 0 && loan->until_s <= loan->from_s))
                abort();
        }
    loans_done(&loans);
    free(text);
    return 0;
}
