#include "ship/shape.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpsl.h>

#include "base/category.h"
#include "base/ipaddr.h"
#include "base/verdict.h"
#include "belisha/statutory_format.h"
#include "dns/rr.h"

#define PART_MAX       ((size_t)512 << 20)
#define NUMBER_MAX     16
#define NOBODYS_NUMBER 0

static const char statutory[] = "statutory.invalid";

/* ---- words ---- */

static const char *word(const struct block *block, const struct texts_key *key, char number[NUMBER_MAX])
{
    const char *found = texts_find(&block->texts, key);
    if (found != NULL)
        return found;
    snprintf(number, NUMBER_MAX, "%u", key->number);
    return number;
}

/* ---- who ---- */

/* "" for nobody; "#17" where the name is not known, or forgotten. */
static const char *name_of(const struct roster *roster, enum roster_kind kind, uint32_t number, char out[NUMBER_MAX])
{
    const char *name = roster == NULL || number == 0 ? NULL : roster_name(roster, kind, number);
    if (number == 0)
        return "";
    if (name != NULL && name[0] != '\0')
        return name;
    snprintf(out, NUMBER_MAX, "#%" PRIu32, number);
    return out;
}

/* A number means something at its own site only; a name of the roster everywhere. */
static uint64_t pseudonym_of(const struct shape_opts *opts, enum pseudonym_kind kind, const char *name)
{
    if (name[0] == '\0')
        return NOBODYS_NUMBER;
    return pseudonym(opts->key, kind, name[0] == '#' ? opts->site : "", name);
}

static void put_pseudonyms(const struct shape_opts *opts, const struct block_who *from, const char *person,
                           const char *device, struct ship_who *out)
{
    static const uint8_t none[16];
    char text[IPADDR_TEXT_MAX];
    struct ipaddr client;
    out->person = pseudonym_of(opts, PSEUDONYM_USER, person);
    out->device = pseudonym_of(opts, PSEUDONYM_DEVICE, device);
    if (memcmp(from->client, none, sizeof none) == 0)
        return;
    memcpy(client.bytes, from->client, sizeof client.bytes);
    out->client = pseudonym(opts->key, PSEUDONYM_CLIENT, opts->site, ipaddr_to_text(&client, text));
}

static void shape_who(const struct shape_opts *opts, const struct block *block, uint32_t i, const struct pen *pen)
{
    const struct block_who *from = &block->who[i];
    const struct texts_key group = {TEXTS_GROUP, from->policy, from->group};
    char numbers[3][NUMBER_MAX];
    struct ship_who who = ship_nobody;
    const char *person = name_of(opts->roster, ROSTER_USER, from->user, numbers[0]);
    const char *device = name_of(opts->roster, ROSTER_DEVICE, from->device, numbers[1]);
    who.group = word(block, &group, numbers[2]);
    who.grade = from->grade;
    who.policy_version = from->policy;
    if (opts->identities == IDENTITIES_PSEUDONYM) {
        put_pseudonyms(opts, from, person, device, &who);
    } else if (opts->identities == IDENTITIES_FULL) {
        who.person_name = person;
        who.device_name = device;
        who.client_address = from->client;
    }
    columns_who(pen, &who);
}

/* ---- what ---- */

static bool ends_with(const char *name, const char *end)
{
    size_t name_bytes = strlen(name), end_bytes = strlen(end);
    return name_bytes >= end_bytes && strcmp(name + name_bytes - end_bytes, end) == 0;
}

/* Text without the closing dot; what the log calls by an id is called by none. */
static const char *name_text(const uint8_t *wire, char out[NAME_TEXT_MAX])
{
    name_to_text(wire, out);
    size_t len = strlen(out);
    if (len > 1 && out[len - 1] == '.')
        out[len - 1] = '\0';
    return ends_with(out, statutory) ? statutory : out;
}

/* The part that somebody registered, "example.sch.uk"; of a name that has none, the name. */
static const char *domain_of(const char *name)
{
    const char *domain = psl_registrable_domain(psl_builtin(), name);
    return domain == NULL ? name : domain;
}

static void put_categories(uint64_t mask, struct ship_what *out)
{
    for (unsigned id = 0; id < CATEGORY_MAX; id++) {
        const char *name = category_name(id);
        if ((mask & CATEGORY_BIT(id)) != 0 && name != NULL && out->category_count < SHIP_CATEGORIES_MAX)
            out->categories[out->category_count++] = name;
    }
}

/* What may be told of a listed name: nothing but that there was one. */
static void redact(struct ship_what *what)
{
    what->name = what->domain = statutory;
    what->matched_name = "";
    what->match_labels = 0;
    what->answer = ship_nothing.answer;
}

static void put_verdict(const struct block_what *from, struct ship_what *out)
{
    const struct verdict verdict = {.action = from->action, .reason = from->reason};
    const char *category = category_name(from->category);
    out->verdict = verdict_action_name(from->action);
    out->reason = verdict_reason_name(from->reason);
    out->category = category == NULL ? "" : category;
    out->blocked = verdict_is_block(&verdict);
    out->help = from->reason == REASON_PROTECTED_HELP || from->unattributed != 0;
    out->match = verdict_match_name(from->match);
    out->match_labels = from->match_labels;
    put_categories(from->categories, out);
}

static void shape_what(const struct block *block, uint32_t i, const struct pen *pen)
{
    const struct block_what *from = &block->what[i];
    const struct texts_key feed = {TEXTS_FEED, from->generation, from->feed};
    char name[NAME_TEXT_MAX], matched[NAME_TEXT_MAX], number[NUMBER_MAX];
    char type[DNS_TYPE_TEXT_MAX], rcode[DNS_TYPE_TEXT_MAX];
    struct ship_what what = ship_nothing;
    what.name = name_text(block_name(block, from->name), name);
    what.domain = domain_of(what.name);
    if (from->matched > 0)
        what.matched_name = name_text(block_name(block, from->matched - 1), matched);
    what.type = dns_type_to_text(from->type, type);
    what.rcode = dns_rcode_to_text(from->rcode, rcode);
    what.feed = from->feed == VERDICT_NO_FEED ? "" : word(block, &feed, number);
    what.rule = from->rule;
    what.answer = from->answer;
    what.answer_count = from->answer_count;
    what.generation = from->generation;
    put_verdict(from, &what);
    if (from->reason == REASON_STATUTORY || what.name == statutory)
        redact(&what);
    columns_what(pen, &what);
}

static void shape_path(const struct block *block, uint32_t i, const struct pen *pen)
{
    const struct block_path *from = &block->path[i];
    const struct texts_key upstream = {TEXTS_UPSTREAM, 0, from->upstream};
    char number[NUMBER_MAX];
    const struct ship_path path = {.transport = from->transport,
                                   .cache = from->cache,
                                   .upstream = from->upstream == UINT16_MAX ? "" : word(block, &upstream, number)};
    columns_path(pen, &path);
}

/* ---- the whole ---- */

static int part_begin(struct shape_part *part, size_t count)
{
    part->bytes.len = 0;
    part->bytes.max = PART_MAX;
    part->bytes.failed = false;
    if (count + 1 <= part->cap)
        return 0;
    uint32_t *grown = realloc(part->at, (count + 1) * sizeof *grown);
    if (grown == NULL)
        return ERR_NOMEM;
    part->at = grown;
    part->cap = count + 1;
    return 0;
}

static int wanted_judge(struct shape *shape, const struct shape_opts *opts, const struct block *block)
{
    if (block->what_count > shape->wanted_cap) {
        uint8_t *grown = realloc(shape->wanted, block->what_count);
        if (grown == NULL)
            return ERR_NOMEM;
        shape->wanted = grown;
        shape->wanted_cap = block->what_count;
    }
    for (uint32_t i = 0; i < block->what_count; i++) {
        const struct verdict verdict = {.action = block->what[i].action, .reason = block->what[i].reason};
        shape->wanted[i] = !opts->blocked_only || verdict_is_block(&verdict);
    }
    return 0;
}

static bool part_ok(const struct shape_part *part)
{
    return !part->bytes.failed;
}

int shape_block(struct shape *shape, const struct shape_opts *opts, const struct block *block)
{
    const struct pen who = {opts->form, &shape->who.bytes};
    const struct pen what = {opts->form, &shape->what.bytes};
    const struct pen path = {opts->form, &shape->path.bytes};
    int code = part_begin(&shape->who, block->who_count);
    if (code == 0)
        code = part_begin(&shape->what, block->what_count);
    if (code == 0)
        code = part_begin(&shape->path, block->path_count);
    if (code == 0)
        code = wanted_judge(shape, opts, block);
    if (code < 0)
        return code;
    for (uint32_t i = 0; i <= block->who_count; i++) {
        shape->who.at[i] = (uint32_t)shape->who.bytes.len;
        if (i < block->who_count)
            shape_who(opts, block, i, &who);
    }
    for (uint32_t i = 0; i <= block->what_count; i++) {
        shape->what.at[i] = (uint32_t)shape->what.bytes.len;
        if (i < block->what_count)
            shape_what(block, i, &what);
    }
    for (uint32_t i = 0; i <= block->path_count; i++) {
        shape->path.at[i] = (uint32_t)shape->path.bytes.len;
        if (i < block->path_count)
            shape_path(block, i, &path);
    }
    return part_ok(&shape->who) && part_ok(&shape->what) && part_ok(&shape->path) ? 0 : ERR_NOMEM;
}

static void part_done(struct shape_part *part)
{
    text_done(&part->bytes);
    free(part->at);
}

void shape_done(struct shape *shape)
{
    part_done(&shape->who);
    part_done(&shape->what);
    part_done(&shape->path);
    free(shape->wanted);
    *shape = (struct shape){0};
}
