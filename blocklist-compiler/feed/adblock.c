/*
 * AdGuard DNS filtering syntax, as far as it is about whole names: rule = ["@@"] pattern ["$" modifiers].
 *
 *   ||d^    d and below          @@||d^   an exception for d and below
 *   d       exactly d            address d [d...]   a hosts line: exactly each d
 *
 * $important is the one modifier known. A rule with any other must be left out as a whole, says AdGuard's reference: read
 * without it, a rule for one page element or one client would block a site for everyone.
 */
#include "feed/format.h"

static bool is_comment(struct span line)
{
    return line.at[0] == '!' || (line.at[0] == '#' && (line.len == 1 || span_is_blank(line.at[1]))) ||
           (line.at[0] == '[' && line.at[line.len - 1] == ']');
}

/* Rules about parts of pages: their marks can't stand in a rule about names. */
static bool is_cosmetic(struct span line)
{
    static const char *const marks[] = {"##", "#@#", "#?#", "#$#", "#%#", "#@$#", "#@%#", "#@?#", "$$", "$@$"};
    if (span_find(line, '#') == line.len && span_find(line, '$') == line.len)
        return false;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (span_has(line, marks[i]))
            return true;
    }
    return false;
}

/* True when all modifiers are known; *out_important tells whether $important is among them. */
static bool read_modifiers(struct span modifiers, bool *out_important)
{
    *out_important = false;
    do {
        if (!span_equals(span_cut(&modifiers, ','), "important"))
            return false;
        *out_important = true;
    } while (modifiers.len > 0);
    return true;
}

/* Why a pattern that is not ||d^ can't be enforced; REFUSED_NONE for one that looks like a plain name. */
static enum refusal refuse_pattern(struct span pattern)
{
    if (pattern.len > 1 && pattern.at[0] == '/' && pattern.at[pattern.len - 1] == '/')
        return REFUSED_EXPRESSION;
    if (span_has(pattern, "://") || span_find(pattern, '/') < pattern.len)
        return REFUSED_URL;
    if (span_find(pattern, '*') < pattern.len)
        return REFUSED_WILDCARD;
    if (span_find(pattern, '^') < pattern.len || span_find(pattern, '|') < pattern.len)
        return REFUSED_PATTERN;
    return REFUSED_NONE;
}

static int network_rule(struct intake *in, struct span line, struct span pattern, bool important)
{
    enum feed_action action = FEED_BLOCK;
    enum feed_scope scope = FEED_SELF;
    struct span name = pattern;
    if (span_starts(name, "@@")) {
        action = FEED_ALLOW;
        name = span_skip(name, 2);
    }
    if (span_starts(name, "||") && name.at[name.len - 1] == '^') {
        name = (struct span){name.at + 2, name.len - 3};
        scope = FEED_SELF_AND_BELOW;
    }
    enum refusal refusal = refuse_pattern(name);
    /* "@@d" alone is a substring pattern, not a name. */
    if (refusal == REFUSED_NONE && action == FEED_ALLOW && scope == FEED_SELF)
        refusal = REFUSED_PATTERN;
    if (refusal != REFUSED_NONE)
        return intake_refuse(in, refusal, line);
    int err = intake_rule(in, name, action, scope, important);
    return err < 0 ? err : 0;
}

/* A plain name or a hosts line, either with a comment behind. */
static int plain_line(struct intake *in, struct span line)
{
    struct span rest = {line.at, span_find(line, '#')};
    struct span word = span_word(&rest);
    if (span_trim(rest).len == 0)
        return network_rule(in, line, word, false);
    if (!normalise_is_address(word))
        return intake_refuse(in, REFUSED_SYNTAX, line);
    for (word = span_word(&rest); word.len > 0; word = span_word(&rest)) {
        int err = intake_rule(in, word, FEED_BLOCK, FEED_SELF, false);
        if (err < 0)
            return err;
    }
    return 0;
}

static int adblock_line(struct intake *in, struct span line)
{
    struct span pattern = line;
    bool important = false;
    if (is_comment(line)) {
        intake_comment(in, line);
        return 0;
    }
    if (is_cosmetic(line))
        return intake_refuse(in, REFUSED_COSMETIC, line);
    if (line.at[0] == '#')
        return 0;
    if (line.len > 1 && line.at[0] == '/' && memrchr(line.at + 1, '/', line.len - 1) != NULL)
        return intake_refuse(in, REFUSED_EXPRESSION, line);
    if (line.at[0] != '|' && line.at[0] != '@' && span_find(line, '$') == line.len)
        return plain_line(in, line);
    pattern.len = span_find(line, '$');
    if (pattern.len < line.len && !read_modifiers(span_skip(line, pattern.len + 1), &important))
        return intake_refuse(in, REFUSED_MODIFIER, line);
    return network_rule(in, line, pattern, important);
}

int adblock_parse(struct intake *in, struct span text)
{
    return intake_each_line(in, text, adblock_line);
}
