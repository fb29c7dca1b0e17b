#include "delivery/outbox.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/err.h"
#include "delivery/outbox_item.h"
#include "delivery/outbox_rests.h"
#include "delivery/outbox_store.h"

struct outbox {
    struct outbox_store store;
    struct outbox_opts opts;
    pthread_mutex_t mutex;
    struct outbox_item **items; /* oldest first */
    size_t count, cap;
    uint64_t bytes;
    struct outbox_rests rests;
    uint64_t turns;
};

int64_t outbox_pause_s(unsigned tries)
{
    static const int64_t pauses[] = {5, 10, 20, 40, 60, 120, 240, 480, 900};
    size_t last = sizeof pauses / sizeof pauses[0] - 1;
    return tries == 0 ? 0 : pauses[tries - 1 < last ? tries - 1 : last];
}

/* ---- the list ---- */

static struct outbox_item *item_find(const struct outbox *box, const char *id)
{
    for (size_t i = 0; i < box->count; i++)
        if (strcmp(box->items[i]->id, id) == 0)
            return box->items[i];
    return NULL;
}

static int list_add(struct outbox *box, struct outbox_item *item)
{
    if (box->count == box->cap) {
        size_t cap = box->cap == 0 ? 16 : 2 * box->cap;
        struct outbox_item **items = realloc(box->items, cap * sizeof(struct outbox_item *));
        if (items == NULL)
            return ERR_NOMEM;
        box->items = items;
        box->cap = cap;
    }
    size_t at = box->count++;
    for (; at > 0 && box->items[at - 1]->created_s > item->created_s; at--)
        box->items[at] = box->items[at - 1];
    box->items[at] = item;
    box->bytes += item->bytes;
    return 0;
}

static void list_drop(struct outbox *box, struct outbox_item *item)
{
    size_t at = 0;
    while (at < box->count && box->items[at] != item)
        at++;
    if (at == box->count)
        return;
    memmove(&box->items[at], &box->items[at + 1], (box->count - at - 1) * sizeof(struct outbox_item *));
    box->count--;
    box->bytes -= item->bytes;
    outbox_store_drop(&box->store, item->id);
    outbox_item_free(item);
}

/* ---- opening ---- */

static int load(void *ctx, struct outbox_item *item)
{
    return list_add(ctx, item);
}

int outbox_open(const struct outbox_opts *opts, struct outbox **out)
{
    struct outbox *box = calloc(1, sizeof *box);
    if (box == NULL)
        return ERR_NOMEM;
    box->opts = *opts;
    pthread_mutex_init(&box->mutex, NULL);
    int err = outbox_store_open(&box->store, opts->folder);
    if (err == 0)
        err = outbox_store_load(&box->store, load, box);
    if (err < 0)
        outbox_close(box);
    else
        *out = box;
    return err;
}

void outbox_close(struct outbox *box)
{
    if (box == NULL)
        return;
    for (size_t i = 0; i < box->count; i++)
        outbox_item_free(box->items[i]);
    free(box->items);
    outbox_store_close(&box->store);
    pthread_mutex_destroy(&box->mutex);
    free(box);
}

/* ---- putting in ---- */

static uint64_t room(const struct outbox *box)
{
    return box->bytes < box->opts.bytes_max ? box->opts.bytes_max - box->bytes : 0;
}

static int put(struct outbox *box, const struct message *message, const char *const targets[], size_t count)
{
    struct outbox_item *item;
    if (item_find(box, message->id) != NULL)
        return 0;
    if (box->count >= box->opts.items_max)
        return ERR_LIMIT;
    item = calloc(1, sizeof *item);
    if (item == NULL)
        return ERR_NOMEM;
    snprintf(item->id, sizeof item->id, "%s", message->id);
    item->created_s = message->time_s;
    int err = outbox_item_fill(item, targets, count);
    if (err == 0)
        err = outbox_store_message(&box->store, message, room(box), &item->bytes);
    if (err == 0)
        err = outbox_store_state(&box->store, item);
    if (err == 0)
        err = list_add(box, item);
    if (err == 0)
        return 0;
    outbox_store_drop(&box->store, item->id);
    outbox_item_free(item);
    return err;
}

int outbox_put(struct outbox *box, const struct message *message, const char *const targets[], size_t count)
{
    enum route_kind kind;
    int err = message_check(message);
    if (err == 0 && (count == 0 || count > OUTBOX_TARGETS_MAX))
        err = count == 0 ? ERR_INVAL : ERR_LIMIT;
    for (size_t i = 0; i < count && err == 0; i++)
        err = route_kind_of(targets[i], &kind) < 0 ? ERR_INVAL : 0;
    if (err < 0)
        return err;
    pthread_mutex_lock(&box->mutex);
    err = put(box, message, targets, count);
    pthread_mutex_unlock(&box->mutex);
    return err;
}

/* When a target may be tried: in its own time, and in its server's. A clock that was set back must not mean a wait of hours. */
static int64_t due_s(const struct outbox *box, const struct outbox_target *t, int64_t now_s)
{
    int64_t rest_s = outbox_rest_until_s(&box->rests, t->to);
    int64_t due = rest_s > t->next_s ? rest_s : t->next_s;
    int64_t latest = now_s + 2 * outbox_pause_s(UINT_MAX);
    return due > latest ? now_s : due;
}

/* ---- a turn ---- */

struct turn {
    struct outbox *box;
    uint64_t number;
    const struct routes *routes;
    enum route_kind kind;
    int64_t now_s;
    outbox_tell tell;
    void *ctx;
};

static bool is_of(const struct turn *turn, const struct outbox_target *t)
{
    enum route_kind kind;
    return route_kind_of(t->to, &kind) == 0 && kind == turn->kind;
}

static bool is_due(const struct turn *turn, const struct outbox_target *t)
{
    if (!is_of(turn, t) || t->is_away || t->turn == turn->number)
        return false;
    return t->end == OUTBOX_WAITS ? due_s(turn->box, t, turn->now_s) <= turn->now_s : !t->told;
}

/* A target that is to be tried now, or whose end is to be told; each once in a turn. From the first: others may have gone. */
static bool pick(const struct turn *turn, struct outbox_item **out_item, struct outbox_target **out_target)
{
    for (size_t i = 0; i < turn->box->count; i++) {
        struct outbox_item *item = turn->box->items[i];
        for (size_t j = 0; j < item->target_count; j++) {
            if (!is_due(turn, &item->targets[j]))
                continue;
            *out_item = item;
            *out_target = &item->targets[j];
            return true;
        }
    }
    return false;
}

static int tell(const struct turn *turn, const struct outbox_item *item, const struct outbox_target *t)
{
    static const enum outcome outcomes[] = {OUTCOME_LATER, OUTCOME_SENT, OUTCOME_REFUSED, OUTCOME_REFUSED};
    const struct outbox_result result = {.id = item->id,
                                         .target = t->to,
                                         .outcome = outcomes[t->end],
                                         .given_up = t->end == OUTBOX_GIVEN_UP,
                                         .why = t->why,
                                         .tries = t->tries,
                                         .time_s = t->end == OUTBOX_WAITS ? turn->now_s : t->end_s};
    return turn->tell == NULL ? 0 : turn->tell(turn->ctx, &result);
}

static void note(const struct turn *turn, struct outbox_item *item, struct outbox_target *t, enum outcome outcome)
{
    bool too_old = turn->now_s - item->created_s > turn->box->opts.keep_s;
    t->tries++;
    t->end_s = turn->now_s;
    if (outcome == OUTCOME_SENT)
        t->end = OUTBOX_SENT;
    else if (outcome == OUTCOME_REFUSED)
        t->end = OUTBOX_REFUSED;
    else if (too_old)
        t->end = OUTBOX_GIVEN_UP;
    int64_t pause = outbox_pause_s(t->tries);
    t->next_s = turn->now_s + pause + (int64_t)randombytes_uniform((uint32_t)(pause / 4 + 1));
    if (outcome == OUTCOME_DOWN)
        outbox_rest_set(&turn->box->rests, t->to, t->next_s);
    else if (outcome == OUTCOME_SENT)
        outbox_rest_set(&turn->box->rests, t->to, 0);
}

/* One try, without the lock: puts may go on meanwhile. Items only go by turns of their own kind's targets being told. */
static enum outcome try_one(const struct turn *turn, const struct outbox_item *item, struct outbox_target *t)
{
    struct message_read read;
    t->is_away = true;
    pthread_mutex_unlock(&turn->box->mutex);
    int err = outbox_store_read(&turn->box->store, item->id, &read);
    enum outcome outcome = OUTCOME_LATER;
    char why[DELIVER_WHY_MAX] = "";
    if (err == 0) {
        outcome = deliver(turn->routes, t->to, &read.message, why);
        message_read_done(&read);
    } else {
        snprintf(why, sizeof why, "the message can't be read any more: %s", err_str(err));
        outcome = err == ERR_MALFORMED || err == ERR_NOENT ? OUTCOME_REFUSED : OUTCOME_LATER;
    }
    pthread_mutex_lock(&turn->box->mutex);
    t->is_away = false;
    memcpy(t->why, why, sizeof t->why);
    return outcome;
}

/* Its end is on disk before it is told, and told before it is forgotten. */
static int settle(const struct turn *turn, struct outbox_item *item, struct outbox_target *t)
{
    bool first_failure = t->end == OUTBOX_WAITS && t->tries == 1;
    int err = outbox_store_state(&turn->box->store, item);
    if (err < 0)
        return err;
    if (t->end == OUTBOX_WAITS) {
        if (first_failure)
            (void)tell(turn, item, t);
        return 0;
    }
    if (tell(turn, item, t) < 0)
        return 0; /* again in the next turn */
    t->told = true;
    if (outbox_item_is_done(item)) {
        list_drop(turn->box, item);
        return 0;
    }
    return outbox_store_state(&turn->box->store, item);
}

static size_t waiting(const struct turn *turn, int64_t *out_next_s)
{
    size_t count = 0;
    *out_next_s = INT64_MAX;
    for (size_t i = 0; i < turn->box->count; i++) {
        const struct outbox_item *item = turn->box->items[i];
        for (size_t j = 0; j < item->target_count; j++) {
            const struct outbox_target *t = &item->targets[j];
            if (!is_of(turn, t) || (t->end != OUTBOX_WAITS && t->told))
                continue;
            int64_t due = t->end != OUTBOX_WAITS ? turn->now_s + 1 : due_s(turn->box, t, turn->now_s);
            *out_next_s = due < *out_next_s ? due : *out_next_s;
            count++;
        }
    }
    return count;
}

int outbox_turn(struct outbox *box, const struct routes *routes, enum route_kind kind, int64_t now_s, outbox_tell told,
                void *ctx, int64_t *out_next_s)
{
    struct turn turn = {.box = box, .routes = routes, .kind = kind, .now_s = now_s, .tell = told, .ctx = ctx};
    struct outbox_item *item;
    struct outbox_target *target;
    int err = 0;
    pthread_mutex_lock(&box->mutex);
    turn.number = ++box->turns;
    while (err == 0 && pick(&turn, &item, &target)) {
        target->turn = turn.number;
        if (target->end == OUTBOX_WAITS)
            note(&turn, item, target, try_one(&turn, item, target));
        err = settle(&turn, item, target);
    }
    size_t count = waiting(&turn, out_next_s);
    pthread_mutex_unlock(&box->mutex);
    return err < 0 ? err : (int)count;
}

size_t outbox_count(struct outbox *box)
{
    pthread_mutex_lock(&box->mutex);
    size_t count = box->count;
    pthread_mutex_unlock(&box->mutex);
    return count;
}

bool outbox_has(struct outbox *box, const char *id)
{
    pthread_mutex_lock(&box->mutex);
    bool has = item_find(box, id) != NULL;
    pthread_mutex_unlock(&box->mutex);
    return has;
}

static bool waits(const struct outbox_item *item)
{
    for (size_t i = 0; i < item->target_count; i++)
        if (item->targets[i].end == OUTBOX_WAITS)
            return true;
    return false;
}

int64_t outbox_oldest_s(struct outbox *box)
{
    int64_t oldest = INT64_MAX;
    pthread_mutex_lock(&box->mutex);
    for (size_t i = 0; i < box->count; i++)
        if (waits(box->items[i]) && box->items[i]->created_s < oldest)
            oldest = box->items[i]->created_s;
    pthread_mutex_unlock(&box->mutex);
    return oldest;
}
