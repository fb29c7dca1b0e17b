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
#include "recipe/options.h"

const char *const recipe_body_names[] = {"iwf", "ctiru", "other", NULL};

#define MEMBERSHIP_MAX        63
#define STATUTORY_LICENCE_MAX 127
#define BODY_UNSAID           (-1)

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

static int read_part(struct loading *l, const char *path, const char *const formats[], struct recipe_part *out)
{
    struct yaml_node *tree = NULL;
    int err = yaml_read_file(l->arena, path, l->errors, &tree);
    return err < 0 ? err : options_read(tree, formats, l->arena, l->errors, out);
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
