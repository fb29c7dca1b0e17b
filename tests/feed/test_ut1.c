#include "feed/format.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>

#include "belisha/category.h"
#include "collect.h"

/* A file, or a link when link is set. */
struct member {
    const char *path, *text, *link;
};

static struct span make_archive(const struct member *members, size_t count, uint8_t *room, size_t cap)
{
    size_t used = 0;
    struct archive *a = archive_write_new();
    archive_write_set_format_ustar(a);
    archive_write_add_filter_gzip(a);
    assert_int_equal(archive_write_open_memory(a, room, cap, &used), ARCHIVE_OK);
    for (size_t i = 0; i < count; i++) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, members[i].path);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_filetype(entry, members[i].link != NULL ? AE_IFLNK : AE_IFREG);
        if (members[i].link != NULL)
            archive_entry_set_symlink(entry, members[i].link);
        else
            archive_entry_set_size(entry, (la_int64_t)strlen(members[i].text));
        assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
        if (members[i].link == NULL)
            archive_write_data(a, members[i].text, strlen(members[i].text));
        archive_entry_free(entry);
    }
    archive_write_close(a);
    archive_write_free(a);
    return (struct span){room, used};
}

static const struct member tree[] = {
    {"blacklists/adult/domains", "a.example\n127.0.0.1\nb.example\n203.0.113.1\n", NULL},
    {"blacklists/adult/urls", "host.example/path\nhost.example/other\n", NULL},
    {"blacklists/adult/expressions", "(^|[-.])x+\n", NULL},
    {"blacklists/adult/usage", "black adult porn\n", NULL},
    {"blacklists/games/domains", "c.example\n", NULL},
    {"blacklists/liste_blanche/domains", "good.example\n", NULL},
    {"blacklists/liste_blanche/usage", "# for allowing\nwhite\n", NULL},
    {"blacklists/strange/domains", "d.example\n# comment\n", NULL},
    {"blacklists/porn", NULL, "adult"},
    {"blacklists/README", "read me\n", NULL},
};
#define TREE_COUNT (sizeof tree / sizeof tree[0])

static uint8_t room[1 << 16];

static void ut1_reads_a_tree_by_its_built_in_map(void **state)
{
    char refusals[256];
    struct collect c = {.len = 0};
    (void)state;
    assert_int_equal(collect_text(&c, ut1_parse_archive, make_archive(tree, TREE_COUNT, room, sizeof room)), 0);
    collect_refusals(&c, refusals, sizeof refusals);
    assert_string_equal(c.rules, "b+a.example b+b.example b@203.0.113.1/128 b+c.example ");
    assert_string_equal(refusals, "ip-address:1 url:2 expression:1 no-category:1 white-list:1 ");
    assert_true(c.categories == (CATEGORY_BIT(CATEGORY_PORNOGRAPHY) | CATEGORY_BIT(CATEGORY_GAMING)));
    assert_int_equal(c.stats.aliases, 1);
    assert_string_equal(c.stats.samples[REFUSED_ADDRESS]->rows[0].file, "adult/domains");
    assert_int_equal(c.stats.samples[REFUSED_ADDRESS]->rows[0].line, 2);
    feed_stats_done(&c.stats);
}

static void ut1_finds_folders_by_link_and_by_usage(void **state)
{
    static const struct member aliased[] = {
        {"x/adult/domains", "a.example\n", NULL},
        {"x/adult/usage", "black adulte\n", NULL},
        {"x/agressif/domains", "b.example\n", NULL},
        {"x/violence", NULL, "agressif"},
    };
    static const struct feed_folder map[] = {{"adulte", 1}, {"violence", 2}};
    struct collect c = {.opts = {.folders = map, .folder_count = 2}};
    (void)state;
    assert_int_equal(collect_text(&c, ut1_parse_archive, make_archive(aliased, 4, room, sizeof room)), 0);
    assert_string_equal(c.rules, "b+a.example b+b.example ");
    assert_int_equal(c.categories, 3);
    feed_stats_done(&c.stats);
}

static void ut1_gives_one_category_to_all_when_told(void **state)
{
    struct collect c = {.opts.categories = 4};
    (void)state;
    assert_int_equal(collect_text(&c, ut1_parse_archive, make_archive(tree, TREE_COUNT, room, sizeof room)), 0);
    assert_string_equal(c.rules, "b+a.example b+b.example b@203.0.113.1/128 b+c.example b+d.example ");
    assert_int_equal(c.categories, 4);
    feed_stats_done(&c.stats);
}

static void ut1_says_when_an_archive_is_cut_short(void **state)
{
    struct collect c = {.len = 0};
    struct span archive = make_archive(tree, TREE_COUNT, room, sizeof room);
    (void)state;
    for (size_t len = 0; len < archive.len - 8; len += 7) {
        int err = collect_text(&c, ut1_parse_archive, (struct span){archive.at, len});
        feed_stats_done(&c.stats);
        if (err == 0)
            print_message("cut at %zu of %zu\n", len, archive.len);
        assert_int_equal(err, ERR_MALFORMED);
    }
}

static void ut1_stops_at_the_byte_limit(void **state)
{
    struct collect c = {.opts.bytes_max = 20};
    (void)state;
    assert_int_equal(collect_text(&c, ut1_parse_archive, make_archive(tree, TREE_COUNT, room, sizeof room)), ERR_LIMIT);
    feed_stats_done(&c.stats);
}

static void ut1_reads_a_folder_like_an_archive(void **state)
{
    char top[] = "/tmp/belisha-ut1-XXXXXX";
    char command[256];
    struct intake in;
    struct collect c = {.len = 0};
    (void)state;
    assert_non_null(mkdtemp(top));
    snprintf(command, sizeof command, "cd %s && mkdir adult && echo a.example >adult/domains && ln -s adult porn", top);
    assert_int_equal(system(command), 0);
    feed_stats_init(&c.stats);
    intake_init(&in, &c.opts, NULL, "test", &c.stats, collect_rule, &c);
    assert_int_equal(ut1_parse(&in, top), 0);
    assert_string_equal(c.rules, "b+a.example ");
    assert_int_equal(c.stats.aliases, 1);
    snprintf(command, sizeof command, "rm -r %s", top);
    assert_int_equal(system(command), 0);
    assert_int_equal(ut1_parse(&in, top), ERR_NOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ut1_reads_a_tree_by_its_built_in_map),
        cmocka_unit_test(ut1_finds_folders_by_link_and_by_usage),
        cmocka_unit_test(ut1_gives_one_category_to_all_when_told),
        cmocka_unit_test(ut1_says_when_an_archive_is_cut_short),
        cmocka_unit_test(ut1_stops_at_the_byte_limit),
        cmocka_unit_test(ut1_reads_a_folder_like_an_archive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
