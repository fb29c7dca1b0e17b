/*
 * What a sheet takes from the register of alerts (<state_dir>/alerts/register, a ledger of its own): those that were
 * raised, and messages that could not be delivered. Nobody is named in it.
 *
 * Memory: what it fills belongs to the arena. Threads: pure, but for the files.
 */
#ifndef SHEET_FROM_ALERTS_H
#define SHEET_FROM_ALERTS_H

#include "base/arena.h"
#include "sheet/sheet.h"

/* Fills alerts, oldest first. Without a register alerts_off is set. ERR_ACCESS, ERR_NOMEM, ERR_IO. */
ERR_CHECKED int from_alerts(struct arena *arena, const char *folder, struct sheet *sheet);

#endif
