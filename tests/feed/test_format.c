#include "feed/format.h"

#include "collect.h"

static void hosts_lines_mean_the_exact_name(void **state)
{
    static const struct collect_row rows[] = {
        {"", "", "", 0},
        {"0.0.0.0 a.example", "b=a.example ", "", 0}, /* no newline at the end */
        {"127.0.0.1\tA.Example  b.example\tc.example # three\n", "b=a.example b=b.example b=c.example ", "", 0},
        {"\xef\xbb\xbf"
         "0.0.0.0 bom.example\r\n:: six.example\r\n",
         "b=bom.example b=six.example ", "", 0},
        {"0.0.0.0 a.example\n\xef\xbb\xbf"
         "0.0.0.0 b.example\n\xef\xbb\xbf# two lists in one\n\xef\xbb\xbf\n",
         "b=a.example b=b.example ", "", 0},
        {"127.0.0.1 n1.example n2.example n3.example n4.example n5.example n6.example n7.example n8.example "
         "n9.example\n",
         "b=n1.example b=n2.example b=n3.example b=n4.example b=n5.example b=n6.example b=n7.example b=n8.example "
         "b=n9.example ",
         "", 0},
        {"0.0.0.0 a.example##.ad\n0.0.0.0 b.example#$#body{}\n[Adblock Plus 2.0]\n", "b=a.example b=b.example ",
         "syntax:1 ", 0},
        {"0.0.0.0 a.example. b.example.. .c.example .\n", "b=a.example ", "empty-label:3 ", 0},
        {"0.0.0.0 2001:db8::/32 192.0.2.0/24 2001:db8::/129 2001:db8::1/x\n", "b@2001:db8::/32 b@192.0.2.0/120 ",
         "ip-address:2 ", 0},
        {"0.0.0.0 2001:db8::1:53 [2001:db8::1]\n", "b@2001:db8::1:53/128 ", "bad-character:1 ", 0},
        {"::1 six.example\nfe80::1%lo0 localhost\n", "b=six.example ", "local-name:1 ", 0},
        {"192.0.2.7 garden.example\n", "b=garden.example ", "", 0},
        {"# c\n! c\n; c\n\n  \t\n#0.0.0.0 off.example\n", "", "", 0},
        {"0.0.0.0 a.example#comment\n", "b=a.example ", "", 0},
        {"127.0.0.1 localhost localhost.localdomain a.example\n", "b=a.example ", "local-name:2 ", 0},
        {"0.0.0.0 0.0.0.0\n255.255.255.255 broadcasthost\n", "", "local-name:2 ", 0},
        {"0.0.0.0\n0.0.0.0 # nothing\n", "", "no-name:2 ", 0},
        {"a.example\n", "", "syntax:1 ", 0},
        {"0.0.0.0 *.a.example\n0.0.0.0 a.example:80\n0.0.0.0 a.example/x\n", "", "url:1 port:1 wildcard:1 ", 0},
        {"0.0.0.0 192.0.2.1 b.example\n", "b@192.0.2.1/128 b=b.example ", "", 0},
        {"0.0.0.0 127.0.0.1 10.0.0.1/33\n:: ::1\n", "", "ip-address:3 ", 0},
        {"0.0.0.0 com\n", "", "single-label:1 ", 0},
        {"0.0.0.0 nul\0name.example\n0.0.0.0 b.example", "b=b.example ", "nul-byte:1 ", 42},
        {"0.0.0.0 caf\xe9.example\n", "", "encoding:1 ", 0},
    };
    struct collect c = {.opts.categories = 1};
    (void)state;
    COLLECT_CHECK(&c, hosts_parse, rows);
}

static void domains_cover_what_is_below_unless_told_otherwise(void **state)
{
    static const struct collect_row below[] = {
        {"a.example", "b+a.example ", "", 0},
        {"\xef\xbb\xbf"
         "a.example\r\nb.example.\r\n",
         "b+a.example b+b.example ", "", 0},
        {"a.example # why\n#b.example\n! c\n; d\n", "b+a.example ", "", 0},
        {"a.example\n\xef\xbb\xbf"
         "b.example\n\xef\xbb\xbf# c\n",
         "b+a.example b+b.example ", "", 0},
        {"2001:db8::/32\n", "b@2001:db8::/32 ", "", 0},
        {"*.a.example\n.b.example\n", "b*a.example b+b.example ", "", 0},
        {"*\n*.com\n*.*.a.example\na.*.example\n", "", "single-label:1 wildcard:3 ", 0},
        {"0.0.0.0 a.example\n", "", "syntax:1 ", 0},
        {"192.0.2.1\n2001:db8::1\n198.51.100.0/24\n", "b@192.0.2.1/128 b@2001:db8::1/128 b@198.51.100.0/120 ", "", 0},
        {"0.0.0.0/0\n192.0.2.1/24\n192.0.2.1/\n192.0.2.1:80\n224.0.0.1\n::/0\n", "", "ip-address:6 ", 0},
        {"http://a.example/\na.example/\na.example:443\n", "", "url:2 port:1 ", 0},
        {"||a.example^\n", "", "bad-character:1 ", 0},
    };
    static const struct collect_row exact[] = {
        {"a.example\n*.b.example\n.c.example\n", "b=a.example b*b.example b+c.example ", "", 0},
    };
    struct collect c = {.opts = {.categories = 1, .subdomains = true}};
    (void)state;
    COLLECT_CHECK(&c, domains_parse, below);
    c.opts.subdomains = false;
    COLLECT_CHECK(&c, domains_parse, exact);
}

static void adblock_reads_rules_about_whole_names(void **state)
{
    static const struct collect_row rows[] = {
        {"[Adblock Plus 2.0]\n! Title\n# comment\n#\n", "", "", 0},
        {"||a.example^", "b+a.example ", "", 0},
        {"\xef\xbb\xbf||a.example^\r\n", "b+a.example ", "", 0},
        {"@@||a.example^\n", "a+a.example ", "", 0},
        {"||a.example^$important\n@@||b.example^$important\n", "!b+a.example !a+b.example ", "", 0},
        {"||a.example^\n\xef\xbb\xbf||b.example^\n\xef\xbb\xbf! c\n", "b+a.example b+b.example ", "", 0},
        {"||a.example^$important,\n||a.example^$\n||a.example^$,\n", "", "modifier:3 ", 0},
        {"a.example\nA.Example # note\n", "b=a.example b=a.example ", "", 0},
        {"0.0.0.0 a.example b.example\n:: c.example #x\n192.0.2.7 d.example\n",
         "b=a.example b=b.example b=c.example b=d.example ", "", 0},
        {"|a.example^\n|a.example|\n||a.example^|\n://a.example^\n@@|a.example^|\n",
         "b=a.example b=a.example b+a.example b=a.example a=a.example ", "", 0},
        {"||*.a.example^\n*.a.example^\n.a.example^\n", "b*a.example b*a.example b*a.example ", "", 0},
        {"||a.example^$third-party\n||a.example^$important,all\n||a.example^$\n||a.example^$client=10.0.0.1\n"
         "||a.example^$ctag=user_child\n||a.example^$,important\n",
         "", "modifier:6 ", 0},
        {"||a.example/ads^\n|https://a.example^\na.example/x\n", "", "url:3 ", 0},
        {"||192.0.2.1^\n192.0.2.1\n||[2001:db8::1]^\n@@||192.0.2.1^\n", "b@192.0.2.1/128 b@192.0.2.1/128 ",
         "bad-character:1 ip-address:1 ", 0},
        {"a.example##.ad\n##.ad\na.example#@#.ad\na.example$$script\na.example#$#body{}\na.example#?#x\n", "",
         "cosmetic:6 ", 0},
        {"||a.example:8080^\n||com^\n||^\n||\n", "", "empty-label:1 single-label:1 port:1 pattern:1 ", 0},
        {"|^\n|^$dnstype=A\n*.^$dnstype=A\n||*.^\n||*^$denyallow=a.example\n|$important\n",
         "b/^(?>(?:|.*?\\.)).*$//-example,a ", "empty-label:4 pattern:1 ", 0},
        {"not a rule\n", "", "syntax:1 ", 0},
    };
    struct collect c = {.opts.categories = 1};
    (void)state;
    COLLECT_CHECK(&c, adblock_parse, rows);
}

/* Behind the expression stands the literal that a name must have before the expression is tried. */
static void adblock_makes_expressions_of_patterns(void **state)
{
    static const struct collect_row rows[] = {
        {"a.example^\n", "b/a\\.example$/example/ ", "", 0},
        {"x.a.example^\n", "b+a.example/x\\.a\\.example$/example/ ", "", 0},
        {"||a.example\n|a.example\n", "b/(?:^|\\.)a\\.example/example/ b/^a\\.example/example/ ", "", 0},
        {"*robux*robux*.a.example^\n|a*b*c*\n",
         "b+a.example/^(?>.*?robux)(?>.*?robux).*\\.a\\.example$/example/ "
         "b/^a(?>.*?b)(?>.*?c)// ",
         "", 0},
        {"@@a.example\n", "a/a\\.example/example/ ", "", 0},
        {"||ad*.a.example^\n", "b+a.example/^(?>(?:|.*?\\.)ad).*\\.a\\.example$/example/ ", "", 0},
        {"||AD-*.Example.*^\n", "b/^(?>(?:|.*?\\.)ad-)(?>.*?\\.example\\.).*$/example/ ", "", 0},
        {"*banner*\n-ads-\n", "b/^(?>.*?banner)/banner/ b/-ads-/-ads-/ ", "", 0},
        {"/^ads[0-9]/\n@@/x1/\n/foobar?/$important\n", "b/^ads[0-9]/ads/ a/x1// !b/foobar?/fooba/ ", "", 0},
        {"/foo|bar/\n/fo\\x6fbar/\n/(?x)foo bar/\n/(?^x)foo#bars/\n/foo{b|c}d/\n/[[:alpha:]]foo/\n/a{2}bcd+ef/\n",
         "b/foo|bar// b/fo\\x6fbar// b/(?x)foo bar// b/(?^x)foo#bars// b/foo{b|c}d// b/[[:alpha:]]foo/foo/ "
         "b/a{2}bcd+ef/bcd/ ",
         "", 0},
        {"/(/\n/[/\n/a\\C/\n/(a+)+$/\n/^([a-z0-9-]+)*q$/\n", "", "expression:5 ", 0},
        {"||a^b.example^\n||a|b.example^\n||a*:80^\n||a*b/c^\n", "", "url:1 port:1 pattern:2 ", 0},
        {"||a*b*c*d*e*f*g*h*i*j.example^\n", "", "wildcard:1 ", 0},
        {"||caf\xc3\xa9*.example^\n", "", "bad-character:1 ", 0},
    };
    struct collect c = {.opts.categories = 1};
    (void)state;
    COLLECT_CHECK(&c, adblock_parse, rows);
}

static void adblock_reads_modifiers(void **state)
{
    static const struct collect_row rows[] = {
        {"||a.example^$denyallow=x.a.example|y.example\n", "b+a.example-example,a,x-example,y ", "", 0},
        {"@@||a.example^$denyallow=x.a.example,important\n", "!a+a.example-example,a,x ", "", 0},
        {"||a.example^$dnstype=A|aaaa\n||a.example^$dnstype=~HTTPS\n||a.example^$dnstype=A|~TXT\n",
         "b+a.example<A><AAAA> b+a.example<~HTTPS> b+a.example<A> ", "", 0},
        {"|a.example^$dnstype=TYPE65535\n", "b=a.example<TYPE65535> ", "", 0},
        {"||a.example^$denyallow=\n||a.example^$denyallow\n||a.example^$dnstype=\n||a.example^$dnstype=BOGUS\n"
         "||a.example^$denyallow=a b\n||a.example^$dnstype=A,dnstype=A\n",
         "", "modifier:6 ", 0},
        {"||a.example^$dnsrewrite=192.0.2.1\n||a.example^$dnsrewrite=2001:db8::1\n||a.example^$dnsrewrite=b.example\n",
         "!r+a.example(4) !r+a.example(16) !r+a.example(11) ", "", 0},
        {"||a.example^$dnsrewrite=NXDOMAIN\n||a.example^$dnsrewrite=NOERROR\n||a.example^$dnsrewrite=REFUSED;;\n",
         "!n+a.example !o+a.example !f+a.example ", "", 0},
        {"||a.example^$dnsrewrite=NOERROR;TXT;hi\n||a.example^$dnsrewrite=NOERROR;A;192.0.2.1\n",
         "!r+a.example(3) !r+a.example(4) ", "", 0},
        {"@@||a.example^$dnsrewrite\n@@||a.example^$dnsrewrite=192.0.2.1\n", "!w+a.example !w+a.example(4) ", "", 0},
        {"||a.example^$dnsrewrite\n||a.example^$dnsrewrite=SERVFAIL\n||a.example^$dnsrewrite=NOERROR;A;x\n"
         "||a.example^$dnsrewrite=NXDOMAIN;A;192.0.2.1\n||a.example^$dnsrewrite=NOERROR;MX;1 x\n"
         "@@||a.example^$dnsrewrite=NXDOMAIN\n||a.example^$dnsrewrite=NOERROR;A;2001:db8::1\n",
         "", "modifier:7 ", 0},
        {"||a.example^\n||a.example^$badfilter\n||b.example^\n", "b+b.example ", "disabled:1 ", 0},
        {"||a.example^$badfilter,important\n||a.example^$important\n||a.example^\n", "b+a.example ", "disabled:1 ", 0},
        {"||a.example^$dnstype=A,important\n||a.example^$important,badfilter,dnstype=A\n", "", "disabled:1 ", 0},
        {"@@||a.example^\n||a.example^\n@@||a.example^$badfilter\n", "b+a.example ", "disabled:1 ", 0},
        {"/ads[$]x/$badfilter\n/ads[$]x/\n", "", "disabled:1 ", 0},
    };
    struct collect c = {.opts.categories = 1};
    (void)state;
    COLLECT_CHECK(&c, adblock_parse, rows);
}

static void adblock_takes_few_patterns_that_every_name_must_try(void **state)
{
    struct collect_row row = {.rules = ""};
    char text[FEED_BLIND_MAX * 8 + 64], rules[FEED_BLIND_MAX * 16];
    size_t len = 0, rules_len = 0;
    struct collect c = {.opts.categories = 1};
    (void)state;
    for (int i = 0; i < FEED_BLIND_MAX; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, "/%c\\d/\n", 'a' + i);
        rules_len += (size_t)snprintf(rules + rules_len, sizeof rules - rules_len, "b/%c\\d// ", 'a' + i);
    }
    snprintf(text + len, sizeof text - len, "/z\\d/\n/long\\d/\n");
    snprintf(rules + rules_len, sizeof rules - rules_len, "b/long\\d/long/ ");
    row = (struct collect_row){text, rules, "too-many:1 ", 0};
    collect_check(&c, adblock_parse, &row, 1);
}

static void rpz_reads_qname_triggers_relative_to_the_apex(void **state)
{
    static const char head[] =
        "$TTL 60\n$ORIGIN rpz.example.\n@ IN SOA ns. root. ( 1 ; serial\n 3600 600\n 86400 60 )\n"
        " NS localhost.\n";
    static const struct {
        const char *text, *rules, *refusals;
    } rows[] = {
        {"", "", ""},
        {"a.example CNAME .\n*.a.example CNAME .\n", "n=a.example n*a.example ", ""},
        {"a.example CNAME *.", "o=a.example ", ""},
        {"A.Example.RPZ.example. 300 IN CNAME .\nb.example in 1h cname .\n", "n=a.example n=b.example ", ""},
        {"a.example A 127.9.9.9\na.example AAAA ::1\n A 127.9.9.8\n", "r=a.example(4) r=a.example(16) r=a.example(4) ",
         ""},
        {"a.example CNAME rpz-passthru.\n*.a.example CNAME rpz-passthru.\n", "a=a.example a*a.example ", ""},
        {"a.example CNAME a.example.\n", "a=a.example ", ""},
        {"$ORIGIN example.rpz.example.\na CNAME .\n$ORIGIN rpz.example.\nb.example CNAME .\n",
         "n=a.example n=b.example ", ""},
        {"$ORIGIN sub\na CNAME .\n@ CNAME .\n", "n=a.sub ", "single-label:1 "},
        {"a.example. CNAME .\n$ORIGIN other.\nb.example CNAME .\n", "", "out-of-zone:2 "},
        {"a.example CNAME rpz-drop.\nb.example CNAME rpz-tcp-only.\nc.example CNAME safe.example.\n",
         "d=a.example t=b.example r=c.example(14) ", ""},
        {"a.example TXT x\na.example 30 IN TXT \"a;\" \"b\" ; c\na.example PTR b.example.\na.example CNAME b\n",
         "r=a.example(2) r=a.example(5) r=a.example(11) r=a.example(15) ", ""},
        {"a.example CNAME *.garden.example.\nb.example MX 1 x.\nc.example MX 0 .\nd.example SRV 1 2 443 x\n",
         "r=a.example(18) r=b.example(5) r=c.example(3) r=d.example(21) ", ""},
        {"a.example TXT \"\\\";\\065\" b\\ c ; d\n", "r=a.example(8) ", ""},
        {"a.example MX 65536 x.\na.example MX x.\na.example MX 1 x. y\na.example SRV 1 2 x.\na.example TXT\n"
         "a.example TXT \"open\na.example TXT \\256\na.example CNAME *garden.\na.example PTR\n",
         "", "rpz-action:9 "},
        {"b.example CNAME rpz-log.\nd.example A x\ne.example DNAME x.\nf.example AAAA 192.0.2.1\n", "",
         "rpz-action:4 "},
        {"24.0.2.0.192.rpz-ip CNAME .\n48.zz.8.db8.2001.rpz-ip CNAME rpz-passthru.\n128.1.zz.2001.rpz-ip A 192.0.2.1\n"
         "128.8.7.6.5.4.3.2.2001.rpz-ip CNAME rpz-drop.\n",
         "n@192.0.2.0/120 a@2001:db8:8::/48 r@2001::1/128(4) d@2001:2:3:4:5:6:7:8/128 ", ""},
        {"24.1.2.0.192.rpz-ip CNAME .\n33.0.2.0.192.rpz-ip CNAME .\nx.0.2.0.192.rpz-ip CNAME .\n24.0.192.rpz-ip CNAME "
         ".\n"
         "rpz-ip CNAME .\n128.1.zz.zz.2001.rpz-ip CNAME .\n24.256.2.0.192.rpz-ip CNAME .\n",
         "", "syntax:7 "},
        {"32.1.0.0.10.rpz-client-ip A 192.0.2.1\n8.0.0.0.10.rpz-client-ip CNAME .\n",
         "r@10.0.0.1/128(4) n@10.0.0.0/104 ", ""},
        {"1.0.0.0.0.rpz-client-ip CNAME rpz-drop.\n1.0.0.0.128.rpz-client-ip CNAME .\n7.0.0.0.10.rpz-client-ip CNAME "
         ".\n"
         "8.0.0.0.127.rpz-client-ip CNAME .\n",
         "n@127.0.0.0/104 ", "ip-address:3 "},
        {"ns.a.example.rpz-nsdname CNAME .\n32.1.0.0.10.rpz-client-ip CNAME rpz-passthru.\n16.0.0.45.128.rpz-nsip "
         "CNAME .\n",
         "", "rpz-trigger:2 rpz-action:1 "},
        {"$INCLUDE more\n$GENERATE 1-9 a$ CNAME .\n", "", "directive:2 "},
        {"a.example\nb.example IN\n", "", "syntax:2 "},
        {"* CNAME .\n*.*.a.example CNAME .\n", "", "wildcard:2 "},
        {"rpz.example. CNAME .\n@ TXT about\n", "", "rpz-action:1 "},
        {"; a.example CNAME .\nb.example CNAME . ; why\r\n", "n=b.example ", ""},
        {"a\\.b.example CNAME .\n", "", "bad-character:1 "},
    };
    struct collect c = {.opts.categories = 1};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1024];
        snprintf(text, sizeof text, "%s%s", head, rows[i].text);
        struct collect_row row = {text, rows[i].rules, rows[i].refusals, 0};
        collect_check(&c, rpz_parse, &row, 1);
    }
}

static void rpz_finds_its_apex_in_other_ways(void **state)
{
    static const struct collect_row rows[] = {
        {"a.example CNAME .\n", "n=a.example ", "", 0},                        /* nothing says it */
        {"@ SOA a. b. 1 2 3 4 5\na.example CNAME .\n", "n=a.example ", "", 0}, /* nor here */
        {"a.example. CNAME .\n", "", "out-of-zone:1 ", 0},                     /* absolute: could be anything */
        {"z. SOA a. b. 1 2 3 4 5\na.example.z. CNAME .\nb.example CNAME .\n", "n=a.example n=b.example ", "", 0},
        {" CNAME .\n", "", "syntax:1 ", 0},
        {"@ SOA a. b. (\n1 2 3\na.example CNAME .\nb.example CNAME .\n", "n=b.example ", "syntax:1 ", 0},
        {"@ SOA a. b. (\n1 2 3\n", "", "syntax:1 ", 0},
    };
    static const struct collect_row named[] = {
        {"a.example.z. CNAME .\nb.example CNAME .\n", "n=a.example n=b.example ", "", 0}};
    struct collect c = {.opts.categories = 1};
    (void)state;
    COLLECT_CHECK(&c, rpz_parse, rows);
    c.opts.zone = "z.";
    COLLECT_CHECK(&c, rpz_parse, named);
}

static void dnsmasq_lines_mean_the_name_and_all_below(void **state)
{
    static const struct collect_row rows[] = {
        {"address=/a.example/0.0.0.0\naddress=/b.example/#\naddress=/c.example/\n",
         "b+a.example b+b.example b+c.example ", "", 0},
        {"local=/a.example/b.example/\nserver=/c.example/ # why\n", "b+a.example b+b.example b+c.example ", "", 0},
        {"address=/*.a.example/\n", "b*a.example ", "", 0},
        {"address=/.a.example/..b.example/#\n", "b+a.example b+b.example ", "", 0},
        {"local=//\naddress=/#/192.0.2.1\naddress=/./\naddress=/a.example//b.example/\n", "b+a.example b+b.example ",
         "bad-character:1 empty-label:3 ", 0},
        {"address = /a.example/ \nlocal=/a.example/# why\nserver=/a.example/#\n", "b+a.example b+a.example ",
         "directive:1 ", 0},
        {"server=/a.example/192.0.2.1\nport=53\nbogus\n", "", "directive:3 ", 0},
        {"address=a.example\naddress=/a.example\n", "", "syntax:2 ", 0},
        {"# c\n", "", "", 0},
    };
    struct collect c = {.opts.categories = 1};
    (void)state;
    COLLECT_CHECK(&c, dnsmasq_parse, rows);
}

static void unbound_zones_cover_and_data_does_not(void **state)
{
    static const struct collect_row rows[] = {
        {"server:\n local-zone: \"a.example.\" always_nxdomain\nlocal-zone: 'b.example' static # c\n",
         "b+a.example b+b.example ", "", 0},
        {"local-zone: a.example redirect\nlocal-data: \"a.example A 127.9.9.9\"\n", "b+a.example b=a.example ", "", 0},
        {"local-data: \"a.example 60 IN AAAA ::1\"\n", "b=a.example ", "", 0},
        {"local-zone: \"a.example\" transparent\nlocal-data: \"a.example TXT x\"\nport: 53\n", "", "directive:3 ", 0},
    };
    struct collect c = {.opts.categories = 1};
    (void)state;
    COLLECT_CHECK(&c, unbound_parse, rows);
}

static void formats_are_found_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; feed_format_at(i) != NULL; i++)
        assert_ptr_equal(feed_format_find(feed_format_at(i)->name), feed_format_at(i));
    assert_null(feed_format_find("host"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_lines_mean_the_exact_name),
        cmocka_unit_test(domains_cover_what_is_below_unless_told_otherwise),
        cmocka_unit_test(adblock_reads_rules_about_whole_names),
        cmocka_unit_test(adblock_makes_expressions_of_patterns),
        cmocka_unit_test(adblock_reads_modifiers),
        cmocka_unit_test(adblock_takes_few_patterns_that_every_name_must_try),
        cmocka_unit_test(rpz_reads_qname_triggers_relative_to_the_apex),
        cmocka_unit_test(rpz_finds_its_apex_in_other_ways),
        cmocka_unit_test(dnsmasq_lines_mean_the_name_and_all_below),
        cmocka_unit_test(unbound_zones_cover_and_data_does_not),
        cmocka_unit_test(formats_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
