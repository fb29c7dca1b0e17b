#include "operator/past.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/verdict.h"
#include "change/versions.h"
#include "operator/runs.h"

/* ---- the list of that time ---- */

static const char *generation_path(const struct config *config, uint64_t generation, char out[PATH_MAX])
{
    int len = snprintf(out, PATH_MAX, "%s/generation-%" PRIu64 ".mdb", config->blocklist_dir, generation);
    return len < PATH_MAX && access(out, R_OK) == 0 ? out : NULL;
}

static const char *find_list(const struct config *config, struct past *past, char room[PATH_MAX])
{
    past->generation =
        past->row != NULL ? past->row->record.generation : runs_generation_at(config->blocklist_dir, past->at_s);
    const char *path = past->generation == 0 ? NULL : generation_path(config, past->generation, room);
    if (path != NULL)
        past->list = PAST_KEPT;
    else if (past->row != NULL)
        past->list = PAST_ROW;
    else if (past->generation == 0)
        past->list = PAST_TODAYS;
    else
        past->list = PAST_UNKNOWN;
    return past->list == PAST_TODAYS ? config->generation_path : path;
}

/* ---- the policy of that time ---- */

static struct config *load_version(const struct operator_env *env, const struct change *change)
{
    const char *dir = env->config->policy_dir;
    struct config_errors errors = {0};
    struct config *config = NULL;
    char name[32], *text;
    size_t len;
    snprintf(name, sizeof name, "version %" PRIu32, change->number);
    if (versions_get(dir, change->number, change->hash, &text, &len) < 0)
        return NULL;
    const struct config_policy policy = {.kind = CONFIG_POLICY_TEXT, .name = name, .text = text, .text_len = len};
    if (config_load_policy(env->files, env->file_count, &policy, &config, &errors) < 0)
        config = NULL;
    config_errors_done(&errors);
    free(text);
    return config;
}

static const struct change_turn *find_turn(const struct past *past)
{
    const struct change_turn *found = NULL;
    for (size_t i = 0; i < chronicle_turn_count(past->chronicle); i++) {
        const struct change_turn *turn = chronicle_turn(past->chronicle, i);
        if (turn->version == past->version && turn->at_s <= past->at_s)
            found = turn;
    }
    return found;
}

static const struct config *find_policy(const struct operator_env *env, struct past *past)
{
    char path[PATH_MAX];
    const struct config *today = env->config;
    snprintf(path, sizeof path, "%s/history", today->policy_dir);
    if (chronicle_read(path, NULL, NULL, &past->chronicle) < 0)
        past->chronicle = NULL;
    past->version = past->row != NULL         ? past->row->record.policy_version
                    : past->chronicle != NULL ? chronicle_in_force_at(past->chronicle, past->at_s)
                                              : 0;
    if (past->chronicle != NULL && (past->change = chronicle_find(past->chronicle, past->version)) != NULL) {
        past->turn = find_turn(past);
        past->loaded = load_version(env, past->change);
    }
    past->policy = past->loaded != NULL || past->version == today->policy.version ? PAST_KEPT : PAST_TODAYS;
    return past->loaded != NULL ? past->loaded : today;
}

/* ---- the verdict ---- */

/* What the row says of the name stands for what the list said. */
static void facts_from_row(const struct past *past, const uint8_t *name, const struct name_key *key,
                           struct policy_facts *out)
{
    const uint64_t categories = past->row->record.verdict.categories;
    const struct blockdb_match match = {.categories = categories, .listed = categories};
    judge_facts_from_match(&past->explain.judge, name, key, &match, past->name.type, out);
}

static bool is_by_target(const struct past *past)
{
    return past->row != NULL && past->row->record.verdict.match == MATCH_CNAME && past->row->record.matched_len > 0;
}

static bool is_by_address(const struct past *past)
{
    return past->row != NULL &&
           (past->row->record.verdict.match == MATCH_ADDRESS || past->row->record.verdict.match == MATCH_CLIENT);
}

static void judge_by_target(struct past *past)
{
    const uint8_t *target = past->row->record.matched;
    struct policy_facts facts;
    struct name_key key;
    name_key_make(target, &key);
    if (past->list == PAST_ROW)
        facts_from_row(past, target, &key, &facts);
    else
        judge_facts(&past->explain.judge, target, past->name.type, &facts);
    judge_target(&past->explain.judge, target, past->name.type, &facts, &past->whom.client, past->at_s, &past->verdict);
}

/* An address decided, and which one the log does not keep: the row's categories are those of it. */
static void judge_by_address(struct past *past)
{
    struct policy_facts facts = {
        .categories = past->row->record.verdict.categories, .listed = past->row->record.verdict.categories, .ready = 1};
    struct verdict v =
        policy_decide(past->explain.policy, past->explain.judge.moment, past->whom.client.profile, &facts);
    if (!verdict_is_block(&v))
        return;
    past->verdict = v;
    past->verdict.match = past->row->record.verdict.match;
}

/* Whether the verdict needs no list: then it holds though the list is gone. */
static bool is_without_list(const struct verdict *v)
{
    return v->reason != REASON_DEFAULT && v->reason != REASON_NOT_READY && v->reason != REASON_LOG_ONLY &&
           v->reason != REASON_CATEGORY_ALLOWED && !verdict_reason_is_category(v->reason);
}

static void judge_anew(struct past *past)
{
    static const struct blockdb_match nothing;
    bool by_target = is_by_target(past), by_address = is_by_address(past);
    if (past->list == PAST_ROW && !by_target && !by_address)
        facts_from_row(past, past->name.wire, &past->name.key, &past->name.facts);
    else if (past->list == PAST_ROW || past->list == PAST_UNKNOWN)
        judge_facts_from_match(&past->explain.judge, past->name.wire, &past->name.key, &nothing, past->name.type,
                               &past->name.facts);
    past->verdict = explain_verdict(&past->explain, &past->name, &past->whom.client);
    if (by_target)
        judge_by_target(past);
    if (by_address)
        judge_by_address(past);
    past->judged = past->list != PAST_UNKNOWN || is_without_list(&past->verdict);
}

int past_open(const struct operator_env *env, const char *name, uint16_t type, const struct whom_asked *asked,
              const struct witness *row, int64_t at_s, struct past *out, struct text *why)
{
    char room[PATH_MAX];
    *out = (struct past){.row = row, .at_s = row == NULL ? at_s : row->record.time_ns / 1000000000};
    const struct config *config = find_policy(env, out);
    int err = explain_init_at(&out->explain, config, out->at_s, find_list(config, out, room));
    if (err < 0) {
        text_printf(why, "the policy can't be made: %s", err_str(err));
        config_free(out->loaded);
        chronicle_close(out->chronicle);
        return err;
    }
    err = explain_name_parse(&out->explain, name, type, &out->name);
    if (err >= 0)
        err = 0;
    if (err == 0 && row != NULL)
        whom_of_row(&out->explain, row, &out->whom);
    else if (err == 0)
        err = whom_find(&out->explain, asked, &out->whom, why);
    if (err < 0) {
        past_close(out);
        return err;
    }
    judge_anew(out);
    return 0;
}

void past_close(struct past *past)
{
    explain_done(&past->explain);
    config_free(past->loaded);
    chronicle_close(past->chronicle);
}

/* ---- against the row ---- */

bool past_agrees(const struct past *past)
{
    if (past->row == NULL)
        return true;
    const struct verdict *then = &past->row->record.verdict;
    return past->judged && then->action == past->verdict.action && then->reason == past->verdict.reason &&
           then->category == past->verdict.category;
}

void past_doubts(const struct past *past, struct text *out)
{
    const struct verdict *then = &past->row->record.verdict;
    if (past->policy == PAST_TODAYS)
        text_printf(out, "the policy of that time is not kept, today's stands for it. ");
    if (past->list == PAST_ROW)
        text_printf(out, "the list of that time is not kept. ");
    if (then->reason == REASON_STATUTORY || past->verdict.reason == REASON_STATUTORY)
        text_printf(out, "statutory lists are not kept by time, today's was asked. ");
    if (then->reason == REASON_EXCEPTION || then->reason == REASON_LOCAL_BLOCK || then->reason == REASON_SUSPENSION)
        text_printf(out, "decisions that ended long ago are no longer kept. ");
    if (then->match == MATCH_ADDRESS)
        text_printf(out, "an address in the answer decided, which the log does not keep. ");
    if (strcmp(past->row->group, policy_group_name(past->explain.policy, past->whom.client.group)) != 0)
        text_printf(out, "the client was in group '%s' then. ", past->row->group);
    if (past->row->record.user != 0 && past->whom.user == NULL)
        text_printf(out, "the user of that time has no name any longer. ");
    if (past->whom.is_person)
        text_printf(out, "who has which rules is read from today's people file. ");
    if (out->len == 0)
        text_printf(out, "what was decided or configured within that second may have come later to some workers. ");
}
