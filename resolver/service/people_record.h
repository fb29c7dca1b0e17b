/*
 * The people file and the ledger: each content that comes into force is written down, by its hash and by how many people it
 * concerns, never by whom. It is data and needs nobody's approval (docs/decisions/0035); what it may do at most, the policy says.
 *
 * Threads: the manager's. Waits for the disk.
 */
#ifndef SERVICE_PEOPLE_RECORD_H
#define SERVICE_PEOPLE_RECORD_H

#include "config/config.h"
#include "roles/caller.h"

/*
 * Before config is in force, in the place of old (NULL: at the start). Nothing is written where the content is the one that
 * was written down last. Logs the cells that do not count. Errors of ledger_append() and of a file: nothing was noted.
 */
ERR_CHECKED int people_record_take(const struct config *config, const struct config *old, const struct caller *by,
                                   int64_t now_s);

#endif
