#include "blocklist-compiler/binding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "blocklist-compiler/digest.h"
#include "feed/format.h"
#include "sheaf/cursor.h"

#define LINES_MAX 40000

struct fixture {
    char dir[64], other[96];
    struct recipe_feed feed;
    struct guard *guard;
    struct popular *popular;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    unsigned line;
    strcpy(f->dir, "/tmp/belisha-binding-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->other, sizeof f->other, "%s/other", f->dir);
    assert_int_equal(mkdir(f->other, 0700), 0);
    assert_int_equal(guard_new(span_of("childline.org.uk\n"), &f->guard, &line), 0);
    assert_int_equal(popular_new(100, &f->popular), 0);
    assert_int_equal(popular_read(f->popular, span_of("1,n1.example\n2,n20.example\n3,n300.example\n")), 0);
    f->feed = recipe_feed_default();
    f->feed.name = "feed";
    f->feed.categories = 4;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", f->dir);
    assert_int_equal(system(command), 0);
    guard_free(f->guard);
    popular_free(f->popular);
    free(f);
    return 0;
}

static void set_format(struct fixture *f, const char *name)
{
    for (f->feed.format = 0; strcmp(feed_format_at(f->feed.format)->name, name) != 0;)
        f->feed.format++;
}

static void write_copy(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    fclose(file);
}

static struct binding binding_of(const struct fixture *f, const char *dir, const char *path, const char *path_old)
{
    struct digest digest;
    struct binding binding = {.feed = &f->feed,
                              .guard = f->guard,
                              .popular = f->popular,
                              .path = path,
                              .path_old = path_old,
                              .dir = dir,
                              .threads = 2};
    assert_int_equal(digest_path(path, &digest), 0);
    memcpy(binding.id.copy, digest.bytes, sizeof digest.bytes);
    return binding;
}

/* The sheaf of the copy, kept. */
static struct sheaf *bound(const struct binding *binding)
{
    struct sheaf *sheaf;
    bool is_new;
    assert_int_equal(binding_run(binding, &sheaf, &is_new), 0);
    if (is_new)
        binding_keep(binding);
    return sheaf;
}

static void assert_same_samples(const struct feed_samples *a, const struct feed_samples *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a == NULL)
        return;
    assert_int_equal(a->count, b->count);
    for (unsigned i = 0; i < a->count; i++) {
        assert_int_equal(a->rows[i].line, b->rows[i].line);
        assert_string_equal(a->rows[i].text, b->rows[i].text);
        assert_string_equal(a->rows[i].file, b->rows[i].file);
    }
}

static void assert_same_stats(struct feed_stats a, struct feed_stats b)
{
    assert_int_equal(a.lines, b.lines);
    assert_int_equal(a.blocks, b.blocks);
    assert_int_equal(a.allows, b.allows);
    assert_int_equal(a.declared, b.declared);
    assert_int_equal(a.popular.rank, b.popular.rank);
    assert_int_equal(a.popular.rule.line, b.popular.rule.line);
    for (unsigned i = 0; i < FEED_STATS_ROWS; i++) {
        assert_int_equal(*feed_stats_row(&a, i).count, *feed_stats_row(&b, i).count);
        assert_same_samples(*feed_stats_row(&a, i).samples, *feed_stats_row(&b, i).samples);
    }
}

static void assert_same_sheaves(const struct sheaf *a, const struct sheaf *b)
{
    struct sheaf_cursor x, y;
    assert_same_stats(a->stats, b->stats);
    assert_true(sheaf_categories(a) == sheaf_categories(b));
    assert_int_equal(sheaf_rule_count(a), sheaf_rule_count(b));
    assert_int_equal(a->clauses.count, b->clauses.count);
    sheaf_cursor_init(&x, a, NULL, NULL);
    sheaf_cursor_init(&y, b, NULL, NULL);
    while (sheaf_cursor_next(&x) > 0) {
        assert_int_equal(sheaf_cursor_next(&y), 1);
        assert_int_equal(x.key_len, y.key_len);
        assert_memory_equal(x.key, y.key, x.key_len);
        assert_int_equal(sheaf_kind_compare(&a->kinds[x.kind], &b->kinds[y.kind]), 0);
        assert_int_equal(x.repeat, y.repeat);
    }
    assert_int_equal(sheaf_cursor_next(&y), 0);
}

static uint64_t random_next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* One line of a hosts file: names with a few repeats, refusals, comments, addresses, headers. */
static size_t random_line(uint64_t *seed, char *out)
{
    static const char *const odd[] = {
        "# comment\n",
        "\n",
        "0.0.0.0 bad..name.example\n",
        "# Number of entries: 5\n",
        "127.0.0.1 localhost\n",
        "nonsense\n",
        "0.0.0.0 childline.org.uk\n",
        "0.0.0.0 two.example one.example\n",
        "0.0.0.0 github.io\n",
        "0.0.0.0 com\n",
        "0.0.0.0 www.example  # why\n",
        "# Number of entries: 7\n",
        "0.0.0.0 x_y.example\n",
        "0.0.0.0 ok.example bad..example x.example\n",
    };
    if (random_next(seed) % 50 == 0)
        return (size_t)sprintf(out, "%s", odd[random_next(seed) % (sizeof odd / sizeof odd[0])]);
    if (random_next(seed) % 5000 == 0)
        return (size_t)sprintf(out, "0.0.0.0 192.0.2.%u\n", (unsigned)(random_next(seed) % 250));
    return (size_t)sprintf(out, "0.0.0.0 n%u.example\n", (unsigned)(random_next(seed) % 30000));
}

/* Lines of a text, to be edited. */
struct text {
    char *lines[LINES_MAX];
    size_t count;
};

static void text_insert(struct text *text, size_t at, const char *line)
{
    if (text->count == LINES_MAX)
        return;
    memmove(&text->lines[at + 1], &text->lines[at], (text->count - at) * sizeof(char *));
    text->lines[at] = strdup(line);
    text->count++;
}

static void text_remove(struct text *text, size_t at)
{
    free(text->lines[at]);
    text->count--;
    memmove(&text->lines[at], &text->lines[at + 1], (text->count - at) * sizeof(char *));
}

/* A few hunks: lines go, come, move; sometimes the end of the last line goes. */
static void text_edit(struct text *text, uint64_t *seed)
{
    unsigned hunks = 1 + (unsigned)(random_next(seed) % 5);
    for (unsigned hunk = 0; hunk < hunks; hunk++) {
        size_t at = random_next(seed) % 3 == 0 ? 0 : random_next(seed) % (text->count + 1);
        unsigned go = (unsigned)(random_next(seed) % 12), come = (unsigned)(random_next(seed) % 12);
        for (; go > 0 && at < text->count; go--)
            text_remove(text, at);
        for (; come > 0; come--) {
            char line[128];
            random_line(seed, line);
            text_insert(text, at, line);
        }
    }
}

static void text_write(const struct text *text, const char *path, bool cut_end)
{
    size_t len = 0;
    char *all = malloc(text->count * 128 + 1);
    for (size_t i = 0; i < text->count; i++)
        len += (size_t)sprintf(all + len, "%s", text->lines[i]);
    write_copy(path, all, cut_end && len > 0 ? len - 1 : len);
    free(all);
}

/* Night after night: the sheaf that was revised is the one that reading the whole copy gives. */
static void revising_gives_what_reading_gives(void **state)
{
    struct fixture *f = *state;
    struct text *text = calloc(1, sizeof *text);
    char old_path[128], new_path[128];
    uint64_t seed = 20261121;
    set_format(f, "hosts");
    snprintf(old_path, sizeof old_path, "%s/old", f->dir);
    snprintf(new_path, sizeof new_path, "%s/new", f->dir);
    for (unsigned i = 0; i < 2000; i++) {
        char line[128];
        random_line(&seed, line);
        text_insert(text, text->count, line);
    }
    text_write(text, old_path, false);
    struct binding binding = binding_of(f, f->dir, old_path, NULL);
    sheaf_close(bound(&binding));
    for (unsigned night = 0; night < 150; night++) {
        text_edit(text, &seed);
        text_write(text, new_path, random_next(&seed) % 8 == 0);
        struct binding revised = binding_of(f, f->dir, new_path, old_path);
        struct binding fresh = binding_of(f, f->other, new_path, NULL);
        memset(fresh.id.options, (int)night, sizeof fresh.id.options);
        struct sheaf *a = bound(&revised), *b = bound(&fresh);
        assert_same_sheaves(a, b);
        sheaf_close(a);
        sheaf_close(b);
        assert_int_equal(rename(new_path, old_path), 0);
    }
    while (text->count > 0)
        text_remove(text, text->count - 1);
    free(text);
}

/* Cut into pieces by several threads, or read by one. */
static void pieces_give_what_one_reader_gives(void **state)
{
    struct fixture *f = *state;
    char path[128];
    uint64_t seed = 5;
    size_t len = 0;
    char *text = malloc(12 << 20);
    set_format(f, "hosts");
    while (len < (10 << 20))
        len += random_line(&seed, text + len);
    snprintf(path, sizeof path, "%s/copy", f->dir);
    write_copy(path, text, len);
    free(text);
    struct binding in_pieces = binding_of(f, f->dir, path, NULL), whole = binding_of(f, f->other, path, NULL);
    in_pieces.threads = 3;
    whole.threads = 1;
    struct sheaf *a = bound(&in_pieces), *b = bound(&whole);
    assert_same_sheaves(a, b);
    sheaf_close(a);
    sheaf_close(b);
    f->feed.limits.lines = 1000;
    in_pieces.id.options[0] = 1;
    bool is_new;
    assert_int_equal(binding_run(&in_pieces, &a, &is_new), ERR_LIMIT);
}

static void a_kept_sheaf_saves_the_reading(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct sheaf *sheaf;
    bool is_new;
    set_format(f, "hosts");
    snprintf(path, sizeof path, "%s/copy", f->dir);
    write_copy(path, "0.0.0.0 a.example\n", 18);
    struct binding binding = binding_of(f, f->dir, path, NULL);
    sheaf_close(bound(&binding));
    assert_int_equal(unlink(path), 0); /* nobody needs it */
    assert_int_equal(binding_run(&binding, &sheaf, &is_new), 0);
    assert_false(is_new);
    sheaf_close(sheaf);
    binding.id.options[0] = 1;
    assert_int_equal(binding_run(&binding, &sheaf, &is_new), ERR_NOENT);
}

static void a_sheaf_of_other_categories_is_not_believed(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct sheaf *sheaf;
    bool is_new;
    set_format(f, "hosts");
    snprintf(path, sizeof path, "%s/copy", f->dir);
    write_copy(path, "0.0.0.0 a.example\n", 18);
    struct binding binding = binding_of(f, f->dir, path, NULL);
    f->feed.categories = 12;
    sheaf_close(bound(&binding));
    f->feed.categories = 4;
    assert_int_equal(binding_run(&binding, &sheaf, &is_new), 0);
    assert_true(is_new);
    assert_int_equal(sheaf_categories(sheaf), 4);
    sheaf_close(sheaf);
}

static void a_damaged_sheaf_is_read_again(void **state)
{
    struct fixture *f = *state;
    char path[128], kept[128];
    set_format(f, "hosts");
    snprintf(path, sizeof path, "%s/copy", f->dir);
    snprintf(kept, sizeof kept, "%s/feed.sheaf", f->dir);
    write_copy(path, "0.0.0.0 a.example\n", 18);
    struct binding binding = binding_of(f, f->dir, path, NULL);
    sheaf_close(bound(&binding));
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {{"", 0}, {"nonsense", 8}, {"blsheaf1", 8}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        write_copy(kept, rows[i].bytes, rows[i].len);
        struct sheaf *sheaf = bound(&binding);
        assert_int_equal(sheaf_rule_count(sheaf), 1);
        sheaf_close(sheaf);
    }
}

static void an_old_copy_of_other_bytes_is_not_compared_with(void **state)
{
    struct fixture *f = *state;
    char old_path[128], new_path[128];
    set_format(f, "hosts");
    snprintf(old_path, sizeof old_path, "%s/old", f->dir);
    snprintf(new_path, sizeof new_path, "%s/new", f->dir);
    write_copy(old_path, "0.0.0.0 a.example\n0.0.0.0 b.example\n", 36);
    struct binding binding = binding_of(f, f->dir, old_path, NULL);
    sheaf_close(bound(&binding));
    write_copy(old_path, "0.0.0.0 c.example\n0.0.0.0 b.example\n", 36);
    write_copy(new_path, "0.0.0.0 c.example\n0.0.0.0 b.example\n0.0.0.0 d.example\n", 54);
    binding = binding_of(f, f->dir, new_path, old_path);
    struct sheaf *sheaf = bound(&binding);
    assert_int_equal(sheaf_rule_count(sheaf), 3);
    sheaf_close(sheaf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(revising_gives_what_reading_gives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pieces_give_what_one_reader_gives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_kept_sheaf_saves_the_reading, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sheaf_of_other_categories_is_not_believed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_sheaf_is_read_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_old_copy_of_other_bytes_is_not_compared_with, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
