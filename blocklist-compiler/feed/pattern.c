#include "feed/pattern.h"

#include <ctype.h>
#include <stdio.h>

#define STARS_MAX 8

/* ---- expressions ---- */

struct run {
    char bytes[64];
    size_t len;
};

static void run_keep(struct run *run, struct run *best)
{
    if (run->len > best->len)
        *best = *run;
    run->len = 0;
}

static void run_add(struct run *run, struct run *best, uint8_t c)
{
    if (!isalnum(c) && c != '-' && c != '_') {
        run_keep(run, best); /* a dot is a boundary of keys: no run goes over it */
        return;
    }
    if (run->len == sizeof run->bytes)
        run_keep(run, best);
    run->bytes[run->len++] = (char)tolower(c);
}

static size_t literal_take(const struct run *best, char *out, size_t cap)
{
    size_t len = best->len < BLOCKDB_CLAUSE_LITERAL ? 0 : best->len < cap ? best->len : cap;
    memcpy(out, best->bytes, len);
    return len;
}

/* Past the closing bracket of a class. */
static size_t skip_class(struct span e, size_t at)
{
    size_t end = at + 1;
    if (end < e.len && e.at[end] == '^')
        end++;
    if (end < e.len && e.at[end] == ']')
        end++;
    for (; end < e.len && e.at[end] != ']'; end++) {
        struct span rest = span_skip(e, end);
        if (e.at[end] == '\\')
            end++;
        else if (span_starts(rest, "[:") && span_has(rest, ":]"))
            end += (size_t)((const uint8_t *)memmem(rest.at, rest.len, ":]", 2) - rest.at) + 1;
    }
    return end + 1;
}

/* Past the quantifier in braces that begins at `at`; 0: it is none. */
static size_t skip_braces(struct span e, size_t at)
{
    for (at++; at < e.len && (isdigit(e.at[at]) || e.at[at] == ','); at++)
        continue;
    return at < e.len && e.at[at] == '}' ? at + 1 : 0;
}

/* Verbs, and blanks that count for nothing, change what stands outside of them. */
static bool changes_the_rest(struct span e)
{
    if (span_has(e, "(*"))
        return true;
    for (size_t at = 0; at + 2 < e.len; at++) {
        if (e.at[at] != '(' || e.at[at + 1] != '?')
            continue;
        for (size_t flag = at + 2; flag < e.len && (isalpha(e.at[flag]) || strchr("^-", e.at[flag]) != NULL); flag++)
            if (e.at[flag] == 'x')
                return true;
    }
    return false;
}

/*
 * Reads the expression without knowing all of its grammar: only bytes outside of groups and classes count, one with "?",
 * "*" or "{" behind it does not, and where there is an alternative on the outside, nothing does.
 */
size_t pattern_literal(struct span e, char *out, size_t cap)
{
    struct run run = {.len = 0}, best = {.len = 0};
    unsigned depth = 0;
    if (changes_the_rest(e))
        return 0;
    for (size_t at = 0; at < e.len;) {
        uint8_t c = e.at[at];
        bool plain = depth == 0 && (isalnum(c) || c == '-' || c == '_');
        size_t next = at + 1;
        if (c == '\\') {
            c = next < e.len ? e.at[next] : 0;
            next += next < e.len;
            if (isalnum(c) && strchr("dDwWsSbB", c) == NULL)
                return 0; /* \x41, \Q...\E and others whose end is not seen here */
            plain = depth == 0 && c == '-';
        } else if (c == '[') {
            next = skip_class(e, at);
        } else if (c == '(') {
            depth++;
        } else if (c == ')') {
            depth -= depth > 0;
        } else if (c == '{') {
            next = skip_braces(e, at);
            if (next == 0)
                return 0;
        } else if (c == '|' && depth == 0) {
            return 0;
        }
        uint8_t behind = next < e.len ? e.at[next] : 0;
        if (!plain || behind == '?' || behind == '*' || behind == '{')
            run_keep(&run, &best);
        else
            run_add(&run, &best, c);
        if (behind == '+')
            run_keep(&run, &best);
        at = next < e.len ? next : e.len;
    }
    run_keep(&run, &best);
    return literal_take(&best, out, cap);
}

/* ---- patterns ---- */

/* A pattern taken apart. */
struct glob {
    struct span body;
    bool label_start, start, end;
    unsigned stars;
};

static bool ends_with(struct span s, const char *with)
{
    size_t len = strlen(with);
    return s.len >= len && memcmp(s.at + s.len - len, with, len) == 0;
}

static void cut_anchors(struct span text, struct glob *out)
{
    *out = (struct glob){.body = text};
    if (span_starts(text, "||"))
        out->label_start = true;
    else if (span_starts(text, "|") || span_starts(text, "://"))
        out->start = true;
    out->body = span_skip(text, out->label_start ? 2 : !out->start ? 0 : text.at[0] == '|' ? 1 : 3);
    if (ends_with(out->body, "^|")) {
        out->end = true;
        out->body.len -= 2;
    } else if (ends_with(out->body, "^") || ends_with(out->body, "|")) {
        out->end = true;
        out->body.len--;
    }
}

static enum refusal check_body(struct glob *glob)
{
    struct span body = glob->body;
    if (span_has(body, "://") || span_find(body, '/') < body.len)
        return REFUSED_URL;
    for (size_t i = 0; i < body.len; i++) {
        uint8_t c = body.at[i];
        if (c == '^' || c == '|')
            return REFUSED_PATTERN;
        if (c >= 0x80 && glob->stars > 0)
            return REFUSED_CHARACTER;
        glob->stars += c == '*';
    }
    return glob->stars > STARS_MAX ? REFUSED_WILDCARD : REFUSED_NONE;
}

static bool has_room(const struct name_pattern *p, size_t len)
{
    return p->expression_len + len <= sizeof p->expression;
}

static void add_text(struct name_pattern *p, const char *text)
{
    size_t len = strlen(text);
    if (has_room(p, len))
        memcpy(p->expression + p->expression_len, text, len);
    p->expression_len += len;
}

/* Part of a body without "*" as an expression; every byte that is not one of a name is refused. */
static enum refusal add_part(struct name_pattern *p, struct span part)
{
    for (size_t i = 0; i < part.len; i++) {
        char one[2] = {(char)tolower(part.at[i]), 0};
        if (part.at[i] == '.')
            add_text(p, "\\.");
        else if (isalnum(part.at[i]) || part.at[i] == '-' || part.at[i] == '_')
            add_text(p, one);
        else
            return part.at[i] == ':' ? REFUSED_PORT : REFUSED_CHARACTER;
    }
    return REFUSED_NONE;
}

/*
 * The first place where a part stands is as good as any later one, but for the last part, which may have to stand at the
 * end. Said to PCRE2 by "(?>", that keeps the work in proportion to the name, however many "*" there are.
 */
static enum refusal add_glob(struct name_pattern *p, const struct glob *glob)
{
    struct span rest = glob->body;
    struct span part = span_cut(&rest, '*');
    bool at_start = glob->start || (part.len == 0 && !glob->label_start);
    add_text(p, at_start ? "^" : glob->label_start ? "^(?>(?:|.*?\\.)" : "^(?>.*?");
    enum refusal refusal = add_part(p, part);
    add_text(p, at_start ? "" : ")");
    for (unsigned star = 1; star <= glob->stars && refusal == REFUSED_NONE; star++) {
        bool at_end = star == glob->stars && glob->end;
        part = span_cut(&rest, '*');
        if (part.len == 0 && !at_end)
            continue;
        add_text(p, at_end ? ".*" : "(?>.*?");
        refusal = add_part(p, part);
        add_text(p, at_end ? "$" : ")");
    }
    return refusal;
}

static enum refusal add_plain(struct name_pattern *p, const struct glob *glob)
{
    add_text(p, glob->label_start ? "(?:^|\\.)" : glob->start ? "^" : "");
    enum refusal refusal = add_part(p, glob->body);
    add_text(p, glob->end ? "$" : "");
    return refusal;
}

/* The longest run of plain bytes of a body. Its length; 0: too short to be of use. */
static size_t body_literal(struct span body, char *out, size_t cap)
{
    struct run run = {.len = 0}, best = {.len = 0};
    for (size_t i = 0; i < body.len; i++)
        run_add(&run, &best, body.at[i]);
    run_keep(&run, &best);
    return literal_take(&best, out, cap);
}

/* The labels at the end of the body that every match ends with; empty when there are not two of them. */
static struct span fixed_suffix(const struct glob *glob)
{
    struct span tail = glob->body;
    const uint8_t *star = memrchr(tail.at, '*', tail.len);
    if (star != NULL)
        tail = span_skip(tail, (size_t)(star - tail.at) + 1);
    if (star != NULL || !(glob->start || glob->label_start))
        tail = span_skip(tail, span_find(tail, '.') < tail.len ? span_find(tail, '.') + 1 : tail.len);
    bool two = span_find(tail, '.') < tail.len && glob->end;
    return two ? tail : (struct span){tail.at, 0};
}

static void make_expression(const struct glob *glob, struct name_pattern *out)
{
    out->refusal = glob->stars > 0 ? add_glob(out, glob) : add_plain(out, glob);
    if (out->refusal == REFUSED_NONE && !has_room(out, 0))
        out->refusal = REFUSED_NAME_LENGTH;
    if (out->refusal != REFUSED_NONE)
        return;
    out->name = fixed_suffix(glob);
    out->scope = FEED_SELF_AND_BELOW;
    out->literal_len = body_literal(glob->body, out->literal, sizeof out->literal);
}

static void parse_expression(struct span text, struct name_pattern *out)
{
    struct span expression = {text.at + 1, text.len - 2};
    if (expression.len > sizeof out->expression) {
        out->refusal = REFUSED_EXPRESSION;
        return;
    }
    memcpy(out->expression, expression.at, expression.len);
    out->expression_len = expression.len;
    out->literal_len = pattern_literal(expression, out->literal, sizeof out->literal);
}

void name_pattern_parse(struct span text, struct name_pattern *out)
{
    struct glob glob;
    out->refusal = REFUSED_NONE;
    out->name = (struct span){text.at, 0};
    out->scope = FEED_SELF_AND_BELOW;
    out->expression_len = out->literal_len = 0;
    if (text.len > 2 && text.at[0] == '/' && text.at[text.len - 1] == '/') {
        parse_expression(text, out);
        return;
    }
    cut_anchors(text, &glob);
    out->refusal = check_body(&glob);
    if (out->refusal != REFUSED_NONE)
        return;
    if (glob.body.len == 0) {
        out->refusal = glob.end ? REFUSED_EMPTY_LABEL : REFUSED_PATTERN;
        return;
    }
    out->name = glob.body;
    bool below =
        !glob.start && glob.end && (span_starts(glob.body, "*.") || (!glob.label_start && span_starts(glob.body, ".")));
    if (below && glob.stars == (glob.body.at[0] == '*')) {
        out->scope = FEED_BELOW;
        out->name = span_skip(glob.body, glob.body.at[0] == '*' ? 2 : 1);
    } else if (glob.stars == 0 && glob.end && glob.start) {
        out->scope = FEED_SELF;
    } else if (glob.stars > 0 || !glob.end || !glob.label_start) {
        make_expression(&glob, out);
    }
}
