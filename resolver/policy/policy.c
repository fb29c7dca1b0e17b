#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/category.h"
#include "base/verdict.h"
#include "dns/key.h"
#include "dns/name.h"
#include "dns/rr.h"
#include "policy/inside.h"

/* ---- making ---- */

static int check(const struct policy_opts *opts)
{
    if (opts->level_count == 0 || opts->level_count > POLICY_LEVELS_MAX || opts->default_level >= opts->level_count ||
        opts->restricted_level >= opts->level_count)
        return ERR_INVAL;
    if (opts->group_count >= POLICY_GROUP_DEFAULT)
        return ERR_LIMIT;
    for (size_t i = 0; i < opts->group_count; i++)
        if (opts->groups[i].level >= opts->level_count)
            return ERR_INVAL;
    return 0;
}

/*
 * No level can let illegal content through, and its blocks are answered like those of the school's own decision
 * (data/categories.yaml: shown_as), so that an answer does not tell that a name is on such a list.
 */
static void guard_illegal(struct policy_level *level)
{
    level->block |= CATEGORY_BIT(CATEGORY_ILLEGAL);
    level->hold &= ~CATEGORY_BIT(CATEGORY_ILLEGAL);
    level->unless_approved &= ~CATEGORY_BIT(CATEGORY_ILLEGAL);
    level->allow &= ~CATEGORY_BIT(CATEGORY_ILLEGAL);
    level->log_only &= ~CATEGORY_BIT(CATEGORY_ILLEGAL);
}

static int copy_levels(struct policy *policy, const struct policy_opts *opts)
{
    policy->levels = calloc(opts->level_count, sizeof *policy->levels);
    if (policy->levels == NULL)
        return ERR_NOMEM;
    policy->level_count = opts->level_count;
    for (size_t i = 0; i < opts->level_count; i++) {
        policy->levels[i] = opts->levels[i];
        guard_illegal(&policy->levels[i]);
        policy->levels[i].name = strdup(opts->levels[i].name);
        if (policy->levels[i].name == NULL)
            return ERR_NOMEM;
    }
    return 0;
}

static int copy_groups(struct policy *policy, const struct policy_opts *opts)
{
    policy->groups = calloc(opts->group_count + 1, sizeof *policy->groups);
    if (policy->groups == NULL)
        return ERR_NOMEM;
    policy->group_count = opts->group_count;
    policy->groups[opts->group_count].level = opts->default_level;
    for (size_t i = 0; i < opts->group_count; i++) {
        policy->groups[i].level = opts->groups[i].level;
        policy->groups[i].acceptance = opts->groups[i].acceptance;
        policy->groups[i].name = strdup(opts->groups[i].name);
        if (policy->groups[i].name == NULL)
            return ERR_NOMEM;
    }
    return 0;
}

/* A place has a number of 16 bits. */
static int take_schedules(struct policy *policy, const struct policy_opts *opts)
{
    policy->class_count = 1;
    if (opts->schedule_count == 0)
        return 0;
    uint16_t *classes = calloc(opts->group_count + 1, sizeof *classes);
    int rc = classes == NULL ? ERR_NOMEM : timetable_new(opts, classes, &policy->timetable);
    for (size_t g = 0; g <= opts->group_count && rc == 0; g++)
        policy->groups[g].class = classes[g];
    free(classes);
    if (rc == 0)
        policy->class_count = timetable_class_count(policy->timetable);
    return rc == 0 && policy->class_count * policy->level_count > UINT16_MAX ? ERR_LIMIT : rc;
}

int policy_new(const struct policy_opts *opts, struct policy **out)
{
    int rc = check(opts);
    if (rc < 0)
        return rc;
    struct policy *policy = calloc(1, sizeof *policy);
    if (policy == NULL)
        return ERR_NOMEM;
    policy->restricted_level = opts->restricted_level;
    policy->nxdomain = opts->nxdomain & ~CATEGORY_BIT(CATEGORY_ILLEGAL);
    if (policy->nxdomain & CATEGORY_BIT(CATEGORY_LOCAL))
        policy->nxdomain |= CATEGORY_BIT(CATEGORY_ILLEGAL);
    policy->zones_lead_to_notice = opts->zones_lead_to_notice;
    policy->version = opts->version;
    policy->fingerprint = opts->fingerprint;
    rc = copy_levels(policy, opts);
    if (rc == 0)
        rc = copy_groups(policy, opts);
    if (rc == 0)
        rc = take_schedules(policy, opts);
    if (rc == 0)
        rc = standing_take_people(policy, opts);
    if (rc == 0)
        rc = client_table_new(opts, &policy->clients);
    if (rc == 0)
        rc = name_table_new(opts->names, opts->name_count, &policy->names);
    if (rc < 0) {
        policy_free(policy);
        return rc;
    }
    *out = policy;
    return 0;
}

void policy_free(struct policy *policy)
{
    if (policy == NULL)
        return;
    for (size_t i = 0; i < policy->level_count; i++)
        free((void *)(uintptr_t)policy->levels[i].name);
    for (size_t i = 0; i < policy->group_count; i++)
        free(policy->groups[i].name);
    free(policy->levels);
    free(policy->groups);
    free(policy->people);
    free(policy->overlays);
    person_table_free(policy->users);
    timetable_free(policy->timetable);
    client_table_free(policy->clients);
    name_table_free(policy->names);
    free(policy);
}

/* ---- clients ---- */

uint16_t policy_group_of(const struct policy *policy, const struct ipaddr *client)
{
    return client_table_find(policy->clients, client);
}

bool policy_group_is_one(const struct policy *policy, const struct prefix *network)
{
    return client_table_is_one(policy->clients, network);
}

size_t policy_group_count(const struct policy *policy)
{
    return policy->group_count;
}

const char *policy_group_name(const struct policy *policy, uint16_t group)
{
    if (group < policy->group_count)
        return policy->groups[group].name;
    return group == POLICY_GROUP_DEFAULT ? "default" : "-";
}

int policy_group_find(const struct policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->group_count; i++)
        if (strcmp(policy->groups[i].name, name) == 0)
            return (int)i;
    return strcmp(name, policy_group_name(policy, POLICY_GROUP_DEFAULT)) == 0 ? POLICY_GROUP_DEFAULT : -1;
}

uint32_t policy_version(const struct policy *policy)
{
    return policy->version;
}

uint64_t policy_fingerprint(const struct policy *policy)
{
    return (uint64_t)policy->fingerprint << 32 | policy->version;
}

/* ---- facts ---- */

/* The first of the precedence that applies; see policy.h. */
static void choose_special(const struct name_found *found, struct policy_facts *out)
{
    if (found->help_labels > 0) {
        out->special = POLICY_SPECIAL_HELP;
        out->special_labels = found->help_labels;
    } else if (found->duty_labels > 0 && !found->duty_filtered) {
        out->special = found->duty;
        out->special_labels = found->duty_labels;
        out->special_index = found->duty_index;
    } else if (found->block_labels > 0) {
        out->special = POLICY_SPECIAL_BLOCK;
        out->special_labels = found->block_labels;
    } else if (found->allow_labels > 0) {
        out->special = POLICY_SPECIAL_ALLOW;
        out->special_labels = found->allow_labels;
    }
}

bool policy_type_leads(uint16_t type)
{
    switch (type) {
    case DNS_TYPE_NS:
    case DNS_TYPE_SOA:
    case DNS_TYPE_MX:
    case DNS_TYPE_TXT:
    case DNS_TYPE_DS:
    case DNS_TYPE_RRSIG:
    case DNS_TYPE_NSEC:
    case DNS_TYPE_DNSKEY:
    case DNS_TYPE_NSEC3:
    case DNS_TYPE_NSEC3PARAM:
    case DNS_TYPE_CAA:
        return false;
    default:
        return true;
    }
}

/* A local record of the host, and a zone without filter, have taken the place of the index: they answer themselves. */
static void note_engine(const struct name_found *found, uint16_t type, struct policy_facts *out)
{
    bool answered = found->help_labels > 0 || (found->duty_labels > 0 && !found->duty_filtered);
    if (found->engine == 0 || answered || !policy_type_leads(type))
        return;
    out->safe = 1;
    out->special_index = (uint16_t)(found->engine - 1);
}

void policy_facts_from_match(const struct policy *policy, const uint8_t *name, const struct blockdb_match *match,
                             uint16_t type, uint64_t generation, struct policy_facts *out)
{
    struct name_found found;
    name_table_find(policy->names, name, &found);
    *out = (struct policy_facts){.zone = found.zone, .generation = generation};
    if (match != NULL) {
        out->ready = 1;
        out->categories = match->categories;
        out->listed = match->listed;
        out->clause = match->clause_count > 0;
        out->typed = match->typed;
    }
    choose_special(&found, out);
    if (__builtin_expect(found.engine != 0, 0))
        note_engine(&found, type, out);
}

void policy_facts(const struct policy *policy, const struct blockdb *db, const uint8_t *name,
                  const struct name_key *key, uint16_t type, struct policy_facts *out)
{
    struct blockdb_match match;
    if (db == NULL) {
        policy_facts_from_match(policy, name, NULL, type, 0, out);
        return;
    }
    blockdb_lookup_type(db, key, type, &match);
    policy_facts_from_match(policy, name, &match, type, blockdb_generation(db), out);
}

void policy_facts_of_address(const struct blockdb *db, enum blockdb_address_use use, const uint8_t addr[16],
                             struct policy_facts *out, struct blockdb_match *out_match)
{
    blockdb_lookup_address(db, use, addr, out_match);
    *out = (struct policy_facts){.categories = out_match->categories,
                                 .listed = out_match->listed,
                                 .clause = out_match->clause_count > 0,
                                 .ready = 1,
                                 .generation = blockdb_generation(db)};
}

/* ---- verdicts ---- */

static struct verdict verdict_of(enum verdict_action action, enum verdict_reason reason, unsigned category)
{
    return (struct verdict){
        .action = (uint8_t)action, .reason = (uint8_t)reason, .category = (uint8_t)category, .feed = VERDICT_NO_FEED};
}

static struct verdict verdict_block(const struct policy *policy, enum verdict_reason reason, unsigned category)
{
    bool hard = category < CATEGORY_MAX && (policy->nxdomain & CATEGORY_BIT(category)) != 0;
    struct verdict v = verdict_of(hard ? VERDICT_NXDOMAIN : VERDICT_NOTICE, reason, category);
    v.match = MATCH_QNAME;
    return v;
}

static struct verdict verdict_local(const struct policy_facts *facts, enum verdict_reason reason)
{
    struct verdict v = verdict_of(VERDICT_LOCAL, reason, CATEGORY_NONE);
    v.match = MATCH_QNAME;
    v.match_labels = facts->special_labels;
    if (reason == REASON_LOCAL_RECORD)
        v.rule = (uint32_t)facts->special_index + 1;
    return v;
}

static struct verdict verdict_special(const struct policy_facts *facts, enum verdict_reason reason)
{
    struct verdict v = verdict_of(VERDICT_RESOLVE, reason, CATEGORY_NONE);
    v.match = MATCH_QNAME;
    v.match_labels = facts->special_labels;
    return v;
}

static struct verdict verdict_category(enum verdict_reason reason, uint64_t categories)
{
    struct verdict v = verdict_of(VERDICT_RESOLVE, reason, category_first(categories));
    v.match = MATCH_QNAME;
    return v;
}

static struct verdict verdict_by_level(const struct policy *policy, const struct policy_level *level,
                                       const struct policy_facts *facts)
{
    const uint64_t categories = facts->categories;
    if (categories & level->block)
        return verdict_block(policy, REASON_CATEGORY, category_first(categories & level->block));
    if (categories & level->hold)
        return verdict_block(policy, REASON_HOLD, category_first(categories & level->hold));
    if (categories & level->unless_approved)
        return verdict_block(policy, REASON_UNLESS_APPROVED, category_first(categories & level->unless_approved));
    if (categories & level->log_only)
        return verdict_category(REASON_LOG_ONLY, categories & level->log_only);
    if (categories & level->allow)
        return verdict_category(REASON_CATEGORY_ALLOWED, categories & level->allow);
    if (level->default_block)
        return verdict_block(policy, REASON_DEFAULT, category_first(categories));
    if (categories != 0)
        return verdict_category(REASON_CATEGORY_ALLOWED, categories);
    return verdict_of(VERDICT_RESOLVE, REASON_DEFAULT, CATEGORY_NONE);
}

bool policy_is_help(const struct policy *policy, const uint8_t *name)
{
    struct name_found found;
    name_table_find(policy->names, name, &found);
    return found.help_labels > 0;
}

bool policy_is_help_with_suffix(const struct policy *policy, const uint8_t *name)
{
    uint8_t front[NAME_MAX_LEN];
    size_t len = 0;
    for (unsigned labels = 0; labels < POLICY_SUFFIXED_MAX && name_front_grow(name, front, &len); labels++)
        if (policy_is_help(policy, front))
            return true;
    return false;
}

bool policy_is_illegal(const struct policy_facts *facts)
{
    return facts->statutory || (facts->categories & CATEGORY_BIT(CATEGORY_ILLEGAL)) != 0;
}

/* What goes before all that a configuration says; without the list that must be there nobody knows, so nothing opens. */
static struct verdict verdict_illegal(const struct policy *policy, const struct policy_facts *facts)
{
    if (facts->statutory)
        return verdict_block(policy, REASON_STATUTORY, CATEGORY_ILLEGAL);
    if (facts->closed)
        return verdict_of(VERDICT_NOT_READY, REASON_NOT_READY, CATEGORY_NONE);
    return verdict_block(policy, REASON_CATEGORY, CATEGORY_ILLEGAL);
}

/* The level with a person's own rules laid over it: of two that meet, the stricter wins. */
static struct policy_level level_for(const struct policy_place *place, const struct overlay *overlay)
{
    struct policy_level level = place->level;
    const uint64_t open = overlay->allow & ~place->kept;
    level.block = (level.block & ~open) | overlay->block;
    level.hold &= ~open;
    level.unless_approved &= ~open;
    level.allow |= open;
    return level;
}

static struct verdict verdict_by_blocklist(const struct policy *policy, const struct policy_moment *moment,
                                           uint32_t profile, const struct policy_facts *facts)
{
    const uint32_t overlay = profile & UINT16_MAX;
    if (!facts->ready || moment == NULL)
        return verdict_of(VERDICT_NOT_READY, REASON_NOT_READY, CATEGORY_NONE);
    if (facts->special == POLICY_SPECIAL_ALLOW)
        return verdict_special(facts, REASON_EXCEPTION);
    const struct policy_place *place = &moment->places[profile >> 16];
    if (__builtin_expect(overlay == 0, 1))
        return verdict_by_level(policy, &place->level, facts);
    const struct policy_level level = level_for(place, &policy->overlays[overlay]);
    return verdict_by_level(policy, &level, facts);
}

static struct verdict decide(const struct policy *policy, const struct policy_moment *moment, uint32_t profile,
                             const struct policy_facts *facts)
{
    struct verdict v;
    if (__builtin_expect(policy_is_illegal(facts) || facts->closed, 0) && facts->special != POLICY_SPECIAL_HELP)
        return verdict_illegal(policy, facts);
    switch ((enum policy_special)facts->special) {
    case POLICY_SPECIAL_HELP:
        v = verdict_special(facts, REASON_PROTECTED_HELP);
        v.unattributed = 1;
        return v;
    case POLICY_SPECIAL_NXDOMAIN:
    case POLICY_SPECIAL_NODATA:
        return verdict_local(facts, REASON_NETWORK_DUTY);
    case POLICY_SPECIAL_RECORD:
        return verdict_local(facts, REASON_LOCAL_RECORD);
    case POLICY_SPECIAL_ZONE:
        return verdict_special(facts, REASON_CONDITIONAL_ZONE);
    case POLICY_SPECIAL_BLOCK:
        v = verdict_block(policy, REASON_LOCAL_BLOCK, CATEGORY_LOCAL);
        v.match_labels = facts->special_labels;
        return v;
    case POLICY_SPECIAL_NONE:
    case POLICY_SPECIAL_ALLOW:
    case POLICY_SPECIAL_SAFE_SEARCH:
        break;
    }
    return verdict_by_blocklist(policy, moment, profile, facts);
}

/* Last of all, and only over what is open: no block is taken back by it. What opened the name stays in its category. */
__attribute__((noinline)) static void make_safe(const struct policy_level *level, const struct policy_facts *facts,
                                                struct verdict *v)
{
    const uint64_t engine = UINT64_C(1) << facts->special_index % POLICY_ENGINES_MAX;
    const bool strict = (level->safe_strict & engine) != 0;
    if (v->action != VERDICT_RESOLVE || (!strict && (level->safe_moderate & engine) == 0))
        return;
    v->action = VERDICT_REWRITE;
    v->reason = REASON_SAFE_SEARCH;
    v->match = MATCH_QNAME;
    v->match_labels = 0;
    v->rule = policy_safe_rule(facts->special_index, strict ? POLICY_SAFE_STRICT : POLICY_SAFE_MODERATE);
}

struct verdict policy_decide(const struct policy *policy, const struct policy_moment *moment, uint32_t profile,
                             const struct policy_facts *facts)
{
    struct verdict v = profile == POLICY_PROFILE_DENIED ? verdict_of(VERDICT_REFUSED, REASON_ACCESS, CATEGORY_NONE)
                                                        : decide(policy, moment, profile, facts);
    if (__builtin_expect(facts->safe, 0))
        make_safe(policy_level_at(moment, profile), facts, &v);
    v.categories = facts->statutory ? CATEGORY_BIT(CATEGORY_ILLEGAL) : facts->categories;
    return v;
}

bool policy_is_above_decisions(const struct verdict *v)
{
    switch ((enum verdict_reason)v->reason) {
    case REASON_CATEGORY:
        return v->category == CATEGORY_ILLEGAL;
    case REASON_DEFAULT:
    case REASON_LOCAL_BLOCK:
    case REASON_EXCEPTION:
    case REASON_LOG_ONLY:
    case REASON_CATEGORY_ALLOWED:
    case REASON_HOLD:
    case REASON_UNLESS_APPROVED:
    case REASON_SAFE_SEARCH:
    case REASON_NOT_READY:
        return false;
    case REASON_PROTECTED_HELP:
    case REASON_STATUTORY:
    case REASON_NETWORK_DUTY:
    case REASON_SUSPENSION:
    case REASON_ACCESS:
    case REASON_LOCAL_RECORD:
    case REASON_RATE_LIMIT:
    case REASON_BAD_QUESTION:
    case REASON_REBINDING:
    case REASON_CONDITIONAL_ZONE:
        break;
    }
    return true;
}

/* Without a list nobody knows what the name is, so no exception can be made of it. */
static bool may_be_excepted(const struct policy_facts *facts, const struct verdict *v)
{
    return v->reason != REASON_LOCAL_BLOCK && v->reason != REASON_NOT_READY && !policy_is_illegal(facts);
}

void policy_overrule(const struct policy *policy, const struct policy_moment *moment, uint32_t profile,
                     const struct policy_facts *facts, const struct policy_decided *decided, struct verdict *verdict)
{
    struct verdict v;
    if (policy_is_above_decisions(verdict))
        return;
    if (decided->pause != 0) {
        v = verdict_block(policy, REASON_SUSPENSION, CATEGORY_NONE);
        v.rule = decided->pause;
        v.match_labels = decided->pause_labels;
    } else if (decided->block != 0) {
        v = verdict_block(policy, REASON_LOCAL_BLOCK, CATEGORY_LOCAL);
        v.rule = decided->block;
        v.match_labels = decided->block_labels;
    } else if (decided->allow != 0 && may_be_excepted(facts, verdict)) {
        v = verdict_of(VERDICT_RESOLVE, REASON_EXCEPTION, CATEGORY_NONE);
        v.match = MATCH_QNAME;
        v.rule = decided->allow;
        v.match_labels = decided->allow_labels;
        if (facts->safe && !decided->allow_lifts_safe_search)
            make_safe(policy_level_at(moment, profile), facts, &v);
    } else {
        return;
    }
    v.categories = verdict->categories;
    *verdict = v;
}

void policy_explain_match(const struct blockdb *db, const struct blockdb_match *match, struct verdict *verdict)
{
    uint8_t labels = 0;
    if (verdict->category >= CATEGORY_MAX || verdict->reason == REASON_LOCAL_BLOCK)
        return;
    verdict->feed = blockdb_match_feed(db, match, verdict->category, &labels);
    if (verdict->feed != VERDICT_NO_FEED)
        verdict->match_labels = labels;
}

/* The action that a clause stands for; VERDICT_NOTICE where it leaves that to the policy. */
static enum verdict_action clause_action(const struct policy *policy, const struct blockdb_clause *clause)
{
    bool zone = clause->flags & BLOCKDB_CLAUSE_ZONE;
    switch (clause->kind) {
    case BLOCKDB_CLAUSE_NXDOMAIN:
        return zone && policy->zones_lead_to_notice ? VERDICT_NOTICE : VERDICT_NXDOMAIN;
    case BLOCKDB_CLAUSE_NODATA:
        return zone && policy->zones_lead_to_notice ? VERDICT_NOTICE : VERDICT_NODATA;
    case BLOCKDB_CLAUSE_REFUSED:
        return VERDICT_REFUSED;
    case BLOCKDB_CLAUSE_DROP:
        return VERDICT_DROPPED;
    case BLOCKDB_CLAUSE_TCP:
        return VERDICT_TRUNCATED;
    case BLOCKDB_CLAUSE_RECORD:
        return VERDICT_REWRITE;
    case BLOCKDB_CLAUSE_BLOCK:
    case BLOCKDB_CLAUSE_ALLOW:
    case BLOCKDB_CLAUSE_NO_REWRITE:
    case BLOCKDB_CLAUSE_KIND_COUNT:
        break;
    }
    return VERDICT_NOTICE;
}

void policy_refine(const struct policy *policy, const struct blockdb *db, const struct blockdb_match *match,
                   struct verdict *verdict)
{
    struct blockdb_clause clause;
    if (verdict->action != VERDICT_NOTICE || !verdict_reason_is_category(verdict->reason) || match->clause_count == 0 ||
        blockdb_clause(db, match->clauses[0], &clause) < 0 ||
        (clause.categories & CATEGORY_BIT(verdict->category)) == 0 || verdict->category == CATEGORY_ILLEGAL)
        return;
    verdict->action = (uint8_t)clause_action(policy, &clause);
    verdict->rule = match->clauses[0] + 1u;
    verdict->feed = clause.feed;
}

void policy_explain(const struct blockdb *db, const struct name_key *key, uint16_t type, struct verdict *verdict)
{
    struct blockdb_match match;
    if (db == NULL)
        return;
    blockdb_lookup_type(db, key, type, &match);
    policy_explain_match(db, &match, verdict);
}
