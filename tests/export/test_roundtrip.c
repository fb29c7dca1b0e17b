/*
 * Random lists: compiled, exported as a zone, compiled again. Every name near the rules must be told the same by both,
 * as far as a zone has words for it: blocked is NXDOMAIN there, and so is REFUSED.
 */
#include "export/export.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/ipaddr.h"
#include "belisha/category.h"
#include "belisha/verdict.h"
#include "dns/random.h"
#include "dns/rr.h"
#include "export/compiled.h"

#ifdef __SANITIZE_ADDRESS__
#define ROUNDS 12 /* each makes a dozen processes, which copy AddressSanitizer's tables */
#else
#define ROUNDS 40
#endif
#define RULES     24
#define LABELS    3 /* different ones: names of a small world meet each other */
#define DEPTH     4
#define TEXT_ROOM 8192

static struct random chance = {20261122};

static void add_name(char *text, size_t depth)
{
    static const char *const labels[LABELS] = {"a", "b", "c"};
    for (size_t i = 0; i < depth; i++) {
        strcat(text, labels[random_below(&chance, LABELS)]);
        strcat(text, ".");
    }
    strcat(text, "example");
}

static void add_adblock_rule(char *text)
{
    static const char *const forms[][2] = {{"||", "^"},
                                           {"|", "^"},
                                           {"*.", "^"},
                                           {"@@||", "^"},
                                           {"@@|", "^"},
                                           {"||", "^$important"},
                                           {"@@||", "^$important"},
                                           {"||", "^$dnsrewrite=192.0.2.1"},
                                           {"||", "^$dnsrewrite=NXDOMAIN"},
                                           {"||", "^$dnsrewrite=NOERROR"},
                                           {"|", "^$dnsrewrite=REFUSED"},
                                           {"@@||", "^$dnsrewrite"},
                                           {"||", "^$dnsrewrite=to.example.net"}};
    size_t form = random_below(&chance, sizeof forms / sizeof forms[0]);
    strcat(text, forms[form][0]);
    add_name(text, 1 + random_below(&chance, DEPTH));
    strcat(text, forms[form][1]);
    strcat(text, "\n");
}

static void add_zone_rule(char *text)
{
    static const char *const actions[] = {"CNAME .",
                                          "CNAME *.",
                                          "CNAME rpz-passthru.",
                                          "CNAME rpz-drop.",
                                          "CNAME rpz-tcp-only.",
                                          "60 A 192.0.2.2",
                                          "60 TXT \"x \\034 y\"",
                                          "60 MX 5 mx.example."};
    strcat(text, random_below(&chance, 2) ? "*." : "");
    add_name(text, 1 + random_below(&chance, DEPTH));
    strcat(text, " ");
    strcat(text, actions[random_below(&chance, sizeof actions / sizeof actions[0])]);
    strcat(text, "\n");
}

static void add_address_rule(char *text)
{
    static const char *const owners[] = {"8.0.0.0.10.rpz-ip",  "16.0.0.1.10.rpz-ip",    "24.0.1.1.10.rpz-ip",
                                         "32.1.1.1.10.rpz-ip", "32.zz.db8.2001.rpz-ip", "128.1.zz.db8.2001.rpz-ip"};
    static const char *const actions[] = {"CNAME .", "CNAME *.", "CNAME rpz-passthru.", "CNAME rpz-drop."};
    strcat(text, owners[random_below(&chance, sizeof owners / sizeof owners[0])]);
    strcat(text, " ");
    strcat(text, actions[random_below(&chance, sizeof actions / sizeof actions[0])]);
    strcat(text, "\n");
}

static enum outcome_kind as_zone_says(enum outcome_kind kind)
{
    return kind == OUTCOME_BLOCK || kind == OUTCOME_REFUSED ? OUTCOME_NXDOMAIN : kind;
}

/* Records in the order in which they would be given; a CNAME stands alone. */
static void describe(const struct blockdb *db, const struct blockdb_match *match, char out[1024])
{
    struct outcome outcome;
    struct blockdb_clause record;
    char text[RDATA_TEXT_MAX];
    outcome_make(db, match, &outcome);
    int len = snprintf(out, 1024, "%d", as_zone_says(outcome.kind));
    for (unsigned i = 0; i < outcome.record_count; i++) {
        assert_int_equal(blockdb_clause(db, outcome.records[i], &record), 0);
        assert_true(rdata_to_text(&record, text));
        if (record.type == DNS_TYPE_CNAME) {
            snprintf(out, 1024, "%d CNAME %.900s", OUTCOME_RECORDS, text);
            return;
        }
        len += snprintf(out + len, 1024 - (size_t)len, " %u %.200s", record.type, text);
    }
}

/* Whether both hold the same records, whatever their order. */
static bool same_words(const char *a, const char *b)
{
    char copy[1024], *state = NULL;
    if (strlen(a) != strlen(b))
        return false;
    strcpy(copy, a);
    for (char *word = strtok_r(copy, " ", &state); word != NULL; word = strtok_r(NULL, " ", &state))
        if (strstr(b, word) == NULL)
            return false;
    return true;
}

struct pair {
    struct compiled one, two;
    const char *list, *zone;
};

static void compare(const struct pair *p, const char *what, const struct blockdb_match *a,
                    const struct blockdb_match *b)
{
    char before[1024], after[1024];
    describe(p->one.db, a, before);
    describe(p->two.db, b, after);
    if (same_words(before, after))
        return;
    print_message("%s: '%s' became '%s'\n---- the list\n%s\n---- the zone\n%s\n", what, before, after, p->list,
                  p->zone);
    fail();
}

/* All names of the small world, and a label nobody listed at each depth. */
static void compare_names(const struct pair *p, const char *below, unsigned depth)
{
    static const char *const labels[LABELS + 1] = {"a", "b", "c", "unlisted"};
    for (size_t i = 0; i <= LABELS; i++) {
        char text[128];
        uint8_t name[NAME_MAX_LEN];
        struct name_key key;
        struct blockdb_match a, b;
        snprintf(text, sizeof text, "%s.%s", labels[i], below);
        assert_true(name_from_text(text, strlen(text), name) > 0);
        name_key_make(name, &key);
        blockdb_lookup(p->one.db, &key, &a);
        blockdb_lookup(p->two.db, &key, &b);
        compare(p, text, &a, &b);
        if (depth > 0)
            compare_names(p, text, depth - 1);
    }
}

static void compare_addresses(const struct pair *p)
{
    static const char *const texts[] = {"10.1.1.1", "10.1.1.2",    "10.1.2.1",    "10.2.1.1",
                                        "11.0.0.1", "2001:db8::1", "2001:db8::2", "2001:db9::1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ipaddr addr;
        struct blockdb_match a, b;
        assert_int_equal(ipaddr_from_text(texts[i], &addr), 0);
        blockdb_lookup_address(p->one.db, BLOCKDB_ADDRESS_ANSWER, addr.bytes, &a);
        blockdb_lookup_address(p->two.db, BLOCKDB_ADDRESS_ANSWER, addr.bytes, &b);
        compare(p, texts[i], &a, &b);
    }
}

static void go_round(const struct compiled_feed *feeds, size_t count)
{
    static const struct blockdb_view everything = {UINT64_MAX, VERDICT_NO_FEED};
    struct pair p = {.list = feeds[0].text};
    compiled_init(&p.one, feeds, count);
    char *zone = compiled_export(&p.one, "rpz", &everything);
    struct compiled_feed again = {"rpz", zone, CATEGORY_BIT(CATEGORY_MALWARE), false};
    p.zone = zone;
    compiled_init(&p.two, &again, 1);
    compare_names(&p, "example", DEPTH);
    compare_addresses(&p);
    compiled_done(&p.one);
    compiled_done(&p.two);
    free(zone);
}

static void random_adblock_rules_go_round(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        char text[TEXT_ROOM] = "";
        for (size_t i = 1 + random_below(&chance, RULES); i > 0; i--)
            add_adblock_rule(text);
        struct compiled_feed feed = {"adblock", text, CATEGORY_BIT(CATEGORY_MALWARE), false};
        go_round(&feed, 1);
    }
}

static void random_zones_go_round(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        char text[TEXT_ROOM] = "";
        for (size_t i = 1 + random_below(&chance, RULES); i > 0; i--)
            add_zone_rule(text);
        for (size_t i = random_below(&chance, 6); i > 0; i--)
            add_address_rule(text);
        struct compiled_feed feed = {"rpz", text, CATEGORY_BIT(CATEGORY_MALWARE), false};
        go_round(&feed, 1);
    }
}

static void random_feeds_together_go_round(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        char texts[3][TEXT_ROOM] = {"", "", ""};
        for (size_t i = 0; i < RULES / 2; i++) {
            add_adblock_rule(texts[0]);
            add_zone_rule(texts[1]);
            add_name(texts[2], 1 + random_below(&chance, DEPTH));
            strcat(texts[2], "\n");
        }
        struct compiled_feed feeds[] = {{"adblock", texts[0], CATEGORY_BIT(CATEGORY_MALWARE), false},
                                        {"rpz", texts[1], CATEGORY_BIT(CATEGORY_GAMBLING), false},
                                        {"domains", texts[2], CATEGORY_BIT(CATEGORY_PHISHING), true}};
        go_round(feeds, 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_adblock_rules_go_round),
        cmocka_unit_test(random_zones_go_round),
        cmocka_unit_test(random_feeds_together_go_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
