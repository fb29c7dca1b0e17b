#include "config/options_change.h"

#include <stddef.h>

#include "config/kinds.h"

#define DAY_MS INT64_C(86400000)

static const char *const acts[] = {"propose",     "approve", "activate", "rollback", "read-log",
                                   "read-ledger", "operate", "pack",     NULL}; /* enum act */
static const char *const required_or_optional[] = {"required", "optional", NULL};

#define AT(part)                                                                                                       \
    {                                                                                                                  \
        .key = "", .type = &schema_place, .offset = offsetof(struct part, at)                                          \
    }
#define LIST_OF(kind) .type = &(kind), .shape = SCHEMA_LIST

const struct schema_option options_operator_fields[] = {
    AT(options_operator),
    {.key = "user",
     .type = &schema_string,
     .offset = offsetof(struct options_operator, user),
     .help = "a user of this machine, by name or number"},
    {.key = "group",
     .type = &schema_string,
     .offset = offsetof(struct options_operator, group),
     .help = "or all users of a group of this machine, by name or number"},
    {.key = "roles",
     LIST_OF(schema_string),
     .offset = offsetof(struct options_operator, roles),
     .required = true,
     .help = "the roles they have, in the school's own words"},
    {0}};

const struct schema_option options_right_fields[] = {
    AT(options_right),
    {.key = "role",
     .type = &schema_string,
     .offset = offsetof(struct options_right, role),
     .required = true,
     .help = "the role"},
    {.key = "may",
     LIST_OF(schema_word),
     .words = acts,
     .offset = offsetof(struct options_right, may),
     .help = "what it may do: propose, approve, activate, rollback, read-log, read-ledger, operate, pack"},
    {0}};

static const struct schema_option rule_fields[] = {
    AT(options_rule),
    {.key = "opens",
     LIST_OF(kind_category_or_all),
     .offset = offsetof(struct options_rule, opens),
     .required = true,
     .help = "for a change that opens one of these categories to somebody; `all`: whatever it opens"},
    {.key = "approvals",
     LIST_OF(schema_string),
     .offset = offsetof(struct options_rule, approvals),
     .required = true,
     .help = "... the roles that must approve besides"},
    {0}};

const struct schema_option options_change_fields[] = {
    {.key = "approvals",
     LIST_OF(schema_string),
     .offset = offsetof(struct options_change, approvals),
     .fallback = "[none]",
     .help =
         "the roles that must approve a change of the policy, each another person; `none`: what the files say is in "
         "force"},
    {.key = "rules",
     .shape = SCHEMA_LIST,
     .fields = rule_fields,
     .item_size = sizeof(struct options_rule),
     .offset = offsetof(struct options_change, rules),
     .help = "changes that need more approvals"},
    {.key = "assessment",
     .type = &schema_word,
     .words = required_or_optional,
     .offset = offsetof(struct options_change, assessment),
     .fallback = "required",
     .help = "whether a change must have a risk assessment: required or optional"},
    {.key = "review_max",
     .type = &schema_duration,
     .min = DAY_MS,
     .max = 3660 * DAY_MS,
     .offset = offsetof(struct options_change, review_max_ms),
     .fallback = "400d",
     .help = "the latest day of review that a risk assessment may name, from the day it is proposed"},
    {0}};

const struct schema_option options_ledger_fields[] = {
    {.key = "file_size",
     .type = &schema_bytes,
     .min = 65536,
     .max = 256 << 20,
     .offset = offsetof(struct options_ledger, file_bytes),
     .fallback = "4MiB",
     .help = "a file of it that would become longer is put away, and the next begins"},
    {.key = "files",
     .type = &schema_int,
     .min = 1,
     .max = 10000,
     .offset = offsetof(struct options_ledger, file_max),
     .fallback = "1000",
     .help = "files that were put away and are kept"},
    {0}};
