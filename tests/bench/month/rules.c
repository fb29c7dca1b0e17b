#include "rules.h"

#include <errno.h>
#include <stdio.h>

#include "base/category.h"
#include "base/err.h"
#include "belisha/category.h"

#define C(suffix) CATEGORY_BIT(CATEGORY_##suffix)

/* Pupils and guests: all is blocked but what is named. Staff: nothing, but what is named. */
static const struct {
    bool blocks_all;
    uint64_t block, allow, hold, log_only, unless_approved;
    const char *more; /* lines of the policy file */
} levels[LEVELS] = {
    [LEVEL_LOWER] = {.blocks_all = true,
                     .allow =
                         C(NEWS) | C(SPORTS) | C(DOWNLOADS) | C(NEW_DOMAINS) | C(VIDEO_CALLS) | C(VIDEO) | C(WEBMAIL),
                     .hold = C(GENERATIVE_AI),
                     .unless_approved = C(NEWSGROUPS),
                     .more = "    years: [7, 8, 9]\n    safe_search: strict\n    youtube: strict\n    ech: strip\n"},
    [LEVEL_UPPER] = {.blocks_all = true,
                     .allow = C(NEWS) | C(SPORTS) | C(DOWNLOADS) | C(NEW_DOMAINS) | C(VIDEO_CALLS) | C(VIDEO) |
                              C(WEBMAIL) | C(FINANCE) | C(SHOPPING) | C(GENERATIVE_AI),
                     .more = "    years: [10, 11]\n    safe_search: strict\n    youtube: strict\n    ech: strip\n"},
    [LEVEL_SIXTH] = {.blocks_all = true,
                     .allow = C(NEWS) | C(SPORTS) | C(DOWNLOADS) | C(NEW_DOMAINS) | C(VIDEO_CALLS) | C(VIDEO) |
                              C(STREAMING) | C(SOCIAL_MEDIA) | C(WEBMAIL) | C(SHOPPING) | C(FINANCE) |
                              C(GENERATIVE_AI) | C(NEWSGROUPS) | C(URL_SHORTENERS) | C(CHAT),
                     .more = "    years: [12, 13]\n    safe_search: strict\n    youtube: moderate\n    ech: strip\n"},
    [LEVEL_STAFF] = {.block = C(ILLEGAL) | C(LOCAL) | C(MALWARE) | C(PHISHING) | C(PORNOGRAPHY) | C(CIRCUMVENTION) |
                              C(CRYPTO_MINING),
                     .log_only =
                         C(GAMBLING) | C(EXTREMISM) | C(SELF_HARM) | C(VIOLENCE) | C(WEAPONS) | C(DRUGS) | C(HACKING),
                     .more = "    safe_search: off\n    youtube: off\n    ech: keep\n    wording: staff\n"},
    [LEVEL_GUESTS] = {.blocks_all = true,
                      .allow = C(NEWS) | C(SPORTS) | C(WEBMAIL) | C(SHOPPING) | C(FINANCE) | C(CHAT) | C(VIDEO),
                      .more = "    safe_search: strict\n    youtube: strict\n    ech: strip\n"},
};

static const char *const feeds[] = {"trust-ads",     "trust-adult", "trust-security", "trust-games",
                                    "trust-social",  "trust-media", "trust-harm",     "trust-circumvention",
                                    "trust-general", "school-own"};

static uint16_t feed_of(uint8_t category)
{
    switch (category) {
    case CATEGORY_ADVERTISING:
        return 0;
    case CATEGORY_PORNOGRAPHY:
    case CATEGORY_DATING:
    case CATEGORY_ADULT_MIXED:
        return 1;
    case CATEGORY_MALWARE:
    case CATEGORY_PHISHING:
    case CATEGORY_CRYPTO_MINING:
        return 2;
    case CATEGORY_GAMING:
        return 3;
    case CATEGORY_SOCIAL_MEDIA:
    case CATEGORY_CHAT:
    case CATEGORY_ANONYMOUS_MESSAGING:
        return 4;
    case CATEGORY_VIDEO:
    case CATEGORY_STREAMING:
        return 5;
    case CATEGORY_SELF_HARM:
    case CATEGORY_EXTREMISM:
    case CATEGORY_VIOLENCE:
    case CATEGORY_WEAPONS:
    case CATEGORY_DRUGS:
    case CATEGORY_RACIAL_HATRED:
        return 6;
    case CATEGORY_CIRCUMVENTION:
        return 7;
    default:
        return 8;
    }
}

const char *rules_feed(uint16_t feed)
{
    return feed < sizeof feeds / sizeof feeds[0] ? feeds[feed] : NULL;
}

enum rule_mode rules_mode(enum school_level level, uint8_t category)
{
    uint64_t bit = CATEGORY_BIT(category);
    if (levels[level].block & bit)
        return RULE_BLOCK;
    if (levels[level].hold & bit)
        return RULE_HOLD;
    if (levels[level].unless_approved & bit)
        return RULE_UNLESS_APPROVED;
    if (levels[level].log_only & bit)
        return RULE_LOG_ONLY;
    return levels[level].blocks_all && !(levels[level].allow & bit) ? RULE_BLOCK : RULE_ALLOW;
}

static void category_judge(enum school_level level, const struct book_name *name, struct verdict *v)
{
    static const struct {
        uint8_t action, reason;
    } made[] = {[RULE_ALLOW] = {VERDICT_RESOLVE, REASON_CATEGORY_ALLOWED},
                [RULE_LOG_ONLY] = {VERDICT_RESOLVE, REASON_LOG_ONLY},
                [RULE_UNLESS_APPROVED] = {VERDICT_NOTICE, REASON_UNLESS_APPROVED},
                [RULE_HOLD] = {VERDICT_NOTICE, REASON_HOLD},
                [RULE_BLOCK] = {VERDICT_NOTICE, REASON_CATEGORY}};
    enum rule_mode mode = rules_mode(level, name->category);
    v->action = made[mode].action;
    v->reason = made[mode].reason;
    v->category = name->category;
    v->categories = CATEGORY_BIT(name->category);
    v->match = name->kind == BOOK_CLOAKED ? MATCH_CNAME : MATCH_QNAME;
    v->match_labels = name->kind == BOOK_CLOAKED ? 2 : name->labels;
    if (mode != RULE_ALLOW)
        v->feed = feed_of(name->category);
}

/* What goes before any list. false: nothing does. */
static bool kind_judge(enum school_level level, const struct book_name *name, struct verdict *v)
{
    switch ((enum book_kind)name->kind) {
    case BOOK_HELP:
        v->reason = REASON_PROTECTED_HELP;
        v->unattributed = 1;
        return true;
    case BOOK_STATUTORY:
        v->action = VERDICT_NOTICE;
        v->reason = REASON_STATUTORY;
        v->category = CATEGORY_ILLEGAL;
        v->categories = C(ILLEGAL);
        v->match = MATCH_QNAME;
        return true;
    case BOOK_LOCAL:
        v->reason = REASON_CONDITIONAL_ZONE;
        return true;
    case BOOK_CANARY:
        v->action = VERDICT_LOCAL;
        v->reason = REASON_NETWORK_DUTY;
        return true;
    case BOOK_SEARCH:
        if (level == LEVEL_STAFF)
            return false;
        v->action = VERDICT_REWRITE;
        v->reason = REASON_SAFE_SEARCH;
        v->rule = 2; /* the first engine, strict */
        return true;
    case BOOK_PLAIN:
    case BOOK_MISSING:
    case BOOK_CLOAKED:
        break;
    }
    return false;
}

struct verdict rules_judge(enum school_level level, const struct book_name *name, uint64_t generation)
{
    struct verdict v = {.action = VERDICT_RESOLVE,
                        .reason = REASON_DEFAULT,
                        .category = CATEGORY_NONE,
                        .match = MATCH_NONE,
                        .feed = VERDICT_NO_FEED};
    if (!kind_judge(level, name, &v) && name->category != CATEGORY_NONE && generation >= name->listed_from)
        category_judge(level, name, &v);
    return v;
}

/* ---- the policy file ---- */

static void categories_write(FILE *file, const char *mode, uint64_t categories)
{
    const char *between = "";
    if (categories == 0)
        return;
    fprintf(file, "    %s: [", mode);
    for (unsigned id = 0; id < CATEGORY_MAX; id++) {
        if ((categories & CATEGORY_BIT(id)) == 0)
            continue;
        fprintf(file, "%s%s", between, category_name(id));
        between = ", ";
    }
    fprintf(file, "]\n");
}

static void level_write(FILE *file, enum school_level level)
{
    fprintf(file, "  - name: %s\n", school_levels[level]);
    if (levels[level].blocks_all)
        fprintf(file, "    block: [all]\n");
    else
        categories_write(file, "block", levels[level].block);
    categories_write(file, "allow", levels[level].allow);
    categories_write(file, "hold", levels[level].hold);
    categories_write(file, "log_only", levels[level].log_only);
    categories_write(file, "unless_approved", levels[level].unless_approved);
    fprintf(file, "%s\n", levels[level].more);
}

int rules_write(const char *path)
{
    static const struct {
        const char *networks;
        enum school_level level;
    } groups[GROUPS] = {[GROUP_PUPILS] = {"10.20.0.0/16, \"fd10:14::/32\"", LEVEL_LOWER},
                        [GROUP_SIXTH] = {"10.25.0.0/16, \"fd10:19::/32\"", LEVEL_SIXTH},
                        [GROUP_STAFF] = {"10.30.0.0/16, \"fd10:1e::/32\"", LEVEL_STAFF},
                        [GROUP_GUESTS] = {"10.40.0.0/16, \"fd10:28::/32\"", LEVEL_GUESTS},
                        [GROUP_THINGS] = {"10.50.0.0/16", LEVEL_GUESTS},
                        [GROUP_HOMES] = {"198.18.0.0/15", LEVEL_LOWER}};
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return err_from_errno(errno);
    fprintf(file, "levels:\n");
    for (int level = 0; level < LEVELS; level++)
        level_write(file, (enum school_level)level);
    fprintf(file, "groups:\n");
    for (int group = 0; group < GROUPS; group++)
        fprintf(file, "  - {name: %s, networks: [%s], level: %s}\n", school_groups[group], groups[group].networks,
                school_levels[groups[group].level]);
    fprintf(file, "default_level: year-7-9\npeople: people.csv\n"
                  "calendar:\n  time_zone: Europe/London\n  terms:\n"
                  "    - {name: autumn, from: 2026-09-03, to: 2026-12-18}\n"
                  "  holidays:\n    - {name: half-term, from: 2026-10-26, to: 2026-10-30}\n");
    return fclose(file) == 0 ? 0 : ERR_IO;
}
