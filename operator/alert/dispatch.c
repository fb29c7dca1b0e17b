#include "alert/dispatch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_S 3600

bool dispatch_is_quiet(const struct dispatch_opts *opts, int64_t now_s)
{
    static const struct calendar utc;
    const struct calendar_time local = calendar_local(opts->calendar == NULL ? &utc : opts->calendar, now_s);
    int32_t began;
    for (size_t i = 0; i < opts->quiet_count; i++)
        if (window_is_open(&opts->quiet[i], local.day, local.second, &began))
            return true;
    return false;
}

/* ---- how many messages a role may still get ---- */

static int64_t cost_s(const struct dispatch_opts *opts)
{
    unsigned half = opts->max_per_hour / 2;
    return HOUR_S / (half == 0 ? 1 : half);
}

/* A clock that was set back saves nothing up, and takes nothing away. */
static void fill_up(struct book_budget *budget, int64_t now_s)
{
    if (now_s > budget->at_s)
        budget->level_s += now_s - budget->at_s;
    if (budget->level_s > HOUR_S)
        budget->level_s = HOUR_S;
    budget->at_s = now_s;
}

/* ---- which alerts ---- */

static int role_index(const struct alert *alert, const char *role)
{
    for (unsigned i = 0; i < alert->role_count; i++)
        if (strcmp(alert->roles[i], role) == 0)
            return (int)i;
    return -1;
}

static bool waits_for(const struct alert *alert, const char *role)
{
    int i = role_index(alert, role);
    return i >= 0 && (alert->planned & 1u << i) == 0;
}

static bool may_go(const struct alert *alert, bool quiet)
{
    return alert->urgent || !quiet;
}

/* Whether any that may go has waited for long enough. */
static bool is_due(const struct dispatch_opts *opts, const struct book *book, const char *role, bool quiet,
                   int64_t now_s)
{
    for (size_t i = 0; i < book->alert_count; i++) {
        const struct alert *alert = &book->alerts[i];
        bool waited = now_s - alert->raised_s >= opts->gather_s || now_s < alert->raised_s;
        if (waits_for(alert, role) && may_go(alert, quiet) && waited)
            return true;
    }
    return false;
}

/* A role that has something due and may get a message; NULL: none. */
static const char *role_find(const struct dispatch_opts *opts, struct book *book, bool quiet, int64_t now_s)
{
    for (size_t i = 0; i < book->alert_count; i++) {
        const struct alert *alert = &book->alerts[i];
        for (unsigned k = 0; k < alert->role_count; k++) {
            if ((alert->planned & 1u << k) != 0 || !may_go(alert, quiet))
                continue;
            struct book_budget *budget = book_budget(book, alert->roles[k], now_s);
            if (budget != NULL)
                fill_up(budget, now_s);
            if ((budget == NULL || budget->level_s >= cost_s(opts)) &&
                is_due(opts, book, alert->roles[k], quiet, now_s))
                return alert->roles[k];
        }
    }
    return NULL;
}

/* ---- a batch ---- */

/* "alert-17-safeguarding": fit for a file name and a header. */
static void name_batch(struct book_batch *batch)
{
    size_t len = (size_t)snprintf(batch->id, sizeof batch->id, "alert-%" PRIu64 "-", batch->numbers[0]);
    for (const char *c = batch->role; *c != '\0' && len < sizeof batch->id - 1; c++) {
        bool good = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '-';
        batch->id[len++] = good ? *c : '_';
    }
    batch->id[len] = '\0';
}

/* All that may go, also what was raised a moment ago. */
static void take_alerts(struct book *book, struct book_batch *batch, bool quiet)
{
    for (size_t i = 0; i < book->alert_count; i++) {
        struct alert *alert = &book->alerts[i];
        int role = role_index(alert, batch->role);
        if (role < 0 || (alert->planned & 1u << role) != 0 || !may_go(alert, quiet))
            continue;
        if (batch->count == BOOK_BATCH_MAX)
            break; /* the next has them */
        alert->planned |= 1u << role;
        batch->numbers[batch->count++] = alert->number;
    }
}

/* Whether quiet hours kept one of them back. */
static bool was_held(const struct dispatch_opts *opts, struct book *book, const struct book_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct alert *alert = book_alert(book, batch->numbers[i]);
        if (alert != NULL && !alert->urgent && dispatch_is_quiet(opts, alert->raised_s + opts->gather_s))
            return true;
    }
    return false;
}

int dispatch_plan(const struct dispatch_opts *opts, struct book *book, int64_t now_s)
{
    bool quiet = dispatch_is_quiet(opts, now_s);
    const char *role = role_find(opts, book, quiet, now_s);
    if (role == NULL)
        return 0;
    if (book->batch_count == BOOK_BATCHES_MAX)
        return ERR_LIMIT;
    struct book_batch *batch = &book->batches[book->batch_count];
    *batch = (struct book_batch){.numbers = calloc(BOOK_BATCH_MAX, sizeof *batch->numbers)};
    if (batch->numbers == NULL)
        return ERR_NOMEM;
    snprintf(batch->role, sizeof batch->role, "%s", role);
    take_alerts(book, batch, quiet);
    name_batch(batch);
    batch->held = was_held(opts, book, batch);
    struct book_budget *budget = book_budget(book, batch->role, now_s);
    if (budget != NULL) {
        budget->level_s -= cost_s(opts);
        batch->more = budget->more;
        budget->more = 0;
    }
    book->batch_count++;
    book->dirty = true;
    return 1;
}
