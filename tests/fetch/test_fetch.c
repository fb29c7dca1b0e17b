#include "fetch/fetch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <microhttpd.h>

#define CERTIFICATE "fixture/loopback_certificate.pem"
#define KEY         "fixture/loopback_key.pem"

/* A list server on loopback: /list has an ETag, /endless never ends, /to-http leads away from TLS, the rest is 404. */
struct server {
    struct MHD_Daemon *daemon;
    unsigned port;
    char *certificate, *key;
    char body[256];
    char etag[32];
    unsigned full_answers, unchanged_answers;
};

struct fixture {
    struct server server;
    char dir[64];
    char url[128];
    struct fetch_opts opts;
    struct fetch_request request;
    struct fetch_copy copy;
};

static char *read_file(const char *path)
{
    char *text = calloc(1, 8192);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, 8191, file) > 0);
    fclose(file);
    return text;
}

static ssize_t endless(void *ctx, uint64_t at, char *to, size_t len)
{
    (void)ctx;
    (void)at;
    memset(to, 'a', len);
    return (ssize_t)len;
}

static struct MHD_Response *text_response(const char *text)
{
    return MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result list(struct server *s, struct MHD_Connection *connection)
{
    const char *known = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "If-None-Match");
    bool unchanged = known != NULL && strcmp(known, s->etag) == 0;
    struct MHD_Response *response = text_response(unchanged ? "" : s->body);
    MHD_add_response_header(response, "ETag", s->etag);
    s->unchanged_answers += unchanged;
    s->full_answers += !unchanged;
    return reply(connection, unchanged ? 304 : 200, response);
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *data_len, void **state)
{
    struct server *s = ctx;
    (void)method;
    (void)version;
    (void)data;
    (void)data_len;
    (void)state;
    if (strcmp(url, "/list") == 0)
        return list(s, connection);
    if (strcmp(url, "/endless") == 0)
        return reply(connection, 200, MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, endless, NULL, NULL));
    if (strcmp(url, "/to-http") == 0) {
        struct MHD_Response *response = text_response("");
        MHD_add_response_header(response, "Location", "http://127.0.0.1:9/list");
        return reply(connection, 302, response);
    }
    return reply(connection, 404, text_response("no such list\n"));
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct server *s = &f->server;
    s->certificate = read_file(CERTIFICATE);
    s->key = read_file(KEY);
    strcpy(s->body, "a.example\nb.example\n");
    strcpy(s->etag, "\"one\"");
    s->daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL, NULL, on_request, s,
                         MHD_OPTION_HTTPS_MEM_KEY, s->key, MHD_OPTION_HTTPS_MEM_CERT, s->certificate, MHD_OPTION_END);
    assert_non_null(s->daemon);
    s->port = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    strcpy(f->dir, "/tmp/belisha-fetch-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->opts = (struct fetch_opts){
        .dir = f->dir, .now_s = 1000000, .download = {.connect_ms = 5000, .stall_s = 5, .ca_file = CERTIFICATE}};
    snprintf(f->url, sizeof f->url, "https://127.0.0.1:%u/list", s->port);
    f->request = (struct fetch_request){.name = "feed", .source = f->url, .bytes_max = 1 << 20, .total_ms = 10000};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[128];
    MHD_stop_daemon(f->server.daemon);
    snprintf(command, sizeof command, "rm -r %s", f->dir);
    assert_int_equal(system(command), 0);
    free(f->server.certificate);
    free(f->server.key);
    free(f);
    return 0;
}

static void get(struct fixture *f, const char *path)
{
    snprintf(f->url, sizeof f->url, "https://127.0.0.1:%u%s", f->server.port, path);
    fetch_get(&f->opts, &f->request, &f->copy);
}

static void get_and_keep(struct fixture *f)
{
    get(f, "/list");
    assert_true(f->copy.candidate);
    assert_int_equal(fetch_keep(&f->opts, &f->request, &f->copy, 2), 0);
}

static void assert_copy_is(const struct fixture *f, const char *text)
{
    char *found = read_file(f->copy.path);
    assert_string_equal(found, text);
    free(found);
}

static void fetch_keeps_a_copy_that_was_judged_good(void **state)
{
    struct fixture *f = *state;
    get(f, "/list");
    assert_int_equal(f->copy.err, 0);
    assert_true(f->copy.candidate);
    assert_false(f->copy.has_last);
    assert_copy_is(f, "a.example\nb.example\n");
    assert_int_equal(fetch_keep(&f->opts, &f->request, &f->copy, 2), 0);
    assert_false(f->copy.candidate);
    assert_int_equal(f->copy.last.names, 2);
    assert_string_equal(f->copy.last.etag, "\"one\"");
    assert_copy_is(f, "a.example\nb.example\n");
}

static void fetch_asks_only_whether_something_is_new(void **state)
{
    struct fixture *f = *state;
    get_and_keep(f);
    f->opts.now_s += 86400;
    get(f, "/list");
    assert_false(f->copy.candidate);
    assert_int_equal(f->copy.err, 0);
    assert_int_equal(f->server.unchanged_answers, 1);
    assert_int_equal(f->copy.entry.fetched_s, f->opts.now_s); /* current again */
    strcpy(f->server.etag, "\"two\"");
    strcpy(f->server.body, "c.example\n");
    get(f, "/list");
    assert_true(f->copy.candidate);
    assert_copy_is(f, "c.example\n");
}

static void fetch_leaves_a_young_copy_alone(void **state)
{
    struct fixture *f = *state;
    f->request.every_s = 3600;
    get_and_keep(f);
    f->opts.now_s += 3599;
    get(f, "/list");
    assert_int_equal(f->server.full_answers + f->server.unchanged_answers, 1);
    f->opts.now_s += 1;
    get(f, "/list");
    assert_int_equal(f->server.full_answers + f->server.unchanged_answers, 2);
}

static void fetch_falls_back_to_the_last_good_copy(void **state)
{
    static const struct {
        const char *path;
        int err;
    } rows[] = {{"/gone", ERR_NOENT}, {"/endless", ERR_LIMIT}, {"/to-http", ERR_NETWORK}};
    struct fixture *f = *state;
    get_and_keep(f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char candidate[STORE_PATH_MAX];
        get(f, rows[i].path);
        assert_int_equal(f->copy.err, rows[i].err);
        assert_true(strlen(f->copy.why) > 0);
        assert_false(f->copy.candidate);
        assert_copy_is(f, "a.example\nb.example\n");
        assert_int_equal(store_path(f->dir, "feed", "new", candidate), 0);
        assert_int_equal(access(candidate, F_OK), -1);
    }
}

static void fetch_trusts_no_unknown_certificate(void **state)
{
    struct fixture *f = *state;
    f->opts.download.ca_file = NULL; /* the system's, which has not signed it */
    get(f, "/list");
    assert_int_equal(f->copy.err, ERR_NETWORK);
    assert_string_equal(f->copy.path, "");
    assert_int_equal(f->server.full_answers, 0);
}

static void fetch_discards_what_its_reader_did_not_believe(void **state)
{
    struct fixture *f = *state;
    get_and_keep(f);
    strcpy(f->server.etag, "\"two\"");
    strcpy(f->server.body, "# no name at all\n");
    get(f, "/list");
    assert_true(f->copy.candidate);
    fetch_discard(&f->opts, &f->request, &f->copy, ERR_LIMIT, "empty");
    assert_string_equal(f->copy.why, "empty");
    assert_copy_is(f, "a.example\nb.example\n");
    assert_string_equal(f->copy.entry.etag, "\"one\""); /* the next run asks again */
}

static void fetch_uses_no_validator_of_another_address(void **state)
{
    struct fixture *f = *state;
    get_and_keep(f);
    snprintf(f->url, sizeof f->url, "https://127.0.0.1:%u/list?other", f->server.port);
    fetch_get(&f->opts, &f->request, &f->copy);
    assert_true(f->copy.candidate);
    assert_int_equal(f->server.unchanged_answers, 0);
}

static void fetch_copies_files_and_survives_their_loss(void **state)
{
    struct fixture *f = *state;
    char path[128], source[160];
    snprintf(path, sizeof path, "%s/list.txt", f->dir);
    snprintf(source, sizeof source, "file:%s", path);
    FILE *file = fopen(path, "we");
    assert_true(fputs("a.example\n", file) != EOF);
    fclose(file);
    f->request.source = source;
    fetch_get(&f->opts, &f->request, &f->copy);
    assert_true(f->copy.candidate);
    assert_int_equal(fetch_keep(&f->opts, &f->request, &f->copy, 1), 0);
    fetch_get(&f->opts, &f->request, &f->copy);
    assert_false(f->copy.candidate); /* the same file: nothing to copy */
    assert_int_equal(f->copy.err, 0);
    unlink(path);
    fetch_get(&f->opts, &f->request, &f->copy);
    assert_int_equal(f->copy.err, ERR_NOENT);
    assert_copy_is(f, "a.example\n");
}

static void fetch_takes_no_list_that_can_not_be_one(void **state)
{
    static const char *const bodies[] = {"", "<!DOCTYPE html><html><body>Please log on</body></html>"};
    struct fixture *f = *state;
    get_and_keep(f);
    strcpy(f->server.etag, "\"two\"");
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        strcpy(f->server.body, bodies[i]);
        get(f, "/list");
        assert_int_equal(f->copy.err, ERR_MALFORMED);
        assert_false(f->copy.candidate);
        assert_copy_is(f, "a.example\nb.example\n");
    }
}

static void fetch_without_a_folder_for_copies_downloads_nothing(void **state)
{
    struct fixture *f = *state;
    f->opts.dir = NULL;
    get(f, "/list");
    assert_int_equal(f->copy.err, ERR_UNSUPPORTED);
    assert_string_equal(f->copy.path, "");
}

static void store_trusts_a_copy_but_not_the_facts_of_another(void **state)
{
    struct fixture *f = *state;
    struct store_entry entry;
    char path[STORE_PATH_MAX];
    get_and_keep(f);
    assert_int_equal(store_path(f->dir, "feed", "feed", path), 0);
    assert_int_equal(truncate(path, 10), 0); /* another copy, as after a kill between two renames */
    assert_int_equal(store_read(f->dir, "feed", &entry), 0);
    assert_int_equal(entry.bytes, 10);
    assert_string_equal(entry.etag, "");
    assert_string_equal(entry.source, "");
    get(f, "/list");
    assert_true(f->copy.candidate); /* asked for without validators */
    assert_int_equal(store_read(f->dir, "other", &entry), ERR_NOENT);
}

static void store_sweep_removes_what_a_killed_run_left(void **state)
{
    static const char *const left[] = {"feed.new", "other.new", "feed.json-new", "feed.sheaf-new"};
    struct fixture *f = *state;
    char path[STORE_PATH_MAX];
    struct store_entry entry;
    get_and_keep(f);
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", f->dir, left[i]);
        fclose(fopen(path, "we"));
    }
    store_sweep(f->dir);
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", f->dir, left[i]);
        assert_int_equal(access(path, F_OK), -1);
    }
    assert_int_equal(store_read(f->dir, "feed", &entry), 0);
    assert_string_equal(entry.etag, "\"one\"");
    store_sweep("/tmp/belisha/no/such");
}

int main(void)
{
#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(fetch_keeps_a_copy_that_was_judged_good),
        IN_FIXTURE(fetch_asks_only_whether_something_is_new),
        IN_FIXTURE(fetch_leaves_a_young_copy_alone),
        IN_FIXTURE(fetch_falls_back_to_the_last_good_copy),
        IN_FIXTURE(fetch_trusts_no_unknown_certificate),
        IN_FIXTURE(fetch_discards_what_its_reader_did_not_believe),
        IN_FIXTURE(fetch_uses_no_validator_of_another_address),
        IN_FIXTURE(fetch_copies_files_and_survives_their_loss),
        IN_FIXTURE(fetch_takes_no_list_that_can_not_be_one),
        IN_FIXTURE(fetch_without_a_folder_for_copies_downloads_nothing),
        IN_FIXTURE(store_sweep_removes_what_a_killed_run_left),
        IN_FIXTURE(store_trusts_a_copy_but_not_the_facts_of_another),
    };
    return download_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
