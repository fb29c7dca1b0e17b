#include "alert/register.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/category.h"

#define BY "belisha alert"

void register_init(struct alert_register *r, const char *folder)
{
    r->ledger = (struct ledger){.folder = folder, .file_bytes = REGISTER_FILE_BYTES, .file_max = REGISTER_FILES};
    pthread_mutex_init(&r->mutex, NULL);
}

void register_done(struct alert_register *r)
{
    pthread_mutex_destroy(&r->mutex);
}

/* ---- writing ---- */

static int append(struct alert_register *r, const char *kind, const char *object, const struct text *detail,
                  int64_t now_s)
{
    uint64_t number;
    const struct entry entry = {
        .time_s = now_s, .kind = kind, .object = object, .by = BY, .uid = (uint32_t)getuid(), .detail = detail->bytes};
    if (!text_ok(detail))
        return ERR_NOMEM;
    pthread_mutex_lock(&r->mutex);
    int err = ledger_append(&r->ledger, &entry, &number);
    pthread_mutex_unlock(&r->mutex);
    return err;
}

static void add_time(int64_t time_ns, struct text *out)
{
    struct tm tm = {0};
    time_t time = (time_t)(time_ns / 1000000000);
    char when[32];
    gmtime_r(&time, &tm);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
    text_printf(out, ",\"time\":\"%s.%03dZ\"", when, (int)(time_ns / 1000000 % 1000));
}

static void write_raised(const struct alert *a, struct text *out)
{
    const char *category = category_name(a->category);
    static const char letters[] = "-ABCDE";
    text_printf(out, "{\"urgent\":%s,\"blocked\":%s", a->urgent ? "true" : "false", a->blocked ? "true" : "false");
    text_add_json_member(out, "rule", a->rule);
    if (a->category == CATEGORY_NONE) {
        text_add_json_member(out, "text", a->text);
    } else {
        text_add_json_member(out, "category", category == NULL ? "" : category);
        text_add_json_member(out, "group", a->group);
        text_add_json_member(out, "name", a->name);
        text_printf(out, ",\"time_ns\":%" PRId64 ",\"grade\":\"%c\"", a->time_ns,
                    letters[a->person.grade <= QLOG_GRADE_ADDRESS ? a->person.grade : 0]);
    }
    add_time(a->time_ns, out);
    text_printf(out, ",\"roles\":[");
    for (unsigned i = 0; i < a->role_count; i++) {
        text_add(out, ",", i > 0);
        text_add_json(out, a->roles[i]);
    }
    text_printf(out, "]}");
}

int register_raised(struct alert_register *r, const struct alert *alert, int64_t now_s)
{
    char object[40];
    struct text detail = {0};
    snprintf(object, sizeof object, "alert %" PRIu64, alert->number);
    write_raised(alert, &detail);
    int err = append(r, "alert.raised", object, &detail, now_s);
    text_done(&detail);
    return err;
}

int register_queued(struct alert_register *r, const struct book_batch *batch, const char *const targets[], size_t count,
                    int64_t now_s)
{
    char object[MESSAGE_ID_MAX + 16];
    struct text detail = {0};
    snprintf(object, sizeof object, "message %s", batch->id);
    text_printf(&detail, "{\"alerts\":[");
    for (size_t i = 0; i < batch->count; i++)
        text_printf(&detail, "%s%" PRIu64, i == 0 ? "" : ",", batch->numbers[i]);
    text_printf(&detail, "],\"more\":%" PRIu64, batch->more);
    text_add_json_member(&detail, "role", batch->role);
    text_printf(&detail, ",\"to\":[");
    for (size_t i = 0; i < count; i++) {
        text_add(&detail, ",", i > 0);
        text_add_json(&detail, targets[i]);
    }
    text_printf(&detail, "]}");
    int err = append(r, "alert.queued", object, &detail, now_s);
    text_done(&detail);
    return err;
}

int register_result(struct alert_register *r, const struct outbox_result *result)
{
    static const char *const kinds[] = {"alert.sent", "alert.delayed", "alert.delayed", "alert.failed"};
    char object[MESSAGE_ID_MAX + 16];
    struct text detail = {0};
    snprintf(object, sizeof object, "message %s", result->id);
    text_printf(&detail, "{\"tries\":%u", result->tries);
    text_add_json_member(&detail, "to", result->target);
    if (result->why[0] != '\0')
        text_add_json_member(&detail, "why", result->why);
    if (result->given_up)
        text_printf(&detail, ",\"given_up\":true");
    text_printf(&detail, "}");
    int err = append(r, kinds[result->outcome], object, &detail, result->time_s);
    text_done(&detail);
    return err;
}

int register_test(struct alert_register *r, const char *rule, const char *target, enum outcome outcome, const char *why,
                  int64_t now_s)
{
    char object[ALERT_RULE_MAX + 16];
    struct text detail = {0};
    snprintf(object, sizeof object, "rule %s", rule);
    text_printf(&detail, "{\"outcome\":\"%s\"", outcome_name(outcome));
    text_add_json_member(&detail, "to", target);
    if (why[0] != '\0')
        text_add_json_member(&detail, "why", why);
    text_printf(&detail, "}");
    int err = append(r, "alert.test", object, &detail, now_s);
    text_done(&detail);
    return err;
}

/* ---- reading ---- */

uint64_t register_number(const char *object)
{
    char *end;
    if (strncmp(object, "alert ", 6) != 0)
        return 0;
    unsigned long long number = strtoull(object + 6, &end, 10);
    return *end == '\0' ? number : 0;
}

struct search {
    const char *id;
    bool found;
    uint64_t last;
    int64_t from_s, to_s;
    struct register_counts counts;
};

static void visit(void *ctx, const struct verify_line *line)
{
    struct search *s = ctx;
    if (line->read == NULL)
        return;
    const struct entry *e = &line->read->entry;
    uint64_t number = register_number(e->object);
    bool raised = strcmp(e->kind, "alert.raised") == 0;
    if (s->id != NULL && strncmp(e->object, "message ", 8) == 0 && strcmp(e->object + 8, s->id) == 0)
        s->found = true;
    s->last = number > s->last ? number : s->last;
    if (e->time_s < s->from_s || e->time_s >= s->to_s)
        return;
    s->counts.raised += raised;
    s->counts.urgent += raised && e->detail != NULL && strstr(e->detail, "\"urgent\":true") != NULL;
    s->counts.sent += strcmp(e->kind, "alert.sent") == 0;
    s->counts.failed += strcmp(e->kind, "alert.failed") == 0;
}

static int read_all(const char *folder, struct search *s)
{
    struct verify_report report;
    const struct verify_opts opts = {.folder = folder, .visit = visit, .ctx = s};
    int err = ledger_verify(&opts, &report);
    return err == ERR_NOENT ? 0 : err;
}

int register_has_message(const struct alert_register *r, const char *id, bool *out)
{
    struct search search = {.id = id};
    int err = read_all(r->ledger.folder, &search);
    if (err == 0)
        *out = search.found;
    return err;
}

int register_last(const struct alert_register *r, uint64_t *out)
{
    struct search search = {.id = NULL};
    int err = read_all(r->ledger.folder, &search);
    if (err == 0)
        *out = search.last;
    return err;
}

int register_count(const char *folder, int64_t from_s, int64_t to_s, struct register_counts *out)
{
    struct search search = {.from_s = from_s, .to_s = to_s};
    int err = read_all(folder, &search);
    if (err == 0)
        *out = search.counts;
    return err;
}
