/*
 * AdGuard DNS filtering syntax, as far as names and record types go: rule = ["@@"] pattern ["$" modifiers].
 *
 *   pattern      feed/pattern.h: names with their extent, wildcards, /regex/
 *   modifiers    feed/modifiers.h; a rule with any other is left out as a whole
 *   d            d alone; "0.0.0.0 d" too, as in hosts files: whatever the address, d is blocked
 *   address      answers with that address; ||192.0.2.1^ too, and prefixes
 *   $badfilter   switches off the rules of the same text, whatever the order of their modifiers
 */
#include "feed/format.h"

#include <stdlib.h>
#include <xxhash.h>

#include "feed/modifiers.h"
#include "feed/pattern.h"

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

/* ---- rules switched off ---- */

struct disabled {
    uint64_t *rules; /* ascending */
    size_t count;
};

/* Where the modifiers begin; the length of the rule when there are none. A regular expression may hold a "$". */
static size_t find_modifiers(struct span rule)
{
    size_t from = span_starts(rule, "@@") ? 2 : 0;
    if (from < rule.len && rule.at[from] == '/') {
        const uint8_t *last = memrchr(rule.at + from + 1, '/', rule.len - from - 1);
        size_t end = last == NULL ? 0 : (size_t)(last - rule.at) + 1;
        if (end == rule.len || (end > 0 && rule.at[end] == '$'))
            return end;
    }
    return span_find(rule, '$');
}

/* The same for rules of the same text, whatever the order of their modifiers, $badfilter left out. */
static uint64_t rule_id(struct span rule, bool *out_badfilter)
{
    size_t at = find_modifiers(rule);
    struct span modifiers = span_skip(rule, at < rule.len ? at + 1 : at);
    uint64_t id = XXH3_64bits(rule.at, at);
    *out_badfilter = false;
    while (modifiers.len > 0) {
        struct span word = span_cut(&modifiers, ',');
        if (span_equals(word, "badfilter"))
            *out_badfilter = true;
        else
            id += XXH3_64bits_withSeed(word.at, word.len, 1);
    }
    return id;
}

static int compare_ids(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Reads the whole feed ahead when it has such a rule at all: it may stand behind those it switches off. */
static int disabled_read(struct span text, struct disabled *out)
{
    size_t cap = 0;
    *out = (struct disabled){NULL, 0};
    if (!span_has(text, "badfilter"))
        return 0;
    while (text.len > 0) {
        bool badfilter;
        struct span line = span_trim(span_without_mark(span_cut(&text, '\n')));
        if (line.len == 0 || line.at[0] == '!' || line.at[0] == '#' || !span_has(line, "badfilter"))
            continue;
        uint64_t id = rule_id(line, &badfilter);
        if (!badfilter)
            continue;
        if (out->count == cap) {
            cap = cap == 0 ? 64 : cap * 2;
            uint64_t *rules = reallocarray(out->rules, cap, sizeof *rules);
            if (rules == NULL)
                return ERR_NOMEM;
            out->rules = rules;
        }
        out->rules[out->count++] = id;
    }
    if (out->count > 0)
        qsort(out->rules, out->count, sizeof *out->rules, compare_ids);
    return 0;
}

static bool is_disabled(const struct disabled *disabled, struct span rule)
{
    bool badfilter;
    if (disabled->count == 0)
        return false;
    uint64_t id = rule_id(rule, &badfilter);
    return !badfilter && bsearch(&id, disabled->rules, disabled->count, sizeof id, compare_ids) != NULL;
}

/* ---- one rule ---- */

/* Counts a refusal with the whole line, which says more than the name in it. */
static int rule_with_clause(struct intake *in, struct span line, const struct name_pattern *pattern,
                            const struct modifiers *modifiers, bool exception)
{
    struct feed_clause *clause = &in->scratch;
    const struct span expression = {(const uint8_t *)pattern->expression, pattern->expression_len};
    const struct span literal = {(const uint8_t *)pattern->literal, pattern->literal_len};
    enum refusal refusal = modifiers_begin(modifiers, exception, clause);
    if (refusal == REFUSED_NONE && expression.len > 0 && !clause_set_pattern(clause, expression, literal))
        refusal = REFUSED_PATTERN;
    if (refusal == REFUSED_NONE)
        refusal = modifiers_end(modifiers, clause);
    if (refusal != REFUSED_NONE)
        return intake_refuse(in, refusal, line);
    return intake_clause(in, pattern->name, pattern->scope, clause, line);
}

static int network_rule(struct intake *in, struct span line, struct span text, const struct modifiers *modifiers)
{
    struct name_pattern pattern;
    bool exception = span_starts(text, "@@");
    if (exception)
        text = span_skip(text, 2);
    name_pattern_parse(text, &pattern);
    if (pattern.refusal != REFUSED_NONE)
        return intake_refuse(in, pattern.refusal, line);
    int accepted =
        pattern.expression_len > 0 || modifiers_need_clause(modifiers)
            ? rule_with_clause(in, line, &pattern, modifiers, exception)
            : intake_rule(in, pattern.name, exception ? FEED_ALLOW : FEED_BLOCK, pattern.scope, modifiers->important);
    return accepted < 0 ? accepted : 0;
}

/* ---- lines ---- */

/* A plain name or a hosts line, either with a comment behind. */
static int plain_line(struct intake *in, struct span line)
{
    struct span rest = {line.at, span_find(line, '#')};
    struct span word = span_word(&rest);
    bool alone = span_trim(rest).len == 0;
    if (!alone && !normalise_is_address(word))
        return intake_refuse(in, REFUSED_SYNTAX, line);
    if (!alone)
        word = span_word(&rest);
    for (; word.len > 0; word = span_word(&rest)) {
        int err = intake_rule(in, word, FEED_BLOCK, FEED_SELF, false);
        if (err < 0)
            return err;
    }
    return 0;
}

/* Whether a line without modifiers is a pattern: it has what no name has. */
static bool is_pattern(struct span line)
{
    uint8_t first = line.at[0];
    uint8_t last = line.at[line.len - 1];
    return strchr("/|@.-", first) != NULL || span_starts(line, "://") || last == '^' || last == '|' || last == '-' ||
           span_find(line, '*') < line.len;
}

static int rule_line(struct intake *in, struct span line)
{
    struct span pattern = {line.at, find_modifiers(line)};
    struct modifiers modifiers = {.important = false};
    if (pattern.len == line.len && !is_pattern(line))
        return plain_line(in, line);
    if (pattern.len < line.len && modifiers_parse(span_skip(line, pattern.len + 1), &modifiers) != REFUSED_NONE)
        return intake_refuse(in, REFUSED_MODIFIER, line);
    return modifiers.badfilter ? 0 : network_rule(in, line, pattern, &modifiers);
}

static int adblock_line(struct intake *in, struct span line)
{
    const struct disabled *disabled = in->parser;
    if (is_comment(line)) {
        intake_comment(in, line);
        return 0;
    }
    if (is_disabled(disabled, line))
        return intake_refuse(in, REFUSED_DISABLED, line);
    if (line.at[0] != '/' && is_cosmetic(line))
        return intake_refuse(in, REFUSED_COSMETIC, line);
    return line.at[0] == '#' ? 0 : rule_line(in, line);
}

int adblock_parse(struct intake *in, struct span text)
{
    struct disabled disabled;
    int err = disabled_read(text, &disabled);
    in->parser = &disabled;
    if (err == 0)
        err = intake_each_line(in, text, adblock_line);
    in->parser = NULL;
    free(disabled.rules);
    return err;
}
