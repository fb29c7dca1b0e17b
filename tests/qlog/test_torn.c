/*
 * Files of the log are cut, zeroed, and written over, at random. Never a crash, never a row that was not written or is there twice; what lies
 * beside the damage is read; the damage is counted, and found by verify; and the log goes on.
 */
#include "qlog/writer.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "fixture.h"
#include "qlog/journal.h"
#include "qlog/segment.h"
#include "qlog/segment_list.h"
#include "qlog/verify.h"

#define BLOCK_ROWS  40u
#define BLOCKS      4u /* of a segment */
#define SEGMENTS    3u
#define IN_SEGMENTS (SEGMENTS * BLOCKS * BLOCK_ROWS)
#define IN_JOURNALS 500u
#define ROWS        (IN_SEGMENTS + IN_JOURNALS)

struct bench {
    struct fixture whole, copy, keys;
    char key[80];
    struct qlog_opts opts;
};

static uint8_t seen[ROWS + 10];
static struct qlog_record written[ROWS + 10];

/* ---- a log with segments of several blocks, and journals of a process that was killed ---- */

static const char *word(void *ctx, const struct texts_key *key)
{
    (void)ctx;
    (void)key;
    return "word";
}

static void block_fill(struct block_builder *builder, int dir_fd, uint32_t from)
{
    const struct block_words words = {.find = word};
    struct journal_opts opts = {.node = "node-a", .bytes = 64 << 10};
    struct journal_item item;
    struct journal *journal;
    size_t pos = JOURNAL_FIRST;
    assert_int_equal(journal_new(dir_fd, &opts, &journal), 0);
    for (uint32_t i = from; i < from + BLOCK_ROWS; i++)
        journal_put_record(journal, &written[i]);
    struct journal_image image = journal_image(journal);
    while (journal_next(&image, &pos, &item))
        assert_int_equal(block_add_rows(builder, &words, &item, 1), 0);
    journal_remove(journal, dir_fd);
}

static void segments_write(const struct bench *b)
{
    static struct block_builder builder;
    uint8_t chain[QLOG_HASH_LEN] = {0};
    struct signing_key key;
    bool made;
    int dir_fd = open(b->whole.dir, O_RDONLY | O_DIRECTORY);
    assert_int_equal(signing_key_open(b->key, &key, &made), 0);
    for (uint32_t i = 0; i < SEGMENTS; i++) {
        struct segment_opts opts = {.dir_fd = dir_fd, .node = "node-a", .sequence = i + 1, .prev = chain, .key = &key};
        struct segment_writer *writer;
        assert_int_equal(segment_begin(&opts, &writer), 0);
        for (uint32_t k = 0; k < BLOCKS; k++) {
            block_fill(&builder, dir_fd, (i * BLOCKS + k) * BLOCK_ROWS);
            assert_int_equal(segment_put_block(writer, &builder), 0);
        }
        assert_int_equal(segment_finish(writer, NULL, 0, chain), 0);
        segment_abort(writer);
    }
    block_builder_done(&builder);
    signing_key_done(&key);
    close(dir_fd);
}

static void journals_leave(const struct qlog_opts *opts)
{
    int status;
    struct qlog *log;
    pid_t child = fork();
    if (child == 0) {
        if (qlog_open(opts, &log) < 0)
            _exit(1);
        for (uint32_t i = IN_SEGMENTS; i < ROWS; i++)
            qlog_append(qlog_writer(log, i % 2), &written[i]);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void bench_begin(struct bench *b)
{
    fixture_begin(&b->whole);
    fixture_begin(&b->keys);
    snprintf(b->key, sizeof b->key, "%s/log.key", b->keys.dir);
    b->opts = fixture_opts(&b->whole);
    b->opts.key_path = b->key;
    b->opts.writer_count = 2;
    b->opts.journal_bytes = 64 << 10;
    for (uint32_t i = 0; i < ROWS + 10; i++)
        fixture_record(i, &written[i]);
    segments_write(b);
    journals_leave(&b->opts);
}

static void bench_end(struct bench *b)
{
    fixture_end(&b->keys);
    fixture_end(&b->whole);
}

/* ---- the copy, and its damage ---- */

static void copy_begin(struct bench *b)
{
    char command[256];
    fixture_begin(&b->copy);
    snprintf(command, sizeof command, "cp -a %s/. %s", b->whole.dir, b->copy.dir);
    assert_int_equal(system(command), 0);
    b->opts.dir = b->copy.dir;
}

/* One file whose name begins so, at random. */
static void file_pick(struct fixture *f, const char *dir_name, const char *begin, char out[300])
{
    char names[32][256];
    size_t count = 0;
    DIR *dir = opendir(dir_name);
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL && count < 32)
        if (strncmp(entry->d_name, begin, strlen(begin)) == 0)
            strcpy(names[count++], entry->d_name);
    closedir(dir);
    assert_true(count > 0);
    snprintf(out, 300, "%s/%s", dir_name, names[fixture_random(f) % count]);
}

/* Bytes from..to of the file are not what they were. */
struct damage {
    char path[300];
    size_t from, to;
};

static void bytes_spoil(struct fixture *f, const struct damage *d, int fd, bool zero)
{
    for (size_t at = d->from; at < d->to; at++) {
        uint8_t byte = 0;
        assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
        byte = (uint8_t)(zero ? 0 : byte ^ (1u << fixture_random(f) % 8));
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    }
}

/* Where there is something: of a journal, not in the zeros behind its entries. */
static size_t len_used(int fd)
{
    char *bytes;
    size_t len;
    assert_int_equal(file_read(fd, 1 << 20, &bytes, &len), 0);
    while (len > 1 && bytes[len - 1] == '\0')
        len--;
    free(bytes);
    return len;
}

static void file_spoil(struct fixture *f, struct damage *d)
{
    struct stat st;
    int fd = open(d->path, O_RDWR);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    size_t used = len_used(fd);
    d->from = (size_t)(fixture_random(f) % used);
    switch (fixture_random(f) % 4) {
    case 0: /* cut */
        d->to = (size_t)st.st_size;
        assert_int_equal(ftruncate(fd, (off_t)d->from), 0);
        break;
    case 1: /* a page that never came to the disk */
        d->from = d->from / 4096 * 4096;
        d->to = d->from + 4096 < used ? d->from + 4096 : used;
        bytes_spoil(f, d, fd, true);
        break;
    default: /* a few bits */
        d->to = d->from + 1 + (size_t)(fixture_random(f) % 20);
        d->to = d->to < used ? d->to : used;
        bytes_spoil(f, d, fd, false);
        break;
    }
    close(fd);
}

/* ---- what must be left ---- */

static bool meets(const struct damage *d, size_t from, size_t to)
{
    return d->from < to && from < d->to;
}

/* Rows that the damage may cost: of a journal those whose entries it meets. */
static size_t journal_cost(const struct damage *d, const char *whole_dir)
{
    const char *file = strrchr(d->path, '/') + 1;
    struct journal *journal;
    struct journal_item item;
    size_t cost = 0;
    size_t pos = JOURNAL_FIRST;
    int fd = open(whole_dir, O_RDONLY | O_DIRECTORY);
    assert_int_equal(journal_open(fd, file, false, &journal), 0);
    struct journal_image image = journal_image(journal);
    for (size_t at = pos; journal_next(&image, &pos, &item); at = pos)
        cost += meets(d, at, pos);
    journal_free(journal);
    close(fd);
    return cost;
}

/* Of a segment those of the blocks that it meets. */
static size_t segment_cost(const struct damage *d, const char *whole_dir)
{
    const char *file = strrchr(d->path, '/') + 1;
    struct segment *segment;
    size_t cost = 0;
    int fd = open(whole_dir, O_RDONLY | O_DIRECTORY);
    assert_int_equal(segment_open(fd, file, &segment), 0);
    for (uint32_t i = 0; i < segment->footer.block_count; i++) {
        const struct segment_block *block = &segment->blocks[i];
        if (meets(d, block->offset, block->offset + block->len))
            cost += block->rows;
    }
    /* Both ends gone: nothing tells that it is a segment. */
    if (d->from < sizeof segment->header && d->to > segment->trailer.footer_offset)
        cost = segment->footer.rows;
    segment_close(segment);
    close(fd);
    return cost;
}

static size_t rows_see(const char *dir, struct qlog_scan_stats *out_stats)
{
    const struct qlog_filter all = {.action = -1};
    struct qlog_scan *scan;
    struct qlog_row row;
    size_t count = 0;
    int code;
    memset(seen, 0, sizeof seen);
    assert_int_equal(qlog_scan_open(dir, &all, &scan), 0);
    while ((code = qlog_scan_next(scan, &row)) == 1) {
        uint32_t number = row.record.verdict.rule;
        assert_true(row.lost == 0 && number < ROWS + 10);
        fixture_assert_same(&row.record, &written[number]);
        assert_int_equal(seen[number]++, 0);
        count++;
    }
    assert_int_equal(code, 0);
    qlog_scan_stats(scan, out_stats);
    qlog_scan_close(scan);
    return count;
}

static struct verify_result verify(const char *dir)
{
    struct verify_result result;
    int fd = open(dir, O_RDONLY | O_DIRECTORY);
    assert_int_equal(verify_log(fd, &(struct verify_opts){0}, &result), 0);
    close(fd);
    return result;
}

/* The next start takes what is there, and what comes then is kept. */
static void log_lives_on(struct bench *b, size_t rows)
{
    struct qlog *log;
    struct qlog_scan_stats stats;
    assert_int_equal(qlog_open(&b->opts, &log), 0);
    for (uint32_t i = ROWS; i < ROWS + 10; i++)
        qlog_append(qlog_writer(log, 0), &written[i]);
    qlog_close(log);
    assert_int_equal(rows_see(b->copy.dir, &stats), rows + 10);
    assert_int_equal(fixture_files(b->copy.dir, "journal-", ".jnl"), 0);
}

static void journals_are_torn(void **state)
{
    struct bench b;
    struct qlog_scan_stats stats;
    struct fixture f = {.random = 88172645463325252u};
    (void)state;
    bench_begin(&b);
    for (int round = 0; round < 100; round++) {
        struct damage d;
        copy_begin(&b);
        file_pick(&f, b.copy.dir, "journal-", d.path);
        file_spoil(&f, &d);
        size_t cost = journal_cost(&d, b.whole.dir);
        size_t left = rows_see(b.copy.dir, &stats);
        if (left < ROWS - cost)
            fail_msg("round %d, bytes %zu to %zu of %s: %zu rows left, %zu may be lost", round, d.from, d.to, d.path,
                     left, cost);
        bool cut_clean = left < ROWS && stats.damaged_blocks == 0; /* a cut, or zeros, just where an entry begins */
        assert_true(!cut_clean || d.to - d.from > 20);
        if (stats.damaged_blocks > 0)
            assert_true(verify(b.copy.dir).faults > 0);
        log_lives_on(&b, left);
        fixture_end(&b.copy);
    }
    bench_end(&b);
}

static void segments_are_torn(void **state)
{
    struct bench b;
    struct qlog_scan_stats stats;
    struct fixture f = {.random = 3141592653589793238u};
    (void)state;
    bench_begin(&b);
    for (int round = 0; round < 100; round++) {
        struct damage d;
        copy_begin(&b);
        file_pick(&f, b.copy.dir, "segment-", d.path);
        file_spoil(&f, &d);
        size_t cost = segment_cost(&d, b.whole.dir);
        size_t left = rows_see(b.copy.dir, &stats);
        if (left < ROWS - cost)
            fail_msg("round %d, bytes %zu to %zu of %s: %zu rows left, %zu may be lost", round, d.from, d.to, d.path,
                     left, cost);
        assert_true(left == ROWS || stats.damaged_blocks > 0);
        if (verify(b.copy.dir).faults == 0)
            fail_msg("round %d, bytes %zu to %zu of %s: not found", round, d.from, d.to, d.path);
        log_lives_on(&b, left);
        fixture_end(&b.copy);
    }
    bench_end(&b);
}

/* Files beside the rows: whatever they hold, no row goes with them. */
static void small_files_are_torn(void **state)
{
    static const char *const files[] = {"words.json", "chain.txt", "holds", "key-"};
    struct bench b;
    struct qlog_scan_stats stats;
    struct fixture f = {.random = 2718281828459045235u};
    (void)state;
    bench_begin(&b);
    for (size_t i = 0; i < 3; i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/%s", b.whole.dir, files[i]);
        int fd = open(path, O_WRONLY | O_CREAT, 0640);
        assert_int_equal(write(fd, "[{\"kind\":1}, 3 0123\n", 20), 20);
        close(fd);
    }
    for (int round = 0; round < 40; round++) {
        struct damage d;
        copy_begin(&b);
        file_pick(&f, b.copy.dir, files[fixture_random(&f) % 4], d.path);
        file_spoil(&f, &d);
        assert_int_equal(rows_see(b.copy.dir, &stats), ROWS);
        log_lives_on(&b, ROWS);
        assert_int_equal(verify(b.copy.dir).faults, 0); /* the key's file was mended */
        fixture_end(&b.copy);
    }
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(journals_are_torn),
        cmocka_unit_test(segments_are_torn),
        cmocka_unit_test(small_files_are_torn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
