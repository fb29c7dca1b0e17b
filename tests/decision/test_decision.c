/* One line of the docket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "decision/decision.h"

/* A line with the right checksum. */
static size_t make_line(const char *body, char *out, size_t cap)
{
    return (size_t)snprintf(out, cap, "%016llx %s", (unsigned long long)XXH3_64bits(body, strlen(body)), body);
}

#define HEAD                                                                                                           \
    "{\"v\":1,\"op\":\"block\",\"id\":7,\"name\":\"Casino.Example\",\"below\":true,\"made\":1000,\"until\":2000"
#define TAIL ",\"by\":\"jones\",\"uid\":1000,\"reason\":\"why\"}"

static const struct {
    const char *body;
    int err;
} rows[] = {
    {HEAD TAIL, 0},
    {HEAD ",\"scope\":{\"group\":\"year-9\"}" TAIL, 0},
    {HEAD ",\"approver\":\"smith\"" TAIL, 0}, /* of a later program */
    {"{\"v\":1,\"op\":\"begin\",\"next\":8}", 0},
    {"{\"v\":1,\"op\":\"revoke\",\"id\":7,\"at\":1500,\"by\":\"x\",\"uid\":0,\"reason\":\"\"}", 0},
    /* a decision for one must not become one for all */
    {HEAD ",\"scope\":{\"user\":\"a.pupil\"}" TAIL, 0},
    {HEAD ",\"scope\":{\"device\":\"laptop-7\"}" TAIL, 0},
    {HEAD ",\"scope\":{\"room\":\"b12\"}" TAIL, ERR_UNSUPPORTED},
    {HEAD ",\"scope\":{\"group\":\"a\",\"user\":\"b\"}" TAIL, ERR_UNSUPPORTED},
    {HEAD ",\"scope\":{}" TAIL, ERR_UNSUPPORTED},
    {HEAD ",\"scope\":\"all\"" TAIL, ERR_MALFORMED},
    {HEAD ",\"scope\":{\"group\":\"\"}" TAIL, ERR_MALFORMED},
    {"{\"v\":3,\"op\":\"block\"}", ERR_FORMAT_VERSION},
    {"{\"v\":1,\"op\":\"approve\",\"id\":7}", ERR_MALFORMED},
    {"{\"v\":1,\"op\":\"approve\",\"id\":7,\"at\":1500,\"by\":\"x\",\"uid\":0,\"reason\":\"\"}", 0},
    {"{\"v\":1,\"op\":\"forbid\",\"id\":7}", ERR_UNSUPPORTED},
    {"{\"v\":1,\"op\":\"propose\",\"kind\":\"allow\",\"id\":7,\"name\":\"a.b\",\"below\":true,\"made\":1000,\"until\":"
     "2000" TAIL,
     0},
    {"{\"v\":1,\"op\":\"propose\",\"id\":7,\"name\":\"a.b\",\"below\":true,\"made\":1000,\"until\":2000" TAIL,
     ERR_UNSUPPORTED},
    /* who is paused is always somebody, and always for a time */
    {"{\"v\":1,\"op\":\"suspend\",\"id\":7,\"scope\":{\"user\":\"a\"},\"made\":1000,\"until\":2000" TAIL, 0},
    {"{\"v\":1,\"op\":\"suspend\",\"id\":7,\"scope\":{\"user\":\"a\"},\"made\":1000,\"until\":0" TAIL, ERR_MALFORMED},
    {"{\"v\":1,\"op\":\"suspend\",\"id\":7,\"made\":1000,\"until\":2000" TAIL, ERR_MALFORMED},
    {"{\"v\":1,\"op\":\"suspend\",\"id\":7,\"name\":\"a.b\",\"below\":true,\"scope\":{\"user\":\"a\"},\"made\":1000,"
     "\"until\":2000" TAIL,
     0},
    /* a lesson with the names that it needs */
    {"{\"v\":1,\"op\":\"grant\",\"id\":7,\"name\":\"a.b\",\"below\":true,\"made\":1000,\"until\":2000,\"with\":[{"
     "\"name\":\"c.d\"},"
     "{\"name\":\"e.f\",\"below\":true}]" TAIL,
     0},
    {"{\"v\":1,\"op\":\"grant\",\"id\":7,\"name\":\"a.b\",\"below\":true,\"made\":1000,\"until\":2000,\"with\":[\"c."
     "d\"]" TAIL,
     ERR_MALFORMED},
    {"{\"v\":1,\"op\":\"grant\",\"id\":7,\"name\":\"a.b\",\"below\":true,\"made\":1000,\"until\":2000,\"with\":{}" TAIL,
     ERR_MALFORMED},
    {HEAD ",\"with\":[{\"name\":\"c.d\"}]" TAIL, ERR_MALFORMED},
    {HEAD ",\"from\":2000" TAIL, ERR_MALFORMED},
    {HEAD ",\"from\":1500,\"asked\":\"x\",\"approved\":\"y\",\"review\":3000" TAIL, 0},
    {HEAD ",\"asked\":7" TAIL, ERR_MALFORMED},
    {HEAD ",\"lifts_safe_search\":1" TAIL, ERR_MALFORMED},
    {"{\"op\":\"block\"}", ERR_MALFORMED},
    {"{\"v\":1}", ERR_MALFORMED},
    {"{\"v\":1,\"op\":\"begin\",\"next\":0}", ERR_MALFORMED},
    {"[]", ERR_MALFORMED},
    {"{}", ERR_MALFORMED},
    {"{\"v\":1,\"v\":1,\"op\":\"begin\",\"next\":8}", ERR_MALFORMED},
    /* an exception always ends */
    {"{\"v\":1,\"op\":\"allow\",\"id\":7,\"name\":\"a.example\",\"below\":true,\"made\":1000,\"until\":0" TAIL,
     ERR_MALFORMED},
    {"{\"v\":1,\"op\":\"block\",\"id\":7,\"name\":\".\",\"below\":true,\"made\":1000,\"until\":0" TAIL, ERR_MALFORMED},
    {"{\"v\":1,\"op\":\"block\",\"id\":7,\"name\":\"a..b\",\"below\":true,\"made\":1000,\"until\":0" TAIL,
     ERR_MALFORMED},
    {"{\"v\":1,\"op\":\"block\",\"id\":0,\"name\":\"a.b\",\"below\":true,\"made\":1000,\"until\":0" TAIL,
     ERR_MALFORMED},
    {"{\"v\":1,\"op\":\"block\",\"id\":7,\"name\":\"a.b\",\"below\":1,\"made\":1000,\"until\":0" TAIL, ERR_MALFORMED},
    {"{\"v\":1,\"op\":\"block\",\"id\":7,\"name\":\"a.b\",\"below\":true,\"made\":1000,\"until\":-1" TAIL,
     ERR_MALFORMED},
    {"{\"v\":1,\"op\":\"block\",\"id\":7,\"name\":\"a.b\",\"below\":true,\"until\":0" TAIL, ERR_MALFORMED},
};

static void a_line_is_read_or_refused_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[1024];
        struct decision_line read = {.next = 99};
        size_t len = make_line(rows[i].body, line, sizeof line);
        int err = decision_line_parse(line, len, &read);
        if (err != rows[i].err)
            fail_msg("%s: %d instead of %d", rows[i].body, err, rows[i].err);
        if (err < 0)
            assert_int_equal(read.next, 99);
    }
}

static void any_changed_byte_makes_a_line_damaged(void **state)
{
    char line[1024];
    struct decision_line read;
    (void)state;
    size_t len = make_line(HEAD TAIL, line, sizeof line);
    for (size_t i = 0; i < len; i++) {
        line[i] ^= 1;
        assert_int_equal(decision_line_parse(line, len, &read), ERR_DAMAGED);
        line[i] ^= 1;
        assert_int_equal(decision_line_parse(line, i, &read), ERR_DAMAGED);
    }
    assert_int_equal(decision_line_parse(line, len, &read), 0);
}

static void what_is_written_reads_back_the_same(void **state)
{
    struct decision_line line = {.op = DECISION_OP_DECIDE,
                                 .decision = {.id = 4294967294U,
                                              .kind = DECISION_ALLOW,
                                              .made_s = 1763772565,
                                              .until_s = 1763779765,
                                              .uid = 4294967295U,
                                              .by = "j\"ones",
                                              .scope = DECISION_DEVICE,
                                              .whom = "laptop \"9\"",
                                              .from_s = 1763772600,
                                              .review_s = 1763800000,
                                              .lifts_safe_search = true,
                                              .asked = "Mr Patel",
                                              .approved = "Mrs Okafor",
                                              .reason = "line\nbreak, \xc3\xbc and \\"}};
    struct decision_line read = {.next = 0};
    struct text text = {0};
    (void)state;
    memset(line.decision.name, 0, sizeof line.decision.name);
    assert_int_equal(name_from_text("a\\046b.casino.example", 21, line.decision.name), 20);
    decision_line_write(&line, &text);
    assert_true(text_ok(&text));
    assert_int_equal(text.bytes[text.len - 1], '\n');
    assert_null(memchr(text.bytes, '\n', text.len - 1));
    assert_int_equal(decision_line_parse(text.bytes, text.len - 1, &read), 0);
    assert_memory_equal(read.decision.name, line.decision.name, 20);
    assert_string_equal(read.decision.by, line.decision.by);
    assert_int_equal(read.decision.scope, DECISION_DEVICE);
    assert_string_equal(read.decision.whom, line.decision.whom);
    assert_string_equal(read.decision.asked, line.decision.asked);
    assert_string_equal(read.decision.approved, line.decision.approved);
    assert_int_equal(read.decision.from_s, line.decision.from_s);
    assert_int_equal(read.decision.review_s, line.decision.review_s);
    assert_true(read.decision.lifts_safe_search);
    assert_string_equal(read.decision.reason, line.decision.reason);
    assert_int_equal(read.decision.id, line.decision.id);
    assert_int_equal(read.decision.uid, line.decision.uid);
    assert_int_equal(read.decision.until_s, line.decision.until_s);
    assert_int_equal(read.decision.kind, DECISION_ALLOW);
    assert_false(read.decision.below);
    text_done(&text);
}

/* Whatever is in it, and however long its escapes make it. */
static void the_longest_line_is_read_back(void **state)
{
    struct decision_line line = {.op = DECISION_OP_DECIDE,
                                 .decision = {.id = UINT32_MAX,
                                              .kind = DECISION_GRANT,
                                              .pending = true,
                                              .scope = DECISION_USER,
                                              .made_s = DECISION_TIME_MAX_S,
                                              .from_s = DECISION_TIME_MAX_S - 1,
                                              .until_s = DECISION_TIME_MAX_S,
                                              .review_s = DECISION_TIME_MAX_S,
                                              .uid = UINT32_MAX}};
    struct decision_line read;
    struct decision *d = &line.decision;
    struct text text = {0};
    static const uint8_t longest[] = "\x3f\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"
                                     "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1";
    (void)state;
    memcpy(d->name, longest, 64);
    while (decision_name_add(d, d->name, true) == 0)
        ;
    assert_in_range(d->names_len, DECISION_NAMES_CAP - 66, DECISION_NAMES_CAP);
    memset(d->by, 1, DECISION_BY_MAX);
    memset(d->asked, 1, DECISION_BY_MAX);
    memset(d->approved, 1, DECISION_BY_MAX);
    memset(d->whom, 1, DECISION_WHOM_MAX);
    memset(d->reason, 1, DECISION_REASON_MAX);
    decision_line_write(&line, &text);
    assert_true(text_ok(&text));
    assert_int_equal(decision_line_parse(text.bytes, text.len - 1, &read), 0);
    assert_true(read.decision.pending);
    assert_int_equal(read.decision.names_len, d->names_len);
    assert_memory_equal(read.decision.names, d->names, d->names_len);
    text_done(&text);
}

static void a_decision_holds_up_to_its_end_and_not_in_it(void **state)
{
    const struct decision d = {.until_s = 100};
    const struct decision revoked = {.until_s = 100, .revoked_s = 50};
    const struct decision for_good = {.until_s = 0};
    const struct decision later = {.from_s = 50, .until_s = 100};
    const struct decision pending = {.until_s = 100, .pending = true};
    (void)state;
    assert_true(decision_in_force(&d, 99));
    assert_false(decision_in_force(&d, 100));
    assert_false(decision_in_force(&revoked, 60));
    assert_true(decision_in_force(&for_good, INT64_MAX));
    assert_false(decision_in_force(&later, 49));
    assert_true(decision_in_force(&later, 50));
    assert_false(decision_is_over(&later, 49));
    assert_false(decision_in_force(&pending, 50));
    assert_false(decision_is_over(&pending, 99));
    assert_true(decision_is_over(&pending, 100));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_read_or_refused_whole),
        cmocka_unit_test(any_changed_byte_makes_a_line_damaged),
        cmocka_unit_test(what_is_written_reads_back_the_same),
        cmocka_unit_test(the_longest_line_is_read_back),
        cmocka_unit_test(a_decision_holds_up_to_its_end_and_not_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
