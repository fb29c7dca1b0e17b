/*
 * The outbox: messages that are to be delivered, in a folder, until every target has them or it is given up.
 *
 *     <folder>/<id>.msg      the message (message_write()), written once
 *     <folder>/<id>.state    its targets, and how far each is; its name makes the message exist
 *     <folder>/lock          who has the folder open
 *
 * What outbox_put() has returned 0 for is on disk: it is tried until the other end takes it or refuses it, or until it is too
 * old, whatever is killed meanwhile. Killed between the other end's yes and the note of it, it is sent once more, with the
 * same id. While a server can't be reached, one message tries for all that wait for the same server, at growing intervals.
 *
 * Every target's end is told once at least (outbox_tell) before the outbox forgets it.
 *
 * Bounds: items and bytes; beyond them outbox_put() says ERR_LIMIT.
 *
 * Threads: any; outbox_turn() once at a time for a kind of route.
 */
#ifndef DELIVERY_OUTBOX_H
#define DELIVERY_OUTBOX_H

#include "delivery/deliver.h"

#define OUTBOX_TARGETS_MAX 64 /* of a message */

struct outbox;

struct outbox_opts {
    const char *folder; /* made when it is missing, but not its parents */
    size_t items_max;
    uint64_t bytes_max;
    int64_t keep_s; /* it is given up when it is older */
};

/* ERR_BUSY: another program has it open; ERR_NOENT, ERR_ACCESS, ERR_NOMEM, ERR_IO. A damaged item is put aside (.damaged). */
ERR_CHECKED int outbox_open(const struct outbox_opts *opts, struct outbox **out);
void outbox_close(struct outbox *box);

/*
 * On disk when it returns 0. One with the id of a message that is there already changes nothing. ERR_LIMIT (full, or too
 * many targets), ERR_INVAL (no good message or target), ERR_NOSPACE, ERR_ACCESS, ERR_IO, ERR_NOMEM: nothing was added.
 */
ERR_CHECKED int outbox_put(struct outbox *box, const struct message *message, const char *const targets[],
                           size_t count);

/* What came of one target. */
struct outbox_result {
    const char *id;
    const char *target;
    enum outcome outcome; /* LATER: it goes on trying */
    bool given_up;        /* with REFUSED: it was too old */
    const char *why;      /* "" when sent */
    unsigned tries;
    int64_t time_s; /* of the outcome */
};

/* Of LATER the first only, and what it returns does not matter. Else negative: it could not be noted; it is told again. */
typedef int (*outbox_tell)(void *ctx, const struct outbox_result *result);

/*
 * Tries what is due of this kind of route, one after the other, and tells. Returns how many targets of this kind still wait;
 * *out_next_s: when the next of them is due, INT64_MAX when none waits. Negative enum err: the folder can't be written.
 */
ERR_CHECKED int outbox_turn(struct outbox *box, const struct routes *routes, enum route_kind kind, int64_t now_s,
                            outbox_tell tell, void *ctx, int64_t *out_next_s);

/* Messages in it. */
size_t outbox_count(struct outbox *box);
/* When the oldest message that still waits for the other end was written; INT64_MAX: none waits. */
int64_t outbox_oldest_s(struct outbox *box);
/* Whether a message of this id is in it. */
bool outbox_has(struct outbox *box, const char *id);

/* Seconds until the next try, after so many; without the chance that is added. */
int64_t outbox_pause_s(unsigned tries);

#endif
