#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "episode/story.h"

static void expect(struct story *story, const char *name, enum site_kind kind, const char *text)
{
    uint8_t wire[NAME_MAX_LEN];
    char out[NAME_TEXT_MAX];
    struct site site;
    assert_true(name_from_text(name, strlen(name), wire) > 0);
    site_find(story->finder, wire, &site);
    if (site.kind != kind || (text != NULL && strcmp(site_to_text(&site, out), text) != 0))
        fail_msg("%s is of kind %d: %s", name, site.kind, site_to_text(&site, out));
}

static void names_belong_to_sites(void **state)
{
    static const struct {
        const char *name;
        enum site_kind kind;
        const char *site;
    } rows[] = {
        {"www.example.co.uk", SITE_PLAIN, "example.co.uk"},
        {"example.co.uk", SITE_PLAIN, "example.co.uk"},
        {"co.uk", SITE_PLAIN, "co.uk"},
        {"www.bbc.co.uk", SITE_SERVICE, "BBC"},
        {"static.files.bbci.co.uk", SITE_SERVICE, "BBC"},
        {"notbbc.co.uk", SITE_PLAIN, "notbbc.co.uk"},
        {"rr4---sn-aigl6n7e.googlevideo.com", SITE_SERVICE, "YouTube"},
        {"i.ytimg.com", SITE_SERVICE, "YouTube"},
        {"www.google.co.uk", SITE_SERVICE, "Google"},
        {"classroom.google.com", SITE_SERVICE, "Google Classroom"},
        {"mail.google.com", SITE_SERVICE, "Gmail"},
        {"accounts.google.com", SITE_SERVICE, "Google"},
        {"anna.blogspot.com", SITE_PLAIN, "anna.blogspot.com"},
        {"www.anna.github.io", SITE_PLAIN, "anna.github.io"},
        {"anna.wordpress.com", SITE_PLAIN, "anna.wordpress.com"},
        {"wordpress.com", SITE_PLAIN, "wordpress.com"},
        {"web.oak.hants.sch.uk", SITE_PLAIN, "oak.hants.sch.uk"},
        {"www.hants.gov.uk", SITE_PLAIN, "hants.gov.uk"},
        {"www.gov.uk", SITE_SERVICE, "GOV.UK"},
        {"d111.cloudfront.net", SITE_DELIVERY, NULL},
        {"fonts.gstatic.com", SITE_DELIVERY, NULL},
        {"p16.tiktokcdn.com", SITE_DELIVERY, "TikTok"},
        {"www.tiktok.com", SITE_SERVICE, "TikTok"},
        {"connectivitycheck.gstatic.com", SITE_CONNECTIVITY, NULL},
        {"securepubads.g.doubleclick.net", SITE_ADVERT, NULL},
        {"www.google-analytics.com", SITE_ANALYTICS, NULL},
        {"v10.events.data.microsoft.com", SITE_TELEMETRY, NULL},
        {"www.microsoft.com", SITE_SERVICE, "Microsoft 365"},
        {"login.microsoftonline.com", SITE_PLATFORM, NULL},
        {"1-courier.push.apple.com", SITE_PLATFORM, NULL},
        {"_ldap._tcp.dc._msdcs.example.com", SITE_PLATFORM, NULL},
        {"_8443._https.www.example.com", SITE_PLAIN, "example.com"},
        {"printer", SITE_OWN, NULL},
        {"nas.local", SITE_OWN, NULL},
        {"1.0.0.127.in-addr.arpa", SITE_OWN, NULL},
        {"www.oak.sch.example", SITE_OWN, NULL},
        {"www.childline.org.uk", SITE_HELP, NULL},
        {"www.childline.org.uk.oak.sch.example", SITE_HELP, NULL},
        {"childline.org.uk.hants.sch.uk", SITE_HELP, NULL},
        {"notchildline.org.uk", SITE_PLAIN, "notchildline.org.uk"},
        {"0123456789abcdef.statutory.invalid", SITE_STATUTORY, "0123456789abcdef.statutory.invalid"},
        {"xn--mgbh0fb.xn--kgbechtv", SITE_PLAIN, "xn--mgbh0fb.xn--kgbechtv"},
        {"a\\.b.example\\010.com", SITE_PLAIN, "example\\010.com"},
    };
    struct story *story = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(story, rows[i].name, rows[i].kind, rows[i].site);
}

static void the_root_is_no_site(void **state)
{
    struct story *story = *state;
    struct site site;
    site_find(story->finder, (const uint8_t *)"", &site);
    assert_int_equal(site.kind, SITE_OWN);
}

/* The longest name there is, of as many labels as there can be. */
static void the_longest_names_are_no_trouble(void **state)
{
    struct story *story = *state;
    uint8_t name[NAME_MAX_LEN];
    struct site site;
    for (size_t i = 0; i < 127; i++) {
        name[2 * i] = 1;
        name[2 * i + 1] = i == 0 ? 0 : 'a';
    }
    name[254] = 0;
    site_find(story->finder, name, &site);
    assert_int_equal(site.kind, SITE_PLAIN);
    assert_int_equal(name_label_count(site.domain), 2);
}

static int setup(void **state)
{
    static struct story story;
    story_begin(&story);
    *state = &story;
    return 0;
}

static int teardown(void **state)
{
    story_end(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_belong_to_sites), cmocka_unit_test(the_root_is_no_site),
                                       cmocka_unit_test(the_longest_names_are_no_trouble)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
