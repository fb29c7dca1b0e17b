#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "delivery/mime.h"

static const struct mime_envelope ENVELOPE = {
    .from = "belisha@school.example", .from_name = "Belisha \"A\"", .to = "dsl@school.example"};

static struct message plain(void)
{
    return (struct message){
        .id = "alert-17", .time_s = 1796000000, .kind = "alert", .subject = "Alert 17", .text = "Good morning\n"};
}

static char *mail_of(const struct message *m)
{
    struct text text = {0};
    mime_write(m, &ENVELOPE, &text);
    assert_true(text_ok(&text));
    return text.bytes;
}

static char *words_of(const char *value)
{
    struct text text = {0};
    mime_write_words(value, 9, &text);
    return text.bytes;
}

/* Every line ends with CRLF, is at most 998 bytes, and there is no CR or LF alone. */
static void check_lines(const char *mail)
{
    size_t len = 0;
    for (const char *c = mail; *c != '\0'; c++) {
        if (*c == '\r')
            assert_int_equal(c[1], '\n');
        if (*c == '\n') {
            assert_true(c > mail && c[-1] == '\r');
            len = 0;
        } else {
            assert_true(++len <= 998);
        }
        assert_true((unsigned char)*c < 0x7f);
    }
}

static unsigned headers_named(const char *mail, const char *name)
{
    const char *end = strstr(mail, "\r\n\r\n");
    unsigned count = 0;
    for (const char *line = mail; line != NULL && line < end; line = strstr(line, "\r\n")) {
        line += line == mail ? 0 : 2;
        count += strncasecmp(line, name, strlen(name)) == 0;
    }
    return count;
}

static void a_plain_mail_has_what_a_mail_must_have(void **state)
{
    const struct message m = plain();
    char *mail = mail_of(&m);
    (void)state;
    check_lines(mail);
    assert_non_null(strstr(mail, "Date: Mon, 30 Nov 2026 00:53:20 +0000\r\n"));
    assert_non_null(strstr(mail, "From: \"Belisha \\\"A\\\"\"\r\n <belisha@school.example>\r\n"));
    assert_non_null(strstr(mail, "To: <dsl@school.example>\r\n"));
    assert_non_null(strstr(mail, "Subject: Alert 17\r\n"));
    assert_non_null(strstr(mail, "Message-ID: <alert-17@school.example>\r\n"));
    assert_non_null(strstr(mail, "Auto-Submitted: auto-generated\r\n"));
    assert_non_null(strstr(mail, "Content-Type: text/plain; charset=utf-8\r\n"));
    assert_non_null(strstr(mail, "\r\n\r\nGood morning\r\n"));
    free(mail);
}

static void no_subject_makes_a_header_of_its_own(void **state)
{
    struct message m = plain();
    (void)state;
    m.subject = "x\r\nBcc: evil@example.com\r\n\r\nbody";
    char *mail = mail_of(&m);
    assert_int_equal(headers_named(mail, "Bcc"), 0);
    assert_int_equal(headers_named(mail, "Subject"), 1);
    check_lines(mail);
    free(mail);
    m.subject = "é\nBcc: evil@example.com";
    mail = mail_of(&m);
    assert_int_equal(headers_named(mail, "Bcc"), 0);
    check_lines(mail);
    free(mail);
}

static void what_is_not_ascii_is_an_encoded_word_of_whole_characters(void **state)
{
    char *words = words_of("Übergriff – größte Sorge: ééééééééééééééééééééééééé");
    (void)state;
    assert_int_equal(strncmp(words, "=?UTF-8?B?", 10), 0);
    for (const char *line = words; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        assert_true(strcspn(line, "\r\n") <= 76);
    }
    free(words);
    words = words_of("=?UTF-8?B?eA==?=");
    assert_null(strstr(words, "eA=="));
    free(words);
    words = words_of("plain");
    assert_string_equal(words, "plain");
    free(words);
}

static void long_subjects_are_folded_at_blanks(void **state)
{
    char subject[601] = "";
    (void)state;
    for (int i = 0; i < 60; i++)
        strcat(subject, "word word ");
    char *words = words_of(subject);
    assert_non_null(strstr(words, "\r\n "));
    for (const char *line = words; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        assert_true(strcspn(line, "\r\n") <= 78);
    }
    free(words);
}

static void quoted_printable_keeps_lines_short_and_dots_harmless(void **state)
{
    struct text text = {0};
    char line[400];
    (void)state;
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\0';
    mime_write_quoted(".\nFrom me\na= \n\té ", &text);
    assert_string_equal(text.bytes, "=2E\r\n=46rom me\r\na=3D=20\r\n\t=C3=A9=20\r\n");
    text_done(&text);
    text = (struct text){0};
    mime_write_quoted(line, &text);
    for (const char *at = text.bytes; *at != '\0'; at += strcspn(at, "\n") + 1)
        assert_true(strcspn(at, "\r") <= 76);
    text_done(&text);
}

static void html_and_files_are_parts(void **state)
{
    static const struct message_file files[] = {
        {.name = "Wöche \"48\".csv", .type = "text/csv", .bytes = "a,b", .len = 3}};
    struct message m = plain();
    (void)state;
    m.html = "<p>Good morning</p>";
    m.files = files;
    m.file_count = 1;
    char *mail = mail_of(&m);
    check_lines(mail);
    assert_non_null(strstr(mail, "multipart/mixed"));
    assert_non_null(strstr(mail, "multipart/alternative"));
    assert_non_null(strstr(mail, "filename*=UTF-8''W%C3%B6che%20%2248%22.csv"));
    assert_non_null(strstr(mail, "\r\n\r\nYSxi\r\n--"));
    assert_non_null(strstr(mail, "--=_m_alert-17--\r\n"));
    assert_non_null(strstr(mail, "--=_a_alert-17--\r\n"));
    free(mail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_mail_has_what_a_mail_must_have),
        cmocka_unit_test(no_subject_makes_a_header_of_its_own),
        cmocka_unit_test(what_is_not_ascii_is_an_encoded_word_of_whole_characters),
        cmocka_unit_test(long_subjects_are_folded_at_blanks),
        cmocka_unit_test(quoted_printable_keeps_lines_short_and_dots_harmless),
        cmocka_unit_test(html_and_files_are_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
