#include "qlog/filter.h"

#include <string.h>

#include "base/verdict.h"
#include "belisha/category.h"
#include "dns/name.h"
#include "qlog/block.h"

int filter_init(struct filter *filter, const struct qlog_filter *wanted)
{
    struct filter f = {.wanted = *wanted};
    int code = wanted->code == NULL ? 0 : qlog_code_parse(wanted->code, &f.code);
    if (code == 0)
        *filter = f;
    return code;
}

unsigned filter_parts(const struct filter *filter)
{
    const struct qlog_filter *w = &filter->wanted;
    unsigned parts = 0;
    if (w->client != NULL || w->group != NULL || w->user != 0 || w->device != 0)
        parts |= BLOCK_WHO_TABLE | BLOCK_WHO;
    if (w->group != NULL)
        parts |= BLOCK_TEXTS;
    if (w->blocked_only || w->action >= 0 || w->categories != 0)
        parts |= BLOCK_VERDICT | BLOCK_WHAT;
    if (w->name != NULL)
        parts |= BLOCK_NAMES | BLOCK_WHAT;
    if (w->code != NULL)
        parts |= BLOCK_WHO_TABLE | BLOCK_WHO | BLOCK_NAMES | BLOCK_WHAT | BLOCK_TIME;
    return parts;
}

bool filter_wants_times(const struct filter *filter, int64_t first_ns, int64_t last_ns)
{
    const struct qlog_filter *w = &filter->wanted;
    return (w->to_ns == 0 || first_ns < w->to_ns) && (w->from_ns == 0 || last_ns >= w->from_ns);
}

bool filter_wants_user(const struct qlog_filter *wanted, uint32_t user)
{
    bool is = wanted->user == 0 || wanted->user == user;
    for (size_t i = 0; !is && i < wanted->also_count; i++)
        is = wanted->also_users[i] == user;
    return is;
}

bool filter_wants_who(const struct filter *filter, const struct filter_who *who)
{
    const struct qlog_filter *w = &filter->wanted;
    return (w->client == NULL || prefix_contains(w->client, who->client)) &&
           (w->group == NULL || strcmp(w->group, who->group) == 0) && filter_wants_user(w, who->user) &&
           (w->device == 0 || w->device == who->device);
}

bool filter_wants_verdict(const struct filter *filter, const struct verdict *verdict)
{
    const struct qlog_filter *w = &filter->wanted;
    if (w->blocked_only && !verdict_is_block(verdict))
        return false;
    if (w->action >= 0 && verdict->action != w->action)
        return false;
    return w->categories == 0 ||
           (verdict->category < CATEGORY_MAX && (w->categories & CATEGORY_BIT(verdict->category)) != 0);
}

bool filter_wants_name(const struct filter *filter, const uint8_t *name)
{
    const struct qlog_filter *w = &filter->wanted;
    if (w->name == NULL)
        return true;
    return w->name_below ? name_is_at_or_below(name, w->name) : name_equal(name, w->name);
}

bool filter_wants_code(const struct filter *filter, const struct ipaddr *client, const uint8_t *name, int64_t time_ns)
{
    return filter->wanted.code == NULL || qlog_code_matches(&filter->code, client, name, time_ns / 1000000000);
}
