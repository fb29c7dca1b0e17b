/*
 * All visits of a sheet for a spreadsheet: CSV (RFC 4180, UTF-8 with a byte-order mark), cells that a spreadsheet would
 * run as formulas made harmless (grid/grid.h). Times are those of the school's clocks, as spreadsheets read them.
 * docs/reports.md has the columns.
 *
 * Threads: one for each file.
 */
#ifndef SHEET_VISITS_CSV_H
#define SHEET_VISITS_CSV_H

#include <stdio.h>

#include "belisha/err.h"
#include "sheet/sheet.h"

/* ERR_NOMEM, ERR_IO. */
ERR_CHECKED int visits_csv_write(const struct sheet *sheet, FILE *to);

#endif
