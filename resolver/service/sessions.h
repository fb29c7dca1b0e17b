/*
 * Sessions: what a NAS says by RADIUS and logon scripts say over the local API, kept on the disk, and put among the claims of
 * who is where.
 *
 *     net/radius_server, net/api ──▶ book ──▶ claims (attendance)
 *                                      └────▶ commit ──▶ <state_dir>/state/sessions
 *
 * Where the file can't be had, or an address to listen on, nothing is taken and nobody is answered: the NAS asks again, and
 * who looks after this machine reads why. Questions are answered all the same.
 *
 * Threads: the manager's.
 */
#ifndef SERVICE_SESSIONS_H
#define SERVICE_SESSIONS_H

#include <uv.h>

#include "control/session_report.h"
#include "service/attendance.h"
#include "service/snapshot.h"

#define SESSIONS_MAX 100000 /* that last, of each source */

struct sessions;

/*
 * *out stays NULL where neither is configured. settings must live until sessions_use() names others; seed: a number that
 * nobody outside knows. ERR_NOMEM.
 */
ERR_CHECKED int sessions_open(uv_loop_t *loop, const struct settings *settings, struct attendance *attendance,
                              uint64_t seed, struct sessions **out);

/* From now on by the NAS, tokens and limits of these settings. NULL is nothing. */
void sessions_use(struct sessions *sessions, const struct settings *settings);

/* NULL: there is nothing to report. Good until the next call. */
const struct session_report *sessions_report(struct sessions *sessions);

/* The loop must run on until the handles are gone; then sessions_free(). NULL is nothing. */
void sessions_close(struct sessions *sessions);
void sessions_free(struct sessions *sessions);

#endif
