#include "feed/intake.h"

#include <stdio.h>

#include "base/pattern.h"

void intake_init(struct intake *in, const struct intake_opts *opts, const struct guard *guard, const char *file,
                 struct feed_stats *stats, feed_sink sink, void *sink_ctx)
{
    in->opts = *opts;
    in->guard = guard;
    in->sink = sink;
    in->refused = NULL;
    in->sink_ctx = sink_ctx;
    in->stats = stats;
    in->file = file;
    in->line = 0;
    in->text = (struct span){NULL, 0};
    in->categories = opts->categories;
    in->parser = NULL;
    in->patterns = in->blind = 0;
}

int intake_refuse(struct intake *in, enum refusal refusal, struct span text)
{
    feed_stats_refuse(in->stats, refusal, in->file, in->line, text);
    if (in->refused != NULL)
        in->refused(in, refusal, text);
    return 0;
}

/* Names that mean the machine itself, as hosts files list them. RFC 6761 keeps them out of the DNS anyway. */
static bool is_local_name(const struct listed_name *name)
{
    static const char *const names[] = {
        "localhost",
        "localhost.localdomain",
        "local",
        "broadcasthost",
        "ip6-localhost",
        "ip6-loopback",
        "ip6-localnet",
        "ip6-mcastprefix",
        "ip6-allnodes",
        "ip6-allrouters",
        "ip6-allhosts",
        "localdomain",
        "ip6-allservers",
        "localhost4",
        "localhost6",
        "loopback",
        "localhost4.localdomain4",
        "localhost6.localdomain6",
    };
    if (name->text[0] != 'l' && name->text[0] != 'b' && name->text[0] != 'i')
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name->text, names[i]) == 0)
            return true;
    }
    return false;
}

static enum refusal check(struct intake *in, struct span text, enum feed_action action, enum feed_scope scope)
{
    bool covers_below = (scope & FEED_BELOW) != 0;
    enum refusal refusal = normalise_name(text, &in->name);
    if (refusal != REFUSED_NONE)
        return refusal;
    if (is_local_name(&in->name))
        return REFUSED_LOCAL_NAME;
    if (in->name.key.labels < 2 && !in->opts.single_labels)
        return REFUSED_SINGLE_LABEL;
    in->suffix = SUFFIX_NONE;
    if (in->guard == NULL)
        return REFUSED_NONE;
    refusal = guard_check(in->guard, &in->name, covers_below, in->opts.public_suffixes, &in->suffix);
    if (!guard_is_reachable(refusal) || action == FEED_BLOCK)
        return refusal;
    /* An exception can do a reachable name no harm, but one for a whole suffix would switch the feed off. */
    bool covers_suffix = covers_below && suffix_find(guard_suffixes(in->guard), &in->name) == SUFFIX_ICANN;
    return covers_suffix && !in->opts.public_suffixes ? REFUSED_PUBLIC_SUFFIX : REFUSED_NONE;
}

/* What is accepted, but for somebody to look at. text: the rule as it is written. */
static void flag(struct intake *in, enum feed_scope scope, struct span text)
{
    const struct popular_name *popular =
        in->opts.popular == NULL
            ? NULL
            : popular_find(in->opts.popular, &in->name.key, (scope & FEED_SELF) != 0, (scope & FEED_BELOW) != 0);
    if (in->suffix == SUFFIX_PRIVATE)
        feed_stats_flag(in->stats, FLAG_PRIVATE_SUFFIX, in->file, in->line, text);
    if (popular != NULL)
        feed_stats_popular(in->stats, popular->rank, popular->text, in->file, in->line, text);
}

/* text: for a refusal. */
static int hand_over(struct intake *in, struct feed_rule *rule, struct span text)
{
    rule->from = in;
    int err = in->sink(in->sink_ctx, rule);
    if (err != 0)
        return err < 0 ? err : intake_refuse(in, REFUSED_TOO_MANY_CLAUSES, text);
    if (rule->action == FEED_BLOCK)
        in->stats->blocks++;
    else
        in->stats->allows++;
    return 1;
}

int intake_rule(struct intake *in, struct span name, enum feed_action action, enum feed_scope scope, bool important)
{
    enum refusal refusal = check(in, name, action, scope);
    if (refusal == REFUSED_ADDRESS && action == FEED_BLOCK && (scope & FEED_SELF) != 0)
        return intake_address_text(in, name);
    if (refusal != REFUSED_NONE)
        return intake_refuse(in, refusal, name);
    struct feed_rule rule = {
        .name = &in->name, .categories = in->categories, .action = action, .scope = scope, .important = important};
    if (action == FEED_BLOCK)
        flag(in, scope, name);
    return hand_over(in, &rule, name);
}

/* ---- clauses ---- */

static bool is_exception(const struct feed_clause *clause)
{
    return clause->head.kind == BLOCKDB_CLAUSE_ALLOW || clause->head.kind == BLOCKDB_CLAUSE_NO_REWRITE;
}

/* Whether it matches the name itself, or what stands below it as an example of all that may. */
static bool matches_name(const struct pattern *pattern, const char *name)
{
    static const char *const below[] = {"", "www.", "x."};
    char text[LISTED_NAME_MAX + 8];
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
        int len = snprintf(text, sizeof text, "%s%s", below[i], name);
        if (pattern_matches(pattern, text, (size_t)len))
            return true;
    }
    return false;
}

/* "/./" or "/\.com$/": it matches whatever anybody registers there, which as an exception would switch the feed off. */
static bool matches_a_suffix(const struct pattern *pattern)
{
    static const char *const suffixes[] = {"com",    "net",   "org",         "info", "uk",     "co.uk", "org.uk",
                                           "gov.uk", "ac.uk", "kent.sch.uk", "de",   "eu",     "fr",    "io",
                                           "ru",     "cn",    "top",         "xyz",  "online", "site",  "app"};
    static const char *const unlikely[] = {"q7zk2w", "xv-0hj9", "5bpd"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        size_t matched = 0;
        for (size_t j = 0; j < sizeof unlikely / sizeof unlikely[0]; j++) {
            char text[32];
            int len = snprintf(text, sizeof text, "%s.%s", unlikely[j], suffixes[i]);
            matched += pattern_matches(pattern, text, (size_t)len);
        }
        if (matched == sizeof unlikely / sizeof unlikely[0])
            return true;
    }
    return false;
}

static enum refusal check_reach(const struct intake *in, const struct pattern *pattern, bool exception)
{
    size_t count = in->guard == NULL || exception ? 0 : guard_name_count(in->guard);
    for (size_t i = 0; i < count; i++) {
        enum refusal why;
        const char *name = guard_name(in->guard, i, &why);
        if (matches_name(pattern, name))
            return why;
    }
    return in->guard != NULL && !in->opts.public_suffixes && matches_a_suffix(pattern) ? REFUSED_PUBLIC_SUFFIX
                                                                                       : REFUSED_NONE;
}

/* Whether the expression can be used, and leaves the protected names alone. */
static enum refusal check_pattern(struct intake *in, const struct feed_clause *clause)
{
    struct pattern *pattern;
    const char *text = (const char *)clause->parts + 2 * (size_t)clause->head.type_count;
    bool blind = (clause->head.flags & BLOCKDB_CLAUSE_FLOATING) != 0 && clause->head.literal_len == 0;
    if (in->patterns >= FEED_PATTERNS_MAX || (blind && in->blind >= FEED_BLIND_MAX))
        return REFUSED_TOO_MANY;
    if (pattern_new(text, clause->head.pattern_len, &pattern) < 0)
        return REFUSED_EXPRESSION;
    enum refusal refusal = pattern_is_dear(pattern, text, clause->head.pattern_len)
                               ? REFUSED_EXPRESSION
                               : check_reach(in, pattern, is_exception(clause));
    pattern_free(pattern);
    if (refusal == REFUSED_NONE) {
        in->patterns++;
        in->blind += blind;
    }
    return refusal;
}

int intake_clause(struct intake *in, struct span name, enum feed_scope scope, struct feed_clause *clause,
                  struct span text)
{
    bool floating = name.len == 0;
    bool narrowed = clause->head.pattern_len > 0;
    enum feed_action action = is_exception(clause) ? FEED_ALLOW : FEED_BLOCK;
    enum refusal refusal = REFUSED_NONE;
    clause->head.categories = in->categories;
    clause->head.flags |= (uint8_t)(floating ? BLOCKDB_CLAUSE_FLOATING
                                             : ((scope & FEED_SELF) != 0 ? BLOCKDB_CLAUSE_SELF : 0) |
                                                   ((scope & FEED_BELOW) != 0 ? BLOCKDB_CLAUSE_BELOW : 0));
    if (floating && !narrowed)
        refusal = REFUSED_EMPTY_LABEL;
    if (!floating) /* what a pattern narrows does not cover all below the name it hangs on */
        refusal = check(in, name, action, narrowed ? FEED_SELF : scope);
    if (refusal == REFUSED_NONE && narrowed)
        refusal = check_pattern(in, clause);
    if (refusal != REFUSED_NONE)
        return intake_refuse(in, refusal, text);
    struct feed_rule rule = {.name = floating ? NULL : &in->name,
                             .clause = clause,
                             .categories = in->categories,
                             .action = action,
                             .scope = scope};
    if (!floating && !narrowed && action == FEED_BLOCK)
        flag(in, scope, text);
    return hand_over(in, &rule, text);
}

/* ---- addresses ---- */

static bool is_v4(const struct prefix *p)
{
    return ipaddr_is_v4(&p->addr) && p->bits >= 96;
}

/* So short that it would be a whole region of the world, or every client there is. */
static bool is_too_wide(const struct prefix *p)
{
    return p->bits < (is_v4(p) ? 96 + 8 : 16);
}

/* An address that answers give to say "none". */
static bool is_nowhere(const struct prefix *p)
{
    static const uint8_t zeros[16];
    if (is_v4(p))
        return p->addr.bytes[12] == 0 || p->addr.bytes[12] == 127 || p->addr.bytes[12] >= 224;
    return memcmp(p->addr.bytes, zeros, 15) == 0 || p->addr.bytes[0] == 0xff;
}

int intake_address(struct intake *in, const struct prefix *prefix, enum blockdb_address_use use,
                   struct feed_clause *clause, struct span text)
{
    if (clause == NULL) {
        clause = &in->scratch;
        clause_init(clause, BLOCKDB_CLAUSE_BLOCK);
    }
    if (is_too_wide(prefix) || (use == BLOCKDB_ADDRESS_ANSWER && is_nowhere(prefix)))
        return intake_refuse(in, REFUSED_ADDRESS, text);
    if (use == BLOCKDB_ADDRESS_ANSWER && in->guard != NULL && !is_exception(clause) &&
        guard_check_address(in->guard, prefix) != REFUSED_NONE)
        return intake_refuse(in, REFUSED_OWN_ADDRESS, text);
    clause->head.categories = in->categories;
    clause->head.flags |= BLOCKDB_CLAUSE_SELF;
    struct feed_rule rule = {.address = prefix,
                             .use = use,
                             .clause = clause,
                             .categories = in->categories,
                             .action = is_exception(clause) ? FEED_ALLOW : FEED_BLOCK,
                             .scope = FEED_SELF};
    return hand_over(in, &rule, text);
}

int intake_address_text(struct intake *in, struct span text)
{
    struct prefix prefix;
    char copy[64];
    if (text.len >= sizeof copy)
        return intake_refuse(in, REFUSED_ADDRESS, text);
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    if (prefix_from_text(copy, &prefix) < 0)
        return intake_refuse(in, REFUSED_ADDRESS, text);
    return intake_address(in, &prefix, BLOCKDB_ADDRESS_ANSWER, NULL, text);
}

void intake_comment(struct intake *in, struct span comment)
{
    const size_t mark_len = strlen(FEED_DECLARED_MARK);
    const uint8_t *at = memmem(comment.at, comment.len, FEED_DECLARED_MARK, mark_len);
    uint64_t number = 0;
    if (at == NULL)
        return;
    at += mark_len;
    for (; at < comment.at + comment.len && (*at == ' ' || *at == ',' || (*at >= '0' && *at <= '9')); at++) {
        if (*at >= '0' && number < UINT64_C(1) << 40)
            number = number * 10 + (*at - '0');
    }
    if (number > 0)
        in->stats->declared = number;
}

int intake_each_line(struct intake *in, struct span text, intake_line on_line)
{
    for (in->line = 1; text.len > 0; in->line++) {
        struct span line = span_trim(span_without_mark(span_cut(&text, '\n')));
        in->stats->lines++;
        if (in->opts.lines_max != 0 && in->stats->lines > in->opts.lines_max)
            return ERR_LIMIT;
        in->text = line;
        int err = line.len == 0 ? 0 : on_line(in, line);
        if (err < 0)
            return err;
    }
    return 0;
}
