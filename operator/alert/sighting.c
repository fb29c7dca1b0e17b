#include "alert/sighting.h"

#include "base/category.h"
#include "base/verdict.h"

bool alert_person_equal(const struct alert_person *a, const struct alert_person *b)
{
    if (a->user != 0 || b->user != 0)
        return a->user == b->user;
    if (a->device != 0 || b->device != 0)
        return a->device == b->device;
    return ipaddr_equal(&a->client, &b->client);
}

/* Help is nobody's business, whatever else is true of the name; a row without a grade names nobody. */
static bool may_be_told(const struct qlog_record *r)
{
    return r->verdict.reason != REASON_PROTECTED_HELP && !r->verdict.unattributed && r->grade != QLOG_GRADE_NONE;
}

/* Whether what became of the question is what the rule is about. */
static bool is_of_rule(const struct verdict *v, const struct config_alert_rule *rule)
{
    if (verdict_is_block(v) || v->reason == REASON_LOG_ONLY || v->reason == REASON_STATUTORY)
        return true;
    return rule->allowed && v->action != VERDICT_ERROR && v->action != VERDICT_DROPPED && v->action != VERDICT_REFUSED;
}

bool sighting_of(const struct qlog_row *row, const struct config_alert_rule rules[], size_t rule_count,
                 struct sighting *out)
{
    const struct qlog_record *r = &row->record;
    uint64_t all = r->verdict.categories;
    if (row->lost > 0 || !may_be_told(r))
        return false;
    if (r->verdict.category < CATEGORY_MAX)
        all |= CATEGORY_BIT(r->verdict.category);
    for (size_t i = 0; i < rule_count; i++) {
        uint64_t both = all & rules[i].categories;
        if (both == 0 || !is_of_rule(&r->verdict, &rules[i]))
            continue;
        bool decided = r->verdict.category < CATEGORY_MAX && (both & CATEGORY_BIT(r->verdict.category)) != 0;
        *out =
            (struct sighting){.rule = i,
                              .category = decided ? r->verdict.category : (uint8_t)category_first(both),
                              .blocked = verdict_is_block(&r->verdict),
                              .statutory = r->verdict.reason == REASON_STATUTORY,
                              .person = {.user = r->user, .device = r->device, .client = r->client, .grade = r->grade},
                              .record = r,
                              .group = row->group};
        return true;
    }
    return false;
}
