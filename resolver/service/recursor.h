/*
 * Our own recursion: starts unbound with the configuration of belisha.yaml, watches it, starts it anew when it ends, and
 * replaces it when its configuration changes.
 *
 *     off ──recursor_use()──▶ starting ──answers──▶ running ──ended──▶ starting (after a pause, recursion/backoff.h)
 *                                                      │
 *                              changed configuration   └─▶ goes on answering until the new one does, then is ended
 *
 * Each daemon has a port of loopback of its own. Workers ask where recursor_place() says; `moved` tells when that changes.
 * While none answers, a place that is silent keeps questions waiting: when they are told of the new one they are asked
 * there at once. When it ends again and again, there is no place, and questions fail without waiting.
 *
 * Threads: the manager's.
 */
#ifndef SERVICE_RECURSOR_H
#define SERVICE_RECURSOR_H

#include <stdbool.h>
#include <uv.h>

#include "base/ipaddr.h"
#include "base/text.h"
#include "belisha/err.h"
#include "recursion/recursion.h"

struct recursor;

/* Where questions for recursion go. */
struct recursor_place {
    bool open; /* false: nowhere */
    struct endpoint at;
};

/* moved: recursor_place() says something else than before; never called from within a call of ours. */
ERR_CHECKED int recursor_new(uv_loop_t *loop, void (*moved)(void *ctx), void *ctx, struct recursor **out);

/*
 * What shall run from now on; opts need not live on. Nothing happens when it is what runs already. What can't be started
 * is tried again and again. ERR_NOMEM: then nothing has changed.
 */
ERR_CHECKED int recursor_use(struct recursor *recursor, const struct recursion_opts *opts);

struct recursor_place recursor_place(const struct recursor *recursor);
struct recursion_status recursor_status(const struct recursor *recursor);

/* Ends all daemons; the loop must run on until they are gone, then recursor_free(). NULL is nothing. */
void recursor_close(struct recursor *recursor);
void recursor_free(struct recursor *recursor);

#endif
