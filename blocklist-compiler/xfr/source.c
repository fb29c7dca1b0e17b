#include "xfr/source.h"

#include <string.h>

#define PORT 53

static int add_primary(struct source *source, const char *text, size_t len)
{
    char copy[ENDPOINT_TEXT_MAX];
    if (len == 0 || len >= sizeof copy)
        return ERR_MALFORMED;
    if (source->primary_count == SOURCE_PRIMARIES_MAX)
        return ERR_LIMIT;
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (endpoint_from_text(copy, PORT, &source->primaries[source->primary_count]) < 0)
        return ERR_MALFORMED;
    source->primary_count++;
    return 0;
}

int source_parse(const char *text, struct source *out)
{
    struct source made = {.primary_count = 0};
    size_t scheme_len = strlen(SOURCE_SCHEME);
    if (strncmp(text, SOURCE_SCHEME, scheme_len) != 0)
        return ERR_MALFORMED;
    text += scheme_len;
    const char *zone = strchr(text, '/');
    if (zone == NULL)
        return ERR_MALFORMED;
    while (text < zone) {
        size_t len = strcspn(text, ",/");
        int err = add_primary(&made, text, len);
        if (err < 0)
            return err;
        text += len + (text[len] == ',');
    }
    int len = name_from_text(zone + 1, strlen(zone + 1), made.zone);
    if (len <= 1 || made.primary_count == 0)
        return ERR_MALFORMED;
    name_lower(made.zone, made.zone, (size_t)len);
    *out = made;
    return 0;
}
