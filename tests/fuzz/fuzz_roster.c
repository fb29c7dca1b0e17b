/* A line of the roster's file: whatever is read can be written, and is then the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "identity/roster_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_line(const char *line, size_t len)
{
    struct roster_line read, again;
    struct text text = {0};
    if (roster_line_parse(line, len, &read) < 0)
        return;
    roster_line_write(&read, &text);
    if (text.len != len + 1 || memcmp(text.bytes, line, len) != 0 ||
        roster_line_parse(text.bytes, text.len - 1, &again) < 0)
        abort();
    text_done(&text);
}

/* As it is, and with a checksum that fits. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text text = {0};
    try_line((const char *)data, size);
    text_printf(&text, "%016llx ", (unsigned long long)XXH3_64bits(data, size));
    text_add(&text, (const char *)data, size);
    if (text_ok(&text))
        try_line(text.bytes, text.len);
    text_done(&text);
    return 0;
}
