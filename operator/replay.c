#include "operator/replay.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "base/verdict.h"
#include "qlog/blocks.h"

#define NAME_PLACES (1u << 16)
#define SECOND_NS   INT64_C(1000000000)
#define SIDES       2 /* before, after */

/* Parts of the log that are looked at. */
#define PARTS (BLOCK_TIME | BLOCK_WHO | BLOCK_WHAT | BLOCK_NAMES | BLOCK_VERDICT | BLOCK_TEXTS)

/* The facts of a name, as both policies have them; from block to block. */
struct known_name {
    uint16_t type;
    uint8_t len; /* 0: the place is free */
    uint8_t name[NAME_MAX_LEN];
    struct policy_facts facts[SIDES];
};

/* An entry of a block's what table: the name, and the one that an alias led to. */
struct asked {
    bool known;
    bool passed_over;
    const uint8_t *name;
    const uint8_t *target; /* NULL: none decided */
    uint16_t type;
    struct policy_facts facts[SIDES];
    struct policy_facts target_facts[SIDES];
};

/* An entry of a block's who table: under which rules it stands with both. */
struct asker {
    bool known;
    struct judge_client client[SIDES];
    int64_t from_s, until_s; /* it was found out for the first of these, and holds until the other */
};

struct replaying {
    const struct replay_opts *opts;
    struct judge *judges[SIDES];
    struct known_name *names;
    struct asked *asked; /* of the block in hand, by number in its table; BLOCK_ROWS_MAX */
    struct asker *askers;
    struct replay *out;
};

/* ---- names ---- */

/* By a hash alone, without buckets: who is asked about often stays, since it is put back as soon as it went. */
static void name_find(struct replaying *r, const uint8_t *name, uint16_t type, struct policy_facts out[SIDES])
{
    struct blockdb_match match;
    struct name_key key;
    uint8_t len = (uint8_t)name_len(name);
    struct known_name *place = &r->names[XXH3_64bits_withSeed(name, len, type) % NAME_PLACES];
    if (place->len != len || place->type != type || memcmp(place->name, name, len) != 0) {
        place->len = len;
        place->type = type;
        memcpy(place->name, name, len);
        name_key_make(name, &key);
        blockdb_lookup_type(r->judges[0]->db, &key, type, &match);
        for (int side = 0; side < SIDES; side++)
            judge_facts_from_match(r->judges[side], name, &key, &match, type, &place->facts[side]);
    }
    memcpy(out, place->facts, sizeof place->facts);
}

/* What nobody's policy was asked about, or what is written down without its name. */
static bool is_passed_over(const struct block_what *what)
{
    return what->action == VERDICT_ERROR || what->reason == REASON_BAD_QUESTION || what->reason == REASON_RATE_LIMIT ||
           what->reason == REASON_ACCESS || what->reason == REASON_STATUTORY;
}

static const struct asked *asked_find(struct replaying *r, const struct block_view *view, uint16_t number)
{
    const struct block_what *what = &view->what[number];
    struct asked *asked = &r->asked[number];
    if (asked->known)
        return asked;
    *asked = (struct asked){.known = true,
                            .passed_over = is_passed_over(what),
                            .name = block_name(view->block, what->name),
                            .type = what->type};
    if (asked->passed_over)
        return asked;
    name_find(r, asked->name, asked->type, asked->facts);
    if (what->matched > 0) {
        asked->target = block_name(view->block, what->matched - 1);
        name_find(r, asked->target, asked->type, asked->target_facts);
    }
    return asked;
}

/* ---- clients ---- */

/* A client of whom the log knows the group alone. */
static void stand_by_group(struct replaying *r, const char *name, struct asker *asker)
{
    for (int side = 0; side < SIDES; side++) {
        int group = policy_group_find(r->judges[side]->policy, name);
        asker->client[side] = judge_group(r->judges[side]->policy, group < 0 ? POLICY_GROUP_DEFAULT : (uint16_t)group);
    }
}

static void stand(struct replaying *r, const struct block_who *who, const struct ipaddr *address, int64_t now_s,
                  struct asker *asker)
{
    const struct replay_opts *opts = r->opts;
    const char *user = who->user == 0 || opts->user_name == NULL ? NULL : opts->user_name(opts->ctx, who->user);
    for (int side = 0; side < SIDES; side++) {
        const struct policy *policy = r->judges[side]->policy;
        uint32_t person = user == NULL ? POLICY_NOBODY : policy_person_find(policy, user);
        struct policy_standing standing;
        policy_standing(policy, address, person, now_s, &standing);
        asker->client[side] = (struct judge_client){
            .profile = standing.profile, .group = standing.group, .user = who->user, .device = who->device};
        if (standing.until_s < asker->until_s)
            asker->until_s = standing.until_s;
    }
}

static struct ipaddr address_of(const struct block_who *who)
{
    struct ipaddr address;
    memcpy(address.bytes, who->client, sizeof address.bytes);
    return address;
}

static const struct asker *asker_find(struct replaying *r, const struct block_view *view, uint16_t number,
                                      int64_t now_s)
{
    static const struct ipaddr nobody;
    struct asker *asker = &r->askers[number];
    if (asker->known && now_s >= asker->from_s && now_s < asker->until_s)
        return asker;
    const struct ipaddr address = address_of(&view->who[number]);
    *asker = (struct asker){.known = true, .from_s = now_s, .until_s = INT64_MAX};
    if (ipaddr_equal(&address, &nobody))
        stand_by_group(r, view->group[number], asker);
    else
        stand(r, &view->who[number], &address, now_s, asker);
    return asker;
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

static struct verdict judge_side(struct replaying *r, int side, const struct asker *asker, const struct asked *asked,
                                 int64_t now_s)
{
    struct judge *judge = r->judges[side];
    const struct judge_client *client = &asker->client[side];
    struct verdict v = judge_name(judge, asked->name, asked->type, &asked->facts[side], client, now_s);
    if (asked->target != NULL)
        judge_target(judge, asked->target, asked->type, &asked->target_facts[side], client, now_s, &v);
    return v;
}

/* One row of the block. */
struct question {
    const struct block_who *who;
    const struct block_what *what;
    const struct asker *asker;
    const struct asked *asked;
};

static int count(struct replaying *r, const struct question *q, const struct verdict *before,
                 const struct verdict *after)
{
    const struct tally_client client = {.user = q->what->unattributed ? 0 : q->who->user,
                                        .address = address_of(q->who)};
    enum tally_change change = change_of(before, after);
    if (change == TALLY_CHANGE_COUNT)
        return 0;
    const struct judge_client *sides = q->asker->client;
    const struct tally_cell cell = {
        .change = change,
        .group_before = sides[0].group,
        .group_after = sides[1].group,
        .level_before = policy_level_at(r->judges[0]->moment, sides[0].profile)->name,
        .level_after = policy_level_at(r->judges[1]->moment, sides[1].profile)->name,
    };
    return tally_add(r->out->tally, &cell, &client, q->asked->name, before, after);
}

static int row_judge(struct replaying *r, const struct block_view *view, uint32_t i)
{
    const int64_t now_s = view->time[i] / SECOND_NS;
    struct question q = {.who = &view->who[view->who_of[i]],
                         .what = &view->what[view->what_of[i]],
                         .asked = asked_find(r, view, view->what_of[i])};
    struct verdict verdicts[SIDES];
    if (q.asked->passed_over) {
        r->out->passed_over++;
        return 0;
    }
    q.asker = asker_find(r, view, view->who_of[i], now_s);
    for (int side = 0; side < SIDES; side++)
        verdicts[side] = judge_side(r, side, q.asker, q.asked, now_s);
    return count(r, &q, &verdicts[0], &verdicts[1]);
}

static int block_judge(struct replaying *r, const struct block_view *view)
{
    struct replay *out = r->out;
    int code = 0;
    for (uint32_t i = 0; i < view->what_count; i++)
        r->asked[i].known = false;
    for (uint32_t i = 0; i < view->who_count; i++)
        r->askers[i].known = false;
    if (view->row_count > 0) {
        out->first_ns = out->questions == 0 ? view->time[0] : out->first_ns;
        out->last_ns = view->time[view->row_count - 1] > out->last_ns ? view->time[view->row_count - 1] : out->last_ns;
    }
    out->questions += view->row_count;
    for (uint32_t i = 0; code >= 0 && i < view->row_count; i++)
        code = row_judge(r, view, i);
    return code;
}

static int blocks_judge(struct replaying *r)
{
    const struct blocks_opts opts = {.filter = {.from_ns = r->opts->from_ns, .to_ns = r->opts->to_ns, .action = -1},
                                     .parts = PARTS};
    struct qlog_scan_stats stats;
    struct blocks *blocks = NULL;
    struct blocks_reader *reader = NULL;
    const struct block_view *view;
    int code = blocks_open(r->opts->log_dir, &opts, &blocks);
    if (code == 0)
        code = blocks_reader_new(blocks, &reader);
    while (code >= 0 && (code = blocks_next(reader, &view)) == 1)
        code = block_judge(r, view);
    if (code >= 0) {
        blocks_stats(blocks, &stats);
        r->out->lost = stats.lost;
        r->out->damaged_blocks = stats.damaged_blocks;
        r->out->closed_blocks = stats.closed_blocks;
    }
    blocks_reader_free(reader);
    blocks_close(blocks);
    return code < 0 ? code : tally_sort(r->out->tally);
}

int replay_run(const struct replay_opts *opts, struct replay *out)
{
    struct replaying r = {.opts = opts, .judges = {opts->before, opts->after}, .out = out};
    *out = (struct replay){.questions = 0};
    r.names = calloc(NAME_PLACES, sizeof *r.names);
    r.asked = calloc(BLOCK_ROWS_MAX, sizeof *r.asked);
    r.askers = calloc(BLOCK_ROWS_MAX, sizeof *r.askers);
    int code = r.names == NULL || r.asked == NULL || r.askers == NULL ? ERR_NOMEM : tally_new(&out->tally);
    if (code == 0)
        code = blocks_judge(&r);
    if (code < 0)
        replay_done(out);
    free(r.names);
    free(r.asked);
    free(r.askers);
    return code;
}

void replay_done(struct replay *replay)
{
    tally_free(replay->tally);
    replay->tally = NULL;
}
