/*
 * dnsmasq configuration lines as lists use them: address=/d/[d/...][address|#], local=/d/, server=/d/. Each d means d
 * and below. server=/d/address sends questions elsewhere and blocks nothing.
 */
#include "feed/format.h"

static int names(struct intake *in, struct span line, struct span value, bool is_server)
{
    struct span target = value, rest = value;
    if (value.len < 2 || value.at[0] != '/' || memrchr(value.at + 1, '/', value.len - 1) == NULL)
        return intake_refuse(in, REFUSED_SYNTAX, line);
    while (span_find(target, '/') < target.len)
        target = span_skip(target, span_find(target, '/') + 1);
    if (is_server && target.len > 0)
        return intake_refuse(in, REFUSED_DIRECTIVE, line);
    rest = (struct span){value.at + 1, value.len - 1 - target.len};
    while (rest.len > 0) {
        struct span name = span_cut(&rest, '/');
        enum feed_scope scope = FEED_SELF_AND_BELOW;
        while (name.len > 1 && name.at[0] == '.') /* dnsmasq passes over dots in front */
            name = span_skip(name, 1);
        if (span_starts(name, "*.")) {
            name = span_skip(name, 2);
            scope = FEED_BELOW;
        }
        int err = intake_rule(in, name, FEED_BLOCK, scope, false);
        if (err < 0)
            return err;
    }
    return 0;
}

static int dnsmasq_line(struct intake *in, struct span line)
{
    struct span value = {line.at, span_find(line, '#')};
    /* "#" is also a value of address=: a comment has a blank before it or begins the line */
    while (value.len > 0 && value.len < line.len && !span_is_blank(line.at[value.len - 1]))
        value.len += 1 + span_find(span_skip(line, value.len + 1), '#');
    if (value.len < line.len)
        intake_comment(in, span_skip(line, value.len));
    value = span_trim(value);
    if (value.len == 0)
        return 0;
    struct span text = value;
    struct span key = span_trim(span_cut(&value, '='));
    value = span_trim(value);
    if (span_equals(key, "address") || span_equals(key, "local"))
        return names(in, text, value, false);
    if (span_equals(key, "server"))
        return names(in, text, value, true);
    return intake_refuse(in, REFUSED_DIRECTIVE, text);
}

int dnsmasq_parse(struct intake *in, struct span text)
{
    return intake_each_line(in, text, dnsmasq_line);
}
