#include "operator/lease_lines.h"

#include <inttypes.h>

#include "operator/figures.h"

static const char *string(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value == NULL ? "?" : value;
}

static int64_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void print_source(FILE *to, const json_t *source)
{
    const json_t *trouble = json_object_get(source, "trouble");
    fprintf(to, "leases      %s ", string(source, "kind"));
    if (json_is_string(trouble)) {
        fprintf(to, "TROUBLE %s; ", json_string_value(trouble));
        figures_count(to, number(source, "leases"));
        fputs(" that were known hold until they end\n", to);
        return;
    }
    fprintf(to, "%s: ", string(source, "path"));
    figures_count(to, number(source, "leases"));
    if (number(source, "refused") > 0)
        fprintf(to, ", %" PRId64 " records can't be read", number(source, "refused"));
    if (number(source, "no_place") > 0)
        fprintf(to, ", %" PRId64 " had no place", number(source, "no_place"));
    putc('\n', to);
}

void lease_lines_print(FILE *to, const json_t *leases)
{
    const json_t *silent = json_object_get(leases, "silent");
    size_t i;
    json_t *source;
    json_array_foreach(json_object_get(leases, "sources"), i, source) print_source(to, source);
    if (!json_is_integer(silent))
        return;
    int64_t count = json_integer_value(silent);
    fprintf(to, "silent      %" PRId64 " %s%s\n", count,
            count == 1 ? "device renews its lease and asks nothing" : "devices renew their leases and ask nothing",
            count > 0 ? ": see belisha silent" : "");
}
