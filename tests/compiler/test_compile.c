#include "blocklist-compiler/compile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "blockdb/blockdb.h"
#include "dns/name.h"

#define FEEDS_MAX 4

struct fixture {
    char dir[64], out[96];
    struct recipe_feed feeds[FEEDS_MAX];
    char sources[FEEDS_MAX][128];
    size_t count;
    struct references_opts references;
    struct sandbox_limits limits;
    struct compile *compile;
    const struct report *report;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    strcpy(f->dir, "/tmp/belisha-compile-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->out, sizeof f->out, "%s/out", f->dir);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[128];
    compile_free(f->compile);
    snprintf(command, sizeof command, "rm -r %s", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static void write_feed(struct fixture *f, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) != EOF);
    fclose(file);
}

static struct recipe_feed *add_feed(struct fixture *f, const char *name, const char *format, uint64_t categories,
                                    const char *text)
{
    struct recipe_feed *feed = &f->feeds[f->count];
    char path[128];
    *feed = recipe_feed_default();
    while (strcmp(feed_format_at(feed->format)->name, format) != 0)
        feed->format++;
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    strcpy(f->sources[f->count], path);
    feed->name = name;
    feed->source = f->sources[f->count++];
    feed->categories = categories;
    if (text != NULL)
        write_feed(f, name, text);
    return feed;
}

/* Returns the exit code. */
static int run(struct fixture *f)
{
    unsigned line;
    struct compile_opts opts = {.feeds = f->feeds,
                                .feed_count = f->count,
                                .out = f->out,
                                .keep_copies = true,
                                .keep = 3,
                                .threads = 2,
                                .help = "childline.org.uk\n",
                                .references = f->references,
                                .limits = f->limits,
                                .now_s = 2000000000};
    compile_free(f->compile);
    f->compile = NULL;
    assert_int_equal(compile_new(&opts, &f->compile, &line), 0);
    f->report = compile_run(f->compile);
    return compile_exit_code(f->report);
}

static uint64_t look_up(const struct fixture *f, const char *text)
{
    char path[128], why[256] = "";
    uint8_t name[NAME_MAX_LEN];
    struct name_key key;
    struct blockdb_match match;
    struct blockdb *db = NULL;
    snprintf(path, sizeof path, "%s/current", f->out);
    assert_int_equal(blockdb_open(path, &db, why, sizeof why), 0);
    assert_true(name_from_text(text, strlen(text), name) > 0);
    name_key_make(name, &key);
    blockdb_lookup(db, &key, &match);
    blockdb_close(db);
    return match.categories;
}

enum { A = 1 << 2, B = 1 << 3, C = 1 << 4 };

static void compile_gives_each_format_its_own_meaning(void **state)
{
    static const struct {
        const char *name;
        uint64_t categories;
    } rows[] = {
        {"exact.example", A},     {"www.exact.example", 0}, {"tree.example", B},
        {"x.y.tree.example", B},  {"only.example", 0},      {"x.only.example", B},
        {"rule.example", C},      {"x.rule.example", C},    {"ok.rule.example", 0},
        {"x.ok.rule.example", 0}, {"strong.example", C},    {"x.strong.example", C},
        {"both.example", A},      {"example", 0},           {"xtree.example", 0},
        {"tree.example.org", 0},  {"childline.org.uk", 0},  {"www.childline.org.uk", 0},
    };
    struct fixture *f = *state;
    add_feed(f, "h", "hosts", A, "0.0.0.0 exact.example both.example childline.org.uk\n");
    add_feed(f, "d", "domains", B, "tree.example\n*.only.example\n");
    add_feed(f, "a", "adblock", C,
             "||rule.example^\n@@||ok.rule.example^\n||strong.example^$important\n@@||strong.example^\n"
             "||both.example^\n@@||both.example^\n");
    assert_int_equal(run(f), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t found = look_up(f, rows[i].name);
        if (found != rows[i].categories)
            print_message("%s\n", rows[i].name);
        assert_true(found == rows[i].categories);
    }
}

/* The file of the list in force, without the facts about this very file (struct blockdb_meta). */
static uint8_t *generation_bytes(const char *out, size_t *out_len)
{
    char path[128];
    struct stat st;
    const uint64_t magic = BLOCKDB_MAGIC;
    snprintf(path, sizeof path, "%s/current", out);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &st), 0);
    uint8_t *bytes = malloc((size_t)st.st_size);
    assert_int_equal(fread(bytes, 1, (size_t)st.st_size, file), st.st_size);
    fclose(file);
    uint8_t *meta = memmem(bytes, (size_t)st.st_size, &magic, sizeof magic);
    assert_non_null(meta);
    memset(meta, 0, sizeof(struct blockdb_meta));
    *out_len = (size_t)st.st_size;
    return bytes;
}

/* A list of 5000 names; some say something else each night. */
static char *nightly_list(unsigned night)
{
    char *text = malloc(5000 * 48), *at = text;
    for (unsigned i = 0; i < 5000; i++) {
        bool changes = i % 97 == night % 97 || i < night;
        at += sprintf(at, "n%u.%s.example\n", changes ? i + night * 7 : i, i % 3 == 0 ? "www" : "a.www");
    }
    return text;
}

static void compile_of_what_changed_gives_the_bytes_of_a_whole_build(void **state)
{
    struct fixture *f = *state;
    char incremental[sizeof f->out];
    strcpy(incremental, f->out);
    add_feed(f, "d", "domains", A, "");
    add_feed(f, "a", "adblock", B, "||b.example^\n@@||n5.www.example^\n||x.example^$dnstype=AAAA\n||n7.example^\n");
    for (unsigned night = 0; night < 6; night++) {
        size_t len, whole_len;
        char *text = nightly_list(night);
        write_feed(f, "d", text);
        free(text);
        strcpy(f->out, incremental);
        assert_int_equal(run(f), 0);
        assert_int_equal(f->report->outcome, REPORT_PUBLISHED);
        uint8_t *bytes = generation_bytes(f->out, &len);
        snprintf(f->out, sizeof f->out, "%s/whole%u", f->dir, night);
        assert_int_equal(run(f), 0);
        uint8_t *whole = generation_bytes(f->out, &whole_len);
        assert_int_equal(len, whole_len);
        assert_memory_equal(bytes, whole, len);
        free(bytes);
        free(whole);
    }
}

static void compile_makes_nothing_new_of_nothing_new(void **state)
{
    struct fixture *f = *state;
    add_feed(f, "d", "domains", A, "a.example\nb.example\n");
    assert_int_equal(run(f), 0);
    assert_int_equal(f->report->outcome, REPORT_PUBLISHED);
    assert_int_equal(run(f), 0);
    assert_int_equal(f->report->outcome, REPORT_UNCHANGED);
    assert_int_equal(f->report->generation, 1);
    f->feeds[0].subdomains = false; /* the recipe is an input too */
    assert_int_equal(run(f), 0);
    assert_int_equal(f->report->outcome, REPORT_PUBLISHED);
    assert_int_equal(f->report->generation, 2);
}

static void compile_counts_what_came_and_went(void **state)
{
    struct fixture *f = *state;
    add_feed(f, "d", "domains", A, "a.example\nb.example\nc.example\nx.c.example\n");
    add_feed(f, "e", "domains", B, "a.example\n");
    assert_int_equal(run(f), 0);
    assert_int_equal(f->report->rules, 5);
    assert_int_equal(f->report->duplicates, 1);
    assert_int_equal(f->report->subsumed, 1);
    assert_int_equal(f->report->all.names, 3);
    assert_int_equal(f->report->all.added, 3);
    write_feed(f, "d", "b.example\nd.example\ne.example\n");
    assert_int_equal(run(f), 0);
    assert_int_equal(f->report->previous, 1);
    assert_int_equal(f->report->all.names, 4);
    assert_int_equal(f->report->all.added, 2);   /* d, e */
    assert_int_equal(f->report->all.removed, 1); /* c; a is still in B */
    assert_int_equal(f->report->categories[2].removed, 2);
    assert_int_equal(f->report->categories[3].names, 1);
    assert_int_equal(f->report->categories[3].removed, 0);
}

static void compile_keeps_the_last_good_copy_of_an_unbelievable_feed(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "only 0 names"},
        {"a.example\n", "a change of more than 60 per cent"},
        {"a.example\nb.example\nc.example\nd.example\ne.example\nf.example\n", "at most 5"},
        {"# Number of entries: 9\na.example\nb.example\nz.example\n", "cut short"},
        {"a.example\nb.example\nc.example\n#\n#\n#\n#\n#\n#\n", "limit"},
    };
    struct fixture *f = *state;
    struct recipe_feed *feed = add_feed(f, "d", "domains", A, "a.example\nb.example\nc.example\n");
    feed->limits = (struct recipe_limits){.bytes = 1000, .lines = 8, .min = 1, .max = 5, .change = 60};
    assert_int_equal(run(f), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        write_feed(f, "d", rows[i].text);
        assert_int_equal(run(f), 1);
        assert_int_equal(f->report->outcome, REPORT_UNCHANGED);
        assert_int_equal(f->report->feeds[0].state, REPORT_FEED_STALE);
        if (strstr(f->report->feeds[0].why, rows[i].why) == NULL)
            print_message("row %zu: %s\n", i, f->report->feeds[0].why);
        assert_non_null(strstr(f->report->feeds[0].why, rows[i].why));
        assert_true(look_up(f, "c.example") == A);
    }
    write_feed(f, "d", "a.example\nb.example\nz.example\n");
    assert_int_equal(run(f), 0);
    assert_true(look_up(f, "z.example") == A);
}

/* Names enough that reading them makes more than MUCH bytes. */
#define MUCH (64U << 10)
static char *many_names(void)
{
    const unsigned count = 20000;
    char *text = calloc(count + 1, 24), *at = text;
    assert_non_null(text);
    for (unsigned i = 0; i < count; i++)
        at += sprintf(at, "%08x.example\n", i * 2654435761U);
    return text;
}

static void compile_lets_no_reader_stop_the_others(void **state)
{
    struct fixture *f = *state;
    char *names = many_names();
    add_feed(f, "d", "domains", A, "a.example\n");
    add_feed(f, "e", "domains", B, "b.example\n");
    assert_int_equal(run(f), 0);
    f->limits = reader_limits;
    f->limits.output_bytes = MUCH;
    write_feed(f, "d", names);
    write_feed(f, "e", "c.example\n");
    assert_int_equal(run(f), 1);
    assert_int_equal(f->report->outcome, REPORT_PUBLISHED);
    assert_int_equal(f->report->feeds[0].state, REPORT_FEED_STALE);
    assert_string_equal(f->report->feeds[0].why, "could not be read: its reader made more than 64 KiB of it");
    assert_int_equal(f->report->feeds[1].state, REPORT_FEED_FRESH);
    assert_true(look_up(f, "a.example") == A);
    assert_true(look_up(f, "c.example") == B);
    f->limits.output_bytes = reader_limits.output_bytes;
    assert_int_equal(run(f), 0);
    assert_true(look_up(f, "00000000.example") == A);
    free(names);
}

static void compile_reads_folders_too(void **state)
{
    struct fixture *f = *state;
    char command[256];
    snprintf(command, sizeof command, "mkdir -p %s/tree/adult %s/tree/games && ln -s adult %s/tree/porn", f->dir,
             f->dir, f->dir);
    assert_int_equal(system(command), 0);
    write_feed(f, "tree/adult/domains", "a.example\n");
    write_feed(f, "tree/games/domains", "b.example\n");
    add_feed(f, "tree", "ut1", A, NULL);
    assert_int_equal(run(f), 0);
    assert_true(look_up(f, "a.example") == A);
    assert_true(look_up(f, "b.example") == A);
}

static void compile_publishes_nothing_that_no_reader_has_read(void **state)
{
    struct fixture *f = *state;
    add_feed(f, "d", "domains", A, "a.example\n");
    f->limits = (struct sandbox_limits){.memory_bytes = reader_limits.memory_bytes, .time_ms = reader_limits.time_ms};
    assert_int_equal(run(f), 2);
    assert_int_equal(f->report->feeds[0].state, REPORT_FEED_MISSING);
}

static void compile_uses_the_copy_of_a_feed_that_is_gone(void **state)
{
    struct fixture *f = *state;
    char path[128];
    add_feed(f, "d", "domains", A, "a.example\n");
    add_feed(f, "e", "domains", B, "b.example\n");
    assert_int_equal(run(f), 0);
    snprintf(path, sizeof path, "%s/d", f->dir);
    unlink(path);
    write_feed(f, "e", "b.example\nc.example\n");
    assert_int_equal(run(f), 1);
    assert_int_equal(f->report->outcome, REPORT_PUBLISHED);
    assert_int_equal(f->report->feeds[0].state, REPORT_FEED_STALE);
    assert_true(look_up(f, "a.example") == A);
    assert_true(look_up(f, "c.example") == B);
}

static void compile_never_opens_what_was_blocked_because_a_feed_is_lost(void **state)
{
    struct fixture *f = *state;
    char command[256];
    add_feed(f, "d", "domains", A, "a.example\n");
    add_feed(f, "e", "domains", B, "b.example\n");
    assert_int_equal(run(f), 0);
    snprintf(command, sizeof command, "rm %s/d %s/feeds/d.*", f->dir, f->out);
    assert_int_equal(system(command), 0);
    write_feed(f, "e", "b.example\nc.example\n");
    assert_int_equal(run(f), 2);
    assert_non_null(strstr(f->report->why, "'d'"));
    assert_true(look_up(f, "a.example") == A);
    assert_true(look_up(f, "c.example") == 0);
}

static void compile_starts_without_a_feed_that_never_came(void **state)
{
    struct fixture *f = *state;
    add_feed(f, "d", "domains", A, "a.example\n");
    add_feed(f, "never", "domains", B, NULL);
    assert_int_equal(run(f), 1);
    assert_int_equal(f->report->outcome, REPORT_PUBLISHED);
    assert_int_equal(f->report->feeds[1].state, REPORT_FEED_MISSING);
    assert_true(look_up(f, "a.example") == A);
}

static void compile_publishes_nothing_when_all_feeds_are_missing(void **state)
{
    struct fixture *f = *state;
    add_feed(f, "never", "domains", A, NULL);
    assert_int_equal(run(f), 2);
    assert_int_equal(f->report->outcome, REPORT_FAILED);
    assert_true(strlen(f->report->why) > 0);
}

static void compile_of_an_empty_list_blocks_nothing(void **state)
{
    struct fixture *f = *state;
    add_feed(f, "d", "domains", A, "# nothing\n");
    assert_int_equal(run(f), 0);
    assert_int_equal(f->report->all.names, 0);
    assert_true(look_up(f, "a.example") == 0);
}

/* ---- what feeds are judged by ---- */

static void write_suffixes(struct fixture *f, unsigned count, const char *more)
{
    char path[128];
    snprintf(path, sizeof path, "%s/suffixes", f->dir);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fprintf(file, "// VERSION: 2026-02-11_10-20-30_UTC\n// ===BEGIN ICANN DOMAINS===\n%s\n", more);
    for (unsigned i = 0; i < count; i++)
        fprintf(file, "t%u\n", i);
    fputs("// ===END ICANN DOMAINS===\n", file);
    fclose(file);
}

static void compile_judges_by_a_suffix_list_of_the_recipe(void **state)
{
    struct fixture *f = *state;
    char path[128];
    const struct report_reference *row;
    snprintf(path, sizeof path, "%s/suffixes", f->dir);
    f->references.suffixes.source = path;
    write_suffixes(f, 2000, "mine.example");
    add_feed(f, "d", "domains", A, "mine.example\nco.uk\nok.example\n");
    assert_int_equal(run(f), 0);
    row = f->report->references[0];
    assert_int_equal(row->state, REPORT_FEED_FRESH);
    assert_string_equal(row->used, "the recipe's source");
    assert_int_equal(row->count, 2001);
    assert_int_equal(row->made_s, 1770805230);
    assert_int_equal(f->report->feeds[0].stats->refused[REFUSED_PUBLIC_SUFFIX], 1);
    assert_true(look_up(f, "x.co.uk") == A); /* this list does not have it */
    assert_true(look_up(f, "x.mine.example") == 0);
    write_suffixes(f, 10, "");
    assert_int_equal(run(f), 1); /* too few: the copy from before decides, and somebody should know */
    row = f->report->references[0];
    assert_int_equal(row->state, REPORT_FEED_STALE);
    assert_int_equal(row->count, 2001);
    assert_non_null(strstr(row->why, "not the Public Suffix List"));
}

static void compile_falls_back_to_the_systems_suffixes(void **state)
{
    struct fixture *f = *state;
    f->references.suffixes.source = "/nonexistent";
    f->references.popular.source = "/nonexistent";
    add_feed(f, "d", "domains", A, "co.uk\nok.example\n");
    assert_int_equal(run(f), 1);
    assert_int_equal(f->report->outcome, REPORT_PUBLISHED);
    assert_int_equal(f->report->references[0]->state, REPORT_FEED_MISSING);
    assert_true(strcmp(f->report->references[0]->used, "the recipe's source") != 0);
    assert_true(look_up(f, "co.uk") == 0);
    assert_string_equal(f->report->references[1]->used, "the shipped list");
    assert_true(f->report->references[1]->count > 100);
}

static void compile_believes_no_copy_that_blocks_what_everybody_needs(void **state)
{
    struct fixture *f = *state;
    struct recipe_feed *feed = add_feed(f, "d", "domains", A, "a.example\nb.example\n");
    add_feed(f, "social", "domains", B, "facebook.com\ninstagram.com\ngoogle.com\n");
    feed->limits.popular = 100;
    assert_int_equal(run(f), 0);
    assert_int_equal(f->report->feeds[1].stats->flagged[FLAG_POPULAR], 1); /* flagged, and listed all the same */
    assert_true(look_up(f, "google.com") == B);
    write_feed(f, "d", "a.example\nb.example\ngoogle.com\n");
    assert_int_equal(run(f), 1);
    assert_int_equal(f->report->feeds[0].state, REPORT_FEED_STALE);
    assert_non_null(strstr(f->report->feeds[0].why, "line 3 blocks google.com"));
    assert_true(look_up(f, "google.com") == B);
}

static void compile_tells_what_the_list_does_to_popular_names(void **state)
{
    struct fixture *f = *state;
    add_feed(f, "a", "adblock", A, "||bbc.co.uk^\n@@||www.bbc.co.uk^\n/^en\\.wikipedia\\./\n");
    add_feed(f, "d", "domains", B, "bbc.co.uk\nx.example\n");
    assert_int_equal(run(f), 0);
    assert_int_equal(f->report->popular_count, 3); /* bbc.co.uk, www.bbc.co.uk by d alone, en.wikipedia.org */
    assert_int_equal(f->report->popular_new, 0);   /* nothing to compare with */
    write_feed(f, "d", "bbc.co.uk\nx.example\ngov.uk\nkhanacademy.org\n");
    assert_int_equal(run(f), 0);
    assert_int_equal(f->report->popular_new, 1); /* a rule for gov.uk would cover a public suffix */
    const struct report_popular *row = &f->report->popular[0];
    assert_string_equal(row->name, "khanacademy.org");
    assert_string_equal(row->by, "khanacademy.org");
    assert_true(row->new_categories == B);
    assert_int_equal(row->feed_count, 1);
    assert_int_equal(row->feeds[0], 1);
    assert_int_equal(f->report->feeds[1].popular_new, 1);
    for (size_t i = 0; i < f->report->popular_count; i++) {
        row = &f->report->popular[i];
        if (strcmp(row->name, "www.bbc.co.uk") == 0) {
            assert_true(row->categories == B);
            assert_string_equal(row->by, "bbc.co.uk");
        }
        if (strcmp(row->name, "en.wikipedia.org") == 0)
            assert_null(row->by);
    }
    assert_int_equal(f->report->feeds[0].overlap.names, 2); /* patterns are no names */
    assert_int_equal(f->report->feeds[1].overlap.only, 2);
    assert_int_equal(f->report->changes[3].added_count, 1);
    assert_true(f->report->changes[3].added[0].rank > 0);
    assert_true(strlen(f->report->inputs) > 0);
}

int main(void)
{
#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(compile_gives_each_format_its_own_meaning),
        IN_FIXTURE(compile_of_what_changed_gives_the_bytes_of_a_whole_build),
        IN_FIXTURE(compile_makes_nothing_new_of_nothing_new),
        IN_FIXTURE(compile_counts_what_came_and_went),
        IN_FIXTURE(compile_keeps_the_last_good_copy_of_an_unbelievable_feed),
        IN_FIXTURE(compile_lets_no_reader_stop_the_others),
        IN_FIXTURE(compile_reads_folders_too),
        IN_FIXTURE(compile_publishes_nothing_that_no_reader_has_read),
        IN_FIXTURE(compile_uses_the_copy_of_a_feed_that_is_gone),
        IN_FIXTURE(compile_never_opens_what_was_blocked_because_a_feed_is_lost),
        IN_FIXTURE(compile_starts_without_a_feed_that_never_came),
        IN_FIXTURE(compile_publishes_nothing_when_all_feeds_are_missing),
        IN_FIXTURE(compile_judges_by_a_suffix_list_of_the_recipe),
        IN_FIXTURE(compile_falls_back_to_the_systems_suffixes),
        IN_FIXTURE(compile_believes_no_copy_that_blocks_what_everybody_needs),
        IN_FIXTURE(compile_tells_what_the_list_does_to_popular_names),
        IN_FIXTURE(compile_of_an_empty_list_blocks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
