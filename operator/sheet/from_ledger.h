/*
 * What a sheet takes from the ledger: changes of the rules and decisions on the spot, who looked into the log, and
 * which messages were answered.
 *
 * Entries that fit into no chain are taken all the same: whether the ledger is whole says `belisha ledger verify`.
 *
 * Memory: what it fills belongs to the arena. Threads: pure, but for the files.
 */
#ifndef SHEET_FROM_LEDGER_H
#define SHEET_FROM_LEDGER_H

#include "base/arena.h"
#include "sheet/requests.h"
#include "sheet/sheet.h"

/* Fills changes and readers, newest first, and answers. ERR_NOENT: there is no ledger; ERR_ACCESS, ERR_NOMEM,
 * ERR_IO. */
ERR_CHECKED int from_ledger(struct arena *arena, const char *folder, struct sheet *sheet, struct answers *answers);

#endif
