/*
 * The couriers: a thread for each kind of route, which takes what is in the outbox to where it shall go, so that a mail server
 * that is slow keeps no webhook waiting, and nobody keeps the watcher from reading.
 *
 * Threads: started and stopped by one; told is called by any of them.
 */
#ifndef ALERT_COURIER_H
#define ALERT_COURIER_H

#include "delivery/outbox.h"

struct couriers;

/* box, routes and ctx outlive them. ERR_NOMEM. */
ERR_CHECKED int couriers_start(struct outbox *box, const struct routes *routes, outbox_tell told, void *ctx,
                               struct couriers **out);
/* There is something new. */
void couriers_wake(struct couriers *couriers);
/* Waits for tries that are under way. NULL: nothing. */
void couriers_stop(struct couriers *couriers);

#endif
