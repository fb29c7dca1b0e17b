/* A table of search engines: its text, and what is made of it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "config/search_table.h"
#include "dns/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7 forgets the text of a quoted scalar when an error comes behind it. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml";
}

/* What the engine and the policy rely on. */
static void check(const struct search_table *table)
{
    if (table->search_count == 0 || table->search_count > POLICY_ENGINES_MAX || table->host_count > SEARCH_HOSTS_MAX)
        abort();
    for (size_t i = 0; i < table->search_count; i++) {
        const struct query_search *s = &table->searches[i];
        if ((s->strict.name == NULL) == (s->strict.address_count == 0) ||
            (s->moderate.name == NULL) == (s->moderate.address_count == 0))
            abort();
    }
    for (size_t i = 0; i < table->host_count; i++)
        if (table->hosts[i].index >= table->search_count || table->hosts[i].below ||
            name_check(table->hosts[i].name, NAME_MAX_LEN) <= 1)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct schema_list none = {0};
    struct config_errors errors = {0};
    struct schema_list rows = {0};
    struct search_table table;
    struct arena *arena = arena_new();
    if (arena == NULL)
        return 0;
    int rc = search_table_parse(arena, "fuzz.yaml", (const char *)data, size, &errors, &rows);
    if (rc == ERR_CONFIG && errors.count == 0)
        abort(); /* refused without a word */
    if (rc == 0)
        rc = search_table_build(arena, &rows, &none, &errors, &table);
    if (rc == 0 && errors.count == 0)
        check(&table);
    config_errors_done(&errors);
    arena_free(arena);
    return 0;
}
