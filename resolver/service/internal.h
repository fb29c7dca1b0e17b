/*
 * The manager's own: what service.c, in_force.c and parts.c share of it.
 *
 * Threads: the main one.
 */
#ifndef SERVICE_INTERNAL_H
#define SERVICE_INTERNAL_H

#include <uv.h>

#include "base/text.h"
#include "control/names.h"
#include "control/pace.h"
#include "monitor/monitor.h"
#include "net/control_socket.h"
#include "net/tap_output.h"
#include "net/watch.h"
#include "net/workers.h"
#include "service/attendance.h"
#include "service/changes.h"
#include "service/log_alarm.h"
#include "service/lookout.h"
#include "service/recursor.h"
#include "service/rulings.h"
#include "service/sessions.h"
#include "service/snapshot.h"

struct service {
    const char *const *files;
    size_t file_count;
    uv_loop_t loop;
    uv_signal_t terminate, interrupt, hangup;
    uv_timer_t watchdog;
    uv_timer_t log_look;
    struct log_alarm log_alarm;
    uv_timer_t pace_look;
    struct pace pace;
    struct snapshot_secrets secrets;
    int64_t started_s;
    struct snapshot *snapshot; /* in force, or being handed to the workers */
    struct rulings rulings;
    struct changes changes;
    struct attendance *attendance;
    struct lookout *lookout;
    struct sessions *sessions; /* NULL: nobody tells of any */
    struct recursor *recursor;
    struct names *names;
    struct cache *cache;
    struct qlog *log;
    struct tap_output *taps; /* NULL: nothing is told by dnstap */
    struct watch *watch;
    struct watch *tier_watch;
    struct workers *workers;
    struct control_socket *control;
    struct monitor *monitor; /* NULL: not wanted */
};

/* ---- service.c ---- */

/* For net/control_socket.h and monitor/; ctx: the service. */
void service_command_env(void *ctx, struct command_env *out);

/* ---- in_force.c ---- */

/* Puts all parts in force; the old snapshot goes when no worker uses it any more. On failure the old one stays. */
ERR_CHECKED int in_force_put(struct service *s, struct snapshot_parts parts);
struct worker_env in_force_env(struct service *s, const struct snapshot *snapshot);

/* The files once more, by somebody. A failure is logged, why has lines for a person; the running configuration stays. */
int in_force_reload(struct service *s, const struct caller *by, struct text *why);

/* What one part says of itself; ctx: the service. */
void in_force_on_generation(void *ctx, void *opened);
void in_force_on_statutory(void *ctx, void *opened);
void in_force_on_recursion(void *ctx);
void in_force_on_attendance(void *ctx);

/* Parts that are made anew for another configuration, also for the first one. */
void in_force_names(struct service *s, const struct config *config);
/* The query log learns the names, before a row needs one; db NULL: its feeds are known. */
void in_force_know(struct service *s, const struct config *config, const struct blockdb *db);
ERR_CHECKED int in_force_recursion(struct service *s, const struct config *config, struct snapshot_parts *parts);
ERR_CHECKED int in_force_attendance(struct service *s, struct snapshot_parts *parts);

/* ---- parts.c ---- */

/* Loads the files and opens everything; on failure the log, or stderr, says why, and parts_close() closes what is open. */
ERR_CHECKED int parts_open(struct service *s);
/* Also runs the loop until all its handles are closed. */
void parts_close(struct service *s);

#endif
