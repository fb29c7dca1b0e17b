#include "query/setup.h"

#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "base/ipaddr.h"
#include "dns/rr.h"
#include "policy/special_use.h"
#include "query/play.h"

static void do_zone(const struct line *l)
{
    size_t n = stage.opts.zone_count++;
    lower_read(word(l, 1), stage.zone_names[n]);
    stage.zones[n] = (struct query_zone){.name = stage.zone_names[n], .servers = stage.zone_servers[n]};
    if (!is(l, 2, "servers"))
        fail("zone NAME servers N...");
    for (int i = 3; i < l->count; i++) {
        if (is(l, i, "filtered"))
            stage.zones[n].filtered = true;
        else
            stage.zone_servers[n][stage.zones[n].server_count++] = (uint16_t)atoi(l->word[i]);
    }
    struct policy_name *p = &stage.names[stage.policy_opts.name_count++];
    *p = (struct policy_name){.name = stage.zone_names[n],
                              .below = true,
                              .special = POLICY_SPECIAL_ZONE,
                              .index = (uint16_t)n,
                              .filtered = stage.zones[n].filtered};
}

static enum blockdb_clause_kind kind_read(const char *text)
{
    static const char *const kinds[] = {[BLOCKDB_CLAUSE_BLOCK] = "block",       [BLOCKDB_CLAUSE_ALLOW] = "pass",
                                        [BLOCKDB_CLAUSE_NXDOMAIN] = "nxdomain", [BLOCKDB_CLAUSE_NODATA] = "nodata",
                                        [BLOCKDB_CLAUSE_REFUSED] = "refused",   [BLOCKDB_CLAUSE_DROP] = "drop",
                                        [BLOCKDB_CLAUSE_TCP] = "tcp-only"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i], text) == 0)
            return (enum blockdb_clause_kind)i;
    fail("no kind of clause: %s", text);
}

/* The words that make a clause; how many there were. */
static int clause_read(const struct line *l, int at, struct generation_clause *out)
{
    struct ipaddr addr;
    *out = (struct generation_clause){.kind = BLOCKDB_CLAUSE_BLOCK};
    if (is(l, at, "zone")) {
        out->kind = kind_read(word(l, at + 1));
        out->flags = BLOCKDB_CLAUSE_ZONE;
    } else if (is(l, at, "rewrite")) {
        if (ipaddr_from_text(word(l, at + 1), &addr) < 0 || !ipaddr_is_v4(&addr))
            fail("no IPv4 address: %s", word(l, at + 1));
        static uint8_t room[STAGE_ROWS_MAX][4];
        memcpy(room[stage.rule_count], ipaddr_v4(&addr), 4);
        *out = (struct generation_clause){.kind = BLOCKDB_CLAUSE_RECORD,
                                          .flags = BLOCKDB_CLAUSE_IMPORTANT,
                                          .record_type = DNS_TYPE_A,
                                          .rdata = room[stage.rule_count],
                                          .rdata_len = 4};
    } else if (is(l, at, "alias")) {
        static uint8_t names[STAGE_ROWS_MAX][NAME_MAX_LEN];
        int len = name_from_text(word(l, at + 1), strlen(word(l, at + 1)), names[stage.rule_count]);
        if (len < 0)
            fail("no name: %s", word(l, at + 1));
        *out = (struct generation_clause){.kind = BLOCKDB_CLAUSE_RECORD,
                                          .flags = BLOCKDB_CLAUSE_ZONE,
                                          .record_type = DNS_TYPE_CNAME,
                                          .rdata = names[stage.rule_count],
                                          .rdata_len = (size_t)len};
    } else if (is(l, at, "data")) {
        static uint8_t data[STAGE_ROWS_MAX][256];
        *out = (struct generation_clause){.kind = BLOCKDB_CLAUSE_RECORD,
                                          .flags = BLOCKDB_CLAUSE_IMPORTANT,
                                          .record_type = type_read(word(l, at + 1)),
                                          .rdata = data[stage.rule_count],
                                          .rdata_len = hex_read(word(l, at + 2), data[stage.rule_count], 256)};
        return 3;
    } else if (is(l, at, "type")) {
        out->type = (uint16_t)dns_type_from_text(word(l, at + 1));
    } else if (is(l, at, "pattern")) {
        out->pattern = stage_text(&stage, word(l, at + 1));
    } else {
        return 0;
    }
    return 2;
}

void setup_list(const struct line *l)
{
    int at = 1;
    struct generation_clause *clause = &stage.clauses[stage.rule_count];
    bool *has_clause = &stage.has_clause[stage.rule_count];
    struct generation_rule *r = &stage.rules[stage.rule_count++];
    *r = (struct generation_rule){.scope = GENERATION_SUBDOMAINS, .action = GENERATION_BLOCK};
    for (;; at++) {
        if (is(l, at, "exact"))
            r->scope = GENERATION_EXACT;
        else if (is(l, at, "except"))
            r->action = GENERATION_ALLOW;
        else if (is(l, at, "important"))
            r->action = GENERATION_IMPORTANT_BLOCK;
        else
            break;
    }
    int used = clause_read(l, at, clause);
    *has_clause = used > 0;
    at += used;
    r->categories = categories_read(word(l, at));
    r->name = stage_text(&stage, word(l, at + 1));
}

void setup_unlist(const struct line *l)
{
    for (size_t i = 0; i < stage.rule_count; i++)
        if (strcmp(stage.rules[i].name, word(l, 1)) == 0) {
            stage.rules[i] = stage.rules[--stage.rule_count];
            stage.clauses[i] = stage.clauses[stage.rule_count];
            stage.has_clause[i] = stage.has_clause[stage.rule_count];
            return;
        }
    fail("not listed: %s", word(l, 1));
}

/* MODE of all engines, or of one. */
static void level_safe(struct policy_level *level, const char *text)
{
    const char *mode = strchr(text, '=');
    uint64_t engines = 0;
    for (size_t i = 0; i < stage.opts.search_count; i++)
        if (mode == NULL || (strlen(stage.searches[i].name) == (size_t)(mode - text) &&
                             strncmp(stage.searches[i].name, text, (size_t)(mode - text)) == 0))
            engines |= UINT64_C(1) << i;
    mode = mode == NULL ? text : mode + 1;
    level->safe_strict &= ~engines;
    level->safe_moderate &= ~engines;
    if (strcmp(mode, "strict") == 0)
        level->safe_strict |= engines;
    else if (strcmp(mode, "moderate") == 0)
        level->safe_moderate |= engines;
    else if (strcmp(mode, "off") != 0)
        fail("no mode: %s", mode);
}

static void do_level(const struct line *l)
{
    struct policy_level *level = &stage.levels[stage.policy_opts.level_count++];
    level->name = stage_text(&stage, word(l, 1));
    for (int i = 2; i < l->count; i++) {
        if (is(l, i, "default-block"))
            level->default_block = true;
        else if (is(l, i, "keep-ech"))
            level->keep_ech = true;
        else if (is(l, i, "block"))
            level->block = categories_read(word(l, ++i));
        else if (is(l, i, "log-only"))
            level->log_only = categories_read(word(l, ++i));
        else if (is(l, i, "allow"))
            level->allow = categories_read(word(l, ++i));
        else if (is(l, i, "hold"))
            level->hold = categories_read(word(l, ++i));
        else if (is(l, i, "unless-approved"))
            level->unless_approved = categories_read(word(l, ++i));
        else if (is(l, i, "safe"))
            level_safe(level, word(l, ++i));
        else
            fail("level: what is %s?", l->word[i]);
    }
}

static void do_group(const struct line *l)
{
    size_t n = stage.policy_opts.group_count++;
    struct policy_group *g = &stage.groups[n];
    if (prefix_from_text(word(l, 2), &stage.networks[n]) < 0)
        fail("no prefix: %s", l->word[2]);
    *g = (struct policy_group){
        .name = stage_text(&stage, word(l, 1)), .networks = &stage.networks[n], .network_count = 1};
    for (size_t i = 0; i < stage.policy_opts.level_count; i++)
        if (strcmp(stage.levels[i].name, word(l, 3)) == 0)
            g->level = (uint16_t)i;
}

static uint16_t level_find(const char *name)
{
    for (size_t i = 0; i < stage.policy_opts.level_count; i++)
        if (strcmp(stage.levels[i].name, name) == 0)
            return (uint16_t)i;
    fail("no such level: %s", name);
    return 0;
}

static void do_schedule(const struct line *l)
{
    size_t n = stage.policy_opts.schedule_count++;
    struct policy_schedule *s = &stage.schedules[n];
    struct window_fault fault;
    const char *level = option(l, 3, "level"), *group = option(l, 3, "group");
    const char *allow = option(l, 3, "allow"), *block = option(l, 3, "block");
    char *times = l->word[2];
    for (char *at = times; *at != '\0'; at++)
        *at = *at == '_' ? ' ' : *at;
    int count = window_parse(times, NULL, 0, stage.windows[n], &fault);
    if (count < 0)
        fail("schedule: %s", fault.want);
    *s = (struct policy_schedule){
        .name = stage_text(&stage, word(l, 1)),
        .times = {.windows = stage.windows[n], .window_count = (size_t)count, .dates = SCHEDULE_ALL_DATES},
        .level = level == NULL ? POLICY_NO_LEVEL : level_find(level),
        .allow = allow == NULL ? 0 : categories_read(allow),
        .block = block == NULL ? 0 : categories_read(block)};
    if (group == NULL)
        return;
    for (uint16_t i = 0; i < stage.policy_opts.group_count; i++)
        if (strcmp(stage.groups[i].name, group) == 0)
            stage.schedule_groups[n] = i;
    s->groups = &stage.schedule_groups[n];
    s->group_count = 1;
}

static void do_clocks(const struct line *l)
{
    if (time_zone_from_rule(word(l, 1), &stage.time_zone) < 0)
        fail("no rule: %s", l->word[1]);
    stage.calendar.zone = stage.time_zone;
}

static void target_read(char *text, struct query_target *out)
{
    struct ipaddr *addresses = &stage.search_addresses[stage.search_address_count];
    struct ipaddr first;
    char *rest = NULL;
    if (ipaddr_from_text(strtok_r(text, ",", &rest), &first) < 0) {
        static uint8_t names[2 * 8][NAME_MAX_LEN];
        static size_t used;
        lower_read(text, names[used]);
        *out = (struct query_target){.name = names[used++]};
        return;
    }
    *out = (struct query_target){.addresses = addresses};
    for (char *at = text; at != NULL; at = strtok_r(NULL, ",", &rest)) {
        if (ipaddr_from_text(at, &addresses[out->address_count++]) < 0)
            fail("no address: %s", at);
        stage.search_address_count++;
    }
}

static void do_engine(const struct line *l)
{
    uint16_t engine = (uint16_t)stage.opts.search_count++;
    struct query_search *search = &stage.searches[engine];
    int at = 2;
    search->name = stage_text(&stage, word(l, 1));
    for (; !is(l, at, "hosts"); at += 2) {
        struct query_target *target = is(l, at, "strict") ? &search->strict : &search->moderate;
        word(l, at + 1);
        target_read(l->word[at + 1], target);
    }
    if (search->moderate.name == NULL && search->moderate.address_count == 0)
        search->moderate = search->strict;
    while (++at < l->count) {
        size_t n = stage.policy_opts.name_count++;
        lower_read(l->word[at], stage.name_bytes[n]);
        stage.names[n] =
            (struct policy_name){.name = stage.name_bytes[n], .special = POLICY_SPECIAL_SAFE_SEARCH, .index = engine};
    }
}

/* The groups behind it move up, as in a configuration that lost some lines. */
static void do_no_group(const struct line *l)
{
    for (size_t i = 0; i < stage.policy_opts.group_count; i++) {
        if (strcmp(stage.groups[i].name, word(l, 2)) != 0)
            continue;
        for (size_t j = i; j + 1 < stage.policy_opts.group_count; j++) {
            stage.groups[j] = stage.groups[j + 1];
            stage.networks[j] = stage.networks[j + 1];
            stage.groups[j].networks = &stage.networks[j];
        }
        stage.policy_opts.group_count--;
        return;
    }
    fail("no group: %s", l->word[2]);
}

static void do_name(const struct line *l)
{
    static const char *const kinds[] = {[POLICY_SPECIAL_HELP] = "help",
                                        [POLICY_SPECIAL_NXDOMAIN] = "nxdomain",
                                        [POLICY_SPECIAL_NODATA] = "nodata",
                                        [POLICY_SPECIAL_BLOCK] = "block",
                                        [POLICY_SPECIAL_ALLOW] = "allow"};
    size_t n = stage.policy_opts.name_count++;
    lower_read(word(l, 2), stage.name_bytes[n]);
    stage.names[n] = (struct policy_name){.name = stage.name_bytes[n], .below = !is(l, 3, "exact")};
    for (unsigned k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        if (kinds[k] != NULL && is(l, 1, kinds[k]))
            stage.names[n].special = (enum policy_special)k;
    if (stage.names[n].special == POLICY_SPECIAL_NONE)
        fail("no kind of name: %s", l->word[1]);
}

static void do_spare(const struct line *l)
{
    static uint8_t names[STAGE_ROWS_MAX][NAME_MAX_LEN];
    size_t n = stage.spared_count++;
    lower_read(word(l, 1), names[n]);
    stage.spared[n] = names[n];
}

/* As the configuration adds them: the name itself, and what is below it. */
static void do_special_use(void)
{
    const struct special_use *row;
    for (size_t i = 0; (row = special_use_at(i)) != NULL; i++)
        for (int below = 0; below < 2; below++) {
            size_t n = stage.policy_opts.name_count++;
            if (n == STAGE_NAMES_MAX)
                fail("too many names");
            lower_read(row->name, stage.name_bytes[n]);
            stage.names[n] = (struct policy_name){
                .name = stage.name_bytes[n], .below = below == 1, .special = below == 0 ? row->apex : row->below};
        }
}

static void do_record(const char *text)
{
    size_t n = stage.opts.record_count++;
    ldns_rr *rr = record_read(text);
    struct query_record *r = &stage.records[n];
    size_t len = 0;
    memcpy(stage.record_names[n], ldns_rdf_data(ldns_rr_owner(rr)), ldns_rdf_size(ldns_rr_owner(rr)));
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *rdf = ldns_rr_rdf(rr, i);
        memcpy(stage.record_data[n] + len, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
        len += ldns_rdf_size(rdf);
    }
    *r = (struct query_record){.name = stage.record_names[n],
                               .type = (uint16_t)ldns_rr_get_type(rr),
                               .ttl_s = ldns_rr_ttl(rr),
                               .rdata = stage.record_data[n],
                               .rdata_len = (uint16_t)len};
    ldns_rr_free(rr);
    if (n > 0 && name_equal(stage.records[n - 1].name, r->name))
        return;
    stage.names[stage.policy_opts.name_count++] =
        (struct policy_name){.name = r->name, .special = POLICY_SPECIAL_RECORD, .index = (uint16_t)n};
}

static void do_option(const struct line *l)
{
    const char *key = word(l, 1);
    long value = atol(word(l, 2));
    struct query_opts *o = &stage.opts;
#define OPTION(field)                                                                                                  \
    if (strcmp(key, #field) == 0) {                                                                                    \
        o->field = (__typeof__(o->field))value;                                                                        \
        return;                                                                                                        \
    }
    OPTION(blocked_ttl_s)
    OPTION(client_timeout_ms)
    OPTION(try_timeout_ms)
    OPTION(stream_idle_ms)
    OPTION(pending_max)
    OPTION(pending_per_client)
    OPTION(asks_max)
    OPTION(client_rate)
    OPTION(client_burst)
    OPTION(ttl_min_s)
    OPTION(ttl_max_s)
    OPTION(negative_ttl_max_s)
    OPTION(failure_ttl_s)
    OPTION(failure_ttl_max_s)
    OPTION(nxdomain_cut)
    OPTION(serve_stale)
    OPTION(stale_max_s)
    OPTION(stale_after_ms)
    OPTION(has_sinkhole_v4)
#undef OPTION
    if (strcmp(key, "structured_code") == 0)
        o->structured.option_code = (uint16_t)value;
    else if (strcmp(key, "structured_by_ede") == 0)
        o->structured.by_ede = value != 0;
    else if (strcmp(key, "structured_encrypted_only") == 0)
        o->structured.encrypted_only = value != 0;
    else if (strcmp(key, "structured_text") == 0)
        o->structured.text = stage_text(&stage, unblank(l->word[2]));
    else if (strcmp(key, "structured_short_text") == 0)
        o->structured.short_text = stage_text(&stage, l->word[2]);
    else if (strcmp(key, "rebinding_check") == 0)
        stage.zones[0].rebinding_check = value != 0;
    else if (strcmp(key, "sinkhole_v6") == 0)
        o->has_sinkhole_v6 = ipaddr_from_text(l->word[2], &o->sinkhole_v6) == 0;
    else
        fail("no option: %s", key);
}

/* ---- lines ---- */

/* Set-up that may also change under way. */
bool setup_policy(const struct line *l)
{
    if (is(l, 0, "no") && is(l, 1, "group"))
        do_no_group(l);
    else if (is(l, 0, "group"))
        do_group(l);
    else if (is(l, 0, "name"))
        do_name(l);
    else if (is(l, 0, "access")) {
        if (prefix_from_text(word(l, 1), &stage.access[0]) < 0)
            fail("no prefix: %s", l->word[1]);
    } else
        return false;
    return true;
}

void setup_once(const struct line *l, const char *text)
{
    if (is(l, 0, "servers")) {
        for (int i = 0; i < atoi(word(l, 1)); i++) {
            stage.servers[i].name = "test";
            stage.servers[i].meter = (uint16_t)i;
            stage.servers[i].spelt = is(l, 2, "spelt");
            stage.servers[i].recursive = is(l, 2, "recursive");
            stage.servers[i].stream = is(l, 2, "tcp");
            stage.zone_servers[0][i] = (uint16_t)i;
            stage.servers[i].at.port = (uint16_t)(1000 + i);
            stage.opts.server_count++;
            stage.zones[0].server_count++;
        }
    } else if (is(l, 0, "zone")) {
        do_zone(l);
        if (stage.zones[0].server_count == stage.opts.server_count && stage.zones[0].server_count > 1)
            stage.zones[0].server_count = 1; /* server 0 is everybody's, the others are the zones' */
    } else if (is(l, 0, "engine"))
        do_engine(l);
    else if (is(l, 0, "level"))
        do_level(l);
    else if (is(l, 0, "schedule"))
        do_schedule(l);
    else if (is(l, 0, "clocks"))
        do_clocks(l);
    else if (is(l, 0, "special"))
        do_special_use();
    else if (is(l, 0, "record"))
        do_record(text + strlen("record "));
    else if (is(l, 0, "option"))
        do_option(l);
    else if (is(l, 0, "spare"))
        do_spare(l);
    else if (is(l, 0, "grant") && is(l, 1, "never"))
        stage.grant_never = categories_read(word(l, 2));
    else if (is(l, 0, "nxdomain"))
        stage.policy_opts.nxdomain |= categories_read(word(l, 1));
    else if (is(l, 0, "no") && is(l, 1, "statutory"))
        stage.statutory_missing = true;
    else if (is(l, 0, "no") && is(l, 1, "generation"))
        stage.no_generation = true;
    else
        fail("what is '%s'?", l->word[0]);
}
