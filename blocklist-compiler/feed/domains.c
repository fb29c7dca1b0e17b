/*
 * Plain domains: one name a line, "#", ";" or "!" comments. Whether a name stands for those below it is the recipe's
 * word, since lists of both kinds look alike; "*.d" (below d only) and ".d" (d and below) say it themselves.
 */
#include "feed/format.h"

static int domains_line(struct intake *in, struct span line)
{
    enum feed_scope scope = in->opts.subdomains ? FEED_SELF_AND_BELOW : FEED_SELF;
    struct span name = {line.at, span_find(line, '#')};
    if (name.len < line.len)
        intake_comment(in, span_skip(line, name.len));
    name = span_trim(name);
    if (name.len == 0 || name.at[0] == '!' || name.at[0] == ';') {
        intake_comment(in, name);
        return 0;
    }
    struct span rest = name;
    if (span_word(&rest).len < name.len)
        return intake_refuse(in, REFUSED_SYNTAX, name);
    if (span_starts(name, "*.")) {
        name = span_skip(name, 2);
        scope = FEED_BELOW;
    } else if (name.at[0] == '.' && name.len > 1) {
        name = span_skip(name, 1);
        scope = FEED_SELF_AND_BELOW;
    }
    int err = intake_rule(in, name, FEED_BLOCK, scope, false);
    return err < 0 ? err : 0;
}

int domains_parse(struct intake *in, struct span text)
{
    return intake_each_line(in, text, domains_line);
}
