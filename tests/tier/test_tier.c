#include "tier/tier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "feed/format.h"
#include "statutory/statutory.h"
#include "tier/files.h"

#define NOW_S 1790000000

struct fixture {
    char folder[64], out[80], dir[96], list[80], other[80];
    struct recipe_statutory iwf, police;
    const char *test_hosts[1];
    struct recipe_widen widen[1];
    struct recipe_feed feeds[2];
    struct tier_opts opts;
    struct tier *tier; /* of the last run */
    const struct report_statutory *report;
};

static size_t format_index(const char *name)
{
    size_t i = 0;
    while (strcmp(feed_format_at(i)->name, name) != 0)
        i++;
    return i;
}

static void spill(const char *path, const char *text)
{
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs(text, to);
    assert_int_equal(fclose(to), 0);
}

static int make(void **state)
{
    static struct fixture f;
    f = (struct fixture){.test_hosts = {"test.vendor.example"}};
    strcpy(f.folder, "/tmp/belisha-tier-XXXXXX");
    assert_non_null(mkdtemp(f.folder));
    snprintf(f.out, sizeof f.out, "%s/lists", f.folder);
    snprintf(f.dir, sizeof f.dir, "%s/statutory", f.out);
    snprintf(f.list, sizeof f.list, "%s/iwf.txt", f.folder);
    snprintf(f.other, sizeof f.other, "%s/police.txt", f.folder);
    f.iwf = (struct recipe_statutory){.body = RECIPE_BODY_IWF, .membership = "M-17", .max_age_s = 172800};
    f.police = (struct recipe_statutory){.body = RECIPE_BODY_CTIRU, .membership = "C-1", .max_age_s = 172800};
    f.widen[0] = (struct recipe_widen){.host = "wide.example", .decided_by = "R", .on = "today", .reason = "all"};
    f.feeds[0] = recipe_feed_default();
    f.feeds[0].name = "iwf";
    f.feeds[0].source = f.list;
    f.feeds[0].format = format_index("urls");
    f.feeds[0].licence = "members only";
    f.feeds[0].limits.min = 1;
    f.feeds[1] = f.feeds[0];
    f.feeds[0].statutory = &f.iwf;
    f.feeds[0].test_hosts = f.test_hosts;
    f.feeds[0].test_host_count = 1;
    f.feeds[0].widen = f.widen;
    f.feeds[0].widen_count = 1;
    f.feeds[1].name = "police";
    f.feeds[1].source = f.other;
    f.feeds[1].statutory = &f.police;
    f.opts = (struct tier_opts){
        .out = f.out, .feeds = f.feeds, .feed_count = 1, .help = "childline.example\n", .obtain = {.now_s = NOW_S}};
    spill(f.list, "http://secret-host.example/\nhttp://secret-pages.example/a\nhttp://test.vendor.example/iwf\n"
                  "http://wide.example/x\nhttp://192.0.2.7/\nhttp://childline.example/\nsecret-refused..example\n");
    spill(f.other, "secret-police.example\n");
    *state = &f;
    return 0;
}

static int unmake(void **state)
{
    struct fixture *f = *state;
    char command[128];
    tier_free(f->tier);
    snprintf(command, sizeof command, "rm -rf %s", f->folder);
    return system(command);
}

static int run(struct fixture *f)
{
    tier_free(f->tier);
    f->tier = NULL;
    assert_int_equal(tier_new(&f->opts, &f->tier), 0);
    f->report = tier_run(f->tier);
    return tier_exit_code(f->report);
}

/* Whether the list in force has the name. */
static bool lists(const struct fixture *f, const char *text)
{
    char path[128], why[256] = "";
    uint8_t name[NAME_MAX_LEN];
    struct name_key key;
    struct statutory *list;
    snprintf(path, sizeof path, "%s/current", f->dir);
    if (statutory_open(path, &list, why, sizeof why) < 0)
        fail_msg("%s", why);
    assert_true(name_from_text(text, strlen(text), name) > 0);
    name_key_make(name, &key);
    bool found = statutory_find(list, &key) > 0;
    statutory_close(list);
    return found;
}

static void report_text(const struct fixture *f, char *out, size_t cap)
{
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    report_statutory_write_text(f->report, to);
    fclose(to);
    snprintf(out, cap, "%s", text);
    free(text);
}

static int found_in(const struct fixture *f, const char *words, const char *but)
{
    char command[256];
    snprintf(command, sizeof command, "grep -rl '%s' %s | grep -v '%s' | grep -c . >/dev/null", words, f->out, but);
    return system(command) == 0;
}

static void tier_splits_hosts_from_pages(void **state)
{
    struct fixture *f = *state;
    uint8_t *pages;
    size_t len;
    assert_int_equal(run(f), 0);
    const struct statutory_feed_record *r = f->report->feeds[0].record;
    assert_int_equal(f->report->outcome, REPORT_PUBLISHED);
    assert_int_equal(r->hosts, 3);
    assert_int_equal(r->widened, 2);
    assert_int_equal(r->pages, 2);
    assert_int_equal(r->refused, 2);
    assert_int_equal(r->fetched_s > 0, 1);
    assert_true(lists(f, "www.secret-host.example"));
    assert_true(lists(f, "test.vendor.example"));
    assert_true(lists(f, "wide.example"));
    assert_false(lists(f, "secret-pages.example"));
    assert_false(lists(f, "childline.example"));
    assert_false(lists(f, "vendor.example"));
    assert_int_equal(files_read(f->dir, "unenforceable.urls", 4096, &pages, &len), 0);
    assert_string_equal((char *)pages, "http://secret-pages.example/a\n192.0.2.7\n");
    free(pages);
}

static void tier_tells_no_entry(void **state)
{
    struct fixture *f = *state;
    char text[4096];
    assert_int_equal(run(f), 0);
    report_text(f, text, sizeof text);
    assert_non_null(strstr(text, "membership M-17"));
    assert_null(strstr(text, "secret"));
    assert_null(strstr(text, "wide.example"));
    assert_false(found_in(f, "secret", "unenforceable.urls"));
    assert_false(found_in(f, "wide.example", "unenforceable.urls"));
}

static void tier_keeps_its_files_to_itself(void **state)
{
    static const struct {
        const char *name;
        unsigned mode;
    } rows[] = {{"generation-1.mdb", 0640},     {"key", 0640},       {"vault.key", 0600},
                {"feed-iwf.vault", 0600},       {"ids.vault", 0600}, {"enrolled", 0640},
                {"unenforceable.urls", 0600},   {".", 0750},         {"lock", 0600},
                {"../statutory-enrolled", 0644}};
    struct fixture *f = *state;
    struct stat st;
    mode_t before = umask(0);
    assert_int_equal(run(f), 0);
    umask(before);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s/%s", f->dir, rows[i].name);
        if (stat(path, &st) < 0 || (st.st_mode & 0777) != rows[i].mode)
            fail_msg("%s: %o, not %o", rows[i].name, st.st_mode & 07777, rows[i].mode);
    }
    chmod(f->dir, 0777);
    assert_int_equal(run(f), 0);
    assert_int_equal(stat(f->dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0750);
}

static void tier_stays_when_the_recipe_forgets_it(void **state)
{
    struct fixture *f = *state;
    char text[4096];
    f->opts.feed_count = 2;
    assert_int_equal(run(f), 0);
    f->opts.feed_count = 1;
    assert_true(tier_is_due(&f->opts));
    assert_int_equal(run(f), 1);
    assert_int_equal(f->report->outcome, REPORT_PUBLISHED);
    assert_true(lists(f, "secret-police.example"));
    assert_true(lists(f, "secret-host.example"));
    report_text(f, text, sizeof text);
    assert_non_null(strstr(text, "ALARM: the recipe no longer names this feed; its last list STAYS IN FORCE"));
    f->opts.feed_count = 0;
    assert_true(tier_is_due(&f->opts));
    assert_int_equal(run(f), 1);
    assert_true(lists(f, "secret-police.example"));
    assert_true(lists(f, "secret-host.example"));
    assert_int_equal(f->report->feed_count, 2);
}

static void tier_keeps_what_it_holds_of_a_feed_that_fails(void **state)
{
    static const char *const bad[] = {"", "nothing here\n", "# Number of entries: 9\nhttp://secret-host.example/\n",
                                      NULL};
    struct fixture *f = *state;
    assert_int_equal(run(f), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (bad[i] != NULL)
            spill(f->list, bad[i]);
        else
            unlink(f->list);
        assert_int_equal(run(f), 1);
        assert_int_equal(f->report->feeds[0].state, REPORT_FEED_STALE);
        assert_true(f->report->feeds[0].why[0] != '\0');
        assert_true(lists(f, "secret-host.example"));
        assert_true(lists(f, "wide.example"));
    }
    spill(f->list, "http://secret-new.example/\n");
    assert_int_equal(run(f), 0);
    assert_true(lists(f, "secret-new.example"));
    assert_false(lists(f, "secret-host.example"));
}

static void tier_does_not_believe_a_list_that_lost_most_of_itself(void **state)
{
    struct fixture *f = *state;
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    for (int i = 0; i < 300; i++)
        fprintf(to, "h%d.example\n", i);
    fclose(to);
    spill(f->list, text);
    assert_int_equal(run(f), 0);
    text[len / 3] = '\0';
    spill(f->list, text);
    free(text);
    assert_int_equal(run(f), 1);
    assert_non_null(strstr(f->report->feeds[0].why, "less than half"));
    assert_true(lists(f, "h299.example"));
}

static void tier_is_not_set_up_without_any_list(void **state)
{
    struct fixture *f = *state;
    unlink(f->list);
    assert_int_equal(run(f), 2);
    assert_int_equal(f->report->outcome, REPORT_FAILED);
    f->opts.feed_count = 0;
    assert_false(tier_is_due(&f->opts));
}

static void tier_never_drops_a_feed_that_it_can_no_longer_read(void **state)
{
    struct fixture *f = *state;
    char path[128];
    assert_int_equal(run(f), 0);
    snprintf(path, sizeof path, "%s/feed-iwf.vault", f->dir);
    spill(path, "damaged");
    unlink(f->list);
    assert_int_equal(run(f), 2); /* nothing to make a list of: the one in force stays */
    assert_non_null(strstr(f->report->why, "set up before"));
    assert_true(lists(f, "secret-host.example"));
    spill(f->list, "http://secret-host.example/\n");
    assert_int_equal(run(f), 1); /* read anew; somebody should know */
    assert_non_null(strstr(f->report->warning, "can't be read"));
    assert_int_equal(run(f), 0);
}

static void tier_makes_a_lost_key_anew(void **state)
{
    struct fixture *f = *state;
    char path[128];
    assert_int_equal(run(f), 0);
    snprintf(path, sizeof path, "%s/key", f->dir);
    unlink(path);
    assert_int_equal(run(f), 1);
    assert_non_null(strstr(f->report->warning, "key of the list was gone"));
    assert_true(lists(f, "secret-host.example"));
    assert_int_equal(run(f), 0);
}

static void tier_keeps_either_marker_alive(void **state)
{
    struct fixture *f = *state;
    char path[128];
    assert_int_equal(run(f), 0);
    snprintf(path, sizeof path, "%s/enrolled", f->dir);
    unlink(path);
    assert_int_equal(run(f), 0);
    assert_int_equal(access(path, F_OK), 0);
    snprintf(path, sizeof path, "%s/statutory-enrolled", f->out);
    unlink(path);
    assert_int_equal(run(f), 0);
    assert_int_equal(access(path, F_OK), 0);
}

#define TIER_TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TIER_TEST(tier_splits_hosts_from_pages),
        TIER_TEST(tier_tells_no_entry),
        TIER_TEST(tier_keeps_its_files_to_itself),
        TIER_TEST(tier_stays_when_the_recipe_forgets_it),
        TIER_TEST(tier_keeps_what_it_holds_of_a_feed_that_fails),
        TIER_TEST(tier_does_not_believe_a_list_that_lost_most_of_itself),
        TIER_TEST(tier_is_not_set_up_without_any_list),
        TIER_TEST(tier_never_drops_a_feed_that_it_can_no_longer_read),
        TIER_TEST(tier_makes_a_lost_key_anew),
        TIER_TEST(tier_keeps_either_marker_alive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
