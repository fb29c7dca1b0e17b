#include <stddef.h>

#include "config/options.h"

const char *const options_safe_modes[] = {"off", "moderate", "strict", NULL};

const struct schema_option options_safe_search_fields[] = {
    {.key = "table",
     .type = &schema_string,
     .offset = offsetof(struct options_safe_search, table),
     .help = "file with search engines and where they lead, in place of the shipped table"},
    {.key = "engines",
     .shape = SCHEMA_LIST,
     .fields = search_fields,
     .item_size = sizeof(struct options_search),
     .offset = offsetof(struct options_safe_search, engines),
     .help = "more of them; one with the name of another takes its place"},
    {0}};
