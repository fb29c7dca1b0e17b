#include "operator/origin.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ledger/verify.h"

struct looking {
    char object[ORIGIN_WORD];
    size_t object_len;
    int64_t until_s;
    struct origin *out;
};

/* "decision 17", or with what it is about: "decision 17: casino.example". */
static bool is_meant(const struct looking *looking, const struct entry *entry)
{
    char next = '\0';
    if (entry->object == NULL || strncmp(entry->object, looking->object, looking->object_len) != 0)
        return false;
    next = entry->object[looking->object_len];
    return (next == '\0' || next == ':') && entry->time_s <= looking->until_s;
}

static void visit(void *ctx, const struct verify_line *line)
{
    struct looking *looking = ctx;
    struct origin *out = looking->out;
    if (line->read == NULL || !is_meant(looking, &line->read->entry))
        return;
    if (out->count == ORIGIN_MAX) {
        memmove(&out->entries[0], &out->entries[1], (ORIGIN_MAX - 1) * sizeof out->entries[0]);
        out->count--;
        out->left_out++;
    }
    const struct entry *entry = &line->read->entry;
    struct origin_entry *kept = &out->entries[out->count++];
    *kept = (struct origin_entry){.number = entry->number, .time_s = entry->time_s};
    snprintf(kept->kind, sizeof kept->kind, "%s", entry->kind);
    snprintf(kept->by, sizeof kept->by, "%s", entry->by == NULL ? "" : entry->by);
    snprintf(kept->reason, sizeof kept->reason, "%s", entry->reason == NULL ? "" : entry->reason);
}

int origin_find(const char *folder, const char *what, uint32_t number, int64_t until_s, struct origin *out)
{
    struct looking looking = {.until_s = until_s, .out = out};
    const struct verify_opts opts = {.folder = folder, .visit = visit, .ctx = &looking};
    struct verify_report report;
    *out = (struct origin){.count = 0};
    looking.object_len = (size_t)snprintf(looking.object, sizeof looking.object, "%s %" PRIu32, what, number);
    return ledger_verify(&opts, &report);
}
