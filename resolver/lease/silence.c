#include "lease/silence.h"

#include <stdlib.h>
#include <string.h>

#define EVADED_WITHIN_S 600 /* before the last question */

void silence_done(struct silence *silence)
{
    free(silence->devices);
    *silence = (struct silence){0};
}

static bool is_among(const struct prefix networks[], size_t count, const struct ipaddr *address)
{
    for (size_t i = 0; i < count; i++)
        if (prefix_contains(&networks[i], address))
            return true;
    return false;
}

static bool concerns(const struct silence_opts *opts, const struct ipaddr *address)
{
    return (opts->network_count == 0 || is_among(opts->networks, opts->network_count, address)) &&
           !is_among(opts->except, opts->except_count, address);
}

static bool has_ended(const struct lease *lease, int64_t now_s)
{
    return lease->until_s != 0 && lease->until_s <= now_s;
}

bool silence_is_silent(const struct silence_opts *opts, const struct sign *sign, int64_t listening_s, int64_t now_s,
                       bool (*watched)(void *ctx, int64_t at_s), void *ctx, struct silent *out)
{
    const struct heard *heard = &sign->heard;
    int64_t alive_s = sign->lease.renewed_s < now_s ? sign->lease.renewed_s : now_s;
    int64_t from_s = alive_s - opts->after_s;
    int64_t known_s = sign->first_s > listening_s ? sign->first_s : listening_s;
    if (!opts->enabled || sign->lease.renewed_s == 0 || known_s > from_s || has_ended(&sign->lease, now_s) ||
        !concerns(opts, &sign->lease.address))
        return false;
    unsigned steps = heard_steps_since(heard, from_s);
    if (steps > opts->few || (watched != NULL && !(watched(ctx, from_s) && watched(ctx, alive_s))))
        return false;
    if (steps == 0)
        from_s = heard->asked_s > known_s ? heard->asked_s : known_s;
    *out = (struct silent){.device = sign->device,
                           .lease = sign->lease,
                           .from_s = from_s,
                           .asked_s = heard->asked_s,
                           .reported_s = now_s,
                           .steps = steps,
                           .evaded = heard->evaded_s != 0 && heard->evaded_s >= heard->asked_s - EVADED_WITHIN_S};
    return true;
}

/* ---- all of them ---- */

/* Of one device the lease that was renewed last comes first. */
static int compare(const void *a, const void *b)
{
    const struct sign *x = a, *y = b;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    return (x->lease.renewed_s < y->lease.renewed_s) - (x->lease.renewed_s > y->lease.renewed_s);
}

/* One sign for each device: the newest lease, known since the oldest. */
static size_t unite(struct sign signs[], size_t count)
{
    size_t kept = 0;
    if (count == 0)
        return 0;
    qsort(signs, count, sizeof *signs, compare);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && signs[kept - 1].device == signs[i].device) {
            if (signs[i].first_s < signs[kept - 1].first_s)
                signs[kept - 1].first_s = signs[i].first_s;
            continue;
        }
        signs[kept++] = signs[i];
    }
    return kept;
}

static const struct silent *find(const struct silence *silence, uint32_t device, size_t *at)
{
    while (*at < silence->count && silence->devices[*at].device < device)
        ++*at;
    return *at < silence->count && silence->devices[*at].device == device ? &silence->devices[*at] : NULL;
}

struct list {
    struct silent *devices;
    size_t count, cap;
};

static int list_add(struct list *list, const struct silent *silent)
{
    if (list->count == list->cap) {
        size_t cap = list->cap == 0 ? 64 : 2 * list->cap;
        struct silent *devices = realloc(list->devices, cap * sizeof *devices);
        if (devices == NULL)
            return ERR_NOMEM;
        list->devices = devices;
        list->cap = cap;
    }
    list->devices[list->count++] = *silent;
    return 0;
}

/* Of the devices before `device` and behind those that were looked at: they are not silent, and may have been. */
static int keep_over(const struct silence *silence, size_t *at, uint32_t device, int64_t now_s, struct list *list)
{
    for (; *at < silence->count && silence->devices[*at].device < device; ++*at) {
        struct silent over = silence->devices[*at];
        if (over.over_s == 0)
            over.over_s = now_s;
        if (now_s - over.over_s >= SILENCE_KEPT_S || over.over_s > now_s)
            continue;
        int err = list_add(list, &over);
        if (err < 0)
            return err;
    }
    return 0;
}

static int by_length(const void *a, const void *b)
{
    const struct silent *x = a, *y = b;
    if ((x->over_s == 0) != (y->over_s == 0))
        return x->over_s == 0 ? -1 : 1;
    return (x->from_s > y->from_s) - (x->from_s < y->from_s);
}

static int by_device(const void *a, const void *b)
{
    const struct silent *x = a, *y = b;
    return (x->device > y->device) - (x->device < y->device);
}

static void bound(struct list *list)
{
    if (list->count <= SILENCE_MAX)
        return;
    qsort(list->devices, list->count, sizeof *list->devices, by_length);
    list->count = SILENCE_MAX;
    qsort(list->devices, list->count, sizeof *list->devices, by_device);
}

int silence_look(struct silence *silence, const struct silence_opts *opts, struct sign signs[], size_t count,
                 int64_t listening_s, int64_t now_s, bool (*watched)(void *ctx, int64_t at_s), void *ctx)
{
    struct list list = {0};
    size_t old = 0, now_count = 0;
    int err = 0;
    count = unite(signs, count);
    for (size_t i = 0; i < count && err == 0; i++) {
        struct silent silent;
        if (!silence_is_silent(opts, &signs[i], listening_s, now_s, watched, ctx, &silent))
            continue;
        err = keep_over(silence, &old, silent.device, now_s, &list);
        const struct silent *before = find(silence, silent.device, &old);
        if (before != NULL && before->over_s == 0)
            silent.reported_s = before->reported_s;
        if (before != NULL)
            old++;
        if (err == 0)
            err = list_add(&list, &silent);
    }
    if (err == 0)
        err = keep_over(silence, &old, UINT32_MAX, now_s, &list);
    if (err < 0) {
        free(list.devices);
        return err;
    }
    bound(&list);
    for (size_t i = 0; i < list.count; i++)
        now_count += list.devices[i].over_s == 0;
    free(silence->devices);
    *silence = (struct silence){
        .devices = list.devices, .count = list.count, .cap = list.cap, .now_count = now_count, .looked_s = now_s};
    return 0;
}
