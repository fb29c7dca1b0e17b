#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "delivery/message.h"

static const struct message_file FILES[] = {
    {.name = "week 48.csv", .type = "text/csv; charset=utf-8", .bytes = "a,b\r\n\0z", .len = 7},
    {.name = "empty.html", .type = "text/html", .bytes = "", .len = 0},
};
static const struct message_field FIELDS[] = {{.name = "alert", .value = "17"}, {.name = "rule", .value = "self-harm"}};

static struct message good(void)
{
    return (struct message){.id = "alert-17",
                            .time_s = 1796000000,
                            .kind = "alert",
                            .subject = "Sécurité \"17\"",
                            .text = "one\ntwo\n",
                            .html = "<p>one</p>",
                            .severity = MESSAGE_WARNING,
                            .files = FILES,
                            .file_count = 2,
                            .fields = FIELDS,
                            .field_count = 2};
}

static void a_message_is_read_as_it_was_written(void **state)
{
    const struct message m = good();
    struct text text = {0};
    struct message_read read;
    (void)state;
    message_write(&m, &text);
    assert_true(text_ok(&text));
    assert_int_equal(message_parse(text.bytes, text.len, &read), 0);
    assert_string_equal(read.message.id, m.id);
    assert_int_equal(read.message.time_s, m.time_s);
    assert_string_equal(read.message.kind, m.kind);
    assert_string_equal(read.message.subject, m.subject);
    assert_string_equal(read.message.text, m.text);
    assert_string_equal(read.message.html, m.html);
    assert_int_equal(read.message.severity, m.severity);
    assert_int_equal(read.message.file_count, 2);
    assert_string_equal(read.files[0].name, "week 48.csv");
    assert_int_equal(read.files[0].len, 7);
    assert_memory_equal(read.files[0].bytes, FILES[0].bytes, 7);
    assert_int_equal(read.files[1].len, 0);
    assert_int_equal(read.message.field_count, 2);
    assert_string_equal(read.fields[1].value, "self-harm");
    message_read_done(&read);
    text_done(&text);
}

static void a_message_cut_anywhere_is_refused(void **state)
{
    const struct message m = good();
    struct text text = {0};
    struct message_read read;
    (void)state;
    message_write(&m, &text);
    for (size_t len = 0; len + 2 < text.len; len++)
        assert_true(message_parse(text.bytes, len, &read) < 0);
    text_done(&text);
}

static void ids_are_fit_to_be_file_names_and_headers(void **state)
{
    static const char *const bad[] = {"", ".hidden", "a/b", "a b", "a\r\nb", "a<b", "é"};
    char longest[MESSAGE_ID_MAX + 1];
    (void)state;
    memset(longest, 'a', sizeof longest);
    longest[MESSAGE_ID_MAX] = '\0';
    assert_false(message_id_is_good(longest));
    longest[MESSAGE_ID_MAX - 1] = '\0';
    assert_true(message_id_is_good(longest));
    assert_true(message_id_is_good("alert-17.safeguarding_1"));
    assert_false(message_id_is_good(NULL));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(message_id_is_good(bad[i]));
}

static void times_whose_nanoseconds_do_not_fit_are_refused(void **state)
{
    struct message m = good();
    (void)state;
    m.time_s = MESSAGE_TIME_MAX;
    assert_int_equal(message_check(&m), 0);
    m.time_s = MESSAGE_TIME_MAX + 1;
    assert_int_equal(message_check(&m), ERR_INVAL);
    m.time_s = -1;
    assert_int_equal(message_check(&m), ERR_INVAL);
}

static void what_would_be_an_own_header_or_path_is_refused(void **state)
{
    static const struct message_file path = {.name = "../etc/passwd", .type = "text/plain", .bytes = "", .len = 0};
    static const struct message_file type = {.name = "a", .type = "text/plain\r\nBcc: x", .bytes = "", .len = 0};
    static const struct message_field field = {.name = "a=\"", .value = ""};
    struct message m = good();
    (void)state;
    assert_int_equal(message_check(&m), 0);
    m.files = &path;
    m.file_count = 1;
    assert_int_equal(message_check(&m), ERR_INVAL);
    m.files = &type;
    assert_int_equal(message_check(&m), ERR_INVAL);
    m = good();
    m.fields = &field;
    m.field_count = 1;
    assert_int_equal(message_check(&m), ERR_INVAL);
    m = good();
    m.kind = "Two words";
    assert_int_equal(message_check(&m), ERR_INVAL);
}

static void attachments_have_a_bound(void **state)
{
    const struct message_file big = {.name = "a", .type = "a/b", .bytes = "", .len = MESSAGE_BYTES_MAX + 1};
    struct message m = good();
    (void)state;
    m.files = &big;
    m.file_count = 1;
    assert_int_equal(message_check(&m), ERR_LIMIT);
    m.file_count = MESSAGE_FILES_MAX + 1;
    assert_int_equal(message_check(&m), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_read_as_it_was_written),
        cmocka_unit_test(a_message_cut_anywhere_is_refused),
        cmocka_unit_test(ids_are_fit_to_be_file_names_and_headers),
        cmocka_unit_test(times_whose_nanoseconds_do_not_fit_are_refused),
        cmocka_unit_test(what_would_be_an_own_header_or_path_is_refused),
        cmocka_unit_test(attachments_have_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
