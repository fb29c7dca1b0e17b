#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/category.h"
#include "dns/name.h"
#include "dns/rr.h"

/* ---- a folder of files per test ---- */

struct folder {
    char path[64];
    char files[4][96];
    size_t count;
};

static int folder_make(void **state)
{
    struct folder *f = calloc(1, sizeof *f);
    strcpy(f->path, "/tmp/belisha-config-XXXXXX");
    *state = f;
    return mkdtemp(f->path) == NULL;
}

static int folder_remove(void **state)
{
    struct folder *f = *state;
    for (size_t i = 0; i < f->count; i++)
        unlink(f->files[i]);
    rmdir(f->path);
    free(f);
    return 0;
}

/* Writes a file, anew if it is there, and returns its path. */
static const char *file(struct folder *f, const char *name, const char *text)
{
    char path[sizeof f->files[0]];
    size_t i = 0;
    strcpy(path, f->path);
    strcat(path, "/");
    strcat(path, name);
    while (i < f->count && strcmp(f->files[i], path) != 0)
        i++;
    strcpy(f->files[i], path);
    if (i == f->count)
        f->count++;
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs(text, to);
    fclose(to);
    return f->files[i];
}

static struct config *load(const char *const files[], size_t count)
{
    struct config_errors errors = {0};
    struct config *config = NULL;
    int rc = config_load(files, count, &config, &errors);
    if (rc != 0)
        fail_msg("%s", errors.count ? errors.text[0] : "no message");
    return config;
}

static struct config *load_text(struct folder *f, const char *text)
{
    const char *const files[] = {file(f, "belisha.yaml", text)};
    return load(files, 1);
}

static const uint8_t *wire(const char *text, uint8_t out[NAME_MAX_LEN])
{
    assert_true(name_from_text(text, strlen(text), out) > 0);
    return out;
}

static const struct policy_name *special_find(const struct config *config, const char *name,
                                              enum policy_special special)
{
    uint8_t bytes[NAME_MAX_LEN];
    wire(name, bytes);
    for (size_t i = 0; i < config->policy.name_count; i++)
        if (config->policy.names[i].special == special && name_equal(config->policy.names[i].name, bytes))
            return &config->policy.names[i];
    return NULL;
}

/* ---- files ---- */

static void no_file_at_all_is_a_configuration(void **state)
{
    (void)state;
    struct config *config = load(NULL, 0);
    assert_string_equal(config->state_dir, "/var/lib/belisha");
    assert_string_equal(config->blocklist_dir, "/var/lib/belisha/blocklist");
    assert_string_equal(config->generation_path, "/var/lib/belisha/blocklist/current");
    assert_int_equal(config->listen_count, 1);
    assert_in_range(config->workers, 1, 64);
    assert_int_equal(config->query.blocked_ttl_s, 10);
    assert_int_equal(config->query.client_timeout_ms, 4000);
    assert_false(config->query.has_sinkhole_v4);
    assert_int_equal(config->query.zone_count, 1);
    assert_true(config->policy.levels[0].block == UINT64_MAX);
    assert_int_equal(config->cache.bytes, 64 << 20);
    assert_int_equal(config->log.writer_count, config->workers);
    struct policy *policy;
    assert_int_equal(policy_new(&config->policy, &policy), 0);
    policy_free(policy);
    config_free(config);
}

static void later_files_are_laid_over_earlier_ones(void **state)
{
    struct folder *f = *state;
    const char *const files[] = {file(f, "base.yaml", "workers: 2\nstate_dir: /srv/b\nlog: {dir: q, retention: 7d}\n"),
                                 file(f, "extra.yaml", "workers: 3\nlog: {retention: 8d}\n")};
    struct config *config = load(files, 2);
    assert_int_equal(config->workers, 3);
    assert_string_equal(config->log.dir, "/srv/b/q");
    assert_int_equal(config->log.retention_s, 8 * 86400);
    config_free(config);
}

static void the_shipped_samples_are_valid(void **state)
{
    const char *const files[] = {BELISHA_DATA "/belisha.yaml"};
    (void)state;
    struct config *config = load(files, 1);
    assert_int_equal(config->policy.group_count, 4);
    assert_string_equal(config->policy.levels[config->policy.default_level].name, "year-7-9");
    assert_non_null(special_find(config, "welcome.school.example", POLICY_SPECIAL_RECORD));
    config_free(config);
}

static void a_policy_file_is_found_beside_the_file_that_names_it(void **state)
{
    struct folder *f = *state;
    file(f, "policy.yaml", "levels: [{name: calm, block: [gambling]}]\n");
    struct config *config = load_text(f, "policy: policy.yaml\n");
    assert_string_equal(config->policy.levels[0].name, "calm");
    assert_true(config->policy.levels[0].block == CATEGORY_BIT(CATEGORY_GAMBLING));
    config_free(config);
}

static void mistakes_name_their_place(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"policy: missing.yaml",
         ":1:9: error: policy must be a mapping or a file that can be read, not 'missing.yaml'"},
        {"policy: {persons: users.csv}", ":1:10: error: unknown key 'persons'"},
        {"policy: {levels: []}", "error: a policy needs at least one level"},
        {"policy: {levels: [{name: a}, {name: a}]}", ":1:30: error: level 'a' is given twice"},
        {"policy: {levels: [{name: a, block: [drugs], allow: [drugs]}]}",
         ":1:53: error: 'drugs' is in another list of level 'a' already"},
        {"policy: {levels: [{name: a, block: all, allow: all}]}", "error: 'all' can stand in one list of a level only"},
        {"policy: {levels: [{name: a, allow: [illegal]}]}", ":1:37: error: 'illegal' is always blocked"},
        {"policy: {levels: [{name: a, log_only: [illegal]}]}", ":1:40: error: 'illegal' is always blocked"},
        {"policy: {default_level: x}", ":1:25: error: default_level 'x' is not among the levels"},
        {"policy: {groups: [{name: g, networks: [10.0.0.0/8], level: x}]}",
         ":1:60: error: group 'g' has level 'x', which is not among the levels"},
        {"policy: {groups: [{name: g, networks: [8.8.8.0/24], level: default}]}",
         ":1:40: error: this network is outside `access`: nobody in it may ask"},
        {"policy: {groups: [{name: default, networks: [10.0.0.0/8], level: default}]}",
         "error: 'default' means clients in no group"},
        {"policy:\n  groups:\n  - {name: g, networks: [10.1.0.0/16], level: default}\n"
         "  - {name: h, networks: [10.2.0.0/16, 10.1.0.0/16], level: default}",
         ":4:39: error: this network is given twice, first in line 3"},
        {"block: [a.example, .]", ":1:20: error: '.' means every name"},
        {"allow: .", ":1:8: error: '.' means every name"},
        {"protected_help: [.]", ":1:18: error: '.' means every name"},
        {"records: [{name: ., type: A, value: 10.0.0.1}]", ":1:11: error: the root can have no local record"},
        {"listen: []", ":1:9: error: listen names no address"},
        {"upstreams: [{address: 10.0.0.1, pins: [abc]}]",
         ":1:40: error: an entry of pins must be 44 characters of base64"},
        {"tls: {dot: [127.0.0.1], key: k.pem}", ":1:13: error: encrypted DNS needs a certificate: tls.certificate"},
        {"tls: {doh: [127.0.0.1], certificate: c.pem}", ":1:13: error: encrypted DNS needs a private key: tls.key"},
        {"tls: {doh: [127.0.0.1], certificate: c, key: k, doh_path: q}", ":1:59: error: doh_path must begin with /"},
        {"tls: {doh: [127.0.0.1], certificate: c, key: k, doh_path: \"/q{x}\"}", "error: doh_path must begin with /"},
        {"access: []", ":1:9: error: access names no network"},
        {"identity: {devices: [{mac: 3c:22:fb:01:02:03}]}", ":1:22: error: a device needs a name (device) or a person"},
        {"identity: {devices: [{user: jones}]}", "error: a device needs a mac, an address, a cpe_id or a name"},
        {"identity: {devices: [{device: x}]}", "error: a device with a name alone says nothing"},
        {"identity: {devices: [{mac: 3c:22:fb:01:02, device: x}]}",
         ":1:28: error: mac must be the address of a network card"},
        {"identity: {devices: [{cpe_id: a, address: 10.0.0.1, device: x}]}", "error: a cpe_id stands for a forwarder"},
        {"identity: {forwarders: [{networks: [10.0.0.1], believe: [name]}]}", "error: "},
        {"structured_errors: {option_code: 10}", ":1:20: error: option_code 10 is that of another EDNS option"},
        {"structured_errors: {option_code: 15}",
         "error: option_code 15 is that of another EDNS option: empty_ede takes"},
        {"structured_errors: {option_code: 65535}", "error: option_code must be from 0 to 65534"},
        {"structured_errors: {contact: [https://school.example/]}",
         ":1:31: error: an entry of contact must be a contact"},
        {"structured_errors: {contact: ['mailto:']}", "error: an entry of contact must be a contact such as mailto:"},
        {"structured_errors: {contact: ['mailto:a b@c.example']}", "error: an entry of contact must be a contact"},
        {"structured_errors: {contact: [\"tel:1\\u0001\"]}", "error: an entry of contact must be a contact"},
        {"structured_errors: {language: englishbut}", "error: language must be a language tag"},
        {"structured_errors: {language: 1a}", ":1:31: error: language must be a language tag such as en"},
        {"structured_errors: {language: en-}", "error: language must be a language tag"},
        {"upstreams: [127.0.0.1]", ":1:13: error: upstream 127.0.0.1:53 is where we listen ourselves"},
        {"listen: [\"0.0.0.0:53\"]\nupstreams: [127.0.0.1]", ":2:13: error: upstream 127.0.0.1:53 is where we listen"},
        {"upstreams: [recursive, 10.0.0.1]", ":1:13: error: recursive must stand alone"},
        {"zones: [{name: a.example, upstreams: [10.0.0.1, recursive]}]", ":1:49: error: recursive must stand alone"},
        {"upstreams: [{address: recursive, tcp: true}]", ":1:13: error: recursive takes no tcp, tls or pins"},
        {"upstreams: recursive\nrecursion: {ipv4: no, ipv6: no}", ":2:29: error: without ipv4 and ipv6"},
        {"upstreams: recursive\nrecursion: {ipv6: no, outgoing: [192.0.2.1, fd00::1]}",
         ":2:45: error: an address of a family that is switched off"},
        {"upstreams: recursive\nrecursion: {outgoing: [\"192.0.2.1:53\"]}",
         ":2:25: error: an entry of outgoing must be"},
        {"upstreams: recursive\nrecursion: {program: 'a\"b'}", ":2:23: error: program can't have quotes"},
        {"zones: [{name: ., upstreams: [10.0.0.1]}]", ":1:9: error: a zone can't be the root"},
        {"zones: [{name: a.example, upstreams: []}]", ":1:9: error: a zone needs at least one upstream"},
        {"zones: [{name: a.example, upstreams: [10.0.0.1]}, {name: A.example, upstreams: [10.0.0.1]}]",
         ":1:51: error: zone 'a.example' is given twice, first in line 1"},
        {"records: [{name: a.example, type: A}]", ":1:11: error: this record has no value"},
        {"records: [{name: a.example, type: A, value: fd00::1}]",
         ":1:45: error: the value of this A record must be an IPv4 address such as 10.0.0.7, not 'fd00::1'"},
        {"records: [{name: a.example, type: MX, value: mail.example}]", "such as `10 mail.school.example`, not"},
        {"records: [{name: a.example, type: MX, value: 65536 mail.example}]", "not '65536 mail.example'"},
        {"records: [{name: a.example, type: SRV, value: 1 2 mail.example}]", "`0 5 389 dc1.school.example`, not"},
        {"records: [{name: a.example, type: CNAME, value: b.example}, {name: a.example, type: A, value: 10.0.0.1}]",
         "error: 'a.example' has a CNAME record and can have no other"},
    };
    struct folder *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct config_errors errors = {0};
        struct config *config = NULL;
        const char *const files[] = {file(f, "belisha.yaml", rows[i].text)};
        int rc = config_load(files, 1, &config, &errors);
        if (rc != ERR_CONFIG || errors.count != 1 || strstr(errors.text[0], rows[i].message) == NULL)
            fail_msg("%s\n gave %d, %zu messages: %s\n wanted: %s", rows[i].text, rc, errors.count,
                     errors.count ? errors.text[0] : "-", rows[i].message);
        config_errors_done(&errors);
    }
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
    struct config_errors errors = {0};
    struct config *config = NULL;
    const char *const files[] = {"/nowhere/belisha.yaml"};
    (void)state;
    assert_int_equal(config_load(files, 1, &config, &errors), ERR_CONFIG);
    assert_non_null(strstr(errors.text[0], "/nowhere/belisha.yaml: error: can't be read: "));
    config_errors_done(&errors);
}

/* ---- what becomes of it ---- */

static void categories_become_masks(void **state)
{
    struct config *config =
        load_text(*state, "policy:\n"
                          "  levels:\n"
                          "  - {name: young, block: all, allow: [news], log_only: [sports]}\n"
                          "  - {name: old, block: [malware, phishing], default: block, wording: staff, ech: keep}\n"
                          "  groups:\n"
                          "  - {name: room, networks: [10.1.0.0/16, \"fd00:1::/32\"], level: old}\n"
                          "  default_level: old\n"
                          "  nxdomain: [advertising]\n"
                          "  zone_answers: notice\n");
    const struct policy_level *levels = config->policy.levels;
    assert_true(levels[0].allow == CATEGORY_BIT(CATEGORY_NEWS));
    assert_true(levels[0].log_only == CATEGORY_BIT(CATEGORY_SPORTS));
    assert_true(levels[0].block == ~(levels[0].allow | levels[0].log_only));
    assert_true(levels[1].block == (CATEGORY_BIT(CATEGORY_MALWARE) | CATEGORY_BIT(CATEGORY_PHISHING)));
    assert_true(levels[1].default_block);
    assert_true(levels[1].keep_ech);
    assert_false(levels[0].keep_ech);
    assert_int_equal(levels[1].wording, POLICY_WORDING_STAFF);
    assert_int_equal(levels[0].wording, POLICY_WORDING_SECONDARY);
    assert_int_equal(config->policy.groups[0].level, 1);
    assert_int_equal(config->policy.groups[0].network_count, 2);
    assert_int_equal(config->policy.default_level, 1);
    assert_true(config->policy.nxdomain == CATEGORY_BIT(CATEGORY_ADVERTISING));
    assert_true(config->policy.zones_lead_to_notice);
    config_free(config);
}

static void zones_share_servers_with_the_root(void **state)
{
    struct config *config =
        load_text(*state, "listen: [127.0.0.1:5353]\n"
                          "upstreams: [10.0.0.1, {address: \"10.0.0.2:5300\", name: main, tcp: true,\n"
                          "  case_randomization: false}]\n"
                          "rebinding_check: false\n"
                          "zones:\n"
                          "- {name: school.local, upstreams: 10.0.0.1}\n"
                          "- {name: 10.in-addr.arpa, upstreams: [10.0.0.3], filter: true}\n");
    const struct query_opts *q = &config->query;
    assert_int_equal(q->server_count, 3);
    assert_string_equal(q->servers[0].name, "10.0.0.1:53");
    assert_string_equal(q->servers[1].name, "main");
    assert_true(q->servers[1].stream);
    assert_true(q->servers[0].spelt);
    assert_false(q->servers[1].spelt);
    assert_int_equal(q->servers[1].at.port, 5300);
    assert_int_equal(q->zone_count, 3);
    assert_int_equal(q->zones[0].server_count, 2);
    assert_int_equal(q->zones[1].servers[0], 0);
    assert_int_equal(q->zones[2].servers[0], 2);
    assert_true(q->zones[0].filtered);
    assert_false(q->zones[1].filtered);
    assert_int_equal(special_find(config, "school.local", POLICY_SPECIAL_ZONE)->index, 1);
    assert_true(special_find(config, "10.in-addr.arpa", POLICY_SPECIAL_ZONE)->filtered);
    /* the zone replaces what would be answered here otherwise */
    assert_null(special_find(config, "10.in-addr.arpa", POLICY_SPECIAL_NODATA));
    assert_non_null(special_find(config, "168.192.in-addr.arpa", POLICY_SPECIAL_NODATA));
    config_free(config);
}

static void recursion_is_used_where_a_list_names_it(void **state)
{
    struct config *config = load_text(*state, "recursion: {memory: 8MiB}");
    assert_false(config->recursion.used);
    config_free(config);
    config = load_text(*state, "state_dir: /s\n"
                               "workers: 3\n"
                               "upstreams: 10.0.0.1\n"
                               "zones: [{name: a.example, upstreams: recursive}]\n"
                               "recursion: {program: bin/unbound, trust_anchor: /k, root_hints: h, ipv6: false,\n"
                               "  insecure: [Broken.example], outgoing: 192.0.2.1, memory: 8MiB, threads: 2}\n");
    const struct query_opts *q = &config->query;
    const struct recursion_opts *r = &config->recursion;
    assert_int_equal(q->server_count, 2);
    assert_false(q->servers[0].recursive);
    assert_true(q->servers[1].recursive);
    assert_string_equal(q->servers[1].name, "recursion");
    assert_int_equal(q->zones[1].servers[0], 1);
    assert_true(r->used);
    assert_string_equal(r->dir, "/s/recursion");
    assert_string_equal(r->program, "/s/bin/unbound");
    assert_string_equal(r->trust_anchor, "/k");
    assert_string_equal(r->root_hints, "/s/h");
    assert_true(r->validate);
    assert_true(r->ipv4);
    assert_false(r->ipv6);
    assert_int_equal(r->insecure_count, 1);
    assert_memory_equal(r->insecure[0], "\6broken\7example", 16);
    assert_int_equal(r->outgoing_count, 1);
    assert_int_equal(r->memory_bytes, 8 << 20);
    assert_int_equal(r->threads, 2);
    assert_true(r->streams >= 3);
    config_free(config);
}

static void a_server_is_listed_once_for_each_transport(void **state)
{
    struct config *config = load_text(*state, "listen: [\"0.0.0.0:5353\"]\n"
                                              "upstreams: [10.0.0.1, 127.0.0.1, \"10.0.0.1:53\", "
                                              "{address: 10.0.0.1, tcp: true}]\n");
    const struct query_opts *q = &config->query;
    assert_int_equal(q->server_count, 3);
    assert_int_equal(q->zones[0].server_count, 3);
    assert_false(q->servers[0].stream);
    assert_true(q->servers[2].stream);
    config_free(config);
}

static void every_time_and_bound_reaches_its_place(void **state)
{
    struct config *config = load_text(
        *state,
        "notice: {ipv6: \"fd00::9\", ttl: 11s, listen: [10.0.0.1:8080], school: Hill, contact: Mrs O, hosts: "
        "[Why.Hill.],\n"
        "  templates: t, help_file: /h, inbox: i, inbox_size: 2MiB}\n"
        "cache: {size: 2MiB, min_ttl: 1s, max_ttl: 2s, negative_ttl: 3s, failure_ttl: 4s, failure_ttl_max: 44s,\n"
        "  serve_stale: false,\n"
        "  nxdomain_cut: false, stale_max: 5s, stale_after: 6ms}\n"
        "limits: {client_timeout: 701ms, upstream_timeout: 72ms, pending: 73, pending_per_client: 74,\n"
        "  client_rate: 78, client_burst: 79, unlimited: [],\n"
        "  tcp_clients: 75, tcp_per_client: 76, tcp_idle: 777ms}\n"
        "log: {enabled: false, node: n, journal: 1MiB, segment_size: 2MiB, segment_age: 81s, retention_size: 3MiB,\n"
        "  fsync: 82ms, memory: m}\n"
        "state_dir: /s\ncontrol: {socket: /run/x}\nworkers: 5\nrebinding_check: false\n");
    const struct query_opts *q = &config->query;
    assert_true(q->has_sinkhole_v6 && !q->has_sinkhole_v4);
    assert_int_equal(q->sinkhole_v6.bytes[15], 9);
    assert_int_equal(q->blocked_ttl_s, 11);
    assert_int_equal(q->ttl_min_s, 1);
    assert_int_equal(q->ttl_max_s, 2);
    assert_int_equal(q->negative_ttl_max_s, 3);
    assert_int_equal(q->failure_ttl_s, 4);
    assert_int_equal(q->failure_ttl_max_s, 44);
    assert_false(q->nxdomain_cut);
    assert_int_equal(q->client_rate, 78);
    assert_int_equal(q->client_burst, 79);
    assert_int_equal(q->unlimited_count, 0);
    assert_false(q->serve_stale);
    assert_int_equal(q->stale_max_s, 5);
    assert_int_equal(q->stale_after_ms, 6);
    assert_int_equal(q->client_timeout_ms, 701);
    assert_int_equal(q->try_timeout_ms, 72);
    assert_int_equal(q->pending_max, 73);
    assert_int_equal(q->asks_max, 73);
    assert_int_equal(q->pending_per_client, 74);
    assert_false(q->rebinding_check || q->zones[0].rebinding_check || q->log_queries || config->log_enabled);
    assert_int_equal(config->limits.tcp_clients, 75);
    assert_int_equal(config->limits.tcp_per_client, 76);
    assert_int_equal(config->limits.tcp_idle_ms, 777);
    assert_string_equal(config->log.node, "n");
    assert_int_equal(config->log.writer_count, 5);
    assert_int_equal(config->log.journal_bytes, 1 << 20);
    assert_int_equal(config->log.segment_bytes, 2 << 20);
    assert_int_equal(config->log.segment_s, 81);
    assert_int_equal(config->log.retention_bytes, 3 << 20);
    assert_int_equal(config->log.fsync_ms, 82);
    assert_string_equal(config->log.memory_dir, "/s/m");
    assert_int_equal(config->cache.bytes, 2 << 20);
    assert_string_equal(config->control_socket, "/run/x");
    const struct config_notice *notice = &config->notice;
    assert_int_equal(notice->listen[0].port, 8080);
    assert_string_equal(notice->school, "Hill");
    assert_string_equal(notice->contact, "Mrs O");
    assert_string_equal(notice->hosts[0], "why.hill");
    assert_string_equal(notice->template_dir, "/s/t");
    assert_string_equal(notice->help_file, "/h");
    assert_string_equal(notice->inbox_dir, "/s/i");
    assert_int_equal(notice->inbox_bytes, 2 << 20);
    config_free(config);
}

static void a_long_text_record_is_cut_into_strings(void **state)
{
    char text[600] = "special_use: false\nrecords: [{name: a.test, type: TXT, value: ";
    size_t head = strlen(text);
    memset(text + head, 'x', 256);
    strcpy(text + head + 256, "}]");
    struct config *config = load_text(*state, text);
    const struct query_record *record = config->query.records;
    assert_int_equal(record->rdata_len, 258);
    assert_int_equal(record->rdata[0], 255);
    assert_int_equal(record->rdata[256], 1);
    config_free(config);
}

static void a_group_may_reach_beyond_access(void **state)
{
    struct config *config =
        load_text(*state, "access: [10.1.2.0/24]\n"
                          "policy: {groups: [{name: g, networks: [10.0.0.0/8], level: default}]}\n");
    assert_int_equal(config->policy.group_count, 1);
    config_free(config);
}

static void records_become_wire_data_sorted_by_name(void **state)
{
    static const struct {
        const char *text;
        uint16_t type;
        const char *rdata;
        size_t rdata_len;
    } rows[] = {
        {"type: A, value: 10.0.0.7", DNS_TYPE_A, "\x0a\0\0\x07", 4},
        {"type: AAAA, value: \"fd00::7\"", DNS_TYPE_AAAA, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07", 16},
        {"type: CNAME, value: b.test", DNS_TYPE_CNAME, "\1b\4test", 8},
        {"type: PTR, value: b.test.", DNS_TYPE_PTR, "\1b\4test", 8},
        {"type: MX, value: 10 b.test", DNS_TYPE_MX, "\0\x0a\1b\4test", 10},
        {"type: SRV, value: 1 2 389 b.test", DNS_TYPE_SRV, "\0\1\0\2\1\x85\1b\4test", 14},
        {"type: TXT, value: hello there", DNS_TYPE_TXT, "\x0bhello there", 12},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, "special_use: false\nrecords: [{name: A.Test, ttl: 30s, %s}]\n", rows[i].text);
        struct config *config = load_text(*state, text);
        assert_int_equal(config->query.record_count, 1);
        const struct query_record *record = config->query.records;
        assert_int_equal(record->type, rows[i].type);
        assert_int_equal(record->ttl_s, 30);
        assert_int_equal(record->rdata_len, rows[i].rdata_len);
        assert_memory_equal(record->rdata, rows[i].rdata, rows[i].rdata_len);
        assert_memory_equal(record->name, "\1a\4test", 8);
        config_free(config);
    }
}

/* RFC 9462, 4; the parameters as RFC 9460, 2.2 lays them out. */
static void encrypted_ways_with_a_name_are_told_to_devices(void **state)
{
    static const char dot[] = "\0\1\3dns\4test\0" /* priority, target */
                              "\0\1\0\4\3dot"     /* alpn */
                              "\0\3\0\2\3\x55"    /* port 853 */
                              "\0\4\0\4\x0a\0\0\7" /* ipv4hint */;
    static const char doh[] = "\0\2\3dns\4test\0"
                              "\0\1\0\3\2h2"
                              "\0\3\0\2\1\xbb"
                              "\0\7\0\x08/q{?dns}"; /* on a wildcard: no hint */
    struct config *config =
        load_text(*state, "tls: { certificate: c.pem, key: k.pem, name: DNS.Test, dot: [10.0.0.7],\n"
                          "       doh: [\"[::]:443\", 0.0.0.0], doh_path: /q }\n");
    const struct query_opts *q = &config->query;
    const struct policy_name *found = special_find(config, "_dns.resolver.arpa", POLICY_SPECIAL_RECORD);
    const struct query_record *record = &q->records[found->index];
    assert_int_equal(record[0].type, DNS_TYPE_SVCB);
    assert_int_equal(record[1].type, DNS_TYPE_SVCB);
    assert_int_equal(record[0].rdata_len, sizeof dot - 1);
    assert_memory_equal(record[0].rdata, dot, sizeof dot - 1);
    assert_int_equal(record[1].rdata_len, sizeof doh - 1);
    assert_memory_equal(record[1].rdata, doh, sizeof doh - 1);
    config_free(config);

    config = load_text(*state, "tls: { certificate: c.pem, key: k.pem, dot: [10.0.0.7] }\n");
    assert_int_equal(config->query.record_count, 4); /* without a name only the built-in ones */
    config_free(config);
}

static void records_of_one_name_stand_together(void **state)
{
    struct config *config = load_text(*state, "records:\n"
                                              "- {name: b.test, type: A, value: 10.0.0.1}\n"
                                              "- {name: a.test, type: A, values: [10.0.0.2, 10.0.0.3]}\n"
                                              "- {name: b.test, type: AAAA, value: \"fd00::1\"}\n"
                                              "- {name: b.test, type: A, value: 10.0.0.4}\n");
    const struct query_opts *q = &config->query;
    const struct policy_name *b = special_find(config, "b.test", POLICY_SPECIAL_RECORD);
    const struct policy_name *a = special_find(config, "a.test", POLICY_SPECIAL_RECORD);
    assert_true(name_equal(q->records[b->index].name, b->name));
    assert_int_equal(q->records[b->index].type, DNS_TYPE_A);
    assert_int_equal(q->records[b->index + 1].type, DNS_TYPE_A);
    assert_int_equal(q->records[b->index + 2].type, DNS_TYPE_AAAA);
    assert_true(name_equal(q->records[b->index + 2].name, b->name));
    for (const struct policy_name *other = config->policy.names; other < b; other++)
        assert_false(other->special == POLICY_SPECIAL_RECORD && name_equal(other->name, b->name));
    for (const struct policy_name *other = b + 1; other < config->policy.names + config->policy.name_count; other++)
        assert_false(other->special == POLICY_SPECIAL_RECORD && name_equal(other->name, b->name));
    assert_int_equal(q->records[a->index].rdata[3], 2);
    assert_int_equal(q->records[a->index + 1].rdata[3], 3);
    assert_false(a->below);
    config_free(config);
}

static void localhost_is_answered_with_all_names_below_it(void **state)
{
    struct config *config = load_text(*state, "{}");
    const struct policy_name *name = special_find(config, "localhost", POLICY_SPECIAL_RECORD);
    assert_true(name->below);
    assert_memory_equal(config->query.records[name->index].rdata, "\x7f\0\0\1", 4);
    config_free(config);
    config = load_text(*state, "records: [{name: localhost, type: A, value: 127.0.0.9}]");
    name = special_find(config, "localhost", POLICY_SPECIAL_RECORD);
    assert_memory_equal(config->query.records[name->index].rdata, "\x7f\0\0\x09", 4);
    config_free(config);
    config = load_text(*state, "special_use: false");
    assert_null(special_find(config, "localhost", POLICY_SPECIAL_RECORD));
    config_free(config);
}

static void names_above_a_local_record_exist(void **state)
{
    struct config *config = load_text(*state, "records: [{name: hello.school.local, type: A, value: 10.0.0.1}]");
    assert_false(special_find(config, "school.local", POLICY_SPECIAL_NODATA)->below);
    assert_false(special_find(config, "local", POLICY_SPECIAL_NODATA)->below);
    assert_true(special_find(config, "invalid", POLICY_SPECIAL_NXDOMAIN) != NULL);
    assert_null(special_find(config, "invalid", POLICY_SPECIAL_NODATA));
    config_free(config);
}

static void names_above_a_zone_exist(void **state)
{
    struct config *config = load_text(*state, "zones: [{name: ad.school.local, upstreams: [10.0.0.1]}]");
    assert_non_null(special_find(config, "school.local", POLICY_SPECIAL_NODATA));
    assert_false(special_find(config, "local", POLICY_SPECIAL_NODATA)->below);
    assert_null(special_find(config, "ad.school.local", POLICY_SPECIAL_NODATA));
    config_free(config);
}

static void canaries_can_be_taken_back(void **state)
{
    struct config *config = load_text(*state, "canaries: {firefox: false}");
    assert_null(special_find(config, "use-application-dns.net", POLICY_SPECIAL_NXDOMAIN));
    assert_non_null(special_find(config, "mask.icloud.com", POLICY_SPECIAL_NXDOMAIN));
    assert_non_null(special_find(config, "mask-h2.icloud.com", POLICY_SPECIAL_NXDOMAIN));
    config_free(config);
}

static void protected_help_can_be_added_to_but_not_shortened(void **state)
{
    struct config *shipped = load(NULL, 0);
    struct config *config = load_text(*state, "protected_help: [counsellor.school.example]");
    assert_true(shipped->protected_help_count > 10);
    assert_int_equal(config->protected_help_count, shipped->protected_help_count + 1);
    assert_true(special_find(config, "childline.org.uk", POLICY_SPECIAL_HELP)->below);
    assert_non_null(special_find(config, "counsellor.school.example", POLICY_SPECIAL_HELP));
    config_free(config);
    config = load_text(*state, "protected_help: []");
    assert_int_equal(config->protected_help_count, shipped->protected_help_count);
    config_free(config);
    config_free(shipped);
}

static void the_version_follows_the_text(void **state)
{
    struct config *one = load_text(*state, "block: [a.example]");
    struct config *same = load_text(*state, "# a comment\nblock: [a.example]");
    struct config *other = load_text(*state, "block: [b.example]");
    assert_int_equal(one->policy.version, same->policy.version);
    assert_int_not_equal(one->policy.version, other->policy.version);
    config_free(one);
    config_free(same);
    config_free(other);
}

/* draft-ietf-dnsop-structured-dns-error-22, 4: minified; without j and o there is no l. */
static void structured_errors_are_composed_beforehand(void **state)
{
    struct config *config = load_text(*state, "notice: {school: \"Hill \\\"Top\\\" School\"}\n"
                                              "structured_errors:\n"
                                              "  option_code: 65001\n"
                                              "  contact: [\"mailto:it@hill.example\", \"tel:+44-1632-960000\"]\n"
                                              "  justification: Ysgol\\r\n"
                                              "  language: cy\n"
                                              "  empty_ede: true\n"
                                              "  encrypted_only: true\n");
    const struct query_structured *s = &config->query.structured;
    assert_int_equal(s->option_code, 65001);
    assert_true(s->by_ede && s->encrypted_only);
    assert_string_equal(s->text, "{\"c\":[\"mailto:it@hill.example\",\"tel:+44-1632-960000\"],\"j\":\"Ysgol\\\\r\","
                                 "\"o\":\"Hill \\\"Top\\\" School\",\"l\":\"cy\",\"s\":5}");
    assert_string_equal(s->short_text, "{\"c\":[\"mailto:it@hill.example\",\"tel:+44-1632-960000\"],\"s\":5}");
    config_free(config);
    config = load_text(*state, "structured_errors: {organisation: The Trust}");
    s = &config->query.structured;
    assert_int_equal(s->option_code, 0);
    assert_false(s->by_ede || s->encrypted_only);
    assert_string_equal(s->text, "{\"j\":\"Blocked by the school's policy\",\"o\":\"The Trust\",\"l\":\"en\",\"s\":5}");
    assert_string_equal(s->short_text, "{\"s\":5}");
    config_free(config);
}

static void a_structured_error_has_a_bound(void **state)
{
    /* what is around the justification comes to 23 bytes */
    char text[1024] = "structured_errors: {justification: ";
    struct config_errors errors = {0};
    struct config *config;
    size_t head = strlen(text);
    memset(text + head, 'x', 512 - 23);
    strcpy(text + head + 512 - 23, "}");
    config = load_text(*state, text);
    assert_int_equal(strlen(config->query.structured.text), 512);
    config_free(config);
    strcpy(text + head + 512 - 23, "x}");
    const char *const files[] = {file(*state, "belisha.yaml", text)};
    assert_int_equal(config_load(files, 1, &config, &errors), ERR_CONFIG);
    assert_non_null(strstr(errors.text[0], "comes to 513 bytes, but at most 512 fit"));
    config_errors_done(&errors);
}

static void a_small_cache_has_few_shards(void **state)
{
    struct config *config = load_text(*state, "cache: {size: 1MiB}");
    assert_int_equal(config->cache.shards, 4);
    config_free(config);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_file_at_all_is_a_configuration),
        WITH_FOLDER(later_files_are_laid_over_earlier_ones),
        cmocka_unit_test(the_shipped_samples_are_valid),
        WITH_FOLDER(a_policy_file_is_found_beside_the_file_that_names_it),
        WITH_FOLDER(mistakes_name_their_place),
        cmocka_unit_test(a_file_that_cannot_be_read_is_named),
        WITH_FOLDER(categories_become_masks),
        WITH_FOLDER(zones_share_servers_with_the_root),
        WITH_FOLDER(recursion_is_used_where_a_list_names_it),
        WITH_FOLDER(a_server_is_listed_once_for_each_transport),
        WITH_FOLDER(every_time_and_bound_reaches_its_place),
        WITH_FOLDER(a_long_text_record_is_cut_into_strings),
        WITH_FOLDER(a_group_may_reach_beyond_access),
        WITH_FOLDER(records_become_wire_data_sorted_by_name),
        WITH_FOLDER(encrypted_ways_with_a_name_are_told_to_devices),
        WITH_FOLDER(records_of_one_name_stand_together),
        WITH_FOLDER(localhost_is_answered_with_all_names_below_it),
        WITH_FOLDER(names_above_a_local_record_exist),
        WITH_FOLDER(names_above_a_zone_exist),
        WITH_FOLDER(canaries_can_be_taken_back),
        WITH_FOLDER(protected_help_can_be_added_to_but_not_shortened),
        WITH_FOLDER(the_version_follows_the_text),
        WITH_FOLDER(structured_errors_are_composed_beforehand),
        WITH_FOLDER(a_structured_error_has_a_bound),
        WITH_FOLDER(a_small_cache_has_few_shards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
