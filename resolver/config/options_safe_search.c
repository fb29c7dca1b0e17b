#include <stddef.h>

#include "config/options.h"

const char *const options_safe_modes[] = {"off", "moderate", "strict", NULL};

const struct schema_option options_safe_search_fields[] = {
    {.key = "shipped",
     .type = &schema_bool,
     .offset = offsetof(struct options_safe_search, shipped),
     .fallback = "true",
     .help = "begin with the shipped table of search engines; else there are those of engines alone"},
    {.key = "engines",
     .shape = SCHEMA_LIST,
     .fields = search_fields,
     .item_size = sizeof(struct options_search),
     .offset = offsetof(struct options_safe_search, engines),
     .help =
         "search engines and where they lead, besides the shipped ones; one with the name of another takes its place"},
    {0}};
