/*
 * Whether a decision may be made as it was asked for: what the policy would not let happen anyway, how long it may last,
 * and whose right it is.
 *
 * What stands on a statutory list, or is of the category illegal, passes like any other name, to no effect: the answer is no
 * oracle for those lists.
 *
 * Threads: the manager's.
 */
#ifndef CONTROL_ADMISSION_H
#define CONTROL_ADMISSION_H

#include "control/command.h"

/* Gives it its end, and says whether it has to wait for somebody's approval. false: out says why not. */
bool admission_decide(const struct command_env *env, int64_t for_s, struct decision *decision, struct text *out);

/* Whether the caller (approval: uid, by) may approve of what was proposed. */
bool admission_approve(const struct command_env *env, const struct decision *proposed, const struct decision *approval,
                       struct text *out);

/* Whether the caller may end it before its time. */
bool admission_revoke(const struct command_env *env, const struct decision *decision, const struct decision *revocation,
                      struct text *out);

/* What the configuration says of the name, whatever the lists say. */
enum policy_special admission_special(const struct command_env *env, const uint8_t *name);

#endif
