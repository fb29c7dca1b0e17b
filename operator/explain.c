#include "operator/explain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/category.h"
#include "base/err.h"
#include "base/verdict.h"
#include "dns/rr.h"
#include "feed/normalise.h"
#include "policy/special_use.h"
#include "statutory/enrolled.h"
#include "statutory/statutory.h"

/* Whose numbers decisions are looked up by. */
struct numbers {
    const struct policy *policy;
    const struct roster *roster;
};

static int64_t number(void *ctx, enum decision_scope scope, const char *name)
{
    const struct numbers *numbers = ctx;
    if (scope == DECISION_GROUP)
        return policy_group_find(numbers->policy, name);
    if (name[0] == '#') /* as the docket for everyone has it */
        return strtol(name + 1, NULL, 10);
    uint32_t found = numbers->roster == NULL || scope == DECISION_EVERYONE
                         ? 0
                         : roster_find(numbers->roster, scope == DECISION_USER ? ROSTER_USER : ROSTER_DEVICE, name);
    return found == 0 ? -1 : (int64_t)found;
}

static struct roster *read_roster(const struct config *config)
{
    char path[4096];
    struct roster *roster;
    if (snprintf(path, sizeof path, "%s/roster", config->decisions_dir) >= (int)sizeof path ||
        roster_read(path, NULL, NULL, &roster) < 0)
        return NULL;
    return roster;
}

/* Who may not read the docket sees what everyone may: without who decided and why. */
static int read_docket(struct explain *explain)
{
    const struct config *config = explain->config;
    int err = docket_read(config->decisions_path, NULL, NULL, &explain->docket);
    if (err < 0 && docket_read(config->decisions_public, NULL, NULL, &explain->docket) < 0)
        explain->docket = NULL;
    return explain_decisions(explain, explain->policy, &explain->table);
}

/* The decision as it stood at that time. false: it did not hold. */
static bool stood(const struct decision *decision, int64_t at_s, struct decision *out)
{
    if (decision->made_s > at_s)
        return false;
    *out = *decision;
    if (out->revoked_s > at_s)
        out->revoked_s = 0;
    if (out->approved_s > at_s)
        out->pending = true;
    return decision_in_force(out, at_s);
}

static int make_table(const struct explain *explain, const struct decision *const decisions[], size_t count,
                      const struct policy *policy, struct table **out)
{
    struct numbers numbers = {.policy = policy, .roster = explain->roster};
    const struct table_opts opts = {.decisions = decisions,
                                    .count = count,
                                    .spared = explain->config->learning_platform,
                                    .spared_count = explain->config->learning_platform_count,
                                    .grant_never = explain->config->decide.grant_never,
                                    .now_s = explain->now_s,
                                    .version = 1,
                                    .number = number,
                                    .ctx = &numbers};
    return table_new(&opts, out);
}

int explain_decisions(const struct explain *explain, const struct policy *policy, struct table **out)
{
    size_t count = explain->docket == NULL ? 0 : docket_count(explain->docket), held = 0;
    *out = NULL;
    if (count == 0)
        return 0;
    struct decision *decisions = calloc(count, sizeof *decisions);
    const struct decision **pointers = calloc(count, sizeof *pointers);
    int err = decisions == NULL || pointers == NULL ? ERR_NOMEM : 0;
    for (size_t i = 0; i < count && err == 0; i++)
        if (stood(docket_all(explain->docket)[i], explain->now_s, &decisions[held])) {
            pointers[held] = &decisions[held];
            held++;
        }
    if (err == 0)
        err = make_table(explain, pointers, held, policy, out);
    free(decisions);
    free(pointers);
    return err;
}

static void open_lists(struct explain *explain, const char *generation_path)
{
    const struct config *config = explain->config;
    int err = generation_path == NULL
                  ? ERR_NOENT
                  : blockdb_open(generation_path, &explain->db, explain->db_trouble, sizeof explain->db_trouble);
    if (err < 0) {
        explain->db = NULL;
        if (explain->db_trouble[0] == '\0')
            snprintf(explain->db_trouble, sizeof explain->db_trouble, "%s", err_str(err));
    }
    if (statutory_open(config->statutory_path, &explain->statutory, NULL, 0) < 0)
        explain->statutory_unread = enrolled_is_set_up(config->statutory_path);
}

int explain_init_at(struct explain *explain, const struct config *config, int64_t at_s, const char *generation_path)
{
    *explain = (struct explain){.config = config, .now_s = at_s};
    int err = policy_new(&config->policy, &explain->policy);
    if (err < 0)
        return err;
    explain->roster = read_roster(config);
    err = read_docket(explain);
    open_lists(explain, generation_path);
    explain->judge = (struct judge){
        .policy = explain->policy, .db = explain->db, .statutory = explain->statutory, .decisions = explain->table};
    if (err == 0)
        err = judge_init(&explain->judge, at_s);
    if (err < 0)
        explain_done(explain);
    return err;
}

int explain_init(struct explain *explain, const struct config *config)
{
    return explain_init_at(explain, config, time(NULL), config->generation_path);
}

void explain_done(struct explain *explain)
{
    table_free(explain->table);
    docket_close(explain->docket);
    roster_close(explain->roster);
    judge_done(&explain->judge);
    policy_free(explain->policy);
    blockdb_close(explain->db);
    statutory_close(explain->statutory);
}

/* ---- names ---- */

/* "https://user@www.example.com:8443/path?q" and the like: the host in it. */
static size_t host_of(const char *text, const char **out)
{
    const char *scheme = strstr(text, "://");
    if (scheme != NULL)
        text = scheme + 3;
    size_t len = strcspn(text, "/?#");
    const char *user = memchr(text, '@', len);
    if (scheme != NULL && user != NULL) {
        len -= (size_t)(user + 1 - text);
        text = user + 1;
    }
    const char *port = memchr(text, ':', len);
    if (port != NULL)
        len = (size_t)(port - text);
    *out = text;
    return len;
}

int explain_host(const char *text, uint8_t out[NAME_MAX_LEN])
{
    struct listed_name listed;
    const char *host;
    size_t len = host_of(text, &host);
    /* Names as lists have them; what no list would take may be asked all the same. */
    bool listable = normalise_name((struct span){(const uint8_t *)host, len}, &listed) == REFUSED_NONE;
    int rc = listable ? name_from_text(listed.text, listed.text_len, out) : name_from_text(host, len, out);
    if (rc > 0)
        name_lower(out, out, (size_t)rc);
    return rc;
}

static void conceal(const struct explain *explain, struct explain_name *name)
{
    unsigned labels = explain->statutory == NULL ? 0 : statutory_find(explain->statutory, &name->key);
    if (labels == 0)
        return;
    statutory_opaque_name(explain->statutory, &name->key, labels, name->wire);
    name_to_text(name->wire, name->text);
    name_key_make(name->wire, &name->key);
    name->facts = (struct policy_facts){.ready = 1, .statutory = 1, .generation = name->facts.generation};
}

int explain_name_parse(const struct explain *explain, const char *text, uint16_t type, struct explain_name *out)
{
    int rc = explain_host(text, out->wire);
    if (rc < 0)
        return rc;
    name_to_text(out->wire, out->text);
    name_key_make(out->wire, &out->key);
    out->type = type;
    judge_facts(&explain->judge, out->wire, type, &out->facts);
    if (out->facts.special != POLICY_SPECIAL_HELP)
        conceal(explain, out);
    return 0;
}

struct verdict explain_verdict(struct explain *explain, const struct explain_name *name,
                               const struct judge_client *client)
{
    struct verdict verdict = judge_name(&explain->judge, name->wire, name->type, &name->facts, client, explain->now_s);
    policy_explain(explain->db, &name->key, name->type, &verdict);
    return verdict;
}

const struct policy_level *explain_level(const struct explain *explain, const struct judge_client *client)
{
    return policy_level_at(explain->judge.moment, client->profile);
}

static const uint8_t *matched_wire(const struct explain_name *name, const struct verdict *verdict)
{
    unsigned labels = name_label_count(name->wire);
    if (verdict->match_labels == 0 || verdict->match_labels > labels)
        return NULL;
    return name_skip_labels(name->wire, labels - verdict->match_labels);
}

char *explain_matched(const struct explain_name *name, const struct verdict *verdict, char out[NAME_TEXT_MAX])
{
    const uint8_t *wire = matched_wire(name, verdict);
    if (wire == NULL)
        out[0] = '\0';
    else
        name_to_text(wire, out);
    return out;
}

const char *explain_feed(const struct explain *explain, const struct explain_name *name, unsigned category,
                         uint8_t *out_labels)
{
    struct blockdb_match match;
    *out_labels = 0;
    if (explain->db == NULL)
        return "";
    blockdb_lookup(explain->db, &name->key, &match);
    const struct blockdb_feed *feed =
        blockdb_feed(explain->db, blockdb_match_feed(explain->db, &match, category, out_labels));
    return feed == NULL ? "" : feed->name;
}

/* ---- rules ---- */

/* Where a special-use name is written down, or NULL for other names. */
static const char *special_use_why(const uint8_t *wire)
{
    const struct special_use *row;
    char text[NAME_TEXT_MAX];
    if (wire == NULL)
        return NULL;
    name_to_text(wire, text);
    for (size_t i = 0; (row = special_use_at(i)) != NULL; i++)
        if (strcmp(row->name, text) == 0)
            return row->why;
    return NULL;
}

static void rule_duty(const struct explain_name *name, const struct verdict *verdict, struct text *out)
{
    char matched[NAME_TEXT_MAX];
    const char *why = special_use_why(matched_wire(name, verdict));
    explain_matched(name, verdict, matched);
    if (why != NULL)
        text_printf(out, "'%s' is answered in this network and never asked outside (%s)", matched, why);
    else
        text_printf(out, "'%s' stands above a local record or a zone, so it exists, without data of its own", matched);
}

static void rule_default(const struct policy_level *level, const struct policy_facts *facts, struct text *out)
{
    if (level->default_block)
        text_printf(out, "level '%s' is a walled garden: what it does not allow is blocked", level->name);
    else if (facts->listed != 0)
        text_printf(out, "a list takes the name out again (an exception in the feeds), and level '%s' allows the rest",
                    level->name);
    else
        text_printf(out, "no list has the name, and level '%s' allows what is not listed", level->name);
}

static void rule_category(const struct policy_level *level, const struct verdict *verdict, const char *what,
                          struct text *out)
{
    const char *category = category_name(verdict->category);
    text_printf(out, "level '%s' %s '%s'", level->name, what, category == NULL ? "?" : category);
}

static void rule_decision(const struct explain *explain, uint32_t id, const char *matched, const char *what,
                          struct text *out)
{
    char when[64] = "it is revoked";
    struct tm tm;
    const struct decision *d = docket_find(explain->docket, id);
    time_t until = d == NULL ? 0 : (time_t)d->until_s;
    if (until != 0 && localtime_r(&until, &tm) != NULL)
        strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &tm);
    text_printf(out, "'%s' is %s by decision %" PRIu32 ", until %s", matched, what, id, when);
    if (d != NULL && d->by[0] != '\0')
        text_printf(out, ", by %s: %s", d->by, d->reason);
}

/* NULL: the verdict is of another configuration. */
static const struct query_search *search_of(const struct explain *explain, const struct verdict *verdict)
{
    const struct query_opts *query = &explain->config->query;
    uint16_t engine = policy_safe_engine(verdict->rule);
    return engine < query->search_count ? &query->searches[engine] : NULL;
}

static void rule_safe_search(const struct explain *explain, const struct policy_level *level,
                             const struct explain_name *name, const struct verdict *verdict, struct text *out)
{
    const struct query_search *search = search_of(explain, verdict);
    bool strict = policy_safe_mode(verdict->rule) == POLICY_SAFE_STRICT;
    text_printf(out, "'%s' is a host of the search engine '%s', and level '%s' has SafeSearch for it (%s)", name->text,
                search == NULL ? "?" : search->name, level->name, strict ? "strict" : "moderate");
    if (name->facts.special == POLICY_SPECIAL_ALLOW)
        text_printf(out, "; that it is allowed by the configuration (allow) leaves SafeSearch on");
}

void explain_rule(const struct explain *explain, const struct explain_name *name, const struct judge_client *client,
                  const struct verdict *verdict, struct text *out)
{
    char matched[NAME_TEXT_MAX];
    const struct policy_level *level = explain_level(explain, client);
    explain_matched(name, verdict, matched);
    switch ((enum verdict_reason)verdict->reason) {
    case REASON_DEFAULT:
        rule_default(level, &name->facts, out);
        return;
    case REASON_PROTECTED_HELP:
        text_printf(out, "'%s' is a protected help service: always answered, never attributed in the log", matched);
        return;
    case REASON_NETWORK_DUTY:
        rule_duty(name, verdict, out);
        return;
    case REASON_LOCAL_RECORD:
        text_printf(out, "'%s' has local records (records)", matched);
        return;
    case REASON_CONDITIONAL_ZONE:
        text_printf(out, "'%s' is a zone with servers of its own and no filter (zones)", matched);
        return;
    case REASON_LOCAL_BLOCK:
        if (verdict->rule != 0)
            rule_decision(explain, verdict->rule, matched, "blocked", out);
        else
            text_printf(out, "'%s' is blocked by the configuration (block)", matched);
        return;
    case REASON_SUSPENSION:
        rule_decision(explain, verdict->rule, verdict->match_labels == 0 ? "all access" : matched, "paused", out);
        return;
    case REASON_EXCEPTION:
        if (verdict->rule != 0)
            rule_decision(explain, verdict->rule, matched, "allowed", out);
        else
            text_printf(out, "'%s' is allowed by the configuration (allow)", matched);
        return;
    case REASON_CATEGORY:
        rule_category(level, verdict, "blocks", out);
        return;
    case REASON_HOLD:
        rule_category(level, verdict, "holds back, until somebody has assessed it,", out);
        return;
    case REASON_UNLESS_APPROVED:
        rule_category(level, verdict, "opens no site unless it was approved of", out);
        return;
    case REASON_LOG_ONLY:
        rule_category(level, verdict, "allows, and marks in the log,", out);
        return;
    case REASON_CATEGORY_ALLOWED:
        rule_category(level, verdict, "allows", out);
        return;
    case REASON_ACCESS:
        text_printf(out, "the client is outside the networks that may ask (access)");
        return;
    case REASON_NOT_READY:
        text_printf(out, "there is no list to ask: %s", explain->db_trouble);
        return;
    case REASON_STATUTORY:
        text_printf(out,
                    "a statutory list has the name: nothing that is configured goes before it, and it is not told");
        return;
    case REASON_SAFE_SEARCH:
        rule_safe_search(explain, level, name, verdict, out);
        return;
    case REASON_RATE_LIMIT:
    case REASON_BAD_QUESTION:
    case REASON_REBINDING:
        text_printf(out, "%s", verdict_reason_name(verdict->reason));
        return;
    }
}

/* ---- answers ---- */

static void answer_sinkhole(const struct query_opts *query, uint16_t type, struct text *out)
{
    char address[IPADDR_TEXT_MAX];
    if (type == DNS_TYPE_A && query->has_sinkhole_v4)
        text_printf(out, "the notice page: %s, TTL %u s", ipaddr_to_text(&query->sinkhole_v4, address),
                    query->blocked_ttl_s);
    else if (type == DNS_TYPE_AAAA && query->has_sinkhole_v6)
        text_printf(out, "the notice page: %s, TTL %u s", ipaddr_to_text(&query->sinkhole_v6, address),
                    query->blocked_ttl_s);
    else
        text_printf(out, "no data of this type (NODATA), TTL %u s", query->blocked_ttl_s);
}

static void answer_local(const struct explain *explain, const struct explain_name *name, uint16_t type,
                         struct text *out)
{
    const struct query_opts *query = &explain->config->query;
    size_t count = 0;
    if (name->facts.special == POLICY_SPECIAL_NXDOMAIN) {
        text_printf(out, "no such name (NXDOMAIN)");
        return;
    }
    const size_t first = name->facts.special_index;
    for (size_t i = first; name->facts.special == POLICY_SPECIAL_RECORD && i < query->record_count; i++) {
        if (!name_equal(query->records[i].name, query->records[first].name))
            break;
        count += query->records[i].type == type || query->records[i].type == DNS_TYPE_CNAME;
    }
    if (count == 0)
        text_printf(out, "no data of this type (NODATA)");
    else
        text_printf(out, "%zu local %s", count, count == 1 ? "record" : "records");
}

static void answer_upstream(const struct explain *explain, const struct explain_name *name, struct text *out)
{
    const struct query_opts *query = &explain->config->query;
    const struct query_zone *zone = &query->zones[name->facts.zone];
    if (zone->server_count == 0) {
        text_printf(out, "SERVFAIL: no upstream server is known");
        return;
    }
    text_printf(out, "asked of ");
    for (size_t i = 0; i < zone->server_count; i++)
        text_printf(out, "%s%s", i == 0 ? "" : ", ", query->servers[zone->servers[i]].name);
    if (name->facts.special != POLICY_SPECIAL_HELP && zone->filtered)
        text_printf(out, "; the names its CNAMEs lead to meet the policy too");
}

static void answer_safe_search(const struct explain *explain, uint16_t type, const struct verdict *verdict,
                               struct text *out)
{
    const struct query_search *search = search_of(explain, verdict);
    bool strict = policy_safe_mode(verdict->rule) == POLICY_SAFE_STRICT;
    const struct query_target *target = search == NULL ? NULL : strict ? &search->strict : &search->moderate;
    char text[NAME_TEXT_MAX];
    if (target == NULL || (type != DNS_TYPE_A && type != DNS_TYPE_AAAA)) {
        text_printf(out, "no data of this type (NODATA): it could lead round SafeSearch");
    } else if (target->name != NULL) {
        text_printf(out, "an alias (CNAME) of %s, with the addresses that it has", name_to_text(target->name, text));
    } else {
        for (size_t i = 0; i < target->address_count; i++)
            text_printf(out, "%s%s", i == 0 ? "" : ", ", ipaddr_to_text(&target->addresses[i], text));
    }
}

void explain_answer(const struct explain *explain, const struct explain_name *name, const struct verdict *verdict,
                    struct text *out)
{
    const uint16_t type = name->type;
    switch ((enum verdict_action)verdict->action) {
    case VERDICT_RESOLVE:
        answer_upstream(explain, name, out);
        return;
    case VERDICT_NOTICE:
        answer_sinkhole(&explain->config->query, type, out);
        return;
    case VERDICT_NXDOMAIN:
        text_printf(out, "no such name (NXDOMAIN), TTL %u s", explain->config->query.blocked_ttl_s);
        return;
    case VERDICT_NODATA:
        text_printf(out, "no data of any type (NODATA), TTL %u s", explain->config->query.blocked_ttl_s);
        return;
    case VERDICT_TRUNCATED:
        text_printf(out, "told to ask over TCP; there, as if it was not listed");
        return;
    case VERDICT_REWRITE:
        if (verdict->reason == REASON_SAFE_SEARCH)
            answer_safe_search(explain, type, verdict, out);
        else
            text_printf(out, "the records that the list gives");
        return;
    case VERDICT_DROPPED:
        text_printf(out, "none: the list asks for no answer at all");
        return;
    case VERDICT_LOCAL:
        answer_local(explain, name, type, out);
        return;
    case VERDICT_REFUSED:
        text_printf(out, "REFUSED");
        return;
    case VERDICT_NOT_READY:
        text_printf(out, "SERVFAIL (not ready)");
        return;
    case VERDICT_ERROR:
        text_printf(out, "%s", verdict_action_name(verdict->action));
        return;
    }
}
