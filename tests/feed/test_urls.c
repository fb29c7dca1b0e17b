#include "collect.h"

#define PAGES(n) "url:" #n " "

static void urls_that_name_no_page_list_their_host(void **state)
{
    static const struct collect_row rows[] = {
        {"", "", "", 0},
        {"a.example", "b+a.example ", "", 0},
        {"a.example/\nhttp://b.example\nhttps://c.example/\n//d.example/\nFTP://e.example\n",
         "b+a.example b+b.example b+c.example b+d.example b+e.example ", "", 0},
        {"\xef\xbb\xbfhttp://A.Example./\r\n\r\n", "b+a.example ", "", 0},
        {"http://a.example:80/\nhttps://a.example:443\na.example:443\na.example:\nftp://a.example:21\n",
         "b+a.example b+a.example b+a.example b+a.example b+a.example ", "", 0},
        {"http://u:p@a.example/\nhttp://www.b.example@a.example\nhttp://u%40x@a.example/\n",
         "b+a.example b+a.example b+a.example ", "", 0},
        {"http://a.example/?\na.example?\na.example/#\na.example#\na.example/*\n",
         "b+a.example b+a.example b+a.example b+a.example b+a.example ", "", 0},
        {"http:\\\\a.example\\\n", "b+a.example ", "", 0},
        {"http://%61.ex%41mple/\n", "b+a.example ", "", 0},
        {"http://b\xc3\xbc"
         "cher.example/\nhttp://b%C3%BCcher.example/\n",
         "b+xn--bcher-kva.example b+xn--bcher-kva.example ", "", 0},
        {"http://*.a.example/\n", "b*a.example ", "", 0},
        {"# a\n! b\n; c\nhttp://a.example/ # why\na.example ; why\n", "b+a.example b+a.example ", "", 0},
        {"http://192.0.2.1/\nhttp://[2001:db8::1]:80/\n192.0.2.1\n",
         "b@192.0.2.1/128 b@2001:db8::1/128 b@192.0.2.1/128 ", "", 0},
    };
    struct collect c = {.opts = {.categories = 1, .subdomains = true}};
    (void)state;
    COLLECT_CHECK(&c, urls_parse, rows);
}

static void urls_of_pages_never_become_their_host(void **state)
{
    static const struct collect_row rows[] = {
        {"a.example/x\nhttp://a.example/x/\nhttps://a.example/?id=7\na.example?id=7\nhttp://a.example/#x\na.example//"
         "\n",
         "", PAGES(6), 0},
        {"http://a.example/some page.html\n", "", PAGES(1), 0},
        {"http://a.example/x # why\nhttp://a.example/%2F\nhttp:\\\\a.example\\x\n", "", PAGES(3), 0},
        {"http://a.example/x,y\na.example/,z\n", "", PAGES(2), 0},
        {"a.example:8080\nhttp://a.example:443/\nhttps://a.example:80\n", "", "port:3 ", 0},
        {"http://192.0.2.1/x\nhttp://[2001:db8::1]/x\nhttp://192.0.2.1:81/\n", "", "url:2 port:1 ", 0},
    };
    struct collect c = {.opts = {.categories = 1, .subdomains = true}};
    (void)state;
    COLLECT_CHECK(&c, urls_parse, rows);
}

static void urls_that_are_none_are_refused(void **state)
{
    static const struct collect_row rows[] = {
        {"mailto:someone@a.example\nsomeone@a.example\njavascript:alert(1)\na.example b.example\n", "", "syntax:4 ", 0},
        {"http://a.example:8x/\nhttp://[2001:db8::1/\nhttp://[::1]x/\nhttp://%6/\nhttp://%zz.example/\n", "",
         "syntax:5 ", 0},
        {"http:///x\n", "", "empty-label:1 ", 0},
        {"http://\nhttp://localhost/\nhttp://com/\nhttp://a..example/x\n", "",
         "empty-label:2 single-label:1 local-name:1 ", 0},
        {"http://a_b!.example/\n", "", "bad-character:1 ", 0},
        {"http://nul\0.example/", "", "nul-byte:1 ", 20},
        {"http://caf\xe9.example/\n", "", "encoding:1 ", 0},
    };
    struct collect c = {.opts = {.categories = 1, .subdomains = true}};
    (void)state;
    COLLECT_CHECK(&c, urls_parse, rows);
}

static void urls_stand_in_a_column(void **state)
{
    static const struct collect_row rows[] = {
        {"url\na.example\n", "b+a.example ", "", 0},
        {"id,URL,added\n1,http://a.example/,x\n2,\"http://b.example/p,q\",y\n", "b+a.example ", PAGES(1), 0},
        {"id\tUrl\n1\ta.example\n", "b+a.example ", "", 0},
        {"\"URL\";\"when\"\n\"a.example\";\"2020\"\n", "b+a.example ", "", 0},
        {"entry,when\na.example,2020\nb.example/x,2020\n", "b+a.example ", PAGES(1), 0},
        {"\"a.example\",1\n\"b.example\",2\n", "b+a.example b+b.example ", "", 0},
        {"id,url\n1\n2,\"a.example\n3,\"a.example\"x\n,\n", "", "syntax:4 ", 0},
        {"http://a.example/x,url\nhttp://a.example/,x\n", "", PAGES(2), 0}, /* no header: no columns */
    };
    struct collect c = {.opts = {.categories = 1, .subdomains = true}};
    (void)state;
    COLLECT_CHECK(&c, urls_parse, rows);
}

static void urls_of_a_host_that_the_recipe_lists_whole_list_it(void **state)
{
    static const char *const hosts[] = {"test.example", "xn--bcher-kva.example"};
    static const struct collect_row rows[] = {
        {"http://test.example/page\nhttps://Test.example:8080/\n", "b+test.example b+test.example ", "", 0},
        {"http://b\xc3\xbc"
         "cher.example/x\n",
         "b+xn--bcher-kva.example ", "", 0},
        {"http://www.test.example/page\nhttp://a.example/\n", "b+a.example ", PAGES(1), 0},
    };
    struct collect c = {.opts = {.categories = 1, .subdomains = true, .whole_hosts = hosts, .whole_host_count = 2}};
    (void)state;
    COLLECT_CHECK(&c, urls_parse, rows);
    assert_int_equal(collect_text(&c, urls_parse, span_of("http://test.example/a\nhttp://test.example/b\na.example\n")),
                     0);
    assert_int_equal(c.stats.widened, 2);
    assert_int_equal(c.stats.blocks, 3);
    feed_stats_done(&c.stats);
}

static void urls_of_a_public_suffix_mean_that_host_alone(void **state)
{
    static const struct collect_row rows[] = {
        {"http://co.uk/\nhttp://a.co.uk/\n", "b=co.uk b+a.co.uk ", "", 0},
        {"http://childline.example/\nhttp://example/\n", "", "single-label:1 protected-help:1 ", 0},
    };
    static const struct collect_row exact[] = {{"http://a.example/\n", "b=a.example ", "", 0}};
    struct collect c = {.opts = {.categories = 1, .subdomains = true}};
    struct guard *guard;
    unsigned line;
    (void)state;
    assert_int_equal(guard_new(span_of("childline.example\n"), &guard, &line), 0);
    c.guard = guard;
    COLLECT_CHECK(&c, urls_parse, rows);
    c.opts.subdomains = false;
    COLLECT_CHECK(&c, urls_parse, exact);
    guard_free(guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_that_name_no_page_list_their_host),
        cmocka_unit_test(urls_of_pages_never_become_their_host),
        cmocka_unit_test(urls_that_are_none_are_refused),
        cmocka_unit_test(urls_stand_in_a_column),
        cmocka_unit_test(urls_of_a_host_that_the_recipe_lists_whole_list_it),
        cmocka_unit_test(urls_of_a_public_suffix_mean_that_host_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
