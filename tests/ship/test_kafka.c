/* Shipping to Kafka: librdkafka's own cluster of three brokers, with errors, a broker that goes away, and a shipper that is stopped. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <cmocka.h>

#include "base/err.h"
#include "qlog/fixture.h"
#include "ship/shipping.h"

#define SEGMENTS   4
#define EACH       2000
#define TOPIC      "belisha"
#define PARTITIONS 4
#define PRODUCE    0 /* numbers of requests in Kafka's protocol */
#define INIT_PID   22
#define TOKENS_MAX 4096
#define WAIT_MS    60000

static struct fixture fixture;
static rd_kafka_t *holder;
static rd_kafka_mock_cluster_t *cluster;
static volatile sig_atomic_t stop;
static struct destination to;

static void log_write(void)
{
    const struct qlog_opts opts = fixture_opts(&fixture);
    struct qlog_record record;
    struct qlog *log;
    assert_int_equal(qlog_open(&opts, &log), 0);
    for (uint32_t i = 0; i < SEGMENTS * EACH; i++) {
        fixture_record(i, &record);
        qlog_append(qlog_writer(log, 0), &record);
        if ((i + 1) % EACH == 0)
            assert_int_equal(qlog_flush(log), 0);
    }
    qlog_close(log);
}

static int set_up(void **state)
{
    static const char *addresses[1];
    char why[256];
    (void)state;
    fixture_begin(&fixture);
    log_write();
    holder = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof why);
    assert_non_null(holder);
    cluster = rd_kafka_mock_cluster_new(holder, 3);
    assert_non_null(cluster);
    assert_int_equal(rd_kafka_mock_topic_create(cluster, TOPIC, PARTITIONS, 3), 0);
    addresses[0] = rd_kafka_mock_cluster_bootstraps(cluster);
    to = (struct destination){.name = "county",
                              .kind = DESTINATION_KAFKA,
                              .addresses = addresses,
                              .address_count = 1,
                              .topic = TOPIC,
                              .timeout_ms = 20000,
                              .identities = IDENTITIES_NONE};
    stop = 0;
    return 0;
}

static int tear_down(void **state)
{
    char command[160];
    (void)state;
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(holder);
    snprintf(command, sizeof command, "rm -rf %s", fixture.dir);
    return system(command);
}

static int ship(struct shipping_result *out)
{
    const struct shipping_opts opts = {
        .to = &to, .log_dir = fixture.dir, .site = "oakfield", .tries = 8, .stop = &stop, .say = NULL};
    return shipping_run(&opts, out);
}

/* ---- the reader ---- */

static struct seen {
    char tokens[TOKENS_MAX][300];
    size_t token_count;
    uint32_t messages, again; /* again: whose token was seen before */
    uint8_t rows[SEGMENTS + 1][EACH];
    uint32_t row_count;
    uint32_t partitions; /* bits */
} seen;

static bool token_is_new(const char *token)
{
    for (size_t i = 0; i < seen.token_count; i++)
        if (strcmp(seen.tokens[i], token) == 0)
            return false;
    assert_true(seen.token_count < TOKENS_MAX);
    snprintf(seen.tokens[seen.token_count++], sizeof seen.tokens[0], "%s", token);
    return true;
}

static void take_row(const char *line, size_t len)
{
    json_t *row = json_loadb(line, len, 0, NULL);
    assert_non_null(row);
    int64_t segment = json_integer_value(json_object_get(row, "segment"));
    int64_t number = json_integer_value(json_object_get(row, "number"));
    assert_int_equal(json_integer_value(json_object_get(row, "v")), SHIP_SCHEMA);
    assert_string_equal(json_string_value(json_object_get(row, "site")), "oakfield");
    assert_string_equal(json_string_value(json_object_get(row, "node")), "node-a");
    assert_true(segment >= 1 && segment <= SEGMENTS && number >= 0 && number < EACH);
    /* fixture_record() puts the row's number into its rule */
    assert_int_equal(json_integer_value(json_object_get(row, "rule")), (segment - 1) * EACH + number);
    seen.rows[segment][number]++;
    seen.row_count++;
    json_decref(row);
}

static const char *header(const rd_kafka_message_t *message, const char *name)
{
    rd_kafka_headers_t *headers;
    const void *value;
    size_t len;
    assert_int_equal(rd_kafka_message_headers(message, &headers), 0);
    assert_int_equal(rd_kafka_header_get_last(headers, name, &value, &len), 0);
    return value;
}

static void take_message(const rd_kafka_message_t *message)
{
    const char *at = message->payload, *end = at + message->len;
    uint32_t before = seen.row_count;
    seen.messages++;
    seen.partitions |= 1u << message->partition;
    assert_int_equal(message->key_len, strlen("oakfield"));
    assert_memory_equal(message->key, "oakfield", message->key_len);
    assert_true(message->len <= 1000000);
    if (!token_is_new(header(message, "token"))) {
        seen.again++;
        return;
    }
    for (const char *line_end; at < end; at = line_end + 1) {
        line_end = memchr(at, '\n', (size_t)(end - at));
        assert_non_null(line_end);
        take_row(at, (size_t)(line_end - at));
    }
    assert_int_equal(strtoul(header(message, "rows"), NULL, 10), seen.row_count - before);
    assert_string_equal(header(message, "schema"), "1");
}

static rd_kafka_t *reader_open(void)
{
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const char *const settings[][2] = {{"bootstrap.servers", to.addresses[0]},
                                       {"group.id", "reader"},
                                       {"enable.partition.eof", "true"},
                                       {"auto.offset.reset", "earliest"},
                                       {"fetch.wait.max.ms", "50"}};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        assert_int_equal(rd_kafka_conf_set(conf, settings[i][0], settings[i][1], why, sizeof why), RD_KAFKA_CONF_OK);
    rd_kafka_t *reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    assert_non_null(reader);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS);
    for (int i = 0; i < PARTITIONS; i++)
        rd_kafka_topic_partition_list_add(list, TOPIC, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    assert_int_equal(rd_kafka_assign(reader, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    return reader;
}

/* All that is there, from the beginning. */
static void read_all(void)
{
    uint32_t ends = 0;
    rd_kafka_t *reader = reader_open();
    memset(&seen, 0, sizeof seen);
    for (int waited = 0; ends != (1u << PARTITIONS) - 1 && waited < WAIT_MS;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, 100);
        waited += message == NULL ? 100 : 0;
        if (message == NULL)
            continue;
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
            ends |= 1u << message->partition;
        else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            take_message(message);
        rd_kafka_message_destroy(message);
    }
    assert_int_equal(ends, (1u << PARTITIONS) - 1);
    rd_kafka_consumer_close(reader);
    rd_kafka_destroy(reader);
}

static void assert_every_row_once(void)
{
    read_all();
    assert_int_equal(seen.row_count, SEGMENTS * EACH);
    for (uint32_t segment = 1; segment <= SEGMENTS; segment++)
        for (uint32_t number = 0; number < EACH; number++)
            assert_int_equal(seen.rows[segment][number], 1);
}

/* ---- what is shown ---- */

static void rows_come_as_whole_messages_of_one_school_in_one_partition(void **state)
{
    struct shipping_result result;
    (void)state;
    assert_int_equal(ship(&result), 0);
    assert_int_equal(result.rows, SEGMENTS * EACH);
    assert_every_row_once();
    assert_int_equal(seen.again, 0);
    assert_true(seen.messages >= 2 * SEGMENTS);
    assert_int_equal(__builtin_popcount(seen.partitions), 1);
}

static void errors_of_brokers_lose_and_double_nothing(void **state)
{
    struct shipping_result result;
    (void)state;
    rd_kafka_mock_push_request_errors(cluster, INIT_PID, 2, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
                                      RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
    rd_kafka_mock_push_request_errors(
        cluster, PRODUCE, 8, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_NO_ERROR,
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_NO_ERROR,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
    assert_int_equal(ship(&result), 0);
    assert_every_row_once();
}

static void what_a_broker_refuses_is_told_and_the_place_stays(void **state)
{
    struct shipping_result result;
    struct position at;
    (void)state;
    for (int i = 0; i < 64; i++)
        rd_kafka_mock_push_request_errors(cluster, PRODUCE, 1, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    const struct shipping_opts opts = {
        .to = &to, .log_dir = fixture.dir, .site = "oakfield", .tries = 2, .stop = &stop};
    assert_true(shipping_run(&opts, &result) < 0);
    assert_int_equal(result.rows, 0);
    assert_int_equal(position_load(fixture.dir, "county", &at), 0);
    assert_true(at.segment <= 1);
    assert_int_equal(at.rows, 0);
    assert_true(at.failing_s > 0);
    assert_non_null(strstr(at.why, "authorization"));
    rd_kafka_mock_clear_request_errors(cluster, PRODUCE);
    assert_int_equal(ship(&result), 0);
    assert_every_row_once();
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static uint64_t batches_done(void)
{
    struct position at;
    return position_load(fixture.dir, "county", &at) == 0 ? at.batches : 0;
}

static void *run_in_thread(void *result)
{
    struct shipping_result *out = result;
    return ship(out) == 0 ? result : NULL;
}

static void wait_for_batches(uint64_t count)
{
    for (int waited = 0; batches_done() < count && waited < WAIT_MS; waited += 2)
        pause_ms(2);
    assert_true(batches_done() >= count);
}

static void a_broker_that_goes_and_comes_back_is_waited_for(void **state)
{
    struct shipping_result result;
    pthread_t thread;
    void *done;
    (void)state;
    for (int broker = 1; broker <= 3; broker++) /* so that it takes a while */
        rd_kafka_mock_broker_set_rtt(cluster, broker, 60);
    assert_int_equal(pthread_create(&thread, NULL, run_in_thread, &result), 0);
    wait_for_batches(1);
    for (int broker = 1; broker <= 3; broker++)
        assert_int_equal(rd_kafka_mock_broker_set_down(cluster, broker), 0);
    pause_ms(300);
    for (int broker = 1; broker <= 3; broker++)
        assert_int_equal(rd_kafka_mock_broker_set_up(cluster, broker), 0);
    assert_int_equal(pthread_join(thread, &done), 0);
    assert_non_null(done);
    assert_every_row_once();
}

/* As after kill -9 between the broker's answer and the place on disk: the place is older than what was sent. */
static void what_comes_twice_has_the_same_token(void **state)
{
    struct shipping_result result;
    struct position early;
    (void)state;
    assert_int_equal(position_load(fixture.dir, "county", &early), 0);
    assert_int_equal(ship(&result), 0);
    early.segment = 3;
    early.rows = 0;
    assert_int_equal(position_save(fixture.dir, "county", &early), 0);
    assert_int_equal(ship(&result), 0);
    assert_int_equal(result.rows, 2 * EACH);
    assert_every_row_once();
    assert_int_equal(seen.messages, seen.token_count + seen.again);
    assert_true(seen.again >= 2 * 2);
}

static void a_stopped_shipper_goes_on_later(void **state)
{
    struct shipping_result result;
    pthread_t thread;
    void *done;
    (void)state;
    for (int broker = 1; broker <= 3; broker++)
        rd_kafka_mock_broker_set_rtt(cluster, broker, 40);
    for (uint64_t count = 1; count < SEGMENTS; count += 2) {
        stop = 0;
        assert_int_equal(pthread_create(&thread, NULL, run_in_thread, &result), 0);
        wait_for_batches(count);
        stop = 1;
        assert_int_equal(pthread_join(thread, &done), 0);
    }
    stop = 0;
    assert_int_equal(ship(&result), 0);
    assert_every_row_once();
}

static void a_setting_that_is_none_is_told(void **state)
{
    static const struct destination_setting settings[] = {{"compresion.codec", "zstd"}};
    const struct sink_opts opts = {.to = &to};
    char why[SINK_WHY_MAX] = "";
    struct sink *sink;
    (void)state;
    to.settings = settings;
    to.setting_count = 1;
    assert_int_equal(sink_open(&opts, &sink, why), ERR_CONFIG);
    assert_non_null(strstr(why, "compresion.codec"));
}

static void a_secret_comes_from_its_file_and_is_not_told(void **state)
{
    static struct destination_setting secrets[] = {{"sasl.password", NULL}, {"acks", NULL}};
    const struct sink_opts opts = {.to = &to};
    char why[SINK_WHY_MAX] = "", path[128];
    struct sink *sink;
    (void)state;
    snprintf(path, sizeof path, "%s/secret", fixture.dir);
    FILE *file = fopen(path, "w");
    fputs("correct-horse\n", file);
    fclose(file);
    assert_int_equal(chmod(path, 0600), 0);
    secrets[0].value = secrets[1].value = path;
    to.secrets = secrets;
    to.secret_count = 1;
    assert_int_equal(sink_open(&opts, &sink, why), 0);
    sink_close(sink);
    to.secret_count = 2;
    assert_int_equal(sink_open(&opts, &sink, why), ERR_CONFIG);
    assert_null(strstr(why, "correct-horse"));
    assert_non_null(strstr(why, "acks"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_come_as_whole_messages_of_one_school_in_one_partition),
        TEST(errors_of_brokers_lose_and_double_nothing),
        TEST(what_a_broker_refuses_is_told_and_the_place_stays),
        TEST(a_broker_that_goes_and_comes_back_is_waited_for),
        TEST(what_comes_twice_has_the_same_token),
        TEST(a_stopped_shipper_goes_on_later),
        TEST(a_setting_that_is_none_is_told),
        TEST(a_secret_comes_from_its_file_and_is_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
