#include "control/status_schedules.h"

#include <inttypes.h>

#include "policy/civil.h"
#include "policy/outlook.h"

static void write_state(const struct outlook_state *state, const char *prefix, struct text *out)
{
    text_printf(out, "\"%slevel\": ", prefix);
    text_add_json(out, state->level);
    text_printf(out, ", \"%sschedules\": [", prefix);
    for (size_t i = 0; i < state->schedule_count && i < OUTLOOK_NAMES_MAX; i++) {
        text_printf(out, i == 0 ? "" : ", ");
        text_add_json(out, state->schedules[i]);
    }
    text_printf(out, "]");
}

/* The clock of the school, as it shows that time. */
static void write_local(const struct calendar *calendar, const char *key, int64_t at_s, struct text *out)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    struct calendar_time local = calendar_local(calendar, at_s);
    struct civil_date date = civil_date(local.day);
    text_printf(out, "\"%s\": \"%s %04d-%02u-%02u %02u:%02u:%02u\"", key, days[civil_weekday(local.day)], date.year,
                date.month, date.day, local.second / 3600, local.second / 60 % 60, local.second % 60);
}

static void write_group(const struct policy *policy, uint16_t group, const struct outlook *outlook, struct text *out)
{
    text_printf(out, "\n    {\"group\": ");
    text_add_json(out, policy_group_name(policy, group));
    text_printf(out, ", ");
    write_state(&outlook->now, "", out);
    if (outlook->next_s == INT64_MAX) {
        text_printf(out, ", \"next_s\": null}");
        return;
    }
    text_printf(out, ", \"next_s\": %" PRId64 ", ", outlook->next_s);
    write_local(policy_calendar(policy), "next", outlook->next_s, out);
    text_printf(out, ", ");
    write_state(&outlook->next, "next_", out);
    text_printf(out, "}");
}

void status_write_schedules(const struct policy *policy, int64_t now_s, struct text *out)
{
    const struct calendar *calendar = policy == NULL ? NULL : policy_calendar(policy);
    size_t told = 0;
    if (calendar == NULL) {
        text_printf(out, "  \"schedules\": null,\n");
        return;
    }
    text_printf(out, "  \"schedules\": {");
    write_local(calendar, "now", now_s, out);
    text_printf(out, ", \"term\": %s, \"groups\": [",
                calendar->term_count == 0                                         ? "null"
                : calendar_is_term(calendar, calendar_local(calendar, now_s).day) ? "true"
                                                                                  : "false");
    for (size_t i = 0; i <= policy_group_count(policy); i++) {
        uint16_t group = i < policy_group_count(policy) ? (uint16_t)i : POLICY_GROUP_DEFAULT;
        struct outlook outlook;
        if (told == STATUS_GROUPS_MAX)
            break;
        policy_outlook(policy, group, now_s, &outlook);
        if (!outlook.is_scheduled)
            continue;
        text_printf(out, told++ == 0 ? "" : ",");
        write_group(policy, group, &outlook, out);
    }
    text_printf(out, "\n  ]},\n");
}
