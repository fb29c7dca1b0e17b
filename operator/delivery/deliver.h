/*
 * Delivering a message to one target, now: one try, and what came of it.
 *
 * A password or secret is read from its file for the time of the try; it is never in arguments, errors or logs.
 *
 * Threads: any, after deliver_init(); waits for the network, for as long as the route's timeout says.
 */
#ifndef DELIVERY_DELIVER_H
#define DELIVERY_DELIVER_H

#include "delivery/message.h"
#include "delivery/route.h"

#define DELIVER_WHY_MAX 320

enum outcome {
    OUTCOME_SENT,    /* the other end has taken it; of UDP and a local socket: it left here */
    OUTCOME_LATER,   /* not now; another try may help */
    OUTCOME_DOWN,    /* the same, whatever the message: its server can't be reached, or does not want us */
    OUTCOME_REFUSED, /* the other end will never take it, or there is no such route */
};

const char *outcome_name(enum outcome outcome);

/* Once before any other, by one thread. ERR_NOMEM. */
ERR_CHECKED int deliver_init(void);
void deliver_done(void);

/* why: a sentence without full stop that is fit for a terminal; "" when it was sent. */
enum outcome deliver(const struct routes *routes, const char *target, const struct message *message,
                     char why[DELIVER_WHY_MAX]);

#endif
