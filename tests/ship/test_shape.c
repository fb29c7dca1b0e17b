/* What of a block may leave, and in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "belisha/category.h"
#include "belisha/statutory_format.h"
#include "qlog/fixture.h"
#include "ship/queue.h"

static struct fixture fixture;
static struct roster *roster;
static const struct pseudonym_key key = {{1, 2, 3}};
static struct text rows;

enum { ALLOWED, BLOCKED, LISTED, HELP, CLOAKED, ROWS };

static void put(struct qlog *log, unsigned number, const uint8_t *name, size_t len, const struct verdict *verdict)
{
    struct qlog_record record;
    fixture_record(1, &record);
    record.time_ns += number;
    record.user = 1;
    record.device = 1;
    memcpy(record.qname, name, len);
    record.qname_len = (uint8_t)len;
    record.matched_len = 0;
    if (number == CLOAKED)
        record.matched_len = (uint8_t)name_from_text("tracker.example", 15, record.matched);
    record.verdict = *verdict;
    qlog_append(qlog_writer(log, 0), &record);
}

static void put_text(struct qlog *log, unsigned number, const char *name, const struct verdict *verdict)
{
    uint8_t wire[NAME_MAX_LEN];
    int len = name_from_text(name, strlen(name), wire);
    assert_true(len > 0);
    put(log, number, wire, (size_t)len, verdict);
}

static int set_up(void **state)
{
    static const uint8_t listed[] = "\x10"
                                    "0123456789abcdef" STATUTORY_ID_ZONE;
    struct qlog *log;
    (void)state;
    fixture_begin(&fixture);
    const struct qlog_opts opts = fixture_opts(&fixture);
    assert_int_equal(qlog_open(&opts, &log), 0);
    put_text(log, ALLOWED, "www.oakfield.kent.sch.uk", &(struct verdict){.feed = VERDICT_NO_FEED, .category = 255});
    put_text(log, BLOCKED, "bet.example",
             &(struct verdict){.action = VERDICT_NOTICE,
                               .reason = REASON_CATEGORY,
                               .category = CATEGORY_GAMBLING,
                               .categories = CATEGORY_BIT(CATEGORY_GAMBLING) | CATEGORY_BIT(CATEGORY_GAMING)});
    put(log, LISTED, listed, sizeof listed,
        &(struct verdict){.action = VERDICT_NXDOMAIN, .reason = REASON_STATUTORY, .category = CATEGORY_ILLEGAL});
    put_text(log, HELP, "www.childline.org.uk", &(struct verdict){.reason = REASON_PROTECTED_HELP, .unattributed = 1});
    put_text(log, CLOAKED, "cdn.example", &(struct verdict){.action = VERDICT_NOTICE, .reason = REASON_CATEGORY});
    qlog_close(log);
    assert_int_equal(roster_new(&roster), 0);
    assert_int_equal(roster_number(roster, ROSTER_USER, "jones"), 1);
    assert_int_equal(roster_number(roster, ROSTER_DEVICE, "library-3"), 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    roster_close(roster);
    text_done(&rows);
    fixture_end(&fixture);
    return 0;
}

/* All rows of the log as JSON, those that are wanted. */
static void shape_all(const struct shape_opts *asked)
{
    struct shape_opts opts = *asked;
    struct text head = {0};
    struct queue queue;
    opts.form = PEN_JSON;
    opts.key = &key;
    opts.site = "oakfield";
    opts.roster = opts.roster == NULL ? roster : opts.roster;
    const struct pen head_pen = {PEN_JSON, &head};
    const struct pen pen = {PEN_JSON, &rows};
    assert_int_equal(queue_open(&queue, fixture.dir, "oakfield"), 0);
    assert_int_equal(queue_next(&queue, &(struct position){0}), 1);
    assert_int_equal(queue.batch.rows.count, ROWS);
    assert_int_equal(shape_block(&queue.shape, &opts, queue.batch.block), 0);
    batch_head(&queue.batch, &head_pen);
    for (uint32_t i = 0; i < batch_count(&queue.batch); i++)
        if (batch_wants(&queue.batch, i))
            batch_write(&queue.batch, i, &pen, &head);
    assert_true(text_ok(&rows));
    text_done(&head);
    queue_close(&queue);
}

static const char *row_of(const char *name)
{
    static char row[4096];
    const char *at = strstr(rows.bytes, name);
    assert_non_null(at);
    while (at > rows.bytes && at[-1] != '\n')
        at--;
    snprintf(row, sizeof row, "%.*s", (int)strcspn(at, "\n"), at);
    return row;
}

static void a_pseudonym_links_without_naming(void **state)
{
    char person[64];
    (void)state;
    shape_all(&(struct shape_opts){.identities = IDENTITIES_PSEUDONYM});
    snprintf(person, sizeof person, "\"person\":\"%016llx\"",
             (unsigned long long)pseudonym(&key, PSEUDONYM_USER, "", "jones"));
    assert_non_null(strstr(row_of("bet.example"), person));
    assert_non_null(strstr(row_of("oakfield.kent"), person));
    assert_null(strstr(rows.bytes, "jones"));
    assert_null(strstr(rows.bytes, "library-3"));
    assert_null(strstr(rows.bytes, "10.20."));
    assert_null(strstr(rows.bytes, "client_address"));
}

static void none_says_nothing_of_who_asked(void **state)
{
    (void)state;
    shape_all(&(struct shape_opts){.identities = IDENTITIES_NONE});
    assert_null(strstr(rows.bytes, "\"person"));
    assert_null(strstr(rows.bytes, "\"device"));
    assert_null(strstr(rows.bytes, "\"client"));
    assert_non_null(strstr(rows.bytes, "\"group_name\":\"group-5-1\""));
}

static void full_says_names(void **state)
{
    (void)state;
    shape_all(&(struct shape_opts){.identities = IDENTITIES_FULL});
    assert_non_null(strstr(row_of("bet.example"), "\"person_name\":\"jones\""));
    assert_non_null(strstr(row_of("bet.example"), "\"device_name\":\"library-3\""));
    assert_non_null(strstr(row_of("bet.example"), "\"client_address\":\"10.20.1.1\""));
    assert_null(strstr(rows.bytes, "\"person\""));
}

static void a_name_of_the_statutory_list_never_leaves_nor_does_its_id(void **state)
{
    (void)state;
    shape_all(&(struct shape_opts){.identities = IDENTITIES_FULL});
    assert_null(strstr(rows.bytes, "0123456789abcdef"));
    assert_non_null(strstr(row_of("\"reason\":\"statutory\""), "\"name\":\"statutory.invalid\""));
    assert_null(strstr(row_of("\"reason\":\"statutory\""), "\"answer\":"));
}

static void nobody_is_named_who_asked_for_help(void **state)
{
    (void)state;
    shape_all(&(struct shape_opts){.identities = IDENTITIES_FULL});
    const char *row = row_of("childline");
    assert_non_null(strstr(row, "\"help\":1"));
    assert_non_null(strstr(row, "\"grade\":\"none\""));
    assert_null(strstr(row, "jones"));
    assert_null(strstr(row, "library-3"));
    assert_null(strstr(row, "client_address"));
}

static void a_number_without_a_name_is_of_its_site_alone(void **state)
{
    struct roster *empty;
    char person[64];
    (void)state;
    assert_int_equal(roster_new(&empty), 0);
    shape_all(&(struct shape_opts){.identities = IDENTITIES_PSEUDONYM, .roster = empty});
    snprintf(person, sizeof person, "\"person\":\"%016llx\"",
             (unsigned long long)pseudonym(&key, PSEUDONYM_USER, "oakfield", "#1"));
    assert_non_null(strstr(row_of("bet.example"), person));
    roster_close(empty);
}

static void a_verdict_is_told_in_the_words_of_exports(void **state)
{
    (void)state;
    shape_all(&(struct shape_opts){.identities = IDENTITIES_NONE});
    const char *row = row_of("bet.example");
    assert_non_null(strstr(row, "\"verdict\":\"blocked\",\"reason\":\"category\",\"category\":\"gambling\","
                                "\"categories\":[\"gambling\",\"gaming\"],\"blocked\":1"));
    assert_non_null(strstr(row, "\"segment\":1"));
    assert_non_null(strstr(row, "{\"v\":1,\"time\":\"2023-11-14T22:13:20.001234568Z\",\"number\":1"));
    assert_non_null(strstr(row_of("cdn.example"), "\"matched_name\":\"tracker.example\""));
}

static void a_domain_is_what_somebody_registered(void **state)
{
    (void)state;
    shape_all(&(struct shape_opts){.identities = IDENTITIES_NONE});
    assert_non_null(strstr(row_of("www.oakfield"), "\"domain\":\"oakfield.kent.sch.uk\""));
    assert_non_null(strstr(row_of("bet.example"), "\"domain\":\"bet.example\""));
}

static void blocked_rows_can_be_all_that_leave(void **state)
{
    (void)state;
    shape_all(&(struct shape_opts){.identities = IDENTITIES_NONE, .blocked_only = true});
    assert_non_null(strstr(rows.bytes, "bet.example"));
    assert_non_null(strstr(rows.bytes, "statutory.invalid"));
    assert_null(strstr(rows.bytes, "oakfield.kent"));
    assert_null(strstr(rows.bytes, "childline"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pseudonym_links_without_naming),
        TEST(none_says_nothing_of_who_asked),
        TEST(full_says_names),
        TEST(a_name_of_the_statutory_list_never_leaves_nor_does_its_id),
        TEST(nobody_is_named_who_asked_for_help),
        TEST(a_number_without_a_name_is_of_its_site_alone),
        TEST(a_verdict_is_told_in_the_words_of_exports),
        TEST(a_domain_is_what_somebody_registered),
        TEST(blocked_rows_can_be_all_that_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
