#include "delivery/outbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/err.h"
#include "base/file.h"
#include "base/outfile.h"
#include "delivery/outbox_item.h"

#define STATE_MAX   ((size_t)1 << 20)
#define MESSAGE_MAX (2 * MESSAGE_BYTES_MAX)
#define RESTS_MAX   32

/* A server that could not be reached is left alone for a while, whatever waits for it. */
struct rest {
    char server[ROUTE_TARGET_MAX];
    int64_t until_s;
};

struct outbox {
    char folder[PATH_MAX - MESSAGE_ID_MAX - 32];
    struct outbox_opts opts;
    int lock_fd;
    pthread_mutex_t mutex;
    struct outbox_item **items; /* oldest first */
    size_t count, cap;
    uint64_t bytes;
    struct rest rests[RESTS_MAX];
    size_t rest_count;
    uint64_t turns;
};

int64_t outbox_pause_s(unsigned tries)
{
    static const int64_t pauses[] = {5, 10, 20, 40, 60, 120, 240, 480, 900};
    size_t last = sizeof pauses / sizeof pauses[0] - 1;
    return tries == 0 ? 0 : pauses[tries - 1 < last ? tries - 1 : last];
}

/* ---- files ---- */

static void path_of(const struct outbox *box, const char *id, const char *suffix, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/%s%s", box->folder, id, suffix);
}

static int write_whole(const char *path, const struct text *text)
{
    struct outfile file;
    if (!text_ok(text))
        return ERR_NOMEM;
    int err = outfile_open(&file, path, 0600);
    if (err < 0)
        return err;
    if (fwrite(text->bytes, 1, text->len, file.file) != text->len) {
        err = err_from_errno(errno);
        outfile_abort(&file);
        return err;
    }
    return outfile_commit(&file);
}

static int state_save(const struct outbox *box, const struct outbox_item *item)
{
    char path[PATH_MAX];
    struct text text = {.max = STATE_MAX};
    outbox_item_write(item, &text);
    path_of(box, item->id, ".state", path);
    int err = write_whole(path, &text);
    text_done(&text);
    return err;
}

static int message_save(const struct outbox *box, const struct message *message, uint64_t *out_bytes)
{
    char path[PATH_MAX];
    struct text text = {.max = MESSAGE_MAX};
    message_write(message, &text);
    *out_bytes = text.len;
    if (text_ok(&text) && box->bytes + text.len > box->opts.bytes_max) {
        text_done(&text);
        return ERR_LIMIT;
    }
    path_of(box, message->id, ".msg", path);
    int err = write_whole(path, &text);
    text_done(&text);
    return err;
}

static int message_load(const struct outbox *box, const char *id, struct message_read *out)
{
    char path[PATH_MAX];
    char *bytes;
    size_t len;
    path_of(box, id, ".msg", path);
    int err = file_read_path(path, MESSAGE_MAX, &bytes, &len);
    if (err < 0)
        return err;
    err = message_parse(bytes, len, out);
    free(bytes);
    return err;
}

/* The state goes first: without it the message does not exist. */
static void item_unlink(const struct outbox *box, const char *id)
{
    char path[PATH_MAX];
    path_of(box, id, ".state", path);
    unlink(path);
    path_of(box, id, ".msg", path);
    unlink(path);
}

/* ---- the list ---- */

static struct outbox_item *item_find(const struct outbox *box, const char *id)
{
    for (size_t i = 0; i < box->count; i++)
        if (strcmp(box->items[i]->id, id) == 0)
            return box->items[i];
    return NULL;
}

static void item_free(struct outbox_item *item)
{
    if (item != NULL)
        outbox_item_done(item);
    free(item);
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
    item_unlink(box, item->id);
    item_free(item);
}

/* ---- opening ---- */

/* An item that can't be read is kept for who wants to see it, and is out of the way. */
static void set_aside(const struct outbox *box, const char *id)
{
    char from[PATH_MAX], to[PATH_MAX];
    path_of(box, id, ".state", from);
    path_of(box, id, ".damaged", to);
    rename(from, to);
}

static int item_load(const struct outbox *box, struct outbox_item *item)
{
    char path[PATH_MAX];
    struct stat st;
    char *bytes;
    size_t len;
    path_of(box, item->id, ".msg", path);
    if (stat(path, &st) < 0)
        return ERR_MALFORMED;
    item->bytes = (uint64_t)st.st_size;
    path_of(box, item->id, ".state", path);
    int err = file_read_path(path, STATE_MAX, &bytes, &len);
    if (err < 0)
        return err;
    err = outbox_item_parse(bytes, len, item);
    free(bytes);
    return err;
}

static int load_one(struct outbox *box, const char *id)
{
    struct outbox_item *item = calloc(1, sizeof *item);
    if (item == NULL)
        return ERR_NOMEM;
    memcpy(item->id, id, strlen(id) + 1); /* message_id_is_good() has said that it fits */
    int err = item_load(box, item);
    if (err == 0)
        err = list_add(box, item);
    if (err == 0)
        return 0;
    item_free(item);
    if (err == ERR_MALFORMED || err == ERR_LIMIT) {
        set_aside(box, id);
        return 0;
    }
    return err;
}

static bool ends_in(const char *name, const char *suffix)
{
    size_t len = strlen(name), suffix_len = strlen(suffix);
    return len > suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

static int load_entry(struct outbox *box, const char *name)
{
    char id[MESSAGE_ID_MAX + 8];
    if (ends_in(name, ".tmp")) {
        unlinkat(box->lock_fd, name, 0); /* what a kill has left half written */
        return 0;
    }
    if (!ends_in(name, ".state") || strlen(name) >= sizeof id)
        return 0;
    snprintf(id, sizeof id, "%.*s", (int)(strlen(name) - strlen(".state")), name);
    return message_id_is_good(id) ? load_one(box, id) : 0;
}

/* A message whose state was never written does not exist. */
static void sweep(struct outbox *box, const char *name)
{
    char id[MESSAGE_ID_MAX + 8];
    if (!ends_in(name, ".msg") || strlen(name) >= sizeof id)
        return;
    snprintf(id, sizeof id, "%.*s", (int)(strlen(name) - strlen(".msg")), name);
    char damaged[PATH_MAX];
    path_of(box, id, ".damaged", damaged);
    if (item_find(box, id) == NULL && access(damaged, F_OK) < 0)
        unlinkat(box->lock_fd, name, 0);
}

static int walk(struct outbox *box)
{
    int err = 0;
    struct dirent *entry;
    DIR *dir = opendir(box->folder);
    if (dir == NULL)
        return err_from_errno(errno);
    while (err == 0 && (entry = readdir(dir)) != NULL)
        err = load_entry(box, entry->d_name);
    rewinddir(dir);
    while (err == 0 && (entry = readdir(dir)) != NULL)
        sweep(box, entry->d_name);
    closedir(dir);
    return err;
}

static int take_folder(struct outbox *box)
{
    if (mkdir(box->folder, 0750) < 0 && errno != EEXIST)
        return err_from_errno(errno);
    box->lock_fd = open(box->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (box->lock_fd < 0 || flock(box->lock_fd, LOCK_EX | LOCK_NB) < 0)
        return err_from_errno(errno);
    return walk(box);
}

int outbox_open(const struct outbox_opts *opts, struct outbox **out)
{
    struct outbox *box = calloc(1, sizeof *box);
    if (box == NULL)
        return ERR_NOMEM;
    box->opts = *opts;
    box->lock_fd = -1;
    pthread_mutex_init(&box->mutex, NULL);
    int err = ERR_LIMIT;
    if ((size_t)snprintf(box->folder, sizeof box->folder, "%s", opts->folder) < sizeof box->folder)
        err = take_folder(box);
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
        item_free(box->items[i]);
    free(box->items);
    if (box->lock_fd >= 0)
        close(box->lock_fd);
    pthread_mutex_destroy(&box->mutex);
    free(box);
}

/* ---- putting in ---- */

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
        err = message_save(box, message, &item->bytes);
    if (err == 0)
        err = state_save(box, item);
    if (err == 0)
        err = list_add(box, item);
    if (err == 0)
        return 0;
    item_unlink(box, item->id);
    item_free(item);
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

/* ---- rests ---- */

/* All mail goes by one server. */
static const char *server_of(const char *target)
{
    return strncmp(target, "mail:", 5) == 0 ? "mail:" : target;
}

static struct rest *rest_find(struct outbox *box, const char *server)
{
    for (size_t i = 0; i < box->rest_count; i++)
        if (strcmp(box->rests[i].server, server) == 0)
            return &box->rests[i];
    return NULL;
}

static void rest_set(struct outbox *box, const char *target, int64_t until_s)
{
    const char *server = server_of(target);
    struct rest *rest = rest_find(box, server);
    if (rest == NULL && box->rest_count == RESTS_MAX)
        return;
    if (rest == NULL) {
        rest = &box->rests[box->rest_count++];
        snprintf(rest->server, sizeof rest->server, "%s", server);
    }
    rest->until_s = until_s;
}

/* When a target may be tried: in its own time, and in its server's. A clock that was set back must not mean a wait of hours. */
static int64_t due_s(struct outbox *box, const struct outbox_target *t, int64_t now_s)
{
    const struct rest *rest = rest_find(box, server_of(t->to));
    int64_t due = rest != NULL && rest->until_s > t->next_s ? rest->until_s : t->next_s;
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
        rest_set(turn->box, t->to, t->next_s);
    else if (outcome == OUTCOME_SENT)
        rest_set(turn->box, t->to, 0);
}

/* One try, without the lock: puts may go on meanwhile. Items only go by turns of their own kind's targets being told. */
static enum outcome try_one(const struct turn *turn, const struct outbox_item *item, struct outbox_target *t)
{
    struct message_read read;
    t->is_away = true;
    pthread_mutex_unlock(&turn->box->mutex);
    int err = message_load(turn->box, item->id, &read);
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
    int err = state_save(turn->box, item);
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
    return state_save(turn->box, item);
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
