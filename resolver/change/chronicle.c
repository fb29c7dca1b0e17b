#include "change/chronicle.h"

#include <stdlib.h>
#include <string.h>

#include "base/line_file.h"

#define MODE 0640

struct chronicle {
    struct line_file file;
    unsigned line_count, damaged;
    uint32_t last;              /* number */
    struct chronicle_step step; /* the last one; number 0: none */
    struct change **changes;
    size_t count, cap;
    struct change_turn *turns;
    size_t turn_count, turn_cap;
};

/* ---- looking ---- */

size_t chronicle_count(const struct chronicle *chronicle)
{
    return chronicle->count;
}

const struct change *chronicle_at(const struct chronicle *chronicle, size_t index)
{
    return chronicle->changes[index];
}

static struct change *find(const struct chronicle *chronicle, uint32_t number)
{
    /* Numbers go up, so they stand in order. */
    size_t low = 0, high = chronicle->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (chronicle->changes[middle]->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < chronicle->count && chronicle->changes[low]->number == number ? chronicle->changes[low] : NULL;
}

const struct change *chronicle_find(const struct chronicle *chronicle, uint32_t number)
{
    return find(chronicle, number);
}

uint32_t chronicle_next(const struct chronicle *chronicle)
{
    return chronicle->last + 1;
}

unsigned chronicle_damaged(const struct chronicle *chronicle)
{
    return chronicle->damaged;
}

const struct chronicle_step *chronicle_last(const struct chronicle *chronicle)
{
    return chronicle->step.number == 0 ? NULL : &chronicle->step;
}

size_t chronicle_turn_count(const struct chronicle *chronicle)
{
    return chronicle->turn_count;
}

const struct change_turn *chronicle_turn(const struct chronicle *chronicle, size_t index)
{
    return &chronicle->turns[index];
}

uint32_t chronicle_in_force(const struct chronicle *chronicle)
{
    return chronicle->turn_count == 0 ? 0 : chronicle->turns[chronicle->turn_count - 1].version;
}

uint32_t chronicle_in_force_at(const struct chronicle *chronicle, int64_t at_s)
{
    for (size_t i = chronicle->turn_count; i > 0; i--)
        if (chronicle->turns[i - 1].at_s <= at_s)
            return chronicle->turns[i - 1].version;
    return 0;
}

uint32_t chronicle_before(const struct chronicle *chronicle)
{
    for (size_t i = chronicle->turn_count; i > 0; i--)
        if (chronicle->turns[i - 1].version != chronicle_in_force(chronicle))
            return chronicle->turns[i - 1].version;
    return 0;
}

bool chronicle_is_effective(const struct chronicle *chronicle, uint32_t number)
{
    uint32_t at = chronicle_in_force(chronicle);
    /* A base is always smaller, so this ends. */
    while (at > number) {
        const struct change *change = find(chronicle, at);
        at = change == NULL || change->base >= at ? 0 : change->base;
    }
    return at == number && number != 0;
}

bool chronicle_is_overdue(const struct chronicle *chronicle, const struct change *change, int64_t now_s)
{
    return change->review_s != 0 && change->review_s <= now_s && chronicle_is_effective(chronicle, change->number);
}

/* ---- what may follow what ---- */

static const char *refuse_new(const struct chronicle *chronicle, const struct change_line *line)
{
    if (chronicle->count >= CHRONICLE_MAX || line->number > INT32_MAX)
        return "there are as many changes on record as can be";
    if (chronicle->count > 0 && line->number <= chronicle->changes[chronicle->count - 1]->number)
        return "this number is given already";
    if (line->base >= line->number)
        return "it can't be made from what comes after it";
    return NULL;
}

static const char *refuse_approval(const struct change *change, const struct change_line *line)
{
    if (change->uid == line->uid)
        return "who proposed a change can't approve it";
    if (change->approval_count >= CHRONICLE_APPROVALS_MAX)
        return "as many as can have approved it";
    for (size_t i = 0; i < change->approval_count; i++)
        if (change->approvals[i].uid == line->uid)
            return "this person has approved it already";
    return NULL;
}

static const char *refuse_closed(const struct change *change)
{
    switch (change->state) {
    case CHANGE_PROPOSED:
        return NULL;
    case CHANGE_REJECTED:
        return "it was rejected";
    case CHANGE_WITHDRAWN:
        return "it was withdrawn";
    case CHANGE_USED:
        return "it has been in force already";
    }
    return NULL;
}

static const char *refuse_activation(const struct chronicle *chronicle, const struct change *change)
{
    const char *closed = refuse_closed(change);
    if (closed == NULL && change->base != chronicle_in_force(chronicle))
        return "another version has come into force since it was proposed: propose it anew";
    return closed;
}

const char *chronicle_refusal(const struct chronicle *chronicle, const struct change_line *line)
{
    const struct change *change = find(chronicle, line->number);
    if (line->op == CHANGE_PROPOSE || line->op == CHANGE_ADOPT)
        return refuse_new(chronicle, line);
    if (change == NULL)
        return "there is no change of this number";
    switch (line->op) {
    case CHANGE_APPROVE: {
        const char *closed = refuse_closed(change);
        return closed != NULL ? closed : refuse_approval(change, line);
    }
    case CHANGE_REJECT:
    case CHANGE_WITHDRAW:
        return refuse_closed(change);
    case CHANGE_SCHEDULE:
    case CHANGE_ACTIVATE:
        return refuse_activation(chronicle, change);
    case CHANGE_MISS:
        return change->when_s == 0 ? "it was not planned" : NULL;
    case CHANGE_ROLLBACK:
        if (change->state != CHANGE_USED)
            return "it has never been in force";
        return line->number == chronicle_in_force(chronicle) ? "it is in force" : NULL;
    case CHANGE_REVIEW:
        return chronicle_is_effective(chronicle, line->number) ? NULL : "it has no effect any more";
    case CHANGE_PROPOSE:
    case CHANGE_ADOPT:
        break;
    }
    return "not understood";
}

/* ---- taking a line in ---- */

static void change_free(struct change *change)
{
    if (change == NULL)
        return;
    for (size_t i = 0; i < change->approval_count; i++) {
        struct change_approval *a = &change->approvals[i];
        for (size_t k = 0; k < a->role_count; k++)
            free(a->roles[k]);
        free(a->roles);
        free(a->by);
        free(a->comment);
    }
    free(change->approvals);
    free(change->by);
    free(change->reason);
    free(change->replay);
    free(change->closed_by);
    free(change->closed_reason);
    free(change->assessment);
    free(change);
}

static struct change *change_of(const struct change_line *line)
{
    struct change *change = calloc(1, sizeof *change);
    if (change == NULL)
        return NULL;
    change->number = line->number;
    change->base = line->base;
    change->adopted = line->op == CHANGE_ADOPT;
    change->proposed_s = line->at_s;
    change->uid = line->uid;
    change->opens = line->opens;
    memcpy(change->hash, line->hash, sizeof change->hash);
    change->by = strdup(line->by);
    change->reason = strdup(line->reason);
    change->replay = strdup(line->replay);
    if (line->has_assessment && (change->assessment = malloc(sizeof *change->assessment)) != NULL) {
        *change->assessment = line->assessment;
        change->review_s = line->assessment.review_s;
    }
    if (change->by == NULL || change->reason == NULL || change->replay == NULL ||
        (line->has_assessment && change->assessment == NULL)) {
        change_free(change);
        return NULL;
    }
    return change;
}

static int take_new(struct chronicle *chronicle, const struct change_line *line)
{
    if (chronicle->count == chronicle->cap) {
        size_t cap = chronicle->cap == 0 ? 64 : chronicle->cap * 2;
        struct change **longer = reallocarray(chronicle->changes, cap, sizeof *longer);
        if (longer == NULL)
            return ERR_NOMEM;
        chronicle->changes = longer;
        chronicle->cap = cap;
    }
    struct change *change = change_of(line);
    if (change == NULL)
        return ERR_NOMEM;
    chronicle->changes[chronicle->count++] = change;
    if (line->number > chronicle->last)
        chronicle->last = line->number;
    return 0;
}

static int copy_roles(const struct change_line *line, struct change_approval *out)
{
    out->roles = calloc(line->role_count + 1, sizeof *out->roles);
    for (size_t i = 0; out->roles != NULL && i < line->role_count; i++) {
        if ((out->roles[i] = strdup(line->roles[i])) == NULL)
            return ERR_NOMEM;
        out->role_count++;
    }
    return out->roles == NULL ? ERR_NOMEM : 0;
}

static int take_approval(struct change *change, const struct change_line *line)
{
    struct change_approval *longer =
        reallocarray(change->approvals, change->approval_count + 1, sizeof *change->approvals);
    if (longer == NULL)
        return ERR_NOMEM;
    change->approvals = longer;
    struct change_approval *a = &longer[change->approval_count++];
    *a = (struct change_approval){
        .at_s = line->at_s, .uid = line->uid, .by = strdup(line->by), .comment = strdup(line->reason)};
    return copy_roles(line, a) < 0 || a->by == NULL || a->comment == NULL ? ERR_NOMEM : 0;
}

static int take_close(struct change *change, const struct change_line *line)
{
    change->state = line->op == CHANGE_REJECT ? CHANGE_REJECTED : CHANGE_WITHDRAWN;
    change->closed_s = line->at_s;
    change->when_s = 0;
    change->closed_by = strdup(line->by);
    change->closed_reason = strdup(line->reason);
    return change->closed_by == NULL || change->closed_reason == NULL ? ERR_NOMEM : 0;
}

static int take_turn(struct chronicle *chronicle, struct change *change, const struct change_line *line)
{
    if (chronicle->turn_count == chronicle->turn_cap) {
        size_t cap = chronicle->turn_cap == 0 ? 64 : chronicle->turn_cap * 2;
        struct change_turn *longer = reallocarray(chronicle->turns, cap, sizeof *longer);
        if (longer == NULL)
            return ERR_NOMEM;
        chronicle->turns = longer;
        chronicle->turn_cap = cap;
    }
    struct change_turn *turn = &chronicle->turns[chronicle->turn_count];
    *turn = (struct change_turn){.version = line->number,
                                 .at_s = line->at_s,
                                 .op = line->op,
                                 .uid = line->uid,
                                 .by = strdup(line->by),
                                 .reason = strdup(line->reason)};
    chronicle->turn_count++;
    change->state = CHANGE_USED;
    change->when_s = 0;
    return turn->by == NULL || turn->reason == NULL ? ERR_NOMEM : 0;
}

static int take(struct chronicle *chronicle, const struct change_line *line)
{
    chronicle->step = (struct chronicle_step){line->op, line->number, line->at_s};
    struct change *change = find(chronicle, line->number);
    int err;
    switch (line->op) {
    case CHANGE_PROPOSE:
        return take_new(chronicle, line);
    case CHANGE_ADOPT:
        err = take_new(chronicle, line);
        return err < 0 ? err : take_turn(chronicle, chronicle->changes[chronicle->count - 1], line);
    case CHANGE_APPROVE:
        return take_approval(change, line);
    case CHANGE_REJECT:
    case CHANGE_WITHDRAW:
        return take_close(change, line);
    case CHANGE_SCHEDULE:
        change->when_s = line->when_s;
        return 0;
    case CHANGE_MISS:
        change->when_s = 0;
        return 0;
    case CHANGE_ACTIVATE:
    case CHANGE_ROLLBACK:
        return take_turn(chronicle, change, line);
    case CHANGE_REVIEW:
        change->review_s = line->review_s;
        return 0;
    }
    return ERR_UNSUPPORTED;
}

/* ---- reading ---- */

struct reading {
    struct chronicle *chronicle;
    struct change_line *line;
    chronicle_complaint complaint;
    void *ctx;
};

static int on_line(void *ctx, const char *text, size_t len)
{
    const struct reading *r = ctx;
    struct chronicle *chronicle = r->chronicle;
    chronicle->line_count++;
    int err = change_line_parse(text, len, r->line);
    if (err == 0 && chronicle_refusal(chronicle, r->line) != NULL)
        err = ERR_MALFORMED;
    if (err == 0)
        err = take(chronicle, r->line);
    if (err == 0 || err == ERR_NOMEM)
        return err;
    chronicle->damaged++;
    chronicle->last++; /* the line may have had a number: it is not given to another */
    if (r->complaint != NULL)
        r->complaint(r->ctx, chronicle->line_count, err);
    return 0;
}

/* ---- writing ---- */

int chronicle_add(struct chronicle *chronicle, const struct change_line *line)
{
    struct text text = {.max = CHANGE_LINE_MAX + 2};
    if (chronicle_refusal(chronicle, line) != NULL)
        return ERR_INVAL;
    change_line_write(line, &text);
    int err = text_ok(&text) ? line_file_append(&chronicle->file, text.bytes, text.len) : ERR_LIMIT;
    text_done(&text);
    if (err == 0)
        chronicle->line_count++;
    return err < 0 ? err : take(chronicle, line);
}

/* ---- opening ---- */

static int load(struct reading *reading)
{
    int err = line_file_open(&reading->chronicle->file, MODE);
    return err < 0 ? err : line_file_load(&reading->chronicle->file, on_line, reading);
}

static int look(struct reading *reading)
{
    return line_file_look(reading->chronicle->file.path, on_line, reading);
}

static int open_by(int (*read)(struct reading *), const char *path, chronicle_complaint complaint, void *ctx,
                   struct chronicle **out)
{
    struct reading reading = {calloc(1, sizeof(struct chronicle)), malloc(sizeof(struct change_line)), complaint, ctx};
    int err = reading.chronicle == NULL ? ERR_NOMEM : line_file_init(&reading.chronicle->file, path);
    if (err == 0)
        err = reading.line == NULL ? ERR_NOMEM : read(&reading);
    free(reading.line);
    if (err < 0)
        chronicle_close(reading.chronicle);
    else
        *out = reading.chronicle;
    return err;
}

int chronicle_open(const char *path, chronicle_complaint complaint, void *ctx, struct chronicle **out)
{
    return open_by(load, path, complaint, ctx, out);
}

int chronicle_read(const char *path, chronicle_complaint complaint, void *ctx, struct chronicle **out)
{
    return open_by(look, path, complaint, ctx, out);
}

void chronicle_close(struct chronicle *chronicle)
{
    if (chronicle == NULL)
        return;
    line_file_done(&chronicle->file);
    for (size_t i = 0; i < chronicle->count; i++)
        change_free(chronicle->changes[i]);
    for (size_t i = 0; i < chronicle->turn_count; i++) {
        free(chronicle->turns[i].by);
        free(chronicle->turns[i].reason);
    }
    free(chronicle->changes);
    free(chronicle->turns);
    free(chronicle);
}
