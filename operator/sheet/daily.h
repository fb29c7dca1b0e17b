/*
 * The daily sheet: yesterday, for whoever looks in each morning. What wants a look, what was sent at once, what is not
 * working; no charts.
 *
 * Threads: one for each file.
 */
#ifndef SHEET_DAILY_H
#define SHEET_DAILY_H

#include <stdio.h>

#include "sheet/sheet.h"

void daily_write(const struct sheet *sheet, FILE *to);

#endif
