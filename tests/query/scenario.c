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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ipaddr.h"
#include "query/clients.h"
#include "query/play.h"
#include "query/records.h"
#include "query/script.h"
#include "query/setup.h"
#include "query/upstreams.h"

struct stage stage;

/* ---- what happens ---- */

static void do_after(const struct line *l)
{
    char *unit;
    long n = strtol(word(l, 1), &unit, 10);
    stage_move_clock(&stage, strcmp(unit, "ms") == 0 ? n : n * 1000);
}

static void do_it_is(const struct line *l)
{
    int32_t day;
    int hour, minute, second;
    if (calendar_day_from_text(word(l, 2), &day) < 0 || sscanf(word(l, 3), "%d:%d:%d", &hour, &minute, &second) != 3)
        fail("it is YYYY-MM-DD HH:MM:SS");
    stage.now.wall_ns = ((int64_t)day * 86400 + hour * 3600 + minute * 60 + second) * 1000000000;
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

/* ---- the play ---- */

static void play(char *text, const struct block *b)
{
    char whole[1024];
    struct line l;
    snprintf(whole, sizeof whole, "%s", text);
    split(text, &l);
    if (l.count == 0)
        return;
    if (is(&l, 0, "client") && is(&l, 2, "asks"))
        client_asks(&l);
    else if (is(&l, 0, "client") && is(&l, 2, "gets"))
        client_gets(&l, b);
    else if (is(&l, 0, "client") && is(&l, 2, "is") && is(&l, 3, "answered"))
        client_is_answered(&l);
    else if (is(&l, 0, "upstream"))
        upstream_line(&l, b);
    else if (is(&l, 0, "nobody"))
        upstream_nobody_asked();
    else if (is(&l, 0, "after"))
        do_after(&l);
    else if (is(&l, 0, "it") && is(&l, 1, "is"))
        do_it_is(&l);
    else if (is(&l, 0, "raw"))
        client_sends(&l);
    else if (is(&l, 0, "logged"))
        records_logged(&l);
    else if (is(&l, 0, "counted"))
        records_counted(&l);
    else if (is(&l, 0, "told"))
        records_told(&l);
    else if (is(&l, 0, "nothing") && is(&l, 2, "told"))
        records_nothing_told();
    else if (is(&l, 0, "list"))
        setup_list(&l);
    else if (is(&l, 0, "unlist"))
        setup_unlist(&l);
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
    else if (setup_policy(&l))
        return;
    else if (stage.running)
        fail("'%s' comes too late: the engine runs", l.word[0]);
    else
        setup_once(&l, whole);
}

int main(int argc, char **argv)
{
    char line[1024];
    static struct block b;
    if (argc != 2) {
        fprintf(stderr, "usage: scenario FILE\n");
        return 2;
    }
    FILE *file = script_open(argv[1]);
    if (file == NULL) {
        perror(argv[1]);
        return 2;
    }
    stage_init(&stage);
    while (script_step(file, line, sizeof line, &b)) {
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
