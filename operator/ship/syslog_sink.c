/*
 * Syslog (RFC 5424) over TCP or TLS: one message a row, its columns as structured data.
 *
 * Syslog has no answers. So a batch has a connection of its own, and counts as sent when the other end has read it to its end and
 * closed (TCP), or has not complained (TLS). What is sent again has the same id, by which a receiver can leave it out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/syslog.h"
#include "ship/sink.h"

#define FIELDS_MAX     160 /* columns, and all categories */
#define FACILITY       13  /* log audit */
#define SEVERITY_BLOCK 5   /* notice */
#define SEVERITY_ROW   6   /* informational */
#define SERVER_MAX     256

struct syslog_sink {
    struct sink sink;
    const struct destination *to;
    const volatile sig_atomic_t *stop;
    size_t address;
    struct text row, head;
};

struct fields {
    struct message_field items[FIELDS_MAX];
    size_t count;
};

static const char *field_find(const struct fields *fields, const char *name)
{
    for (size_t i = 0; i < fields->count; i++)
        if (strcmp(fields->items[i].name, name) == 0)
            return fields->items[i].value;
    return "";
}

/* Names and values, each with its zero byte. */
static void fields_split(const struct text *row, struct fields *out)
{
    const char *at = row->bytes, *end = row->bytes + row->len;
    out->count = 0;
    while (at < end && out->count < FIELDS_MAX) {
        const char *value = at + strlen(at) + 1;
        out->items[out->count++] = (struct message_field){.name = at, .value = value};
        at = value + strlen(value) + 1;
    }
}

/* "tls://HOST:PORT", "[" and "]" round an IPv6 address. */
static int address_parse(const char *text, struct syslog_opts *out, char server[SERVER_MAX])
{
    bool tls = strncmp(text, "tls://", 6) == 0;
    const char *host = text + 6; /* tcp:// is as long */
    const char *colon = strrchr(host, ':');
    size_t len = colon == NULL ? strlen(host) : (size_t)(colon - host);
    if (len > 1 && host[0] == '[' && host[len - 1] == ']')
        host++, len -= 2;
    if (len == 0 || len >= SERVER_MAX)
        return ERR_MALFORMED;
    memcpy(server, host, len);
    server[len] = '\0';
    long port = colon == NULL ? (tls ? 6514 : 514) : strtol(colon + 1, NULL, 10);
    if (port <= 0 || port > 65535)
        return ERR_MALFORMED;
    out->transport = tls ? SYSLOG_TLS : SYSLOG_TCP;
    out->server = server;
    out->port = (uint16_t)port;
    return 0;
}

static int row_send(struct syslog_sink *s, struct syslog_link *link, const struct batch *batch, uint32_t i, char *why)
{
    const struct pen pen = {PEN_FIELDS, &s->row};
    char id[BATCH_TOKEN_MAX + 16], text[1200];
    struct ship_item item;
    struct fields fields;
    s->row.len = 0;
    batch_write(batch, i, &pen, &s->head);
    batch_item(batch, i, &item);
    if (!text_ok(&s->row))
        return ERR_NOMEM;
    fields_split(&s->row, &fields);
    bool blocked = field_find(&fields, "blocked")[0] == '1';
    const char *kind = field_find(&fields, "kind");
    snprintf(id, sizeof id, "%s:%u", batch->token, i);
    snprintf(text, sizeof text, "%s %s", kind[0] != '\0' ? kind : field_find(&fields, "verdict"),
             field_find(&fields, "name"));
    const struct syslog_entry entry = {.severity = blocked || kind[0] != '\0' ? SEVERITY_BLOCK : SEVERITY_ROW,
                                       .time_ns = item.time_ns,
                                       .kind = "row",
                                       .text = text,
                                       .id = id,
                                       .fields = fields.items,
                                       .field_count = fields.count};
    return syslog_send(link, &entry, why);
}

static int batch_send(struct syslog_sink *s, struct syslog_link *link, const struct batch *batch,
                      struct sink_report *report)
{
    for (uint32_t i = 0; i < batch_count(batch); i++) {
        if (!batch_wants(batch, i))
            continue;
        int code = s->stop != NULL && *s->stop != 0 ? ERR_TIMEOUT : row_send(s, link, batch, i, report->why);
        if (code < 0)
            return code;
        report->rows++;
        report->bytes += s->row.len;
    }
    return 0;
}

static int syslog_sink_send(struct sink *sink, const struct batch *batch, bool fresh, struct sink_report *report)
{
    struct syslog_sink *s = (struct syslog_sink *)sink;
    const struct pen head = {PEN_FIELDS, &s->head};
    struct syslog_opts opts = {.name = s->to->name,
                               .ca = s->to->ca_file,
                               .facility = FACILITY,
                               .host = batch->origin.node,
                               .timeout_ms = s->to->timeout_ms};
    char server[SERVER_MAX], closing[DELIVER_WHY_MAX] = "";
    struct syslog_link *link = NULL;
    (void)fresh;
    *report = (struct sink_report){0};
    s->head.len = 0;
    batch_head(batch, &head);
    int code = address_parse(s->to->addresses[s->address], &opts, server);
    if (code == 0)
        code = syslog_open(&opts, &link, report->why);
    if (code == 0)
        code = batch_send(s, link, batch, report);
    int closed = syslog_close(link, closing);
    if (code == 0 && closed < 0) {
        code = closed;
        snprintf(report->why, sizeof report->why, "%s", closing);
    }
    if (code < 0)
        s->address = (s->address + 1) % s->to->address_count;
    return code;
}

static void syslog_sink_close(struct sink *sink)
{
    struct syslog_sink *s = (struct syslog_sink *)sink;
    text_done(&s->row);
    text_done(&s->head);
    free(s);
}

static const struct sink_ops syslog_ops = {.form = PEN_FIELDS, .send = syslog_sink_send, .close = syslog_sink_close};

int syslog_sink_open(const struct sink_opts *opts, struct sink **out, char *why)
{
    struct syslog_opts parsed = {0};
    char server[SERVER_MAX];
    for (size_t i = 0; i < opts->to->address_count; i++)
        if (address_parse(opts->to->addresses[i], &parsed, server) < 0) {
            snprintf(why, SINK_WHY_MAX, "%s is no address with a port", opts->to->addresses[i]);
            return ERR_CONFIG;
        }
    struct syslog_sink *s = calloc(1, sizeof *s);
    if (s == NULL)
        return ERR_NOMEM;
    *s = (struct syslog_sink){.sink = {&syslog_ops}, .to = opts->to, .stop = opts->stop};
    *out = &s->sink;
    return 0;
}
