#include "sheet/from_ledger.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "ledger/verify.h"

struct walk {
    struct arena *arena;
    struct sheet *sheet;
    struct answers *answers;
    size_t change_cap, reader_cap, approval_cap;
    uint32_t *approved; /* a version for each approval */
    size_t approval_count;
    int err;
};

static const char *keep(struct walk *walk, const char *text)
{
    const char *kept = text == NULL ? "" : arena_text(walk->arena, text, strlen(text));
    if (kept == NULL)
        walk->err = ERR_NOMEM;
    return kept == NULL ? "" : kept;
}

/* Room for one more; what was there is copied, the old place stays with the arena. NULL: no memory. */
static void *grow(struct walk *walk, void *items, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return items;
    const size_t wanted = *cap == 0 ? 32 : *cap * 2;
    void *bigger = arena_alloc(walk->arena, wanted * size);
    if (bigger == NULL) {
        walk->err = ERR_NOMEM;
        return NULL;
    }
    if (count > 0)
        memcpy(bigger, items, count * size);
    *cap = wanted;
    return bigger;
}

/* ---- changes ---- */

static void change_put(struct walk *walk, const struct entry *entry, const char *what, unsigned version)
{
    struct sheet *sheet = walk->sheet;
    struct sheet_change *changes = grow(walk, sheet->changes, sheet->change_count, &walk->change_cap, sizeof *changes);
    if (changes == NULL)
        return;
    sheet->changes = changes;
    sheet->changes[sheet->change_count++] = (struct sheet_change){.time_s = entry->time_s,
                                                                  .what = what,
                                                                  .by = keep(walk, entry->by),
                                                                  .reason = keep(walk, entry->reason),
                                                                  .version = version};
}

/* "version 12": 12; 0 for anything else. */
static unsigned version_of(const struct entry *entry)
{
    return strncmp(entry->object, "version ", 8) == 0 ? (unsigned)strtoul(entry->object + 8, NULL, 10) : 0;
}

static void approval_put(struct walk *walk, unsigned version)
{
    uint32_t *approved = grow(walk, walk->approved, walk->approval_count, &walk->approval_cap, sizeof *approved);
    if (approved == NULL)
        return;
    walk->approved = approved;
    walk->approved[walk->approval_count++] = version;
}

static const char *words_of(const char *kind, const char *const words[][2])
{
    for (size_t i = 0; words[i][0] != NULL; i++)
        if (strcmp(kind, words[i][0]) == 0)
            return words[i][1];
    return NULL;
}

static void take_policy(struct walk *walk, const struct entry *entry, bool is_in_period)
{
    static const char *const words[][2] = {{"policy.activate", "in force"},
                                           {"policy.adopt", "in force, as the files say"},
                                           {"policy.rollback", "in force again"},
                                           {"policy.failed", "could not be put in force"},
                                           {"policy.miss", "was planned and did not come into force"},
                                           {NULL, NULL}};
    if (strcmp(entry->kind, "policy.approve") == 0)
        approval_put(walk, version_of(entry));
    const char *what = words_of(entry->kind, words);
    if (what == NULL || !is_in_period)
        return;
    const bool came = strncmp(what, "in force", 8) == 0;
    const char *text = arena_printf(walk->arena, "rules: %.64s %s", entry->object, what);
    change_put(walk, entry, text == NULL ? what : text, came ? version_of(entry) : 0);
}

/* ---- decisions ---- */

/* For whom: "" for everyone. */
static const char *scope_text(struct walk *walk, const json_t *detail)
{
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(detail, "scope"), key, value)
    {
        const char *text = json_is_string(value)
                               ? arena_printf(walk->arena, " for %s%.128s",
                                              strcmp(key, "group") == 0 ? "the group " : "", json_string_value(value))
                               : NULL;
        return text == NULL ? "" : text;
    }
    return "";
}

/* "decision 17: casino.example": behind the colon. */
static const char *object_name(const struct entry *entry)
{
    const char *colon = strstr(entry->object, ": ");
    return colon == NULL ? entry->object : colon + 2;
}

static void take_decision(struct walk *walk, const struct entry *entry, bool is_in_period)
{
    static const char *const words[][2] = {{"decision.block", "closed"},
                                           {"decision.allow", "opened"},
                                           {"decision.grant", "opened"},
                                           {"decision.suspend", "paused"},
                                           {"decision.resume", "no longer paused"},
                                           {"decision.approve", "agreed to"},
                                           {"decision.revoke", "taken back"},
                                           {NULL, NULL}};
    const char *what = words_of(entry->kind, words);
    if (what == NULL)
        return;
    json_t *detail = entry->detail == NULL ? NULL : json_loads(entry->detail, 0, NULL);
    const char *scope = scope_text(walk, detail);
    const char *name = json_string_value(json_object_get(detail, "name"));
    const bool proposed = strcmp(json_string_value(json_object_get(detail, "op")) == NULL
                                     ? ""
                                     : json_string_value(json_object_get(detail, "op")),
                                 "propose") == 0;
    const char *text =
        arena_printf(walk->arena, "%.255s %s%s%s", object_name(entry), proposed ? "proposed to be " : "", what, scope);
    if (is_in_period)
        change_put(walk, entry, text == NULL ? what : text, 0);
    if (name != NULL && strcmp(entry->kind, "decision.suspend") != 0 && strcmp(entry->kind, "decision.resume") != 0 &&
        strcmp(entry->kind, "decision.revoke") != 0) {
        const char *answer = arena_printf(walk->arena, "%s%s%s", proposed ? "proposed to be " : "", what, scope);
        const int err =
            answers_put(walk->answers, &(struct answer){.time_s = entry->time_s,
                                                        .name = keep(walk, name),
                                                        .below = json_is_true(json_object_get(detail, "below")),
                                                        .what = answer == NULL ? what : answer,
                                                        .by = keep(walk, entry->by)});
        walk->err = err < 0 ? err : walk->err;
    }
    json_decref(detail);
}

/* `belisha inbox answer 7 --reason "..."`: the words are in the detail. */
static void take_answer(struct walk *walk, const struct entry *entry)
{
    json_t *detail = entry->detail == NULL ? NULL : json_loads(entry->detail, 0, NULL);
    const json_t *words = json_object_get(detail, "words");
    const char *last = json_string_value(json_array_get(words, json_array_size(words) - 1));
    const char *number = strrchr(entry->object, ' ');
    const int err =
        answers_put(walk->answers, &(struct answer){.time_s = entry->time_s,
                                                    .number = number == NULL ? 0 : strtoull(number + 1, NULL, 10),
                                                    .name = "",
                                                    .what = keep(walk, last),
                                                    .by = keep(walk, entry->by)});
    walk->err = err < 0 ? err : walk->err;
    json_decref(detail);
}

/* ---- who read ---- */

static const char *const reading[][2] = {{"log.tail", "watched the log live"},
                                         {"log.search", "searched the log"},
                                         {"log.export", "took an export of the log"},
                                         {"log.pack", "took a sealed pack of the log"},
                                         {"log.who", "asked who had an address"},
                                         {"log.why", "asked why something was decided"},
                                         {"log.replay", "tried a change of the rules on the log"},
                                         {"log.report", "made or read a sheet"},
                                         {"log.needs", "asked what a website needs"},
                                         {"log.visits", "looked at visits"},
                                         {"log.episodes", "looked at visits"},
                                         {"log.subject-access", "took all of one person's record"},
                                         {"log.ship", "sent the log elsewhere"},
                                         {"people.reason", "asked for the reason of somebody's own rule"},
                                         {"silent.show", "listed silent devices"},
                                         {NULL, NULL}};

/* What changes the record, and not only reads it. */
static const char *const keeping[][2] = {{"log.hold", "record kept from deletion, or let go"},
                                         {"log.prune", "old record deleted by hand"},
                                         {"log.forget", "one person's record erased"},
                                         {"identity.forget", "a name taken from the record"},
                                         {"rights.change", "who may do what was changed"},
                                         {"people.change", "the people file was changed"},
                                         {"ledger.broken", "THE LEDGER WAS ALTERED: lines are missing"},
                                         {NULL, NULL}};

static void reader_put(struct walk *walk, const struct entry *entry, const char *how)
{
    struct sheet *sheet = walk->sheet;
    for (size_t i = 0; i < sheet->reader_count; i++) {
        struct sheet_reader *reader = &sheet->readers[i];
        if (strcmp(reader->by, entry->by) != 0 || strcmp(reader->how, how) != 0)
            continue;
        reader->times++;
        reader->last_s = entry->time_s;
        return;
    }
    struct sheet_reader *readers = grow(walk, sheet->readers, sheet->reader_count, &walk->reader_cap, sizeof *readers);
    if (readers == NULL)
        return;
    sheet->readers = readers;
    sheet->readers[sheet->reader_count++] =
        (struct sheet_reader){.by = keep(walk, entry->by), .how = how, .times = 1, .last_s = entry->time_s};
}

static void take_other(struct walk *walk, const struct entry *entry)
{
    const char *how = words_of(entry->kind, reading), *what = words_of(entry->kind, keeping);
    if (what != NULL)
        change_put(walk, entry, what, 0);
    else if (how != NULL)
        reader_put(walk, entry, how);
    else if (strncmp(entry->kind, "log.", 4) == 0)
        reader_put(walk, entry, keep(walk, entry->kind));
}

/* ---- all of it ---- */

static void visit(void *ctx, const struct verify_line *line)
{
    struct walk *walk = ctx;
    if (line->read == NULL || walk->err < 0)
        return;
    const struct entry *entry = &line->read->entry;
    const struct period *period = &walk->sheet->period;
    const bool is_in_period = entry->time_s >= period->from_s && entry->time_s < period->to_s;
    if (strncmp(entry->kind, "policy.", 7) == 0)
        take_policy(walk, entry, is_in_period);
    else if (strncmp(entry->kind, "decision.", 9) == 0)
        take_decision(walk, entry, is_in_period);
    else if (strcmp(entry->kind, "inbox.answer") == 0)
        take_answer(walk, entry);
    else if (is_in_period)
        take_other(walk, entry);
}

static int newest_change(const void *a, const void *b)
{
    const struct sheet_change *x = a, *y = b;
    return (x->time_s < y->time_s) - (x->time_s > y->time_s);
}

static int newest_reader(const void *a, const void *b)
{
    const struct sheet_reader *x = a, *y = b;
    return (x->last_s < y->last_s) - (x->last_s > y->last_s);
}

static void count_approvals(struct walk *walk)
{
    for (size_t i = 0; i < walk->sheet->change_count; i++)
        for (size_t k = 0; k < walk->approval_count; k++)
            walk->sheet->changes[i].approvals +=
                walk->sheet->changes[i].version > 0 && walk->approved[k] == walk->sheet->changes[i].version;
}

int from_ledger(struct arena *arena, const char *folder, struct sheet *sheet, struct answers *answers)
{
    struct walk walk = {.arena = arena, .sheet = sheet, .answers = answers};
    struct verify_report report;
    const struct verify_opts opts = {.folder = folder, .visit = visit, .ctx = &walk};
    int err = ledger_verify(&opts, &report);
    if (err == 0)
        err = walk.err;
    if (err < 0)
        return err;
    sheet->origin.ledger_faults = report.faults;
    count_approvals(&walk);
    if (sheet->change_count > 0)
        qsort(sheet->changes, sheet->change_count, sizeof *sheet->changes, newest_change);
    if (sheet->reader_count > 0)
        qsort(sheet->readers, sheet->reader_count, sizeof *sheet->readers, newest_reader);
    return 0;
}
