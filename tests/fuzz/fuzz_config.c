/* Configuration text: the YAML tree, the schema, and writing it out again. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/options.h"
#include "config/schema.h"
#include "config/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_out(const struct yaml_node *tree)
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    if (to == NULL)
        return;
    schema_write(options_table, tree, to);
    fclose(to);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config_errors errors = {0};
    struct options options = {0};
    struct yaml_node *tree = NULL;
    struct arena *arena = arena_new();
    if (arena == NULL)
        return 0;
    int rc = yaml_read_text(arena, "fuzz.yaml", (const char *)data, size, &errors, &tree);
    if (rc == 0)
        rc = schema_read(options_table, tree, arena, &errors, &options);
    if (rc == 0)
        write_out(tree);
    if (rc == ERR_CONFIG && errors.count == 0)
        abort(); /* refused without a word */
    config_errors_done(&errors);
    arena_free(arena);
    return 0;
}
