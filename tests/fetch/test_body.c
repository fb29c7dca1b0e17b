#include "fetch/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int check(const char *bytes, size_t len, const char *content_type, char why[BODY_WHY_MAX])
{
    char path[] = "/tmp/belisha-body-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
    int err = body_check(path, content_type, why);
    unlink(path);
    return err;
}

static void body_check_tells_lists_from_web_pages(void **state)
{
    static const struct {
        const char *body, *content_type;
        const char *says; /* NULL: it may be a list */
    } rows[] = {
        {"", "", "empty"},
        {"", NULL, NULL},
        {"<html>", NULL, "web page"},
        {"a", "", NULL},
        {"a.example\n", "text/plain; charset=utf-8", NULL},
        {"# <html> in a comment\na.example\n", "", NULL},
        {"! <!doctype html>\n||a.example^\n", "application/octet-stream", NULL},
        {"<", "", NULL},
        {"<!doctype html>", "", "web page"},
        {"<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\">", "", "web page"},
        {"\xef\xbb\xbf \r\n\t<HTML>", "text/plain", "web page"},
        {"<!-- a note --> <!-- another --><html>", "", "web page"},
        {"<!-- a note that never ends", "", "web page"},
        {"<head><title>503", "", "web page"},
        {"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "", "web page"},
        {"a.example\n", "text/html", "web page"},
        {"a.example\n", "Text/HTML; charset=iso-8859-1", "web page"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char why[BODY_WHY_MAX] = "";
        int err = check(rows[i].body, strlen(rows[i].body), rows[i].content_type, why);
        assert_int_equal(err, rows[i].says == NULL ? 0 : ERR_MALFORMED);
        if (rows[i].says != NULL)
            assert_non_null(strstr(why, rows[i].says));
    }
}

static void body_check_takes_any_bytes(void **state)
{
    char bytes[8192], why[BODY_WHY_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i % 256);
    assert_int_equal(check(bytes, sizeof bytes, "", why), 0);
    memset(bytes, ' ', sizeof bytes);
    assert_int_equal(check(bytes, sizeof bytes, "", why), 0);
}

static void body_check_names_the_trouble_with_a_file(void **state)
{
    char why[BODY_WHY_MAX] = "";
    (void)state;
    assert_int_equal(body_check("/tmp/belisha/no/such", "", why), ERR_NOENT);
    assert_true(strlen(why) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(body_check_tells_lists_from_web_pages),
        cmocka_unit_test(body_check_takes_any_bytes),
        cmocka_unit_test(body_check_names_the_trouble_with_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
