#include "recipe/options.h"

#include <stddef.h>
#include <string.h>

#include "belisha/category.h"
#include "recipe/access.h"

static const char *const tier_names[] = {"ordinary", "statutory", NULL};

#define LIMIT(field) offsetof(struct recipe_limits, field)
static const struct schema_option limit_options[] = {
    {.key = "bytes",
     .type = &schema_bytes,
     .offset = LIMIT(bytes),
     .min = 1,
     .max = INT64_C(1) << 36,
     .fallback = "512MiB",
     .help = "largest copy that is taken, as fetched"},
    {.key = "lines",
     .type = &schema_int,
     .offset = LIMIT(lines),
     .fallback = "0",
     .help = "most lines that are read; 0: any number"},
    {.key = "min",
     .type = &schema_int,
     .offset = LIMIT(min),
     .fallback = "1",
     .help = "fewest names that are believed"},
    {.key = "max",
     .type = &schema_int,
     .offset = LIMIT(max),
     .fallback = "0",
     .help = "most names that are believed; 0: any number"},
    {.key = "time",
     .type = &schema_duration,
     .offset = LIMIT(time_ms),
     .min = 1000,
     .max = INT64_C(86400000),
     .fallback = "30m",
     .help = "longest time that a download takes"},
    {.key = "change",
     .type = &schema_int,
     .offset = LIMIT(change),
     .min = 0,
     .max = 1000,
     .fallback = "0",
     .help = "largest believed change of the number of names from one copy to the next, in per cent; 0: any"},
    {.key = "popular",
     .type = &schema_int,
     .offset = LIMIT(popular),
     .fallback = "0",
     .help = "a copy that blocks a name of this rank or a better one is not believed; 0: any may be"},
    {0}};

#define REFERENCE(field) offsetof(struct reference_part, field)
#define REFERENCE_ROWS                                                                                                 \
    {.key = "", .type = &schema_place, .offset = REFERENCE(place)},                                                    \
        {.key = "source",                                                                                              \
         .type = &schema_string,                                                                                       \
         .offset = REFERENCE(source),                                                                                  \
         .help = "https://..., or file: and a path"},                                                                  \
    {                                                                                                                  \
        .key = "every", .type = &schema_duration, .offset = REFERENCE(every_ms), .fallback = "7d",                     \
        .help = "how old a copy may get before a new one is asked for"                                                 \
    }

static const struct schema_option suffix_options[] = {REFERENCE_ROWS, {0}};
static const struct schema_option popular_options[] = {REFERENCE_ROWS,
                                                       {.key = "names",
                                                        .type = &schema_int,
                                                        .offset = REFERENCE(names),
                                                        .min = 1,
                                                        .max = 1000000,
                                                        .fallback = "10000",
                                                        .help = "how many of its names count, from the first"},
                                                       {0}};

#define WIDEN(field) offsetof(struct widen_part, field)
static const struct schema_option widen_options[] = {
    {.key = "host", .type = &schema_name, .offset = WIDEN(host), .required = true, .help = "what is listed whole"},
    {.key = "decided_by",
     .type = &schema_string,
     .offset = WIDEN(decided_by),
     .required = true,
     .help = "who decided it"},
    {.key = "on", .type = &schema_string, .offset = WIDEN(on), .required = true, .help = "the day of the decision"},
    {.key = "reason", .type = &schema_string, .offset = WIDEN(reason), .required = true, .help = "and why"},
    {0}};

#define FEED(field) offsetof(struct feed_part, field)
static const struct schema_option feed_options[] = {
    {.key = "", .type = &schema_place, .offset = FEED(place)},
    {.key = "name",
     .type = &schema_string,
     .offset = FEED(name),
     .required = true,
     .help = "a short name of its own: letters, digits, '-', '_', '.'"},
    {.key = "source",
     .type = &schema_string,
     .offset = FEED(source),
     .required = true,
     .help = "https://..., dns://address/zone, or file: and a path"},
    {.key = "format", .type = &schema_word, .offset = FEED(format), .required = true, .help = "how it is written"},
    {.key = "category",
     .type = &schema_category,
     .shape = SCHEMA_LIST,
     .offset = FEED(category),
     .help = "what its names are, one or several"},
    {.key = "categories",
     .type = &schema_category,
     .shape = SCHEMA_PAIRS,
     .offset = FEED(categories),
     .help = "ut1: the category of each folder; without it and without category, the built-in map of the UT1 lists"},
    {.key = "subdomains",
     .type = &schema_bool,
     .offset = FEED(subdomains),
     .fallback = "true",
     .help = "domains: a name stands for everything below it too"},
    {.key = "allow_single_labels",
     .type = &schema_bool,
     .offset = FEED(single_labels),
     .fallback = "false",
     .help = "accept names of one label, which are whole top-level domains"},
    {.key = "allow_public_suffix",
     .type = &schema_bool,
     .offset = FEED(public_suffixes),
     .fallback = "false",
     .help = "accept rules that cover a public suffix such as co.uk"},
    {.key = "licence", .type = &schema_string, .offset = FEED(licence), .help = "shown in reports"},
    {.key = "zone",
     .type = &schema_string,
     .offset = FEED(zone),
     .help = "rpz: the name of the zone, where the file does not say it"},
    {.key = "every",
     .type = &schema_duration,
     .offset = FEED(every_ms),
     .fallback = "20h",
     .help = "how old a copy may get before a new one is asked for"},
    {.key = "widen",
     .shape = SCHEMA_LIST,
     .offset = FEED(widen),
     .fields = widen_options,
     .item_size = sizeof(struct widen_part),
     .help = "urls: hosts that are blocked whole because of their pages, each by a recorded decision"},
    {.key = "test_hosts",
     .type = &schema_name,
     .shape = SCHEMA_LIST,
     .offset = FEED(test_hosts),
     .help = "urls: the vendor's own test hosts, blocked whole where it lists any of their pages"},
    {.key = "tier",
     .type = &schema_word,
     .offset = FEED(tier),
     .words = tier_names,
     .fallback = "ordinary",
     .help = "statutory: an illegal-content list, which nothing can switch off once it is set up"},
    {.key = "body", .type = &schema_string, .offset = FEED(body), .help = "statutory: whose list: iwf, ctiru or other"},
    {.key = "membership",
     .type = &schema_string,
     .offset = FEED(membership),
     .help = "statutory: id of the membership by which the list is had"},
    {.key = "max_age",
     .type = &schema_duration,
     .offset = FEED(max_age_ms),
     .fallback = "48h",
     .help = "statutory: a copy older than this is an alarm"},
    {.key = "credentials",
     .offset = FEED(access),
     .fields = access_options,
     .help = "files with what the server wants to see"},
    {.key = "proxy",
     .type = &schema_string,
     .offset = FEED(access.proxy),
     .help = "an address, none, or environment; goes before the recipe's"},
    {.key = "proxy_user_file",
     .type = &schema_string,
     .offset = FEED(access.proxy_user_file),
     .help = "a file with user:password for the proxy"},
    {.key = "transfer",
     .type = &schema_word,
     .words = primaries_transfers,
     .offset = FEED(primaries.transfer),
     .fallback = "ixfr",
     .help = "dns://: the changes since the last copy where the primary has them, or all of the zone each time"},
    {.key = "tsig",
     .offset = FEED(primaries),
     .fields = primaries_tsig_options,
     .help = "dns://: the key that requests and answers are signed with"},
    {.key = "limits",
     .offset = FEED(limits),
     .fields = limit_options,
     .help = "what is believable; a copy beyond is left, and the last good one stays"},
    {0}};
#define FEED_OPTION_COUNT (sizeof feed_options / sizeof feed_options[0])

#define PART(field) offsetof(struct recipe_part, field)
static const struct schema_option recipe_options[] = {
    {.key = "out", .type = &schema_string, .offset = PART(out), .help = "folder of the generations"},
    {.key = "keep",
     .type = &schema_int,
     .offset = PART(keep),
     .min = 1,
     .max = 1000,
     .fallback = "5",
     .help = "how many generations stay"},
    {.key = "protected_help",
     .type = &schema_string,
     .offset = PART(protected_help),
     .help = "a file of more names that no feed may block"},
    {.key = "config",
     .type = &schema_string,
     .offset = PART(config),
     .help = "belisha.yaml: its records, zones and page hosts are own domains too, its protected_help counts here"},
    {.key = "own_domains",
     .type = &schema_string,
     .shape = SCHEMA_LIST,
     .offset = PART(own_domains),
     .help = "the school's own domains, or file: and a path: no feed may block them"},
    {.key = "own_addresses",
     .type = &schema_prefix,
     .shape = SCHEMA_LIST,
     .offset = PART(own_addresses),
     .help = "the school's own addresses: no feed may block answers with them"},
    {.key = "learning_platform",
     .type = &schema_string,
     .shape = SCHEMA_LIST,
     .offset = PART(learning_platform),
     .help = "names of the learning platform, or file: and a path: no feed may block them"},
    {.key = "public_suffix_list",
     .offset = PART(public_suffix_list),
     .fields = suffix_options,
     .short_key = "source",
     .help = "the Public Suffix List, instead of the system's"},
    {.key = "popular",
     .offset = PART(popular),
     .fields = popular_options,
     .short_key = "source",
     .help = "a ranking of the most popular names, beside the shipped list"},
    {.key = "proxy",
     .type = &schema_string,
     .offset = PART(proxy),
     .help = "through which feeds are fetched: an address, none, or environment"},
    {.key = "proxy_user_file",
     .type = &schema_string,
     .offset = PART(proxy_user_file),
     .help = "a file with user:password for the proxy"},
    {.key = "feeds",
     .shape = SCHEMA_LIST,
     .offset = PART(feeds),
     .fields = feed_options,
     .item_size = sizeof(struct feed_part),
     .required = true,
     .help = "the lists"},
    {0}};
#define RECIPE_OPTION_COUNT (sizeof recipe_options / sizeof recipe_options[0])

int options_read(const struct yaml_node *tree, const char *const formats[], struct arena *arena,
                 struct config_errors *errors, struct recipe_part *out)
{
    /* The tables with the words that only the caller knows. */
    struct schema_option feeds[FEED_OPTION_COUNT], top[RECIPE_OPTION_COUNT];
    memcpy(feeds, feed_options, sizeof feeds);
    memcpy(top, recipe_options, sizeof top);
    for (size_t i = 0; feeds[i].key != NULL; i++)
        if (strcmp(feeds[i].key, "format") == 0)
            feeds[i].words = formats;
    for (size_t i = 0; top[i].key != NULL; i++)
        if (strcmp(top[i].key, "feeds") == 0)
            top[i].fields = feeds;
    return schema_read(top, tree, arena, errors, out);
}
