/*
 * Lines for unbound.conf (unbound.conf(5), local-zone and local-data), to be included below "server:".
 *
 *   a tree               local-zone: "a.example." always_nxdomain, or another type as the list asks
 *   a tree let through   local-zone: "a.example." always_transparent
 *   a name alone         local-zone: "a.example." transparent, and its addresses as local-data
 *
 * The longest zone decides in Unbound, so a tree always has the name at its top: what differs there can't be said.
 */
#include "export/export.h"

#include <string.h>

#include "dns/rr.h"

static const char *zone_type(enum outcome_kind kind)
{
    switch (kind) {
    case OUTCOME_NONE:
        return "always_transparent";
    case OUTCOME_NODATA:
        return "always_nodata";
    case OUTCOME_REFUSED:
        return "always_refuse";
    case OUTCOME_DROP:
        return "always_deny";
    case OUTCOME_RECORDS:
        return "redirect";
    case OUTCOME_BLOCK:
    case OUTCOME_NXDOMAIN:
    case OUTCOME_TCP:
        break;
    }
    return "always_nxdomain";
}

/* The strings of a TXT record stand in double quotes, so the whole has single ones. */
static void data_lines(struct export *e, const struct export_node *node, const struct outcome *outcome)
{
    char text[RDATA_TEXT_MAX], type[DNS_TYPE_TEXT_MAX];
    struct blockdb_clause record;
    for (unsigned i = 0; i < outcome->record_count; i++) {
        if (blockdb_clause(e->opts.db, outcome->records[i], &record) < 0 || !rdata_to_text(&record, text) ||
            strchr(text, '\'') != NULL)
            export_lose(e, LOSS_ANSWER, node->text);
        else
            export_rule(e, "local-data: '%s. %u IN %s %s'\n", node->text, record.ttl_s,
                        dns_type_to_text(record.type, type), text);
    }
}

static void tree(struct export *e, const struct export_node *node)
{
    export_rule(e, "local-zone: \"%s.\" %s\n", node->text, zone_type(node->below.kind));
    if (node->below.kind == OUTCOME_RECORDS)
        data_lines(e, node, &node->below);
    if (!outcome_equal(&node->self, &node->below))
        export_lose(e, LOSS_ANSWER, node->text);
}

static void name_alone(struct export *e, const struct export_node *node)
{
    export_rule(e, "local-zone: \"%s.\" transparent\n", node->text);
    if (node->self.kind == OUTCOME_RECORDS) {
        data_lines(e, node, &node->self);
        return;
    }
    export_rule(e, "local-data: \"%s. 10 IN A 0.0.0.0\"\nlocal-data: \"%s. 10 IN AAAA ::\"\n", node->text, node->text);
    if (node->self.kind == OUTCOME_DROP || node->self.kind == OUTCOME_REFUSED)
        export_lose(e, LOSS_ANSWER, node->text);
}

static void unbound_node(struct export *e, const struct export_node *node)
{
    bool self = node->self.kind != OUTCOME_NONE, below = node->below.kind != OUTCOME_NONE;
    bool covered = node->around.kind != OUTCOME_NONE;
    if (node->escaped)
        export_lose(e, LOSS_NAME, node->text);
    else if (node->self.kind == OUTCOME_TCP || node->below.kind == OUTCOME_TCP)
        export_lose(e, LOSS_TCP, node->text);
    else if (self == below)
        tree(e, node);
    else if (self)
        name_alone(e, node);
    else
        export_lose(e, covered ? LOSS_EXCEPTION : LOSS_BELOW_ONLY, node->text);
}

static void unbound_address(struct export *e, const struct blockdb_address *address, const struct outcome *outcome)
{
    (void)outcome;
    export_lose_address(e, address);
}

static void unbound_begin(struct export *e)
{
    if (e->to != NULL)
        fputs("server:\n", e->to);
}

const struct export_format export_unbound = {
    .name = "unbound",
    .title = "lines for unbound.conf",
    .comment = "#",
    .begin = unbound_begin,
    .node = unbound_node,
    .address = unbound_address,
};
