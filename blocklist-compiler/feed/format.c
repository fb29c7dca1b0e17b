#include "feed/format.h"

#include <assert.h>

static const struct feed_format formats[] = {
    {"hosts", hosts_parse, NULL, NULL, true},      {"domains", domains_parse, NULL, NULL, true},
    {"adblock", adblock_parse, NULL, NULL, false}, {"ut1", NULL, ut1_parse, ut1_parse_archive, false},
    {"rpz", rpz_parse, NULL, NULL, false},         {"dnsmasq", dnsmasq_parse, NULL, NULL, true},
    {"unbound", unbound_parse, NULL, NULL, true},  {"urls", urls_parse, NULL, NULL, false},
};
#define FORMAT_COUNT (sizeof formats / sizeof formats[0])

const struct feed_format *feed_format_find(const char *name)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    }
    return NULL;
}

const struct feed_format *feed_format_at(size_t index)
{
    return index < FORMAT_COUNT ? &formats[index] : NULL;
}

void feed_format_list(const char *out[FEED_FORMATS_MAX])
{
    static_assert(FORMAT_COUNT < FEED_FORMATS_MAX, "room for the NULL behind them");
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        out[i] = formats[i].name;
    out[FORMAT_COUNT] = NULL;
}
