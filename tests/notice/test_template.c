#include "notice/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "notice/html.h"

static const struct {
    const char *name, *text;
} files[] = {
    {"plain", "just text"},
    {"empty", ""},
    {"slots", "<p>{{host}}</p>{{host}}{{markup}}"},
    {"constant", "{{school}}!"},
    {"outer", "<{{>inner}}>"},
    {"inner", "[{{host}}]"},
    {"unknown", "line 1\nline 2 {{nothing}}"},
    {"unclosed", "a {{host"},
    {"missing", "{{>nowhere}}"},
    {"loop", "{{>loop}}"},
};

static const char *find(void *ctx, const char *file, size_t *out_len)
{
    (void)ctx;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (strcmp(files[i].name, file) == 0) {
            *out_len = strlen(files[i].text);
            return files[i].text;
        }
    return NULL;
}

static const struct template_name names[] = {
    {.name = "host"}, {.name = "markup", .markup = true}, {.name = "school", .value = "St Mary's & Co"}};

static int make(struct arena *arena, const char *file, const struct template **out, char why[128])
{
    static const struct template_files from = {NULL, find};
    why[0] = '\0';
    return template_new(arena, &from, file, names, 3, out, why, 128);
}

static void template_fills_slots_and_escapes_what_is_no_markup(void **state)
{
    static const char *const values[] = {"<b a='1'>\"&", "<i>", NULL};
    static const struct {
        const char *file, *page;
    } rows[] = {
        {"plain", "just text"},
        {"empty", ""},
        {"slots", "<p>&lt;b a=&#39;1&#39;&gt;&quot;&amp;</p>&lt;b a=&#39;1&#39;&gt;&quot;&amp;<i>"},
        {"constant", "St Mary&#39;s &amp; Co!"},
        {"outer", "<[&lt;b a=&#39;1&#39;&gt;&quot;&amp;]>"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena *arena = arena_new();
        const struct template *page;
        struct text out = {0};
        char why[128];
        assert_int_equal(make(arena, rows[i].file, &page, why), 0);
        template_write(page, values, &out);
        assert_true(text_ok(&out));
        assert_string_equal(out.bytes == NULL ? "" : out.bytes, rows[i].page);
        text_done(&out);
        arena_free(arena);
    }
}

static void template_says_where_it_is_wrong(void **state)
{
    static const struct {
        const char *file, *why;
    } rows[] = {
        {"unknown", "unknown:2: nothing is known as '{{nothing}}'"},
        {"unclosed", "unclosed:1: nothing is known as '{{'"},
        {"missing", "there is no template 'nowhere'"},
        {"loop", "loop:1: nothing is known as '{{>loop}}'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena *arena = arena_new();
        const struct template *page = NULL;
        char why[128];
        assert_int_equal(make(arena, rows[i].file, &page, why), ERR_MALFORMED);
        assert_string_equal(why, rows[i].why);
        assert_null(page);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(template_fills_slots_and_escapes_what_is_no_markup),
        cmocka_unit_test(template_says_where_it_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
