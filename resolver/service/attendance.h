/*
 * Who is where: owns the claims of all sources, and makes of them the table that the workers use (identity/presence.h).
 *
 *     leases, sessions, logons ── claims_put() ──▶ claims ──┐
 *     configuration, loan register ─────────────────────────┼──▶ table ── changed() ──▶ the next snapshot
 *     forwarders' cards (workers) ── sightings ─────────────┘      └── numbers of names ──▶ roster
 *
 * The first change after a quiet second counts at once, further ones together, a second later; what begins or ends counts
 * in its second. Making a table never takes more than a fifth of the manager's time.
 *
 * A name gets its number on disk before any worker can log it. Where that fails, answers go on by the same rules, and the
 * log says less of who it was.
 *
 * Threads: the manager's.
 */
#ifndef SERVICE_ATTENDANCE_H
#define SERVICE_ATTENDANCE_H

#include <uv.h>

#include "config/config.h"
#include "identity/claims.h"
#include "identity/presence.h"
#include "identity/roster.h"
#include "identity/sightings.h"
#include "policy/policy.h"
#include "service/rulings.h"
#include "service/snapshot.h"

struct attendance;

/* There is another table: attendance_roll() is it. */
typedef void (*attendance_changed)(void *ctx);

/*
 * Opens the roster. Where that can't be made belishad goes on without numbers, and says so; but one that is there and can't
 * be read ends it: its numbers would be given to others. Negative then. seed: a number that nobody outside knows.
 */
ERR_CHECKED int attendance_open(uv_loop_t *loop, const struct config *config, uint64_t seed, attendance_changed changed,
                                void *ctx, struct attendance **out);
/* The loop must run once more between the two. */
void attendance_close(struct attendance *attendance);
void attendance_free(struct attendance *attendance);

/*
 * From now on by this configuration and policy, which must stay until the next call: makes a table at once. ERR_NOMEM: the
 * table is still the one before, and this is to be called with what goes on being in force.
 */
ERR_CHECKED int attendance_use(struct attendance *attendance, const struct config *config, const struct policy *policy);

/* The last table. Never NULL after attendance_use(). */
struct roll *attendance_roll(const struct attendance *attendance);

/* For the sources: whoever changes it has nothing else to do. */
struct claims *attendance_claims(struct attendance *attendance);
/* For the workers. */
struct sightings *attendance_sightings(struct attendance *attendance);
/* NULL: there is none. */
struct roster *attendance_roster(struct attendance *attendance);

/* The lasting number of a user or device by the configuration's way of comparing names, a new one if it had none; 0: none. */
uint32_t attendance_user_number(struct attendance *attendance, const char *name);
uint32_t attendance_device_number(struct attendance *attendance, const char *name);
/* The same two, for those who decide about users and devices. */
struct rulings_numbers attendance_numbers(struct attendance *attendance);

/* The card that has the address now, as far as anybody says. */
bool attendance_card(const struct attendance *attendance, const struct ipaddr *address, uint8_t out[6]);

/* How long the last table took to make, in us. */
int64_t attendance_took_us(const struct attendance *attendance);

#endif
