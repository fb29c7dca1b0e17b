#include "qlog/filter.h"

#include <string.h>

#include "base/verdict.h"
#include "belisha/category.h"
#include "dns/name.h"

int filter_init(struct filter *filter, const struct qlog_filter *wanted)
{
    struct filter f = {.wanted = *wanted};
    int code = wanted->code == NULL ? 0 : qlog_code_parse(wanted->code, &f.code);
    if (code == 0)
        *filter = f;
    return code;
}

bool filter_wants_times(const struct filter *filter, int64_t first_ns, int64_t last_ns)
{
    const struct qlog_filter *w = &filter->wanted;
    return (w->to_ns == 0 || first_ns < w->to_ns) && (w->from_ns == 0 || last_ns >= w->from_ns);
}

bool filter_wants_who(const struct filter *filter, const struct filter_who *who)
{
    const struct qlog_filter *w = &filter->wanted;
    return (w->client == NULL || prefix_contains(w->client, who->client)) &&
           (w->group == NULL || strcmp(w->group, who->group) == 0) && (w->user == 0 || w->user == who->user) &&
           (w->device == 0 || w->device == who->device);
}

static bool name_is_wanted(const struct qlog_filter *w, const uint8_t *name)
{
    return w->name_below ? name_is_at_or_below(name, w->name) : name_equal(name, w->name);
}

bool filter_wants_what(const struct filter *filter, const uint8_t *name, const uint8_t *matched,
                       const struct verdict *verdict)
{
    const struct qlog_filter *w = &filter->wanted;
    if (w->blocked_only && !verdict_is_block(verdict))
        return false;
    if (w->action >= 0 && verdict->action != w->action)
        return false;
    if (w->categories != 0 &&
        (verdict->category >= CATEGORY_MAX || (w->categories & CATEGORY_BIT(verdict->category)) == 0))
        return false;
    return w->name == NULL || name_is_wanted(w, name) || (matched != NULL && name_is_wanted(w, matched));
}

bool filter_wants_code(const struct filter *filter, const struct ipaddr *client, const uint8_t *name, int64_t time_ns)
{
    return filter->wanted.code == NULL || qlog_code_matches(&filter->code, client, name, time_ns / 1000000000);
}
