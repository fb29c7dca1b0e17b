#include "qlog/verify.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "fixture.h"
#include "qlog/chain.h"
#include "qlog/removed.h"
#include "qlog/segment_list.h"
#include "qlog/signer.h"

struct bench {
    struct fixture fixture;
    struct qlog_opts opts;
    char keys[64];
    char key[128];
    int fd; /* of the log folder */
    unsigned told;
    char what[128]; /* the last fault */
};

static void bench_begin(struct bench *b)
{
    *b = (struct bench){0};
    fixture_begin(&b->fixture);
    b->opts = fixture_opts(&b->fixture);
    snprintf(b->keys, sizeof b->keys, "/tmp/belisha-verify-XXXXXX");
    assert_non_null(mkdtemp(b->keys));
    snprintf(b->key, sizeof b->key, "%s/log.key", b->keys);
    b->opts.key_path = b->key;
    b->fd = open(b->fixture.dir, O_RDONLY | O_DIRECTORY);
}

static void bench_end(struct bench *b)
{
    close(b->fd);
    unlink(b->key);
    assert_int_equal(rmdir(b->keys), 0);
    fixture_end(&b->fixture);
}

static void note_fault(void *ctx, const char *file, const char *what)
{
    struct bench *b = ctx;
    assert_non_null(file);
    b->told++;
    snprintf(b->what, sizeof b->what, "%s", what);
}

static struct verify_result verify(struct bench *b, const struct signing_public *keys, size_t count)
{
    struct verify_result result;
    const struct verify_opts opts = {.keys = keys, .key_count = count, .fault = note_fault, .ctx = b};
    b->told = 0;
    assert_int_equal(verify_log(b->fd, &opts, &result), 0);
    assert_int_equal(result.faults, b->told);
    return result;
}

static struct signing_public public_of(const struct bench *b)
{
    struct signing_key key;
    bool made;
    assert_int_equal(signing_key_open(b->key, &key, &made), 0);
    assert_false(made);
    return key.public;
}

/* Segment i, 0 the oldest. */
static int file_open(const struct bench *b, size_t i)
{
    struct segment_list list;
    assert_int_equal(segment_list(b->fd, &list), 0);
    assert_true(i < list.count);
    int file = openat(b->fd, list.files[i].file, O_RDWR);
    segment_list_done(&list);
    assert_true(file >= 0);
    return file;
}

static struct segment_trailer trailer_get(int file)
{
    struct segment_trailer trailer;
    off_t end = lseek(file, 0, SEEK_END);
    assert_int_equal(pread(file, &trailer, sizeof trailer, end - (off_t)sizeof trailer), sizeof trailer);
    return trailer;
}

/* With a check that is right again, as a forger would. */
static void trailer_put(int file, struct segment_trailer *trailer)
{
    size_t covered = trailer->footer_len + offsetof(struct segment_trailer, check);
    uint8_t *bytes = malloc(covered);
    assert_int_equal(pread(file, bytes, trailer->footer_len, (off_t)trailer->footer_offset), trailer->footer_len);
    memcpy(bytes + trailer->footer_len, trailer, offsetof(struct segment_trailer, check));
    trailer->check = XXH3_64bits(bytes, covered);
    free(bytes);
    off_t end = lseek(file, 0, SEEK_END);
    assert_int_equal(pwrite(file, trailer, sizeof *trailer, end - (off_t)sizeof *trailer), sizeof *trailer);
}

static void a_changed_byte_and_a_missing_segment_are_found(void **state)
{
    struct bench b;
    struct segment_list list;
    uint8_t byte;
    (void)state;
    bench_begin(&b);
    fixture_days_write(&b.opts);
    assert_int_equal(verify(&b, NULL, 0).faults, 0);
    int file = file_open(&b, 4);
    assert_int_equal(pread(file, &byte, 1, 300), 1);
    byte ^= 1;
    assert_int_equal(pwrite(file, &byte, 1, 300), 1);
    close(file);
    assert_int_equal(verify(&b, NULL, 0).faults, 1);
    assert_int_equal(segment_list(b.fd, &list), 0);
    assert_int_equal(unlinkat(b.fd, list.files[7].file, 0), 0);
    segment_list_done(&list);
    assert_int_equal(verify(&b, NULL, 0).faults, 2);
    bench_end(&b);
}

static void every_segment_is_signed_and_the_key_stands_beside_them(void **state)
{
    struct bench b;
    (void)state;
    bench_begin(&b);
    fixture_days_write(&b.opts);
    const struct signing_public public = public_of(&b);
    struct verify_result result = verify(&b, NULL, 0);
    assert_int_equal(result.faults, 0);
    assert_int_equal(result.signed_segments, FIXTURE_DAYS);
    assert_memory_equal(result.last_key, public.id, sizeof public.id);
    assert_int_equal(verify(&b, &public, 1).faults, 0);
    assert_int_equal(fixture_files(b.fixture.dir, "key-", ".pem"), 1);
    bench_end(&b);
}

static void a_signature_taken_off_is_found(void **state)
{
    struct bench b;
    (void)state;
    bench_begin(&b);
    fixture_days_write(&b.opts);
    int file = file_open(&b, 5);
    struct segment_trailer trailer = trailer_get(file);
    assert_int_equal(trailer.flags, SEGMENT_SIGNED);
    trailer.flags = 0;
    trailer_put(file, &trailer);
    close(file);
    assert_int_equal(verify(&b, NULL, 0).faults, 1);
    assert_string_equal(b.what, "the segment is not signed");
    bench_end(&b);
}

static void a_signature_of_another_segment_is_found(void **state)
{
    struct bench b;
    (void)state;
    bench_begin(&b);
    fixture_days_write(&b.opts);
    int from = file_open(&b, 2);
    int to = file_open(&b, 3);
    struct segment_trailer trailer = trailer_get(to);
    memcpy(trailer.signature, trailer_get(from).signature, sizeof trailer.signature);
    trailer_put(to, &trailer);
    close(from);
    close(to);
    struct verify_result result = verify(&b, NULL, 0);
    assert_int_equal(result.faults, 1);
    assert_int_equal(result.signed_segments, FIXTURE_DAYS - 1);
    assert_string_equal(b.what, "the signature is not right");
    bench_end(&b);
}

/* Whoever can write there makes a whole log of his own, with a key of his own beside it. */
static void a_log_signed_by_somebody_else_is_found_by_the_key_that_is_trusted(void **state)
{
    struct bench b;
    (void)state;
    bench_begin(&b);
    fixture_days_write(&b.opts);
    const struct signing_public trusted = public_of(&b);
    assert_int_equal(verify(&b, &trusted, 1).faults, 0);
    unlink(b.key);
    fixture_days_write(&b.opts); /* goes on with a new key */
    assert_int_equal(verify(&b, NULL, 0).faults, 0);
    struct verify_result result = verify(&b, &trusted, 1);
    assert_int_equal(result.faults, FIXTURE_DAYS);
    assert_string_equal(b.what, "the key that it is signed with is not known");
    const struct signing_public both[] = {trusted, public_of(&b)};
    assert_int_equal(verify(&b, both, 2).faults, 0);
    bench_end(&b);
}

static void segments_cut_off_at_the_end_are_found(void **state)
{
    struct bench b;
    struct segment_list list;
    (void)state;
    bench_begin(&b);
    fixture_days_write(&b.opts);
    struct verify_result whole = verify(&b, NULL, 0);
    assert_int_equal(whole.faults, 0);
    assert_int_equal(whole.noted_sequence, FIXTURE_DAYS);
    assert_int_equal(segment_list(b.fd, &list), 0);
    for (size_t i = FIXTURE_DAYS; i-- > 0;) {
        assert_int_equal(unlinkat(b.fd, list.files[i].file, 0), 0);
        struct verify_result result = verify(&b, NULL, 0);
        assert_int_equal(result.noted_sequence, FIXTURE_DAYS);
        assert_int_equal(result.faults, i > 0); /* all of them: retention may have been there */
    }
    segment_list_done(&list);
    bench_end(&b);
}

/* That retention took a segment from the middle, anybody who can write the folder can say: it is told what was in it. */
static void a_hole_that_is_accounted_for_is_told(void **state)
{
    struct bench b;
    struct segment_list list;
    (void)state;
    bench_begin(&b);
    fixture_days_write(&b.opts);
    assert_int_equal(segment_list(b.fd, &list), 0);
    for (size_t i = 3; i < 5; i++) {
        assert_int_equal(removed_add(b.fd, list.files[i].file), 0);
        assert_int_equal(unlinkat(b.fd, list.files[i].file, 0), 0);
    }
    const struct verify_result result = verify(&b, NULL, 0);
    assert_int_equal(result.faults, 0);
    assert_int_equal(result.removed, 2);
    assert_int_equal(result.removed_rows, 2);
    assert_int_equal(result.removed_from_ns / 1000000, list.files[3].first_ms);
    assert_int_equal(result.removed_to_ns / 1000000, list.files[4].first_ms);
    segment_list_done(&list);
    bench_end(&b);
}

static void another_end_of_the_chain_is_found(void **state)
{
    struct bench b;
    (void)state;
    bench_begin(&b);
    fixture_days_write(&b.opts);
    struct verify_result whole = verify(&b, NULL, 0);
    struct chain chain = {.sequence = FIXTURE_DAYS};
    memcpy(chain.hash, whole.chain, sizeof chain.hash);
    assert_int_equal(chain_save(b.fd, &chain), 0);
    assert_int_equal(verify(&b, NULL, 0).faults, 0);
    chain.hash[7] ^= 1;
    assert_int_equal(chain_save(b.fd, &chain), 0);
    assert_int_equal(verify(&b, NULL, 0).faults, 1);
    assert_string_equal(b.what, "the chain ends with another value than this file has");
    bench_end(&b);
}

/* Somebody stops the server, writes segments under a key of his own, and starts it again. */
static void segments_of_another_key_between_those_of_the_schools_are_found(void **state)
{
    struct bench b;
    char away[160];
    (void)state;
    bench_begin(&b);
    snprintf(away, sizeof away, "%s.away", b.key);
    fixture_days_write(&b.opts);
    assert_int_equal(verify(&b, NULL, 0).key_changes, 0);
    assert_int_equal(rename(b.key, away), 0);
    fixture_days_write(&b.opts);
    struct verify_result result = verify(&b, NULL, 0);
    assert_int_equal(result.faults, 0); /* a school may lose its key, and says so */
    assert_int_equal(result.key_changes, 1);
    assert_int_equal(result.signers[1].from, FIXTURE_DAYS + 1);
    assert_int_equal(rename(away, b.key), 0);
    fixture_days_write(&b.opts);
    result = verify(&b, NULL, 0);
    assert_int_equal(result.key_changes, 2);
    assert_int_equal(result.faults, 1);
    assert_non_null(strstr(b.what, "a key that was given up signs again"));
    bench_end(&b);
}

static void a_log_without_signatures_is_whole_but_not_trusted(void **state)
{
    struct bench b;
    (void)state;
    bench_begin(&b);
    b.opts.key_path = NULL;
    fixture_days_write(&b.opts);
    struct verify_result result = verify(&b, NULL, 0);
    assert_int_equal(result.faults, 0);
    assert_int_equal(result.signed_segments, 0);
    assert_int_equal(verify(&b, &(struct signing_public){0}, 1).faults, FIXTURE_DAYS);
    bench_end(&b);
}

static void a_key_that_cannot_be_had_does_not_stop_the_log(void **state)
{
    struct bench b;
    struct qlog *log;
    bool made;
    int err;
    (void)state;
    bench_begin(&b);
    int fd = open(b.key, O_WRONLY | O_CREAT, 0644);
    close(fd);
    fixture_days_write(&b.opts);
    assert_int_equal(qlog_open(&b.opts, &log), 0);
    assert_null(qlog_signer(log, &made, &err));
    assert_int_equal(err, ERR_ACCESS);
    qlog_close(log);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_changed_byte_and_a_missing_segment_are_found),
        cmocka_unit_test(every_segment_is_signed_and_the_key_stands_beside_them),
        cmocka_unit_test(a_signature_taken_off_is_found),
        cmocka_unit_test(a_signature_of_another_segment_is_found),
        cmocka_unit_test(a_log_signed_by_somebody_else_is_found_by_the_key_that_is_trusted),
        cmocka_unit_test(segments_cut_off_at_the_end_are_found),
        cmocka_unit_test(a_hole_that_is_accounted_for_is_told),
        cmocka_unit_test(another_end_of_the_chain_is_found),
        cmocka_unit_test(segments_of_another_key_between_those_of_the_schools_are_found),
        cmocka_unit_test(a_log_without_signatures_is_whole_but_not_trusted),
        cmocka_unit_test(a_key_that_cannot_be_had_does_not_stop_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
