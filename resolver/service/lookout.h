/*
 * What is made of DHCP leases: their sources, which claim who has an address (leases.h), and silence as a signal: workers note
 * which devices ask (identity/hearing.h), and once a minute those are looked for that renew their leases and do not
 * (lease/silence.h).
 *
 * Threads: the manager's; the hearing is the workers'.
 */
#ifndef SERVICE_LOOKOUT_H
#define SERVICE_LOOKOUT_H

#include <uv.h>

#include "config/config.h"
#include "control/command.h"
#include "service/attendance.h"

#define LOOKOUT_EVERY_MS 60000

struct lookout;

/* attendance must stay; config as in lookout_use(). ERR_NOMEM. */
ERR_CHECKED int lookout_open(uv_loop_t *loop, struct attendance *attendance, const struct config *config,
                             struct lookout **out);

/*
 * From now on by this configuration, which must stay until the next call. What files of leases hold is claimed when it
 * returns. Where memory is short not all sources are read, and it is logged.
 */
void lookout_use(struct lookout *lookout, const struct config *config);

/* For the workers. */
struct hearing *lookout_hearing(struct lookout *lookout);

/* Looks for silent devices; it does so by itself once a minute. No lease may be being read. ERR_NOMEM: all is as before. */
ERR_CHECKED int lookout_look(struct lookout *lookout, int64_t now_s);

/* What commands are told. */
void lookout_fill(const struct lookout *lookout, struct command_env *env);

/* The loop must run on between the two, and the claims must stay until the first. NULL is nothing. */
void lookout_close(struct lookout *lookout);
void lookout_free(struct lookout *lookout);

#endif
