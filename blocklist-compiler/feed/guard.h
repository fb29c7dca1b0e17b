/*
 * Names that no feed may block, whatever it says: protected help services, whole public suffixes, and the names by
 * which browsers and systems ask about the network (their answers are policy, not lists).
 *
 * Threads: guard_check() may run in any number of threads at once; the rest belongs to one.
 */
#ifndef FEED_GUARD_H
#define FEED_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "feed/normalise.h"
#include "feed/refusal.h"
#include "feed/span.h"

struct guard;

/*
 * help: the text of data/protected-help.txt (one name a line, "#" comments; each covers itself and all below).
 * ERR_NOMEM; ERR_MALFORMED when a line is no name: *out_line has its number then.
 */
ERR_CHECKED int guard_new(struct span help, struct guard **out, unsigned *out_line);
void guard_free(struct guard *guard);

/*
 * Whether a rule for name may stand. covers_below: the rule matches names below it too. suffix_ok: the recipe insists
 * that this feed may list public suffixes (abused registries, dynamic DNS). REFUSED_NONE, or the reason against it.
 */
enum refusal guard_check(const struct guard *guard, const struct listed_name *name, bool covers_below, bool suffix_ok);

/* Of the list of public suffixes, s since 1970: another time may mean another list. */
int64_t guard_suffix_time_s(const struct guard *guard);

/* The protected names themselves (text, without closing dot), for the check of a finished generation. */
size_t guard_help_count(const struct guard *guard);
const char *guard_help_name(const struct guard *guard, size_t index);

#endif
