/* policy: levels, groups. */
#include <stddef.h>

#include "config/kinds.h"
#include "config/options.h"

#define LIST_OF(kind) .type = &(kind), .shape = SCHEMA_LIST
#define AT(struct_name)                                                                                                \
    {                                                                                                                  \
        .key = "", .type = &schema_place, .offset = offsetof(struct struct_name, at)                                   \
    }

static const char *const wordings[] = {"primary", "secondary", "staff", NULL}; /* enum policy_wording */
static const char *const strip_or_keep[] = {"strip", "keep", NULL};
static const char *const zone_answers[] = {"as-listed", "notice", NULL};
static const char *const allow_or_block[] = {"allow", "block", NULL};

static const struct schema_option level_options[] = {
    AT(options_level),
    {.key = "name",
     .type = &schema_string,
     .offset = offsetof(struct options_level, name),
     .required = true,
     .help = "the level's name, which groups refer to"},
    {.key = "block",
     LIST_OF(kind_category_or_all),
     .offset = offsetof(struct options_level, block),
     .help = "categories that are blocked; `all`: every one that is not named below"},
    {.key = "allow",
     LIST_OF(kind_category_or_all),
     .offset = offsetof(struct options_level, allow),
     .help = "categories that are allowed"},
    {.key = "log_only",
     LIST_OF(kind_category_or_all),
     .offset = offsetof(struct options_level, log_only),
     .help = "categories that are allowed and marked in the log"},
    {.key = "default",
     .type = &schema_word,
     .words = allow_or_block,
     .offset = offsetof(struct options_level, fallback),
     .fallback = "allow",
     .help = "what happens to names that no rule concerns; `block` makes a walled garden"},
    {.key = "safe_search",
     .type = &schema_word,
     .words = options_safe_modes,
     .shape = SCHEMA_PAIRS,
     .short_key = "others",
     .offset = offsetof(struct options_level, safe_search),
     .fallback = "strict",
     .help =
         "search engines are led to where they keep adult results out: one word for all of them, or one for each by "
         "name and `others`"},
    {.key = "youtube",
     .type = &schema_word,
     .words = options_safe_modes,
     .offset = offsetof(struct options_level, youtube),
     .fallback = "strict",
     .help = "the same for YouTube: its Restricted Mode"},
    {.key = "ech",
     .type = &schema_word,
     .words = strip_or_keep,
     .offset = offsetof(struct options_level, ech),
     .fallback = "strip",
     .help =
         "what lets a browser hide from the school's firewall which site it opens (Encrypted ClientHello): taken out "
         "of answers, or kept"},
    {.key = "wording",
     .type = &schema_word,
     .words = wordings,
     .offset = offsetof(struct options_level, wording),
     .fallback = "secondary",
     .help = "whom the notice page speaks to: primary, secondary or staff"},
    {0}};

static const struct schema_option group_options[] = {
    AT(options_group),
    {.key = "name",
     .type = &schema_string,
     .offset = offsetof(struct options_group, name),
     .required = true,
     .help = "the group's name, as the log shows it"},
    {.key = "networks",
     LIST_OF(schema_prefix),
     .offset = offsetof(struct options_group, networks),
     .required = true,
     .help = "the addresses of its clients; the longest network of all groups decides"},
    {.key = "level",
     .type = &schema_string,
     .offset = offsetof(struct options_group, level),
     .place_offset = offsetof(struct options_group, level_at),
     .required = true,
     .help = "the level that applies to it"},
    {0}};

const struct schema_option options_policy_fields[] = {
    AT(options_policy),
    {.key = "levels",
     .shape = SCHEMA_LIST,
     .fields = level_options,
     .item_size = sizeof(struct options_level),
     .offset = offsetof(struct options_policy, levels),
     .fallback = "[{name: default, block: [all]}]",
     .help = "what may be asked, from the youngest to staff"},
    {.key = "groups",
     .shape = SCHEMA_LIST,
     .fields = group_options,
     .item_size = sizeof(struct options_group),
     .offset = offsetof(struct options_policy, groups),
     .help = "who belongs to which level, by network"},
    {.key = "default_level",
     .type = &schema_string,
     .offset = offsetof(struct options_policy, default_level),
     .place_offset = offsetof(struct options_policy, default_level_at),
     .help = "the level of clients in no group; without one, the first level"},
    {.key = "nxdomain",
     LIST_OF(kind_category_or_all),
     .offset = offsetof(struct options_policy, nxdomain),
     .help = "categories that are blocked with `no such name` instead of the notice page"},
    {.key = "zone_answers",
     .type = &schema_word,
     .words = zone_answers,
     .offset = offsetof(struct options_policy, zone_answers),
     .fallback = "as-listed",
     .help = "where response policy zones ask for NXDOMAIN or NODATA: that, or the notice page"},
    {0}};
