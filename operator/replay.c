#include "operator/replay.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "base/verdict.h"
#include "qlog/reader.h"

#define NAME_PLACES (1u << 16)
#define WHO_PLACES  (1u << 13)
#define GROUP_MAX   128 /* longer names are looked up each time */
#define SECOND_NS   INT64_C(1000000000)
#define SIDES       2 /* before, after */

/* The facts of a name, as both policies have them. */
struct known_name {
    uint16_t type;
    uint8_t len; /* 0: the place is free */
    uint8_t name[NAME_MAX_LEN];
    struct policy_facts facts[SIDES];
};

/* Under which rules a client stands with both. */
struct known_who {
    bool used;
    struct ipaddr address;
    uint32_t user, device;
    char group[GROUP_MAX]; /* of who is not attributed; else "" */
    struct judge_client client[SIDES];
    int64_t from_s, until_s; /* it was found out for the first of these, and holds until the other */
};

struct replaying {
    const struct replay_opts *opts;
    struct judge *judges[SIDES];
    struct known_name *names;
    struct known_who *who;
    struct replay *out;
};

/* ---- names ---- */

/* By a hash alone, without buckets: who is asked about often stays, since it is put back as soon as it went. */
static const struct known_name *name_find(struct replaying *r, const uint8_t *name, uint8_t len, uint16_t type)
{
    struct blockdb_match match;
    struct name_key key;
    struct known_name *place = &r->names[XXH3_64bits_withSeed(name, len, type) % NAME_PLACES];
    if (place->len == len && place->type == type && memcmp(place->name, name, len) == 0)
        return place;
    place->len = len;
    place->type = type;
    memcpy(place->name, name, len);
    name_key_make(name, &key);
    blockdb_lookup_type(r->judges[0]->db, &key, type, &match);
    for (int side = 0; side < SIDES; side++)
        judge_facts_from_match(r->judges[side], name, &key, &match, type, &place->facts[side]);
    return place;
}

/* ---- clients ---- */

/* A client of whom the log knows the group alone. */
static void stand_by_group(struct replaying *r, const struct qlog_row *row, struct known_who *who)
{
    who->until_s = INT64_MAX;
    for (int side = 0; side < SIDES; side++) {
        int group = policy_group_find(r->judges[side]->policy, row->group);
        who->client[side] = judge_group(r->judges[side]->policy, group < 0 ? POLICY_GROUP_DEFAULT : (uint16_t)group);
    }
}

static void stand(struct replaying *r, const struct qlog_row *row, int64_t now_s, struct known_who *who)
{
    const struct replay_opts *opts = r->opts;
    const char *user =
        row->record.user == 0 || opts->user_name == NULL ? NULL : opts->user_name(opts->ctx, row->record.user);
    who->until_s = INT64_MAX;
    for (int side = 0; side < SIDES; side++) {
        const struct policy *policy = r->judges[side]->policy;
        uint32_t person = user == NULL ? POLICY_NOBODY : policy_person_find(policy, user);
        struct policy_standing standing;
        policy_standing(policy, &row->record.client, person, now_s, &standing);
        who->client[side] = (struct judge_client){.profile = standing.profile,
                                                  .group = standing.group,
                                                  .user = row->record.user,
                                                  .device = row->record.device};
        if (standing.until_s < who->until_s)
            who->until_s = standing.until_s;
    }
}

static bool is_same_who(const struct known_who *who, const struct qlog_row *row, const char *group, int64_t now_s)
{
    const struct qlog_record *q = &row->record;
    return who->used && ipaddr_equal(&who->address, &q->client) && who->user == q->user && who->device == q->device &&
           strcmp(who->group, group) == 0 && now_s >= who->from_s && now_s < who->until_s;
}

static const struct known_who *who_find(struct replaying *r, const struct qlog_row *row, int64_t now_s)
{
    static const struct ipaddr nobody;
    const struct qlog_record *q = &row->record;
    bool named = !ipaddr_equal(&q->client, &nobody);
    const char *group = named ? "" : row->group;
    uint64_t hash = named ? XXH3_64bits_withSeed(q->client.bytes, sizeof q->client.bytes, q->user)
                          : XXH3_64bits(group, strlen(group));
    struct known_who *place = &r->who[hash % WHO_PLACES];
    if (is_same_who(place, row, group, now_s))
        return place;
    *place = (struct known_who){
        .used = strlen(group) < GROUP_MAX, .address = q->client, .user = q->user, .device = q->device, .from_s = now_s};
    if (place->used)
        memcpy(place->group, group, strlen(group) + 1);
    if (named)
        stand(r, row, now_s, place);
    else
        stand_by_group(r, row, place);
    return place;
}

/* ---- verdicts ---- */

static bool is_shut(const struct verdict *v)
{
    return verdict_is_block(v) || v->action == VERDICT_REFUSED;
}

static unsigned strictness(const struct verdict *v)
{
    return v->reason == REASON_SAFE_SEARCH ? policy_safe_mode(v->rule) : POLICY_SAFE_OFF;
}

/* TALLY_CHANGE_COUNT: both say the same. */
static enum tally_change change_of(const struct verdict *before, const struct verdict *after)
{
    if (is_shut(before) != is_shut(after))
        return is_shut(before) ? TALLY_ALLOWED : TALLY_BLOCKED;
    if (is_shut(before) || strictness(before) == strictness(after))
        return TALLY_CHANGE_COUNT;
    return strictness(before) < strictness(after) ? TALLY_SAFER : TALLY_LESS_SAFE;
}

static struct verdict judge_side(struct replaying *r, int side, const struct known_who *who,
                                 const struct known_name *name, const struct known_name *target, int64_t now_s)
{
    struct judge *judge = r->judges[side];
    struct verdict v = judge_name(judge, name->name, name->type, &name->facts[side], &who->client[side], now_s);
    if (target != NULL)
        judge_target(judge, target->name, target->type, &target->facts[side], &who->client[side], now_s, &v);
    return v;
}

static int count(struct replaying *r, const struct qlog_record *q, const struct known_who *who,
                 const struct verdict *before, const struct verdict *after)
{
    const struct tally_client client = {.user = q->verdict.unattributed ? 0 : q->user, .address = q->client};
    enum tally_change change = change_of(before, after);
    if (change == TALLY_CHANGE_COUNT)
        return 0;
    const struct tally_cell cell = {
        .change = change,
        .group_before = who->client[0].group,
        .group_after = who->client[1].group,
        .level_before = policy_level_at(r->judges[0]->moment, who->client[0].profile)->name,
        .level_after = policy_level_at(r->judges[1]->moment, who->client[1].profile)->name,
    };
    return tally_add(r->out->tally, &cell, &client, q->qname, before, after);
}

/* What nobody's policy was asked about, or what is written down without its name. */
static bool is_passed_over(const struct qlog_record *q)
{
    return q->verdict.action == VERDICT_ERROR || q->verdict.reason == REASON_BAD_QUESTION ||
           q->verdict.reason == REASON_RATE_LIMIT || q->verdict.reason == REASON_ACCESS ||
           q->verdict.reason == REASON_STATUTORY;
}

static int replay_row(struct replaying *r, const struct qlog_row *row)
{
    const struct qlog_record *q = &row->record;
    const int64_t now_s = q->time_ns / SECOND_NS;
    struct verdict verdicts[SIDES];
    if (r->out->questions++ == 0)
        r->out->first_ns = q->time_ns;
    r->out->last_ns = q->time_ns > r->out->last_ns ? q->time_ns : r->out->last_ns;
    if (is_passed_over(q)) {
        r->out->passed_over++;
        return 0;
    }
    const struct known_who *who = who_find(r, row, now_s);
    struct known_name target; /* a copy: both may have the same place */
    if (q->matched_len > 0)
        target = *name_find(r, q->matched, q->matched_len, q->qtype);
    const struct known_name *name = name_find(r, q->qname, q->qname_len, q->qtype);
    for (int side = 0; side < SIDES; side++)
        verdicts[side] = judge_side(r, side, who, name, q->matched_len > 0 ? &target : NULL, now_s);
    return count(r, q, who, &verdicts[0], &verdicts[1]);
}

static int replay_rows(struct replaying *r)
{
    const struct qlog_filter filter = {.from_ns = r->opts->from_ns, .to_ns = r->opts->to_ns, .action = -1};
    struct qlog_scan_stats stats;
    struct qlog_scan *scan;
    struct qlog_row row;
    int code = qlog_scan_open(r->opts->log_dir, &filter, &scan);
    if (code < 0)
        return code;
    while ((code = qlog_scan_next(scan, &row)) == 1) {
        code = row.lost > 0 ? 0 : replay_row(r, &row);
        if (code < 0)
            break;
    }
    qlog_scan_stats(scan, &stats);
    r->out->lost = stats.lost;
    r->out->damaged_blocks = stats.damaged_blocks;
    r->out->closed_blocks = stats.closed_blocks;
    qlog_scan_close(scan);
    return code < 0 ? code : tally_sort(r->out->tally);
}

int replay_run(const struct replay_opts *opts, struct replay *out)
{
    struct replaying r = {.opts = opts, .judges = {opts->before, opts->after}, .out = out};
    *out = (struct replay){.questions = 0};
    r.names = calloc(NAME_PLACES, sizeof *r.names);
    r.who = calloc(WHO_PLACES, sizeof *r.who);
    int code = r.names == NULL || r.who == NULL ? ERR_NOMEM : tally_new(&out->tally);
    if (code == 0)
        code = replay_rows(&r);
    if (code < 0)
        replay_done(out);
    free(r.names);
    free(r.who);
    return code;
}

void replay_done(struct replay *replay)
{
    tally_free(replay->tally);
    replay->tally = NULL;
}
