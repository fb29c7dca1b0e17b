#include "service/leases.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "base/random.h"
#include "service/lease_file.h"
#include "service/lease_socket.h"

#define PATIENCE_MS 1500 /* before a trouble is told: Kea's file is away for a moment while it is cleaned up */

struct source {
    struct leases *leases;
    struct lease_status status;
    char *path;
    uint16_t origin;
    struct book *book;
    struct lease_file *file; /* one of the two */
    struct lease_socket *socket;
    bool troubled;
    uint64_t troubled_ms;  /* since then, on the loop's clock */
    uint64_t readings;     /* of the tail, whose changes were claimed */
    uint64_t refused_told; /* records that were told of */
    struct source *next;   /* of those that are closing */
};

struct leases {
    uv_loop_t *loop;
    struct claims *claims;
    struct source *sources[LEASE_SOURCES_MAX];
    size_t count;
    struct source *closing;
    uint16_t last_origin;
    uint64_t seed;
};

int leases_new(uv_loop_t *loop, struct claims *claims, struct leases **out)
{
    struct random_pool random = {0};
    struct leases *leases = calloc(1, sizeof *leases);
    if (leases == NULL)
        return ERR_NOMEM;
    leases->loop = loop;
    leases->claims = claims;
    random_bytes(&random, &leases->seed, sizeof leases->seed);
    *out = leases;
    return 0;
}

/* ---- claims ---- */

static void claim(struct source *s, const struct lease *lease, int64_t now_s)
{
    struct claim c = {.source = CLAIM_LEASE,
                      .origin = s->origin,
                      .has_address = true,
                      .address = lease->address,
                      .has_mac = lease->has_mac,
                      .until_s = lease->until_s};
    ipaddr_to_text(&lease->address, c.key);
    if (!lease->active || !lease->has_mac) {
        (void)claims_end(s->leases->claims, CLAIM_LEASE, s->origin, c.key, now_s);
        return;
    }
    memcpy(c.mac, lease->mac, sizeof c.mac);
    memcpy(c.host, lease->host, sizeof lease->host);
    c.from_s = lease->renewed_s < now_s ? lease->renewed_s : 0; /* the server's clock may be ahead of ours */
    if (lease->until_s == 0 || lease->until_s > now_s)
        s->status.full_count += claims_put(s->leases->claims, &c) < 0;
}

static void forget_claims(const struct source *s)
{
    if (claims_replace(s->leases->claims, CLAIM_LEASE, s->origin, NULL, 0) < 0)
        log_error("claims of leases could not be taken back path=%s", s->path);
}

/* err: of the reading. Without memory not every change was noted, but the book has them all. */
static void claim_changes(struct source *s, int err)
{
    int64_t now_s = time(NULL);
    if (err == ERR_NOMEM) {
        forget_claims(s);
        for (size_t i = 0; i < book_count(s->book); i++)
            claim(s, &book_entry(s->book, i)->lease, now_s);
    }
    for (size_t i = 0; i < book_change_count(s->book); i++)
        claim(s, book_change(s->book, i), now_s);
    s->status.lease_count = book_count(s->book);
}

/* ---- trouble ---- */

static const char *advice(enum lease_kind kind, int err)
{
    switch (err) {
    case ERR_ACCESS:
        return ": the user that belishad runs as needs the right to read it, and to enter its folders; see "
               "docs/identity.md";
    case ERR_NOENT:
        return kind == LEASE_KEA_SOCKET ? ": Kea does not run, or its control-socket is elsewhere"
                                        : ": the server has not written it yet, or writes it elsewhere";
    case -ECONNREFUSED:
        return ": nobody listens there, Kea does not run";
    case ERR_UNSUPPORTED:
        return ": Kea does not know the command, load its hook libdhcp_lease_cmds.so";
    case ERR_INVAL:
        return kind == LEASE_KEA_SOCKET ? "" : ": it is no ordinary file";
    default:
        return "";
    }
}

/* text: one for the operator, "" when all is well. */
static void tell_trouble(struct source *s, const char *text)
{
    struct lease_status *status = &s->status;
    if (text[0] == '\0') {
        if (status->trouble[0] != '\0')
            log_info("leases are read again kind=%s path=%s", lease_kind_name(status->source.kind), s->path);
        s->troubled = false;
        status->trouble[0] = '\0';
        status->read_s = time(NULL);
        return;
    }
    uint64_t now_ms = uv_now(s->leases->loop);
    if (!s->troubled)
        s->troubled_ms = now_ms;
    s->troubled = true;
    if (now_ms - s->troubled_ms < PATIENCE_MS || strcmp(text, status->trouble) == 0)
        return;
    snprintf(status->trouble, sizeof status->trouble, "%s", text);
    log_warning("nothing new is learned from leases, those known hold until they end kind=%s %s",
                lease_kind_name(status->source.kind), text);
}

static void tell_refused(struct source *s, const struct reading *r)
{
    s->status.refused_count = r->refused_count;
    if (r->refused_count > 0 && s->refused_told == 0)
        log_warning("records of a lease file can't be read and are left out file=%s line=%" PRIu64
                    " why=\"%s\" count=%" PRIu64,
                    s->path, r->refused_line, r->refused_why, r->refused_count);
    s->refused_told = r->refused_count;
}

static void on_looked(void *ctx, const struct tail *tail, int news)
{
    struct source *s = ctx;
    char text[LEASE_TROUBLE_MAX] = "";
    if (tail->readings != s->readings) {
        s->readings = tail->readings;
        claim_changes(s, news);
        tell_refused(s, &tail->reading);
    }
    if (news == TAIL_SOON)
        return;
    if (news == ERR_MALFORMED)
        snprintf(text, sizeof text, "path=%s%s: it is no lease file of this kind: line %" PRIu64 ": %s", s->path,
                 tail->ending, tail->reading.refused_line, tail->reading.refused_why);
    else if (news < 0)
        snprintf(text, sizeof text, "path=%s%s: %s%s", s->path, tail->ending, err_str(news),
                 advice(s->status.source.kind, news));
    tell_trouble(s, text);
}

static void on_asked(void *ctx, const struct lease_answers *answers)
{
    struct source *s = ctx;
    char text[LEASE_TROUBLE_MAX] = "";
    claim_changes(s, answers->err);
    s->status.refused_count = answers->refused;
    if (answers->err < 0)
        snprintf(text, sizeof text, "path=%s: %s%s%s%s", s->path, err_str(answers->err),
                 advice(LEASE_KEA_SOCKET, answers->err), answers->text[0] == '\0' ? "" : ": ", answers->text);
    tell_trouble(s, text);
}

/* ---- sources ---- */

static void source_free(struct source *s)
{
    book_free(s->book);
    free(s->path);
    free(s);
}

static void on_closed(void *ctx)
{
    struct source *s = ctx;
    struct source **at = &s->leases->closing;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    source_free(s);
}

static void source_close(struct source *s)
{
    forget_claims(s);
    s->next = s->leases->closing;
    s->leases->closing = s;
    if (s->file != NULL)
        lease_file_close(s->file, on_closed);
    else
        lease_socket_close(s->socket, on_closed);
}

static int source_open(struct leases *leases, struct source *s)
{
    static const enum reading_format formats[] = {
        [LEASE_KEA] = READING_KEA, [LEASE_ISC] = READING_ISC, [LEASE_DNSMASQ] = READING_DNSMASQ};
    enum lease_kind kind = s->status.source.kind;
    if (kind == LEASE_KEA_SOCKET)
        return lease_socket_new(leases->loop, s->path, s->book, on_asked, s, &s->socket);
    return lease_file_new(leases->loop, formats[kind], s->path, s->book, on_looked, s, &s->file);
}

static int source_new(struct leases *leases, const struct lease_source *wanted, struct source **out)
{
    struct source *s = calloc(1, sizeof *s);
    if (s == NULL)
        return ERR_NOMEM;
    s->leases = leases;
    s->path = strdup(wanted->path);
    s->status.source = (struct lease_source){.kind = wanted->kind, .path = s->path};
    s->origin = ++leases->last_origin;
    int err = s->path == NULL ? ERR_NOMEM : book_new(BOOK_LEASES_MAX, leases->seed, &s->book);
    if (err == 0)
        err = source_open(leases, s);
    if (err < 0) {
        source_free(s);
        return err;
    }
    *out = s;
    return 0;
}

static void source_start(struct source *s)
{
    if (s->file == NULL) {
        lease_socket_start(s->socket);
        return;
    }
    lease_file_look_now(s->file);
    log_info("leases are read kind=%s path=%s leases=%zu", lease_kind_name(s->status.source.kind), s->path,
             s->status.lease_count);
    lease_file_start(s->file);
}

static bool source_is(const struct source *s, const struct lease_source *wanted)
{
    return s->status.source.kind == wanted->kind && strcmp(s->path, wanted->path) == 0;
}

static struct source *source_take(struct source *sources[], size_t count, const struct lease_source *wanted)
{
    for (size_t i = 0; i < count; i++) {
        struct source *s = sources[i];
        if (s == NULL || !source_is(s, wanted))
            continue;
        sources[i] = NULL;
        return s;
    }
    return NULL;
}

int leases_use(struct leases *leases, const struct lease_source wanted[], size_t count)
{
    struct source *before[LEASE_SOURCES_MAX];
    size_t before_count = leases->count;
    int err = 0;
    memcpy(before, leases->sources, sizeof before);
    leases->count = 0;
    for (size_t i = 0; i < count && i < LEASE_SOURCES_MAX; i++) {
        struct source *s = source_take(before, before_count, &wanted[i]);
        bool is_new = s == NULL;
        int new_err = is_new ? source_new(leases, &wanted[i], &s) : 0;
        if (new_err < 0) {
            err = new_err;
            continue;
        }
        leases->sources[leases->count++] = s;
        if (is_new)
            source_start(s);
    }
    for (size_t i = 0; i < before_count; i++)
        if (before[i] != NULL)
            source_close(before[i]);
    return err;
}

size_t leases_count(const struct leases *leases)
{
    return leases->count;
}

const struct lease_status *leases_status(const struct leases *leases, size_t index)
{
    return &leases->sources[index]->status;
}

bool leases_are_at_rest(const struct leases *leases)
{
    for (size_t i = 0; i < leases->count; i++) {
        const struct source *s = leases->sources[i];
        if (s->file != NULL ? lease_file_is_busy(s->file) : lease_socket_is_busy(s->socket))
            return false;
    }
    return true;
}

const struct book *leases_book(const struct leases *leases, size_t index)
{
    return leases->sources[index]->book;
}

void leases_close(struct leases *leases)
{
    for (size_t i = 0; leases != NULL && i < leases->count; i++)
        source_close(leases->sources[i]);
    if (leases != NULL)
        leases->count = 0;
}

void leases_free(struct leases *leases)
{
    free(leases);
}
