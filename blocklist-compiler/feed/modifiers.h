/*
 * The modifiers of an AdGuard rule that the DNS can enforce: $important, $badfilter, $denyallow=, $dnstype=,
 * $dnsrewrite=. A rule with any other must be left out as a whole, says AdGuard's reference: read without it, a rule
 * for one page element or one client would block a site for everyone.
 * Memory: none; spans point into the rule. Threads: pure.
 */
#ifndef FEED_MODIFIERS_H
#define FEED_MODIFIERS_H

#include "feed/clause.h"
#include "feed/refusal.h"

struct modifiers {
    bool important, badfilter, denyallow, dnstype, rewrite;
    struct span denied, types, answer;
};

/* text: behind the "$". REFUSED_NONE or REFUSED_MODIFIER. */
enum refusal modifiers_parse(struct span text, struct modifiers *out);

/* Whether the rule says more than a name and its extent. */
static inline bool modifiers_need_clause(const struct modifiers *m)
{
    return m->denyallow || m->dnstype || m->rewrite;
}

/* Starts a clause with what they say about types. */
enum refusal modifiers_begin(const struct modifiers *m, bool exception, struct feed_clause *out);
/* Ends it: names left out and the answer. Between the two comes the pattern. */
enum refusal modifiers_end(const struct modifiers *m, struct feed_clause *out);

#endif
