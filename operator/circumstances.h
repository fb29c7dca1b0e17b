/*
 * What about a client has a part in a verdict besides the level: the schedules that are active for the group, and rules of a
 * person's own, with the reason for those who may know it.
 *
 * Threads: one.
 */
#ifndef OPERATOR_CIRCUMSTANCES_H
#define OPERATOR_CIRCUMSTANCES_H

#include "base/text.h"
#include "operator/whom.h"

/* Adds "lunch-games opens gaming; exams puts level 'exam' in place"; nothing when none is active for the client. */
void circumstances_schedules(const struct explain *explain, const struct whom *whom, struct text *out);

/* Adds "blocks gaming; opens social-media; until 2027-07-20 00:00"; nothing when the user has no rules of his own. */
void circumstances_person(const struct explain *explain, const struct whom *whom, struct text *out);

/*
 * Adds why the user has them, from the file policy.reasons: "user" and "reason" are columns of it. ERR_NOENT: there is no such
 * file, or it says nothing of the user; ERR_ACCESS: it is not for who asks, by the file's mode or for want of the right to
 * read the log; ERR_MALFORMED, ERR_LIMIT, ERR_NOMEM, ERR_IO: it can't be read.
 */
ERR_CHECKED int circumstances_reason(const struct explain *explain, const struct whom *whom, struct text *out);

#endif
