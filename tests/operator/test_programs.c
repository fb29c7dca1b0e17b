/* The program `belisha` as it is typed: exit code and what it prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "support/generation.h"

static const struct generation_rule rules[] = {
    {"casino.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, CATEGORY_BIT(CATEGORY_GAMBLING), 0},
    {"bad.casino.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, CATEGORY_BIT(CATEGORY_MALWARE), 1},
    {"news.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, CATEGORY_BIT(CATEGORY_NEWS), 0},
};

static const char config_text[] = "state_dir: %s\n"
                                  "blocklist: {dir: .}\n"
                                  "listen: [127.0.0.1:5300]\n"
                                  "upstreams: [{address: 10.0.0.1, name: main}]\n"
                                  "zones: [{name: ad.school.example, upstreams: [10.0.0.2]}]\n"
                                  "records: [{name: hello.school.home.arpa, type: A, value: 10.0.0.7}]\n"
                                  "block: [games.example]\n"
                                  "notice: {ipv4: 10.9.9.9}\n"
                                  "recipients: [{role: safeguarding, folder: /srv/alerts}]\n"
                                  "alerts: {rules: [{name: harm, categories: [self-harm], to: [safeguarding]}]}\n"
                                  "policy:\n"
                                  "  levels:\n"
                                  "  - {name: young, block: [gambling, malware], allow: [news]}\n"
                                  "  - {name: staff, block: [malware], log_only: [gambling]}\n"
                                  "  groups:\n"
                                  "  - {name: pupils, networks: [10.1.0.0/16], level: young}\n"
                                  "  - {name: office, networks: [10.2.0.0/16], level: staff}\n";

/* ---- a generation and a configuration for all tests ---- */

struct site {
    struct generation generation;
    char config[GENERATION_PATH_MAX + 16];
    char output[16384];
    int code;
};

static void write_file(const char *path, const char *format, const char *folder)
{
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    for (const char *at = format; *at != '\0'; at++) {
        if (strncmp(at, "%s", 2) == 0) {
            fputs(folder, to);
            at++;
        } else {
            putc(*at, to);
        }
    }
    fclose(to);
}

static int site_make(void **state)
{
    struct site *site = calloc(1, sizeof *site);
    generation_init(&site->generation, rules, sizeof rules / sizeof rules[0]);
    snprintf(site->config, sizeof site->config, "%s/belisha.yaml", site->generation.folder);
    write_file(site->config, config_text, site->generation.folder);
    *state = site;
    return 0;
}

static int site_remove(void **state)
{
    struct site *site = *state;
    generation_done(&site->generation);
    free(site);
    return 0;
}

/* Runs belisha with the words of a shell line; output of both streams and the exit code are in site. */
static void run(struct site *site, const char *config, const char *words)
{
    char line[1024];
    snprintf(line, sizeof line, "%s -c %s %s 2>&1", BELISHA_PROGRAM, config, words);
    FILE *from = popen(line, "r");
    assert_non_null(from);
    size_t len = fread(site->output, 1, sizeof site->output - 1, from);
    site->output[len] = '\0';
    int status = pclose(from);
    assert_true(WIFEXITED(status));
    site->code = WEXITSTATUS(status);
}

static void expect(const struct site *site, int code, const char *part)
{
    if (site->code != code || strstr(site->output, part) == NULL)
        fail_msg("exit code %d, wanted %d with '%s':\n%s", site->code, code, part, site->output);
}

/* ---- why ---- */

static void why_names_verdict_rule_list_and_answer(void **state)
{
    static const struct {
        const char *words;
        const char *parts[5];
    } rows[] = {
        {"why www.casino.example --client 10.1.0.5",
         {"www.casino.example: blocked (category)\n", "level 'young' blocks 'gambling'",
          "matched      casino.example\n", "feed         feed-0\n", "the notice page: 10.9.9.9, TTL 10 s"}},
        {"why www.casino.example --client 10.2.0.5", {"allowed (log-only)", "group        office\n", "asked of main"}},
        {"why a.bad.casino.example --client 10.1.0.5",
         {"level 'young' blocks 'gambling'", "listed       gambling: 'casino.example' in feed 'feed-0'",
          "listed       malware: 'bad.casino.example' in feed 'feed-1'"}},
        {"why a.bad.casino.example --client 10.2.0.5", {"level 'staff' blocks 'malware'", "feed         feed-1\n"}},
        {"why www.casino.example --client 10.1.0.5 --type AAAA", {"no data of this type (NODATA), TTL 10 s"}},
        {"why www.casino.example --client 203.0.113.1", {"refused (access)", "answer       REFUSED"}},
        {"why www.casino.example",
         {"group        default\n", "pupils (level young): blocked, category gambling",
          "office (level staff): allowed, log-only gambling"}},
        {"why news.example --client 10.1.0.5", {"allowed (category-allowed)", "level 'young' allows 'news'"}},
        {"why free.example", {"allowed (default)", "no list has the name"}},
        {"why https://WWW.Casino.Example:443/slots?x=1", {"www.casino.example: blocked"}},
        {"why hello.school.home.arpa", {"local (local-record)", "1 local record"}},
        {"why hello.school.home.arpa --type MX", {"no data of this type (NODATA)"}},
        {"why school.home.arpa", {"local (network-duty)", "above a local record"}},
        {"why printer.local", {"local (network-duty)", "(RFC 6762, 22.1)", "no such name (NXDOMAIN)"}},
        {"why pc1.ad.school.example", {"allowed (conditional-zone)", "asked of 10.0.0.2:53"}},
        {"why www.games.example", {"blocked (local-block)", "'games.example' is blocked by the configuration"}},
        {"why www.childline.org.uk", {"allowed (protected-help)", "never attributed"}},
        {"why b\xc3\xbc"
         "cher.example",
         {"xn--bcher-kva.example: allowed"}},
    };
    struct site *site = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        run(site, site->config, rows[i].words);
        for (size_t part = 0; part < 5 && rows[i].parts[part] != NULL; part++)
            expect(site, 0, rows[i].parts[part]);
    }
}

static void why_gives_json_that_reads_back(void **state)
{
    struct site *site = *state;
    json_error_t error;
    run(site, site->config, "why www.casino.example --client 10.1.0.5 --json");
    assert_int_equal(site->code, 0);
    json_t *object = json_loads(site->output, 0, &error);
    assert_non_null(object);
    assert_string_equal(json_string_value(json_object_get(object, "verdict")), "blocked");
    assert_string_equal(json_string_value(json_object_get(object, "category")), "gambling");
    assert_string_equal(json_string_value(json_object_get(object, "matched")), "casino.example");
    assert_string_equal(json_string_value(json_object_get(object, "feed")), "feed-0");
    assert_string_equal(json_string_value(json_object_get(object, "client")), "10.1.0.5");
    assert_int_equal(json_array_size(json_object_get(object, "categories")), 1);
    assert_int_equal(json_integer_value(json_object_get(object, "generation")), 1);
    json_decref(object);
}

static void why_without_a_list_says_that_nothing_is_allowed(void **state)
{
    struct site *site = *state;
    assert_int_equal(unlink(site->generation.current), 0);
    run(site, site->config, "why free.example");
    expect(site, 0, "not-ready");
    expect(site, 0, "SERVFAIL");
    run(site, site->config, "why hello.school.home.arpa");
    expect(site, 0, "1 local record");
}

static void why_refuses_what_it_does_not_understand(void **state)
{
    static const char *const lines[] = {"why",
                                        "why a b",
                                        "why a..b",
                                        "why a.example --client somebody",
                                        "why a.example --type NONSENSE",
                                        "why a.example --frobnicate"};
    struct site *site = *state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        run(site, site->config, lines[i]);
        expect(site, 2, "Usage: belisha why NAME");
    }
}

/* ---- config ---- */

static void config_check_reports_every_mistake(void **state)
{
    struct site *site = *state;
    run(site, site->config, "config check");
    expect(site, 0, "ok (2 levels, 2 groups");
    write_file(site->config, "workrs: 1\npolicy:\n  levels:\n  - {name: a, block: [gamblin]}\n", "");
    run(site, site->config, "config check");
    expect(site, 1, "belisha.yaml:1:1: error: unknown key 'workrs'; did you mean 'workers'?\nworkrs: 1\n^~~~~~\n");
    expect(site, 1,
           "belisha.yaml:4:23: error: an entry of block must be a category or all, not 'gamblin'; did you mean "
           "'gambling'?\n");
    expect(site, 1, "2 mistakes\n");
    run(site, site->config, "why a.example");
    expect(site, 1, "unknown key 'workrs'");
    run(site, "/nowhere/belisha.yaml", "config check");
    expect(site, 1, "/nowhere/belisha.yaml: error: can't be read: ");
}

static void config_show_prints_a_configuration_that_means_the_same(void **state)
{
    struct site *site = *state;
    char shown[GENERATION_PATH_MAX + 32];
    char first[sizeof site->output];
    run(site, site->config, "config show");
    assert_int_equal(site->code, 0);
    strcpy(first, site->output);
    snprintf(shown, sizeof shown, "%s/shown.yaml", site->generation.folder);
    write_file(shown, first, "");
    run(site, shown, "config show");
    assert_int_equal(site->code, 0);
    assert_string_equal(site->output, first);
}

/* ---- status, reload, flush: with a stand-in for belishad ---- */

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(strlen(path) < sizeof address.sun_path);
    strcpy(address.sun_path, path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

/* In a child process: takes one line, which must be `wanted`, and gives the answer. */
static pid_t answer_once(int fd, const char *wanted, const char *answer)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    char line[256] = "";
    int caller = accept(fd, NULL, NULL);
    ssize_t len = read(caller, line, sizeof line - 1);
    bool ok = len > 0 && strcmp(line, wanted) == 0;
    if (write(caller, answer, strlen(answer)) < 0)
        ok = false;
    close(caller);
    _exit(ok ? 0 : 1);
}

static void expect_exchange(struct site *site, const char *words, const char *line, const char *answer)
{
    char path[GENERATION_PATH_MAX + 16];
    int status;
    snprintf(path, sizeof path, "%s/control.sock", site->generation.folder);
    int fd = listen_at(path);
    pid_t child = answer_once(fd, line, answer);
    run(site, site->config, words);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(fd);
    unlink(path);
}

static const char status_json[] =
    "{\"version\": \"1.2\", \"state_dir\": \"/srv\", \"uptime_s\": 7260, \"workers\": 2, \"policy_version\": 255,"
    " \"generation\": {\"number\": 7, \"names\": 1500000, \"feeds\": 3, \"age_s\": 90061},"
    " \"counters\": {\"answers\": 1600, \"answers_blocked\": 56, \"cache_hits\": 400, \"queries_udp\": 1440,"
    "  \"queries_doh\": 160},"
    " \"blocked_by_category\": {\"gambling\": 8, \"malware\": 40, \"chat\": 8},"
    " \"recent\": {\"span_ms\": 60000, \"udp\": 700, \"tcp\": 20},"
    " \"latency\": {\"here\": {\"count\": 9, \"p50_us\": 12, \"p99_us\": 1500},"
    "  \"upstream\": {\"count\": 9, \"p50_us\": 20500, \"p99_us\": 2000000}},"
    " \"health\": {\"live\": true, \"ready\": false, \"reasons\": [\"no upstream server answers\"]},"
    " \"cache\": {\"entries\": 1000, \"bytes\": 2097152, \"bytes_max\": 67108864},"
    " \"log\": {\"written\": 1234, \"lost\": 1, \"segments\": 2, \"bytes\": 100, \"trouble\": \"no space left\"},"
    " \"upstreams\": [{\"name\": \"main\", \"address\": \"10.0.0.1:53\", \"tcp\": true},"
    " {\"name\": \"safe\", \"address\": \"10.0.0.2:853\", \"tcp\": true, \"tls\": true, \"zones\": [\".\"],"
    "  \"state\": \"distrusted\", \"resting_workers\": 1},"
    " {\"name\": \"10.0.0.3:53\", \"address\": \"10.0.0.3:53\", \"zones\": [\".\", \"ad.example\"], \"state\": "
    "\"answers\","
    "  \"rtt_ms\": 12, \"questions_udp\": 1000, \"questions_tcp\": 5, \"answers\": 900, \"unmatched\": 1, "
    "\"misspelt\": 2},"
    " {\"name\": \"10.0.0.4:53\", \"address\": \"10.0.0.4:53\", \"zones\": [\".\"], \"state\": \"fails\", "
    "\"failed_in_row\": 9}]}";

static void status_makes_a_table_of_what_belishad_says(void **state)
{
    struct site *site = *state;
    expect_exchange(site, "status", "status\n", status_json);
    expect(site, 0, "belishad 1.2: up 2 h 1 min, 2 workers, state in /srv\n");
    expect(site, 0, "generation 7, 1,500,000 names of 3 feeds, built 1 d 1 h ago\n");
    expect(site, 0, "1,600 answered, 56 blocked, 0 local\n");
    expect(site, 0, "1,000 answers in 2.0 MiB of 64.0 MiB\n");
    expect(site, 0, "1,234 records written, 1 lost, 100 bytes in 2 segments\n");
    expect(site, 0, "TROUBLE: no space left\n");
    expect(site, 0, "10.0.0.1:53 main (TCP)\n");
    expect(site, 0, "10.0.0.2:853 safe (TLS): NOT TRUSTED: its certificate is not what it should be; rests\n");
    expect(site, 0, "10.0.0.3:53: answers, 12 ms; for everything else, ad.example\n");
    expect(site, 0, "1,005 asked, 900 answered, 0 late or lost, 3 ignored\n");
    expect(site, 0, "10.0.0.4:53: FAILS: no answer to 9 in a row\n");
    expect(site, 0, "WARNING     no upstream server answers\nblocklist ");
    expect(site, 0, "0.2 a second since the start, 12 a second in the last 60 s\n");
    expect(site, 0, "90 % over UDP, 10 % over HTTPS\n");
    expect(site, 0, "blocked     malware 40, gambling 8, chat 8\n");
    expect(site, 0, "cache       25 % of all answers came from it; ");
    expect(site, 0, "times       answered here   half within 12 us, 99 % within 1.5 ms\n");
    expect(site, 0, "            by an upstream  half within 20 ms, 99 % within 2.0 s\n");
    expect_exchange(site, "status --json", "status\n", status_json);
    expect(site, 0, "\"uptime_s\": 7260");
    expect(site, 0, "\"runs\": []");
    expect_exchange(site, "status", "status\n", "{\"generation\": null, \"log\": null}");
    expect(site, 0, "NONE: questions are answered SERVFAIL until a list is published\n");
    expect_exchange(site, "status", "status\n", "nonsense");
    expect(site, 1, "not understood");
    expect_exchange(site, "status", "status\n", "");
    expect(site, 1, "not understood");
}

static void write_run(const struct site *site, const char *name, const char *text)
{
    char path[GENERATION_PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/runs", site->generation.folder);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/runs/%s", site->generation.folder, name);
    write_file(path, "%s", text);
}

static void status_tells_what_the_compilers_runs_came_to(void **state)
{
    struct site *site = *state;
    expect_exchange(site, "status", "status\n", status_json);
    expect(site, 0, "compiler    no run on record");
    write_run(site, "20261120T023000Z.json", "{\"outcome\": \"published\", \"generation\": 6, \"time_s\": 1}");
    write_run(site, "20261121T023000Z.json", "{\"outcome\": \"not-published\", \"reason\": \"\\u001b[31mdisk full\"}");
    write_run(site, "20261122T023000Z.json", "{\"outcome\": \"unchanged\", \"generation\": 6}");
    write_run(site, "20261122T023000Z-2.json",
              "{\"outcome\": \"published\", \"generation\": 7, \"time_s\": 9999999999, \"feeds\": ["
              "{\"name\": \"a\", \"state\": \"fresh\", \"fetched_s\": 2},"
              "{\"name\": \"b\", \"state\": \"stale\", \"fetched_s\": 1, \"problem\": \"HTTP 404\"},"
              "{\"name\": \"c\", \"state\": \"missing\", \"problem\": \"never came\"}]}");
    write_run(site, "20261122T023000Z-10.json", "cut sho");
    expect_exchange(site, "status", "status\n", status_json);
    expect(site, 0, "compiler    published (generation 7) ");
    expect(site, 0, "before: unchanged (generation 6) ");
    expect(site, 0, "not-published ");
    expect(site, 0, ":  [31mdisk full\n");
    expect(site, 0, "feeds       3, 1 stale, 1 missing; the oldest copy is ");
    expect(site, 0, "            b is stale, its copy ");
    expect(site, 0, " old: HTTP 404\n");
    expect(site, 0, "            c is missing: never came\n");
    expect_exchange(site, "status --json", "status\n", status_json);
    expect(site, 0, "\"stale\": 1");
    run(site, site->config, "status");
    expect(site, 1, "compiler    published (generation 7) "); /* belishad need not run for it */
}

static void a_silent_belishad_is_reported_with_its_socket(void **state)
{
    struct site *site = *state;
    run(site, site->config, "status");
    expect(site, 1, "/control.sock: No such file or directory");
}

static void reload_and_flush_pass_their_line_on(void **state)
{
    struct site *site = *state;
    expect_exchange(site, "reload", "reload\n", "ok\n");
    expect(site, 0, "ok\n");
    expect_exchange(site, "reload", "reload\n", "error: belisha.yaml:1:1: error: unknown key\n");
    expect(site, 1, "belisha.yaml:1:1: error: unknown key");
    expect_exchange(site, "flush www.example", "flush www.example\n", "ok: 3 answers forgotten\n");
    expect(site, 0, "3 answers forgotten");
    run(site, site->config, "flush");
    expect(site, 2, "Usage: belisha flush NAME");
}

/* ---- the rest ---- */

static void help_and_unknown_commands_have_their_exit_codes(void **state)
{
    struct site *site = *state;
    run(site, site->config, "help");
    expect(site, 0, "why NAME [--client ADDRESS]");
    run(site, site->config, "--help");
    expect(site, 0, "Exit codes:");
    run(site, site->config, "");
    expect(site, 2, "Usage: belisha");
    run(site, site->config, "frobnicate");
    expect(site, 2, "there is no command 'frobnicate'");
    run(site, site->config, "config");
    expect(site, 2, "say check or show");
    run(site, site->config, "--version");
    expect(site, 0, "belisha ");
}

static void every_command_tells_of_itself(void **state)
{
    static const char *const lines[] = {"help log", "log --help", "log search --help", "log -h"};
    struct site *site = *state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        run(site, site->config, lines[i]);
        expect(site, 0, "Usage: belisha log tail|search ");
        expect(site, 0, "\n       belisha log prune ");
        expect(site, 0, "--code XXXX-XXXX ");
    }
    run(site, site->config, "flush --help");
    expect(site, 0, "Usage: belisha flush NAME\n\nforget ");
    run(site, site->config, "help frobnicate");
    expect(site, 2, "there is no command 'frobnicate'");
    run(site, site->config, "log search --category nonsense");
    expect(site, 2, "belisha help log says what the options mean.\n");
    run(site, site->config, "revoke");
    expect(site, 2, "the number of a decision is expected");
}

#define WITH_SITE(test) cmocka_unit_test_setup_teardown(test, site_make, site_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SITE(why_names_verdict_rule_list_and_answer),
        WITH_SITE(why_gives_json_that_reads_back),
        WITH_SITE(why_without_a_list_says_that_nothing_is_allowed),
        WITH_SITE(why_refuses_what_it_does_not_understand),
        WITH_SITE(config_check_reports_every_mistake),
        WITH_SITE(config_show_prints_a_configuration_that_means_the_same),
        WITH_SITE(status_tells_what_the_compilers_runs_came_to),
        WITH_SITE(status_makes_a_table_of_what_belishad_says),
        WITH_SITE(a_silent_belishad_is_reported_with_its_socket),
        WITH_SITE(reload_and_flush_pass_their_line_on),
        WITH_SITE(help_and_unknown_commands_have_their_exit_codes),
        WITH_SITE(every_command_tells_of_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
