#include "control/rights.h"

#include <inttypes.h>
#include <string.h>

#include "base/category.h"

const char *rights_deed_name(enum rights_deed deed)
{
    static const char *const names[] = {
#define X(suffix, name) [RIGHTS_##suffix] = (name),
        RIGHTS_DEED_LIST(X)
#undef X
    };
    return names[deed];
}

enum rights_deed rights_deed_of(enum decision_kind kind)
{
    switch (kind) {
    case DECISION_BLOCK:
        return RIGHTS_BLOCK;
    case DECISION_ALLOW:
        return RIGHTS_ALLOW;
    case DECISION_GRANT:
        return RIGHTS_GRANT;
    case DECISION_SUSPEND:
        break;
    }
    return RIGHTS_SUSPEND;
}

static bool is_for(const struct right *right, const struct rights_asked *asked)
{
    if (right->group_count == 0)
        return true;
    for (size_t i = 0; i < right->group_count && asked->scope == DECISION_GROUP; i++)
        if (strcmp(right->groups[i], asked->whom) == 0)
            return true;
    return false;
}

static void add_groups(const struct right *right, struct text *why)
{
    text_printf(why, "role '%s' may do that for group", right->role);
    for (size_t i = 0; i < right->group_count; i++)
        text_printf(why, "%s %s", i == 0 ? "" : ",", right->groups[i]);
    text_printf(why, " only");
}

/* The first thing that the right does not cover; false: it covers all. */
static bool falls_short(const struct right *right, const struct rights_asked *asked, struct text *why)
{
    if (!is_for(right, asked)) {
        add_groups(right, why);
    } else if (right->longest_s != 0 && asked->lasts_s > right->longest_s) {
        text_printf(why, "role '%s' may do that for %" PRId64 " minutes at most", right->role, right->longest_s / 60);
    } else if ((asked->opens & ~right->categories) != 0) {
        const char *category = category_name(category_first(asked->opens & ~right->categories));
        text_printf(why, "role '%s' may not open category '%s'", right->role, category == NULL ? "?" : category);
    } else {
        return false;
    }
    return true;
}

enum rights_answer rights_check(const struct decide_opts *opts, rights_role has_role, const void *ctx,
                                const struct rights_asked *asked, struct text *why)
{
    enum rights_answer answer = RIGHTS_NO;
    struct text short_of = {0};
    if (opts->right_count == 0)
        return RIGHTS_YES;
    for (size_t i = 0; i < opts->right_count && answer != RIGHTS_YES; i++) {
        const struct right *right = &opts->rights[i];
        if ((right->may & 1u << asked->deed) == 0 || !has_role(ctx, right->role))
            continue;
        if (falls_short(right, asked, &short_of))
            text_printf(&short_of, "; ");
        else
            answer = right->approval ? RIGHTS_WITH_APPROVAL : RIGHTS_YES;
    }
    if (answer == RIGHTS_NO && short_of.len > 2)
        text_add(why, short_of.bytes, short_of.len - 2);
    else if (answer == RIGHTS_NO)
        text_printf(why, "it takes a role that may '%s' (decisions.rights)", rights_deed_name(asked->deed));
    text_done(&short_of);
    return answer;
}
