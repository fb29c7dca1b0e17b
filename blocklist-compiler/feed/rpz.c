/*
 * Response policy zones in master file form (RFC 1035, 5; draft-vixie-dnsop-dns-rpz-00).
 *
 *   d    CNAME .              block d alone            d    CNAME rpz-passthru.   exception for d alone
 *   *.d  CNAME *.             block below d alone      d    CNAME d.              the same, old form
 *   d    A address            block d alone (local data: a block page)
 *
 * An owner is relative to the zone's apex, or absolute and inside of it. The apex is the owner of the SOA record, the
 * recipe's `zone`, or the first $ORIGIN; where nothing says it, relative owners still mean what they say.
 * Triggers on addresses and name servers can't be seen by a forwarder, other actions (drop, rewriting to another name)
 * are not blocking: both are counted.
 */
#include "feed/format.h"

#include <strings.h>

#define ORIGIN_MAX 255

struct origin {
    char text[ORIGIN_MAX + 1]; /* absolute, without the closing dot */
    size_t len;
    bool known;
};

struct zone {
    struct intake *in;
    struct origin apex, origin;
    struct span owner;    /* of the last record that named one */
    struct span accepted; /* the owner of the last blocking rule, if accepted: A and AAAA of one name are one rule */
    bool in_soa;          /* inside the parentheses of a SOA record */
};

static bool same_text(struct span a, const char *text, size_t len)
{
    return a.len == len && len > 0 && strncasecmp((const char *)a.at, text, len) == 0;
}

static bool is_type(struct span word, const char *type)
{
    return same_text(word, type, strlen(type));
}

static bool is_absolute(struct span name)
{
    return name.len > 0 && name.at[name.len - 1] == '.';
}

/* False when the name does not fit. */
static bool origin_set(struct origin *origin, struct span name, const struct origin *base)
{
    struct origin made = {.known = true};
    bool relative = !is_absolute(name);
    name.len -= is_absolute(name);
    if (name.len + 1 + base->len > ORIGIN_MAX)
        return false;
    memcpy(made.text, name.at, name.len);
    made.len = name.len;
    if (relative && base->len > 0) {
        made.text[made.len++] = '.';
        memcpy(made.text + made.len, base->text, base->len);
        made.len += base->len;
    }
    *origin = made;
    return true;
}

/* Cuts what lies below the apex off name; false when name is not below it. The apex itself gives an empty one. */
static bool cut_apex(const struct zone *zone, struct span *name)
{
    size_t apex_len = zone->apex.len;
    if (apex_len == 0)
        return zone->apex.known;
    if (name->len < apex_len)
        return false;
    size_t rest = name->len - apex_len;
    if (!same_text(span_skip(*name, rest), zone->apex.text, apex_len) || (rest > 0 && name->at[rest - 1] != '.'))
        return false;
    name->len = rest > 0 ? rest - 1 : 0;
    return true;
}

/*
 * The trigger an owner stands for, in room where it has to be put together. REFUSED_NONE with an empty trigger is the
 * apex.
 */
static enum refusal find_trigger(const struct zone *zone, struct span owner, char room[ORIGIN_MAX * 2 + 2],
                                 struct span *out)
{
    struct span below = {(const uint8_t *)zone->origin.text, zone->origin.len};
    if (span_equals(owner, "@"))
        owner.len = 0;
    if (is_absolute(owner)) {
        owner.len--;
        *out = owner;
        return cut_apex(zone, out) ? REFUSED_NONE : REFUSED_OUT_OF_ZONE;
    }
    if (zone->origin.known && !cut_apex(zone, &below))
        return REFUSED_OUT_OF_ZONE;
    if (below.len == 0) {
        *out = owner;
        return REFUSED_NONE;
    }
    if (owner.len == 0) {
        *out = below;
        return REFUSED_NONE;
    }
    if (owner.len > ORIGIN_MAX)
        return REFUSED_NAME_LENGTH;
    memcpy(room, owner.at, owner.len);
    room[owner.len] = '.';
    memcpy(room + owner.len + 1, below.at, below.len);
    *out = (struct span){(const uint8_t *)room, owner.len + 1 + below.len};
    return REFUSED_NONE;
}

static bool is_other_trigger(struct span trigger)
{
    size_t at = trigger.len;
    while (at > 0 && trigger.at[at - 1] != '.')
        at--;
    struct span last = span_skip(trigger, at);
    return last.len > 4 && strncasecmp((const char *)last.at, "rpz-", 4) == 0;
}

/* What a CNAME asks for; false when it is neither blocking nor passing. */
static bool cname_action(struct span target, struct span trigger, enum feed_action *out)
{
    if (span_equals(target, ".") || span_equals(target, "*.")) {
        *out = FEED_BLOCK;
        return true;
    }
    if (is_type(target, "rpz-passthru.") ||
        (is_absolute(target) && same_text(trigger, (const char *)target.at, target.len - 1))) {
        *out = FEED_ALLOW;
        return true;
    }
    return false;
}

static int trigger_rule(struct zone *zone, struct span line, struct span trigger, enum feed_action action)
{
    enum feed_scope scope = FEED_SELF;
    if (is_other_trigger(trigger))
        return intake_refuse(zone->in, REFUSED_RPZ_TRIGGER, line);
    if (action == FEED_BLOCK && same_text(zone->owner, (const char *)zone->accepted.at, zone->accepted.len))
        return 0;
    if (span_starts(trigger, "*.")) {
        trigger = span_skip(trigger, 2);
        scope = FEED_BELOW;
    }
    int accepted = intake_rule(zone->in, trigger, action, scope, false);
    if (accepted == 1 && action == FEED_BLOCK)
        zone->accepted = zone->owner;
    return accepted < 0 ? accepted : 0;
}

static int record(struct zone *zone, struct span line, struct span type, struct span rdata)
{
    char room[ORIGIN_MAX * 2 + 2];
    struct span trigger;
    enum feed_action action = FEED_BLOCK;
    enum refusal refusal = find_trigger(zone, zone->owner, room, &trigger);
    if (refusal != REFUSED_NONE)
        return intake_refuse(zone->in, refusal, line);
    if (trigger.len == 0) /* the apex: NS, TXT and the like describe the zone and block nothing */
        return is_type(type, "CNAME") ? intake_refuse(zone->in, REFUSED_RPZ_ACTION, line) : 0;
    if (is_other_trigger(trigger))
        return intake_refuse(zone->in, REFUSED_RPZ_TRIGGER, line);
    bool known = is_type(type, "A") || is_type(type, "AAAA");
    if (is_type(type, "CNAME"))
        known = cname_action(span_word(&rdata), trigger, &action);
    return known ? trigger_rule(zone, line, trigger, action) : intake_refuse(zone->in, REFUSED_RPZ_ACTION, line);
}

/* The owner of the SOA is the apex, whatever came before. */
static int soa(struct zone *zone, struct span line)
{
    if (!span_equals(zone->owner, "@") && !origin_set(&zone->apex, zone->owner, &zone->origin))
        return intake_refuse(zone->in, REFUSED_NAME_LENGTH, line);
    if (span_equals(zone->owner, "@"))
        zone->apex = zone->origin;
    if (!zone->origin.known)
        zone->origin = zone->apex;
    zone->in_soa = span_find(line, '(') < line.len && span_find(line, ')') == line.len;
    return 0;
}

static int directive(struct zone *zone, struct span line)
{
    struct span rest = line;
    struct span word = span_word(&rest);
    if (is_type(word, "$TTL"))
        return 0;
    if (!is_type(word, "$ORIGIN"))
        return intake_refuse(zone->in, REFUSED_DIRECTIVE, line);
    zone->accepted.len = 0;
    if (!origin_set(&zone->origin, span_word(&rest), &zone->origin))
        return intake_refuse(zone->in, REFUSED_NAME_LENGTH, line);
    if (!zone->apex.known)
        zone->apex = zone->origin;
    return 0;
}

/* A TTL ("300", "1h30m") or a class may stand before the type, in either order (RFC 1035, 5.1). */
static bool is_ttl_or_class(struct span word)
{
    return (word.len > 0 && word.at[0] >= '0' && word.at[0] <= '9') || is_type(word, "IN") || is_type(word, "CH") ||
           is_type(word, "HS");
}

static int soa_rest(struct zone *zone, struct span line)
{
    for (size_t i = 0; i < line.len; i++) {
        bool number = (line.at[i] >= '0' && line.at[i] <= '9') || strchr("smhdwSMHDW()", line.at[i]) != NULL;
        if (!number && !span_is_blank(line.at[i])) {
            zone->in_soa = false; /* never closed: better to read on than to lose the rest of the feed */
            return intake_refuse(zone->in, REFUSED_SYNTAX, line);
        }
    }
    zone->in_soa = span_find(line, ')') == line.len;
    return 0;
}

/* raw: one line without LF and comment, with its leading blanks: they mean "the owner as before". */
static int zone_line(struct zone *zone, struct span raw)
{
    struct span line = span_trim(raw);
    struct span rest = raw;
    if (line.len == 0)
        return 0;
    if (zone->in_soa)
        return soa_rest(zone, line);
    if (raw.at[0] == '$')
        return directive(zone, line);
    if (!span_is_blank(raw.at[0]))
        zone->owner = span_word(&rest);
    if (zone->owner.at == NULL)
        return intake_refuse(zone->in, REFUSED_SYNTAX, line);
    struct span type = span_word(&rest);
    while (is_ttl_or_class(type))
        type = span_word(&rest);
    if (type.len == 0)
        return intake_refuse(zone->in, REFUSED_SYNTAX, line);
    return is_type(type, "SOA") ? soa(zone, line) : record(zone, line, type, rest);
}

static bool zone_init(struct zone *zone, struct intake *in)
{
    *zone = (struct zone){.in = in};
    if (in->opts.zone == NULL)
        return true;
    bool fits = origin_set(&zone->origin, span_of(in->opts.zone), &zone->origin);
    zone->apex = zone->origin;
    return fits;
}

int rpz_parse(struct intake *in, struct span text)
{
    struct zone zone;
    if (!zone_init(&zone, in))
        return ERR_INVAL;
    if (span_starts(text, "\xef\xbb\xbf"))
        text = span_skip(text, 3);
    for (in->line = 1; text.len > 0; in->line++) {
        struct span line = span_cut(&text, '\n');
        in->stats->lines++;
        if (in->opts.lines_max != 0 && in->stats->lines > in->opts.lines_max)
            return ERR_LIMIT;
        line.len = span_find(line, ';'); /* no record we keep has quoted text */
        int err = zone_line(&zone, line);
        if (err < 0)
            return err;
    }
    return zone.in_soa ? intake_refuse(in, REFUSED_SYNTAX, span_of("(")) : 0;
}
