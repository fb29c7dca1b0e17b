/* What a manifest says of a log that has gaps, damage and many versions, and that it says the same as the rows. */
#include "operator/log_export.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "qlog/fixture.h"

#define NOW_NS INT64_C(1764000000000000000)
#define LOST   500
#define ROWS   400

static void file_size_limit(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void put(struct qlog *log, uint32_t from, uint32_t to)
{
    for (uint32_t number = from; number < to; number++) {
        struct qlog_record record;
        fixture_record(number, &record);
        record.policy_version = 7 + number % 3;
        qlog_append(qlog_writer(log, 0), &record);
    }
}

/* Records while no journal can be had, then ROWS that are written: they make a segment each time. */
static void log_make(const struct fixture *f, bool gap)
{
    struct qlog_opts opts = fixture_opts(f);
    struct qlog_stats stats = {0};
    struct qlog *log;
    uint32_t number = gap ? LOST : 0;
    signal(SIGXFSZ, SIG_IGN);
    if (gap)
        file_size_limit(4096);
    assert_int_equal(qlog_open(&opts, &log), 0);
    if (gap) {
        put(log, 0, LOST);
        file_size_limit(RLIM_INFINITY);
        for (; stats.written == 0; number++) {
            put(log, number, number + 1);
            qlog_stats(log, &stats);
        }
    }
    put(log, number, number + ROWS);
    qlog_close(log);
}

static json_t *exported(const struct fixture *f, struct log_options *options, struct log_export_result *out)
{
    char path[128], sidecar[160];
    struct log_names names = {.roster = NULL};
    snprintf(path, sizeof path, "%s/out.csv", f->dir);
    snprintf(sidecar, sizeof sidecar, "%s.manifest.json", path);
    options->output = path;
    const struct log_export export = {
        .dir = f->dir, .options = options, .names = &names, .kind = "export", .now_ns = NOW_NS};
    assert_int_equal(log_export_run(&export, out), 0);
    json_t *root = json_load_file(sidecar, JSON_REJECT_DUPLICATES, NULL);
    json_t *manifest = json_incref(json_object_get(root, "manifest"));
    json_decref(root);
    assert_non_null(manifest);
    unlink(path);
    unlink(sidecar);
    return manifest;
}

static json_int_t number_of(const json_t *manifest, const char *key)
{
    const json_t *value = json_object_get(manifest, key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static void gaps_are_told_with_their_times_and_numbers(void **state)
{
    struct fixture f;
    struct log_options options = {.filter = {.action = -1}};
    struct log_export_result result;
    struct qlog_record first;
    char time[LOG_TIME_MAX];
    (void)state;
    fixture_begin(&f);
    log_make(&f, true);
    json_t *m = exported(&f, &options, &result);
    const json_t *gaps = json_object_get(m, "gaps");
    assert_true(json_array_size(gaps) >= 1);
    const json_t *gap = json_array_get(gaps, 0);
    fixture_record(0, &first);
    assert_string_equal(json_string_value(json_object_get(gap, "from")), log_time_to_text(first.time_ns, time));
    assert_true(strcmp(json_string_value(json_object_get(gap, "to")), time) > 0);
    json_int_t sum = 0;
    for (size_t i = 0; i < json_array_size(gaps); i++)
        sum += json_integer_value(json_object_get(json_array_get(gaps, i), "lost"));
    assert_true(sum >= LOST);
    assert_int_equal(number_of(m, "lost"), sum);
    assert_int_equal(result.stats.lost, sum);
    assert_true(number_of(m, "rows") >= ROWS);
    assert_int_equal(number_of(m, "damaged_blocks"), 0);
    json_decref(m);
    fixture_end(&f);
}

static void versions_and_generations_are_those_of_the_rows(void **state)
{
    struct fixture f;
    struct log_options options = {.filter = {.action = -1}, .limit = 100};
    struct log_export_result result;
    (void)state;
    fixture_begin(&f);
    log_make(&f, false);
    json_t *m = exported(&f, &options, &result);
    const json_t *policies = json_object_get(m, "policies");
    assert_int_equal(json_array_size(policies), 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(json_integer_value(json_array_get(policies, i)), 7 + i);
    const json_t *generations = json_object_get(m, "generations");
    assert_true(json_array_size(generations) > 0);
    assert_int_equal(number_of(m, "first_generation"), json_integer_value(json_array_get(generations, 0)));
    assert_int_equal(number_of(m, "rows"), 100);
    assert_int_equal(json_array_size(json_object_get(m, "nodes")), 1);
    assert_int_equal(number_of(json_object_get(m, "log"), "last_segment"), 1);
    assert_null(json_object_get(m, "signed_by_key"));
    json_decref(m);
    fixture_end(&f);
}

/* Changes a byte in the middle of the segment, where its one block is. */
static void segment_damage(const struct fixture *f)
{
    DIR *dir = opendir(f->dir);
    char path[400] = "";
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (strncmp(entry->d_name, "segment-", 8) == 0)
            snprintf(path, sizeof path, "%s/%s", f->dir, entry->d_name);
    closedir(dir);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    uint8_t byte;
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, 500), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, 500), 1);
    close(fd);
}

static void damaged_blocks_are_left_out_and_told(void **state)
{
    struct fixture f;
    struct log_options options = {.filter = {.action = -1}};
    struct log_export_result result;
    (void)state;
    fixture_begin(&f);
    log_make(&f, false);
    segment_damage(&f);
    json_t *m = exported(&f, &options, &result);
    assert_int_equal(number_of(m, "damaged_blocks"), 1);
    assert_int_equal(number_of(m, "rows"), 0);
    assert_null(json_object_get(m, "first"));
    json_decref(m);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps_are_told_with_their_times_and_numbers),
        cmocka_unit_test(versions_and_generations_are_those_of_the_rows),
        cmocka_unit_test(damaged_blocks_are_left_out_and_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
