/*
 * What no feed may block, whatever it says: protected help services, the school's own domains and addresses, the names
 * of its learning platform, whole public suffixes, and the names by which browsers and systems ask about the network
 * (their answers are policy, not lists).
 *
 * The first three are *reachable* names: no rule may block the name, one below it, or all of it from above. Of the
 * public suffixes those of the ICANN part (co.uk) are refused; those of the private part (github.io) are somebody's own
 * domain, which a list may well mean, so their rules stand and are flagged.
 *
 * Threads: guard_check() and the other functions over a const guard may run in any number of threads at once; the rest
 * belongs to one.
 */
#ifndef FEED_GUARD_H
#define FEED_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "belisha/err.h"
#include "feed/normalise.h"
#include "feed/refusal.h"
#include "feed/span.h"
#include "feed/suffix.h"

struct guard;

/*
 * help: the text of data/protected-help.txt (one name a line, "#" comments; each covers itself and all below).
 * ERR_NOMEM; ERR_MALFORMED when a line is no name: *out_line has its number then.
 */
ERR_CHECKED int guard_new(struct span help, struct guard **out, unsigned *out_line);
void guard_free(struct guard *guard);

/*
 * More names that must stay reachable, as in help; why: what a rule against one is refused with.
 * The same errors; also ERR_INVAL for a name that is a public suffix or of one label, which nobody has alone.
 */
ERR_CHECKED int guard_add(struct guard *guard, struct span names, enum refusal why, unsigned *out_line);

/* Answers with an address of it are never blocked. ERR_NOMEM. */
ERR_CHECKED int guard_add_address(struct guard *guard, const struct prefix *prefix);

/* Another list of public suffixes, from file (NULL: the system's). ERR_NOMEM. */
ERR_CHECKED int guard_use_suffixes(struct guard *guard, const char *file);

/* The list that decides. */
const struct suffix_set *guard_suffixes(const struct guard *guard);

/*
 * Whether a rule for name may stand. covers_below: the rule matches names below it too. suffix_ok: the recipe insists
 * that this feed may list public suffixes (abused registries, dynamic DNS). REFUSED_NONE, or the reason against it;
 * *out_suffix: whether name is a suffix, set where that matters; else SUFFIX_NONE.
 */
enum refusal guard_check(const struct guard *guard, const struct listed_name *name, bool covers_below, bool suffix_ok,
                         enum suffix_kind *out_suffix);

/* Whether answers with an address of the prefix may be blocked. REFUSED_NONE, or the reason against it. */
enum refusal guard_check_address(const struct guard *guard, const struct prefix *prefix);

/* Whether the reason is one of a reachable name: such a name may be allowed, but not blocked. */
static inline bool guard_is_reachable(enum refusal why)
{
    return why == REFUSED_PROTECTED_HELP || why == REFUSED_OWN_DOMAIN || why == REFUSED_LEARNING_PLATFORM;
}

/* The reachable names (text, without closing dot), for patterns and for the check of a finished generation. */
size_t guard_name_count(const struct guard *guard);
const char *guard_name(const struct guard *guard, size_t index, enum refusal *out_why);
size_t guard_address_count(const struct guard *guard);
const struct prefix *guard_address(const struct guard *guard, size_t index);

#endif
