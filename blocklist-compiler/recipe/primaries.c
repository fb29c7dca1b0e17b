#include "recipe/primaries.h"

#include <string.h>

#include "xfr/source.h"
#include "xfr/tsig.h"

const char *const primaries_transfers[] = {"ixfr", "axfr", NULL};

static const char *const algorithms[] = {
#define X(suffix, name, mac_len) name,
    TSIG_ALGORITHM_LIST(X)
#undef X
        NULL};

#define PRIMARIES(field) offsetof(struct primaries_part, field)
const struct schema_option primaries_tsig_options[] = {
    {.key = "name", .type = &schema_string, .offset = PRIMARIES(tsig_name), .help = "the key's name on the primary"},
    {.key = "algorithm",
     .type = &schema_word,
     .words = algorithms,
     .offset = PRIMARIES(tsig_algorithm),
     .fallback = "hmac-sha256",
     .help = "as on the primary"},
    {.key = "secret_file",
     .type = &schema_string,
     .offset = PRIMARIES(tsig_secret_file),
     .help = "a file with the key's secret in base64"},
    {0}};

bool primaries_is_source(const char *source)
{
    return strncmp(source, SOURCE_SCHEME, strlen(SOURCE_SCHEME)) == 0;
}

void primaries_check(const struct primaries_part *part, const char *source, const char *feed, const char *format,
                     const struct config_place *place, struct config_errors *errors)
{
    struct source parsed;
    bool tsig = part->tsig_name != NULL || part->tsig_secret_file != NULL;
    if (!primaries_is_source(source)) {
        if (tsig || part->transfer != 0)
            config_errors_add(errors, place, "'tsig' and 'transfer' are for dns:// sources, and '%s' has another",
                              feed);
        return;
    }
    if (strcmp(format, "rpz") != 0)
        config_errors_add(errors, place, "dns:// sources are for format rpz; '%s' is %s", feed, format);
    int err = source_parse(source, &parsed);
    if (err == ERR_LIMIT)
        config_errors_add(errors, place, "'%s' has more than %d primaries", feed, SOURCE_PRIMARIES_MAX);
    else if (err < 0)
        config_errors_add(errors, place,
                          "the source of '%s' must be like dns://192.0.2.1:53,[2001:db8::1]/zone.example, not '%s'",
                          feed, source);
    if (tsig && (part->tsig_name == NULL || part->tsig_secret_file == NULL))
        config_errors_add(errors, place, "'tsig' of '%s' needs both 'name' and 'secret_file'", feed);
}

struct recipe_primaries primaries_from(const struct primaries_part *part, const char *secret_file)
{
    bool tsig = part->tsig_name != NULL;
    return (struct recipe_primaries){.whole = part->transfer != 0,
                                     .tsig_name = part->tsig_name,
                                     .tsig_algorithm = tsig ? algorithms[part->tsig_algorithm] : NULL,
                                     .tsig_secret_file = secret_file};
}
