/* Any bytes as a people file: read, or refused with a reason. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "config/people.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config_errors errors = {0};
    struct people people = {0};
    struct arena *arena = arena_new();
    if (arena == NULL)
        return 0;
    int rc = people_read(arena, "fuzz.csv", (const char *)data, size, &errors, &people);
    if (rc == ERR_CONFIG && errors.count == 0)
        abort(); /* refused without a word */
    for (size_t i = 0; rc == 0 && i < people.count; i++)
        if (people.rows[i].text[PEOPLE_USER] == NULL)
            abort(); /* somebody without a name */
    config_errors_done(&errors);
    arena_free(arena);
    return 0;
}
