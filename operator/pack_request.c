#include "operator/pack_request.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "ledger/verify.h"

struct looking {
    uint64_t number; /* 0: the newest one that is like it */
    const char *wanted;
    const struct caller *by;
    int64_t now_s;
    char object[32]; /* "request 57" */
    uint64_t found;
    struct pack_request *out;
};

static void wanted_of(const struct entry *entry, char out[PACK_WANTED_MAX])
{
    json_t *detail = entry->detail == NULL ? NULL : json_loads(entry->detail, 0, NULL);
    const char *text = json_string_value(json_object_get(detail, "wanted"));
    snprintf(out, PACK_WANTED_MAX, "%s", text == NULL ? "" : text);
    json_decref(detail);
}

/* By name: whoever comes through sudo has the uid of root. */
static bool is_another(const struct pack_request *request, const struct entry *entry)
{
    return strcmp(request->by, entry->by) != 0;
}

static void take_request(struct pack_request *out, const struct entry *entry)
{
    out->state = PACK_WAITS;
    out->uid = entry->uid;
    snprintf(out->by, sizeof out->by, "%s", entry->by);
    wanted_of(entry, out->wanted);
}

static void take_approval(const struct looking *looking, const struct entry *entry)
{
    struct pack_request *out = looking->out;
    if (out->state != PACK_WAITS || !is_another(out, entry))
        return;
    bool old = looking->now_s - entry->time_s > INT64_C(86400) * PACK_REQUEST_DAYS;
    out->state = old ? PACK_OLD : PACK_APPROVED;
    out->approved_by.uid = entry->uid;
    snprintf(out->approved_by.name, sizeof out->approved_by.name, "%s", entry->by);
}

static void visit_one(void *ctx, const struct verify_line *line)
{
    const struct looking *looking = ctx;
    const struct entry *entry = line->read == NULL ? NULL : &line->read->entry;
    if (entry == NULL)
        return;
    if (entry->number == looking->number && strcmp(entry->kind, "pack.request") == 0)
        take_request(looking->out, entry);
    else if (entry->object == NULL || strcmp(entry->object, looking->object) != 0)
        return;
    else if (strcmp(entry->kind, "pack.approve") == 0)
        take_approval(looking, entry);
    else if (strcmp(entry->kind, "log.packed") == 0)
        looking->out->state = PACK_MADE;
}

int pack_request_find(const char *folder, uint64_t number, int64_t now_s, struct pack_request *out)
{
    struct looking looking = {.number = number, .now_s = now_s, .out = out};
    const struct verify_opts opts = {.folder = folder, .visit = visit_one, .ctx = &looking};
    struct verify_report report;
    *out = (struct pack_request){.state = PACK_UNKNOWN};
    snprintf(looking.object, sizeof looking.object, "request %" PRIu64, number);
    int code = ledger_verify(&opts, &report);
    return code < 0 ? code : report.faults > 0 ? ERR_DAMAGED : 0;
}

static void visit_newest(void *ctx, const struct verify_line *line)
{
    struct looking *looking = ctx;
    const struct entry *entry = line->read == NULL ? NULL : &line->read->entry;
    char wanted[PACK_WANTED_MAX];
    if (entry == NULL || strcmp(entry->kind, "pack.request") != 0 || strcmp(entry->by, looking->by->name) != 0)
        return;
    wanted_of(entry, wanted);
    if (strcmp(wanted, looking->wanted) == 0)
        looking->found = entry->number;
}

int pack_request_newest(const char *folder, const char *wanted, const struct caller *by, uint64_t *out)
{
    struct looking looking = {.wanted = wanted, .by = by};
    const struct verify_opts opts = {.folder = folder, .visit = visit_newest, .ctx = &looking};
    struct verify_report report;
    int code = ledger_verify(&opts, &report);
    if (code == 0)
        *out = looking.found;
    return code;
}
