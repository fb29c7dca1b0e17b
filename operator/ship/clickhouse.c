/*
 * ClickHouse over its HTTP interface: one INSERT a batch, in RowBinary, compressed.
 *
 * Every row arrives once. A server of today is given the batch's token, by which it leaves out what it has already
 * (insert_deduplication_token). One that knows no tokens is asked, before a batch is sent that may have been sent before, which of
 * its rows are there; what is missing is sent. An insert that was cut off may still be at work then: it goes by the name of the
 * token, and as long as the server knows a query of that name, nothing is sent. The tables keep one of equal rows besides.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "ship/clickhouse_answer.h"
#include "ship/poster.h"
#include "ship/pack.h"
#include "ship/sink.h"

#define BODY_MAX      ((size_t)1 << 30)
#define SECOND_NS     INT64_C(1000000000)
#define DAY_S         INT64_C(86400)
#define ZSTD_VERSION  21 /* the first major version of which we rely on it */
#define SAME_ID_ERROR "Code: 216"

struct clickhouse {
    struct sink sink;
    const struct destination *to;
    struct poster *poster;
    size_t address; /* that is asked now */
    bool known;     /* it was asked what it can do */
    struct clickhouse_skills skills;
    enum pack_kind packing;
    struct text body, packed, answer, url, query;
    struct text head;
    uint8_t *seen; /* by entry of the batch: it is there */
    size_t seen_cap;
    char *why;
};

/* ---- asking ---- */

/* A text in a statement. */
static void add_quoted(struct text *out, const char *value)
{
    text_add(out, "'", 1);
    for (; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\')
            text_add(out, "\\", 1);
        text_add(out, value, 1);
    }
    text_add(out, "'", 1);
}

static void text_reset(struct text *text, size_t max)
{
    text->len = 0;
    text->max = max;
    text->failed = false;
}

static void url_begin(struct clickhouse *c)
{
    const char *address = c->to->addresses[c->address];
    size_t len = strlen(address);
    while (len > 0 && address[len - 1] == '/')
        len--;
    text_reset(&c->url, 0);
    text_add(&c->url, address, len);
    text_add(&c->url, "/?wait_end_of_query=1", strlen("/?wait_end_of_query=1"));
}

static void url_add(struct clickhouse *c, const char *key, const char *value)
{
    text_printf(&c->url, "&%s=", key);
    poster_add_escaped(&c->url, value);
}

/* The first line of what the server says, which is long. */
static void say_answer(struct clickhouse *c, long status)
{
    const char *text = c->answer.bytes == NULL ? "" : c->answer.bytes;
    snprintf(c->why, SINK_WHY_MAX, "%s says %ld: %.300s", c->to->addresses[c->address], status, text);
    c->why[strcspn(c->why, "\r\n")] = '\0';
}

/* The next try goes to the next server, which is asked anew what it can do. */
static int turn_away(struct clickhouse *c, int code)
{
    c->address = (c->address + 1) % c->to->address_count;
    c->known = false;
    return code;
}

static int post(struct clickhouse *c, const struct poster_request *request)
{
    char why[SINK_WHY_MAX / 2];
    long status;
    if (!text_ok(&c->url) || !text_ok(&c->query))
        return ERR_NOMEM;
    int code = poster_post(c->poster, request, &c->answer, &status, why, sizeof why);
    if (code < 0) {
        snprintf(c->why, SINK_WHY_MAX, "%s: %s", c->to->addresses[c->address], why);
        return turn_away(c, code);
    }
    if (status == 200 && strncmp(c->answer.bytes, "Code: ", 6) != 0)
        return 0;
    say_answer(c, status);
    return strncmp(c->answer.bytes, SAME_ID_ERROR, strlen(SAME_ID_ERROR)) == 0 ? ERR_BUSY : turn_away(c, ERR_NETWORK);
}

/* Asks c->query; the answer is in c->answer. */
static int ask(struct clickhouse *c)
{
    url_begin(c);
    const struct poster_request request = {.url = c->url.bytes, .body = c->query.bytes, .body_len = c->query.len};
    return post(c, &request);
}

/* A page to log on at, a proxy, a web server: all of them may say 200, and nothing has arrived. */
static int not_clickhouse(struct clickhouse *c)
{
    snprintf(c->why, SINK_WHY_MAX, "%s does not answer as ClickHouse does: %.300s", c->to->addresses[c->address],
             c->answer.bytes);
    c->why[strcspn(c->why, "\r\n")] = '\0';
    return turn_away(c, ERR_NETWORK);
}

/* ---- what the server can do ---- */

static int server_learn(struct clickhouse *c)
{
    static const char query[] =
        "SELECT version() UNION ALL SELECT name FROM system.settings WHERE name IN ('insert_deduplication_token', "
        "'insert_distributed_sync', 'async_insert')";
    if (c->known)
        return 0;
    text_reset(&c->query, 0);
    text_add(&c->query, query, sizeof query - 1);
    int code = ask(c);
    if (code < 0)
        return code;
    clickhouse_skills_parse(c->answer.bytes, &c->skills);
    if (c->skills.version == 0)
        return not_clickhouse(c);
    c->known = true;
    c->packing = c->skills.version >= ZSTD_VERSION ? PACK_ZSTD : PACK_GZIP;
    return 0;
}

/* ---- which rows are there ---- */

/* An insert that was cut off may not have ended. Whoever may not look at what is going on is not kept from sending. */
static int is_at_work(struct clickhouse *c, const struct batch *batch)
{
    text_reset(&c->query, 0);
    text_printf(&c->query, "SELECT count() FROM system.processes WHERE query_id = ");
    add_quoted(&c->query, batch->token);
    text_printf(&c->query, " OR initial_query_id = ");
    add_quoted(&c->query, batch->token);
    size_t address = c->address;
    int code = ask(c);
    if (code == ERR_NETWORK && c->answer.len > 0) {
        c->address = address;
        c->known = true;
        return 0;
    }
    if (code == 0 && c->answer.bytes[0] != '0') {
        snprintf(c->why, SINK_WHY_MAX, "%s is still at work on this batch", c->to->addresses[c->address]);
        return ERR_BUSY;
    }
    return code;
}

static void seen_query(struct clickhouse *c, const struct batch *batch)
{
    const struct ship_origin *o = &batch->origin;
    int64_t from_s = batch->min_ns / SECOND_NS, to_s = batch->max_ns / SECOND_NS;
    text_reset(&c->query, 0);
    text_printf(&c->query, "SELECT toInt8(kind) AS k, number FROM %s WHERE site = ", c->to->table);
    add_quoted(&c->query, o->site);
    text_printf(&c->query, " AND node = ");
    add_quoted(&c->query, o->node);
    text_printf(&c->query,
                " AND segment = %" PRIu64 " AND day >= toDate(%" PRId64 ") AND day <= toDate(%" PRId64
                ") AND time >= toDateTime(%" PRId64 ") AND time <= toDateTime(%" PRId64 ") AND (",
                o->segment, from_s / DAY_S, to_s / DAY_S, from_s, to_s);
    if (batch->block == NULL) {
        text_printf(&c->query, "toInt8(kind) = %d AND number = %" PRIu64, (int)batch->note.kind, batch->note.number);
    } else {
        text_printf(&c->query, "toInt8(kind) = %d AND number >= %" PRIu64 " AND number < %" PRIu64, (int)SHIP_ROW,
                    batch->rows.number, batch->rows.number + batch->rows.count);
        text_printf(&c->query, " OR toInt8(kind) = %d AND number >= %" PRIu64 " AND number < %" PRIu64, (int)SHIP_GAP,
                    batch->gaps.number, batch->gaps.number + batch->gaps.count);
    }
    text_printf(&c->query, ") FORMAT RowBinary");
}

static int seen_find(struct clickhouse *c, const struct batch *batch)
{
    int code = is_at_work(c, batch);
    if (code < 0)
        return code;
    seen_query(c, batch);
    code = ask(c);
    if (code == 0)
        code = clickhouse_seen_parse(c->answer.bytes, c->answer.len, batch, c->seen);
    return code;
}

static int seen_clear(struct clickhouse *c, uint32_t count)
{
    if (count > c->seen_cap) {
        uint8_t *grown = realloc(c->seen, count);
        if (grown == NULL)
            return ERR_NOMEM;
        c->seen = grown;
        c->seen_cap = count;
    }
    memset(c->seen, 0, count);
    return 0;
}

/* ---- sending ---- */

/* What is wanted and not there. Returns how many rows. */
static uint64_t body_fill(struct clickhouse *c, const struct batch *batch, struct sink_report *report)
{
    const struct pen pen = {PEN_BINARY, &c->body};
    const struct pen head = {PEN_BINARY, &c->head};
    uint64_t rows = 0;
    text_reset(&c->body, BODY_MAX);
    text_reset(&c->head, 0);
    batch_head(batch, &head);
    for (uint32_t i = 0; i < batch_count(batch); i++) {
        if (!batch_wants(batch, i))
            continue;
        report->rows++;
        report->seen += c->seen[i];
        if (c->seen[i])
            continue;
        batch_write(batch, i, &pen, &c->head);
        rows++;
    }
    return rows;
}

static int insert(struct clickhouse *c, const struct batch *batch, struct sink_report *report)
{
    char rest[32], token[BATCH_TOKEN_MAX + sizeof rest];
    int code = text_ok(&c->body) ? pack(c->packing, &c->body, &c->packed) : ERR_NOMEM;
    if (code < 0)
        return code;
    text_reset(&c->query, 0);
    text_printf(&c->query, "INSERT INTO %s (", c->to->table);
    columns_names(&c->query);
    text_printf(&c->query, ") FORMAT RowBinary");
    /* What is left of a batch is not the batch. */
    snprintf(rest, sizeof rest, ":but%" PRIu64, report->seen);
    snprintf(token, sizeof token, "%s%s", batch->token, report->seen > 0 ? rest : "");
    url_begin(c);
    url_add(c, "query_id", batch->token);
    if (c->skills.tokens)
        url_add(c, "insert_deduplication_token", token);
    if (c->skills.sync)
        url_add(c, "insert_distributed_sync", "1");
    if (c->skills.async)
        url_add(c, "async_insert", "0");
    url_add(c, "query", c->query.bytes);
    const struct poster_request request = {.url = c->url.bytes,
                                           .body = c->packed.bytes,
                                           .body_len = c->packed.len,
                                           .encoding = pack_name(c->packing),
                                           .once = true};
    code = post(c, &request);
    if (code == 0 && c->answer.len > 0) /* a server that has taken rows says nothing */
        return not_clickhouse(c);
    if (code == 0)
        report->bytes += c->packed.len;
    return code;
}

static int clickhouse_send(struct sink *sink, const struct batch *batch, bool fresh, struct sink_report *report)
{
    struct clickhouse *c = (struct clickhouse *)sink;
    *report = (struct sink_report){0};
    c->why = report->why;
    int code = seen_clear(c, batch_count(batch));
    if (code == 0)
        code = server_learn(c);
    if (code == 0 && !fresh)
        code = seen_find(c, batch);
    if (code == 0 && body_fill(c, batch, report) > 0)
        code = insert(c, batch, report);
    if (code == ERR_NOMEM)
        snprintf(report->why, sizeof report->why, "no memory");
    return code;
}

static void clickhouse_close(struct sink *sink)
{
    struct clickhouse *c = (struct clickhouse *)sink;
    poster_close(c->poster);
    text_done(&c->body);
    text_done(&c->packed);
    text_done(&c->answer);
    text_done(&c->url);
    text_done(&c->query);
    text_done(&c->head);
    free(c->seen);
    free(c);
}

static const struct sink_ops clickhouse_ops = {.form = PEN_BINARY, .send = clickhouse_send, .close = clickhouse_close};

int clickhouse_open(const struct sink_opts *opts, struct sink **out, char *why)
{
    const struct destination *to = opts->to;
    struct poster_opts way = {
        .user = to->user, .ca_file = to->ca_file, .timeout_ms = to->timeout_ms, .stop = opts->stop};
    struct secret secret = {0};
    struct clickhouse *c = calloc(1, sizeof *c);
    int code = c == NULL ? ERR_NOMEM : 0;
    if (code == 0 && to->password_file != NULL)
        code = secret_read(to->password_file, &secret, why);
    way.password = to->password_file == NULL ? NULL : secret.text;
    if (code == 0)
        code = poster_open(&way, &c->poster);
    secret_wipe(&secret);
    if (code < 0) {
        free(c);
        return code;
    }
    c->sink.ops = &clickhouse_ops;
    c->to = to;
    *out = &c->sink;
    return 0;
}
