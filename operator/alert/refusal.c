#include "alert/refusal.h"

#include <stdio.h>
#include <string.h>

#define DAY_S 86400

void refusals_init(struct refusals *r)
{
    memset(r, 0, sizeof *r);
    pthread_mutex_init(&r->mutex, NULL);
}

void refusals_done(struct refusals *r)
{
    pthread_mutex_destroy(&r->mutex);
}

static struct refusal *find_or_add(struct refusals *r, const char *target)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->items[i].target, target) == 0)
            return &r->items[i];
    if (r->count == REFUSALS_MAX)
        return NULL;
    struct refusal *added = &r->items[r->count++];
    *added = (struct refusal){.told_s = 0};
    snprintf(added->target, sizeof added->target, "%s", target);
    return added;
}

void refusals_note(struct refusals *r, const struct outbox_result *result, int64_t now_s)
{
    pthread_mutex_lock(&r->mutex);
    struct refusal *refusal = find_or_add(r, result->target);
    if (refusal != NULL) {
        snprintf(refusal->why, sizeof refusal->why, "%s", result->why);
        if (now_s - refusal->told_s >= DAY_S)
            refusal->told_s = 0;
    }
    pthread_mutex_unlock(&r->mutex);
}

bool refusals_next(struct refusals *r, int64_t now_s, struct refusal *out)
{
    bool found = false;
    pthread_mutex_lock(&r->mutex);
    for (size_t i = 0; i < r->count && !found; i++) {
        if (r->items[i].told_s != 0)
            continue;
        r->items[i].told_s = now_s;
        *out = r->items[i];
        found = true;
    }
    pthread_mutex_unlock(&r->mutex);
    return found;
}
