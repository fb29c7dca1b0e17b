/*
 * Pages and devices as they ask: names, and when, put together from what is publicly known of them. Of each, how many visits to
 * which sites a reader must be told; all else is background.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dns/rr.h"
#include "episode/story.h"

#define H  STORY_HOUR
#define M  STORY_MINUTE
#define MS INT64_C(1000000)

struct asked {
    int at_ms;
    const char *name;
};

struct told {
    const char *site;
    unsigned visits;
};

struct trace {
    const char *about;
    struct asked asked[40];
    struct told told[6];
};

static const struct trace traces[] = {
    {"a page of BBC News",
     {{0, "www.bbc.co.uk"},
      {90, "static.files.bbci.co.uk"},
      {95, "ichef.bbci.co.uk"},
      {110, "nav.files.bbci.co.uk"},
      {180, "gn-web-assets.api.bbc.com"},
      {260, "emp.bbci.co.uk"},
      {400, "cdn.optimizely.com"},
      {420, "sb.scorecardresearch.com"},
      {430, "ping.chartbeat.net"},
      {450, "a1.api.bbc.co.uk"},
      {900, "www.googletagservices.com"},
      {980, "securepubads.g.doubleclick.net"},
      {1200, "tpc.googlesyndication.com"},
      {2400, "open.live.bbc.co.uk"}},
     {{"BBC", 1}}},
    {"a search and a click",
     {{0, "www.google.com"},
      {80, "www.gstatic.com"},
      {120, "fonts.gstatic.com"},
      {150, "apis.google.com"},
      {260, "lh3.googleusercontent.com"},
      {9000, "en.wikipedia.org"},
      {9150, "upload.wikimedia.org"},
      {9160, "meta.wikimedia.org"},
      {9700, "login.wikimedia.org"}},
     {{"Google", 1}, {"Wikipedia", 1}}},
    {"a film on YouTube",
     {{0, "www.youtube.com"},
      {130, "i.ytimg.com"},
      {140, "yt3.ggpht.com"},
      {150, "fonts.googleapis.com"},
      {200, "googleads.g.doubleclick.net"},
      {210, "static.doubleclick.net"},
      {420, "rr4---sn-aigl6n7e.googlevideo.com"},
      {430, "jnn-pa.googleapis.com"},
      {400000, "rr2---sn-aigl6nsk.googlevideo.com"},
      {800000, "rr1---sn-aigl6ned.googlevideo.com"}},
     {{"YouTube", 1}}},
    {"a Windows machine starts and somebody signs in",
     {{0, "www.msftconnecttest.com"},
      {20, "dns.msftncsi.com"},
      {400, "login.microsoftonline.com"},
      {420, "enterpriseregistration.windows.net"},
      {900, "settings-win.data.microsoft.com"},
      {950, "v10.events.data.microsoft.com"},
      {1200, "ctldl.windowsupdate.com"},
      {1300, "fe3cr.delivery.mp.microsoft.com"},
      {1500, "ocsp.digicert.com"},
      {2000, "time.windows.com"},
      {5000, "client.wns.windows.com"},
      {9000, "config.edge.skype.com"}},
     {{"Microsoft Teams", 1}}},
    {"a telephone lies on a table",
     {{0, "captive.apple.com"},
      {100, "gateway.icloud.com"},
      {200, "gsa.apple.com"},
      {300, "1-courier.push.apple.com"},
      {60000, "mask.icloud.com"},
      {90000, "time.apple.com"},
      {95000, "xp.apple.com"},
      {99000, "configuration.apple.com"},
      {120000, "mesu.apple.com"}},
     {{NULL, 0}}},
    {"a Chromebook lies on a table",
     {{0, "connectivitycheck.gstatic.com"},
      {100, "clients3.google.com"},
      {200, "mtalk.google.com"},
      {300, "update.googleapis.com"},
      {400, "safebrowsing.googleapis.com"},
      {600, "optimizationguide-pa.googleapis.com"},
      {900, "m.google.com"},
      {60000, "edgedl.me.gvt1.com"}},
     {{NULL, 0}}},
    {"a lesson in Google Classroom",
     {{0, "classroom.google.com"},
      {90, "ssl.gstatic.com"},
      {150, "lh3.googleusercontent.com"},
      {240000, "docs.google.com"},
      {240100, "fonts.gstatic.com"},
      {240300, "drive-thirdparty.googleusercontent.com"},
      {900000, "classroom.google.com"},
      {1800000, "drive.google.com"}},
     {{"Google Classroom", 2}, {"Google Docs and Drive", 2}}},
    {"a blog below a shared host",
     {{0, "annas-poems.blogspot.com"},
      {100, "resources.blogblog.com"},
      {120, "themes.googleusercontent.com"},
      {140, "www.blogger.com"},
      {60000, "bens-trains.blogspot.com"}},
     {{"annas-poems.blogspot.com", 1}, {"bens-trains.blogspot.com", 1}, {"blogblog.com", 1}, {"www.blogger.com", 1}}},
    {"a Firefox starts",
     {{0, "detectportal.firefox.com"},
      {50, "use-application-dns.net"},
      {80, "firefox.settings.services.mozilla.com"},
      {120, "content-signature-2.cdn.mozilla.net"},
      {300, "push.services.mozilla.com"},
      {4000, "incoming.telemetry.mozilla.org"}},
     {{NULL, 0}}},
    {"a page that is left open and refreshes itself",
     {{0, "www.skysports.com"},
      {200, "e0.365dm.com"},
      {300000, "www.skysports.com"},
      {600000, "www.skysports.com"},
      {900000, "www.skysports.com"},
      {1200000, "www.skysports.com"}},
     {{"Sky", 1}}},
};

static void play(struct story *s, const struct trace *trace)
{
    static const uint16_t types[] = {DNS_TYPE_HTTPS, DNS_TYPE_A, DNS_TYPE_AAAA};
    for (const struct asked *a = trace->asked; a < trace->asked + 40 && a->name != NULL; a++)
        for (int i = 0; i < 3; i++) {
            s->row.record.qtype = types[i];
            story_ask(s, 9 * H + a->at_ms * MS + i * 200000, a->name);
        }
}

static void a_page_is_told_as_what_it_is(void **state)
{
    for (size_t i = 0; i < sizeof traces / sizeof traces[0]; i++) {
        const struct trace *trace = &traces[i];
        struct story s;
        size_t told = 0;
        story_begin(&s);
        s.opts.all = true;
        play(&s, trace);
        size_t count = story_tell(&s);
        for (; told < 6 && trace->told[told].site != NULL; told++) {
            struct episode e = story_find(&s, trace->told[told].site);
            if (e.visits != trace->told[told].visits)
                fail_msg("%s: %u visits to %s, not %u", trace->about, e.visits, trace->told[told].site,
                         trace->told[told].visits);
        }
        for (size_t k = 0; k < count && count != told; k++) {
            char text[NAME_TEXT_MAX];
            struct episode e = story_episode(&s, k);
            print_message("%s: %s\n", trace->about, site_to_text(&e.site, text));
        }
        if (count != told)
            fail_msg("%s: %zu sites are told, not %zu", trace->about, count, told);
        story_end(&s);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_page_is_told_as_what_it_is)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
