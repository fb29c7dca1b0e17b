/*
 * A message in the outbox: its targets and how far each is, in memory and in its file of state.
 *
 *     {"version":1,"created":1796000000,"targets":[{"to":"mail:dsl@school.example","tries":2,"next":1796000035,
 *      "end":"waits","why":"the connection was refused","told":false}]}
 *
 * Memory: heap, owned by the struct. Threads: under the outbox's lock.
 */
#ifndef DELIVERY_OUTBOX_ITEM_H
#define DELIVERY_OUTBOX_ITEM_H

#include "delivery/outbox.h"

enum outbox_end { OUTBOX_WAITS, OUTBOX_SENT, OUTBOX_REFUSED, OUTBOX_GIVEN_UP };

struct outbox_target {
    char *to;
    unsigned tries;
    int64_t next_s;
    enum outbox_end end;
    int64_t end_s;
    bool told;     /* its end was noted by who wants to know; of one that waits: the first failure was */
    bool is_away;  /* a turn is trying it */
    uint64_t turn; /* the last that had it */
    char why[DELIVER_WHY_MAX];
};

struct outbox_item {
    char id[MESSAGE_ID_MAX];
    int64_t created_s;
    uint64_t bytes; /* of the message's file */
    struct outbox_target *targets;
    size_t target_count;
};

/* Adds copies of the targets. ERR_NOMEM. */
ERR_CHECKED int outbox_item_fill(struct outbox_item *item, const char *const targets[], size_t count);
void outbox_item_done(struct outbox_item *item);
/* Of one that is on the heap itself. NULL is nothing. */
void outbox_item_free(struct outbox_item *item);

/* Whether nothing is left to do for it. */
bool outbox_item_is_done(const struct outbox_item *item);

/* The file's text. */
void outbox_item_write(const struct outbox_item *item, struct text *out);
/* ERR_MALFORMED, ERR_NOMEM. id and bytes are left alone. */
ERR_CHECKED int outbox_item_parse(const char *bytes, size_t len, struct outbox_item *item);

#endif
