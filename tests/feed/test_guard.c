#include "feed/guard.h"

#include "collect.h"

static struct guard *make_guard(void)
{
    struct guard *guard = NULL;
    unsigned line = 0;
    struct prefix network;
    assert_int_equal(
        guard_new(span_of("# help\n\nChildline.org.uk # any child\r\nact.campaign.gov.uk\n"), &guard, &line), 0);
    assert_int_equal(guard_add(guard, span_of("beacon.kent.sch.uk\n"), REFUSED_OWN_DOMAIN, &line), 0);
    assert_int_equal(guard_add(guard, span_of("classroom.google.com"), REFUSED_LEARNING_PLATFORM, &line), 0);
    assert_int_equal(prefix_from_text("203.0.113.64/28", &network), 0);
    assert_int_equal(guard_add_address(guard, &network), 0);
    return guard;
}

static void guard_stands_between_lists_and_names_that_must_work(void **state)
{
    static const struct {
        const char *name;
        bool covers_below, suffix_ok;
        enum refusal why;
    } rows[] = {
        {"childline.org.uk", false, false, REFUSED_PROTECTED_HELP},
        {"www.childline.org.uk", false, false, REFUSED_PROTECTED_HELP},
        {"campaign.gov.uk", true, false, REFUSED_PROTECTED_HELP}, /* would cover act.campaign.gov.uk */
        {"campaign.gov.uk", false, false, REFUSED_NONE},
        {"gov.uk", true, true, REFUSED_PROTECTED_HELP},
        {"uk", true, true, REFUSED_PROTECTED_HELP},
        {"notchildline.org.uk", true, false, REFUSED_NONE},
        {"childline.org.uk.example", true, false, REFUSED_NONE},
        {"use-application-dns.net", false, false, REFUSED_CANARY},
        {"mask.icloud.com", true, false, REFUSED_CANARY},
        {"_dns.resolver.arpa", false, false, REFUSED_CANARY},
        {"icloud.com", true, false, REFUSED_NONE},
        {"mask-canary.icloud.com", false, false, REFUSED_CANARY},
        {"doh.dns.apple.com", true, false, REFUSED_CANARY},
        {"apple.com", true, false, REFUSED_NONE},
        {"mozilla.org", false, false, REFUSED_CANARY}, /* must resolve, or Firefox takes no notice of its canary */
        {"mozilla.org", true, false, REFUSED_CANARY},
        {"firefox.com", false, false, REFUSED_CANARY},
        {"org", true, true, REFUSED_CANARY},
        {"org", false, true, REFUSED_NONE},
        {"incoming.telemetry.mozilla.org", true, false, REFUSED_NONE},
        {"notmozilla.org", true, false, REFUSED_NONE},
        {"co.uk", true, false, REFUSED_PUBLIC_SUFFIX},
        {"co.uk", false, false, REFUSED_NONE},             /* the one name */
        {"nagoya.jp", true, false, REFUSED_PUBLIC_SUFFIX}, /* *.nagoya.jp */
        {"anywhere.sch.uk", true, false, REFUSED_PUBLIC_SUFFIX},
        {"school.anywhere.sch.uk", true, false, REFUSED_NONE},
        {"kawasaki.jp", true, false, REFUSED_PUBLIC_SUFFIX},
        {"com.br", true, true, REFUSED_NONE},
        {"example.co.uk", true, false, REFUSED_NONE},
        {"github.io", true, false, REFUSED_NONE}, /* a private suffix: somebody's own name */
        {"xn--p1ai", true, false, REFUSED_PUBLIC_SUFFIX},
        {"beacon.kent.sch.uk", false, false, REFUSED_OWN_DOMAIN},
        {"mail.beacon.kent.sch.uk", true, false, REFUSED_OWN_DOMAIN},
        {"xbeacon.kent.sch.uk", true, false, REFUSED_NONE},
        {"kent.sch.uk", true, true, REFUSED_OWN_DOMAIN},
        {"classroom.google.com", false, false, REFUSED_LEARNING_PLATFORM},
        {"x.classroom.google.com", false, false, REFUSED_LEARNING_PLATFORM},
        {"google.com", true, false, REFUSED_LEARNING_PLATFORM},
        {"google.com", false, false, REFUSED_NONE},
        {"docs.google.com", true, false, REFUSED_NONE},
        {"city.kawasaki.jp", true, false, REFUSED_NONE},
        {"a.b", true, false, REFUSED_NONE},
    };
    struct guard *guard = make_guard();
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct listed_name name;
        enum suffix_kind suffix;
        assert_int_equal(normalise_name(span_of(rows[i].name), &name), REFUSED_NONE);
        enum refusal why = guard_check(guard, &name, rows[i].covers_below, rows[i].suffix_ok, &suffix);
        if (why != rows[i].why)
            print_message("row %zu: %s gives %s\n", i, rows[i].name, refusal_name(why));
        assert_int_equal(why, rows[i].why);
    }
    guard_free(guard);
}

static void guard_tells_the_line_that_is_no_name(void **state)
{
    struct guard *guard = NULL;
    unsigned line = 0;
    (void)state;
    assert_int_equal(guard_new(span_of("a.example\n\nnot a name\n"), &guard, &line), ERR_MALFORMED);
    assert_int_equal(line, 3);
    assert_null(guard);
}

static void guard_takes_no_name_that_nobody_has_alone(void **state)
{
    static const struct {
        const char *names;
        int err;
        unsigned line;
    } rows[] = {
        {"beacon.kent.sch.uk\nschool.example", 0, 0},
        {"beacon.kent.sch.uk\nco.uk\n", ERR_INVAL, 2},
        {"uk", ERR_INVAL, 1},
        {"intranet", ERR_INVAL, 1},
        {"not a name", ERR_MALFORMED, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct guard *guard = NULL;
        unsigned line = 0;
        assert_int_equal(guard_new(span_of("uk\n"), &guard, &line), 0); /* ours may be anything */
        assert_int_equal(guard_add(guard, span_of(rows[i].names), REFUSED_OWN_DOMAIN, &line), rows[i].err);
        assert_int_equal(line, rows[i].line);
        guard_free(guard);
    }
}

static void intake_refuses_patterns_over_reachable_names(void **state)
{
    static const struct collect_row rows[] = {
        {"||classroom.goo*.com^\n", "", "learning-platform:1 ", 0},
        {"/^www\\.beacon/\n", "", "own-domain:1 ", 0},
        {"/sch\\.uk$/\n", "", "own-domain:1 ", 0},
        {"@@||mail.beacon.kent.sch.uk^\n", "a+mail.beacon.kent.sch.uk ", "", 0},
        {"||beacon.kent.sch.uk^$dnsrewrite=192.0.2.1\n||google.com^$dnstype=A\n", "",
         "own-domain:1 learning-platform:1 ", 0},
    };
    struct guard *guard = make_guard();
    struct collect c = {.opts.categories = 1, .guard = guard};
    (void)state;
    COLLECT_CHECK(&c, adblock_parse, rows);
    guard_free(guard);
}

static void intake_refuses_the_schools_own_addresses(void **state)
{
    static const struct collect_row rows[] = {
        {"203.0.113.65\n203.0.113.80\n203.0.113.0/24\n203.0.113.64/30\n", "b@203.0.113.80/128 ", "own-address:3 ", 0},
    };
    struct guard *guard = make_guard();
    struct collect c = {.opts.categories = 1, .guard = guard};
    (void)state;
    COLLECT_CHECK(&c, domains_parse, rows);
    guard_free(guard);
}

static struct popular *make_popular(const char *text)
{
    struct popular *popular = NULL;
    assert_int_equal(popular_new(100, &popular), 0);
    assert_int_equal(popular_read(popular, span_of(text)), 0);
    return popular;
}

static void intake_flags_what_somebody_should_look_at(void **state)
{
    struct guard *guard = make_guard();
    struct popular *popular = make_popular("1,google.com\n7,www.bbc.co.uk\n9,github.io\n");
    struct collect c = {.opts = {.categories = 1, .subdomains = true, .popular = popular}, .guard = guard};
    (void)state;
    assert_int_equal(collect_text(&c, domains_parse, span_of("a.example\nbbc.co.uk\nmail.google.com\ngithub.io\n")), 0);
    assert_int_equal(c.stats.blocks, 4);
    assert_int_equal(c.stats.flagged[FLAG_POPULAR], 2);
    assert_int_equal(c.stats.flagged[FLAG_PRIVATE_SUFFIX], 1);
    assert_int_equal(c.stats.flag_samples[FLAG_PRIVATE_SUFFIX]->rows[0].line, 4);
    assert_int_equal(c.stats.popular.rank, 7);
    assert_string_equal(c.stats.popular.name, "www.bbc.co.uk");
    assert_string_equal(c.stats.popular.rule.text, "bbc.co.uk");
    assert_int_equal(c.stats.popular.rule.line, 2);
    feed_stats_done(&c.stats);
    c.opts.subdomains = false; /* the name alone covers neither */
    assert_int_equal(collect_text(&c, domains_parse, span_of("bbc.co.uk\n")), 0);
    assert_int_equal(c.stats.flagged[FLAG_POPULAR], 0);
    feed_stats_done(&c.stats);
    popular_free(popular);
    guard_free(guard);
}

static void intake_refuses_guarded_names_and_says_where(void **state)
{
    static const struct collect_row rows[] = {
        {"childline.org.uk\norg.uk\nco.uk\nok.example\nmask.icloud.com\n", "b+ok.example ",
         "public-suffix:1 protected-help:2 canary:1 ", 0},
    };
    struct guard *guard = make_guard();
    struct collect c = {.opts = {.categories = 1, .subdomains = true}, .guard = guard};
    (void)state;
    COLLECT_CHECK(&c, domains_parse, rows);
    assert_int_equal(collect_text(&c, domains_parse, span_of("a.example\nco.uk\n")), 0);
    assert_int_equal(c.stats.samples[REFUSED_PUBLIC_SUFFIX]->count, 1);
    assert_int_equal(c.stats.samples[REFUSED_PUBLIC_SUFFIX]->rows[0].line, 2);
    assert_string_equal(c.stats.samples[REFUSED_PUBLIC_SUFFIX]->rows[0].text, "co.uk");
    feed_stats_done(&c.stats);
    guard_free(guard);
}

static void intake_lets_exceptions_help_the_protected(void **state)
{
    static const struct collect_row rows[] = {
        {"@@/./\n@@/\\.com$/\n/\\.top$/\n@@||*^\n@@*a*\n/^ads/\n@@/^ads.*\\.com$/\n",
         "b/^ads/ads/ a/^ads.*\\.com$/ads/ ", "public-suffix:5 ", 0},
        {"@@||org.uk^$important\n@@||gov.uk^\n", "", "public-suffix:2 ", 0}, /* they cover help names too */
        {"@@||childline.org.uk^\n@@||co.uk^\n", "a+childline.org.uk ", "public-suffix:1 ", 0},
    };
    struct guard *guard = make_guard();
    struct collect c = {.opts.categories = 1, .guard = guard};
    (void)state;
    COLLECT_CHECK(&c, adblock_parse, rows);
    guard_free(guard);
}

static void intake_counts_every_refusal_and_keeps_the_first_few(void **state)
{
    char text[64 * FEED_SAMPLES_MAX];
    struct collect c = {.opts.categories = 1};
    (void)state;
    text[0] = '\0';
    for (int i = 0; i < FEED_SAMPLES_MAX + 3; i++)
        strcat(text, "\x1b[31mred\n");
    assert_int_equal(collect_text(&c, domains_parse, span_of(text)), 0);
    assert_int_equal(c.stats.refused[REFUSED_CHARACTER], FEED_SAMPLES_MAX + 3);
    assert_int_equal(c.stats.samples[REFUSED_CHARACTER]->count, FEED_SAMPLES_MAX);
    assert_string_equal(c.stats.samples[REFUSED_CHARACTER]->rows[0].text, "\\x1b[31mred"); /* safe on a terminal */
    feed_stats_done(&c.stats);
}

static void intake_stops_at_the_line_limit(void **state)
{
    struct collect c = {.opts = {.categories = 1, .lines_max = 2}};
    (void)state;
    assert_int_equal(collect_text(&c, domains_parse, span_of("a.example\nb.example\n")), 0);
    assert_int_equal(collect_text(&c, domains_parse, span_of("a.example\nb.example\n#\n")), ERR_LIMIT);
    assert_int_equal(collect_text(&c, rpz_parse, span_of("a.example CNAME .\n\n\n")), ERR_LIMIT);
}

static void intake_reads_how_many_entries_a_feed_declares(void **state)
{
    struct collect c = {.opts.categories = 1};
    (void)state;
    assert_int_equal(collect_text(&c, domains_parse, span_of("# Number of entries: 1,234\na.example\n")), 0);
    assert_int_equal(c.stats.declared, 1234);
    assert_int_equal(collect_text(&c, adblock_parse, span_of("! Number of entries: 7\n")), 0);
    assert_int_equal(c.stats.declared, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guard_stands_between_lists_and_names_that_must_work),
        cmocka_unit_test(guard_tells_the_line_that_is_no_name),
        cmocka_unit_test(guard_takes_no_name_that_nobody_has_alone),
        cmocka_unit_test(intake_refuses_guarded_names_and_says_where),
        cmocka_unit_test(intake_refuses_patterns_over_reachable_names),
        cmocka_unit_test(intake_refuses_the_schools_own_addresses),
        cmocka_unit_test(intake_flags_what_somebody_should_look_at),
        cmocka_unit_test(intake_lets_exceptions_help_the_protected),
        cmocka_unit_test(intake_counts_every_refusal_and_keeps_the_first_few),
        cmocka_unit_test(intake_stops_at_the_line_limit),
        cmocka_unit_test(intake_reads_how_many_entries_a_feed_declares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
