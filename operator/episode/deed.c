#include "episode/deed.h"

#include "dns/rr.h"

/* The question came to nothing that a person could have wanted, whatever the name. */
static bool is_no_answer(const struct verdict *v)
{
    switch ((enum verdict_reason)v->reason) {
    case REASON_NETWORK_DUTY:
    case REASON_ACCESS:
    case REASON_NOT_READY:
    case REASON_LOCAL_RECORD:
    case REASON_RATE_LIMIT:
    case REASON_BAD_QUESTION:
    case REASON_REBINDING:
    case REASON_CONDITIONAL_ZONE:
        return true;
    case REASON_DEFAULT:
    case REASON_PROTECTED_HELP:
    case REASON_STATUTORY:
    case REASON_SUSPENSION:
    case REASON_LOCAL_BLOCK:
    case REASON_EXCEPTION:
    case REASON_CATEGORY:
    case REASON_SAFE_SEARCH:
    case REASON_LOG_ONLY:
    case REASON_CATEGORY_ALLOWED:
    case REASON_HOLD:
    case REASON_UNLESS_APPROVED:
        break;
    }
    return v->action == VERDICT_ERROR || v->action == VERDICT_NOT_READY || v->action == VERDICT_TRUNCATED;
}

static enum episode_verdict verdict_of(const struct verdict *v)
{
    bool kept = v->action == VERDICT_NOTICE || v->action == VERDICT_NXDOMAIN || v->action == VERDICT_NODATA ||
                v->action == VERDICT_REFUSED || v->action == VERDICT_DROPPED ||
                (v->action == VERDICT_REWRITE && v->reason != REASON_SAFE_SEARCH);
    if (v->reason == REASON_HOLD || v->reason == REASON_UNLESS_APPROVED)
        return EPISODE_HELD;
    if (kept || v->reason == REASON_STATUTORY)
        return EPISODE_BLOCKED;
    return v->reason == REASON_LOG_ONLY ? EPISODE_LOGGED : EPISODE_ALLOWED;
}

/* The lists say more of a name than the one category that decided; the gravest is what matters. */
static unsigned category_of(const struct tables *tables, const struct verdict *v)
{
    uint64_t categories = v->categories;
    if (v->category < CATEGORY_MAX)
        categories |= CATEGORY_BIT(v->category);
    if (v->reason == REASON_STATUTORY)
        categories = CATEGORY_BIT(CATEGORY_ILLEGAL);
    return tables_gravest(tables, categories);
}

/* Whether a page is opened by an answer of this type: an address, or what leads to one (RFC 9460). */
static bool is_for_pages(uint16_t type)
{
    return type == DNS_TYPE_A || type == DNS_TYPE_AAAA || type == DNS_TYPE_HTTPS || type == DNS_TYPE_SVCB;
}

/* What the level lets through without a word, and what is held back from everybody who is suspended, concerns nobody. */
static bool is_of_concern(const struct tables *tables, const struct verdict *v, const struct deed *deed)
{
    unsigned weight = tables_concern(tables, deed->category)->weight;
    if (weight == 0)
        return false;
    if (weight >= DEED_QUIET_WEIGHT)
        return true;
    return deed->verdict != EPISODE_ALLOWED && v->reason != REASON_SUSPENSION;
}

static enum deed_way way_of(const struct tables *tables, const struct deed_asked *asked, const struct deed *deed)
{
    const struct verdict *v = asked->verdict;
    if (v->unattributed != 0 || v->reason == REASON_PROTECTED_HELP || asked->kind == SITE_HELP)
        return DEED_HELP;
    if (v->reason == REASON_STATUTORY)
        return DEED_EPISODE;
    if (is_no_answer(v))
        return DEED_NO_VISIT;
    if (is_of_concern(tables, v, deed))
        return DEED_EPISODE;
    if (site_kind_is_background(asked->kind))
        return DEED_BACKGROUND;
    if (asked->kind == SITE_OWN || !is_for_pages(asked->type) || asked->rcode != DNS_RCODE_NOERROR)
        return DEED_NO_VISIT;
    return DEED_PLAIN;
}

struct deed deed_of(const struct tables *tables, const struct deed_asked *asked)
{
    const struct verdict *v = asked->verdict;
    struct deed deed = {.category = (uint8_t)category_of(tables, v),
                        .verdict = (uint8_t)verdict_of(v),
                        .reason = v->reason,
                        .alias = v->match == MATCH_CNAME};
    deed.way = (uint8_t)way_of(tables, asked, &deed);
    return deed;
}
