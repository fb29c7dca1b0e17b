#include "qlog/compact.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "fixture.h"
#include "qlog/chain.h"
#include "qlog/day_key.h"
#include "qlog/hold.h"
#include "qlog/keyring.h"
#include "qlog/origin.h"
#include "qlog/retention.h"
#include "qlog/segment_list.h"
#include "qlog/verify.h"

#define DAYS     3u
#define PIECES   6u  /* segments of a day */
#define ROWS     40u /* of a piece */
#define ALL_ROWS (DAYS * PIECES * ROWS)
#define FIRST_S  INT64_C(1700006400) /* midnight */
#define DAY_S    INT64_C(86400)
#define USERS    9u

struct place {
    struct fixture fixture;
    struct qlog_opts opts;
    char keys[64], days[96], key_path[96];
    int log_fd, keys_fd;
    struct signing_key key;
};

static void row(uint32_t i, struct qlog_record *out)
{
    uint32_t day = i / (PIECES * ROWS);
    fixture_record(i % 97, out);
    out->time_ns = (FIRST_S + day * DAY_S) * 1000000000 + (int64_t)(i % (PIECES * ROWS)) * 300000000000;
    out->user = i % USERS;
    out->upstream = 1;
    out->verdict.rule = i;
}

static void place_begin_as(struct place *p, bool sealed, bool is_signed)
{
    bool made;
    *p = (struct place){.keys = "/tmp/belisha-keys-XXXXXX"};
    fixture_begin(&p->fixture);
    assert_non_null(mkdtemp(p->keys));
    snprintf(p->days, sizeof p->days, "%s/days", p->keys);
    snprintf(p->key_path, sizeof p->key_path, "%s/log.key", p->keys);
    p->opts = fixture_opts(&p->fixture);
    p->opts.key_path = is_signed ? p->key_path : NULL;
    p->opts.keys_dir = sealed ? p->days : NULL;
    struct qlog *log;
    struct qlog_record record;
    assert_int_equal(qlog_open(&p->opts, &log), 0);
    for (uint32_t i = 0; i < ALL_ROWS; i++) {
        row(i, &record);
        qlog_append(qlog_writer(log, 0), &record);
        if (i % ROWS == ROWS - 1)
            assert_int_equal(qlog_flush(log), 0);
    }
    qlog_close(log);
    p->log_fd = open(p->fixture.dir, O_RDONLY | O_DIRECTORY);
    p->keys_fd = sealed ? open(p->days, O_RDONLY | O_DIRECTORY) : -1;
    assert_int_equal(signing_key_open(p->key_path, &p->key, &made), 0);
    assert_int_equal(made, !is_signed);
}

static void place_begin(struct place *p, bool sealed)
{
    place_begin_as(p, sealed, true);
}

static void place_end(struct place *p)
{
    char command[256];
    signing_key_done(&p->key);
    close(p->log_fd);
    if (p->keys_fd >= 0)
        close(p->keys_fd);
    snprintf(command, sizeof command, "rm -r %s", p->keys);
    assert_int_equal(system(command), 0);
    fixture_end(&p->fixture);
}

static struct compact_opts opts_of(const struct place *p)
{
    return (struct compact_opts){.dir_fd = p->log_fd, .key = &p->key, .now_s = FIRST_S + (DAYS + 1) * DAY_S};
}

static struct compact_result compact(const struct place *p)
{
    const struct compact_opts opts = opts_of(p);
    struct compact_result result;
    assert_int_equal(compact_log(&opts, &result), 0);
    return result;
}

static struct verify_result verify(const struct place *p)
{
    struct verify_result result;
    assert_int_equal(verify_log(p->log_fd, &(struct verify_opts){.keys = &p->key.public, .key_count = 1}, &result), 0);
    return result;
}

/* Rows as they were written, from the first on; of users in `forgotten` (a bit each) nobody asked. */
static void rows_compare(const struct place *p, uint32_t forgotten)
{
    static struct qlog_row rows[ALL_ROWS];
    static const struct ipaddr none;
    struct qlog_scan_stats stats;
    assert_int_equal(fixture_read(p->fixture.dir, NULL, rows, ALL_ROWS, &stats), ALL_ROWS);
    assert_int_equal(stats.damaged_blocks, 0);
    for (uint32_t i = 0; i < ALL_ROWS; i++) {
        struct qlog_record expected;
        struct qlog_record got = rows[i].record;
        row(i, &expected);
        if (expected.verdict.unattributed) { /* never written */
            expected.client = none;
            expected.client_port = 0;
            expected.device = expected.user = 0;
            expected.grade = 0;
        } else if (expected.user != 0 && (forgotten >> expected.user & 1) != 0) {
            expected.client = none;
            expected.device = expected.user = 0;
        }
        fixture_assert_same(&expected, &got);
    }
}

static size_t segment_files(const struct place *p)
{
    return fixture_files(p->fixture.dir, "segment-", ".qlog");
}

static void small_segments_become_one_a_day(bool sealed)
{
    struct place p;
    place_begin(&p, sealed);
    assert_int_equal(segment_files(&p), DAYS * PIECES);
    rows_compare(&p, 0);
    struct compact_result result = compact(&p);
    assert_int_equal(result.made, DAYS);
    assert_int_equal(result.merged, DAYS * PIECES - 1); /* the newest stays */
    assert_int_equal(result.rows, ALL_ROWS - ROWS);
    assert_true(result.bytes_after < result.bytes_before);
    assert_int_equal(segment_files(&p), DAYS + 1);
    rows_compare(&p, 0);
    struct verify_result verified = verify(&p);
    assert_int_equal(verified.faults, 0);
    assert_int_equal(verified.rows, ALL_ROWS);
    assert_int_equal(verified.segments, DAYS + 1);
    assert_int_equal(verified.merged, DAYS * PIECES - 1);
    assert_int_equal(verified.first_sequence, 1);
    assert_int_equal(verified.last_sequence, DAYS * PIECES);
    assert_int_equal(verified.who_unknown, 0);
    assert_int_equal(compact(&p).made, 0);
    place_end(&p);
}

static void small_segments_become_one_a_day_and_every_row_is_there(void **state)
{
    (void)state;
    small_segments_become_one_a_day(true);
}

static void segments_that_are_not_sealed_are_merged_too(void **state)
{
    (void)state;
    small_segments_become_one_a_day(false);
}

static void the_log_goes_on_behind_a_merged_segment(void **state)
{
    struct place p;
    struct qlog *log;
    struct qlog_record record;
    (void)state;
    place_begin(&p, true);
    compact(&p);
    unlinkat(p.log_fd, "chain.txt", 0); /* then the segments alone know */
    assert_int_equal(qlog_open(&p.opts, &log), 0);
    row(ALL_ROWS, &record);
    qlog_append(qlog_writer(log, 0), &record);
    qlog_close(log);
    struct verify_result verified = verify(&p);
    assert_int_equal(verified.faults, 0);
    assert_int_equal(verified.rows, ALL_ROWS + 1);
    assert_int_equal(verified.last_sequence, DAYS * PIECES + 1);
    place_end(&p);
}

static void a_day_that_is_held_or_not_over_stays_as_it_is(void **state)
{
    struct place p;
    struct hold hold = {.from_day = (uint32_t)(FIRST_S / DAY_S),
                        .to_day = (uint32_t)(FIRST_S / DAY_S),
                        .by = "jones",
                        .reason = "an incident"};
    uint32_t id;
    struct compact_result result;
    (void)state;
    place_begin(&p, true);
    assert_int_equal(hold_add(p.log_fd, &hold, &id), 0);
    struct compact_opts opts = opts_of(&p);
    opts.now_s = FIRST_S + 2 * DAY_S + COMPACT_AFTER_S - 1;
    assert_int_equal(compact_log(&opts, &result), 0);
    assert_int_equal(result.made, 0);
    assert_int_equal(result.held, 1);
    opts.now_s++;
    assert_int_equal(compact_log(&opts, &result), 0);
    assert_int_equal(result.made, 1);
    assert_int_equal(segment_files(&p), 2 * PIECES + 1);
    rows_compare(&p, 0);
    assert_int_equal(verify(&p).faults, 0);
    place_end(&p);
}

static void a_person_who_was_forgotten_stays_so(void **state)
{
    struct place p;
    const uint32_t day = (uint32_t)(FIRST_S / DAY_S);
    (void)state;
    place_begin(&p, true);
    for (uint32_t d = 0; d < DAYS; d++)
        assert_int_equal(day_key_forget(p.keys_fd, day + d, 2), 1);
    compact(&p);
    rows_compare(&p, 1u << 2);
    struct verify_result verified = verify(&p);
    assert_int_equal(verified.faults, 0);
    assert_int_equal(verified.who_unknown, DAYS * PIECES - 1);
    for (uint32_t d = 0; d < DAYS; d++)
        assert_int_equal(day_key_forget(p.keys_fd, day + d, 5), 1); /* now that they are merged */
    rows_compare(&p, 1u << 2 | 1u << 5);
    assert_int_equal(verify(&p).faults, 0);
    place_end(&p);
}

static void a_day_whose_key_is_gone_is_left_alone_and_still_anonymous_when_it_goes_later(void **state)
{
    struct place p;
    static struct qlog_row rows[ALL_ROWS];
    static const struct ipaddr none;
    struct qlog_scan_stats stats;
    const uint32_t day = (uint32_t)(FIRST_S / DAY_S);
    (void)state;
    place_begin(&p, true);
    assert_int_equal(day_key_destroy(p.keys_fd, day + 1), 0);
    struct compact_result result = compact(&p);
    assert_int_equal(result.made, DAYS - 1);
    assert_int_equal(result.closed, 1);
    assert_int_equal(segment_files(&p), PIECES + DAYS);
    assert_int_equal(day_key_destroy(p.keys_fd, day), 0);
    assert_int_equal(fixture_read(p.fixture.dir, NULL, rows, ALL_ROWS, &stats), ALL_ROWS);
    for (uint32_t i = 0; i < 2 * PIECES * ROWS; i++) {
        assert_memory_equal(&rows[i].record.client, &none, sizeof none);
        assert_int_equal(rows[i].record.user, 0);
        assert_int_equal(rows[i].record.verdict.rule, i);
    }
    struct verify_result verified = verify(&p);
    assert_int_equal(verified.faults, 0);
    assert_int_equal(verified.who_unknown, PIECES);
    place_end(&p);
}

/* Ends after so many blocks. */
static bool some_blocks(void *ctx)
{
    unsigned *left = ctx;
    return *left > 0 && (*left)-- > 0;
}

static void leaving_off_leaves_nothing(void **state)
{
    struct place p;
    struct compact_result result;
    unsigned blocks = 1;
    (void)state;
    place_begin(&p, true);
    struct compact_opts opts = opts_of(&p);
    opts.go_on = some_blocks;
    opts.ctx = &blocks;
    assert_int_equal(compact_log(&opts, &result), ERR_CANCELED);
    assert_int_equal(result.made, 1);
    assert_int_equal(fixture_files(p.fixture.dir, "", ".tmp"), 0);
    rows_compare(&p, 0);
    assert_int_equal(verify(&p).faults, 0);
    place_end(&p);
}

/* ---- killed between the name and the removal ---- */

static void copy(int from_fd, int to_fd, const char *file)
{
    char bytes[65536];
    ssize_t got;
    int from = openat(from_fd, file, O_RDONLY);
    int to = openat(to_fd, file, O_WRONLY | O_CREAT | O_EXCL, 0640);
    assert_true(from >= 0 && to >= 0);
    while ((got = read(from, bytes, sizeof bytes)) > 0)
        assert_int_equal(write(to, bytes, (size_t)got), got);
    close(from);
    close(to);
}

struct copies {
    char dir[64];
    int fd;
    struct segment_list list;
};

static void copies_begin(struct copies *c, const struct place *p)
{
    snprintf(c->dir, sizeof c->dir, "/tmp/belisha-copy-XXXXXX");
    assert_non_null(mkdtemp(c->dir));
    c->fd = open(c->dir, O_RDONLY | O_DIRECTORY);
    assert_int_equal(segment_list(p->log_fd, &c->list), 0);
    for (size_t i = 0; i < c->list.count; i++)
        copy(p->log_fd, c->fd, c->list.files[i].file);
}

static void copies_end(struct copies *c)
{
    for (size_t i = 0; i < c->list.count; i++)
        unlinkat(c->fd, c->list.files[i].file, 0);
    segment_list_done(&c->list);
    close(c->fd);
    rmdir(c->dir);
}

static void both_old_and_new_files_are_one_log(void **state)
{
    struct place p;
    struct copies before;
    (void)state;
    place_begin(&p, true);
    copies_begin(&before, &p);
    compact(&p);
    for (size_t i = 1; i + 1 < before.list.count; i += 2) { /* as if it had been killed while it removed them */
        copy(before.fd, p.log_fd, before.list.files[i].file);
        rows_compare(&p, 0);
        assert_int_equal(verify(&p).faults, 0);
    }
    assert_int_equal(compact(&p).made, 0);
    assert_int_equal(segment_files(&p), DAYS + 1);
    rows_compare(&p, 0);
    copies_end(&before);
    place_end(&p);
}

static void a_scan_that_runs_meanwhile_sees_every_row_once(void **state)
{
    (void)state;
    for (uint32_t stop = 0; stop < ALL_ROWS; stop += 181) {
        struct place p;
        struct qlog_scan *scan;
        struct qlog_row found;
        place_begin(&p, true);
        assert_int_equal(qlog_scan_open(p.fixture.dir, &(struct qlog_filter){.action = -1}, &scan), 0);
        for (uint32_t i = 0; i < ALL_ROWS; i++) {
            if (i == stop)
                compact(&p);
            assert_int_equal(qlog_scan_next(scan, &found), 1);
            assert_int_equal(found.record.verdict.rule, i);
        }
        assert_int_equal(qlog_scan_next(scan, &found), 0);
        qlog_scan_close(scan);
        place_end(&p);
    }
}

/* ---- what must be found ---- */

static char *merged_file(const struct place *p, char out[QLOG_NAME_MAX])
{
    struct segment_list list;
    assert_int_equal(segment_list(p->log_fd, &list), 0);
    assert_true(list.files[0].first_sequence < list.files[0].sequence);
    snprintf(out, QLOG_NAME_MAX, "%s", list.files[0].file);
    segment_list_done(&list);
    return out;
}

static void any_changed_byte_of_a_merged_segment_is_found(void **state)
{
    struct place p;
    char file[QLOG_NAME_MAX];
    (void)state;
    place_begin(&p, true);
    compact(&p);
    int fd = openat(p.log_fd, merged_file(&p, file), O_RDWR);
    off_t len = lseek(fd, 0, SEEK_END);
    for (off_t at = 0; at < len; at += len / 97) {
        uint8_t byte;
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 0x10;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        assert_true(verify(&p).faults > 0);
        byte ^= 0x10;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    }
    assert_int_equal(verify(&p).faults, 0);
    close(fd);
    place_end(&p);
}

/* Somebody who has the log's key merges segments of which one was changed before: the old signatures tell. */
static void a_segment_that_was_changed_before_is_not_merged(void **state)
{
    struct place p;
    struct segment_list list;
    uint8_t byte;
    (void)state;
    place_begin(&p, true);
    assert_int_equal(segment_list(p.log_fd, &list), 0);
    int fd = openat(p.log_fd, list.files[2].file, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, 300), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, 300), 1);
    close(fd);
    struct compact_result result = compact(&p);
    assert_int_equal(result.damaged, 1);
    assert_int_equal(result.made, DAYS + 1); /* two before it, three behind it */
    assert_int_equal(faccessat(p.log_fd, list.files[2].file, F_OK, 0), 0);
    assert_int_equal(verify(&p).faults, 1);
    segment_list_done(&list);
    place_end(&p);
}

static void the_log_merges_by_itself_what_is_over(void **state)
{
    struct place p;
    struct qlog *log;
    struct qlog_stats stats = {0};
    const struct timespec pause = {.tv_nsec = 20000000};
    (void)state;
    place_begin(&p, true);
    p.opts.compact_every_ms = 10;
    assert_int_equal(qlog_open(&p.opts, &log), 0);
    for (int i = 0; i < 1500 && stats.merged < DAYS * PIECES - 1; i++) {
        nanosleep(&pause, NULL);
        qlog_stats(log, &stats);
    }
    assert_int_equal(stats.merged, DAYS * PIECES - 1);
    assert_int_equal(stats.last_error, 0);
    qlog_close(log);
    rows_compare(&p, 0);
    assert_int_equal(verify(&p).faults, 0);
    place_end(&p);
}

static void a_segment_ends_with_its_day(void **state)
{
    struct fixture f;
    struct qlog *log;
    struct qlog_record record;
    struct segment_list list;
    static struct qlog_row rows[ALL_ROWS];
    (void)state;
    fixture_begin(&f);
    struct qlog_opts opts = fixture_opts(&f);
    opts.writer_count = 2;
    assert_int_equal(qlog_open(&opts, &log), 0);
    for (uint32_t i = 0; i < ALL_ROWS; i++) {
        row(i, &record);
        qlog_append(qlog_writer(log, i % 2), &record);
    }
    assert_int_equal(qlog_flush(log), 0);
    qlog_close(log);
    int fd = open(f.dir, O_RDONLY | O_DIRECTORY);
    assert_int_equal(segment_list(fd, &list), 0);
    assert_int_equal(list.count, DAYS);
    for (size_t i = 0; i < list.count; i++) {
        struct segment *segment;
        assert_int_equal(segment_open(fd, list.files[i].file, &segment), 0);
        assert_int_equal(segment->footer.rows, PIECES * ROWS);
        assert_int_equal(segment->footer.first_ns / 1000000000, FIRST_S + (int64_t)i * DAY_S);
        segment_close(segment);
    }
    segment_list_done(&list);
    close(fd);
    assert_int_equal(fixture_read(f.dir, NULL, rows, ALL_ROWS, NULL), ALL_ROWS);
    for (uint32_t i = 0; i < ALL_ROWS; i++)
        assert_int_equal(rows[i].record.verdict.rule, i);
    fixture_end(&f);
}

/* ---- what programs before wrote ---- */

/* The segment as version 1 had it: nothing behind the journals, and the chain over the whole footer. */
static void segment_age(int dir_fd, const char *file, const uint8_t prev[QLOG_HASH_LEN])
{
    static uint8_t bytes[1 << 20];
    struct segment *s;
    assert_int_equal(segment_open(dir_fd, file, &s), 0);
    assert_int_equal(pread(s->fd, bytes, sizeof bytes, 0), s->bytes);
    struct segment_header *header = (struct segment_header *)(void *)bytes;
    header->version = 1;
    memcpy(header->prev, prev, sizeof header->prev);
    header->check = XXH3_64bits(header, offsetof(struct segment_header, check));
    for (uint32_t i = 0; i < s->footer.block_count; i++) {
        struct block_header block;
        uint8_t *at = bytes + s->blocks[i].offset;
        memcpy(&block, at, sizeof block);
        memcpy(block.prev, prev, sizeof block.prev);
        memcpy(at, &block, sizeof block);
        block.check = XXH3_64bits(at + 16, block.len - 16);
        memcpy(at, &block, sizeof block);
        segment_hash(at, block.len, NULL, 0, s->blocks[i].hash);
        prev = s->blocks[i].hash;
    }
    struct text footer = {0};
    text_add(&footer, (const char *)&s->footer, sizeof s->footer);
    text_add(&footer, (const char *)s->blocks, s->footer.block_count * sizeof *s->blocks);
    text_add(&footer, (const char *)s->journals, s->footer.journal_count * sizeof *s->journals);
    struct segment_trailer trailer = {.footer_offset = s->trailer.footer_offset, .footer_len = (uint32_t)footer.len};
    memcpy(trailer.magic, SEGMENT_TRAILER_MAGIC, sizeof trailer.magic);
    segment_hash(prev, QLOG_HASH_LEN, footer.bytes, footer.len, trailer.chain);
    text_add(&footer, (const char *)&trailer, sizeof trailer);
    trailer.check = XXH3_64bits(footer.bytes, trailer.footer_len + offsetof(struct segment_trailer, check));
    memcpy(footer.bytes + trailer.footer_len, &trailer, sizeof trailer);
    int fd = openat(dir_fd, file, O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, bytes, trailer.footer_offset), trailer.footer_offset);
    assert_int_equal(write(fd, footer.bytes, footer.len), footer.len);
    close(fd);
    text_done(&footer);
    segment_close(s);
}

static void segments_of_version_1_are_read_checked_and_merged(void **state)
{
    struct place p;
    struct segment_list list;
    char command[200];
    uint8_t prev[QLOG_HASH_LEN] = {0};
    (void)state;
    place_begin_as(&p, false, false);
    assert_int_equal(segment_list(p.log_fd, &list), 0);
    for (size_t i = 0; i < list.count; i++) {
        struct segment *aged;
        segment_age(p.log_fd, list.files[i].file, prev);
        assert_int_equal(segment_open(p.log_fd, list.files[i].file, &aged), 0);
        assert_int_equal(aged->header.version, 1);
        assert_false(aged->footer_damaged);
        memcpy(prev, aged->trailer.chain, sizeof prev);
        segment_close(aged);
    }
    struct chain end = {.sequence = list.files[list.count - 1].sequence};
    memcpy(end.hash, prev, sizeof end.hash);
    assert_int_equal(chain_save(p.log_fd, &end), 0);
    segment_list_done(&list);
    rows_compare(&p, 0);
    struct verify_result verified;
    assert_int_equal(verify_log(p.log_fd, &(struct verify_opts){0}, &verified), 0);
    assert_int_equal(verified.faults, 0);
    struct compact_opts opts = opts_of(&p);
    struct compact_result result;
    opts.key = NULL;
    assert_int_equal(compact_log(&opts, &result), 0);
    assert_int_equal(result.made, DAYS);
    rows_compare(&p, 0);
    assert_int_equal(verify_log(p.log_fd, &(struct verify_opts){0}, &verified), 0);
    assert_int_equal(verified.faults, 0);
    assert_int_equal(verified.merged, DAYS * PIECES - 1);
    snprintf(command, sizeof command, "python3 qlog.py verify %s >/dev/null", p.fixture.dir);
    assert_int_equal(system(command), 0);
    place_end(&p);
}

/* qlog.py, written from docs/formats/qlog.md alone; the test runs in its folder. */
static void reader_agree(const struct place *p)
{
    char command[400];
    snprintf(command, sizeof command, "python3 qlog.py verify %s %s/key-*.pem >/dev/null", p->fixture.dir,
             p->fixture.dir);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "test $(python3 qlog.py rows %s | grep -c '\"name\"') = %u", p->fixture.dir,
             ALL_ROWS);
    assert_int_equal(system(command), 0);
}

static void a_reader_in_another_language_agrees(void **state)
{
    struct place p;
    char file[QLOG_NAME_MAX];
    char command[400];
    uint8_t byte;
    (void)state;
    for (int sealed = 0; sealed < 2; sealed++) {
        place_begin(&p, sealed);
        reader_agree(&p);
        compact(&p);
        reader_agree(&p);
        int fd = openat(p.log_fd, merged_file(&p, file), O_RDWR);
        assert_int_equal(pread(fd, &byte, 1, 3000), 1);
        byte ^= 1;
        assert_int_equal(pwrite(fd, &byte, 1, 3000), 1);
        close(fd);
        snprintf(command, sizeof command, "python3 qlog.py verify %s >/dev/null", p.fixture.dir);
        assert_int_not_equal(system(command), 0);
        place_end(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_segments_become_one_a_day_and_every_row_is_there),
        cmocka_unit_test(segments_that_are_not_sealed_are_merged_too),
        cmocka_unit_test(the_log_goes_on_behind_a_merged_segment),
        cmocka_unit_test(a_day_that_is_held_or_not_over_stays_as_it_is),
        cmocka_unit_test(a_person_who_was_forgotten_stays_so),
        cmocka_unit_test(a_day_whose_key_is_gone_is_left_alone_and_still_anonymous_when_it_goes_later),
        cmocka_unit_test(leaving_off_leaves_nothing),
        cmocka_unit_test(both_old_and_new_files_are_one_log),
        cmocka_unit_test(a_scan_that_runs_meanwhile_sees_every_row_once),
        cmocka_unit_test(any_changed_byte_of_a_merged_segment_is_found),
        cmocka_unit_test(a_segment_that_was_changed_before_is_not_merged),
        cmocka_unit_test(segments_of_version_1_are_read_checked_and_merged),
        cmocka_unit_test(the_log_merges_by_itself_what_is_over),
        cmocka_unit_test(a_segment_ends_with_its_day),
        cmocka_unit_test(a_reader_in_another_language_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
