#include "feed/intake.h"

void intake_init(struct intake *in, const struct intake_opts *opts, const struct guard *guard, const char *file,
                 struct feed_stats *stats, feed_sink sink, void *sink_ctx)
{
    in->opts = *opts;
    in->guard = guard;
    in->sink = sink;
    in->sink_ctx = sink_ctx;
    in->stats = stats;
    in->file = file;
    in->line = 0;
    in->categories = opts->categories;
}

int intake_refuse(struct intake *in, enum refusal refusal, struct span text)
{
    feed_stats_refuse(in->stats, refusal, in->file, in->line, text);
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
    /* An exception can do a protected name no harm, but one for a whole suffix would switch the feed off. */
    if (in->guard == NULL)
        return REFUSED_NONE;
    refusal = guard_check(in->guard, &in->name, covers_below, in->opts.public_suffixes);
    return refusal == REFUSED_PROTECTED_HELP && action == FEED_ALLOW ? REFUSED_NONE : refusal;
}

int intake_rule(struct intake *in, struct span name, enum feed_action action, enum feed_scope scope, bool important)
{
    enum refusal refusal = check(in, name, action, scope);
    if (refusal != REFUSED_NONE)
        return intake_refuse(in, refusal, name);
    struct feed_rule rule = {&in->name, in->categories, action, scope, important};
    int err = in->sink(in->sink_ctx, &rule);
    if (err < 0)
        return err;
    if (action == FEED_BLOCK)
        in->stats->blocks++;
    else
        in->stats->allows++;
    return 1;
}

void intake_comment(struct intake *in, struct span comment)
{
    static const char mark[] = "Number of entries:";
    const uint8_t *at = memmem(comment.at, comment.len, mark, sizeof mark - 1);
    uint64_t number = 0;
    if (at == NULL)
        return;
    at += sizeof mark - 1;
    for (; at < comment.at + comment.len && (*at == ' ' || *at == ',' || (*at >= '0' && *at <= '9')); at++) {
        if (*at >= '0' && number < UINT64_C(1) << 40)
            number = number * 10 + (*at - '0');
    }
    in->stats->declared = number;
}

int intake_each_line(struct intake *in, struct span text, intake_line on_line)
{
    if (span_starts(text, "\xef\xbb\xbf"))
        text = span_skip(text, 3);
    for (in->line = 1; text.len > 0; in->line++) {
        struct span line = span_trim(span_cut(&text, '\n'));
        in->stats->lines++;
        if (in->opts.lines_max != 0 && in->stats->lines > in->opts.lines_max)
            return ERR_LIMIT;
        int err = line.len == 0 ? 0 : on_line(in, line);
        if (err < 0)
            return err;
    }
    return 0;
}
