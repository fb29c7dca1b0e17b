/*
 * The commands about who is where (identity/).
 *
 *     who {"about": "10.20.4.7", "by": "anna"}      what is known of an address, a network card, a user or a device
 *     forget {"kind": "user", "name": "jones", "reason": "...", "by": "anna"}     takes a name out of the roster
 *
 * Both are in the ledger before anything is told or done. `by` counts from root alone, as with decisions.
 *
 * who answers with JSON: `clients` (addresses, each with user, device, grade, group), `claims` (which source says what, from
 * when to when), of each WHO_MAX at most.
 *
 * Threads: the manager's.
 */
#ifndef CONTROL_WHO_H
#define CONTROL_WHO_H

#include "control/command.h"

#define WHO_MAX 200

void who_run(const char *argument, const struct command_env *env, struct text *out);
void who_forget(const char *argument, const struct command_env *env, struct text *out);

#endif
