/* Any bytes as the text of a name, and as its wire form: what is accepted survives the way to the other form and back. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dns/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void round_trip(const uint8_t *name, int len)
{
    char text[NAME_TEXT_MAX];
    char text_again[NAME_TEXT_MAX];
    uint8_t again[NAME_MAX_LEN];
    must(name_check(name, (size_t)len) == len && name_len(name) == (size_t)len);
    name_to_text(name, text);
    must(name_from_text(text, strlen(text), again) == len);
    must(memcmp(again, name, (size_t)len) == 0);
    must(strcmp(name_to_text(again, text_again), text) == 0);
    name_lower(again, name, (size_t)len);
    must(name_equal(again, name) && name_is_at_or_below(name, name_skip_labels(again, 1)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t name[NAME_MAX_LEN];
    int len = name_from_text((const char *)data, size, name);
    if (len > 0)
        round_trip(name, len);
    len = name_check(data, size);
    if (len > 0)
        round_trip(data, len);
    return 0;
}
