/*
 * Plays one scenario. A scenario reads like a conversation; docs of its words:
 *
 *   set-up    servers N [spelt|tcp|recursive] upstream servers 0..N-1; spelt: with letters small or capital by chance
 *             zone NAME servers N... [filtered]
 *             list CATEGORY NAME             with subdomains; `exact`, `except` (an exception), `important` before it
 *             list zone KIND CATEGORY NAME   a zone's rule; KIND: nxdomain nodata refused drop tcp-only pass block; `exact`
 *                                            before it; NAME may be @PREFIX
 *             list rewrite ADDRESS CATEGORY NAME
 *             list alias TARGET CATEGORY NAME
 *             list data TYPE HEX CATEGORY NAME   answered with a record of these data
 *             list type TYPE CATEGORY NAME   for questions of this type only
 *             list pattern REGEX CATEGORY NAME
 *             level NAME block C,C | log-only C,C | allow C,C | hold C,C | unless-approved C,C | default-block | keep-ech | safe [ENGINE=]MODE
 *                                            (level 0 is "default", blocks all, strips ECH and has no SafeSearch)
 *             engine NAME strict TARGET [moderate TARGET] hosts HOST...    a search engine; TARGET: a name, or ADDR,ADDR
 *             group NAME PREFIX LEVEL
 *             schedule NAME TIMES [group=NAME] [level=NAME] [allow=C,C] [block=C,C]    _ stands for a blank in TIMES
 *             clocks RULE                    of the school, such as GMT0BST,M3.5.0/1,M10.5.0; without one, UTC
 *             access PREFIX                  instead of 10.0.0.0/8
 *             name KIND NAME [exact]         KIND: help nxdomain nodata block allow
 *             special use                    the shipped names that never leave the site (policy/special_use.c)
 *             record NAME TTL IN TYPE RDATA  a local record
 *             spare NAME                     stays open to who is paused
 *             grant never C,C                categories that no grant opens
 *             option KEY VALUE               of struct query_opts; _ stands for a blank in a text
 *             nxdomain CATEGORY              blocked with NXDOMAIN
 *             no generation
 *             statutory NAME                 a host of the statutory list; "=" before it: not those below
 *             no statutory list              it was set up and can't be read
 *   action    client ADDR asks NAME TYPE [as N] [tcp] [edns[=SIZE]] [do] [cd] [ad] [nord] [z] [class=CH] [opcode=N] [cookie[=back]]
 *                         [dot] [sde[=CODE]] [emptyede]    sde: the option for structured errors, 65001; emptyede: an
 *                                            extended error that says nothing
 *                         [noquestion] [version=N] [flags=HEX] [options=HEX]    of its OPT, the options behind the others
 *             raw HEX [from ADDR] [as N] [tcp]    bytes as they are
 *             upstream N answers RCODE [tc] [aa] [ad] [nora] [small] [noedns] [cookie[=wrong]] [ede=N] [first] [to=NAME]
 *                                            + records below, indented. small: the question's letters; first: to the oldest
 *                                            open question, not the newest; to: to the one about NAME
 *                         [id=wrong] [question=NAME] [type=TYPE] [class=CH] [noqr] [opcode=N] [noquestion]    forged
 *             upstream N sends HEX
 *             upstream N breaks              its slot fails
 *             upstream N refuses | accepts   what io.send() says from now on
 *             after 500ms | 10s
 *             it is YYYY-MM-DD HH:MM:SS      UTC; the wall clock is set, forward or back
 *             publish                        the list so far becomes a new generation
 *             publish statutory              the statutory list so far becomes a new one, nothing else changes
 *             unlist NAME                    takes NAME out of the list
 *             decide block|allow|grant|suspend NAME|all [exact] [from=SECONDS] [for=SECONDS] [with=NAME] [lifts]
 *                         [group=NAME] [user=N] [device=N]    recorded under the next number, from 1
 *             revoke N
 *             here ADDR user=N | device=N [for=SECONDS]    who is where from now on, as the network says
 *             name, group, access, no group NAME   as above; they count from the next publish on
 *   check     upstream N is asked NAME TYPE [tcp] [do] [cd] [noedns] [spelt] [cookie]    cookie: with the server's part
 *             nobody is asked
 *             client N gets RCODE [tc] [aa] [ad] [ede=N[,N]] [text=TEXT] [size<=N] [cookie] [keepalive] [noquestion]
 *                                            + records below, all of them; text: of the first error, _ for a blank
 *             client N gets nothing
 *             client N is answered           whatever it says
 *             logged KEY=VALUE ...           of the last record; concealed=HOST: its name is the id of that host
 *             counted KEY=N ...              KEY: an action, reason, RCODE, blocked/CATEGORY, `waited` or `dnstap`
 *             counted upstream N KEY=N ...   KEY: a counter of metrics/meter.h, `rtt`, or `failed_in_row`
 *             told KIND NAME [KEY=VALUE ...] by dnstap, the oldest not looked at; KIND: client_query client_response
 *                                            forwarder_query forwarder_response
 *             nothing is told                none that was not looked at
 *
 * Record lines: [authority] NAME TTL CLASS TYPE RDATA. Names are absolute with or without the closing dot.
 *
 * Of every answer it is checked besides: id, opcode, RD, CD and the question's bytes are those that came (RFC 1035, 4.1.1;
 * RFC 4035, 3.2.2); QR and RA are set, Z is not; an OPT is there if and only if one was asked with (RFC 6891, 6.1.1), of
 * version 0, with DO as it came and no other flag (6.1.4), and no option that we do not speak. Of every question to a
 * server: RD and AD, one question, an OPT of version 0 and our size with no other flag than DO.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "base/category.h"
#include "base/ipaddr.h"
#include "base/verdict.h"
#include "dns/edns.h"
#include "dns/msg.h"
#include "dns/rr.h"
#include "dnstap/decode.h"
#include "policy/special_use.h"
#include "query/stage.h"
#include "statutory/statutory.h"

#define WORDS_MAX 24
#define HEADER_Z  0x0040u /* reserved (RFC 1035, 4.1.1) */

static struct stage stage;
static const char *file_name;
static int line_number;

static void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void fail(const char *format, ...)
{
    va_list args;
    fprintf(stderr, "%s:%d: ", file_name, line_number);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

/* ---- words ---- */

struct line {
    int count;
    char *word[WORDS_MAX];
};

static void split(char *text, struct line *out)
{
    out->count = 0;
    for (char *w = strtok(text, " \t\n"); w != NULL; w = strtok(NULL, " \t\n")) {
        if (out->count == WORDS_MAX)
            fail("too many words");
        out->word[out->count++] = w;
    }
}

static bool is(const struct line *l, int i, const char *word)
{
    return i < l->count && strcmp(l->word[i], word) == 0;
}

static const char *word(const struct line *l, int i)
{
    if (i >= l->count)
        fail("a word is missing after '%s'", l->word[l->count - 1]);
    return l->word[i];
}

/* The rest of the option "key=..." or "" for the bare word; NULL when it is not there. */
static const char *option(const struct line *l, int from, const char *key)
{
    size_t len = strlen(key);
    for (int i = from; i < l->count; i++) {
        if (strcmp(l->word[i], key) == 0)
            return "";
        if (strncmp(l->word[i], key, len) == 0 && l->word[i][len] == '=')
            return l->word[i] + len + 1;
    }
    return NULL;
}

static void name_read(const char *text, uint8_t out[NAME_MAX_LEN])
{
    int len = name_from_text(text, strlen(text), out);
    if (len < 0)
        fail("no name: %s", text);
}

static void lower_read(const char *text, uint8_t out[NAME_MAX_LEN])
{
    name_read(text, out);
    name_lower(out, out, name_len(out));
}

static uint64_t categories_read(const char *text)
{
    uint64_t mask = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        int id = category_from_name(text, len);
        if (id < 0)
            fail("no category: %s", text);
        mask |= CATEGORY_BIT(id);
        text += len + (text[len] == ',');
    }
    return mask;
}

static uint16_t type_read(const char *text)
{
    int type = dns_type_from_text(text);
    if (type < 0)
        fail("no type: %s", text);
    return (uint16_t)type;
}

static size_t hex_read(const char *text, uint8_t *out, size_t cap)
{
    size_t len = 0;
    for (; text[0] != '\0' && text[1] != '\0' && len < cap; text += 2) {
        unsigned byte;
        if (sscanf(text, "%2x", &byte) != 1)
            fail("no hex: %s", text);
        out[len++] = (uint8_t)byte;
    }
    return len;
}

/* ---- indented records under a line ---- */

struct block {
    int count;
    bool authority[32];
    char text[32][600];
};

static void block_add(struct block *b, const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    if (b->count == 32)
        fail("too many records");
    b->authority[b->count] = strncmp(text, "authority ", 10) == 0;
    if (b->authority[b->count])
        text += 10;
    snprintf(b->text[b->count], sizeof b->text[0], "%s", text);
    b->text[b->count][strcspn(b->text[b->count], "\n")] = '\0';
    b->count++;
}

static ldns_rr *record_read(const char *text)
{
    ldns_rr *rr = NULL;
    ldns_rdf *root = ldns_dname_new_frm_str(".");
    if (ldns_rr_new_frm_str(&rr, text, 0, root, NULL) != LDNS_STATUS_OK)
        fail("no record: %s", text);
    ldns_rdf_deep_free(root);
    return rr;
}

/* ---- set-up ---- */

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

static void do_list(const struct line *l)
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

static void do_unlist(const struct line *l)
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

/* ---- time ---- */

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

static void do_it_is(const struct line *l)
{
    int32_t day;
    int hour, minute, second;
    if (calendar_day_from_text(word(l, 2), &day) < 0 || sscanf(word(l, 3), "%d:%d:%d", &hour, &minute, &second) != 3)
        fail("it is YYYY-MM-DD HH:MM:SS");
    stage.now.wall_ns = ((int64_t)day * 86400 + hour * 3600 + minute * 60 + second) * 1000000000;
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

static char *unblank(char *text)
{
    for (char *at = text; (at = strchr(at, '_')) != NULL;)
        *at = ' ';
    return text;
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

/* ---- actions ---- */

#define CLIENTS_MAX 64
#define ASKED_MAX   2048

static uint8_t cookie_got[24]; /* by the last client that `gets ... cookie` */

/* An option more in the OPT record at out, which is len bytes long. Returns its new length. */
static size_t option_add(uint8_t *out, size_t len, unsigned code, const void *data, size_t data_len)
{
    msg_put_u16(out + len, code);
    msg_put_u16(out + len + 2, (unsigned)data_len);
    memcpy(out + len + 4, data, data_len);
    msg_put_u16(out + 9, msg_u16(out + 9) + 4 + (unsigned)data_len);
    return len + 4 + data_len;
}

/* The options by which a client asks for structured errors. */
static size_t structured_add(const struct line *l, uint8_t *opt, size_t len)
{
    const char *sde = option(l, 5, "sde");
    if (sde != NULL)
        len = option_add(opt, len, *sde == '\0' ? 65001 : (unsigned)atoi(sde), "", 0);
    if (option(l, 5, "emptyede") != NULL)
        len = option_add(opt, len, EDNS_OPTION_EDE, "\0\0", 2);
    return len;
}

/* What each client asked last. */
static struct {
    size_t len;
    uint8_t msg[ASKED_MAX];
} asked_by[CLIENTS_MAX];

static unsigned class_read(const char *text)
{
    static const struct {
        const char *text;
        unsigned class;
    } classes[] = {{"IN", 1}, {"CH", 3}, {"HS", 4}, {"NONE", 254}, {"ANY", 255}};
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (strcmp(classes[i].text, text) == 0)
            return classes[i].class;
    return (unsigned)atoi(text);
}

/* The OPT of a question, or nothing where no word asks for one. Returns its bytes. */
static size_t opt_write(const struct line *l, uint8_t out[ASKED_MAX / 2])
{
    static const char *const words[] = {"edns", "do", "cookie", "version", "flags", "options", "sde", "emptyede"};
    const char *size = option(l, 5, "edns"), *cookie = option(l, 5, "cookie");
    const char *version = option(l, 5, "version"), *flags = option(l, 5, "flags"), *options = option(l, 5, "options");
    bool back = cookie != NULL && strcmp(cookie, "back") == 0;
    struct edns_reply opt = {.udp_size = (uint16_t)(size != NULL && *size != '\0' ? atoi(size) : 1232),
                             .dnssec_ok = option(l, 5, "do") != NULL,
                             .ede = EDE_NONE,
                             .cookie = back ? cookie_got : (const uint8_t *)"CLIENTCO",
                             .cookie_len = back             ? sizeof cookie_got
                                           : cookie != NULL ? 8
                                                            : 0};
    bool wanted = false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        wanted = wanted || option(l, 5, words[i]) != NULL;
    int len = wanted ? edns_write(&opt, out, 100) : 0;
    if (len < 0)
        fail("edns");
    if (version != NULL)
        out[6] = (uint8_t)atoi(version);
    if (flags != NULL)
        msg_put_u16(out + 7, msg_u16(out + 7) | (unsigned)strtoul(flags, NULL, 16));
    size_t all = wanted ? structured_add(l, out, (size_t)len) : 0;
    if (options == NULL)
        return all;
    size_t more = hex_read(options, out + all, 800);
    msg_put_u16(out + 9, (unsigned)(msg_u16(out + 9) + more));
    return all + more;
}

static size_t question_write(const struct line *l, uint8_t out[ASKED_MAX])
{
    const char *class = option(l, 5, "class");
    const char *opcode = option(l, 5, "opcode");
    unsigned flags = (option(l, 5, "nord") == NULL ? MSG_RD : 0) | (option(l, 5, "cd") != NULL ? MSG_CD : 0) |
                     (option(l, 5, "ad") != NULL ? MSG_AD : 0) | (option(l, 5, "z") != NULL ? HEADER_Z : 0);
    if (opcode != NULL)
        flags |= (unsigned)atoi(opcode) << 11;
    memset(out, 0, 12);
    msg_put_u16(out + 2, flags);
    msg_put_u16(out + 4, 1);
    uint8_t name[NAME_MAX_LEN];
    name_read(word(l, 3), name);
    size_t len = 12 + name_len(name);
    memcpy(out + 12, name, len - 12);
    msg_put_u16(out + len, type_read(word(l, 4)));
    msg_put_u16(out + len + 2, class != NULL ? class_read(class) : DNS_CLASS_IN);
    len += 4;
    if (option(l, 5, "noquestion") != NULL) {
        msg_put_u16(out + 4, 0);
        len = MSG_HEADER_LEN;
    }
    size_t opt_len = opt_write(l, out + len);
    msg_put_u16(out + 10, opt_len > 0);
    return len + opt_len;
}

/* Who asks by this line: 1 unless it says otherwise. */
static unsigned client_of(const struct line *l)
{
    unsigned client = 1;
    for (int i = 0; i + 1 < l->count; i++)
        if (is(l, i, "as"))
            client = (unsigned)atoi(l->word[i + 1]);
    if (client >= CLIENTS_MAX)
        fail("too many clients");
    return client;
}

static void ask_from(const char *addr, const struct line *l, const uint8_t *msg, size_t len)
{
    struct query_source source = {.token = client_of(l)};
    bool encrypted = option(l, 1, "dot") != NULL;
    asked_by[source.token].len = len;
    memcpy(asked_by[source.token].msg, msg, len);
    source.stream = encrypted || option(l, 1, "tcp") != NULL;
    source.transport = encrypted ? QLOG_DOT : source.stream ? QLOG_TCP : QLOG_UDP;
    if (endpoint_from_text(addr, 40000, &source.client) < 0)
        fail("no address: %s", addr);
    uint8_t *exact = malloc(len == 0 ? 1 : len); /* reading past the end is seen */
    memcpy(exact, msg, len);
    stage_ask(&stage, &source, exact, len);
    free(exact);
}

static void do_client_asks(const struct line *l)
{
    uint8_t msg[ASKED_MAX];
    size_t len = question_write(l, msg);
    msg_put_u16(msg, 0xbe00 + client_of(l));
    ask_from(word(l, 1), l, msg, len);
}

static void do_raw(const struct line *l)
{
    uint8_t msg[ASKED_MAX];
    const char *addr = "10.0.0.1";
    size_t len = hex_read(word(l, 1), msg, sizeof msg);
    for (int i = 2; i + 1 < l->count; i++)
        if (is(l, i, "from"))
            addr = l->word[i + 1];
    ask_from(addr, l, msg, len);
}

static bool is_about(const struct caught_ask *ask, const char *name)
{
    struct request r;
    uint8_t want[NAME_MAX_LEN];
    lower_read(name, want);
    return request_parse(ask->msg, ask->len, &r) == 0 && name_equal(r.question.name, want);
}

/* The question to this server that a line means: of those without an answer the newest, unless it says otherwise. */
static struct caught_ask *ask_of(int server, const struct line *l)
{
    bool first = option(l, 4, "first") != NULL;
    const char *name = option(l, 4, "to");
    for (size_t n = 0; n < stage.ask_count; n++) {
        struct caught_ask *ask = &stage.asks[first ? n : stage.ask_count - 1 - n];
        if (ask->server == server && !ask->gone && (name == NULL || is_about(ask, name)))
            return ask;
    }
    fail("server %d was not asked", server);
}

static unsigned rcode_read(const char *text)
{
    char name[DNS_TYPE_TEXT_MAX];
    for (unsigned i = 0; i <= DNS_RCODE_BADCOOKIE; i++)
        if (strcmp(dns_rcode_to_text(i, name), text) == 0)
            return i;
    fail("no rcode: %s", text);
}

/* In place of the OPT that ldns kept from our question, the server's own, or none. */
static size_t opt_replace(const struct line *l, const struct caught_ask *ask, uint8_t *msg, size_t len)
{
    uint8_t cookie[EDNS_COOKIE_CLIENT_LEN + 8] = "CLIENTCOSERVERCO";
    const char *with_cookie = option(l, 4, "cookie");
    const char *ede = option(l, 4, "ede");
    unsigned rcode = rcode_read(word(l, 3));
    struct edns_reply opt = {.udp_size = MSG_UDP_EDNS,
                             .rcode = (uint16_t)rcode,
                             .ede = (int16_t)(ede != NULL ? atoi(ede) : EDE_NONE),
                             .ede_text = "words of a stranger",
                             .cookie = cookie,
                             .cookie_len = with_cookie != NULL ? sizeof cookie : 0};
    struct request asked;
    if (msg_u16(msg + 10) == 0 || request_parse(ask->msg, ask->len, &asked) != 0)
        return len;
    if (with_cookie != NULL && strcmp(with_cookie, "wrong") != 0)
        memcpy(cookie, asked.edns.cookie, EDNS_COOKIE_CLIENT_LEN);
    struct msg_walk walk;
    struct msg_rr rr = {.type = 0};
    if (msg_walk_begin(&walk, msg, len) < 0)
        fail("reply");
    while (rr.type != DNS_TYPE_OPT && msg_walk_next(&walk, &rr) > 0)
        continue;
    msg_put_u16(msg + 10, 0);
    if (option(l, 4, "noedns") != NULL)
        return rr.name_pos;
    int added = edns_write(&opt, msg + rr.name_pos, 100);
    if (added < 0)
        fail("edns");
    msg_put_u16(msg + 10, 1);
    return rr.name_pos + (size_t)added;
}

static size_t reply_write(const struct line *l, const struct block *b, const struct caught_ask *ask, uint8_t *out)
{
    ldns_pkt *pkt = NULL;
    uint8_t *wire = NULL;
    size_t len = 0;
    const char *other = option(l, 4, "question");
    if (ldns_wire2pkt(&pkt, ask->msg, ask->len) != LDNS_STATUS_OK)
        fail("our own question does not parse");
    ldns_pkt_set_qr(pkt, true);
    ldns_pkt_set_ra(pkt, option(l, 4, "nora") == NULL);
    ldns_pkt_set_aa(pkt, option(l, 4, "aa") != NULL);
    ldns_pkt_set_tc(pkt, option(l, 4, "tc") != NULL);
    ldns_pkt_set_ad(pkt, option(l, 4, "ad") != NULL);
    ldns_pkt_set_rcode(pkt, rcode_read(word(l, 3)) & MSG_RCODE);
    if (other != NULL) {
        ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(pkt), 0);
        ldns_rdf_deep_free(ldns_rr_owner(question));
        ldns_rr_set_owner(question, ldns_dname_new_frm_str(other));
    }
    for (int i = 0; i < b->count; i++)
        ldns_pkt_push_rr(pkt, b->authority[i] ? LDNS_SECTION_AUTHORITY : LDNS_SECTION_ANSWER, record_read(b->text[i]));
    if (ldns_pkt2wire(&wire, pkt, &len) != LDNS_STATUS_OK || len > 60000)
        fail("reply");
    memcpy(out, wire, len);
    len = opt_replace(l, ask, out, len);
    if (option(l, 4, "small") != NULL)
        name_lower(out + MSG_HEADER_LEN, out + MSG_HEADER_LEN, name_len(out + MSG_HEADER_LEN));
    free(wire);
    ldns_pkt_free(pkt);
    return len;
}

/* What a line asks to be wrong with a reply. Returns whether anything is: it must not end the wait. */
static bool forge(const struct line *l, uint8_t *msg, size_t *len)
{
    const char *opcode = option(l, 4, "opcode"), *type = option(l, 4, "type"), *class = option(l, 4, "class");
    const char *cookie = option(l, 4, "cookie");
    size_t question_end = MSG_HEADER_LEN + name_len(msg + MSG_HEADER_LEN) + 4;
    bool forged = option(l, 4, "question") != NULL || (cookie != NULL && strcmp(cookie, "wrong") == 0);
    uint16_t flags = msg_u16(msg + 2);
    if (option(l, 4, "id") != NULL)
        msg[1] ^= 1;
    if (option(l, 4, "noqr") != NULL)
        msg_put_u16(msg + 2, flags & ~(unsigned)MSG_QR);
    if (opcode != NULL)
        msg_put_u16(msg + 2, flags | (unsigned)atoi(opcode) << 11);
    if (type != NULL)
        msg_put_u16(msg + question_end - 4, type_read(type));
    if (class != NULL)
        msg_put_u16(msg + question_end - 2, class_read(class));
    if (option(l, 4, "noquestion") == NULL)
        return forged || option(l, 4, "id") != NULL || option(l, 4, "noqr") != NULL || opcode != NULL || type != NULL ||
               class != NULL;
    memset(msg + 4, 0, MSG_HEADER_LEN - 4);
    *len = MSG_HEADER_LEN;
    return true;
}

static void do_upstream_answers(const struct line *l, const struct block *b)
{
    static uint8_t msg[65536];
    int server = atoi(word(l, 1));
    struct caught_ask *ask = ask_of(server, l);
    size_t len = reply_write(l, b, ask, msg);
    ask->gone = !forge(l, msg, &len);
    query_reply(stage.engine, ask->slot, (uint16_t)server, msg, len, stage.now);
}

static void do_upstream_sends(const struct line *l)
{
    uint8_t msg[1024];
    const struct caught_ask *ask = ask_of(atoi(word(l, 1)), l);
    size_t len = hex_read(word(l, 3), msg, sizeof msg);
    if (len >= 2)
        memcpy(msg, ask->msg, 2);
    query_reply(stage.engine, ask->slot, ask->server, msg, len, stage.now);
}

static void do_after(const struct line *l)
{
    char *unit;
    long n = strtol(word(l, 1), &unit, 10);
    stage_move_clock(&stage, strcmp(unit, "ms") == 0 ? n : n * 1000);
}

/* For whom: group=NAME, user=NUMBER or device=NUMBER. */
static void scope_read(const struct line *l, struct decision *d)
{
    for (enum decision_scope scope = DECISION_GROUP; scope <= DECISION_DEVICE; scope++) {
        const char *whom = option(l, 2, decision_scope_name(scope));
        if (whom == NULL)
            continue;
        d->scope = scope;
        snprintf(d->whom, sizeof d->whom, "%s%s", scope == DECISION_GROUP ? "" : "#", whom);
    }
}

static void do_decide(const struct line *l)
{
    const char *from = option(l, 2, "from");
    const char *seconds = option(l, 2, "for");
    const char *other = option(l, 2, "with");
    struct decision d = {.below = option(l, 2, "exact") == NULL,
                         .lifts_safe_search = option(l, 2, "lifts") != NULL,
                         .from_s = from == NULL ? 0 : atol(from),
                         .until_s = seconds == NULL ? 0 : atol(seconds)};
    while (d.kind < DECISION_SUSPEND && strcmp(decision_kind_name(d.kind), word(l, 1)) != 0)
        d.kind++;
    if (strcmp(word(l, 2), "all") != 0)
        name_read(word(l, 2), d.name);
    if (other != NULL) {
        uint8_t name[NAME_MAX_LEN];
        name_read(other, name);
        if (decision_name_add(&d, name, false) < 0)
            fail("one name too many");
    }
    scope_read(l, &d);
    stage_decide(&stage, &d);
}

/* Of a lease when it is a device alone. */
static void do_here(const struct line *l)
{
    const char *user = option(l, 2, "user");
    const char *device = option(l, 2, "device");
    struct claim claim = {.source = user != NULL ? CLAIM_LOGON : CLAIM_STATIC, .has_address = true};
    if (ipaddr_from_text(word(l, 1), &claim.address) < 0)
        fail("no address: %s", word(l, 1));
    snprintf(claim.user, sizeof claim.user, "%s", user == NULL ? "" : user);
    snprintf(claim.host, sizeof claim.host, "%s", device == NULL ? "" : device);
    snprintf(claim.key, sizeof claim.key, "%s", word(l, 1));
    const char *seconds = option(l, 2, "for");
    claim.until_s = seconds == NULL ? 0 : stage.now.wall_ns / 1000000000 + atol(seconds);
    stage_claim(&stage, &claim);
}

/* ---- checks ---- */

/* Of options there is at most our own cookie: what a client put into its OPT (ECS, RFC 7871, 7.1.2) stays with us.
 * Returns whether the cookie has the server's part. */
static bool check_options(const uint8_t *msg, size_t len)
{
    bool has_server_part = false;
    struct msg_walk walk;
    struct msg_rr rr;
    if (msg_walk_begin(&walk, msg, len) < 0)
        fail("the question to the server is malformed");
    while (msg_walk_next(&walk, &rr) > 0) {
        const uint8_t *rdata = msg + rr.rdata_pos;
        if (rr.type == DNS_TYPE_OPT && (rr.class != MSG_UDP_EDNS || (rr.ttl & ~(uint32_t)EDNS_DO) != 0))
            fail("the OPT to the server says %u and %x", rr.class, rr.ttl);
        if (rr.type != DNS_TYPE_OPT || rr.rdata_len == 0)
            continue;
        if (rr.rdata_len < 12 || msg_u16(rdata) != EDNS_OPTION_COOKIE || msg_u16(rdata + 2) + 4u != rr.rdata_len)
            fail("the question to the server has other options than a cookie");
        has_server_part = rr.rdata_len > 12;
    }
    return has_server_part;
}

static void check_asked(const struct line *l)
{
    int server = atoi(word(l, 1));
    for (size_t i = 0; i < stage.ask_count; i++) {
        struct caught_ask *c = &stage.asks[i];
        struct request r;
        uint8_t want[NAME_MAX_LEN];
        if (c->seen || c->server != server)
            continue;
        c->seen = true;
        lower_read(word(l, 4), want);
        if (request_parse(c->msg, c->len, &r) != 0)
            fail("the question to the server is malformed");
        if (!name_equal(r.question.name, want) || r.question.type != type_read(word(l, 5)))
            fail("the server was asked something else");
        if (c->stream != (option(l, 6, "tcp") != NULL))
            fail("transport: %s", c->stream ? "tcp" : "udp");
        if (r.edns.present == (option(l, 6, "noedns") != NULL))
            fail("EDNS is %s", r.edns.present ? "there" : "not there");
        if ((r.edns.present && r.edns.dnssec_ok) != (option(l, 6, "do") != NULL))
            fail("DO is %d", r.edns.dnssec_ok);
        if (((r.flags & MSG_CD) != 0) != (option(l, 6, "cd") != NULL))
            fail("CD");
        if ((r.flags & ~(unsigned)MSG_CD) != (MSG_RD | MSG_AD))
            fail("flags are %x", r.flags);
        if (check_options(c->msg, c->len) != (option(l, 6, "cookie") != NULL))
            fail("the server's part of the cookie");
        if ((memcmp(c->msg + MSG_HEADER_LEN, want, name_len(want)) != 0) != (option(l, 6, "spelt") != NULL))
            fail("letters are %s", option(l, 6, "spelt") != NULL ? "all small" : "spelt by chance");
        return;
    }
    fail("server %d is not asked", server);
}

static void check_nobody_asked(void)
{
    for (size_t i = 0; i < stage.ask_count; i++)
        if (!stage.asks[i].seen)
            fail("server %u is asked", stage.asks[i].server);
}

static struct caught_answer *answer_of(uint64_t token)
{
    for (size_t i = 0; i < stage.answer_count; i++)
        if (stage.answers[i].token == token && !stage.answers[i].seen)
            return &stage.answers[i];
    return NULL;
}

/* The EDNS option's bytes and their number, or NULL. */
static const uint8_t *edns_option(const ldns_pkt *pkt, unsigned code, size_t *out_len)
{
    const ldns_rdf *data = ldns_pkt_edns_data(pkt);
    for (size_t at = 0; data != NULL && at + 4 <= ldns_rdf_size(data);) {
        const uint8_t *option_at = ldns_rdf_data(data) + at;
        *out_len = msg_u16(option_at + 2);
        if (msg_u16(option_at) == code)
            return option_at + 4;
        at += 4 + *out_len;
    }
    return NULL;
}

/* Options that we speak; whatever else came is not sent back (RFC 6891, 6.1.2; RFC 7871, 7.2.2). */
static void check_spoken(const ldns_pkt *pkt)
{
    const ldns_rdf *data = ldns_pkt_edns_data(pkt);
    for (size_t at = 0; data != NULL && at + 4 <= ldns_rdf_size(data);) {
        const uint8_t *option_at = ldns_rdf_data(data) + at;
        unsigned code = msg_u16(option_at);
        if (code != EDNS_OPTION_COOKIE && code != EDNS_OPTION_KEEPALIVE && code != EDNS_OPTION_PADDING &&
            code != EDNS_OPTION_EDE)
            fail("the answer has option %u", code);
        at += 4 + (size_t)msg_u16(option_at + 2);
    }
}

/* All codes of extended errors, "15" or "22,13"; "none". */
static void ede_of(const ldns_pkt *pkt, char out[32])
{
    const ldns_rdf *data = ldns_pkt_edns_data(pkt);
    struct edns_option option;
    size_t pos = 0, used = 0;
    snprintf(out, 32, "none");
    while (data != NULL && edns_option_next(ldns_rdf_data(data), ldns_rdf_size(data), &pos, &option) > 0)
        if (option.code == EDNS_OPTION_EDE && option.len >= 2 && used < 24)
            used += (size_t)snprintf(out + used, 32 - used, "%s%u", used > 0 ? "," : "", msg_u16(option.data));
}

static void check_ede(const struct line *l, const ldns_pkt *pkt)
{
    const char *want = option(l, 4, "ede");
    const char *text = option(l, 4, "text");
    char got[32], wanted[1024];
    size_t len;
    ede_of(pkt, got);
    if (strcmp(got, want == NULL ? "none" : want) != 0)
        fail("EDE is %s", got);
    if (text == NULL)
        return;
    const uint8_t *ede = edns_option(pkt, EDNS_OPTION_EDE, &len);
    snprintf(wanted, sizeof wanted, "%s", text);
    if (strlen(unblank(wanted)) != len - 2 || memcmp(wanted, ede + 2, len - 2) != 0)
        fail("EXTRA-TEXT is '%.*s'", (int)len - 2, (const char *)ede + 2);
}

static void check_cookie(const ldns_pkt *pkt)
{
    size_t len;
    const uint8_t *cookie = edns_option(pkt, EDNS_OPTION_COOKIE, &len);
    if (cookie == NULL || len != sizeof cookie_got)
        fail("there is no cookie");
    memcpy(cookie_got, cookie, len);
}

static void compare_section(const ldns_rr_list *got, const struct block *b, bool authority)
{
    size_t at = 0;
    for (int i = 0; i < b->count; i++) {
        if (b->authority[i] != authority)
            continue;
        ldns_rr *want = record_read(b->text[i]);
        char *want_text = ldns_rr2str(want);
        if (at >= ldns_rr_list_rr_count(got))
            fail("record is missing: %s", want_text);
        char *got_text = ldns_rr2str(ldns_rr_list_rr(got, at++));
        if (strcasecmp(got_text, want_text) != 0)
            fail("record differs:\n  got  %s  want %s", got_text, want_text);
        free(want_text);
        free(got_text);
        ldns_rr_free(want);
    }
    if (at < ldns_rr_list_rr_count(got)) {
        char *extra = ldns_rr2str(ldns_rr_list_rr(got, at));
        fail("a record too many: %s", extra);
    }
}

static void check_flag(const struct line *l, const char *name, bool is_set)
{
    if (is_set != (option(l, 4, name) != NULL))
        fail("%s is %s", name, is_set ? "set" : "not set");
}

/* What every answer gives back of its question, whatever it says. */
static void check_echo(const struct line *l, const struct caught_answer *c, const ldns_pkt *pkt)
{
    const uint8_t *asked = asked_by[c->token].msg;
    const unsigned copied = MSG_OPCODE | MSG_RD | MSG_CD;
    unsigned flags = msg_u16(c->msg + 2);
    bool no_question = option(l, 4, "noquestion") != NULL;
    size_t question_len = no_question ? 0 : name_len(asked + MSG_HEADER_LEN) + 4;
    struct request r;
    if (request_parse(asked, asked_by[c->token].len, &r) < 0)
        fail("what the client sent has no answer");
    if (msg_u16(c->msg) != msg_u16(asked))
        fail("id is %x", msg_u16(c->msg));
    if ((flags & copied) != (msg_u16(asked + 2) & copied))
        fail("flags are %x, asked with %x", flags, msg_u16(asked + 2));
    if (!(flags & MSG_QR) || !(flags & MSG_RA) || (flags & HEADER_Z) != 0)
        fail("QR, RA or Z: flags are %x", flags);
    if (msg_u16(c->msg + 4) != !no_question ||
        memcmp(c->msg + MSG_HEADER_LEN, asked + MSG_HEADER_LEN, question_len) != 0)
        fail("the question is not the one that was asked");
    if (ldns_pkt_edns(pkt) != r.edns.present)
        fail("OPT is %s", r.edns.present ? "missing" : "there");
    if (!r.edns.present)
        return;
    if (ldns_pkt_edns_version(pkt) != 0 || ldns_pkt_edns_z(pkt) != (r.edns.dnssec_ok ? EDNS_DO : 0))
        fail("OPT: version %u, flags %x", ldns_pkt_edns_version(pkt), ldns_pkt_edns_z(pkt));
    check_spoken(pkt);
}

static void check_gets(const struct line *l, const struct block *b)
{
    size_t len;
    struct caught_answer *c = answer_of((uint64_t)atoi(word(l, 1)));
    ldns_pkt *pkt = NULL;
    char rcode[DNS_TYPE_TEXT_MAX];
    if (is(l, 3, "nothing")) {
        if (c != NULL)
            fail("there is an answer");
        return;
    }
    if (c == NULL)
        fail("there is no answer");
    c->seen = true;
    if (ldns_wire2pkt(&pkt, c->msg, c->len) != LDNS_STATUS_OK)
        fail("the answer does not parse");
    unsigned whole = ldns_pkt_get_rcode(pkt) | (unsigned)ldns_pkt_edns_extended_rcode(pkt) << 4;
    dns_rcode_to_text(whole, rcode);
    if (strcmp(rcode, word(l, 3)) != 0)
        fail("rcode is %s", rcode);
    check_echo(l, c, pkt);
    check_flag(l, "tc", ldns_pkt_tc(pkt));
    check_flag(l, "aa", ldns_pkt_aa(pkt));
    check_flag(l, "ad", ldns_pkt_ad(pkt));
    check_ede(l, pkt);
    if (option(l, 4, "cookie") != NULL)
        check_cookie(pkt);
    if ((edns_option(pkt, EDNS_OPTION_KEEPALIVE, &len) != NULL) != (option(l, 4, "keepalive") != NULL))
        fail("keepalive");
    const char *size = option(l, 4, "size<");
    if (size != NULL && c->len > (size_t)atoi(size))
        fail("size is %zu", c->len);
    compare_section(ldns_pkt_answer(pkt), b, false);
    compare_section(ldns_pkt_authority(pkt), b, true);
    ldns_pkt_free(pkt);
}

static void check_answered(const struct line *l)
{
    struct caught_answer *c = answer_of((uint64_t)atoi(word(l, 1)));
    if (c == NULL)
        fail("there is no answer");
    c->seen = true;
}

/* The id of the host if that is all the record says of names. */
static void concealed_read(const struct qlog_record *r, const char *host, char got[NAME_TEXT_MAX])
{
    uint8_t name[NAME_MAX_LEN], opaque[NAME_MAX_LEN];
    struct name_key key;
    lower_read(host, name);
    name_key_make(name, &key);
    size_t len = statutory_opaque_name(stage.tier, &key, key.labels, opaque);
    bool same = r->qname_len == len && memcmp(r->qname, opaque, len) == 0 && r->matched_len == 0;
    snprintf(got, NAME_TEXT_MAX, "%s", same ? host : "another name");
}

static void check_logged(const struct line *l)
{
    const struct qlog_record *r = &stage.last_log;
    static const char *const caches[] = {"none", "hit", "miss", "stale", "merged"};
    for (int i = 1; i < l->count; i++) {
        char got[NAME_TEXT_MAX] = "";
        char *value = strchr(l->word[i], '=');
        if (value == NULL)
            fail("logged KEY=VALUE");
        *value++ = '\0';
        if (is(l, i, "verdict"))
            snprintf(got, sizeof got, "%s", verdict_action_name(r->verdict.action));
        else if (is(l, i, "reason"))
            snprintf(got, sizeof got, "%s", verdict_reason_name(r->verdict.reason));
        else if (is(l, i, "match"))
            snprintf(got, sizeof got, "%s", verdict_match_name(r->verdict.match));
        else if (is(l, i, "category"))
            snprintf(got, sizeof got, "%s",
                     category_name(r->verdict.category) ? category_name(r->verdict.category) : "-");
        else if (is(l, i, "cache"))
            snprintf(got, sizeof got, "%s", caches[r->cache]);
        else if (is(l, i, "name"))
            name_to_text(r->qname, got);
        else if (is(l, i, "concealed"))
            concealed_read(r, value, got);
        else if (is(l, i, "matched"))
            r->matched_len > 0 ? (void)name_to_text(r->matched, got) : (void)0;
        else if (is(l, i, "labels"))
            snprintf(got, sizeof got, "%u", r->verdict.match_labels);
        else if (is(l, i, "feed"))
            snprintf(got, sizeof got, "%d", r->verdict.feed == VERDICT_NO_FEED ? -1 : r->verdict.feed);
        else if (is(l, i, "rule"))
            snprintf(got, sizeof got, "%u", r->verdict.rule);
        else if (is(l, i, "upstream"))
            snprintf(got, sizeof got, "%d", r->upstream == QLOG_NO_UPSTREAM ? -1 : r->upstream);
        else if (is(l, i, "client"))
            ipaddr_to_text(&r->client, got);
        else if (is(l, i, "answer"))
            ipaddr_to_text(&r->answer, got);
        else if (is(l, i, "rtt_ms"))
            snprintf(got, sizeof got, "%u", r->rtt_us / 1000);
        else
            fail("no field: %s", l->word[i]);
        if (strcmp(got, value) != 0)
            fail("logged %s is '%s', not '%s'", l->word[i], got, value);
    }
}

/* What was counted under this key about answers. */
static uint64_t count_of_answers(const struct metrics *sum, const char *key)
{
    if (strcmp(key, "waited") == 0)
        return histogram_total(&sum->waited);
    if (strcmp(key, "dnstap") == 0)
        return sum->value[METRIC_DNSTAP];
    if (strncmp(key, "blocked/", 8) == 0) {
        int category = category_from_name(key + 8, strlen(key + 8));
        return category < 0 ? 0 : sum->blocked[category];
    }
    for (unsigned i = 0; i < METRICS_RCODES; i++) {
        char rcode[DNS_TYPE_TEXT_MAX];
        if (strcmp(key, dns_rcode_to_text(i, rcode)) == 0)
            return sum->rcode[i];
    }
    for (unsigned i = 0; i < METRICS_REASONS; i++)
        if (strcmp(key, verdict_reason_name(i)) == 0)
            return metrics_by_reason(sum, (enum verdict_reason)i);
    int action = verdict_action_from_name(key);
    if (action < 0)
        fail("no counter: %s", key);
    return metrics_by_action(sum, (enum verdict_action)action);
}

static uint64_t count_of_server(const struct meter *meter, const char *key)
{
    static const char *const keys[] = {
#define X(suffix, family, label, key, help) key,
        METER_LIST(X)
#undef X
    };
    if (strcmp(key, "rtt") == 0)
        return histogram_total(&meter->rtt);
    if (strcmp(key, "failed_in_row") == 0)
        return (uint64_t)meter_get(meter, METER_FAILED_IN_ROW);
    for (unsigned i = 0; i < METER_COUNTS; i++)
        if (strcmp(key, keys[i]) == 0)
            return meter->count[i];
    fail("no counter: %s", key);
}

static void check_counted(const struct line *l)
{
    const struct metrics *const worker = &stage.metrics;
    struct metrics sum;
    bool of_server = l->count > 1 && is(l, 1, "upstream");
    int server = of_server ? atoi(l->word[2]) : 0;
    metrics_sum(&worker, 1, &sum);
    for (int i = of_server ? 3 : 1; i < l->count; i++) {
        char *value = strchr(l->word[i], '=');
        if (value == NULL)
            fail("counted KEY=N");
        *value++ = '\0';
        uint64_t got =
            of_server ? count_of_server(&stage.metrics.meters[server], l->word[i]) : count_of_answers(&sum, l->word[i]);
        if (got != strtoull(value, NULL, 10))
            fail("counted %s is %llu, not %s", l->word[i], (unsigned long long)got, value);
    }
}

static struct caught_tap *next_told(void)
{
    for (size_t i = 0; i < stage.tap_count; i++)
        if (!stage.taps[i].seen)
            return &stage.taps[i];
    return NULL;
}

static void check_nothing_told(void)
{
    if (next_told() != NULL)
        fail("something is told");
}

static void piece_text(const struct piece *piece, char out[NAME_TEXT_MAX])
{
    snprintf(out, NAME_TEXT_MAX, "%.*s", (int)piece->len, piece->at == NULL ? "" : (const char *)piece->at);
}

/* A policy's value: an address where the match says so, else a name. */
static void value_text(const struct told_policy *policy, char out[NAME_TEXT_MAX])
{
    struct ipaddr addr;
    if (policy->value.at == NULL)
        return;
    if (policy->match != DNSTAP_MATCH_CLIENT_IP && policy->match != DNSTAP_MATCH_RESPONSE_IP) {
        name_to_text(policy->value.at, out);
        return;
    }
    addr = policy->value.len == 4 ? ipaddr_from_v4(policy->value.at) : ipaddr_from_v6(policy->value.at);
    ipaddr_to_text(&addr, out);
}

/* "hidden": all of them are zeros; "shown", or "none". */
static const char *told_cookie(const struct piece *message)
{
    struct msg_walk walk;
    struct msg_rr rr;
    const char *found = "none";
    if (message->at == NULL || msg_walk_begin(&walk, message->at, message->len) < 0)
        return found;
    while (msg_walk_next(&walk, &rr) > 0) {
        struct edns_option option;
        size_t pos = 0;
        while (rr.type == DNS_TYPE_OPT && edns_option_next(message->at + rr.rdata_pos, rr.rdata_len, &pos, &option) > 0)
            if (option.code == EDNS_OPTION_COOKIE) {
                found = strcmp(found, "shown") == 0 ? found : "hidden";
                for (size_t i = 0; i < option.len; i++)
                    if (option.data[i] != 0)
                        found = "shown";
            }
    }
    return found;
}

static void check_told_word(const struct told *told, const char *key, const char *want)
{
    char got[NAME_TEXT_MAX] = "";
    if (strcmp(key, "policy") == 0)
        piece_text(&told->policy.type, got);
    else if (strcmp(key, "rule") == 0)
        piece_text(&told->policy.rule, got);
    else if (strcmp(key, "value") == 0)
        value_text(&told->policy, got);
    else if (strcmp(key, "action") == 0)
        snprintf(got, sizeof got, "%d", (int)told->policy.action);
    else if (strcmp(key, "match") == 0)
        snprintf(got, sizeof got, "%d", (int)told->policy.match);
    else if (strcmp(key, "protocol") == 0)
        snprintf(got, sizeof got, "%d", (int)told->protocol);
    else if (strcmp(key, "zone") == 0)
        name_to_text(told->zone.at, got);
    else if (strcmp(key, "cookie") == 0)
        snprintf(got, sizeof got, "%s", told_cookie(&told->response));
    else if (strcmp(key, "answers") == 0)
        snprintf(got, sizeof got, "%d", told->response.at == NULL ? -1 : msg_u16(told->response.at + 6));
    else
        fail("no field: %s", key);
    if (strcmp(got, want) != 0)
        fail("told %s is '%s', not '%s'", key, got, want);
}

static void check_told(const struct line *l)
{
    static const char *const kinds[] = {[DNSTAP_CLIENT_QUERY] = "client_query",
                                        [DNSTAP_CLIENT_RESPONSE] = "client_response",
                                        [DNSTAP_FORWARDER_QUERY] = "forwarder_query",
                                        [DNSTAP_FORWARDER_RESPONSE] = "forwarder_response"};
    struct caught_tap *c = next_told();
    struct told told;
    uint8_t want[NAME_MAX_LEN], got[NAME_MAX_LEN] = {0};
    if (c == NULL)
        fail("nothing is told");
    c->seen = true;
    if (!told_read(c->bytes, c->len, &told) || told.type < DNSTAP_CLIENT_QUERY || told.type > DNSTAP_FORWARDER_RESPONSE)
        fail("what is told can't be read");
    if (strcmp(kinds[told.type], word(l, 1)) != 0)
        fail("told is a %s", kinds[told.type]);
    const struct piece *message = told.response.at != NULL ? &told.response : &told.query;
    if (message->at != NULL)
        name_lower(got, message->at + MSG_HEADER_LEN, name_len(message->at + MSG_HEADER_LEN));
    lower_read(word(l, 2), want);
    if (message->at != NULL && !name_equal(got, want))
        fail("told is another name");
    for (int i = 3; i < l->count; i++) {
        char *value = strchr(l->word[i], '=');
        if (value == NULL)
            fail("told KIND NAME KEY=VALUE");
        *value++ = '\0';
        check_told_word(&told, l->word[i], value);
    }
}

/* ---- the play ---- */

/* Set-up that may also change under way. */
static bool changes_policy(const struct line *l)
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

static void set_up(const struct line *l, const char *text)
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

static void upstream_line(const struct line *l, const struct block *b)
{
    if (is(l, 2, "is") && is(l, 3, "asked"))
        check_asked(l);
    else if (is(l, 2, "answers"))
        do_upstream_answers(l, b);
    else if (is(l, 2, "sends"))
        do_upstream_sends(l);
    else if (is(l, 2, "breaks")) {
        struct caught_ask *ask = ask_of(atoi(word(l, 1)), l);
        ask->gone = true;
        query_slot_failed(stage.engine, ask->slot, stage.now);
    } else if (is(l, 2, "refuses"))
        stage.refuse_server |= 1u << atoi(word(l, 1));
    else if (is(l, 2, "accepts"))
        stage.refuse_server &= ~(1u << atoi(word(l, 1)));
    else
        fail("upstream: what is '%s'?", word(l, 2));
}

static void play(char *text, const struct block *b)
{
    char whole[1024];
    struct line l;
    snprintf(whole, sizeof whole, "%s", text);
    split(text, &l);
    if (l.count == 0)
        return;
    if (is(&l, 0, "client") && is(&l, 2, "asks"))
        do_client_asks(&l);
    else if (is(&l, 0, "client") && is(&l, 2, "gets"))
        check_gets(&l, b);
    else if (is(&l, 0, "client") && is(&l, 2, "is") && is(&l, 3, "answered"))
        check_answered(&l);
    else if (is(&l, 0, "upstream"))
        upstream_line(&l, b);
    else if (is(&l, 0, "nobody"))
        check_nobody_asked();
    else if (is(&l, 0, "after"))
        do_after(&l);
    else if (is(&l, 0, "it") && is(&l, 1, "is"))
        do_it_is(&l);
    else if (is(&l, 0, "raw"))
        do_raw(&l);
    else if (is(&l, 0, "logged"))
        check_logged(&l);
    else if (is(&l, 0, "counted"))
        check_counted(&l);
    else if (is(&l, 0, "told"))
        check_told(&l);
    else if (is(&l, 0, "nothing") && is(&l, 2, "told"))
        check_nothing_told();
    else if (is(&l, 0, "list"))
        do_list(&l);
    else if (is(&l, 0, "unlist"))
        do_unlist(&l);
    else if (is(&l, 0, "statutory"))
        stage.statutory[stage.statutory_count++] = stage_text(&stage, word(&l, 1));
    else if (is(&l, 0, "publish") && is(&l, 1, "statutory"))
        stage_publish_statutory(&stage);
    else if (is(&l, 0, "here"))
        do_here(&l);
    else if (is(&l, 0, "decide"))
        do_decide(&l);
    else if (is(&l, 0, "revoke"))
        stage_revoke(&stage, (size_t)atol(word(&l, 1)));
    else if (is(&l, 0, "publish"))
        stage_publish(&stage);
    else if (changes_policy(&l))
        return;
    else if (stage.running)
        fail("'%s' comes too late: the engine runs", l.word[0]);
    else
        set_up(&l, whole);
}

/* A line with the indented ones below it. */
static bool read_step(FILE *file, char *line, size_t cap, struct block *b)
{
    static char ahead[1024];
    static int ahead_number;
    static bool have;
    b->count = 0;
    if (!have) {
        ahead_number++;
        if (fgets(ahead, sizeof ahead, file) == NULL)
            return false;
    }
    have = false;
    line_number = ahead_number;
    snprintf(line, cap, "%s", ahead);
    for (;;) {
        ahead_number++;
        if (fgets(ahead, sizeof ahead, file) == NULL)
            return true;
        if (!isspace((unsigned char)ahead[0]) || ahead[strspn(ahead, " \t\n")] == '\0') {
            have = true;
            return true;
        }
        block_add(b, ahead);
    }
}

int main(int argc, char **argv)
{
    char line[1024];
    static struct block b;
    if (argc != 2) {
        fprintf(stderr, "usage: scenario FILE\n");
        return 2;
    }
    file_name = argv[1];
    FILE *file = fopen(file_name, "r");
    if (file == NULL) {
        perror(file_name);
        return 2;
    }
    stage_init(&stage);
    while (read_step(file, line, sizeof line, &b)) {
        char *comment = strchr(line, '#');
        if (comment != NULL)
            *comment = '\0';
        play(line, &b);
    }
    fclose(file);
    if (stage.log_count < stage.answer_count)
        fail("%zu answers, but %zu log records", stage.answer_count, stage.log_count);
    for (size_t i = 0; i < stage.answer_count; i++)
        if (!stage.answers[i].seen)
            fail("the script never looked at an answer to client %d", (int)stage.answers[i].token);
    stage_done(&stage);
    return 0;
}
