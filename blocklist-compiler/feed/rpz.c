/*
 * Response policy zones in master file form (RFC 1035, 5; draft-vixie-dnsop-dns-rpz-00).
 *
 *   d      one name            CNAME .               no such name
 *   *.d    all below d         CNAME *.              no such record
 *   32.1.2.0.192.rpz-ip        CNAME rpz-passthru.   an exception; CNAME to itself is the old form
 *          answers with 192.0.2.1                    CNAME rpz-drop.   no answer       CNAME rpz-tcp-only.   truncated
 *   ....rpz-client-ip  clients
 *                              A, AAAA, MX, PTR, SRV, TXT, CNAME target  answered with these
 *                              CNAME *.garden.      the alias is the name that was asked, below garden
 *
 * Of the rules of one zone only those on the most specific name count (BLOCKDB_CLAUSE_ZONE).
 * An owner is relative to the zone's apex, or absolute and inside of it. The apex is the owner of the SOA record, the
 * recipe's `zone`, or the first $ORIGIN; where nothing says it, relative owners still mean what they say.
 * Triggers on name servers can't be seen by a forwarder: they are counted.
 */
#include "feed/format.h"

#include <stdlib.h>
#include <strings.h>

#include "feed/zone_record.h"

#define TTL_S       300 /* where neither record nor $TTL say it */
#define PREFIX_PART 9   /* labels of an address: the length and eight words */

struct zone {
    struct intake *in;
    struct zone_origin apex, origin;
    struct span owner; /* of the last record that named one */
    uint32_t ttl_s;    /* $TTL */
    bool in_soa;       /* inside the parentheses of a SOA record */
};

static bool same_text(struct span a, const char *text, size_t len)
{
    return a.len == len && len > 0 && strncasecmp((const char *)a.at, text, len) == 0;
}

static bool is_type(struct span word, const char *type)
{
    return same_text(word, type, strlen(type));
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
    if (zone_origin_is_absolute(owner)) {
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

/* ---- triggers ---- */

static struct span last_label(struct span name)
{
    size_t at = name.len;
    while (at > 0 && name.at[at - 1] != '.')
        at--;
    return span_skip(name, at);
}

static bool is_number(struct span word, unsigned base, unsigned max, unsigned *out)
{
    unsigned value = 0;
    if (word.len == 0 || word.len > 4)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        const char *digit = memchr("0123456789abcdef", word.at[i] | 0x20, base);
        if (digit == NULL)
            return false;
        value = value * base + (unsigned)(digit - "0123456789abcdef");
    }
    *out = value;
    return value <= max;
}

static bool is_masked(const struct prefix *p)
{
    for (unsigned bit = p->bits; bit < 128; bit++)
        if (p->addr.bytes[bit / 8] & (0x80u >> (bit % 8)))
            return false;
    return true;
}

static bool prefix_v4(const struct span labels[], struct prefix *out)
{
    uint8_t v4[4];
    unsigned bits, octet;
    if (!is_number(labels[0], 10, 32, &bits) || bits == 0)
        return false;
    for (unsigned i = 0; i < 4; i++) {
        if (!is_number(labels[4 - i], 10, 255, &octet))
            return false;
        v4[i] = (uint8_t)octet;
    }
    *out = (struct prefix){ipaddr_from_v4(v4), (uint8_t)(96 + bits)};
    return true;
}

/* Words from the right; "zz" stands for as many zero ones as are missing. */
static bool prefix_v6(const struct span labels[], size_t count, struct prefix *out)
{
    unsigned bits, word;
    size_t at = 0;
    bool filled = false;
    *out = (struct prefix){.bits = 0};
    if (!is_number(labels[0], 10, 128, &bits) || bits == 0)
        return false;
    for (size_t i = count; i-- > 1;) {
        if (same_text(labels[i], "zz", 2) && !filled && count <= PREFIX_PART) {
            filled = true;
            at += PREFIX_PART - count + 1;
            continue;
        }
        if (at >= 8 || !is_number(labels[i], 16, 0xffff, &word))
            return false;
        out->addr.bytes[2 * at] = (uint8_t)(word >> 8);
        out->addr.bytes[2 * at + 1] = (uint8_t)word;
        at++;
    }
    out->bits = (uint8_t)bits;
    return at == 8;
}

/* "24.0.2.0.192" is 192.0.2.0/24, "48.zz.8.db8.2001" is 2001:db8:8::/48. */
static bool prefix_parse(struct span text, struct prefix *out)
{
    struct span labels[PREFIX_PART];
    size_t count = 0;
    while (text.len > 0) {
        if (count == PREFIX_PART)
            return false;
        labels[count++] = span_cut(&text, '.');
    }
    if (count < 3)
        return false;
    return ((count == 5 && prefix_v4(labels, out)) || prefix_v6(labels, count, out)) && is_masked(out);
}

static int trigger_rule(struct zone *zone, struct span line, struct span trigger, struct feed_clause *clause)
{
    struct prefix prefix;
    struct span last = last_label(trigger);
    enum feed_scope scope = FEED_SELF;
    clause->head.flags |= BLOCKDB_CLAUSE_ZONE;
    bool client = is_type(last, "rpz-client-ip");
    if (client && clause->head.kind == BLOCKDB_CLAUSE_ALLOW)
        return intake_refuse(zone->in, REFUSED_RPZ_ACTION, line); /* would switch the policy off for a client */
    if (client || is_type(last, "rpz-ip")) {
        struct span address = {trigger.at, trigger.len > last.len ? trigger.len - last.len - 1 : 0};
        return prefix_parse(address, &prefix)
                   ? intake_address(zone->in, &prefix, client ? BLOCKDB_ADDRESS_CLIENT : BLOCKDB_ADDRESS_ANSWER, clause,
                                    line)
                   : intake_refuse(zone->in, REFUSED_SYNTAX, line);
    }
    if (last.len > 4 && strncasecmp((const char *)last.at, "rpz-", 4) == 0)
        return intake_refuse(zone->in, REFUSED_RPZ_TRIGGER, line);
    if (span_starts(trigger, "*.")) {
        trigger = span_skip(trigger, 2);
        scope = FEED_BELOW;
    }
    return intake_clause(zone->in, trigger, scope, clause, trigger);
}

/* ---- actions ---- */

static bool set_alias(const struct zone *zone, struct span target, struct span trigger, uint32_t ttl_s,
                      struct feed_clause *out)
{
    static const struct {
        const char *target;
        enum blockdb_clause_kind kind;
    } rows[] = {{".", BLOCKDB_CLAUSE_NXDOMAIN},
                {"*.", BLOCKDB_CLAUSE_NODATA},
                {"rpz-passthru.", BLOCKDB_CLAUSE_ALLOW},
                {"rpz-drop.", BLOCKDB_CLAUSE_DROP},
                {"rpz-tcp-only.", BLOCKDB_CLAUSE_TCP}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (is_type(target, rows[i].target)) {
            out->head.kind = (uint8_t)rows[i].kind;
            return true;
        }
    }
    if (zone_origin_is_absolute(target) && same_text(trigger, (const char *)target.at, target.len - 1)) {
        out->head.kind = BLOCKDB_CLAUSE_ALLOW;
        return true;
    }
    struct span last = last_label((struct span){target.at, target.len - zone_origin_is_absolute(target)});
    bool wild = span_starts(target, "*") && !(span_starts(target, "*.") && target.len > 2);
    if (wild || (last.len > 4 && strncasecmp((const char *)last.at, "rpz-", 4) == 0))
        return false;
    return zone_record_parse(span_of("CNAME"), target, &zone->origin, ttl_s, out);
}

/* false: an action or a record that we don't know. */
static bool set_action(const struct zone *zone, struct span trigger, struct span type, struct span rdata,
                       uint32_t ttl_s, struct feed_clause *out)
{
    clause_init(out, BLOCKDB_CLAUSE_RECORD);
    if (is_type(type, "CNAME"))
        return set_alias(zone, span_word(&rdata), trigger, ttl_s, out);
    return zone_record_parse(type, rdata, &zone->origin, ttl_s, out);
}

static int record(struct zone *zone, struct span line, struct span type, struct span rdata, uint32_t ttl_s)
{
    char room[ORIGIN_MAX * 2 + 2];
    struct span trigger;
    struct feed_clause *clause = &zone->in->scratch;
    enum refusal refusal = find_trigger(zone, zone->owner, room, &trigger);
    if (refusal != REFUSED_NONE)
        return intake_refuse(zone->in, refusal, line);
    if (trigger.len == 0) /* the apex: NS, TXT and the like describe the zone and block nothing */
        return is_type(type, "CNAME") ? intake_refuse(zone->in, REFUSED_RPZ_ACTION, line) : 0;
    if (!set_action(zone, trigger, type, rdata, ttl_s, clause))
        return intake_refuse(zone->in, REFUSED_RPZ_ACTION, line);
    int accepted = trigger_rule(zone, line, trigger, clause);
    return accepted < 0 ? accepted : 0;
}

/* The owner of the SOA is the apex, whatever came before. */
static int soa(struct zone *zone, struct span line)
{
    if (!span_equals(zone->owner, "@") && !zone_origin_set(&zone->apex, zone->owner, &zone->origin))
        return intake_refuse(zone->in, REFUSED_NAME_LENGTH, line);
    if (span_equals(zone->owner, "@"))
        zone->apex = zone->origin;
    if (!zone->origin.known)
        zone->origin = zone->apex;
    zone->in_soa = span_find(line, '(') < line.len && span_find(line, ')') == line.len;
    return 0;
}

/* Plain seconds; a TTL in other units keeps what was said before. */
static void ttl_of(struct span word, uint32_t *out)
{
    uint32_t ttl_s = 0;
    for (size_t i = 0; i < word.len; i++) {
        if (word.at[i] < '0' || word.at[i] > '9' || i == 6)
            return;
        ttl_s = ttl_s * 10 + (word.at[i] - '0');
    }
    if (word.len > 0)
        *out = ttl_s;
}

static int directive(struct zone *zone, struct span line)
{
    struct span rest = line;
    struct span word = span_word(&rest);
    if (is_type(word, "$TTL")) {
        ttl_of(span_word(&rest), &zone->ttl_s);
        return 0;
    }
    if (!is_type(word, "$ORIGIN"))
        return intake_refuse(zone->in, REFUSED_DIRECTIVE, line);
    if (!zone_origin_set(&zone->origin, span_word(&rest), &zone->origin))
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
    uint32_t ttl_s = zone->ttl_s;
    struct span type = span_word(&rest);
    for (; is_ttl_or_class(type); type = span_word(&rest))
        ttl_of(type, &ttl_s);
    if (type.len == 0)
        return intake_refuse(zone->in, REFUSED_SYNTAX, line);
    return is_type(type, "SOA") ? soa(zone, line) : record(zone, line, type, rest, ttl_s);
}

static bool zone_init(struct zone *zone, struct intake *in)
{
    *zone = (struct zone){.in = in, .ttl_s = TTL_S};
    if (in->opts.zone == NULL)
        return true;
    bool fits = zone_origin_set(&zone->origin, span_of(in->opts.zone), &zone->origin);
    zone->apex = zone->origin;
    return fits;
}

/* The first ";" that does not stand in quotes. */
static size_t find_comment(struct span line)
{
    bool quoted = false;
    for (size_t i = 0; i < line.len; i++) {
        if (line.at[i] == '\\')
            i++; /* what is escaped neither quotes nor comments */
        else if (line.at[i] == ';' && !quoted)
            return i;
        else
            quoted ^= line.at[i] == '"';
    }
    return line.len;
}

int rpz_parse(struct intake *in, struct span text)
{
    struct zone zone;
    if (!zone_init(&zone, in))
        return ERR_INVAL;
    for (in->line = 1; text.len > 0; in->line++) {
        struct span line = span_without_mark(span_cut(&text, '\n'));
        in->stats->lines++;
        if (in->opts.lines_max != 0 && in->stats->lines > in->opts.lines_max)
            return ERR_LIMIT;
        in->text = span_trim(line);
        line.len = find_comment(line);
        int err = zone_line(&zone, line);
        if (err < 0)
            return err;
    }
    return zone.in_soa ? intake_refuse(in, REFUSED_SYNTAX, span_of("(")) : 0;
}
