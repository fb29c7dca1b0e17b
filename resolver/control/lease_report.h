/*
 * What is told of DHCP leases: how their sources are, and which devices are silent (lease/silence.h).
 *
 * Threads: the manager's.
 */
#ifndef CONTROL_LEASE_REPORT_H
#define CONTROL_LEASE_REPORT_H

#include "control/command.h"

/* The member "leases" of the status. */
void lease_report_status(const struct command_env *env, struct text *out);
/* Nothing where no source is configured. No figure tells of one device. */
void lease_report_metrics(const struct command_env *env, struct text *out);

/* The command "silent": JSON with each silent device. It goes to the ledger who looked. */
void lease_report_silent(const char *argument, const struct command_env *env, struct text *out);

#endif
