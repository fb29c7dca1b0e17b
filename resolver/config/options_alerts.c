/* alerts: what somebody is told of at once. */
#include "config/options_alerts.h"

#include <stddef.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

#define RULE(member)  .offset = offsetof(struct options_alert_rule, member)
#define ALERT(member) .offset = offsetof(struct options_alerts, member)
#define LIST_OF(kind) .type = &(kind), .shape = SCHEMA_LIST

static const char *const identities[] = {"reference", "initials", "full", NULL}; /* enum config_identities */

static const struct schema_option rule_fields[] = {
    {.key = "", .type = &schema_place, RULE(at)},
    {.key = "name",
     .type = &schema_string,
     RULE(name),
     .required = true,
     .help = "what the register and `belisha alert test --rule` call it"},
    {.key = "categories",
     LIST_OF(schema_category),
     RULE(categories),
     .required = true,
     .help = "it is for names that were judged by one of these; `illegal` has the statutory list in it"},
    {.key = "to", LIST_OF(schema_string), RULE(to), .required = true, .help = "the roles that are told (recipients)"},
    {.key = "urgent", .type = &schema_bool, RULE(urgent), .fallback = "false", .help = "goes in quiet hours too"},
    {.key = "allowed",
     .type = &schema_bool,
     RULE(allowed),
     .fallback = "false",
     .help = "also for names that the level allows; without it, for what was blocked or is logged only"},
    {.key = "questions",
     .type = &schema_int,
     .min = 1,
     .max = 64,
     RULE(questions),
     .fallback = "1",
     .help = "how many questions of one person it takes"},
    {.key = "names",
     .type = &schema_int,
     .min = 1,
     .max = 64,
     RULE(names),
     .fallback = "1",
     .help = "... for how many different names"},
    {.key = "within",
     .type = &schema_duration,
     .min = MINUTE,
     .max = 24 * HOUR,
     RULE(within_ms),
     .fallback = "10m",
     .help = "... in how long"},
    {.key = "again_after",
     .type = &schema_duration,
     .min = MINUTE,
     .max = 24 * HOUR,
     RULE(again_ms),
     .fallback = "1h",
     .help = "the same person is told of again only when for so long nothing more was asked, or after a day"},
    {0}};

const struct schema_option options_alerts_fields[] = {
    {.key = "rules",
     .shape = SCHEMA_LIST,
     .fields = rule_fields,
     .item_size = sizeof(struct options_alert_rule),
     ALERT(rules),
     .fallback = "[{name: self-harm, categories: [self-harm], to: [safeguarding], urgent: true}, "
                 "{name: illegal, categories: [illegal], to: [safeguarding], urgent: true}, "
                 "{name: extremism, categories: [extremism, racial-hatred], to: [safeguarding]}, "
                 "{name: malware, categories: [malware, phishing], to: [technical], again_after: 12h}]",
     .help = "who is told of what; the first rule that a name's category is in has it"},
    {.key = "quiet_hours",
     LIST_OF(schema_string),
     ALERT(quiet),
     .help =
         "times of the week, as in a schedule's `when`, in which only what is urgent goes; the rest comes together at "
         "their end"},
    {.key = "max_per_hour",
     .type = &schema_int,
     .min = 2,
     .max = 120,
     ALERT(max_per_hour),
     .fallback = "12",
     .help = "messages to one role in any hour; what is more comes together in the next"},
    {.key = "gather",
     .type = &schema_duration,
     .min = 0,
     .max = 30 * SECOND,
     ALERT(gather_ms),
     .fallback = "10s",
     .help = "alerts that come within so long go in one message"},
    {.key = "identities",
     .type = &schema_word,
     .words = identities,
     ALERT(identities),
     .fallback = "reference",
     .help = "how messages name a person: by a reference that says nothing outside, by initials, or in full"},
    {.key = "service_to",
     LIST_OF(schema_string),
     ALERT(service_to),
     .fallback = "[technical]",
     .help = "the roles that are told when Belisha itself is not well: belishad, its lists, its log"},
    {.key = "service_after",
     .type = &schema_duration,
     .min = 10 * SECOND,
     .max = HOUR,
     ALERT(service_after_ms),
     .fallback = "2m",
     .help = "... and has not been for so long"},
    {0}};
