#include "sheet/from_alerts.h"

#include <string.h>

#include <jansson.h>

#include "base/category.h"
#include "base/text.h"
#include "ledger/verify.h"
#include "sheet/topics.h"

#define ALERTS_MAX 1000

struct walk {
    struct arena *arena;
    struct sheet *sheet;
    const char **lines;
};

static const char *string(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value == NULL ? "" : value;
}

static void add_roles(const json_t *roles, struct text *out)
{
    const json_t *role;
    size_t i;
    json_array_foreach(roles, i, role)
    {
        if (json_is_string(role))
            text_printf(out, "%s%.64s", i == 0 ? ", for " : ", ", json_string_value(role));
    }
}

/* "Tue 17 Nov, 13:13: self-harm or suicide, urgent, for safeguarding (alert 17, code 7K3M-9QPX)" */
static void add_raised(const struct entry *entry, const json_t *detail, struct text *out)
{
    const char *category = string(detail, "category");
    const int id = category_from_name(category, strlen(category));
    text_printf(out, "%s%s", id < 0 ? "something" : topic_words((unsigned)id),
                json_is_true(json_object_get(detail, "urgent")) ? ", urgent" : "");
    add_roles(json_object_get(detail, "roles"), out);
    text_printf(out, " (%.64s", entry->object);
    if (string(detail, "code")[0] != '\0')
        text_printf(out, ", code %.16s", string(detail, "code"));
    text_printf(out, ")");
}

static void add_failed(const struct entry *entry, const json_t *detail, struct text *out)
{
    text_printf(out, "NOT DELIVERED to %.128s: %.200s (%.64s)", string(detail, "to"), string(detail, "why"),
                entry->object);
}

static void visit(void *ctx, const struct verify_line *line)
{
    struct walk *walk = ctx;
    const struct entry *entry = line->read == NULL ? NULL : &line->read->entry;
    const struct period *period = &walk->sheet->period;
    char time[PERIOD_TEXT_MAX];
    struct text out = {0};
    if (entry == NULL || entry->time_s < period->from_s || entry->time_s >= period->to_s)
        return;
    const bool raised = strcmp(entry->kind, "alert.raised") == 0, failed = strcmp(entry->kind, "alert.failed") == 0;
    if ((!raised && !failed) || walk->sheet->alert_count == ALERTS_MAX)
        return;
    json_t *detail = entry->detail == NULL ? NULL : json_loads(entry->detail, 0, NULL);
    text_printf(&out, "%s: ", period_time_text(walk->sheet->calendar, entry->time_s, time));
    if (raised)
        add_raised(entry, detail, &out);
    else
        add_failed(entry, detail, &out);
    json_decref(detail);
    const char *kept = text_ok(&out) ? arena_text(walk->arena, out.bytes, out.len) : NULL;
    text_done(&out);
    if (kept != NULL)
        walk->lines[walk->sheet->alert_count++] = kept;
}

int from_alerts(struct arena *arena, const char *folder, struct sheet *sheet)
{
    struct walk walk = {.arena = arena, .sheet = sheet, .lines = arena_alloc(arena, ALERTS_MAX * sizeof *walk.lines)};
    const struct verify_opts opts = {.folder = folder, .visit = visit, .ctx = &walk};
    struct verify_report report;
    if (walk.lines == NULL)
        return ERR_NOMEM;
    sheet->alerts = walk.lines;
    const int code = ledger_verify(&opts, &report);
    sheet->alerts_off = code == ERR_NOENT;
    return code == ERR_NOENT ? 0 : code;
}
