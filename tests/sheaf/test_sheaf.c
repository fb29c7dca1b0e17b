#include "sheaf/sheaf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle.h"
#include "sheaf/join.h"
#include "sheaf/merge.h"

#define TEXT_MAX 4096

static void sheaf_gives_back_the_rules_sorted_and_counted(void **state)
{
    static const struct {
        const char *rules, *text;
    } rows[] = {
        {"", ""},
        {"||a.example^\n", "a.example 3 "},
        {"||b.example^\na.example\n||b.example^\n||b.example^\n", "a.example 1 b.example 3*3 "},
        {"||a.example^\n@@||a.example^\na.example\n||a.example^$important\n",
         "a.example 1 a.example 3 a.example 7 a.example 11 "},
        {"||www.example.com^\n||example-shop.com^\n||example.com^\n",
         "example.com 3 www.example.com 3 example-shop.com 3 "},
        {"||a.example^$dnstype=AAAA\n192.0.2.0/24\n-banner-\n", "- 17 - 19 a.example 19 "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[TEXT_MAX];
        int fd;
        struct sheaf *sheaf = bundle_of(rows[i].rules, &fd);
        bundle_text(sheaf, text, sizeof text);
        assert_string_equal(text, rows[i].text);
        sheaf_close(sheaf);
        close(fd);
    }
}

static void sheaf_keeps_clauses_addresses_and_what_reading_came_to(void **state)
{
    int fd;
    (void)state;
    struct sheaf *sheaf = bundle_of("||a.example^$dnstype=AAAA\n192.0.2.0/24\nbad name\n||x.example^$client=1\n", &fd);
    assert_int_equal(sheaf->clauses.count, 2);
    assert_int_equal(sheaf->clauses.addresses.len, sizeof(struct blockdb_address_record));
    assert_int_equal(sheaf->stats.lines, 4);
    assert_int_equal(sheaf->stats.blocks, 2);
    assert_int_equal(sheaf->stats.refused[REFUSED_MODIFIER], 1);
    assert_int_equal(sheaf->stats.samples[REFUSED_MODIFIER]->rows[0].line, 4);
    assert_string_equal(sheaf->stats.samples[REFUSED_MODIFIER]->rows[0].file, "test");
    assert_null(sheaf->stats.samples[REFUSED_TLD]);
    assert_true(sheaf_categories(sheaf) == 4);
    assert_int_equal(sheaf_rule_count(sheaf), 2);
    assert_memory_equal(sheaf->id.copy, "copy", 5);
    sheaf_close(sheaf);
    close(fd);
}

/* Whatever byte of the file is another one: it is damaged, or nothing that anybody reads. */
static void sheaf_open_sees_every_changed_byte(void **state)
{
    int fd;
    (void)state;
    struct sheaf *sheaf = bundle_of("||a.example^\n||b.example^$dnstype=A\n192.0.2.0/24\nbad name\n", &fd);
    size_t len = sheaf->len;
    uint8_t *bytes = malloc(len);
    memcpy(bytes, sheaf->bytes, len);
    sheaf_close(sheaf);
    for (size_t i = 0; i < len; i += i < 512 ? 1 : 37) {
        uint8_t changed = bytes[i] ^ 0x41;
        assert_int_equal(pwrite(fd, &changed, 1, (off_t)i), 1);
        int err = sheaf_open_fd(fd, &sheaf);
        if (err == 0) { /* padding in front of the tail */
            assert_int_equal(bytes[i], 0);
            sheaf_close(sheaf);
        } else {
            assert_int_equal(err, ERR_DAMAGED);
        }
        assert_int_equal(pwrite(fd, &bytes[i], 1, (off_t)i), 1);
    }
    for (size_t cut = 0; cut < len; cut += 29) {
        assert_int_equal(ftruncate(fd, (off_t)cut), 0);
        assert_int_equal(sheaf_open_fd(fd, &sheaf), ERR_DAMAGED);
        assert_int_equal(pwrite(fd, bytes, len, 0), (ssize_t)len);
    }
    free(bytes);
    close(fd);
}

/* n00000.example to n<count - 1>.example, as text of many blocks. */
static char *many(unsigned from, unsigned count)
{
    char *text = malloc(count * 24 + 1), *at = text;
    text[0] = '\0';
    for (unsigned i = from; i < from + count; i++)
        at += sprintf(at, "||n%05u.example^\n", i);
    return text;
}

static void cursors_of_ranges_meet_every_rule_once(void **state)
{
    int fd;
    (void)state;
    char *text = many(0, 60000);
    struct sheaf *sheaf = bundle_of(text, &fd);
    const struct sheaf *sheaves[] = {sheaf};
    assert_true(sheaf->block_count > 3);
    for (unsigned parts = 1; parts <= 4; parts++) {
        struct sheaf_key cuts[4];
        unsigned count = 0;
        int ranges = merge_cut(sheaves, 1, parts, cuts);
        assert_int_equal(ranges, parts);
        for (int i = 0; i < ranges; i++) {
            struct sheaf_cursor cursor;
            unsigned before = count;
            sheaf_cursor_init(&cursor, sheaf, i == 0 ? NULL : &cuts[i - 1], i + 1 == ranges ? NULL : &cuts[i]);
            while (sheaf_cursor_next(&cursor) > 0) {
                char expected[32];
                int len = snprintf(expected, sizeof expected, "example%cn%05u", 0, count++);
                assert_int_equal(cursor.key_len, len);
                assert_memory_equal(cursor.key, expected, (size_t)len);
            }
            assert_true(count - before >= 60000 / parts / 2);
        }
        assert_int_equal(count, 60000);
    }
    sheaf_close(sheaf);
    close(fd);
    free(text);
}

/* Checksums are right, the rules are not: what a reader could write that somebody has taken over. */
static void check_refuses_rules_that_no_writer_writes(void **state)
{
    static const struct {
        const char *key;
        size_t len;
        int err;
    } rows[] = {
        {"example\0a", 9, 0},
        {"example", 7, ERR_DAMAGED},
        {"a", 1, ERR_DAMAGED},
        {"example\0\0a", 10, ERR_DAMAGED},
        {"example\0a\0", 10, ERR_DAMAGED},
        {"\0example", 8, ERR_DAMAGED},
    };
    const struct sheaf_kind kind = {.categories = 4, .what = SHEAF_SELF};
    struct feed_stats stats;
    struct clauses clauses;
    (void)state;
    feed_stats_init(&stats);
    clauses_init(&clauses);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct writer writer;
        struct sheaf *sheaf;
        struct writer_rest rest = {.kinds = &kind, .clauses = &clauses, .stats = &stats};
        int fd = bundle_file();
        assert_int_equal(writer_init(&writer, fd, 1, 1), 0);
        writer_add(&writer, 0,
                   (const uint8_t *)"example\0"
                                    "0",
                   9, 0, 1);
        writer_add(&writer, 0, (const uint8_t *)rows[i].key, rows[i].len, 0, 1);
        assert_int_equal(writer_finish(&writer, &rest), 0);
        assert_int_equal(sheaf_open_fd(fd, &sheaf), 0);
        assert_int_equal(sheaf_check(sheaf), rows[i].err);
        sheaf_close(sheaf);
        writer_done(&writer);
        close(fd);
    }
}

struct joined {
    struct sheaf *sheaves[3];
    int fds[4];
    struct sheaf *out;
    int err;
};

/* JOIN_ADD of the first two, JOIN_TAKE of the third; NULL: none. */
/* What a reader could write to who looks at the report. */
static void samples_bring_nothing_to_a_terminal(void **state)
{
    struct feed_samples samples = {.count = 1, .rows = {{.line = 1, .file = "f\x9b", .text = "a\033[2Jb"}}};
    struct feed_stats stats;
    struct clauses clauses;
    struct writer writer;
    struct sheaf *sheaf;
    struct writer_rest rest = {.clauses = &clauses, .stats = &stats};
    (void)state;
    feed_stats_init(&stats);
    clauses_init(&clauses);
    stats.refused[REFUSED_SYNTAX] = 1;
    stats.samples[REFUSED_SYNTAX] = &samples;
    memset(stats.popular.name, '\n', sizeof stats.popular.name);
    int fd = bundle_file();
    assert_int_equal(writer_init(&writer, fd, 1, 0), 0);
    assert_int_equal(writer_finish(&writer, &rest), 0);
    assert_int_equal(sheaf_open_fd(fd, &sheaf), 0);
    assert_string_equal(sheaf->stats.samples[REFUSED_SYNTAX]->rows[0].file, "f?");
    assert_string_equal(sheaf->stats.samples[REFUSED_SYNTAX]->rows[0].text, "a?[2Jb");
    assert_int_equal(strlen(sheaf->stats.popular.name), sizeof stats.popular.name - 1);
    assert_null(strchr(sheaf->stats.popular.name, '\n'));
    sheaf_close(sheaf);
    writer_done(&writer);
    clauses_done(&clauses);
    close(fd);
}

/* Kinds and clauses say it, the counts of a kind are only what somebody wrote. */
static void sheaf_is_within_its_categories_or_not(void **state)
{
    static const struct sheaf_kind kinds[] = {{.categories = 4, .what = SHEAF_SELF, .count = 1},
                                              {.categories = 8, .what = SHEAF_SELF, .count = 0}};
    static const struct {
        struct sheaf sheaf;
        uint64_t clause, categories;
        bool within;
    } rows[] = {
        {{.kinds = kinds, .kind_count = 0}, 0, 0, true},   {{.kinds = kinds, .kind_count = 1}, 0, 4, true},
        {{.kinds = kinds, .kind_count = 1}, 0, 8, false},  {{.kinds = kinds, .kind_count = 2}, 0, 4, false},
        {{.kinds = kinds, .kind_count = 2}, 0, 12, true},  {{.kinds = kinds, .kind_count = 1}, 4, 4, true},
        {{.kinds = kinds, .kind_count = 1}, 12, 4, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sheaf sheaf = rows[i].sheaf;
        const struct blockdb_clause_record head = {.categories = rows[i].clause};
        uint16_t id;
        clauses_init(&sheaf.clauses);
        if (rows[i].clause != 0)
            assert_int_equal(clauses_intern(&sheaf.clauses, &head, (const uint8_t *)"", &id), 0);
        assert_int_equal(sheaf_is_within(&sheaf, rows[i].categories), rows[i].within);
        clauses_done(&sheaf.clauses);
    }
}

static void join(struct joined *j, const char *a, const char *b, const char *taken, unsigned threads)
{
    const char *rules[] = {a, b, taken};
    struct join_source sources[3];
    struct feed_stats stats;
    size_t count = 0;
    memset(j, 0, sizeof *j);
    feed_stats_init(&stats);
    for (size_t i = 0; i < 3; i++) {
        if (rules[i] == NULL)
            continue;
        j->sheaves[i] = bundle_of(rules[i], &j->fds[i]);
        sources[count++] = (struct join_source){j->sheaves[i], i < 2 ? JOIN_ADD : JOIN_TAKE};
    }
    j->fds[3] = bundle_file();
    j->err = join_write(sources, count, &(struct join_opts){.stats = &stats, .threads = threads}, j->fds[3]);
    if (j->err == 0)
        assert_int_equal(sheaf_open_fd(j->fds[3], &j->out), 0);
}

static void joined_done(struct joined *j)
{
    for (size_t i = 0; i < 3; i++) {
        sheaf_close(j->sheaves[i]);
        if (j->sheaves[i] != NULL)
            close(j->fds[i]);
    }
    sheaf_close(j->out);
    close(j->fds[3]);
}

static void join_adds_and_takes_rule_by_rule(void **state)
{
    static const struct {
        const char *a, *b, *taken, *text;
        int err;
    } rows[] = {
        {"", NULL, NULL, "", 0},
        {"||a.example^\n", "||b.example^\n", NULL, "a.example 3 b.example 3 ", 0},
        {"||a.example^\n", "||a.example^\na.example\n", NULL, "a.example 1 a.example 3*2 ", 0},
        {"||a.example^\n||b.example^\n", NULL, "||a.example^\n", "b.example 3 ", 0},
        {"||a.example^\n||a.example^\n", NULL, "||a.example^\n", "a.example 3 ", 0},
        {"||a.example^\n", "||a.example^\n", "||a.example^\n||a.example^\n", "", 0},
        {"||a.example^\n@@||a.example^\n", NULL, "||a.example^\n", "a.example 7 ", 0},
        {"||a.example^\n", NULL, "||b.example^\n", "", ERR_DAMAGED},
        {"||a.example^\n", NULL, "||a.example^\n||a.example^\n", "", ERR_DAMAGED},
        {"||a.example^\n", NULL, "a.example\n", "", ERR_DAMAGED},
        {"||a.example^$dnstype=A\n", "||b.example^$dnstype=AAAA\n||a.example^$dnstype=A\n", NULL,
         "a.example 19*2 b.example 19 ", 0},
        {"||a.example^$dnstype=A\n", NULL, "||a.example^$dnstype=A\n", "", ERR_UNSUPPORTED},
        {"192.0.2.1\n-x-y-\n", "192.0.2.1\n", NULL, "- 17*2 - 19 ", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[TEXT_MAX] = "";
        struct joined j;
        join(&j, rows[i].a, rows[i].b, rows[i].taken, 2);
        if (j.err == 0)
            bundle_text(j.out, text, sizeof text);
        if (j.err != rows[i].err || strcmp(text, rows[i].text) != 0)
            fail_msg("row %zu: %d, %s", i, j.err, text);
        joined_done(&j);
    }
}

static void join_counts_only_what_is_left(void **state)
{
    struct joined j;
    (void)state;
    join(&j, "||a.example^\nb.example\n", NULL, "b.example\n", 1);
    assert_int_equal(j.err, 0);
    assert_int_equal(sheaf_rule_count(j.out), 1);
    for (uint32_t i = 0; i < j.out->kind_count; i++)
        assert_int_equal(j.out->kinds[i].count, j.out->kinds[i].what == 3);
    joined_done(&j);
}

/* However many threads: the same rules, in order. */
static void join_in_ranges_gives_the_same(void **state)
{
    char *a = many(0, 20000), *b = many(10000, 20000), *taken = many(15000, 100);
    char *expected = malloc(1 << 20), *text = malloc(1 << 20);
    (void)state;
    for (unsigned threads = 1; threads <= 3; threads++) {
        struct joined j;
        join(&j, a, b, taken, threads);
        assert_int_equal(j.err, 0);
        bundle_text(j.out, threads == 1 ? expected : text, 1 << 20);
        if (threads > 1)
            assert_string_equal(text, expected);
        joined_done(&j);
    }
    free(a);
    free(b);
    free(taken);
    free(expected);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sheaf_gives_back_the_rules_sorted_and_counted),
        cmocka_unit_test(sheaf_keeps_clauses_addresses_and_what_reading_came_to),
        cmocka_unit_test(sheaf_open_sees_every_changed_byte),
        cmocka_unit_test(cursors_of_ranges_meet_every_rule_once),
        cmocka_unit_test(check_refuses_rules_that_no_writer_writes),
        cmocka_unit_test(samples_bring_nothing_to_a_terminal),
        cmocka_unit_test(sheaf_is_within_its_categories_or_not),
        cmocka_unit_test(join_adds_and_takes_rule_by_rule),
        cmocka_unit_test(join_counts_only_what_is_left),
        cmocka_unit_test(join_in_ranges_gives_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
