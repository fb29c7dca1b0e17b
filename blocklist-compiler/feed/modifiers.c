#include "feed/modifiers.h"

#include "base/ipaddr.h"
#include "dns/name.h"
#include "dns/rr.h"
#include "feed/normalise.h"

#define REWRITE_TTL_S 10
#define TYPES_MAX     64
#define TEXT_MAX      255

/* What stands behind "name=", which must not be empty. */
static bool takes(struct span word, const char *name, bool *out_is, struct span *out)
{
    if (!span_starts(word, name))
        return false;
    *out = span_skip(word, strlen(name));
    if (*out_is || out->len < 2 || out->at[0] != '=')
        return false;
    *out = span_skip(*out, 1);
    *out_is = true;
    return true;
}

static bool modifier(struct span word, struct modifiers *m)
{
    if (span_equals(word, "important"))
        return m->important = true;
    if (span_equals(word, "badfilter"))
        return m->badfilter = true;
    if (span_equals(word, "dnsrewrite") && !m->rewrite)
        return m->rewrite = true;
    return takes(word, "denyallow", &m->denyallow, &m->denied) || takes(word, "dnstype", &m->dnstype, &m->types) ||
           takes(word, "dnsrewrite", &m->rewrite, &m->answer);
}

enum refusal modifiers_parse(struct span text, struct modifiers *out)
{
    *out = (struct modifiers){.important = false};
    if (text.len > 0 && text.at[text.len - 1] == ',')
        return REFUSED_MODIFIER;
    do {
        if (!modifier(span_cut(&text, ','), out))
            return REFUSED_MODIFIER;
    } while (text.len > 0);
    return REFUSED_NONE;
}

/* ---- $dnstype ---- */

static int type_of(struct span word)
{
    char text[DNS_TYPE_TEXT_MAX];
    if (word.len == 0 || word.len >= sizeof text)
        return -1;
    memcpy(text, word.at, word.len);
    text[word.len] = '\0';
    return dns_type_from_text(text);
}

/* Where a list names types both ways, those left out say nothing more. */
static enum refusal add_types(struct span list, struct feed_clause *out)
{
    struct span rest = list;
    bool some_in = false;
    while (rest.len > 0) {
        struct span word = span_cut(&rest, '|');
        some_in |= word.len > 0 && word.at[0] != '~';
    }
    for (rest = list; rest.len > 0;) {
        struct span word = span_cut(&rest, '|');
        bool left_out = word.len > 0 && word.at[0] == '~';
        int type = type_of(left_out ? span_skip(word, 1) : word);
        if (type < 0 || out->head.type_count == TYPES_MAX)
            return REFUSED_MODIFIER;
        if (left_out == some_in)
            continue;
        if (!clause_add_type(out, (uint16_t)type))
            return REFUSED_MODIFIER;
    }
    if (!some_in)
        out->head.flags |= BLOCKDB_CLAUSE_OTHER;
    return REFUSED_NONE;
}

enum refusal modifiers_begin(const struct modifiers *m, bool exception, struct feed_clause *out)
{
    clause_init(out, exception ? BLOCKDB_CLAUSE_ALLOW : BLOCKDB_CLAUSE_BLOCK);
    if (m->important)
        out->head.flags |= BLOCKDB_CLAUSE_IMPORTANT;
    return m->dnstype ? add_types(m->types, out) : REFUSED_NONE;
}

/* ---- $denyallow ---- */

static enum refusal add_denied(struct span list, struct feed_clause *out)
{
    while (list.len > 0) {
        struct listed_name name;
        if (normalise_name(span_cut(&list, '|'), &name) != REFUSED_NONE || !clause_add_name(out, &name.key))
            return REFUSED_MODIFIER;
    }
    return REFUSED_NONE;
}

/* ---- $dnsrewrite ---- */

static bool set_record(struct feed_clause *out, uint16_t type, const uint8_t *rdata, size_t len)
{
    if (out->head.kind == BLOCKDB_CLAUSE_BLOCK)
        out->head.kind = BLOCKDB_CLAUSE_RECORD;
    return clause_set_data(out, type, REWRITE_TTL_S, rdata, len);
}

static bool set_address(struct feed_clause *out, int type, struct span value)
{
    struct ipaddr addr;
    char text[IPADDR_TEXT_MAX];
    if (value.len == 0 || value.len >= sizeof text)
        return false;
    memcpy(text, value.at, value.len);
    text[value.len] = '\0';
    if (ipaddr_from_text(text, &addr) < 0 || (type >= 0 && (type == DNS_TYPE_A) != ipaddr_is_v4(&addr)))
        return false;
    return ipaddr_is_v4(&addr) ? set_record(out, DNS_TYPE_A, ipaddr_v4(&addr), 4)
                               : set_record(out, DNS_TYPE_AAAA, addr.bytes, 16);
}

static bool set_name(struct feed_clause *out, uint16_t type, struct span value)
{
    struct listed_name name;
    uint8_t wire[NAME_MAX_LEN];
    /* one label is a code that we don't know, not a name */
    if (normalise_name(value, &name) != REFUSED_NONE || name.key.labels < 2)
        return false;
    int len = name_from_text(name.text, name.text_len, wire);
    return len > 0 && set_record(out, type, wire, (size_t)len);
}

static bool set_text(struct feed_clause *out, struct span value)
{
    uint8_t rdata[TEXT_MAX + 1];
    if (value.len > TEXT_MAX)
        return false;
    rdata[0] = (uint8_t)value.len;
    memcpy(rdata + 1, value.at, value.len);
    return set_record(out, DNS_TYPE_TXT, rdata, value.len + 1);
}

static bool set_value(struct feed_clause *out, int type, struct span value)
{
    switch (type) {
    case DNS_TYPE_A:
    case DNS_TYPE_AAAA:
        return set_address(out, type, value);
    case DNS_TYPE_CNAME:
    case DNS_TYPE_PTR:
        return set_name(out, (uint16_t)type, value);
    case DNS_TYPE_TXT:
        return set_text(out, value);
    default:
        return false;
    }
}

static bool set_code(struct feed_clause *out, struct span code)
{
    static const struct {
        const char *code;
        enum blockdb_clause_kind kind;
    } rows[] = {
        {"NOERROR", BLOCKDB_CLAUSE_NODATA}, {"NXDOMAIN", BLOCKDB_CLAUSE_NXDOMAIN}, {"REFUSED", BLOCKDB_CLAUSE_REFUSED}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!span_equals(code, rows[i].code))
            continue;
        if (out->head.kind != BLOCKDB_CLAUSE_BLOCK)
            return false; /* an exception to one code only */
        out->head.kind = (uint8_t)rows[i].kind;
        return true;
    }
    return false;
}

/* An address, a name, a code, or "code;type;value". */
static bool set_answer(struct span answer, struct feed_clause *out)
{
    struct span rest = answer;
    struct span code = span_cut(&rest, ';');
    if (code.len == answer.len)
        return set_code(out, code) || set_address(out, -1, answer) || set_name(out, DNS_TYPE_CNAME, answer);
    struct span type = span_cut(&rest, ';');
    if (type.len == 0 && rest.len == 0)
        return set_code(out, code);
    if (!span_equals(code, "NOERROR"))
        return false;
    return set_value(out, type_of(type), rest);
}

enum refusal modifiers_end(const struct modifiers *m, struct feed_clause *out)
{
    bool exception = out->head.kind == BLOCKDB_CLAUSE_ALLOW;
    if (m->denyallow && add_denied(m->denied, out) != REFUSED_NONE)
        return REFUSED_MODIFIER;
    if (!m->rewrite)
        return REFUSED_NONE;
    out->head.flags |= BLOCKDB_CLAUSE_IMPORTANT; /* AdGuard: it goes before all other rules */
    if (exception)
        out->head.kind = BLOCKDB_CLAUSE_NO_REWRITE;
    if (m->answer.len == 0)
        return exception ? REFUSED_NONE : REFUSED_MODIFIER;
    return set_answer(m->answer, out) ? REFUSED_NONE : REFUSED_MODIFIER;
}
