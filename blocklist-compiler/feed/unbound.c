/*
 * unbound.conf lines as lists use them.
 *
 *   local-zone: "d" refuse|static|redirect|deny|inform_deny|always_...   d and below
 *   local-zone: "d" always_transparent|transparent|...                   blocks nothing: refused as a directive
 *   local-data: "d A address"                                            exactly d
 */
#include "feed/format.h"

static bool blocks(struct span type)
{
    static const char *const types[] = {"refuse",        "static",          "redirect",      "deny",
                                        "inform_deny",   "inform_redirect", "always_refuse", "always_nxdomain",
                                        "always_nodata", "always_deny",     "always_null"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (span_equals(type, types[i]))
            return true;
    }
    return false;
}

/* Cuts a word, in quotes or not, off *rest. */
static struct span quoted_word(struct span *rest)
{
    struct span s = span_trim(*rest);
    uint8_t quote = s.len > 0 ? s.at[0] : 0;
    if (quote != '"' && quote != '\'') {
        *rest = s;
        return span_word(rest);
    }
    *rest = span_skip(s, 1);
    return span_cut(rest, quote);
}

static int zone(struct intake *in, struct span line, struct span value)
{
    struct span name = quoted_word(&value);
    if (!blocks(quoted_word(&value)))
        return intake_refuse(in, REFUSED_DIRECTIVE, line);
    int err = intake_rule(in, name, FEED_BLOCK, FEED_SELF_AND_BELOW, false);
    return err < 0 ? err : 0;
}

static int data(struct intake *in, struct span line, struct span value)
{
    struct span record = quoted_word(&value);
    struct span name = span_word(&record);
    struct span last = name, word, type = {NULL, 0};
    for (word = span_word(&record); word.len > 0; word = span_word(&record)) {
        type = last;
        last = word;
    }
    if (!(span_equals(type, "A") || span_equals(type, "AAAA")) || !normalise_is_address(last))
        return intake_refuse(in, REFUSED_DIRECTIVE, line);
    int err = intake_rule(in, name, FEED_BLOCK, FEED_SELF, false);
    return err < 0 ? err : 0;
}

static int unbound_line(struct intake *in, struct span line)
{
    struct span text = span_trim((struct span){line.at, span_find(line, '#')});
    struct span value = text;
    if (text.len < line.len)
        intake_comment(in, span_skip(line, span_find(line, '#')));
    if (text.len == 0 || span_equals(text, "server:"))
        return 0;
    struct span key = span_trim(span_cut(&value, ':'));
    if (span_equals(key, "local-zone"))
        return zone(in, text, value);
    if (span_equals(key, "local-data"))
        return data(in, text, value);
    return intake_refuse(in, REFUSED_DIRECTIVE, text);
}

int unbound_parse(struct intake *in, struct span text)
{
    return intake_each_line(in, text, unbound_line);
}
