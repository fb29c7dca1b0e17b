/*
 * The watcher: follows the query log and sees to it that who must know is told within a minute. It only reads what the
 * resolver writes.
 *
 *     <folder>/book        what it knows (book.h)
 *     <folder>/register/   what was told (register.h)
 *     <folder>/outbox/     what is on its way (delivery/outbox.h)
 *
 * Killed at any moment, it goes on where it was: every alert is told once at least; twice only where a message had left and that
 * could not be noted any more, and then with the same id. Rows that were written while it did not run are looked at when it
 * starts, up to WATCH_BACK_S back.
 *
 * A full disk does not keep it from telling: what can't go by the outbox is sent at once.
 *
 * Threads: watch_run() is the main thread; couriers and the prober have their own. Logs (base/log.h).
 */
#ifndef ALERT_WATCH_H
#define ALERT_WATCH_H

#include <signal.h>

#include "alert/dispatch.h"
#include "alert/letter.h"
#include "alert/prober.h"
#include "delivery/route.h"

#define WATCH_BACK_S       (7 * 86400)
#define WATCH_TARGETS_MAX  32 /* of one role */
#define WATCH_OUTBOX_ITEMS 2000
#define WATCH_OUTBOX_BYTES ((uint64_t)256 << 20)
#define WATCH_KEEP_S       (3 * 86400) /* then a message is given up */
#define WATCH_LATE_S       900         /* a message that waits for longer is told of, by the ways that work */
#define WATCH_LULL_S       900         /* without a question in lessons */

struct watch_opts {
    const char *log_dir;
    const char *folder; /* made when it is missing */
    const struct config_alert_rule *rules;
    size_t rule_count;
    struct dispatch_opts dispatch;
    struct letter_opts letter;
    const struct routes *routes;
    const char *const *service_roles;
    size_t service_role_count;
    int64_t service_after_s;
    probe_fn probe;
    unsigned probe_every_s;
    /* What a name (wire) belongs to: "example.co.uk". */
    void (*site)(void *ctx, const uint8_t *name, char out[ALERT_NAME_MAX]);
    /* The targets of a role; returns how many. */
    size_t (*targets)(void *ctx, const char *role, const char *out[], size_t max);
    /* The name of a row's group, where the log has no word for it yet: it gets one with its first segment. NULL: not known. */
    const char *(*group)(void *ctx, const struct qlog_record *record);
    void *ctx; /* of the four above */
};

/* Until *stop. ERR_BUSY: another watcher has the folder; ERR_ACCESS, ERR_NOSPACE, ERR_NOMEM, ERR_IO. */
ERR_CHECKED int watch_run(const struct watch_opts *opts, const volatile sig_atomic_t *stop);

#endif
