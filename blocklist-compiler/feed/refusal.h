/*
 * Why a line of a feed did not become a rule. Every refused line is counted under exactly one of these; nothing is
 * dropped without a count, and no rule is widened to make it fit. Names are stable: they stand in the JSON report.
 * Threads: pure; any thread.
 */
#ifndef FEED_REFUSAL_H
#define FEED_REFUSAL_H

/* X(enum suffix, name in reports, sentence for people) */
#define REFUSAL_LIST(X)                                                                                                \
    X(NONE, "none", "not refused")                                                                                     \
    X(SYNTAX, "syntax", "not a line of this format")                                                                   \
    X(NUL_BYTE, "nul-byte", "holds a zero byte")                                                                       \
    X(ENCODING, "encoding", "not valid UTF-8")                                                                         \
    X(CHARACTER, "bad-character", "a character that host names do not have")                                           \
    X(EMPTY_LABEL, "empty-label", "two dots with nothing between, or nothing at all")                                  \
    X(LABEL_LENGTH, "label-length", "a label of more than 63 bytes")                                                   \
    X(NAME_LENGTH, "name-length", "more than 253 bytes")                                                               \
    X(SINGLE_LABEL, "single-label", "one label only, which would be a whole top-level domain")                         \
    X(TLD, "bad-top-level", "the last label is a number, or begins or ends with a hyphen")                             \
    X(IDNA, "idna", "not a valid international name")                                                                  \
    X(ADDRESS, "ip-address", "an address, not a name")                                                                 \
    X(LOCAL_NAME, "local-name", "the machine's own name, as every hosts file has")                                     \
    X(NO_NAME, "no-name", "an address without a name")                                                                 \
    X(URL, "url", "a path or scheme: DNS sees only the host, and the whole host was not listed")                       \
    X(PORT, "port", "a port: DNS sees only the host")                                                                  \
    X(EXPRESSION, "expression", "a regular expression that we can't use, or that a name could make too dear")          \
    X(WILDCARD, "wildcard", "a wildcard where none can stand, or too many of them")                                    \
    X(PATTERN, "pattern", "a pattern that DNS names can't express")                                                    \
    X(MODIFIER, "modifier", "a modifier that changes the rule in a way we don't know")                                 \
    X(COSMETIC, "cosmetic", "hides parts of pages, which DNS can't")                                                   \
    X(TOO_MANY, "too-many", "one more pattern than a feed may have")                                                   \
    X(TOO_MANY_CLAUSES, "too-many-conditions", "one more rule with a condition or an answer than a list can hold")     \
    X(DISABLED, "disabled", "switched off by a $badfilter rule of the same feed")                                      \
    X(RPZ_TRIGGER, "rpz-trigger", "triggers on name servers, which a forwarder does not see")                          \
    X(RPZ_ACTION, "rpz-action", "an action or a record that we don't know")                                            \
    X(OUT_OF_ZONE, "out-of-zone", "an owner name outside of the zone")                                                 \
    X(DIRECTIVE, "directive", "a directive that changes something else than names")                                    \
    X(NO_CATEGORY, "no-category", "in a folder that the category map does not name")                                   \
    X(WHITE_LIST, "white-list", "in a folder that says it is for allowing")                                            \
    X(PUBLIC_SUFFIX, "public-suffix", "would cover everything below a public suffix")                                  \
    X(PROTECTED_HELP, "protected-help", "would cover a help service that must stay reachable")                         \
    X(CANARY, "canary", "a name that browsers and systems use to ask about the network")                               \
    X(OWN_DOMAIN, "own-domain", "would cover a domain of the school's own")                                            \
    X(LEARNING_PLATFORM, "learning-platform", "would cover a name of the school's learning platform")                  \
    X(OWN_ADDRESS, "own-address", "would block answers that hold an address of the school's own")

/* What is accepted all the same, but wants somebody to look at it. */
#define FLAG_LIST(X)                                                                                                   \
    X(PRIVATE_SUFFIX, "private-suffix", "covers everything below a name under which others have their sites")          \
    X(POPULAR, "popular", "covers a name among the most popular")

enum refusal {
#define X(suffix, name, sentence) REFUSED_##suffix,
    REFUSAL_LIST(X)
#undef X
        REFUSAL_COUNT
};

enum feed_flag {
#define X(suffix, name, sentence) FLAG_##suffix,
    FLAG_LIST(X)
#undef X
        FLAG_COUNT
};

const char *refusal_name(enum refusal refusal);
const char *refusal_sentence(enum refusal refusal);
const char *feed_flag_name(enum feed_flag flag);
const char *feed_flag_sentence(enum feed_flag flag);

#endif
