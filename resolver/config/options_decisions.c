/* The options of `decisions` in belisha.yaml. */
#include <stddef.h>

#include "config/options.h"
#include "control/rights.h"

#define DECISIONS(member) .offset = offsetof(struct options_decisions, member)
#define RIGHT(member)     .offset = offsetof(struct options_decision_right, member)

#define SECOND INT64_C(1000)
#define DAY    (86400 * SECOND)

const char *const options_decisions_may[] = {
#define X(suffix, name) name,
    RIGHTS_DEED_LIST(X)
#undef X
        NULL};

static const struct schema_option right_options[] = {
    {.key = "", .type = &schema_place, RIGHT(at)},
    {.key = "role", .type = &schema_string, RIGHT(role), .required = true, .help = "whose right it is"},
    {.key = "may",
     .type = &schema_word,
     .shape = SCHEMA_LIST,
     .words = options_decisions_may,
     RIGHT(may),
     .required = true,
     .help = "what they may do; who may do something may also take it back, but only `resume` ends a pause"},
    {.key = "longest",
     .type = &schema_duration,
     .min = SECOND,
     .max = 3660 * DAY,
     RIGHT(longest_ms),
     .help = "for how long at most; without it, as long as anybody may"},
    {.key = "groups",
     .type = &schema_string,
     .shape = SCHEMA_LIST,
     RIGHT(groups),
     .help = "for which groups only; without it, for everyone and anyone"},
    {.key = "categories",
     .type = &schema_category,
     .shape = SCHEMA_LIST,
     RIGHT(categories),
     .help = "what `allow` and `grant` may open only; without it, all that exceptions can open"},
    {.key = "approval",
     .type = &schema_bool,
     RIGHT(approval),
     .fallback = "false",
     .help = "it holds only once somebody else with the right `approve` has approved of it"},
    {0}};

const struct schema_option options_decisions_fields[] = {
    {.key = "allow_for",
     .type = &schema_duration,
     .min = SECOND,
     .max = 3660 * DAY,
     DECISIONS(allow_for_ms),
     .fallback = "2h",
     .help = "how long `belisha allow` and `belisha grant` last when nobody says so"},
    {.key = "allow_max",
     .type = &schema_duration,
     .min = SECOND,
     .max = 3660 * DAY,
     DECISIONS(allow_max_ms),
     .fallback = "31d",
     .help = "how long `belisha allow` lasts at most"},
    {.key = "grant_max",
     .type = &schema_duration,
     .min = SECOND,
     .max = 3660 * DAY,
     DECISIONS(grant_max_ms),
     .fallback = "12h",
     .help = "how long a lesson grant lasts at most"},
    {.key = "suspend_max",
     .type = &schema_duration,
     .min = SECOND,
     .max = 3660 * DAY,
     DECISIONS(suspend_max_ms),
     .fallback = "92d",
     .help = "how long a pause lasts at most"},
    {.key = "review_after",
     .type = &schema_duration,
     .min = SECOND,
     .max = 3660 * DAY,
     DECISIONS(review_after_ms),
     .fallback = "365d",
     .help = "when somebody should look at a decision again that has no review date of its own"},
    {.key = "grant_never",
     .type = &schema_category,
     .shape = SCHEMA_LIST,
     DECISIONS(grant_never),
     .fallback = "[pornography, circumvention, malware, self-harm, extremism]",
     .help = "categories that no lesson grant reaches"},
    {.key = "rights",
     .shape = SCHEMA_LIST,
     .fields = right_options,
     .item_size = sizeof(struct options_decision_right),
     DECISIONS(rights),
     .help = "who may decide what; without any, whoever reaches the control socket may do everything"},
    {0}};
