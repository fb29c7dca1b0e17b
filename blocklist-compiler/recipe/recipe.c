#include "recipe/recipe.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "belisha/category.h"
#include "config/schema.h"
#include "config/yaml.h"
#include "dns/name.h"
#include "recipe/access.h"
#include "recipe/primaries.h"

const char *const recipe_body_names[] = {"iwf", "ctiru", "other", NULL};
static const char *const tier_names[] = {"ordinary", "statutory", NULL};

enum { TIER_ORDINARY, TIER_STATUTORY };
#define BODY_UNSAID           (-1)
#define MEMBERSHIP_MAX        63
#define STATUTORY_LICENCE_MAX 127

struct widen_part {
    const uint8_t *host;
    const char *decided_by, *on, *reason;
};

/* One feed as it is written. */
struct feed_part {
    const char *name, *source, *licence, *zone;
    int format;
    struct schema_list category, categories; /* int each; the second with folders as keys */
    bool subdomains, single_labels, public_suffixes;
    int64_t every_ms;
    struct schema_list widen, test_hosts; /* struct widen_part; const uint8_t * */
    int tier;
    const char *body, *membership;
    int64_t max_age_ms;
    struct recipe_access access;
    struct primaries_part primaries;
    struct recipe_limits limits;
    struct config_place place;
};

/* A list that feeds are judged by, as it is written. */
struct reference_part {
    const char *source;
    int64_t every_ms, names;
    struct config_place place;
};

struct recipe_part {
    const char *out, *protected_help, *config, *proxy, *proxy_user_file;
    int64_t keep;
    struct schema_list own_domains, learning_platform; /* const char * */
    struct schema_list own_addresses;                  /* struct prefix */
    struct reference_part public_suffix_list, popular;
    struct schema_list feeds;
};

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

struct loading {
    struct arena *arena;
    struct config_errors *errors;
    const char *folder; /* of the recipe */
    bool out_of_memory;
};

struct recipe_feed recipe_feed_default(void)
{
    return (struct recipe_feed){
        .licence = "", .subdomains = true, .limits = {.bytes = INT64_C(1) << 36, .time_ms = 1800000}};
}

static const char *keep_text(struct loading *l, const char *text)
{
    if (text == NULL)
        l->out_of_memory = true;
    return text;
}

/* "" for a recipe in the working folder, else "some/folder/". */
static const char *folder_of(struct loading *l, const char *path)
{
    const char *slash = strrchr(path, '/');
    return keep_text(l, arena_text(l->arena, path, slash == NULL ? 0 : (size_t)(slash - path) + 1));
}

static const char *path_from(struct loading *l, const char *path)
{
    if (path == NULL || path[0] == '/')
        return path;
    return keep_text(l, arena_printf(l->arena, "%s%s", l->folder, path));
}

/* name: of what it is the source, for complaints. */
static const char *source_from(struct loading *l, const char *source, const char *name,
                               const struct config_place *place)
{
    if (strncmp(source, "https://", 8) == 0 || primaries_is_source(source))
        return source;
    if (strncmp(source, "file:", 5) == 0)
        source += 5;
    else if (strstr(source, "://") != NULL)
        config_errors_add(l->errors, place, "the source of '%s' must be https://..., dns://... or file:..., not '%s'",
                          name, source);
    if (strncmp(source, "///", 3) == 0)
        source += 2;
    return path_from(l, source);
}

static uint64_t mask_of(const struct schema_list *list)
{
    const int *items = list->items;
    uint64_t mask = 0;
    for (size_t i = 0; i < list->count; i++)
        mask |= CATEGORY_BIT(items[i]);
    return mask;
}

static void set_folders(struct loading *l, const struct feed_part *part, struct recipe_feed *feed)
{
    const int *items = part->categories.items;
    size_t count = part->categories.count;
    struct recipe_folder *rows = arena_alloc(l->arena, (count + 1) * sizeof *rows);
    if (rows == NULL) {
        l->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct recipe_folder){part->categories.keys[i], CATEGORY_BIT(items[i])};
    feed->folders = count == 0 ? NULL : rows;
    feed->folder_count = count;
}

static bool name_ok(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    return len > 0 && len <= 64 && name[len] == '\0' && name[0] != '.';
}

static int body_from_name(const char *name)
{
    for (int i = 0; name != NULL && recipe_body_names[i] != NULL; i++) {
        if (strcmp(recipe_body_names[i], name) == 0)
            return i;
    }
    return BODY_UNSAID;
}

/* Who says IWF or CTIRU says by which right; nobody else's list may go by that name. */
static void check_statutory(struct loading *l, const struct feed_part *part, const char *format)
{
    int body = body_from_name(part->body);
    bool plain = strcmp(format, "urls") == 0 || strcmp(format, "domains") == 0 || strcmp(format, "hosts") == 0;
    if (part->tier != TIER_STATUTORY) {
        if (part->body != NULL || part->membership != NULL)
            config_errors_add(l->errors, &part->place,
                              "'body' and 'membership' of '%s' are for 'tier: statutory' alone", part->name);
        return;
    }
    if (body == BODY_UNSAID)
        config_errors_add(l->errors, &part->place, "the statutory feed '%s' needs 'body': iwf, ctiru or other%s%s",
                          part->name, part->body == NULL ? "" : ", not ", part->body == NULL ? "" : part->body);
    else if (body != RECIPE_BODY_OTHER && (part->membership == NULL || part->licence == NULL))
        config_errors_add(
            l->errors, &part->place,
            "'%s' can't be called %s without 'membership' (its id) and 'licence'; a list of somebody else "
            "is 'body: other'",
            part->name, body == RECIPE_BODY_IWF ? "an IWF list" : "a CTIRU list");
    if ((part->membership != NULL && strlen(part->membership) > MEMBERSHIP_MAX) ||
        (part->licence != NULL && strlen(part->licence) > STATUTORY_LICENCE_MAX))
        config_errors_add(l->errors, &part->place,
                          "'membership' of '%s' may have %d bytes and 'licence' %d, as they go into the list",
                          part->name, MEMBERSHIP_MAX, STATUTORY_LICENCE_MAX);
    if (!plain)
        config_errors_add(l->errors, &part->place, "the statutory feed '%s' must be in format urls, domains or hosts",
                          part->name);
}

/* What a table of single options can't see. */
static void check_feed(struct loading *l, const struct feed_part *parts, size_t index, const char *format)
{
    const struct feed_part *part = &parts[index];
    if (!name_ok(part->name))
        config_errors_add(l->errors, &part->place,
                          "the name of a feed has letters, digits, '-', '_' and '.' only, not '%s'", part->name);
    for (size_t i = 0; i < index; i++) {
        if (strcmp(parts[i].name, part->name) == 0)
            config_errors_add(l->errors, &part->place, "another feed is called '%s' already", part->name);
    }
    bool tree = strcmp(format, "ut1") == 0;
    if (part->category.count == 0 && !tree && part->tier != TIER_STATUTORY)
        config_errors_add(l->errors, &part->place, "'category' is missing here: what the names of '%s' are",
                          part->name);
    if (part->categories.count > 0 && !tree)
        config_errors_add(l->errors, &part->place, "'categories' is for feeds of folders (ut1); '%s' needs 'category'",
                          part->name);
    if (part->categories.count > 0 && part->category.count > 0)
        config_errors_add(l->errors, &part->place, "'%s' has both 'category' and 'categories'", part->name);
    if ((part->widen.count > 0 || part->test_hosts.count > 0) && strcmp(format, "urls") != 0)
        config_errors_add(l->errors, &part->place, "'widen' and 'test_hosts' are for format urls; '%s' is %s",
                          part->name, format);
    check_statutory(l, part, format);
    primaries_check(&part->primaries, part->source, part->name, format, &part->place, l->errors);
}

/* ---- hosts ---- */

static const char *host_text(struct loading *l, const uint8_t *wire)
{
    char text[NAME_TEXT_MAX];
    name_to_text(wire, text);
    return keep_text(l, arena_text(l->arena, text, strlen(text)));
}

static void set_widen(struct loading *l, const struct feed_part *part, struct recipe_feed *feed)
{
    const struct widen_part *items = part->widen.items;
    size_t count = part->widen.count;
    struct recipe_widen *rows = arena_alloc(l->arena, (count + 1) * sizeof *rows);
    if (rows == NULL) {
        l->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct recipe_widen){.host = host_text(l, items[i].host),
                                        .decided_by = items[i].decided_by,
                                        .on = items[i].on,
                                        .reason = items[i].reason};
    feed->widen = rows;
    feed->widen_count = count;
}

static void set_test_hosts(struct loading *l, const struct feed_part *part, struct recipe_feed *feed)
{
    const uint8_t *const *items = part->test_hosts.items;
    size_t count = part->test_hosts.count;
    const char **rows = arena_alloc(l->arena, (count + 1) * sizeof *rows);
    if (rows == NULL) {
        l->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++)
        rows[i] = host_text(l, items[i]);
    feed->test_hosts = rows;
    feed->test_host_count = count;
}

static void set_statutory(struct loading *l, const struct feed_part *part, struct recipe_feed *feed)
{
    int body = body_from_name(part->body);
    struct recipe_statutory *row = arena_alloc(l->arena, sizeof *row);
    if (row == NULL) {
        l->out_of_memory = true;
        return;
    }
    *row = (struct recipe_statutory){.body = body == BODY_UNSAID ? RECIPE_BODY_OTHER : (enum recipe_body)body,
                                     .membership = part->membership == NULL ? "" : part->membership,
                                     .max_age_s = part->max_age_ms / 1000};
    feed->statutory = part->tier == TIER_STATUTORY ? row : NULL;
}

/* The recipe's proxy serves those that name none. */
static void set_access(struct loading *l, const struct recipe_part *recipe, const struct recipe_access *said,
                       struct recipe_access *out)
{
    bool own_proxy = said->proxy != NULL;
    *out = (struct recipe_access){
        .header_file = path_from(l, said->header_file),
        .user_file = path_from(l, said->user_file),
        .client_certificate = path_from(l, said->client_certificate),
        .client_key = path_from(l, said->client_key == NULL ? said->client_certificate : said->client_key),
        .proxy = own_proxy ? said->proxy : recipe->proxy,
        .proxy_user_file = path_from(l, own_proxy ? said->proxy_user_file : recipe->proxy_user_file),
    };
    if (out->proxy != NULL && strcmp(out->proxy, "none") == 0)
        out->proxy = NULL;
}

static void set_feed(struct loading *l, const struct recipe_part *recipe, const struct feed_part *part,
                     struct recipe_feed *feed)
{
    *feed = (struct recipe_feed){
        .name = part->name,
        .source = source_from(l, part->source, part->name, &part->place),
        .format = (size_t)part->format,
        .categories = mask_of(&part->category),
        .subdomains = part->subdomains,
        .single_labels = part->single_labels,
        .public_suffixes = part->public_suffixes,
        .licence = part->licence == NULL ? "" : part->licence,
        .zone = part->zone,
        .every_s = part->every_ms / 1000,
        .limits = part->limits,
    };
    set_access(l, recipe, &part->access, &feed->access);
    feed->primaries = primaries_from(&part->primaries, path_from(l, part->primaries.tsig_secret_file));
    access_check(&part->access, part->source, part->name, &part->place, l->errors);
    set_folders(l, part, feed);
    set_widen(l, part, feed);
    set_test_hosts(l, part, feed);
    set_statutory(l, part, feed);
}

/* Names stay as they are; where they are in a file, its path gets the recipe's folder. */
static const char *const *names_from(struct loading *l, const struct schema_list *list)
{
    const char *const *items = list->items;
    const char **names = arena_alloc(l->arena, (list->count + 1) * sizeof *names);
    for (size_t i = 0; names != NULL && i < list->count; i++) {
        bool file = strncmp(items[i], "file:", 5) == 0;
        names[i] = file ? keep_text(l, arena_printf(l->arena, "file:%s", path_from(l, items[i] + 5))) : items[i];
    }
    l->out_of_memory |= names == NULL;
    return names;
}

static struct recipe_reference reference_from(struct loading *l, const struct recipe_part *recipe,
                                              const struct reference_part *part, const char *key)
{
    struct recipe_reference reference = {.every_s = part->every_ms / 1000};
    set_access(l, recipe, &(struct recipe_access){0}, &reference.access);
    if (part->source != NULL && primaries_is_source(part->source))
        config_errors_add(l->errors, &part->place, "'%s' is no zone: its source must be https://... or file:...", key);
    else if (part->source != NULL)
        reference.source = source_from(l, part->source, key, &part->place);
    return reference;
}

static void set_school(struct loading *l, const struct recipe_part *part, struct recipe *recipe)
{
    recipe->config = path_from(l, part->config);
    recipe->own_domains = names_from(l, &part->own_domains);
    recipe->own_domain_count = part->own_domains.count;
    recipe->learning_platform = names_from(l, &part->learning_platform);
    recipe->learning_platform_count = part->learning_platform.count;
    recipe->own_addresses = part->own_addresses.items;
    recipe->own_address_count = part->own_addresses.count;
    recipe->public_suffix_list = reference_from(l, part, &part->public_suffix_list, "public_suffix_list");
    recipe->popular = reference_from(l, part, &part->popular, "popular");
    recipe->popular_names = part->popular.names;
}

/* The tables with the words that only the caller knows. */
static int read_part(struct loading *l, const char *path, const char *const formats[], struct recipe_part *out)
{
    struct schema_option feeds[FEED_OPTION_COUNT], top[RECIPE_OPTION_COUNT];
    struct yaml_node *tree = NULL;
    memcpy(feeds, feed_options, sizeof feeds);
    memcpy(top, recipe_options, sizeof top);
    for (size_t i = 0; feeds[i].key != NULL; i++) {
        if (strcmp(feeds[i].key, "format") == 0)
            feeds[i].words = formats;
    }
    for (size_t i = 0; top[i].key != NULL; i++) {
        if (strcmp(top[i].key, "feeds") == 0)
            top[i].fields = feeds;
    }
    int err = yaml_read_file(l->arena, path, l->errors, &tree);
    return err < 0 ? err : schema_read(top, tree, l->arena, l->errors, out);
}

static int fill(struct loading *l, const struct recipe_part *part, const char *const formats[], struct recipe *recipe)
{
    const struct feed_part *parts = part->feeds.items;
    size_t count = part->feeds.count, errors_before = l->errors->count;
    struct recipe_feed *feeds = arena_alloc(l->arena, (count + 1) * sizeof *feeds);
    if (feeds == NULL)
        return ERR_NOMEM;
    if (count == 0 || count > RECIPE_FEEDS_MAX)
        config_errors_add(l->errors, NULL, "'feeds' must have from 1 to %d entries", RECIPE_FEEDS_MAX);
    size_t ordinary = 0, statutory = 0;
    for (size_t i = 0; i < count; i++) {
        check_feed(l, parts, i, formats[parts[i].format]);
        /* the statutory ones fill the array from its end */
        set_feed(l, part, &parts[i], &feeds[parts[i].tier == TIER_STATUTORY ? count - ++statutory : ordinary++]);
    }
    if (count > 0 && ordinary == 0)
        config_errors_add(l->errors, NULL, "'feeds' needs an ordinary feed beside the statutory ones");
    access_check_proxy(part->proxy, part->proxy_user_file, NULL, l->errors);
    recipe->out = path_from(l, part->out);
    recipe->keep = part->keep;
    recipe->protected_help = path_from(l, part->protected_help);
    set_school(l, part, recipe);
    recipe->feeds = feeds;
    recipe->feed_count = ordinary;
    recipe->statutory = feeds + ordinary;
    recipe->statutory_count = statutory;
    if (l->out_of_memory)
        return ERR_NOMEM;
    return l->errors->count > errors_before ? ERR_CONFIG : 0;
}

int recipe_load(const char *path, const char *const formats[], struct recipe **out, struct config_errors *errors)
{
    struct recipe_part part = {0};
    struct loading l = {.arena = arena_new(), .errors = errors};
    struct recipe *recipe = l.arena == NULL ? NULL : arena_alloc(l.arena, sizeof *recipe);
    if (recipe == NULL) {
        arena_free(l.arena);
        return ERR_NOMEM;
    }
    recipe->arena = l.arena;
    l.folder = folder_of(&l, path);
    int err = read_part(&l, path, formats, &part);
    if (err == 0)
        err = fill(&l, &part, formats, recipe);
    if (err < 0) {
        arena_free(l.arena);
        return err;
    }
    *out = recipe;
    return 0;
}

void recipe_free(struct recipe *recipe)
{
    if (recipe != NULL)
        arena_free(recipe->arena);
}
