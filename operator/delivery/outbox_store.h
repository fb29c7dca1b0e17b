/*
 * The files of the outbox (delivery/outbox.h): in its folder, of each item the message and the state.
 *
 * Threads: under the outbox's lock; outbox_store_read() at any time.
 */
#ifndef DELIVERY_OUTBOX_STORE_H
#define DELIVERY_OUTBOX_STORE_H

#include <limits.h>

#include "delivery/outbox_item.h"

struct outbox_store {
    char folder[PATH_MAX - MESSAGE_ID_MAX - 32];
    int fd; /* of the folder, locked */
};

/* Makes the folder when it is missing. ERR_BUSY: another program has it; ERR_LIMIT: its name is too long; ERR_ACCESS, ERR_IO... */
ERR_CHECKED int outbox_store_open(struct outbox_store *store, const char *folder);
/* Also of one that could not be opened. */
void outbox_store_close(struct outbox_store *store);

/* Who gets an item owns it (outbox_item_free()), but when it returns something negative, which ends the loading. */
typedef int (*outbox_store_take)(void *ctx, struct outbox_item *item);

/* Every item that is there. A damaged one is put aside; what a kill has left of others is removed. */
ERR_CHECKED int outbox_store_load(const struct outbox_store *store, outbox_store_take take, void *ctx);

/* On disk when they return 0. ERR_LIMIT: the message's file would be larger than room. ERR_NOSPACE, ERR_ACCESS, ERR_IO, ERR_NOMEM. */
ERR_CHECKED int outbox_store_message(const struct outbox_store *store, const struct message *message, uint64_t room,
                                     uint64_t *out_bytes);
ERR_CHECKED int outbox_store_state(const struct outbox_store *store, const struct outbox_item *item);

/* ERR_NOENT, ERR_MALFORMED, ERR_NOMEM, ERR_IO. */
ERR_CHECKED int outbox_store_read(const struct outbox_store *store, const char *id, struct message_read *out);

/* Removes both files. */
void outbox_store_drop(const struct outbox_store *store, const char *id);

#endif
