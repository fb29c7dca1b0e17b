/*
 * Plain domains: "a.example" is the name alone, "*.a.example" everything below it; a tree is both lines. Belisha reads
 * it with `subdomains: false`.
 */
#include "export/export.h"

static bool blocks(struct export *e, const struct export_node *node, const struct outcome *outcome)
{
    switch (outcome->kind) {
    case OUTCOME_NONE:
        return false;
    case OUTCOME_TCP:
        export_lose(e, LOSS_TCP, node->text);
        return false;
    case OUTCOME_DROP:
    case OUTCOME_RECORDS:
        export_lose(e, LOSS_ANSWER, node->text);
        return true;
    case OUTCOME_BLOCK:
    case OUTCOME_NXDOMAIN:
    case OUTCOME_NODATA:
    case OUTCOME_REFUSED:
        break;
    }
    return true;
}

static void domains_node(struct export *e, const struct export_node *node)
{
    bool covered = node->around.kind != OUTCOME_NONE && node->around.kind != OUTCOME_TCP;
    if (node->escaped) {
        export_lose(e, LOSS_NAME, node->text);
        return;
    }
    bool self = blocks(e, node, &node->self);
    bool below = blocks(e, node, &node->below);
    if (covered && !(self && below))
        export_lose(e, LOSS_EXCEPTION, node->text);
    if (self && !covered)
        export_rule(e, "%s\n", node->text);
    if (below && !covered)
        export_rule(e, "*.%s\n", node->text);
}

static void domains_address(struct export *e, const struct blockdb_address *address, const struct outcome *outcome)
{
    (void)outcome;
    export_lose_address(e, address);
}

const struct export_format export_domains = {
    .name = "domains",
    .title = "plain domains; a line with *. is for all names below, one without it for the name alone",
    .comment = "#",
    .node = domains_node,
    .address = domains_address,
};
