/*
 * The newest entry of a kind, looked for in the newest file only.
 *
 * Threads: pure, but for the file; takes no lock.
 */
#ifndef LEDGER_RECENT_H
#define LEDGER_RECENT_H

#include "ledger/ledger.h"

/* kind: or the beginning of one, with its dot ("policy."). ERR_NOENT: there is none; ERR_ACCESS, ERR_NOMEM, ERR_IO. */
ERR_CHECKED int recent_find(const struct ledger *ledger, const char *kind, struct entry_read *out);

#endif
