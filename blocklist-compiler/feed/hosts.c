/*
 * hosts files: "address name [name...]", "#" to the end of the line (hosts(5)). Each name means itself alone. The
 * address says nothing about whether to block: lists use 0.0.0.0, 127.0.0.1, ::, ::1 and addresses of block pages.
 */
#include "feed/format.h"

static int names(struct intake *in, struct span rest)
{
    unsigned count = 0;
    for (struct span word = span_word(&rest); word.len > 0; word = span_word(&rest), count++) {
        /* "0.0.0.0 0.0.0.0" stands in many lists as a name of the machine itself */
        int err = span_equals(word, "0.0.0.0") ? intake_refuse(in, REFUSED_LOCAL_NAME, word)
                                               : intake_rule(in, word, FEED_BLOCK, FEED_SELF, false);
        if (err < 0)
            return err;
    }
    return 0;
}

/* fe80::1%lo0 stands in every macOS hosts file. */
static bool is_address(struct span word)
{
    return normalise_is_address((struct span){word.at, span_find(word, '%')});
}

static int hosts_line(struct intake *in, struct span line)
{
    struct span comment = span_skip(line, span_find(line, '#'));
    struct span rest = {line.at, line.len - comment.len};
    struct span text = span_trim(rest);
    if (comment.len > 0)
        intake_comment(in, comment);
    struct span address = span_word(&rest);
    if (address.len == 0 || text.at[0] == '!' || text.at[0] == ';')
        return 0;
    if (!is_address(address))
        return intake_refuse(in, REFUSED_SYNTAX, text);
    if (span_trim(rest).len == 0)
        return intake_refuse(in, REFUSED_NO_NAME, text);
    return names(in, rest);
}

int hosts_parse(struct intake *in, struct span text)
{
    return intake_each_line(in, text, hosts_line);
}
