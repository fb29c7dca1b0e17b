/*
 * A hosts file: each listed name by itself, with the address of a list's own answer where it has one, else 0.0.0.0.
 */
#include "export/export.h"

#include "dns/rr.h"

static void record_lines(struct export *e, const struct export_node *node)
{
    char text[RDATA_TEXT_MAX];
    struct blockdb_clause record;
    unsigned written = 0;
    for (unsigned i = 0; i < node->self.record_count; i++) {
        if (blockdb_clause(e->opts.db, node->self.records[i], &record) < 0 ||
            (record.type != DNS_TYPE_A && record.type != DNS_TYPE_AAAA) || !rdata_to_text(&record, text))
            continue;
        export_rule(e, "%s %s\n", text, node->text);
        written++;
    }
    if (written < node->self.record_count)
        export_lose(e, LOSS_ANSWER, node->text);
    if (written == 0)
        export_rule(e, "0.0.0.0 %s\n", node->text);
}

static void hosts_self(struct export *e, const struct export_node *node)
{
    switch (node->self.kind) {
    case OUTCOME_NONE:
        return;
    case OUTCOME_TCP:
        export_lose(e, LOSS_TCP, node->text);
        return;
    case OUTCOME_RECORDS:
        record_lines(e, node);
        return;
    case OUTCOME_DROP:
        export_lose(e, LOSS_ANSWER, node->text);
        break;
    case OUTCOME_BLOCK:
    case OUTCOME_NXDOMAIN:
    case OUTCOME_NODATA:
    case OUTCOME_REFUSED:
        break;
    }
    export_rule(e, "0.0.0.0 %s\n", node->text);
}

static void hosts_node(struct export *e, const struct export_node *node)
{
    bool self = node->self.kind != OUTCOME_NONE;
    if (node->escaped) {
        export_lose(e, LOSS_NAME, node->text);
        return;
    }
    hosts_self(e, node);
    if (node->below.kind != OUTCOME_NONE && node->below.kind != OUTCOME_TCP)
        export_lose(e, self ? LOSS_BELOW : LOSS_BELOW_ONLY, node->text);
}

static void hosts_address(struct export *e, const struct blockdb_address *address, const struct outcome *outcome)
{
    (void)outcome;
    export_lose_address(e, address);
}

const struct export_format export_hosts = {
    .name = "hosts",
    .title = "a hosts file",
    .comment = "#",
    .all = true,
    .node = hosts_node,
    .address = hosts_address,
};
