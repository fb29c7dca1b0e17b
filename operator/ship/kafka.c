/*
 * Kafka, through librdkafka: a batch becomes messages of whole rows (docs/shipping.md has their form), all with the site as key, so
 * that one school's rows keep their order.
 *
 * The producer is idempotent and waits for all replicas: within its life nothing is written twice. A batch that is sent again by
 * another one comes in the same messages with the same tokens, since where a message ends depends on nothing but the rows in the
 * log; whoever reads leaves out tokens that it has seen.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "base/secret.h"
#include "ship/sink.h"

#define MESSAGE_BYTES 900000 /* brokers take 1,000,000 */
#define ROW_BYTES     1400   /* the most that a row has without its names */
#define ROWS_MAX      4000
#define POLL_MS       100
#define CLOSE_MS      2000
#define TOKEN_MAX     (BATCH_TOKEN_MAX + 48)

struct kafka {
    struct sink sink;
    const struct destination *to;
    const volatile sig_atomic_t *stop;
    rd_kafka_t *producer; /* NULL: to be made */
    struct text body, head;
    struct kafka_tally {
        uint64_t waiting, failed;
        char why[256];
    } tally;
};

/* ---- the producer ---- */

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *ctx)
{
    struct kafka *k = ctx;
    (void)producer;
    k->tally.waiting--;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    k->tally.failed++;
    snprintf(k->tally.why, sizeof k->tally.why, "%s", rd_kafka_err2str(message->err));
}

/* Told by threads of the library as well: only what is fatal is kept, by rd_kafka_fatal_error(). */
static void on_error(rd_kafka_t *producer, int err, const char *reason, void *ctx)
{
    struct kafka *k = ctx;
    (void)producer, (void)err;
    snprintf(k->tally.why, sizeof k->tally.why, "%s", reason);
}

static int conf_set(rd_kafka_conf_t *conf, const char *key, const char *value, char *why)
{
    char text[256];
    if (rd_kafka_conf_set(conf, key, value, text, sizeof text) == RD_KAFKA_CONF_OK)
        return 0;
    snprintf(why, SINK_WHY_MAX, "settings: %s: %s", key, text);
    return ERR_CONFIG;
}

static int conf_addresses(rd_kafka_conf_t *conf, const struct destination *to, char *why)
{
    struct text list = {0};
    for (size_t i = 0; i < to->address_count; i++)
        text_printf(&list, "%s%s", i == 0 ? "" : ",", to->addresses[i]);
    int code = text_ok(&list) ? conf_set(conf, "bootstrap.servers", list.bytes, why) : ERR_NOMEM;
    text_done(&list);
    return code;
}

static int conf_secret(rd_kafka_conf_t *conf, const struct destination_setting *from, char *why)
{
    struct secret secret;
    int code = secret_read(from->value, &secret, why);
    if (code < 0)
        return code;
    code = conf_set(conf, from->key, secret.text, why);
    if (code == ERR_CONFIG) /* what the library says may hold the value */
        snprintf(why, SINK_WHY_MAX, "secrets: %s: the value in %.200s is not taken", from->key, from->value);
    secret_wipe(&secret);
    return code;
}

static int conf_fill(rd_kafka_conf_t *conf, const struct destination *to, char *why)
{
    /* One request at a time: the library need not conclude from a later answer what became of an earlier request. */
    static const struct destination_setting usual[] = {{"max.in.flight.requests.per.connection", "1"},
                                                       {"client.id", "belisha"},
                                                       {"compression.codec", "zstd"},
                                                       {"linger.ms", "20"},
                                                       {"queue.buffering.max.messages", "1000"},
                                                       {"queue.buffering.max.kbytes", "65536"}};
    static const struct destination_setting needed[] = {{"enable.idempotence", "true"}, {"acks", "all"}};
    char timeout[24];
    int code = conf_addresses(conf, to, why);
    snprintf(timeout, sizeof timeout, "%" PRId64, to->timeout_ms);
    if (code == 0)
        code = conf_set(conf, "message.timeout.ms", timeout, why);
    if (code == 0 && to->ca_file != NULL)
        code = conf_set(conf, "ssl.ca.location", to->ca_file, why);
    for (size_t i = 0; code == 0 && i < sizeof usual / sizeof usual[0]; i++)
        code = conf_set(conf, usual[i].key, usual[i].value, why);
    for (size_t i = 0; code == 0 && i < to->setting_count; i++)
        code = conf_set(conf, to->settings[i].key, to->settings[i].value, why);
    for (size_t i = 0; code == 0 && i < to->secret_count; i++)
        code = conf_secret(conf, &to->secrets[i], why);
    for (size_t i = 0; code == 0 && i < sizeof needed / sizeof needed[0]; i++)
        code = conf_set(conf, needed[i].key, needed[i].value, why);
    return code;
}

/* The library's own lines would stand on stderr; what ails it comes by on_error() too, and is told in our words. */
static void on_line(const rd_kafka_t *producer, int level, const char *facility, const char *line)
{
    (void)producer;
    (void)level;
    (void)facility;
    (void)line;
}

static int producer_make(struct kafka *k, char *why)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    int code = conf_fill(conf, k->to, why);
    if (code < 0) {
        rd_kafka_conf_destroy(conf);
        return code;
    }
    rd_kafka_conf_set_opaque(conf, k);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_log_cb(conf, on_line);
    k->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    if (k->producer != NULL)
        return 0;
    rd_kafka_conf_destroy(conf);
    snprintf(why, SINK_WHY_MAX, "%s", text);
    return ERR_CONFIG;
}

/* What is still on its way is given up; its reports come before this returns. */
static void producer_drop(struct kafka *k)
{
    if (k->producer == NULL)
        return;
    rd_kafka_purge(k->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(k->producer, CLOSE_MS);
    rd_kafka_destroy(k->producer);
    k->producer = NULL;
}

/* ---- messages ---- */

struct piece {
    uint32_t from, to; /* entries of the batch */
    uint32_t rows;     /* of them that are wanted */
};

/* How long the entry may become, from what is in the log alone. */
static size_t bound_of(const struct batch *batch, uint32_t i)
{
    if (batch->block == NULL || i >= batch->rows.count)
        return ROW_BYTES;
    const struct block *block = batch->block;
    const struct block_what *what = &block->what[block->rows.what[batch->rows.from + i]];
    size_t bytes = ROW_BYTES + 2 * 4 * name_len(block_name(block, what->name));
    if (what->matched > 0)
        bytes += 4 * name_len(block_name(block, what->matched - 1));
    return bytes + 20 * (size_t)__builtin_popcountll(what->categories);
}

/* The next piece from `from` on; its rows are in k->body. */
static void piece_make(struct kafka *k, const struct batch *batch, uint32_t from, struct piece *out)
{
    const struct pen pen = {PEN_JSON, &k->body};
    uint32_t count = batch_count(batch);
    size_t bytes = 0;
    uint32_t i = from;
    *out = (struct piece){.from = from};
    k->body.len = 0;
    for (; i < count && i - from < ROWS_MAX; i++) {
        bytes += bound_of(batch, i);
        if (bytes > MESSAGE_BYTES && i > from)
            break;
        if (!batch_wants(batch, i))
            continue;
        batch_write(batch, i, &pen, &k->head);
        out->rows++;
    }
    out->to = i;
}

static rd_kafka_resp_err_t piece_produce(struct kafka *k, const struct batch *batch, const struct piece *piece)
{
    char token[TOKEN_MAX], rows[16], version[8];
    snprintf(token, sizeof token, "%s:%" PRIu32 "-%" PRIu32, batch->token, piece->from, piece->to);
    snprintf(rows, sizeof rows, "%" PRIu32, piece->rows);
    snprintf(version, sizeof version, "%d", SHIP_SCHEMA);
    return rd_kafka_producev(k->producer, RD_KAFKA_V_TOPIC(k->to->topic),
                             RD_KAFKA_V_KEY(batch->origin.site, strlen(batch->origin.site)),
                             RD_KAFKA_V_VALUE(k->body.bytes, k->body.len), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                             RD_KAFKA_V_HEADER("token", token, -1), RD_KAFKA_V_HEADER("rows", rows, -1),
                             RD_KAFKA_V_HEADER("schema", version, -1), RD_KAFKA_V_END);
}

static bool is_to_stop(const struct kafka *k)
{
    return k->stop != NULL && *k->stop != 0;
}

/* A queue that is full is waited for: that is the bound of what is on its way. */
static int piece_send(struct kafka *k, const struct batch *batch, const struct piece *piece, struct sink_report *report)
{
    rd_kafka_resp_err_t err;
    if (!text_ok(&k->body))
        return ERR_NOMEM;
    while ((err = piece_produce(k, batch, piece)) == RD_KAFKA_RESP_ERR__QUEUE_FULL && !is_to_stop(k))
        rd_kafka_poll(k->producer, POLL_MS);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        snprintf(report->why, sizeof report->why, "%s", rd_kafka_err2str(err));
        return ERR_NETWORK;
    }
    k->tally.waiting++;
    report->rows += piece->rows;
    report->bytes += k->body.len;
    rd_kafka_poll(k->producer, 0);
    return 0;
}

static int all_wait(struct kafka *k, struct sink_report *report)
{
    while (k->tally.waiting > 0 && k->tally.failed == 0 && !is_to_stop(k))
        rd_kafka_poll(k->producer, POLL_MS);
    if (k->tally.waiting == 0 && k->tally.failed == 0)
        return 0;
    snprintf(report->why, sizeof report->why, "%" PRIu64 " messages were not taken: %s",
             k->tally.failed + k->tally.waiting, k->tally.why[0] == '\0' ? "no answer" : k->tally.why);
    return ERR_NETWORK;
}

static int kafka_send(struct sink *sink, const struct batch *batch, bool fresh, struct sink_report *report)
{
    struct kafka *k = (struct kafka *)sink;
    const struct pen head = {PEN_JSON, &k->head};
    (void)fresh;
    *report = (struct sink_report){0};
    k->tally = (struct kafka_tally){0};
    k->head.len = 0;
    batch_head(batch, &head);
    int code = k->producer == NULL ? producer_make(k, report->why) : 0;
    for (uint32_t from = 0; code == 0 && from < batch_count(batch);) {
        struct piece piece;
        piece_make(k, batch, from, &piece);
        from = piece.to;
        if (piece.rows > 0)
            code = piece_send(k, batch, &piece, report);
    }
    if (code == 0)
        code = all_wait(k, report);
    if (code < 0) /* the order of what it still has is not to be relied on: a new one begins with the whole batch */
        producer_drop(k);
    return code;
}

static void kafka_close(struct sink *sink)
{
    struct kafka *k = (struct kafka *)sink;
    producer_drop(k);
    text_done(&k->body);
    text_done(&k->head);
    free(k);
}

static const struct sink_ops kafka_ops = {.form = PEN_JSON, .send = kafka_send, .close = kafka_close};

int kafka_open(const struct sink_opts *opts, struct sink **out, char *why)
{
    struct kafka *k = calloc(1, sizeof *k);
    if (k == NULL)
        return ERR_NOMEM;
    *k = (struct kafka){.sink = {&kafka_ops}, .to = opts->to, .stop = opts->stop};
    int code = producer_make(k, why); /* what is wrong with its settings is known at once */
    if (code < 0) {
        free(k);
        return code;
    }
    *out = &k->sink;
    return 0;
}
