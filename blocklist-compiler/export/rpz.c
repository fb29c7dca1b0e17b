/*
 * A response policy zone in master file form (draft-vixie-dnsop-dns-rpz-00), one rule on a line.
 *
 * Names and everything below them are owners of their own, and whatever lies within a tree says so itself, so that
 * readers which take the most specific rule and readers which take the closest encloser (RFC 4592) come to the same.
 * Owners are relative: the reader may call the zone what it likes.
 */
#include "export/export.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/ipaddr.h"
#include "dns/rr.h"

#define ZONE_LEN_MAX 65 /* bytes on the wire of a zone's name that was not said */
#define OWNER_MAX    (NAME_TEXT_MAX + 2)

static void rpz_begin(struct export *e)
{
    char text[NAME_TEXT_MAX];
    uint32_t serial = (uint32_t)blockdb_generation(e->opts.db);
    if (e->to == NULL)
        return;
    if (e->opts.zone != NULL)
        fprintf(e->to, "$ORIGIN %s.\n", name_to_text(e->opts.zone, text));
    fprintf(e->to, "$TTL 300\n@ IN SOA localhost. nobody.invalid. %" PRIu32 " 3600 600 604800 300\n", serial);
    fputs("@ IN NS localhost.\n", e->to);
}

static const char *last_label(const char *text)
{
    const char *dot = strrchr(text, '.');
    return dot == NULL ? text : dot + 1;
}

/* Words of the format itself: as a target or as an owner they would mean something else. */
static bool is_reserved(const char *text)
{
    return strncasecmp(last_label(text), "rpz-", 4) == 0;
}

/* A target that would be taken for an action, which a target of a list's own answer never means to be. */
static bool is_action(const char *owner, const char *target)
{
    size_t len = strlen(target);
    char name[RDATA_TEXT_MAX];
    if (len < 2 || strcmp(target, "*.") == 0)
        return true;
    memcpy(name, target, len - 1);
    name[len - 1] = '\0';
    return is_reserved(name) || strcasecmp(name, owner) == 0;
}

static bool record_line(struct export *e, const char *owner, uint16_t id)
{
    char text[RDATA_TEXT_MAX], type[DNS_TYPE_TEXT_MAX];
    struct blockdb_clause record;
    if (blockdb_clause(e->opts.db, id, &record) < 0 || !rdata_to_text(&record, text) ||
        (record.type == DNS_TYPE_CNAME && is_action(owner, text)))
        return false;
    export_rule(e, "%s %" PRIu32 " IN %s %s\n", owner, record.ttl_s, dns_type_to_text(record.type, type), text);
    return true;
}

static bool is_alias(const struct export *e, uint16_t id)
{
    struct blockdb_clause record;
    return blockdb_clause(e->opts.db, id, &record) == 0 && record.type == DNS_TYPE_CNAME;
}

/* Beside a CNAME nothing else may stand (RFC 1034, 3.6.2), and a server would refuse the whole zone. */
static void record_lines(struct export *e, const char *owner, const struct outcome *outcome)
{
    unsigned written = 0;
    bool alias = false;
    for (unsigned i = 0; i < outcome->record_count && !alias; i++) {
        alias = is_alias(e, outcome->records[i]);
        written += alias && record_line(e, owner, outcome->records[i]);
    }
    for (unsigned i = 0; i < outcome->record_count && !alias; i++)
        written += record_line(e, owner, outcome->records[i]);
    if (written < outcome->record_count)
        export_lose(e, LOSS_ANSWER, owner);
    if (written == 0)
        export_rule(e, "%s IN CNAME .\n", owner);
}

static void rule_lines(struct export *e, const char *owner, const struct outcome *outcome)
{
    static const char *const targets[] = {
        [OUTCOME_NONE] = "rpz-passthru.", [OUTCOME_BLOCK] = ".",    [OUTCOME_NXDOMAIN] = ".",
        [OUTCOME_NODATA] = "*.",          [OUTCOME_REFUSED] = ".",  [OUTCOME_DROP] = "rpz-drop.",
        [OUTCOME_TCP] = "rpz-tcp-only.",  [OUTCOME_RECORDS] = NULL,
    };
    if (outcome->kind == OUTCOME_RECORDS) {
        record_lines(e, owner, outcome);
        return;
    }
    if (outcome->kind == OUTCOME_REFUSED)
        export_lose(e, LOSS_ANSWER, owner);
    export_rule(e, "%s IN CNAME %s\n", owner, targets[outcome->kind]);
}

static bool fits(const struct export *e, const struct export_node *node)
{
    size_t zone_len = e->opts.zone == NULL ? ZONE_LEN_MAX : name_len(e->opts.zone);
    return node->wire_len - 1 + 2 + zone_len <= NAME_MAX_LEN && !is_reserved(node->text);
}

static void rpz_node(struct export *e, const struct export_node *node)
{
    char owner[OWNER_MAX];
    bool inside = node->around.kind != OUTCOME_NONE;
    if (!fits(e, node)) {
        export_lose(e, LOSS_NAME, node->text);
        return;
    }
    if (inside || node->self.kind != OUTCOME_NONE)
        rule_lines(e, node->text, &node->self);
    snprintf(owner, sizeof owner, "*.%s", node->text);
    if (inside || node->below.kind != OUTCOME_NONE)
        rule_lines(e, owner, &node->below);
}

/* ---- addresses ---- */

/* The longest run of zero words, which "zz" stands for once; a single one is written out. */
static void find_zeros(const uint16_t words[8], unsigned *out_first, unsigned *out_count)
{
    *out_first = *out_count = 0;
    for (unsigned from = 0; from < 8; from++) {
        unsigned to = from;
        while (to < 8 && words[to] == 0)
            to++;
        if (to - from > *out_count && to - from > 1) {
            *out_first = from;
            *out_count = to - from;
        }
    }
}

static void v6_owner(const uint8_t addr[16], unsigned bits, char *out, size_t cap)
{
    uint16_t words[8];
    unsigned zeros, zero_count;
    for (unsigned i = 0; i < 8; i++)
        words[i] = (uint16_t)(addr[2 * i] << 8 | addr[2 * i + 1]);
    find_zeros(words, &zeros, &zero_count);
    int len = snprintf(out, cap, "%u", bits);
    for (unsigned i = 8; i-- > 0;) {
        bool within = zero_count > 0 && i >= zeros && i < zeros + zero_count;
        if (!within)
            len += snprintf(out + len, cap - (size_t)len, ".%x", words[i]);
        else if (i == zeros)
            len += snprintf(out + len, cap - (size_t)len, ".zz");
    }
}

static void rpz_address(struct export *e, const struct blockdb_address *address, const struct outcome *outcome)
{
    struct prefix prefix = {ipaddr_from_v6(address->addr), address->bits};
    bool client = address->use == BLOCKDB_ADDRESS_CLIENT;
    char owner[80], text[96];
    const uint8_t *v4 = address->addr + 12;
    if (ipaddr_is_v4(&prefix.addr) && prefix.bits > 96)
        snprintf(owner, sizeof owner, "%u.%u.%u.%u.%u", prefix.bits - 96u, v4[3], v4[2], v4[1], v4[0]);
    else
        v6_owner(address->addr, address->bits, owner, sizeof owner);
    snprintf(text, sizeof text, "%s.%s", owner, client ? "rpz-client-ip" : "rpz-ip");
    rule_lines(e, text, outcome);
}

const struct export_format export_rpz = {
    .name = "rpz",
    .title = "a response policy zone",
    .comment = ";",
    .between = true,
    .begin = rpz_begin,
    .node = rpz_node,
    .address = rpz_address,
};
